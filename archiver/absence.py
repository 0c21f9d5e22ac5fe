"""What became of entries that a document should have had: missing, withdrawn, or rolled off its end. Pure.

The rule. An entry that stood in the last document, or went missing in it, and is not in this one, is
*missing* if an older entry still stands; missing from two complete answers in a row, it was *withdrawn*.
One that is older than everything that stands has *left*: it rolled off the end, which says nothing.

- A document that is cut short, empty, foreign, or suddenly in another format proves nothing and is passed
  over: the answers before and after it are in a row. So is an answer that was no document.
- 304 and the same bytes are an answer: they show the last document again.
- Age is the publisher's date; among equals, and without one, the place in the last document, where the newest
  is taken to stand first. Where a document is sorted by the date of change, that decides; where by either,
  both; and where what stands has lost its dates of publication, that of change alone.
- An entry that has come back had no place in the last document. It may be newer than what came in at the old
  end while it was away. So it counts as older only if it stands under all that stood above the judged one,
  and either was first seen with that one, below it, or had rolled off and was first seen before that one,
  which came in at the new end: nothing above it was seen before.
- An old entry that stands among newer ones is pinned or was put there anew, and proves nothing about them. A
  document may have its oldest entry first.
- A window that shrinks lets entries leave; that they are seen again when it grows is no return.
"""

from collections.abc import Callable, Mapping, Sequence
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
        if entry.id not in standing and ((went_missing := _went_missing(entry)) or entry.present)
    ]
    if not proves or not absent:
        return []
    shown = _shown(document, seen)
    places = {one.known.id: one.position for one in shown if one.known}
    horizons = _horizons(shown, places)
    changes = []
    for entry, went_missing in absent:
        if entry.suspect or not _should_stand(entry, horizons):
            kind = ChangeKind.LEFT
        else:
            kind = ChangeKind.WITHDRAWN if went_missing else ChangeKind.MISSING
        older = horizons[0].older(entry) if kind is ChangeKind.MISSING else []
        place = horizons[0].next_place([places[other.id] for other in older])
        changes.append(EntryChange(kind=kind, known_id=entry.id, place=place))
    return changes


def _should_stand(entry: KnownEntry, horizons: Sequence["_Horizon"]) -> bool:
    """Whether something older stands, by all kinds of date that tell."""
    telling = [horizon for horizon in horizons if horizon.compares(entry)] or horizons
    return all(horizon.is_before(entry) for horizon in telling)


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


class _Above(NamedTuple):
    """What stood above a judged entry in the last document, and still stands."""

    depth: int
    """Of the one that is now the lowest of them."""
    met_since: bool
    """None was met before the judged one, which so came in at the new end."""


class _Horizon:
    """What stands and is oldest, by one kind of date; `rising`: a document has its oldest entry first."""

    def __init__(
        self,
        standing: Sequence[tuple[_Stood, datetime | None]],
        date: _Date,
        places: Mapping[int, int],
        *,
        rising: bool,
    ) -> None:
        self._date = date
        self._places = places
        self._sign = 1 if rising else -1
        dates = [when for _, when in standing if when is not None]
        self._oldest = min(dates, default=None)
        self._as_old = [entry for entry, when in standing if when is not None and when == self._oldest]
        self._standing = [entry for entry, _ in standing]
        self._there = [entry for entry in self._standing if _was_there(entry)]

    def compares(self, judged: KnownEntry) -> bool:
        """Whether a date of this entry is not without any to be compared with."""
        return self._oldest is not None or self._date(judged) is None

    def is_before(self, judged: KnownEntry) -> bool:
        """Whether something older than this entry stands."""
        when = self._date(judged)
        if when is None:
            return bool(self.older(judged))
        if self._oldest is None:
            return self._has_its_place(judged) and bool(self.older(judged))
        if self._oldest >= when:
            return self._oldest == when and bool(self._below(judged, self._as_old))
        return True

    def older(self, judged: KnownEntry) -> list[_Stood]:
        """What stood after an entry in the last document, on the side of the older ones, and still stands."""
        return self._below(judged, self._standing)

    def next_place(self, places: Sequence[int]) -> int | None:
        """The place that is next to where the newer ones stand."""
        return min(places, key=lambda place: -self._sign * place, default=None)

    def _has_its_place(self, judged: KnownEntry) -> bool:
        """Whether its place is one of the last document, and not of one before, which had other dates."""
        return not judged.present or all(entry.position != judged.position for entry in self._there)

    def _below(self, judged: KnownEntry, entries: Sequence[_Stood]) -> list[_Stood]:
        has_returns = len(self._there) < len(self._standing)
        above = self._above(judged) if has_returns else None
        return [
            entry
            for entry in entries
            if (
                self._stood_below(entry, judged)
                if _was_there(entry)
                else self._is_back_below(entry, judged, above)
            )
        ]

    def _stood_below(self, entry: _Stood, judged: KnownEntry) -> bool:
        # One that was missing already was given the place of the next.
        ours, theirs = self._sign * entry.position, self._sign * judged.position
        return ours < theirs or (ours == theirs and not judged.present)

    def _above(self, judged: KnownEntry) -> _Above | None:
        above = [entry for entry in self._there if not self._stood_below(entry, judged)]
        if not above:
            return None
        return _Above(
            depth=max(self._depth(entry) for entry in above),
            met_since=all(
                entry.first_seen_at is not None and entry.first_seen_at >= judged.first_seen_at
                for entry in above
            ),
        )

    def _is_back_below(self, entry: _Stood, judged: KnownEntry, above: _Above | None) -> bool:
        if not isinstance(entry, KnownEntry) or (above and self._depth(entry) < above.depth):
            return False
        if entry.first_seen_at == judged.first_seen_at:
            return self._sign * entry.id < self._sign * judged.id
        rolled_off = entry.missing_since is None and entry.withdrawn_at is None
        was_first = entry.first_seen_at < judged.first_seen_at
        return rolled_off and was_first and above is not None and above.met_since

    def _depth(self, entry: _Stood) -> int:
        """How far from the new end of this document an entry stands."""
        return -self._sign * self._places[entry.id]


def _was_there(entry: _Stood) -> bool:
    """Whether an entry was in the last document."""
    return isinstance(entry, SeenEntry) or entry.present


def _horizons(shown: Sequence[_Shown], places: Mapping[int, int]) -> list[_Horizon]:
    dates = [one.published_at for one in shown if one.published_at]
    rising = sum((one > next_one) - (one < next_one) for one, next_one in pairwise(dates)) < 0
    by_publication = _Horizon(
        _in_order(shown, rising=rising), lambda entry: entry.published_at, places, rising=rising
    )
    changed = [one.updated_at for one in shown]
    dated = [(one.known, one.updated_at) for one in shown if one.known and one.updated_at]
    if len(dated) < 2 or None in changed or not _falls([when for when in changed if when]):
        return [by_publication]
    by_change = _Horizon(dated, lambda entry: entry.updated_at or entry.published_at, places, rising=False)
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
