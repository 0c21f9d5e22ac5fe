"""Who answered, and what we had sent: over real connections, encrypted ones too, on loopback."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import trustme

from archiver.errors import FetchError
from archiver.fetch import Fetcher
from archiver.model import Connection, FetchRequest

pytestmark = pytest.mark.anyio


@dataclass
class Encrypted:
    """A server with a certificate that its own authority signed."""

    port: int
    fingerprint: str
    trusting: Fetcher

    def url(self, path: str) -> str:
        return f"https://localhost:{self.port}/{path}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def encrypted(server, settings, authority) -> AsyncIterator[Encrypted]:
    certificate = authority.issue_cert("localhost")
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.minimum_version = ssl.TLSVersion.TLSv1_3
    certificate.configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=ours)
    async with Fetcher(settings, trust=lambda: theirs) as fetcher:
        yield Encrypted(
            port=listening.sockets[0].getsockname()[1],
            fingerprint=hashlib.sha256(der).hexdigest(),
            trusting=fetcher,
        )
    listening.close()


async def test_address_protocol_and_certificate_of_an_encrypted_answer_are_told(encrypted, feed):
    response = await encrypted.trusting.fetch(FetchRequest(url=encrypted.url("ok")))
    assert response.body == feed
    assert response.connection == Connection(
        address=f"127.0.0.1:{encrypted.port}",
        tls_protocol="TLSv1.3",
        certificate_sha256=encrypted.fingerprint,
        verified=True,
    )
    assert (response.http_version, response.reason) == ("HTTP/1.1", "OK")


async def test_each_redirect_tells_who_sent_us_on_and_where_to(encrypted, server):
    plain = server.url("ok")
    response = await encrypted.trusting.fetch(FetchRequest(url=encrypted.url(f"redirect?to={plain}")))
    (hop,) = response.redirects
    assert (hop.status, hop.location) == (302, plain)
    assert hop.connection is not None
    assert hop.connection.certificate_sha256 == encrypted.fingerprint
    assert response.connection == Connection(address=f"127.0.0.1:{server.port}")


async def test_a_refusal_tells_who_refused(encrypted):
    with pytest.raises(FetchError) as caught:
        await encrypted.trusting.fetch(FetchRequest(url=encrypted.url("missing")))
    error = caught.value
    assert error.connection is not None
    assert error.connection.certificate_sha256 == encrypted.fingerprint
    assert (error.http_version, error.reason, error.complete) == ("HTTP/1.1", "Not Found", True)
    assert ("Connection", "close") in error.request_headers


async def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted, fetcher):
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(FetchRequest(url=encrypted.url("ok")))
    assert caught.value.kind == "tls"
    assert caught.value.connection is None


async def test_a_server_that_says_nothing_proves_nothing(server, fetcher):
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(FetchRequest(url=server.url("closed_at_once")))
    assert caught.value.connection is None
    assert caught.value.complete is False
    assert caught.value.request_headers


async def test_what_was_sent_is_told_without_its_secrets(server, fetcher, etag):
    url = server.url("ok").replace("//", "//me:secret@")
    response = await fetcher.fetch(
        FetchRequest(url=url, headers=(("X-Api-Key", "secret"), ("cookie", "secret")), etag=etag)
    )
    told = dict(response.request_headers)
    assert "secret" not in repr(response.request_headers)
    assert {told["Authorization"], told["X-Api-Key"], told["cookie"]} == {"(withheld)"}
    assert told["If-None-Match"] == etag
    assert [name for name, _ in response.request_headers if name != "Host"] == [
        name for name, _ in server.requests[0].headers if name != "Host"
    ]


@pytest.mark.parametrize(("path", "proven"), [("missing", True), ("missing_cut", False), ("gone", True)])
async def test_the_body_of_a_refusal_counts_as_whole_only_where_http_proves_it(server, fetcher, path, proven):
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(FetchRequest(url=server.url(path)))
    assert caught.value.complete is proven
