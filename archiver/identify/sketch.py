"""A sketch: a few numbers by which texts that share much are found through an index."""

from collections.abc import Sequence
from hashlib import blake2b

from archiver.identify.words import shingles

_HEAD_WORDS = 40
_EACH = 4
_FEWEST_WORDS = 12


def sketch(words: Sequence[str]) -> tuple[int, ...]:
    """The smallest hashes of the head's shingles, and of all shingles: at most 8 signed 64-bit numbers,
    ascending.

    An excerpt shares its head with the whole text, a copy with another opening shares the rest. Texts with
    fewer than 12 words have none. The numbers are the same in every process and release.
    """
    if len(words) < _FEWEST_WORDS:
        return ()
    head = sorted(map(_number, shingles(words[:_HEAD_WORDS])))[:_EACH]
    whole = sorted(map(_number, shingles(words)))[:_EACH]
    return tuple(sorted({*head, *whole}))


def _number(shingle: str) -> int:
    return int.from_bytes(
        blake2b(shingle.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True
    )
