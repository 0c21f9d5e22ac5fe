"""Marks: what the raw entries of a feed's last document are known by, so that none is read twice. Pure.

A mark is the digest of an entry's own markup. Where it is met again, in a document that says the same for all
its entries (the context), the entry is the one that was archived then, unchanged. One text per feed holds the
context and, for each entry, its mark, number, place, and the two dates as seconds since 1970.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An entry of the archive that stands in the last document, in the very words of its latest revision."""

    id: int
    position: int
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a feed's last document is known by."""

    context: str
    entries: Mapping[str, Standing]
    """By mark."""


def read(text: str) -> Marks:
    """The marks that `written` wrote."""
    context, *words = text.split()
    entries = {}
    for word in words:
        mark, entry_id, position, published, updated = word.split(":")
        entries[mark] = Standing(
            id=int(entry_id), position=int(position), published_at=_time(published), updated_at=_time(updated)
        )
    return Marks(context=context, entries=entries)


def known(text: str) -> tuple[str, frozenset[str]]:
    """The context and the marks alone: all that a reader of documents needs."""
    context, *words = text.split()
    return context, frozenset(word.partition(":")[0] for word in words)


def written(context: str, entries: Iterable[tuple[str, Standing]]) -> str:
    """Marks as one text without white space in its words."""
    words = [
        f"{mark}:{one.id}:{one.position}:{_seconds(one.published_at)}:{_seconds(one.updated_at)}"
        for mark, one in entries
    ]
    return " ".join((context, *words))


def _seconds(moment: datetime | None) -> str:
    return "" if moment is None else str(int(moment.timestamp()))


def _time(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds else None
