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

from archiver.changes import ChangeKind, EntryChange
from archiver.identify import Recognised
from archiver.model import KnownEntry

_Date = Callable[[KnownEntry], datetime | None]


def changes_of_absent(
    document: Sequence[Recognised], known: Sequence[KnownEntry], *, proves: bool
) -> list[EntryChange]:
    """Decide about the entries that a document lacks. `proves` is False for one that cannot prove an absence.

    What came with another site's content leaves with it.
    """
    if not proves:
        return []
    standing = {found.known.id for found in document if found.known}
    horizons = _horizons(document)
    places = {found.known.id: found.entry.data.position for found in document if found.known}
    changes = []
    for entry in known:
        went_missing = entry.missing_since is not None and entry.withdrawn_at is None
        if entry.id in standing or not (entry.present or went_missing):
            continue
        if entry.suspect or not all(horizon.is_before(entry) for horizon in horizons):
            kind = ChangeKind.LEFT
        else:
            kind = ChangeKind.WITHDRAWN if went_missing else ChangeKind.MISSING
        older = horizons[0].older(entry) if kind is ChangeKind.MISSING else []
        place = horizons[0].next_place([places[other.id] for other in older])
        changes.append(EntryChange(kind=kind, known_id=entry.id, place=place))
    return changes


class _Horizon:
    """What stands and is oldest, by one kind of date; `rising`: a document has its oldest entry first."""

    def __init__(
        self, standing: Sequence[tuple[KnownEntry, datetime | None]], date: _Date, *, rising: bool
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

    def older(self, judged: KnownEntry) -> list[KnownEntry]:
        """What stood after an entry in the last document, on the side of the older ones, and still stands."""
        return [entry for entry in self._standing if self._is_below(entry, judged)]

    def next_place(self, places: Sequence[int]) -> int | None:
        """The place that is next to where the newer ones stand."""
        return min(places, key=lambda place: -self._sign * place, default=None)

    def _is_below(self, entry: KnownEntry, judged: KnownEntry) -> bool:
        if (
            not entry.present
        ):  # It has come back into the window, and so was met before the other or beside it.
            met, other_met = entry.first_seen_at, judged.first_seen_at
            return met < other_met or (met == other_met and self._sign * entry.id < self._sign * judged.id)
        # One that was missing already was given the place of the next.
        ours, theirs = self._sign * entry.position, self._sign * judged.position
        return ours < theirs or (ours == theirs and not judged.present)


def _horizons(document: Sequence[Recognised]) -> list[_Horizon]:
    shown = [found for found in document if not found.duplicate]
    published = [
        found.known.published_at if found.known else found.entry.data.published_at for found in shown
    ]
    dates = [when for when in published if when]
    rising = sum((one > next_one) - (one < next_one) for one, next_one in pairwise(dates)) < 0
    by_publication = _Horizon(
        _in_order(shown, published, rising=rising), lambda entry: entry.published_at, rising=rising
    )
    changed = [found.entry.data.updated_at for found in shown]
    dated = [(found.known, when) for found, when in zip(shown, changed, strict=True) if found.known and when]
    if len(dated) < 2 or None in changed or not _falls([when for when in changed if when]):
        return [by_publication]
    by_change = _Horizon(dated, lambda entry: entry.updated_at or entry.published_at, rising=False)
    return [by_publication, by_change] if _falls(dates) else [by_change]


def _falls(dates: Sequence[datetime]) -> bool:
    return all(one >= next_one for one, next_one in pairwise(dates))


def _in_order(
    shown: Sequence[Recognised], dates: Sequence[datetime | None], *, rising: bool
) -> list[tuple[KnownEntry, datetime | None]]:
    """The known entries of a document that stand where their date says, each with it.

    An old post that is pinned above newer ones tells nothing about what rolled off below them.
    """
    standing = []
    newest_below: datetime | None = None
    pairs = list(zip(shown, dates, strict=True))
    for found, date in pairs if rising else reversed(pairs):
        if date is not None:
            if newest_below is not None and date < newest_below:
                continue
            newest_below = date
        if found.known is not None:
            standing.append((found.known, date))
    return standing
