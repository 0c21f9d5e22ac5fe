"""What was received, byte for byte: kept once per content, compressed with zstandard, checked when read.

A changed document is a delta: the bytes that it shares with an earlier one at its start and at its end are
counted, and what lies between is compressed with the earlier one as zstandard's dictionary. The earlier one
is mostly the document before it, or where hardly anything changed, the one that that rests on. At regular
steps it lies further back (`_base`), so that chains stay short. Where a delta would not be much smaller,
and every MOST_STEPS bodies in any case, the document is stored whole: a keyframe.
Measured by `benchmarks/bodies.py`, which is also where the numbers below come from.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import zstandard
from sqlite_utils import Database

from archiver.errors import NotFound, StoreError

LEVEL = 6
"""Of zstandard. Level 9 takes twice as long, and what it makes is a fiftieth smaller."""
THOROUGH_LEVEL = 16
"""For what lies far from its base: larger than others, and rare, so that it may take ten times as long."""
THOROUGH = 2**19
"""What is larger, with its base, is not worth that."""

STRIDE = 25
"""After so many bodies, each on the one before, one reaches back over all of these: a landmark."""
LANDMARKS = 3
"""How many of them may rest on each other, before one reaches back to the keyframe."""
READ_BYTES = 14_000_000
"""How much a read may unpack in all; so large documents have short strides, and rest on few others."""
HUGE = 2_500_000
"""What is larger rests on a keyframe alone: to unpack that and to hash takes most of the ten milliseconds."""
MOST_STEPS = 1000
SLIGHT = 40
"""A delta of so few bytes, a build date say, is not worth a link: the next body rests on the one below."""
WORTH = 0.8
"""A delta that is larger than this part of the whole is not stored."""

MOST_LINKS = 64
MOST_BYTES = 10**9
"""What a body can be; a row that claims more is damaged, and nothing is unpacked for it."""


def digest(body: bytes) -> str:
    """The name of a body: its SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def checksum(data: bytes) -> int:
    """The first eight bytes of a SHA-256 as a number: tells that stored bytes are the ones written."""
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A row of `bodies`."""

    sha256: str
    base_sha256: str | None
    step: int
    prefix_size: int
    suffix_size: int
    encoding: str
    size: int
    data: bytes


def checksum_of(row: Stored) -> int:
    """The checksum over the whole row; archives before version 7 have that of `data` alone."""
    told = (row.base_sha256, row.step, row.prefix_size, row.suffix_size, row.encoding, row.size)
    return checksum(ascii(told).encode() + row.data)


_COLUMNS = tuple(Stored.__dataclass_fields__)


# ---------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A body as `save` would store it, made ahead of that, and beside the thread that writes."""

    body: bytes
    row: Stored
    beside: tuple[str, ...]
    """The feed's documents by then (`_previous`); what was made beside others is not used."""


def pack(db: Database, body: bytes, sha256: str, *, feed_id: int) -> Packed | None:
    """Make ahead what `save` would store; None where it is kept already, or something cannot be read.

    In no transaction, since to compress takes long, and a reader that stays lets the write-ahead log grow.
    """
    try:
        if _is_kept(db, sha256):
            return None
        beside = _previous(db, feed_id)
        return Packed(body=body, row=_pack(db, sha256, body, beside), beside=beside)
    except sqlite3.Error:
        return None  # the one who writes will meet it as well, and tell


def save(db: Database, body: bytes, *, feed_id: int | None = None, packed: Packed | None = None) -> str:
    """Keep a body and return its digest. One that is already kept costs a look-up.

    With `feed_id`, it may become a delta on an earlier body of that feed. `packed` spares to make it.
    """
    if packed is not None and packed.body is not body:
        packed = None
    sha256 = packed.row.sha256 if packed else digest(body)
    if not _is_kept(db, sha256):
        previous = _previous(db, feed_id) if feed_id is not None else ()
        _insert(
            db, packed.row if packed and _fits(db, packed, previous) else _pack(db, sha256, body, previous)
        )
    return sha256


def _is_kept(db: Database, sha256: str) -> bool:
    return db.execute("SELECT 1 FROM bodies WHERE sha256 = ?", [sha256]).fetchone() is not None


def _fits(db: Database, packed: Packed, previous: Sequence[str]) -> bool:
    """Whether it would be made just so now."""
    base = packed.row.base_sha256
    return packed.beside == previous and (base is None or _is_kept(db, base))


def mend(db: Database, sha256: str, body: bytes) -> None:
    """Store a body again, whole, in the place of its damaged row, with all that rests on it."""
    db.execute("DELETE FROM bodies WHERE sha256 = ?", [sha256])  # the caller defers the references to it
    _insert(db, _pack(db, sha256, body, ()))


def _insert(db: Database, row: Stored) -> None:
    db.execute(
        """
        INSERT INTO bodies
            (sha256, base_sha256, step, prefix_size, suffix_size, encoding, size, data, checksum)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            row.sha256,
            row.base_sha256,
            row.step,
            row.prefix_size,
            row.suffix_size,
            row.encoding,
            row.size,
            row.data,
            checksum_of(row),
        ],
    )


def _pack(db: Database, sha256: str, body: bytes, previous: Sequence[str]) -> Stored:
    """The smallest form: a delta on one of the feed's documents, or the whole."""
    deltas = [delta for earlier in previous if (delta := _delta(db, sha256, body, earlier)) is not None]
    best = min(deltas, key=lambda delta: len(delta.data), default=None)
    if best is not None and len(best.data) * 30 < len(body):
        return best  # whole, it could hardly be as small
    encoding, data = _smaller(body, None)
    if best is not None and len(best.data) < WORTH * len(data):
        return best
    return Stored(
        sha256=sha256,
        base_sha256=None,
        step=0,
        prefix_size=0,
        suffix_size=0,
        encoding=encoding,
        size=len(body),
        data=data,
    )


def _previous(db: Database, feed_id: int) -> tuple[str, ...]:
    """The feed's last document that was understood, and the last answer of any kind, where it is another.

    An error page is best told by the error page before it, and must not stand between two documents.
    """
    rows = db.execute(
        """
        SELECT body_sha256 FROM feeds WHERE id = :feed AND body_sha256 IS NOT NULL
        UNION
        SELECT body_sha256 FROM (
            SELECT body_sha256 FROM (
                SELECT body_sha256 FROM fetches WHERE feed_id = :feed ORDER BY id DESC LIMIT 50
            )
            WHERE body_sha256 IS NOT NULL LIMIT 1
        )
        """,
        {"feed": feed_id},
    )
    return tuple(sha256 for (sha256,) in rows)


def _delta(db: Database, sha256: str, body: bytes, previous: str) -> Stored | None:
    """The body as a delta on `previous` or one of the bodies that it rests on; None for a keyframe."""
    try:
        chain = _chain(db, previous)
        step = chain[0].step + 1
        if step >= MOST_STEPS:
            return None
        if chain[0].base_sha256 is not None and len(chain[0].data) <= SLIGHT:
            del chain[0]
        at = _base(chain, len(body))
        return _delta_on(chain[at:], sha256, body, step, thorough=at > 0)
    except (NotFound, StoreError):
        return None  # a delta on what is damaged would be lost with it


def _delta_on(chain: list[Stored], sha256: str, body: bytes, step: int, *, thorough: bool) -> Stored:
    base = _unpack(chain)
    most = min(len(base), len(body))
    prefix = _shared(most, lambda start, end: base[start:end] == body[start:end])
    suffix = _shared(
        most - prefix, lambda start, end: _from_end(base, start, end) == _from_end(body, start, end)
    )
    encoding, data = _smaller(body[prefix : len(body) - suffix], base, thorough=thorough)
    return Stored(
        sha256=sha256,
        base_sha256=chain[0].sha256,
        step=step,
        prefix_size=prefix,
        suffix_size=suffix,
        encoding=encoding,
        size=len(body),
        data=data,
    )


def _base(chain: list[Stored], size: int) -> int:
    """Which body of a chain the next one, of this size, is a delta on."""
    depth = 1 if size > HUGE else min(STRIDE + LANDMARKS - 1, max(1, READ_BYTES // max(size, 1) - 1))
    landmarks = min(LANDMARKS, depth - 1)
    stride = depth - landmarks + 1
    gaps = (link.step - base.step for link, base in pairwise(chain))
    last = next((at for at, gap in enumerate(gaps) if gap > max(1, stride // 2)), len(chain) - 1)
    if last + 1 < stride and len(chain) <= depth:
        return 0
    return last if len(chain) - last <= landmarks else len(chain) - 1


def _shared(most: int, alike: Callable[[int, int], bool]) -> int:
    """How many bytes are alike; found by halving, so that memory is compared, not looped."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if alike(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _from_end(body: bytes, start: int, end: int) -> bytes:
    return body[len(body) - end : len(body) - start]


def _smaller(part: bytes, base: bytes | None, *, thorough: bool = False) -> tuple[str, bytes]:
    packed = _compressor(len(part), base, thorough=thorough).compress(part)
    return ("zstd", packed) if len(packed) < len(part) else ("plain", part)


def _compressor(size: int, base: bytes | None, *, thorough: bool) -> zstandard.ZstdCompressor:
    reach = size + len(base or b"")
    level = THOROUGH_LEVEL if thorough and reach <= THOROUGH else LEVEL
    if base is None:
        return zstandard.ZstdCompressor(level=level)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=size,
        dict_size=len(base),
        # the window covers the whole base; zstandard allows 2 GB
        window_log=min(30, max(zstandard.WINDOWLOG_MIN, reach.bit_length())),
        write_content_size=True,
    )
    return zstandard.ZstdCompressor(compression_params=parameters, dict_data=_dictionary(base))


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


# ---------------------------------------------------------------- reading


def load(db: Database, sha256: str) -> bytes:
    """Give a body back. Raises NotFound, and StoreError where the bytes are no longer what was kept."""
    return _unpack(_chain(db, sha256))


def _chain(db: Database, sha256: str) -> list[Stored]:
    """The body's row and those it rests on, the keyframe last."""
    chain: list[Stored] = []
    wanted: str | None = sha256
    while wanted is not None:
        found = stored(db, "WHERE sha256 = ?", [wanted])
        if not found and not chain:
            raise NotFound(f"no body {sha256} in the archive")
        if not found or len(chain) == MOST_LINKS:
            raise StoreError(f"body {sha256} is damaged: what it rests on is not there")
        chain.extend(found)
        wanted = chain[-1].base_sha256
    return chain


def stored(db: Database, where: str, values: list[str | int]) -> list[Stored]:
    """Rows as they are stored."""
    rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM bodies {where}", values)
    return [Stored(**dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def _unpack(chain: list[Stored]) -> bytes:
    """The body of the first row of a chain, its digest checked."""
    sha256, body = chain[0].sha256, b""
    for link in reversed(chain):
        try:
            body = _apply(link, body)
        except (zstandard.ZstdError, MemoryError, ValueError) as error:
            culprit = "" if link is chain[0] else f": body {link.sha256}, on which it rests"
            raise StoreError(f"body {sha256} is damaged{culprit}: {error}") from error
    if digest(body) != sha256:
        raise StoreError(f"body {sha256} is damaged: its bytes have another digest")
    return body


def check(link: Stored, base: bytes) -> bytes:
    """The body of a row, whose base is given. Raises StoreError where it is not what its name says."""
    try:
        body = _apply(link, base)
    except (zstandard.ZstdError, MemoryError, ValueError) as error:
        raise StoreError(str(error)) from error
    if digest(body) != link.sha256:
        raise StoreError("its bytes have another digest")
    return body


def _apply(link: Stored, base: bytes) -> bytes:
    """One link: what the base lends at both ends, and what lies between. Raises ValueError, ZstdError."""
    prefix, suffix = link.prefix_size, link.suffix_size
    between = link.size - prefix - suffix
    if min(prefix, suffix, between) < 0 or prefix + suffix > len(base) or link.size > MOST_BYTES:
        raise ValueError("its sizes cannot be")
    if link.encoding == "plain":
        part = link.data
    elif link.encoding != "zstd":
        raise ValueError(f"its encoding {link.encoding!r} is not known")
    elif zstandard.get_frame_parameters(link.data).content_size != between:
        raise ValueError("it unpacks to another size")  # asked before anything is unpacked
    else:
        dictionary = _dictionary(base) if link.base_sha256 is not None else None
        part = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(link.data, allow_extra_data=False)
    lent = memoryview(base)
    return b"".join((lent[:prefix], part, lent[len(base) - suffix :])) if prefix or suffix else part
