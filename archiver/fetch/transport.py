"""A transport of our own under httpx's face: one connection a request, to an address that the guard has seen.

No pool, no jar, no keep-alive: nothing of one request reaches another. The connection goes to the very
address that was judged, while `Host` and the certificate keep to the name, so a name that changes its mind
between the two (DNS rebinding) gains nothing.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import httpx

from archiver.errors import FetchError
from archiver.fetch.plain import Plain
from archiver.fetch.poll import Poll
from archiver.fetch.ready import DEFAULT_PORTS, ReadyHeaders
from archiver.fetch.wire import Pace, Wire

_UNSENDABLE = re.compile(rb"[\x00\r\n]")


class Door(Protocol):
    """Says which addresses a name may be reached at."""

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """IP addresses in the order of preference. Raises FetchError `dns`, `blocked_address`."""


class Transport(httpx.AsyncBaseTransport):
    """Asks one server at a time, each request on a connection of its own; may be shared."""

    def __init__(self, *, door: Door, trust: Callable[[], ssl.SSLContext], pace: Pace) -> None:
        self._door = door
        self._trust = trust
        self._pace = pace
        self._poll: Poll | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request without a body, and return the head of its answer; the body is read as a stream.

        Its extension `timeout` says how long to wait (seconds): `connect`, the TLS handshake included, and
        `read`, from one piece of the answer to the next.

        Raises FetchError where there is a sentence for it at once, else OSError and what httpx's own would.
        """
        patience = request.extensions["timeout"]
        wire = Wire(_written(request), patience=patience["read"], pace=self._pace)
        try:
            await self._connect(request.url, wire, patience["connect"])
            await wire.head()
        except BaseException:
            wire.end()
            raise
        answer = httpx.Response(
            wire.status,
            stream=_Body(wire),
            extensions={
                "network_stream": _Peer(wire),
                "http_version": wire.version,
                "reason_phrase": wire.reason,
            },
        )
        answer.headers = ReadyHeaders(wire.headers)
        return answer

    async def _connect(self, url: httpx.URL, wire: Wire, patience: float) -> None:
        """Connect to the first of the name's addresses that answers."""
        host, port = place(url)
        addresses = await self._door.addresses(host, port)
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        server_name = host if url.scheme == "https" else None
        for number, address in enumerate(addresses, start=1):
            left = until - loop.time()
            try:
                # A dead address must leave time for the next.
                await self._reach(address, port, wire, server_name, left / (len(addresses) - number + 1))
                return
            except TimeoutError:
                if number == len(addresses):
                    raise httpx.ConnectTimeout("no address answered") from None
            except ssl.SSLError:
                raise
            except OSError:
                if number == len(addresses):
                    raise

    async def _reach(
        self, address: str, port: int, wire: Wire, server_name: str | None, patience: float
    ) -> None:
        if server_name is None:
            self._poll = self._poll or Poll()
            await Plain(wire, self._poll).reach(address, port, patience=patience)
            return
        async with asyncio.timeout(patience):
            await self._reach_encrypted(address, port, wire, server_name)

    async def _reach_encrypted(self, address: str, port: int, wire: Wire, server_name: str) -> None:
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.setblocking(False)
            await loop.sock_connect(connection, (address, port))
        except BaseException:
            connection.close()
            raise
        try:
            await loop.create_connection(
                lambda: wire, sock=connection, ssl=self._trust(), server_hostname=server_name
            )
        except ConnectionError as error:
            raise ssl.SSLError("it broke off") from error


class ThroughProxy(httpx.AsyncBaseTransport):
    """httpx's own transport, for one request through a proxy, which then connects in our place.

    What can be looked up here is judged here; a name that only the proxy knows is the proxy's to judge.
    """

    def __init__(self, proxy: str, *, door: Door, trust: ssl.SSLContext) -> None:
        self._door = door
        self._inner = httpx.AsyncHTTPTransport(
            proxy=proxy, verify=trust, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. Raises FetchError `blocked_address` and httpx's own errors."""
        host, port = place(request.url)
        if not host.endswith(".onion"):  # nobody but the proxy knows it, or may hear of it (RFC 7686, 2)
            try:
                await self._door.addresses(host, port)
            except FetchError as error:
                if error.kind == "blocked_address":
                    raise
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._inner.aclose()


def place(url: httpx.URL) -> tuple[str, int]:
    """Return the host (ASCII) and the port that an address names."""
    return url.raw_host.decode("ascii"), url.port or DEFAULT_PORTS[url.scheme]


class _Body(httpx.AsyncByteStream):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while data := await self._wire.piece():
            yield data

    async def aclose(self) -> None:
        self._wire.end()


class _Peer:
    """The other end, as `proof` asks for it; httpcore's name for this is network stream."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def get_extra_info(self, name: str) -> object:
        return self._wire.known("peername" if name == "server_addr" else name)


def _written(request: httpx.Request) -> bytes:
    """The request as it travels (RFC 9112, 3)."""
    fields = request.headers.raw
    if _UNSENDABLE.search(b"".join([value for _, value in fields])):
        raise httpx.LocalProtocolError("a header field holds a line break")
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % field for field in fields]
    return b"\r\n".join(lines) + b"\r\n\r\n"
