"""Reaching a server: names, addresses and spellings that lead to one, to none, or to where nobody is let."""

import asyncio
import socket
from dataclasses import replace

import pytest

from archiver.errors import FetchError
from archiver.fetch import Fetcher
from archiver.model import Connection, FetchRequest

pytestmark = pytest.mark.anyio


async def failure(fetcher: Fetcher, url: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(FetchRequest(url=url))
    return caught.value


async def test_a_closed_port_is_a_refused_connection(fetcher):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        error = await failure(fetcher, f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert error.kind == "connect"
    assert "127.0.0.1 refuses the connection" in str(error)


@pytest.mark.parametrize("greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_a_server_that_cannot_do_tls_is_a_tls_error(fetcher, greeting):
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(greeting)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        assert (await failure(fetcher, f"https://127.0.0.1:{port}/")).kind == "tls"


async def test_a_name_without_address_is_a_dns_error(settings):
    def unknown(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with Fetcher(settings, look_up=unknown) as fetcher:
        error = await failure(fetcher, "http://nowhere.example/feed")
    assert (error.kind, str(error)) == ("dns", "the name nowhere.example has no address")


class Rebinding:
    """A name server that gives one answer to whoever checks, and another to whoever then asks again."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)

    def __call__(self, host: str) -> list[str]:
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]


async def test_a_name_is_looked_up_once_and_asked_where_it_was_judged(server, settings):
    strict = replace(settings, allowed_networks=("127.0.0.1",))
    async with Fetcher(strict, look_up=Rebinding("127.0.0.1", "127.0.0.2")) as fetcher:
        response = await fetcher.fetch(FetchRequest(url=f"http://feeds.example:{server.port}/ok"))
    assert response.connection == Connection(address=f"127.0.0.1:{server.port}")
    assert server.requests[0].header("Host") == f"feeds.example:{server.port}"


@pytest.mark.parametrize("answers", [("127.0.0.2",), ("::1",), ("::ffff:127.0.0.2",), ("169.254.169.254",)])
async def test_no_name_and_no_redirect_leads_to_where_nobody_is_let(server, settings, answers):
    strict = replace(settings, allowed_networks=("127.0.0.1",))
    hidden = f"http://hidden.example:{server.port}/ok"
    async with Fetcher(strict, look_up=Rebinding(*answers)) as fetcher:
        assert (await failure(fetcher, hidden)).kind == "blocked_address"
        error = await failure(fetcher, server.url(f"redirect?to={hidden}"))
    assert (error.kind, error.final_url, len(error.redirects)) == ("blocked_address", hidden, 1)
    assert [request.path for request in server.requests] == ["redirect"]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.2/", "http://2130706433/", "http://0x7f000001/", "http://127.1/", "http://0/",
        "http://[::1]/", "http://[::ffff:7f00:1]/", "http://127.0.0.1:22/",
        "http://169.254.169.254/latest/meta-data", "http://[64:ff9b::7f00:1]/",
    ],
)  # fmt: skip
async def test_no_spelling_of_this_machine_is_asked(settings, target):
    async with Fetcher(replace(settings, allowed_networks=())) as fetcher:
        assert (await failure(fetcher, target)).kind == "blocked_address"


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1./", "http://localhost./", "http://\uff11\uff12\uff17.0.0.1/", "http://0177.0.0.1/"],
)
async def test_what_is_no_address_at_all_is_not_asked_either(settings, target):
    async with Fetcher(replace(settings, allowed_networks=())) as fetcher:
        assert (await failure(fetcher, target)).kind in ("blocked_address", "bad_url", "dns")


async def test_a_dead_address_of_a_name_leaves_time_for_the_next(server, settings):
    patient = replace(settings, allow_private_networks=True)
    async with Fetcher(patient, look_up=lambda host: ["127.0.0.2", "127.0.0.1"]) as fetcher:
        response = await fetcher.fetch(FetchRequest(url=f"http://feeds.example:{server.port}/ok"))
    assert response.connection == Connection(address=f"127.0.0.1:{server.port}")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("", "bad_url"),
        ("feed.xml", "bad_url"),
        ("http://", "bad_url"),
        ("http://a:99999/", "bad_url"),
        ("http://a..b/", "bad_url"),
        ("http://xn--/", "bad_url"),
        (f"http://{'a' * 64}.example/", "dns"),
        ("http://127.0.0.1/" + "a" * 10_000, "bad_url"),
        ("ftp://ngo.example/feed", "bad_scheme"),
        ("javascript:alert(1)", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
    ],
)
async def test_what_cannot_be_asked_for_is_not_asked_for(fetcher, url, kind):
    assert (await failure(fetcher, url)).kind == kind
