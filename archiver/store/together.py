"""Many rows to a statement: what SQLite prepares anew at each, as lists of allowed words, it does but once.

And while a statement runs, other threads of ours may: of many small ones each would wait for them anew.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

SIZES = (64, 16, 4, 1)
"""So many rows a statement has: few sizes, so that each is compiled but once."""


def parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """The rows in their order, as many at a time as one statement takes."""
    at = 0
    for size in SIZES:
        while len(rows) - at >= size:
            yield rows[at : at + size]
            at += size


def values(columns: int, rows: int) -> str:
    """SQL for the parameters of so many rows."""
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)
