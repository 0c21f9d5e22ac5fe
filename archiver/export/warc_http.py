"""HTTP responses as crawlers keep them in WARC records: the header, and the payload, codings undone."""

import re
from dataclasses import dataclass

import zstandard

from archiver.errors import FetchError
from archiver.fetch.decode import Decoder, too_large
from archiver.model import Headers

_STATUS_LINE = re.compile(r"(HTTP/[0-9](?:\.[0-9])?)\s+([1-9][0-9]{2})(?:\s+(.*))?\s*\Z", re.I)
_LONGEST_HEADER = 256 * 1024
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_CHUNK_HEAD = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP response as it stands in a record."""

    version: str
    status: int
    reason: str | None
    headers: Headers
    raw: bytes
    """What follows the header, as it travelled or as the crawler left it."""

    def header(self, name: str) -> str:
        """All values of a header field, joined as RFC 9110, 5.3 has it."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def read_message(block: bytes) -> Message | None:
    """Read an HTTP response, also with `HTTP/2 200` as its status line; None where it is no response."""
    end = re.search(rb"\r?\n\r?\n", block[:_LONGEST_HEADER])
    head = block[: end.start()] if end else block[:_LONGEST_HEADER]
    lines = head.decode("latin-1").split("\n")
    status_line = _STATUS_LINE.match(lines[0].rstrip("\r"))
    if not status_line:
        return None
    headers: list[tuple[str, str]] = []
    for line in lines[1:]:
        text = line.rstrip("\r")
        if text[:1] in (" ", "\t") and headers:
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {text.strip()}")
            continue
        name, colon, value = text.partition(":")
        if colon and name.strip():
            headers.append((name.strip(), value.strip()))
    return Message(
        version=status_line[1],
        status=int(status_line[2]),
        reason=status_line[3],
        headers=tuple(headers),
        raw=block[end.end() :] if end else b"",
    )


def payload(message: Message, *, limit: int) -> bytes:
    """The document. Codings that the crawler had undone already do no harm. Raises what `Decoder` does."""
    raw = message.raw
    if "chunked" in message.header("transfer-encoding").lower():
        raw = _unchunked(raw)
    coding = message.header("content-encoding")
    if coding.strip().lower() == "zstd" and raw.startswith(_ZSTD_MAGIC):
        return _unpacked(raw, limit)
    decoder = Decoder(coding, limit=limit)
    decoder.feed(raw)
    return decoder.finish()[0]


def _unpacked(raw: bytes, limit: int) -> bytes:
    """Undo zstd (RFC 8878), which browsers ask for and we do not; their window is 8 MiB (RFC 9659)."""
    packed = zstandard.ZstdDecompressor(max_window_size=2**23).stream_reader(raw, read_across_frames=True)
    try:
        body = packed.read(limit + 1)
    except zstandard.ZstdError as error:
        raise FetchError("bad_encoding", "the document's compression is damaged") from error
    if len(body) > limit:
        raise too_large(limit)
    return body


def _unchunked(raw: bytes) -> bytes:
    """The body without its chunks (RFC 9112, 7.1); as it is, if there are none to be seen."""
    pieces: list[bytes] = []
    at = 0
    while head := _CHUNK_HEAD.match(raw, at):
        size = int(head[1], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(raw[head.end() : head.end() + size])
        at = head.end() + size
        at += 2 if raw[at : at + 2] == b"\r\n" else raw[at : at + 1] == b"\n"
    return raw if at == 0 else b"".join(pieces)
