"""How one feed is asked: login, token, cookies, proxy, unchecked certificate, patience, a second name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import trustme

from archiver.errors import FetchError
from archiver.fetch import Fetcher
from archiver.model import FetchOptions, FetchRequest

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nNo"
PRIVATE = FetchOptions(authorization="Bearer t0ken", cookies=(("a", "1"), ("b", "2")))


async def failure(fetcher: Fetcher, request: FetchRequest) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(request)
    return caught.value


# ---------------------------------------------------------------- secrets and their origin


async def test_login_and_cookies_are_sent_and_told_to_nobody(server, fetcher):
    response = await fetcher.fetch(FetchRequest(url=server.say("feed", OK), options=PRIVATE))
    [asked] = server.requests
    assert (asked.header("Authorization"), asked.header("Cookie")) == ("Bearer t0ken", "a=1; b=2")
    told = dict(response.request_headers)
    assert (told["Authorization"], told["Cookie"]) == ("(withheld)", "(withheld)")
    assert "t0ken" not in repr(PRIVATE) + repr(FetchRequest(url="x", options=PRIVATE))


async def test_the_configured_login_goes_before_that_of_the_address(server, fetcher):
    url = server.say("feed", OK).replace("//", "//me:pw@")
    await fetcher.fetch(FetchRequest(url=url, options=PRIVATE))
    assert [value for name, value in server.requests[0].headers if name == "Authorization"] == [
        "Bearer t0ken"
    ]


async def test_login_cookies_and_own_fields_stay_with_their_origin(server, fetcher):
    elsewhere = server.say("feed", OK).replace("127.0.0.1", "localhost")
    request = FetchRequest(
        url=server.url(f"redirect?to={elsewhere}"), options=PRIVATE, headers=(("X-Key", "k"),), etag='"e"'
    )
    response = await fetcher.fetch(request)
    here, there = server.requests
    for name in ("Authorization", "Cookie", "X-Key", "If-None-Match", "A-IM"):
        assert here.header(name)
        assert there.header(name) is None
        assert name not in dict(response.request_headers)


# ---------------------------------------------------------------- User-Agent


async def test_a_feed_may_know_us_by_another_name(server, fetcher):
    await fetcher.fetch(FetchRequest(url=server.say("feed", OK), options=FetchOptions(user_agent="ours/2")))
    assert server.requests[0].header("User-Agent") == "ours/2"


@pytest.fixture
async def two_names(settings) -> AsyncIterator[Fetcher]:
    async with Fetcher(replace(settings, second_user_agent="reader/1")) as fetcher:
        yield fetcher


async def test_a_server_that_refuses_the_first_name_is_asked_once_by_the_second(server, two_names):
    response = await two_names.fetch(FetchRequest(url=server.say("feed", FORBIDDEN, OK), etag='"e"'))
    first, second = server.requests
    assert first.header("User-Agent").startswith("archiver/")
    assert second.header("User-Agent") == "reader/1 (+https://ngo.example/archive)"
    assert second.header("If-None-Match") == '"e"'
    assert (response.status, response.second_agent) == (200, True)


async def test_the_second_name_may_come_first_and_is_the_last(server, two_names):
    request = FetchRequest(url=server.say("feed", OK), second_agent=True)
    assert (await two_names.fetch(request)).second_agent
    assert server.requests[0].header("User-Agent").startswith("reader/1")
    refused = FetchRequest(url=server.say("refused", FORBIDDEN))
    error = await failure(two_names, refused)
    assert (error.kind, error.status, error.body, len(server.requests)) == ("http", 403, b"No", 3)
    await failure(two_names, replace(refused, second_agent=True))
    assert len(server.requests) == 4


async def test_a_server_that_asks_for_patience_is_not_asked_by_the_second_name(server, two_names):
    told = b"HTTP/1.1 403 Forbidden\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n"
    assert (await failure(two_names, FetchRequest(url=server.say("feed", told, OK)))).status == 403
    assert len(server.requests) == 1


@pytest.mark.parametrize("patience", [b"0", b"", b"Thu, 01 Jan 2026 00:00:00 GMT", b"soon"])
async def test_who_asks_for_no_patience_is_asked_by_the_second_name(server, two_names, patience):
    told = b"HTTP/1.1 403 Forbidden\r\nRetry-After: " + patience + b"\r\nContent-Length: 0\r\n\r\n"
    response = await two_names.fetch(FetchRequest(url=server.say("feed", told, OK)))
    assert (response.status, response.second_agent) == (200, True)


async def test_who_has_no_second_name_takes_a_refusal_as_meant(server, fetcher):
    request = FetchRequest(url=server.say("feed", FORBIDDEN, OK), second_agent=True)
    assert (await failure(fetcher, request)).status == 403
    assert len(server.requests) == 1


async def test_an_answer_by_the_first_name_says_so(server, two_names):
    assert not (await two_names.fetch(FetchRequest(url=server.say("feed", OK)))).second_agent


# ---------------------------------------------------------------- challenges


@pytest.mark.parametrize("status", ["403 Forbidden", "200 OK", "503 Service Unavailable"])
async def test_a_challenge_is_told_apart_kept_and_not_tried_again(server, two_names, status):
    page = b"<html><head><title>Just a moment...</title></head></html>"
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(page)}\r\nRetry-After: 60\r\n\r\n".encode()
    error = await failure(two_names, FetchRequest(url=server.say("feed", head + page)))
    assert (error.kind, error.body) == ("challenge", page)
    assert ("Retry-After", "60") in error.headers
    assert str(error).startswith("Cloudflare, which stands before the site, asks for proof")
    assert len(server.requests) == 1


# ---------------------------------------------------------------- compression, and changes only


async def test_a_false_label_of_compression_is_asked_about_once_more(server, fetcher):
    false = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 6\r\n\r\n<rss/>"
    response = await fetcher.fetch(FetchRequest(url=server.say("feed", false, OK)))
    assert response.body == b"<rss/>"
    assert [request.header("Accept-Encoding") for request in server.requests][1:] == ["identity"]
    assert (await failure(fetcher, FetchRequest(url=server.say("false", false)))).kind == "bad_encoding"
    assert len(server.requests) == 4


async def test_changes_only_are_offered_to_who_knows_the_etag_and_understood(server, fetcher):
    delta = b'HTTP/1.1 226 IM Used\r\nIM: feed\r\nETag: "b"\r\nContent-Length: 6\r\n\r\n<rss/>'
    response = await fetcher.fetch(FetchRequest(url=server.say("feed", delta), etag='"a"'))
    assert server.requests[0].header("A-IM") == "feed"
    assert (response.status, response.is_delta, response.body) == (226, True, b"<rss/>")
    assert not (await fetcher.fetch(FetchRequest(url=server.say("whole", OK), etag='"a"'))).is_delta
    await fetcher.fetch(FetchRequest(url=server.url("whole"), last_modified="yesterday"))
    assert server.requests[2].header("A-IM") is None


@pytest.mark.parametrize(
    ("etag", "field"), [(None, b"IM: feed\r\n"), ('"a"', b""), ('"a"', b"IM: vcdiff\r\n")]
)
async def test_changes_that_nobody_asked_for_are_no_answer(server, fetcher, etag, field):
    delta = b"HTTP/1.1 226 IM Used\r\n" + field + b"Content-Length: 6\r\n\r\n<rss/>"
    error = await failure(fetcher, FetchRequest(url=server.say("feed", delta), etag=etag))
    assert (error.kind, error.status) == ("protocol", 226)


# ---------------------------------------------------------------- patience, turns


async def test_a_feed_may_be_given_more_time_for_silence_too(server, fetcher):
    error = await failure(
        fetcher, FetchRequest(url=server.url("silent"), options=FetchOptions(timeout_seconds=0.6))
    )
    assert str(error) == "the whole fetch took longer than 0.6 seconds"


class Turns:
    """Keeps account of turns; `held` lets nobody begin."""

    def __init__(self) -> None:
        self.account: list[str] = []
        self.held = asyncio.Event()
        self.held.set()

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        await self.held.wait()
        self.account.append(f"{host} begins")
        try:
            yield
        finally:
            self.account.append(f"{host} ends")


async def test_every_request_waits_for_the_turn_of_its_own_host(server, settings):
    turns = Turns()
    elsewhere = server.say("feed", FORBIDDEN, OK).replace("127.0.0.1", "localhost")
    async with Fetcher(replace(settings, second_user_agent="reader/1"), turns=turns) as fetcher:
        await fetcher.fetch(FetchRequest(url=server.url(f"redirect?to={elsewhere}")))
    assert turns.account == [
        "127.0.0.1 begins", "127.0.0.1 ends", "localhost begins", "localhost ends",
        "localhost begins", "localhost ends",
    ]  # fmt: skip


async def test_waiting_for_a_turn_takes_neither_time_nor_room_from_others(server, settings):
    turns = Turns()
    hasty = replace(settings, concurrency=1, total_timeout=0.3)
    async with Fetcher(hasty, turns=turns) as patient, Fetcher(hasty) as other:
        turns.held.clear()
        waiting = asyncio.create_task(patient.fetch(FetchRequest(url=server.say("feed", OK))))
        assert (await failure(other, FetchRequest(url=server.url("silent")))).kind == "timeout"
        turns.held.set()
        assert (await waiting).status == 200


# ---------------------------------------------------------------- TLS and proxies


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def encrypted(server, authority) -> AsyncIterator[int]:
    """The port of a server whose certificate nobody vouches for."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("elsewhere.example").configure_cert(ours)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=ours) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_a_certificate_may_go_unchecked_and_the_answer_says_so(fetcher, server, encrypted, feed):
    url = f"https://127.0.0.1:{encrypted}/ok"
    assert (await failure(fetcher, FetchRequest(url=url))).kind == "tls"
    response = await fetcher.fetch(FetchRequest(url=url, options=FetchOptions(verify_tls=False)))
    assert response.body == feed
    assert response.connection is not None
    assert response.connection.verified is False


async def test_only_the_configured_origin_goes_unchecked(fetcher, server, encrypted):
    request = FetchRequest(
        url=server.url(f"redirect?to=https://127.0.0.1:{encrypted}/ok"),
        options=FetchOptions(verify_tls=False),
    )
    assert (await failure(fetcher, request)).kind == "tls"


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP proxy that answers everything itself."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<rss/>")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield f"http://me:s3cret@127.0.0.1:{listening.sockets[0].getsockname()[1]}", heads


async def test_a_feed_may_go_through_a_proxy_that_knows_more_names_than_we_do(fetcher):
    async with proxy() as (address, heads):
        request = FetchRequest(url="http://feeds.invalid/feed", options=FetchOptions(proxy=address))
        response = await fetcher.fetch(request)
    assert response.body == b"<rss/>"
    assert heads[0].startswith(b"GET http://feeds.invalid/feed HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic" in heads[0]
    assert "s3cret" not in repr(request) + repr(response)


async def test_a_name_that_only_tor_knows_is_looked_up_by_nobody_but_the_proxy(settings):
    asked: list[str] = []

    def look_up(host: str) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"]

    async with Fetcher(settings, look_up=look_up) as fetcher, proxy() as (address, heads):
        for host in ("only-tor-knows.onion", "feeds.example"):
            request = FetchRequest(url=f"http://{host}/feed", options=FetchOptions(proxy=address))
            assert (await fetcher.fetch(request)).body == b"<rss/>"
    assert asked == ["feeds.example"]
    assert len(heads) == 2


async def test_no_proxy_leads_around_the_guard(settings):
    strict = replace(settings, allowed_networks=())
    async with Fetcher(strict) as fetcher, proxy() as (address, heads):
        for url in ("http://169.254.169.254/latest", "http://2130706433/", "http://localhost/"):
            error = await failure(fetcher, FetchRequest(url=url, options=FetchOptions(proxy=address)))
            assert error.kind == "blocked_address"
        assert heads == []


async def test_a_proxy_that_is_not_there_is_no_fault_of_the_server(fetcher):
    request = FetchRequest(
        url="http://127.0.0.1/", options=FetchOptions(proxy="http://me:s3cret@127.0.0.1:2")
    )
    error = await failure(fetcher, request)
    assert error.kind == "proxy"
    assert str(error) == "the proxy of this feed cannot be reached, or does not let us through"


TOKEN = "Canary.Token-7"


TELLING = FetchOptions(authorization=f"Bearer {TOKEN}")


async def told_of_an_echo(fetcher, answer: str, options: FetchOptions = TELLING) -> str:
    """All that is told of a server that answers so, and to a second question with a 404."""
    answers = [answer.encode(), b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers.pop(0))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/feed"
        error = await failure(fetcher, FetchRequest(url=url, options=options))
    return f"{error} {vars(error)}"


@pytest.mark.parametrize(
    "answer",
    [
        f"302 Found\r\nLocation: /for/{TOKEN}/feed",
        f"302 Found\r\nLocation: /feed?k={TOKEN}",
        f"302 Found\r\nLocation: http://{TOKEN}.invalid/",
        f"302 Found\r\nLocation: http://10.0.0.1/{TOKEN}",
        f"302 Found\r\nLocation: {TOKEN}:there",
        f"404 Not Found\r\nContent-Encoding: {TOKEN}",
    ],
)
async def test_neither_error_nor_address_tells_a_secret_that_a_server_echoes(fetcher, answer):
    told = await told_of_an_echo(fetcher, f"HTTP/1.1 {answer}\r\nContent-Length: 1\r\n\r\nx")
    assert TOKEN.lower() not in told.lower()
    assert "(withheld)" in told


async def test_a_word_that_a_host_shares_with_a_cookie_stays_in_its_name(fetcher):
    async with proxy() as (address, _):
        options = FetchOptions(proxy=address, cookies=(("site", "example"),))
        response = await fetcher.fetch(FetchRequest(url="http://example.invalid/", options=options))
    assert response.final_url == "http://example.invalid/"


async def test_a_word_that_a_cookie_shares_with_the_way_stays_in_it(fetcher):
    moved = "301 Moved\r\nLocation: /international/feed"
    options = FetchOptions(cookies=(("edition", "international"),))
    told = await told_of_an_echo(fetcher, f"HTTP/1.1 {moved}\r\nContent-Length: 0\r\n\r\n", options)
    assert "/international/feed'" in told


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Who is s3cret?\r\nProxy-Authenticate: Basic realm=s3cret\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 s3cret\r\n\r\n",
    ],
)
async def test_the_password_of_a_proxy_is_not_told_either(fetcher, answer):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        address = f"http://me:s3cret@127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        request = FetchRequest(url="http://feeds.invalid/feed", options=FetchOptions(proxy=address))
        error = await failure(fetcher, request)
    assert "s3cret" not in f"{error} {vars(error)}"
