"""Answers as they travel (RFC 9112): odd ones are read, false ones are named, and none is without an end."""

import asyncio
import itertools
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import FetchError
from archiver.fetch import Fetcher
from archiver.fetch.wire import Pace, Wire
from archiver.model import FetchOptions, FetchRequest

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = b"Content-Length: 3\r\n"

READABLE = {
    "length": (OK + LENGTH + b"\r\nabc", True),
    "more than the length says": (OK + LENGTH + b"\r\nabcdef", True),
    "the same length twice": (OK + LENGTH + LENGTH + b"\r\nabc", True),
    "chunks": (CHUNKED + b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", True),
    "chunks with extensions": (CHUNKED + b'3;a=b;c="d"\r\nabc\r\n0\r\n\r\n', True),
    "chunks and trailers": (CHUNKED + b"3  \r\nabc\r\n0\r\nETag: late\r\n\r\n", True),
    "chunks and a length": (OK + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", True),
    "until the end": (OK + b"\r\nabc", False),
    "HTTP/1.0": (b"HTTP/1.0 200 Fine\r\n\r\nabc", False),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", True),
    "a folded field": (OK + b"X: a\r\n  b\r\n" + LENGTH + b"\r\nabc", True),
    "no reason": (b"HTTP/1.1 200\r\n" + LENGTH + b"\r\nabc", True),
    "interim answers": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + OK + LENGTH + b"\r\nabc",
        True,
    ),
    "an offer to upgrade": (OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\n" + LENGTH + b"\r\nabc", True),
}

UNREADABLE = {
    "two lengths": (OK + LENGTH + b"Content-Length: 4\r\n\r\nabcd", "protocol"),
    "a negative length": (OK + b"Content-Length: -3\r\n\r\nabc", "protocol"),
    "a length that is no number": (OK + b"Content-Length: three\r\n\r\nabc", "protocol"),
    "a length beyond numbers": (OK + b"Content-Length: 100000000000000000000\r\n\r\nabc", "protocol"),
    "a length that is not reached": (OK + b"Content-Length: 4\r\n\r\nabc", "truncated"),
    "an unknown transfer coding": (OK + b"Transfer-Encoding: gzip\r\n\r\nabc", "protocol"),
    "two transfer codings": (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "protocol"),
    "a chunk of no size": (CHUNKED + b"zz\r\nabc\r\n0\r\n\r\n", "protocol"),
    "a chunk of negative size": (CHUNKED + b"-3\r\nabc\r\n0\r\n\r\n", "protocol"),
    "a chunk beyond numbers": (CHUNKED + b"f" * 20 + b"\r\nabc", "protocol"),
    "a chunk longer than it says": (CHUNKED + b"2\r\nabc\r\n0\r\n\r\n", "protocol"),
    "a cut chunk": (CHUNKED + b"5\r\nabc", "truncated"),
    "no last chunk": (CHUNKED + b"3\r\nabc\r\n", "truncated"),
    "a flood of extensions": (CHUNKED + b"3;" + b"a" * 600_000 + b"\r\nabc\r\n0\r\n\r\n", "protocol"),
    "a flood of trailers": (CHUNKED + b"0\r\n" + b"X: y\r\n" * 90_000 + b"\r\n", "protocol"),
    "a NUL": (OK + b"X: a\0b\r\n" + LENGTH + b"\r\nabc", "protocol"),
    "a bare return": (OK + b"X: a\rb\r\n" + LENGTH + b"\r\nabc", "protocol"),
    "a field without colon": (OK + b"nonsense\r\n\r\nabc", "protocol"),
    "HTTP/0.9": (b"<rss></rss>", "protocol"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol"),
    "600 fields": (OK + b"X: y\r\n" * 600 + LENGTH + b"\r\nabc", "protocol"),
    "70 kB of fields": (
        OK + b"".join(b"X%d: %s\r\n" % (n, b"y" * 990) for n in range(71)) + b"\r\n",
        "protocol",
    ),
    "a field of 70 kB": (OK + b"X: " + b"y" * 70_000 + b"\r\n" + LENGTH + b"\r\nabc", "protocol"),
    "a head without end": (OK + b"X: y\r\n" * 50, "reset"),
    "interim answers without end": (b"HTTP/1.1 102 Processing\r\n\r\n" * 100, "timeout"),
}


@pytest.mark.parametrize("name", READABLE)
async def test_an_odd_answer_is_read(server, fetcher, name):
    raw, complete = READABLE[name]
    response = await fetcher.fetch(FetchRequest(url=server.say("odd", raw)))
    assert (response.body, response.complete) == (b"abc", complete)
    assert response.header("ETag") is None


@pytest.mark.parametrize("name", UNREADABLE)
async def test_a_false_answer_is_named(server, fetcher, name):
    raw, kind = UNREADABLE[name]
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(FetchRequest(url=server.say("false", raw)))
    assert caught.value.kind == kind
    assert str(caught.value).isprintable()


async def test_a_body_of_single_bytes_is_read_and_one_of_too_many_is_not(server, fetcher):
    patient = FetchOptions(timeout_seconds=30)  # it is work, and other tests run beside this one
    url = server.say("bytes", CHUNKED + b"1\r\na\r\n" * 100_000 + b"0\r\n\r\n")
    assert (await fetcher.fetch(FetchRequest(url=url, options=patient))).body == b"a" * 100_000
    url = server.say("many", CHUNKED + b"1\r\na\r\n" * 200_001 + b"0\r\n\r\n")
    with pytest.raises(FetchError) as caught:
        await fetcher.fetch(FetchRequest(url=url, options=patient))
    assert str(caught.value) == "the server sends the document in too many pieces"


async def test_an_answer_that_comes_too_slowly_is_given_up_before_the_deadline(server, settings):
    async with Fetcher(settings, pace=Pace(rate=500, grace=0.2)) as fetcher:
        for path in ("drip", "drip_head"):
            with pytest.raises(FetchError) as caught:
                await fetcher.fetch(FetchRequest(url=server.url(path)))
            assert caught.value.kind == "timeout"
            assert str(caught.value) == "the server sends less than 500 bytes a second"


# ---------------------------------------------------------------- the same, however it is cut


class Deaf(asyncio.Transport):
    """A connection that takes what it is given."""

    def write(self, data: bytes) -> None: ...
    def abort(self) -> None: ...
    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


async def outcome(pieces: list[bytes]) -> tuple[object, ...]:
    wire = Wire(b"", patience=5, pace=Pace())
    wire.connection_made(Deaf())
    for piece in pieces:
        wire.data_received(piece)
    wire.eof_received()
    try:
        await wire.head()
        body = b""
        while data := await wire.piece():
            body += data
    except FetchError as error:
        return error.kind, str(error)
    finally:
        wire.end()
    return wire.status, tuple(wire.headers), body


@given(
    st.sampled_from(sorted(READABLE.keys() - {"the same length twice"})),
    st.lists(st.integers(1, 120), max_size=6),
)
def test_an_answer_means_the_same_in_whatever_pieces_it_comes(name, cuts):
    raw = READABLE[name][0]
    places = [0, *sorted(cut for cut in set(cuts) if cut < len(raw)), len(raw)]
    pieces = [raw[start:end] for start, end in itertools.pairwise(places)]
    assert asyncio.run(outcome(pieces)) == asyncio.run(outcome([raw]))


@given(st.lists(st.binary(max_size=200) | st.sampled_from([OK, CHUNKED, LENGTH, b"\r\n", b"3\r\nabc\r\n"])))
def test_any_bytes_are_an_answer_or_a_named_error(pieces):
    assert asyncio.run(outcome(pieces))


# ---------------------------------------------------------------- encrypted


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def trusting(settings, authority) -> AsyncIterator[Fetcher]:
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    async with Fetcher(settings, trust=lambda: trust) as fetcher:
        yield fetcher


async def ending(fetcher: Fetcher, url: str) -> str:
    try:
        response = await fetcher.fetch(FetchRequest(url=url))
    except FetchError as error:
        return error.kind
    return "complete" if response.complete else "not known to be complete"


@pytest.mark.parametrize(
    ("path", "told"),
    [("length_too_long", "truncated"), ("ok", "complete"), ("unframed", "not known to be complete")],
)
async def test_an_end_without_farewell_is_as_good_as_one_with_it(server, trusting, authority, path, told):
    """TLS has a word for the end (close_notify), which many servers leave out: it is no proof of anything."""
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(ours)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.serve(reader, writer)
        writer.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ours) as listening:
        url = f"https://localhost:{listening.sockets[0].getsockname()[1]}/{path}"
        assert await ending(trusting, url) == told


async def test_a_handshake_that_stalls_is_given_up(trusting):
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        writer.close()

    async with await asyncio.start_server(stall, "127.0.0.1", 0) as listening:
        url = f"https://localhost:{listening.sockets[0].getsockname()[1]}/"
        with pytest.raises(FetchError) as caught:
            await trusting.fetch(FetchRequest(url=url))
    assert (caught.value.kind, str(caught.value)) == (
        "timeout",
        "localhost could not be reached within 0.5 seconds",
    )
