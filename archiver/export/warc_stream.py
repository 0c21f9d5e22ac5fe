"""WARC files as records, whoever wrote them, whatever has become of them (WARC 1.0 and 1.1, gzip or plain).

A file is a stranger's bytes. Nothing of it is held but one record of bounded size; what is damaged is told
and passed over to where the next record begins.
"""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

_GZIP_MAGIC = b"\x1f\x8b\x08"
_RAW_STEP = 4096
"""Small, since after damage the search for the next record begins where the last step did."""
_PLAIN_STEP = 65_536
_LONGEST_HEADER = 65_536
_MOST_FIELDS = 1_000
_MOST_DAMAGES = 100
_MOST_FALSE_STARTS = 10_000
_FAR = 2**30
"""Bytes that are unpacked only to be passed over; beyond, the next record is looked for in the file."""
_BLANK = b"\r\n\r\n"
_VERSION = re.compile(rb"WARC/[01]\.[0-9]{1,3}\s*\Z")


class _Damaged(Exception):
    """The bytes here are no WARC; says what is wrong, and whether already with the packing."""

    def __init__(self, what: str, *, packed: bool = False) -> None:
        super().__init__(what)
        self.packed = packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: header fields by lower-case name, and the block, None where it is larger than wanted."""

    fields: Mapping[str, str]
    block: bytes | None
    length: int

    @property
    def kind(self) -> str:
        """The WARC-Type."""
        return self.fields.get("warc-type", "").lower()


def is_warc(file: BinaryIO) -> bool:
    """Tell by its first bytes whether a file is WARC, packed or plain; leaves the file at its beginning."""
    head = file.read(_RAW_STEP)
    file.seek(0)
    if head.startswith(_GZIP_MAGIC):
        try:
            head = zlib.decompressobj(31).decompress(head, 16)
        except zlib.error:
            return False
    return head.startswith(b"WARC/")


class WarcReader:
    """Reads the records of a seekable file; `damages` says afterwards what could not be read."""

    def __init__(self, file: BinaryIO, *, largest_block: int) -> None:
        self.damages: list[str] = []
        self._bytes = _Plain(file)
        self._largest = largest_block

    def __iter__(self) -> Iterator[Record]:
        while len(self.damages) < _MOST_DAMAGES:
            try:
                record = self._next()
            except _Damaged as damage:
                self.damages.append(f"damaged at byte {self._bytes.place:,}: {damage}")
                if not self._bytes.find_record(packed=damage.packed):
                    return
            else:
                if record is None:
                    return
                yield record
        self.damages.append("too much of it is damaged; the rest was not read")

    def _next(self) -> Record | None:
        line = b"\r\n"
        while line in (b"\r\n", b"\n"):
            line = self._bytes.line(_LONGEST_HEADER)
        if not line or not line.strip(b"\0"):
            return None
        if not _VERSION.match(line):
            self._bytes.unread(line)
            raise _Damaged("no record begins where one should")
        fields = self._fields()
        told = fields.get("content-length", "")
        if not (told.isascii() and told.isdigit() and len(told) <= 15):
            raise _Damaged("a record does not say how long it is")
        length = int(told)
        if length > self._largest:
            self._bytes.skip(length)
            return Record(fields=fields, block=None, length=length)
        block = self._bytes.read(length)
        if len(block) < length:
            raise _Damaged("the file ends in the middle of a record")
        self._bytes.check_end()
        return Record(fields=fields, block=block, length=length)

    def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        name, left = "", _LONGEST_HEADER
        for _ in range(_MOST_FIELDS):
            line = self._bytes.line(left)
            left -= len(line)
            if not line.endswith(b"\n"):
                raise _Damaged("the file ends, or is broken, in the header of a record")
            if not line.strip():
                return fields
            text = line.decode("utf-8", "replace").strip("\r\n")
            if text[0] in " \t" and name:
                fields[name] += " " + text.strip()
                continue
            name, colon, value = text.partition(":")
            name = name.strip().lower()
            if colon:
                fields.setdefault(name, value.strip())
        raise _Damaged("a record's header is too long")


class _Plain:
    """The file's bytes, unpacked where it is packed, a little at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._unpacker = zlib.decompressobj(31)
        self._raw = b""
        self._step_start = 0
        self._member_start = 0
        self._buffer = b""
        self._at = 0
        self._false_starts = 0
        head = file.read(5)
        self._is_packed = head != b"WARC/" and (head.startswith(_GZIP_MAGIC) or self._find_packed())
        file.seek(0)

    @property
    def place(self) -> int:
        """How far the file has been read, in its own bytes."""
        ahead = len(self._raw) if self._is_packed else len(self._buffer) - self._at
        return self._file.tell() - ahead

    def line(self, longest: int) -> bytes:
        """Up to the end of the line, or so many bytes of it; empty at the end of the file."""
        pieces = []
        while longest > 0 and self._fill():
            end = self._buffer.find(b"\n", self._at, self._at + longest) + 1
            stop = end or min(len(self._buffer), self._at + longest)
            pieces.append(self._buffer[self._at : stop])
            longest -= stop - self._at
            self._at = stop
            if end:
                break
        return b"".join(pieces)

    def unread(self, line: bytes) -> None:
        """Give back what was read last."""
        self._buffer, self._at = line + self._buffer[self._at :], 0

    def read(self, count: int) -> bytes:
        pieces = []
        while count > 0 and self._fill():
            piece = self._buffer[self._at : self._at + count]
            pieces.append(piece)
            self._at += len(piece)
            count -= len(piece)
        return b"".join(pieces)

    def skip(self, count: int) -> None:
        if self._is_packed and count > _FAR:
            raise _Damaged(f"a record claims to be {count:,} bytes long; it was not read", packed=True)
        while count > 0:
            if not self._fill():
                raise _Damaged("the file ends in the middle of a record")
            step = min(count, len(self._buffer) - self._at)
            self._at += step
            count -= step

    def check_end(self) -> None:
        """Unpack what follows a block, so that the check sum of its packing is seen before it is believed."""
        while self._is_packed and _BLANK.startswith(self._buffer[self._at :]) and not self._unpacker.eof:
            try:
                more = self._more(cross=False)
            except _Damaged as damage:
                if damage.packed:
                    raise
                return  # the file ends here, as will be said when more is wanted; the block is whole
            self._buffer, self._at = self._buffer[self._at :] + more, 0

    def _fill(self) -> bool:
        """Whether there is another byte."""
        if self._at >= len(self._buffer):
            self._buffer, self._at = self._more(), 0
        return bool(self._buffer)

    def _more(self, *, cross: bool = True) -> bytes:
        """The next bytes; empty at the end of the file, or of its packed member if not to `cross`."""
        if not self._is_packed:
            return self._file.read(_PLAIN_STEP)
        while True:
            if self._unpacker.eof:
                if not cross:
                    return b""
                self._raw = self._raw.lstrip(b"\0")  # padding, as on tapes
                if not self._raw:
                    if not self._read_raw():
                        return b""
                    continue
                self._member_start = self.place
                self._unpacker = zlib.decompressobj(31)
            try:
                plain = self._unpacker.decompress(self._raw, _PLAIN_STEP)
            except zlib.error as error:
                raise _Damaged("its compression is broken", packed=True) from error
            self._raw = self._unpacker.unused_data if self._unpacker.eof else self._unpacker.unconsumed_tail
            if plain:
                return plain
            if not self._raw and not self._unpacker.eof and not self._read_raw():
                raise _Damaged("the file ends in the middle of a record")

    def _read_raw(self) -> bool:
        self._step_start = self._file.tell()
        self._raw = self._file.read(_RAW_STEP)
        return bool(self._raw)

    def find_record(self, *, packed: bool) -> bool:
        """Go to the next record, through the packing unless that is broken; False if there is none."""
        if not (self._is_packed and packed):
            try:
                return self._find_plain()
            except _Damaged:
                pass
        return self._is_packed and self._find_packed()

    def _find_plain(self) -> bool:
        left = _FAR
        while left > 0:
            line = self.line(_PLAIN_STEP)
            if not line:
                return False
            # Where what came before was cut, the next record begins in the middle of a line.
            if begin := _VERSION.search(line):
                self.unread(line[begin.start() :])
                return True
            left -= len(line)
        raise _Damaged("nothing that looks like a record")

    def _find_packed(self) -> bool:
        """Look for the beginning of a packed record, from the step on in which the trouble showed."""
        start = max(self._member_start + 1, self._step_start)
        self._buffer, self._at, self._raw = b"", 0, b""
        while self._false_starts < _MOST_FALSE_STARTS:
            self._file.seek(start)
            window = self._file.read(_PLAIN_STEP)
            found = window.find(_GZIP_MAGIC)
            if found < 0:
                if len(window) < _PLAIN_STEP:
                    return False
                start += len(window) - len(_GZIP_MAGIC) + 1
                continue
            start += found
            self._file.seek(start)
            head = self._file.read(_RAW_STEP)
            self._file.seek(start)
            if _unpacks_to_record(head):
                self._member_start, self._unpacker = start, zlib.decompressobj(31)
                return True
            self._false_starts += 1
            start += 1
        return False


def _unpacks_to_record(head: bytes) -> bool:
    try:
        return zlib.decompressobj(31).decompress(head, 16).startswith(b"WARC/")
    except zlib.error:
        return False
