"""Events: what an update found out that deserves a person's attention, in words. Pure."""

from collections.abc import Sequence

from archiver.changes import ChangeKind, EntryChange, Event, FetchRecord
from archiver.model import FeedForUpdate, KnownEntry, Moving
from archiver.times import to_text


def of_changes(changes: Sequence[EntryChange], known: Sequence[KnownEntry]) -> list[Event]:
    """Entries that were withdrawn, that returned, or whose content has begun to churn."""
    by_id = {entry.id: entry for entry in known}
    events = []
    for change in changes:
        if change.known_id is None:
            continue
        entry = by_id[change.known_id]
        if change.kind is ChangeKind.WITHDRAWN:
            events.append(
                Event(
                    kind="withdrawn",
                    detail=f"missing from two answers in a row, while older entries stand: {_name(entry)}",
                    entry_id=entry.id,
                    earlier_fetch_id=entry.missing_fetch_id,
                )
            )
        elif change.kind is ChangeKind.RETURNED:
            how = "changed" if change.revision else "as it was"
            events.append(Event(kind="returned", detail=f"is back, {how}: {_name(entry)}", entry_id=entry.id))
        if change.churn_begins:
            detail = f"changes at every fetch without being edited ({change.churn}); counted: {_name(entry)}"
            events.append(Event(kind="churn", detail=detail, entry_id=entry.id))
    return events


def gap(feed: FeedForUpdate, fetch: FetchRecord) -> tuple[Event, ...]:
    """Posts may have been missed, and when."""
    detail = "the document shares no entry with the one before; posts in between may have been missed"
    if fetch.gap_since and fetch.gap_until:
        detail += f", from {to_text(fetch.gap_since)} to {to_text(fetch.gap_until)}"
    return (Event(kind="gap", detail=detail, earlier_fetch_id=feed.last_whole_fetch_id),)


def moved(found: Moving) -> tuple[Event, ...]:
    """A new address for good."""
    detail = (
        f"{found.answers} answers since {to_text(found.since)} came by a permanent redirect from {found.to}"
    )
    return (Event(kind="moved", detail=f"{detail}; that is its address now"),)


def suspect(feed: FeedForUpdate) -> tuple[Event, ...]:
    """Another site's content."""
    detail = "its address gives what looks like another site's content, and nothing of its own"
    return (Event(kind="suspect", detail=detail, earlier_fetch_id=feed.last_whole_fetch_id),)


def itself_again(feed: FeedForUpdate) -> tuple[Event, ...]:
    """The feed's own content is back."""
    since = to_text(feed.suspect_since) if feed.suspect_since else "?"
    return (Event(kind="itself_again", detail=f"its own content is back, after another's since {since}"),)


def replaced(feed: FeedForUpdate) -> tuple[Event, ...]:
    """The other content is taken for the feed's own from now on."""
    since = to_text(feed.suspect_since) if feed.suspect_since else "?"
    detail = f"other content has come in {feed.suspect_answers + 1} answers since {since}; it is the feed now"
    return (Event(kind="replaced", detail=detail),)


def volatile_ids() -> tuple[Event, ...]:
    """Ids that are of no use."""
    detail = "its entries have other ids in every document; from now on their links and texts identify them"
    return (Event(kind="volatile_ids", detail=detail),)


def _name(entry: KnownEntry) -> str:
    return entry.title or entry.url or entry.guid or f"entry {entry.id}"
