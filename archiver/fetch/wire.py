"""One answer on one connection: bytes in, a head and the pieces of a body out, every one of them counted.

httptools (llhttp) reads the syntax. What it lets pass and we do not, and what has no end, is judged here.
"""

import asyncio
import re
from collections import deque
from dataclasses import dataclass

import httptools

from archiver.errors import FetchError
from archiver.fetch.failures import broken_off, malformed, no_answer, unanswered

_HEAD_BYTES = 64 * 1024
_MOST_FIELDS = 500
_MOST_INTERIM = 30  # 1xx answers; one or two are usual (RFC 9110, 15.2)
_FRAME_BYTES = 64  # what the framing of a chunk may cost, its extensions included
_LENGTHS = re.compile(rb"\r\ncontent-length:", re.IGNORECASE)
_BUFFERED = 512 * 1024  # bytes that may wait for the reader of the body before the sender has to wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How slow an answer may be."""

    rate: float = 500
    """Bytes a second that it must bring on the average …"""
    grace: float = 15
    """… once it is so many seconds old."""


class Wire(asyncio.Protocol):
    """Sends one request when the connection stands, and takes in the answer. Used once.

    Raises FetchError `timeout`, `reset`, `truncated`, `protocol`, from `head` and from `piece`.
    """

    def __init__(self, request: bytes, *, patience: float, pace: Pace) -> None:
        """Send `request`; wait `patience` seconds for each piece of the answer."""
        self.status = 0
        self.version = b""
        self.reason = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self._request = request
        self._patience = patience
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        # Lines that end with LF alone, folded fields and the like are odd, but nothing follows to be misread.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_chunked_length=True,
            lenient_keep_alive=True,
            lenient_data_after_close=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
            lenient_version=True,
        )
        self._head_bytes = self._interim = 0
        self._has_head = self._has_end = False
        self._until_close = False
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._failure: FetchError | None = None
        self._received = self._framing = 0
        self._began_at = self._heard_at = 0.0
        self._watch: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ what the reader asks for

    async def head(self) -> None:
        """Wait until status and header fields are there."""
        while not self._has_head:
            await self._more()

    async def piece(self) -> bytes:
        """Return the next piece of the body; nothing at its end."""
        while not self._pieces:
            if self._has_end:
                return b""
            await self._more()
        data = self._pieces.popleft()
        self._waiting_bytes -= len(data)
        if self._is_paused and not self._pieces and self._transport is not None:
            self._is_paused = False
            self._heard_at = self._loop.time()
            self._transport.resume_reading()
        return data

    def known(self, name: str) -> object:
        """Return what the connection says of itself, as asyncio's `get_extra_info` names it."""
        return None if self._transport is None else self._transport.get_extra_info(name)

    def end(self) -> None:
        """Let go of the connection at once: nothing more is wanted of it. May be called again."""
        self._has_end = True
        self._parser = None  # it knows us, and so both would wait for the garbage collector
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()

    async def _more(self) -> None:
        if self._failure is None:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._failure is not None:
            raise self._failure

    # ------------------------------------------------------------ what the connection brings

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands: ask."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._heard_at = self._loop.time()
        self._watch = self._loop.call_at(self._heard_at + self._patience, self._look)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._has_end or self._failure is not None or self._parser is None:
            return
        self._heard_at = self._loop.time()
        self._began_at = self._began_at or self._heard_at
        self._received += len(data)
        self._framing += len(data)
        try:
            self._parser.feed_data(_with_one_length(data) if self._received == len(data) else data)
        except httptools.HttpParserUpgrade:
            self._has_end = True
        except httptools.HttpParserError as error:
            if not self._has_end:
                self._fail(malformed(str(error)))
        if not self._has_end:
            self._weigh()
        self._wake()

    def eof_received(self) -> None:
        """The server sends no more."""
        self._over(broken_off())

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        if self._has_end:
            pass
        elif error is None:
            self._over(broken_off())
        else:
            self._fail(FetchError("reset", "the connection broke off"))
        if self._watch is not None:
            self._watch.cancel()

    def _over(self, cut: FetchError) -> None:
        """The server has closed: where nothing said how long the body is, this is its end."""
        if self._has_end or self._failure is not None:
            return
        if not self._has_head:
            self._fail(no_answer())
        elif self._until_close:
            self._has_end = True
        else:
            self._fail(cut)
        self._wake()

    def _weigh(self) -> None:
        """Refuse what costs more than it brings: heads, framing and trickles without an end."""
        if not self._has_head and self._received > _HEAD_BYTES:
            self._fail(malformed("its head is too long"))
        if self._has_head and self._framing > _HEAD_BYTES:
            self._fail(malformed("its chunks are mostly padding"))
        age = self._heard_at - self._began_at
        if age > self._pace.grace and self._received < self._pace.rate * age:
            self._fail(
                FetchError("timeout", f"the server sends less than {self._pace.rate:g} bytes a second")
            )

    def _look(self) -> None:
        """Give up where nothing was heard for too long; look again when that may be so."""
        left = self._patience if self._is_paused else self._heard_at + self._patience - self._loop.time()
        if left > 0:
            self._watch = self._loop.call_later(left, self._look)
        else:
            self._fail(unanswered(self._patience, answered=self._has_head))

    def _fail(self, failure: FetchError) -> None:
        if self._failure is None:
            self._failure = failure
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------ what the parser finds

    def on_message_begin(self) -> None:
        """A status line begins: that of an interim answer, or of the final one."""
        if not self._has_head:
            self.reason = b""
            self.headers = []

    def on_status(self, part: bytes) -> None:
        """A part of the reason phrase."""
        if not self._has_head:
            self.reason += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field, or a trailer (RFC 9110, 6.5), on which nothing of ours may rest."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _HEAD_BYTES or len(self.headers) >= _MOST_FIELDS:
            self._fail(malformed("its head is too long"))
        elif not self._has_head:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """A head is whole: judge how its body is framed (RFC 9112, 6.3)."""
        if self._has_head or self._failure is not None or self._parser is None:
            return  # a second answer, which nobody asked for
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                self._fail(FetchError("timeout", "the server only ever says that its answer will come"))
            return
        self.status = status
        self.version = b"HTTP/" + self._parser.get_http_version().encode()
        lengths = 0
        for name, value in self.headers:
            lowered = name.lower()
            if b"\0" in value:
                self._fail(malformed("there is a NUL in its head"))
            if lowered == b"transfer-encoding" and value.strip().lower() != b"chunked":
                self._fail(malformed("its transfer coding is not one that we know"))
            lengths += lowered in (b"content-length", b"transfer-encoding")
        self._until_close = not lengths
        self._has_head = self._failure is None
        self._framing = 0

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self._has_end:
            return
        self._pieces.append(data)
        self._framing = max(self._framing - len(data) - _FRAME_BYTES, 0)
        self._waiting_bytes += len(data)
        if self._waiting_bytes > _BUFFERED and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """An answer is whole."""
        self._has_end = self._has_head


def _with_one_length(data: bytes) -> bytes:
    """The first bytes of an answer, with a Content-Length that is repeated word for word only once.

    RFC 9110, 8.6, lets us take it for one; llhttp does not. Proxies repeat it.
    """
    if len(_LENGTHS.findall(data, 0, data.find(b"\r\n\r\n"))) < 2:
        return data
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    lengths = [line for line in lines if line[:15].lower() == b"content-length:"]
    if len(set(lengths)) != 1:
        return data
    kept = [line for line in lines if line != lengths[0]]
    return b"\r\n".join([*kept, lengths[0]]) + blank + body
