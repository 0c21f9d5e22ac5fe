"""A sketch: a few numbers by which texts that share much are found through an index."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

from archiver.identify.words import MOST_WORDS, SHINGLE, folded_words

if TYPE_CHECKING:
    import numpy as np

_HEAD_WORDS = 40
_EACH = 4
_FEWEST_WORDS = 12

_PLACE = 0x9E3779B97F4A7C15
_MIXING = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
"""The finaliser of SplitMix64, by which every bit of a number depends on every bit before."""


def sketch_of(text: str) -> tuple[int, ...]:
    """The sketch of a text as it is cleaned."""
    return sketch(folded_words(text)[:MOST_WORDS])


def sketch(words: Sequence[str]) -> tuple[int, ...]:
    """The smallest hashes of the head's shingles, and of all shingles: at most 8 signed 64-bit numbers,
    ascending.

    An excerpt shares its head with the whole text, a copy with another opening shares the rest. Texts with
    fewer than 12 words have none. The numbers are the same in every process and release. They only say where
    to look: whoever forges one has his text compared with another, and found to be none.
    """
    if len(words) < _FEWEST_WORDS:
        return ()
    numbers = _shingle_hashes(words)
    head = sorted(set(numbers[: _HEAD_WORDS - SHINGLE + 1].tolist()))[:_EACH]
    if len(head) == _EACH:  # nothing above can be among the smallest of all
        numbers = numbers[numbers <= head[-1]]
    whole = sorted(set(numbers.tolist()))[:_EACH]
    return tuple(sorted({*head, *whole}))


def _shingle_hashes(words: Sequence[str]) -> "np.ndarray":
    """A number for each run of SHINGLE words, from a number for each word: a long text has thousands."""
    import numpy as np  # slow to load: only for those who have a text

    # As bytes, encoded once.
    parts = " ".join(words).encode("utf-8", "replace").split(b" ")
    hashes = np.fromiter(map(crc32, parts), dtype=np.uint64, count=len(parts))
    runs = len(hashes) - SHINGLE + 1
    numbers = hashes[:runs].copy()
    for at in range(1, SHINGLE):
        numbers *= np.uint64(_PLACE)
        numbers += hashes[at : at + runs]
    for shift, factor in _MIXING:
        numbers ^= numbers >> np.uint64(shift)
        numbers *= np.uint64(factor)
    numbers ^= numbers >> np.uint64(31)
    return numbers.view(np.int64)
