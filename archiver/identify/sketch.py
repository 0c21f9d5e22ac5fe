"""A sketch: a few numbers by which texts that share much are found through an index."""

import struct
from collections.abc import Sequence
from hashlib import blake2b
from heapq import nsmallest

from archiver.identify.words import SHINGLE

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
    # As bytes, encoded once: a long text has thousands of shingles, and hashing them is what takes the time.
    parts = " ".join(words).encode("utf-8", "replace").split(b" ")
    runs = map(b" ".join, zip(*(parts[at:] for at in range(SHINGLE)), strict=False))
    digests = b"".join([blake2b(run, digest_size=8).digest() for run in runs])
    numbers = struct.unpack(f">{len(digests) // 8}q", digests)
    head = nsmallest(_EACH, set(numbers[: _HEAD_WORDS - SHINGLE + 1]))
    whole = nsmallest(_EACH, set(numbers))
    return tuple(sorted({*head, *whole}))
