"""What became of entries that a document should have had: missing, withdrawn, or rolled off its end. Pure."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from archiver.changes import ChangeKind, EntryChange
from archiver.identify import Recognised
from archiver.model import KnownEntry


def changes_of_absent(
    document: Sequence[Recognised], known: Sequence[KnownEntry], *, now: datetime, proves: bool
) -> list[EntryChange]:
    """Decide about entries that stood in the last document, or went missing in it, and are not in this one.

    One that is absent while an older entry still stands is missing; missing twice in a row, it was taken
    down. One that is older than everything rolled off the end, which says nothing. `proves` is False for a
    document that cannot prove an absence at all.
    """
    if not proves:
        return []
    standing = {found.known.id for found in document if found.known}
    oldest = min((_age(entry) for entry in _standing_in_order(document, now)), default=None)
    changes = []
    for entry in known:
        went_missing = entry.missing_since is not None and entry.withdrawn_at is None
        if entry.id in standing or not (entry.present or went_missing):
            continue
        if oldest is None or _age(entry) <= oldest:
            kind = ChangeKind.LEFT
        else:
            kind = ChangeKind.WITHDRAWN if went_missing else ChangeKind.MISSING
        changes.append(EntryChange(kind=kind, known_id=entry.id))
    return changes


def _standing_in_order(document: Sequence[Recognised], now: datetime) -> list[KnownEntry]:
    """The known entries of the document that stand where their date says.

    An old post that is pinned above newer ones tells nothing about what rolled off below them.
    """
    dated = [
        (_date(found.known) if found.known else found.entry.data.published_at or now, found.known)
        for found in document
        if not found.duplicate
    ]
    falling = sum((one[0] > next_one[0]) - (one[0] < next_one[0]) for one, next_one in pairwise(dated))
    in_order = []
    newest_below: datetime | None = None
    for date, entry in reversed(dated) if falling >= 0 else dated:
        if newest_below is None or date >= newest_below:
            newest_below = date
            if entry is not None:
                in_order.append(entry)
    return in_order


def _date(entry: KnownEntry) -> datetime:
    return entry.published_at or entry.first_seen_at


def _age(entry: KnownEntry) -> tuple[datetime, int]:
    """What orders entries by age: the publisher's date or else when we met them, then their order then."""
    return _date(entry), -entry.id
