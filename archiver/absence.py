"""What became of entries that a document should have had: missing, withdrawn, or rolled off its end. Pure.

The rule. An entry that stood in the last document, or went missing in it, and is not in this one, is
*missing* if an older entry still stands; missing from two complete answers in a row, it was *withdrawn*.
One that is older than everything that stands has *left*: it rolled off the end, which says nothing.

- A document that is cut short, empty, foreign, or suddenly in another format proves nothing and is passed
  over: the answers before and after it are in a row. So is an answer that was no document.
- 304 and the same bytes are an answer: they show the last document again.
- Age is the publisher's date; among equals, and without one, the place in the last document, where the newest
  is taken to stand first. Where a document is sorted by the date of change, that decides; where by either,
  both.
- An old entry that stands among newer ones is pinned or was put there anew, and proves nothing about them. A
  document may have its oldest entry first.
- A window that shrinks lets entries leave; that they are seen again when it grows is no return.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from archiver.changes import ChangeKind, EntryChange
from archiver.identify import Recognised
from archiver.model import KnownEntry, SeenEntry

_Stood = KnownEntry | SeenEntry
_Date = Callable[[KnownEntry], datetime | None]


class _Shown(NamedTuple):
    """An entry of the document, as far as it tells what is older."""

    position: int
    known: _Stood | None
    published_at: datetime | None
    updated_at: datetime | None


def changes_of_absent(
    document: Sequence[Recognised],
    known: Sequence[KnownEntry],
    *,
    proves: bool,
    seen: Sequence[SeenEntry] = (),
) -> list[EntryChange]:
    """Decide about the entries that a document lacks. `proves` is False for one that cannot prove an absence.

    `seen` are further entries that it has. What came with another site's content leaves with it.
    """
    standing = {found.known.id for found in document if found.known} | {entry.id for entry in seen}
    absent = [
        (entry, went_missing)
        for entry in known
        if entry.id not in standing
        and ((went_missing := _went_missing(entry)) or entry.present)
    ]
    if not proves or not absent:
        return []
    shown = _shown(document, seen)
    horizons = _horizons(shown)
    places = {one.known.id: one.position for one in shown if one.known}
    changes = []
    for entry, went_missing in absent:
        if entry.suspect or not all(horizon.is_before(entry) for horizon in horizons):
            kind = ChangeKind.LEFT
        else:
            kind = ChangeKind.WITHDRAWN if went_missing else ChangeKind.MISSING
        older = horizons[0].older(entry) if kind is ChangeKind.MISSING else []
        place = horizons[0].next_place([places[other.id] for other in older])
        changes.append(EntryChange(kind=kind, known_id=entry.id, place=place))
    return changes


def _went_missing(entry: KnownEntry) -> bool:
    return entry.missing_since is not None and entry.withdrawn_at is None


def _shown(document: Sequence[Recognised], seen: Sequence[SeenEntry]) -> list[_Shown]:
    """All entries in their order."""
    shown = [_Shown(one.now_at, one, one.published_at, one.updated_at) for one in seen]
    for found in document:
        if not found.duplicate:
            data, known = found.entry.data, found.known
            published_at = known.published_at if known else data.published_at
            shown.append(_Shown(data.position, known, published_at, data.updated_at))
    return sorted(shown, key=lambda one: one.position)


class _Horizon:
    """What stands and is oldest, by one kind of date; `rising`: a document has its oldest entry first."""

    def __init__(
        self, standing: Sequence[tuple[_Stood, datetime | None]], date: _Date, *, rising: bool
    ) -> None:
        self._date = date
        self._sign = 1 if rising else -1
        dates = [when for _, when in standing if when is not None]
        self._oldest = min(dates, default=None)
        self._as_old = [entry for entry, when in standing if when is not None and when == self._oldest]
        self._standing = [entry for entry, _ in standing]

    def is_before(self, judged: KnownEntry) -> bool:
        """Whether something older than this entry stands."""
        when = self._date(judged)
        if when is None:
            return bool(self.older(judged))
        if self._oldest is None or self._oldest >= when:
            return self._oldest == when and any(self._is_below(entry, judged) for entry in self._as_old)
        return True

    def older(self, judged: KnownEntry) -> list[_Stood]:
        """What stood after an entry in the last document, on the side of the older ones, and still stands."""
        return [entry for entry in self._standing if self._is_below(entry, judged)]

    def next_place(self, places: Sequence[int]) -> int | None:
        """The place that is next to where the newer ones stand."""
        return min(places, key=lambda place: -self._sign * place, default=None)

    def _is_below(self, entry: _Stood, judged: KnownEntry) -> bool:
        if (
            isinstance(entry, KnownEntry) and not entry.present
        ):  # It has come back into the window, and so was met before the other or beside it.
            met, other_met = entry.first_seen_at, judged.first_seen_at
            return met < other_met or (met == other_met and self._sign * entry.id < self._sign * judged.id)
        # One that was missing already was given the place of the next.
        ours, theirs = self._sign * entry.position, self._sign * judged.position
        return ours < theirs or (ours == theirs and not judged.present)


def _horizons(shown: Sequence[_Shown]) -> list[_Horizon]:
    dates = [one.published_at for one in shown if one.published_at]
    rising = sum((one > next_one) - (one < next_one) for one, next_one in pairwise(dates)) < 0
    by_publication = _Horizon(
        _in_order(shown, rising=rising), lambda entry: entry.published_at, rising=rising
    )
    changed = [one.updated_at for one in shown]
    dated = [(one.known, one.updated_at) for one in shown if one.known and one.updated_at]
    if len(dated) < 2 or None in changed or not _falls([when for when in changed if when]):
        return [by_publication]
    by_change = _Horizon(dated, lambda entry: entry.updated_at or entry.published_at, rising=False)
    return [by_publication, by_change] if _falls(dates) else [by_change]


def _falls(dates: Sequence[datetime]) -> bool:
    return all(one >= next_one for one, next_one in pairwise(dates))


def _in_order(shown: Sequence[_Shown], *, rising: bool) -> list[tuple[_Stood, datetime | None]]:
    """The known entries of a document that stand where their date says, each with it.

    An old post that is pinned above newer ones tells nothing about what rolled off below them.
    """
    standing: list[tuple[_Stood, datetime | None]] = []
    newest_below: datetime | None = None
    for one in shown if rising else reversed(shown):
        date = one.published_at
        if date is not None:
            if newest_below is not None and date < newest_below:
                continue
            newest_below = date
        if one.known is not None:
            standing.append((one.known, date))
    return standing
