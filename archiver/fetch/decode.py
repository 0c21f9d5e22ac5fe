"""Content codings undone within limits (RFC 9110, 8.4): bombs, cuts and false labels are told apart."""

import importlib
import zlib
from collections.abc import Iterator
from types import ModuleType
from typing import Protocol

from archiver.errors import FetchError

_GZIP_MAGIC = b"\x1f\x8b\x08"  # RFC 1952, 2.3.1; 8 is the only method there is
_STEP = 256 * 1024  # bytes that come out at a time; several copies of each are held for a moment
_SIP = 1024  # bytes given to brotli at a time: of those in which there is damage nothing comes out
_MOST_MEMBERS = 10_000  # each costs a copy of what follows it in the chunk
_NO_CODING = frozenset({"", "identity", "none", "utf-8", "utf8"})  # servers that confuse it with the charset


def _bounded_brotli() -> ModuleType | None:
    """The brotli module if it is there and can stop at a limit (1.2 or later): 405 bytes may hold 256 MB."""
    try:
        module = importlib.import_module("brotli")
        module.Decompressor().process(b"", output_buffer_limit=1)
    except (ImportError, AttributeError, TypeError):
        return None
    return module


_BROTLI = _bounded_brotli()

ACCEPT_ENCODING = "gzip, deflate, br" if _BROTLI else "gzip, deflate"
"""What we offer. zstd is not in it: its decoders allocate before they can be stopped."""


def too_large(limit: int) -> FetchError:
    """Return the error for a document over the limit (bytes)."""
    return FetchError("too_large", f"the document is larger than {limit / 2**20:.3g} MiB")


class Decoder:
    """Collects a body from the pieces that travel, and undoes its coding on the way.

    Labels are weighed against the bytes: gzip is recognised without a label, and a gzip label on plain text
    is overlooked. What travels and what comes out are held to `limit` bytes each.
    Raises FetchError `too_large`, `bad_encoding`, `truncated`.
    """

    def __init__(self, content_encoding: str, *, limit: int) -> None:
        codings = [
            name for part in content_encoding.split(",") if (name := part.strip().lower()) not in _NO_CODING
        ]
        if len(codings) > 1:
            raise FetchError("bad_encoding", "the document is compressed more than once")
        self._coding = codings[0].removeprefix("x-") if codings else ""
        if self._coding not in ("", "gzip", "deflate") and (self._coding != "br" or _BROTLI is None):
            shown = self._coding if self._coding.isprintable() and len(self._coding) <= 20 else "?"
            raise FetchError(
                "bad_encoding", f"the document is compressed in a way we did not offer ({shown})"
            )
        self._limit = limit
        self._received = 0
        self._body = bytearray()
        self._head = b""
        self._engine: _Engine | None = None

    def feed(self, data: bytes) -> None:
        """Take the next piece from the wire."""
        room = self._limit - self._received
        self._received += len(data)
        self._take(data[:room] if room < len(data) else data)
        if self._received > self._limit:
            raise too_large(self._limit)

    def so_far(self) -> bytes:
        """What has come out by now, also after any failure; no more than the limit."""
        return self._head if self._engine is None else bytes(self._body)

    def _take(self, data: bytes) -> None:
        if self._engine is None:
            self._head += data
            if len(self._head) < len(_GZIP_MAGIC):
                return
            data = self._begin()
        self._write(data)

    def finish(self) -> tuple[bytes, bool]:
        """Return the body, and whether its coding proves that it is whole."""
        if self._engine is None:
            if self._coding == "gzip" and self._head and _GZIP_MAGIC.startswith(self._head):
                raise _cut()
            self._write(self._begin())
        assert self._engine is not None
        proven = self._engine.finish()
        return bytes(self._body), proven

    def _begin(self) -> bytes:
        head, self._head = self._head, b""
        if head.startswith(_GZIP_MAGIC) and self._coding in ("", "gzip", "deflate"):
            self._engine = _Zlib(31)
        elif self._coding in ("", "gzip") or not head:
            self._engine = _Plain()
        elif self._coding == "deflate":
            # Half the servers mean raw deflate where the standard says zlib (RFC 9110, 8.4.1.2).
            is_zlib = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
            self._engine = _Zlib(15 if is_zlib else -15)
        else:
            self._engine = _Brotli()
        return head

    def _write(self, data: bytes) -> None:
        assert self._engine is not None
        for piece in self._engine.feed(data):
            room = self._limit - len(self._body)
            self._body += piece[:room] if room < len(piece) else piece
            if room < len(piece):
                raise too_large(self._limit)


class _Engine(Protocol):
    def feed(self, data: bytes) -> Iterator[bytes]:
        """What comes out, in pieces of `_STEP` at most where it is more than what went in."""

    def finish(self) -> bool:
        """Whether the coding has an end of its own, and it was reached; raises where it was not."""


class _Plain:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finish(self) -> bool:
        return False


class _Zlib:
    """gzip with all its members (RFC 1952), zlib (RFC 1950) or raw deflate (RFC 1951), by window bits."""

    def __init__(self, window_bits: int) -> None:
        self._window_bits = window_bits
        self._stream = zlib.decompressobj(window_bits)
        self._members = 1
        self._between = b""
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._ended:
            if self._stream.eof:
                data = self._next_member(data)
                continue
            before = self._stream.copy()  # costs a hundredth of what follows
            try:
                piece = self._stream.decompress(data, _STEP)
            except zlib.error as error:
                yield _before_damage(before, data)
                raise FetchError("bad_encoding", "the document's compression is damaged") from error
            yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def _next_member(self, data: bytes) -> bytes:
        """What follows a member: another one, or padding that is no concern of ours."""
        data = self._between + data
        self._between = b""
        if self._window_bits == 31 and len(data) < len(_GZIP_MAGIC) and _GZIP_MAGIC.startswith(data):
            self._between = data
            return b""
        self._members += 1
        self._ended = self._window_bits != 31 or not data.startswith(_GZIP_MAGIC)
        if self._members > _MOST_MEMBERS:
            raise FetchError("bad_encoding", "the document is compressed in too many pieces")
        if not self._ended:
            self._stream = zlib.decompressobj(self._window_bits)
        return data

    def finish(self) -> bool:
        if not self._stream.eof:
            raise _cut()
        return True


def _before_damage(stream: "zlib._Decompress", data: bytes) -> bytes:
    """What comes out of the bytes before those that cannot be undone; zlib itself lets go of it."""
    sound, damaged, piece = 0, len(data), b""
    while damaged - sound > 1:
        middle = (sound + damaged) // 2
        try:
            piece = stream.copy().decompress(data[:middle], _STEP)
        except zlib.error:
            damaged = middle
        else:
            sound = middle
    return piece


class _Brotli:
    """RFC 7932."""

    def __init__(self) -> None:
        assert _BROTLI is not None
        self._error = _BROTLI.error
        self._stream = _BROTLI.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _SIP):
            yield from self._drink(data[at : at + _SIP])

    def _drink(self, data: bytes) -> Iterator[bytes]:
        while not self._stream.is_finished():  # what follows its end is padding
            try:
                piece = self._stream.process(data, output_buffer_limit=_STEP)
            except self._error as error:
                raise FetchError("bad_encoding", "the document's compression is damaged") from error
            if not piece:
                break
            yield piece
            data = b""

    def finish(self) -> bool:
        if not self._stream.is_finished():
            raise _cut()
        return True


def _cut() -> FetchError:
    return FetchError("truncated", "the document broke off in the middle of its compression")
