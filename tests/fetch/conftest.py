"""A loopback server that misbehaves by name: raw bytes, since a framework would mend the errors we need.

The path names the behaviour: an answer in `FIXED`, or one of `ROUTES`. Every request is kept.
"""

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from archiver.config import FetchSettings
from archiver.fetch import Fetcher

FEED = "<rss version='2.0'><channel><title>Вести</title></channel></rss>".encode()
ETAG = 'W/"a\xe9b, c"'
LAST_MODIFIED = "Tue, 03 Nov 2020  06:00:00 GMT"


@dataclass
class Request:
    path: str
    query: dict[str, str]
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: str = "", length: int | None = None
) -> bytes:
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n"
    return head.encode("latin-1") + body


def coded(body: bytes, coding: str) -> bytes:
    return answer(body, headers=f"Content-Encoding: {coding}\r\n")


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

FIXED = {
    "ok": answer(FEED, headers="Content-Type: application/rss+xml\r\nX-Twice: 1\r\nX-Twice: 2\r\n"),
    "empty": answer(b""),
    "chunked": CHUNKED + chunk(FEED[:10]) + chunk(FEED[10:]) + chunk(b""),
    "unframed": b"HTTP/1.1 200 OK\r\n\r\n" + FEED,
    "r304_unasked": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "partial": answer(FEED, status="206 Partial Content"),
    "no_content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "gone": answer(b"farewell", status="410 Gone"),
    "missing": answer(b"not here", status="404 Not Found"),
    "missing_cut": answer(b"not he", status="404 Not Found", length=99),
    "busy": answer(b"later", status="429 Too Many Requests", headers="Retry-After: 120\r\n"),
    "busy_until": answer(
        status="503 Service Unavailable",
        headers="Retry-After: Wed, 21 Oct 2015 07:30:00 GMT\r\nDate: Wed, 21 Oct 2015 07:28:00 GMT\r\n",
    ),
    "gzip": coded(gzip.compress(FEED), "gzip"),
    "gzip_members": coded(gzip.compress(FEED[:20]) + gzip.compress(FEED[20:]), "GZip"),
    "gzip_padded": coded(gzip.compress(FEED) + bytes(512), "gzip"),
    "gzip_cut": coded(gzip.compress(FEED)[:-20], "gzip"),
    "gzip_without_crc": coded(gzip.compress(FEED)[:-8], "gzip"),
    "gzip_one_byte": coded(b"\x1f", "gzip"),
    "gzip_damaged": coded(gzip.compress(FEED)[:-6] + b"wrong!", "gzip"),
    "gzip_lie": coded(FEED, "gzip"),
    "gzip_unlabelled": answer(gzip.compress(FEED)),
    "gzip_unframed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(FEED),
    "gzip_bomb": coded(gzip.compress(bytes(30_000_000)), "gzip"),
    "gzip_bomb_unlabelled": answer(gzip.compress(bytes(30_000_000))),
    "gzip_tiny_members": coded(gzip.compress(b"") * 15_000, "gzip"),
    "deflate": coded(zlib.compress(FEED), "deflate"),
    "deflate_raw": coded(raw_deflate(FEED), "deflate"),
    "nested": coded(gzip.compress(gzip.compress(FEED)), "gzip, gzip"),
    "unknown_coding": coded(FEED, "zstd"),
    "charset_as_coding": coded(FEED, "utf-8"),
    "declared_huge": answer(FEED, length=10**12),
    "length_too_long": answer(FEED, length=len(FEED) + 1),
    "length_negative": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + FEED,
    "chunk_cut": CHUNKED + b"50\r\nabc",
    "chunk_without_end": CHUNKED + chunk(FEED),
    "closed_at_once": b"",
    "garbage": b"\x00\x01 I am no server \xff\xfe\r\n\r\n",
    "huge_header": b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 400_000 + b"\r\n\r\n",
    "switching": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "strange_status": answer(b"no", status="999 Request denied"),
    "redirect_nowhere": answer(status="302 Found"),
}


@dataclass
class Hostile:
    """The running server."""

    host: str = "127.0.0.1"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    said: dict[str, list[bytes]] = field(default_factory=dict)
    """What a test has it answer, by path: one after another, the last for ever."""
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def say(self, path: str, *answers: bytes) -> str:
        """Let it answer so at this path; return the address."""
        self.said[path] = list(answers)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.port}/{path}"

    async def reached(self, count: int) -> None:
        """Wait until so many requests have come in."""
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.requests) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            parts = urlsplit(head[0].split(" ")[1])
            lines = [line.partition(":") for line in head[1:] if line]
            request = Request(
                path=parts.path[1:],
                query={name: values[0] for name, values in parse_qs(parts.query).items()},
                headers=[(name, value.removeprefix(" ")) for name, _, value in lines],
            )
            self.requests.append(request)
            async with self.arrived:
                self.arrived.notify_all()
            if answers := self.said.get(request.path):
                writer.write(answers.pop(0) if len(answers) > 1 else answers[0])
            elif request.path in FIXED:
                writer.write(FIXED[request.path])
            else:
                await ROUTES[request.path](request, writer)
            await writer.drain()
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()


async def conditional(request: Request, writer: asyncio.StreamWriter) -> None:
    validators = f"ETag: {ETAG}\r\nLast-Modified: {LAST_MODIFIED}\r\n"
    if request.header("If-None-Match") == ETAG and request.header("If-Modified-Since") == LAST_MODIFIED:
        writer.write(f"HTTP/1.1 304 Not Modified\r\n{validators}\r\n".encode("latin-1"))
    else:
        writer.write(answer(FEED, headers=validators))


async def redirect(request: Request, writer: asyncio.StreamWriter) -> None:
    status = request.query.get("status", "302")
    writer.write(
        answer(status=f"{status} Go", headers=f"Location: {request.query['to']}\r\nSet-Cookie: a=b\r\n")
    )


async def chain(request: Request, writer: asyncio.StreamWriter) -> None:
    left = int(request.query["left"])
    location = f"/chain?left={left - 1}" if left else "/ok"
    writer.write(answer(status="301 Moved Permanently", headers=f"Location: {location}\r\n"))


async def loop(request: Request, writer: asyncio.StreamWriter) -> None:
    other = "b" if request.query.get("at") == "a" else "a"
    writer.write(answer(status="302 Found", headers=f"Location: /loop?at={other}\r\n"))


async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"<item/>" * 10_000)
        await writer.drain()


async def endless_chunked(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(CHUNKED)
    while True:
        writer.write(chunk(b"<item/>" * 10_000))
        await writer.drain()


async def interim_flood(request: Request, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)
        await writer.drain()
        await asyncio.sleep(0.001)


async def silent(request: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def stalled(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(FEED[:5], length=len(FEED)))
    await writer.drain()
    await asyncio.sleep(30)


async def drip(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(length=10_000))
    await trickle(b"a" * 10_000, writer)


async def drip_head(request: Request, writer: asyncio.StreamWriter) -> None:
    await trickle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, writer)


async def trickle(data: bytes, writer: asyncio.StreamWriter) -> None:
    for byte in data:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def reset(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(FEED[:5], length=len(FEED)))
    await writer.drain()
    # Not waiting for anything makes the closing a reset.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def long_location(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(answer(status="302 Found", headers=f"Location: /{'a' * 50_000}\r\n"))


async def cyrillic_location(request: Request, writer: asyncio.StreamWriter) -> None:
    head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /ok?q=вести\r\n\r\n"
    writer.write(head.encode())


async def brotli_bomb(request: Request, writer: asyncio.StreamWriter) -> None:
    import brotli

    writer.write(coded(brotli.compress(bytes(30_000_000), quality=1), "br"))


async def brotli_feed(request: Request, writer: asyncio.StreamWriter) -> None:
    import brotli

    writer.write(coded(brotli.compress(FEED), "br"))


async def brotli_cut(request: Request, writer: asyncio.StreamWriter) -> None:
    import brotli

    writer.write(coded(brotli.compress(FEED)[:-4], "br"))


ROUTES: dict[str, Callable[[Request, asyncio.StreamWriter], Awaitable[None]]] = {
    route.__name__: route
    for route in (
        conditional, redirect, chain, loop, endless, endless_chunked, interim_flood, silent, stalled, drip,
        drip_head, reset, long_location, cyrillic_location, brotli_bomb, brotli_feed, brotli_cut,
    )
}  # fmt: skip


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def server(anyio_backend: str) -> AsyncIterator[Hostile]:
    hostile = Hostile()
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await hostile.serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(accept, hostile.host, 0)
    hostile.port = listening.sockets[0].getsockname()[1]
    try:
        yield hostile
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def settings() -> FetchSettings:
    """Small and quick, so that a test of a limit takes no time."""
    return FetchSettings(
        contact="https://ngo.example/archive",
        connect_timeout=0.5,
        read_timeout=0.3,
        total_timeout=0.9,
        max_body_bytes=2**20,
        allowed_networks=("127.0.0.1", "localhost"),
    )


@pytest.fixture
async def fetcher(settings: FetchSettings) -> AsyncIterator[Fetcher]:
    async with Fetcher(settings) as fetcher:
        yield fetcher


@pytest.fixture
def feed() -> bytes:
    """The document that the server's honest answers carry."""
    return FEED


@pytest.fixture
def etag() -> str:
    return ETAG


@pytest.fixture
def last_modified() -> str:
    return LAST_MODIFIED
