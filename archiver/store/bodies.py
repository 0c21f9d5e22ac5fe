"""What was received, byte for byte: kept once per content, compressed with zstandard, checked when read.

A changed document is a delta: the bytes that it shares with an earlier one at its start and at its end are
counted, and what lies between is compressed with the earlier one as zstandard's dictionary. The earlier one
is mostly the document before it. Every `_stride` bodies it lies that far back, and after four strides it is
the one at the root, so that chains stay short. Where a delta would not be much smaller, and every MOST_STEPS
bodies in any case, the document is stored whole: a keyframe.
Measured by `benchmarks/bodies.py`, which is also where the numbers below come from.
"""

import hashlib
from dataclasses import dataclass

import zstandard
from sqlite_utils import Database

from archiver.errors import NotFound, StoreError

LEVEL = 9
LARGE_LEVEL = 6
"""For what is larger than LARGE: four times as quick, and no bigger in deltas."""
LARGE = 2**20

LONGEST_STRIDE = 25
STRIDE_BYTES = 10_000_000
"""How much a read may unpack between two strides; so large documents have short ones."""
STRIDES = 4
MOST_STEPS = 1000
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


_COLUMNS = tuple(Stored.__dataclass_fields__)


# ---------------------------------------------------------------- writing


def save(db: Database, body: bytes, *, feed_id: int | None = None) -> str:
    """Keep a body and return its digest. One that is already kept costs a look-up.

    With `feed_id`, it may become a delta on an earlier body of that feed.
    """
    sha256 = digest(body)
    if db.execute("SELECT 1 FROM bodies WHERE sha256 = ?", [sha256]).fetchone() is None:
        _insert(db, _pack(db, sha256, body, feed_id))
    return sha256


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
            checksum(row.data),
        ],
    )


def _pack(db: Database, sha256: str, body: bytes, feed_id: int | None) -> Stored:
    """The smallest form: a delta on one of the feed's documents, or the whole."""
    deltas = [
        delta
        for previous in (_previous(db, feed_id) if feed_id is not None else ())
        if (delta := _delta(db, sha256, body, previous)) is not None
    ]
    best = min(deltas, key=lambda delta: len(delta.data), default=None)
    if best is not None and len(best.data) * 80 < len(body):
        return best  # whole, it could not be nearly as small
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


def _previous(db: Database, feed_id: int) -> list[str]:
    """The feed's last document that was understood, and the last answer of any kind, where it is another.

    An error page is best told by the error page before it, and must not stand between two documents.
    """
    rows = db.execute(
        """
        SELECT body_sha256 FROM feeds WHERE id = :feed AND body_sha256 IS NOT NULL
        UNION
        SELECT body_sha256 FROM (
            SELECT body_sha256 FROM (SELECT * FROM fetches WHERE feed_id = :feed ORDER BY id DESC LIMIT 50)
            WHERE body_sha256 IS NOT NULL LIMIT 1
        )
        """,
        {"feed": feed_id},
    )
    return [sha256 for (sha256,) in rows]


def _delta(db: Database, sha256: str, body: bytes, previous: str) -> Stored | None:
    """The body as a delta on `previous` or one of the bodies that it rests on; None for a keyframe."""
    try:
        chain = _chain(db, previous)
        step, stride = chain[0].step + 1, _stride(len(body))
        if step >= MOST_STEPS:
            return None
        back = stride if step % stride == 0 else 1
        reach = step - back if step % (stride * STRIDES) else 0
        at = next((at for at, link in enumerate(chain) if link.step <= reach), len(chain) - 1)
        if len(chain) - at > MOST_LINKS // 2:
            return None
        base = _unpack(chain[at:])
    except (NotFound, StoreError):
        return None  # a delta on what is damaged would be lost with it
    prefix = _shared(base, body)
    suffix = _shared(base[prefix:][::-1], body[prefix:][::-1])
    encoding, data = _smaller(body[prefix : len(body) - suffix], base)
    return Stored(
        sha256=sha256,
        base_sha256=chain[at].sha256,
        step=step,
        prefix_size=prefix,
        suffix_size=suffix,
        encoding=encoding,
        size=len(body),
        data=data,
    )


def _stride(size: int) -> int:
    """How many bodies of this size are a chain before one reaches back over all of them."""
    return max(2, min(LONGEST_STRIDE, STRIDE_BYTES // max(size, 1)))


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes the two begin with alike; found by halving, so that memory is compared, not looped."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _smaller(part: bytes, base: bytes | None) -> tuple[str, bytes]:
    packed = _compressor(len(part), base).compress(part)
    return ("zstd", packed) if len(packed) < len(part) else ("plain", part)


def _compressor(size: int, base: bytes | None) -> zstandard.ZstdCompressor:
    reach = size + len(base or b"")
    level = LEVEL if reach <= LARGE else LARGE_LEVEL
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
        part = bytes(link.data)
    elif link.encoding != "zstd":
        raise ValueError(f"its encoding {link.encoding!r} is not known")
    elif zstandard.get_frame_parameters(link.data).content_size != between:
        raise ValueError("it unpacks to another size")  # asked before anything is unpacked
    else:
        dictionary = _dictionary(base) if link.base_sha256 is not None else None
        part = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(link.data, allow_extra_data=False)
    return base[:prefix] + part + (base[len(base) - suffix :] if suffix else b"")
