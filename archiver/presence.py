"""What becomes of the entries that a document has: new, revised, seen, returned. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from archiver import churn, packing
from archiver.changes import ChangeKind, EntryChange
from archiver.churn import History, Version
from archiver.identify import Recognised, Siblings, same_post
from archiver.model import Candidate, EntryData, KnownEntry, PreparedEntry
from archiver.times import to_text_or_none

FUTURE_TOLERANCE = timedelta(days=2)
"""Clocks and time zones go wrong by a day; a date further ahead is marked."""


def changes_of_present(
    document: Sequence[Recognised],
    *,
    feed_id: int,
    now: datetime,
    candidates: Mapping[int, Sequence[Candidate]],
    histories: Mapping[int, History],
    foreign: bool,
) -> list[EntryChange]:
    """New entries get a post, known ones a revision if their content moved and not only churned."""
    changes: list[EntryChange] = []
    siblings = Siblings()
    for found in document:
        if found.duplicate:
            continue
        entry = found.entry
        note = date_note(entry.data, now)
        if found.known is None:
            link = same_post(entry, feed_id, candidates.get(entry.data.position, ()), siblings)
            siblings.add(entry)
            changes.append(
                EntryChange(
                    kind=ChangeKind.NEW, entry=entry, revision=1, link=link, date_note=note, suspect=foreign
                )
            )
        else:
            changes.append(_of_known(found, found.known, histories.get(found.known.id), note, foreign))
    return changes


def _of_known(
    found: Recognised, known: KnownEntry, history: History | None, note: str | None, foreign: bool
) -> EntryChange:
    differs = found.entry.identity.content_sha256 != known.content_sha256
    churned = churn.nature(history, _version(found.entry)) if differs and history else None
    revised = differs and churned is None
    if known.withdrawn_at is not None:
        kind = ChangeKind.RETURNED
    else:
        kind = ChangeKind.REVISED if revised else ChangeKind.SEEN
    return EntryChange(
        kind=kind,
        entry=found.entry,
        known_id=known.id,
        revision=known.revision + 1 if revised else None,
        alias=found.alias,
        date_note=note,
        churn=churned,
        churn_begins=churned is not None and history is not None and history.churn is None,
        suspect=foreign and known.suspect,
    )


def _version(entry: PreparedEntry) -> Version:
    """The entry as the archive hands out its revisions."""
    data = packing.whole(entry).data
    return Version(
        title=data.title,
        authors=tuple((person.name, person.email, person.url) for person in data.authors),
        url=data.url,
        published=data.published_raw or to_text_or_none(data.published_at),
        summary=data.summary.value if data.summary else None,
        content=data.content.value if data.content else None,
        enclosures=tuple(sorted(f"{file.url} {file.type} {file.length}" for file in data.enclosures)),
        categories=tuple(sorted(f"{one.term} {one.scheme} {one.label}" for one in data.categories)),
    )


def date_note(data: EntryData, now: datetime) -> str | None:
    """What is odd about an entry's date of publication, seen at this time: `future`, `unreadable`."""
    if data.published_at is None:
        return "unreadable" if data.published_raw else None
    return "future" if data.published_at > now + FUTURE_TOLERANCE else None
