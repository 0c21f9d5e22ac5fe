"""How a feed publishes, by the dates in its own documents, and when it has fallen silent. Pure.

The rule. Dates after tomorrow or before the web are no dates, the rest count to the minute, equal ones
once. An entry that stands above newer ones is pinned, and left out, if the others are in order. At least
ENOUGH dates, and half of the entries, make

- a *rhythm*: the median time between two of them;
- a *window*: the time from the oldest to the newest. A document that has grown, and pushed nothing out,
  shows all that there is: it has no window until something rolls off its end;
- with MANY dates, what is *quiet*: QUIET_GAPS times the gap that four in five do not exceed, and
  LEAST_QUIET at least. A yearly feed is not silent after a month.

The last sign of life is the date of the newest entry, or the time when we met one that was new since the
first document. What a delta (226), a half or a foreign document has is no measure, but may be new.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median_low
from typing import Protocol

from archiver.changes import ChangeKind, EntryChange
from archiver.model import KnownEntry, Pace, ParsedFeed, SeenEntry

ENOUGH = 3
MANY = 5
QUIET_GAPS = 3
LEAST_QUIET = timedelta(days=5)
EARLIEST = datetime(1993, 1, 1, tzinfo=UTC)
TOLERANCE = timedelta(days=1)
"""Clocks and time zones go wrong by so much."""


class Dated(Protocol):
    """An entry of a document, read or seen."""

    @property
    def published_at(self) -> datetime | None:
        """As for EntryData."""

    @property
    def updated_at(self) -> datetime | None:
        """As for EntryData."""


def measured(entries: Sequence[Dated], *, now: datetime) -> Pace:
    """What the dates of a document tell. O(n log n)."""
    dates = [date for entry in entries if (date := _date(entry, now)) is not None]
    newest = max(dates, default=None)
    distinct = sorted({date.replace(second=0, microsecond=0) for date in _in_order(dates)})
    if len(distinct) < ENOUGH or 2 * len(dates) < len(entries):
        return Pace(alive_at=newest)
    gaps = sorted(int((after - before).total_seconds()) for before, after in pairwise(distinct))
    usual_longest = gaps[(4 * len(gaps) + 4) // 5 - 1]
    quiet = max(QUIET_GAPS * usual_longest, int(LEAST_QUIET.total_seconds()))
    return Pace(
        rhythm_seconds=median_low(gaps),
        window_seconds=int((distinct[-1] - distinct[0]).total_seconds()),
        quiet_seconds=quiet if len(distinct) >= MANY else None,
        alive_at=newest,
    )


def after_document(
    before: Pace,
    parsed: ParsedFeed,
    changes: Sequence[EntryChange],
    known: Sequence[KnownEntry],
    *,
    is_whole: bool,
    proves: bool,
    now: datetime,
    seen: Sequence[SeenEntry] = (),
) -> Pace:
    """The pace of a feed after a document of its own, which has `seen` beside what was read of it.

    `is_whole` is False for a delta and one that is cut short; `proves`, as for `absence`.
    """
    has_new = any(change.kind is ChangeKind.NEW for change in changes)
    met = [now] if has_new and (known or seen) else []
    entries = _in_document(parsed, seen)
    found = measured(entries, now=now)
    alive = max((at for at in (*met, before.alive_at, found.alive_at) if at is not None), default=None)
    if not is_whole or not entries:
        return replace(before, alive_at=alive)
    window = found.window_seconds
    if (known or seen) and not met and before.rhythm_seconds is not None and not _lost(changes):
        window = before.window_seconds
    elif proves and met and (seen or any(entry.present for entry in known)) and not _lost(changes):
        window = None
    return replace(found, window_seconds=window, ttl_seconds=parsed.feed.ttl_seconds, alive_at=alive)


def is_silent(pace: Pace, *, now: datetime) -> bool:
    """Whether there should have been something new by now."""
    if pace.alive_at is None or pace.quiet_seconds is None:
        return False
    return (now - pace.alive_at).total_seconds() > pace.quiet_seconds


def _lost(changes: Sequence[EntryChange]) -> bool:
    """Whether something that stood in the last document does not stand in this one."""
    gone = (ChangeKind.LEFT, ChangeKind.MISSING, ChangeKind.WITHDRAWN)
    return any(change.kind in gone for change in changes)


def _in_document(parsed: ParsedFeed, seen: Sequence[SeenEntry]) -> list[Dated]:
    """All entries, in their order."""
    placed: list[tuple[int, Dated]] = [(entry.now_at, entry) for entry in seen]
    placed += ((entry.position, entry) for entry in parsed.entries)
    return [entry for _, entry in sorted(placed, key=lambda pair: pair[0])]


def _date(entry: Dated, now: datetime) -> datetime | None:
    date = entry.published_at or entry.updated_at
    if date is None or not EARLIEST <= date <= now + TOLERANCE:
        return None
    return min(date, now)


def _in_order(dates: Sequence[datetime]) -> Sequence[datetime]:
    """The dates of entries that stand where these say, whichever end of the document is the newer one."""
    rises = sum((one < after) - (one > after) for one, after in pairwise(dates)) > 0
    kept: list[datetime] = []
    for date in dates if rises else reversed(dates):
        if not kept or date >= kept[-1]:
            kept.append(date)
    return kept if 2 * len(kept) >= len(dates) else dates
