"""Events: what an update found out that deserves a person's attention, in words. Pure."""

from collections.abc import Sequence
from datetime import datetime

from archiver.changes import ChangeKind, EntryChange, Event, FetchRecord
from archiver.errors import FetchError, ParseError
from archiver.model import FeedForUpdate, KnownEntry, Moving, Pace
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


def failing(error: FetchError | ParseError) -> tuple[Event, ...]:
    """It answers no more, or not with a feed."""
    return (Event(kind="failing", detail=str(error)),)


def blocked(error: FetchError | ParseError) -> tuple[Event, ...]:
    """It is there, and does not let us in."""
    detail = (
        f"its server is there and does not let us in: {error}; nothing says that the feed has ended, so ask"
        " the publisher to let the archiver in, and name the contact that it is configured with"
    )
    return (Event(kind="blocked", detail=detail),)


def gone(error: FetchError | ParseError) -> tuple[Event, ...]:
    """Its server says that it is gone for good."""
    return (Event(kind="gone", detail=str(error)),)


def long_failing(since: datetime, error: FetchError | ParseError) -> tuple[Event, ...]:
    """A month without an answer."""
    detail = f"has not answered with a feed since {to_text(since)}, and is asked ever more rarely: {error}"
    return (Event(kind="long_failing", detail=detail),)


def recovered(failures: int) -> tuple[Event, ...]:
    """A feed again."""
    times = "a failure" if failures == 1 else f"{failures} failures"
    return (Event(kind="recovered", detail=f"answers again after {times}"),)


def silent(pace: Pace) -> tuple[Event, ...]:
    """Nothing new for longer than is usual."""
    since = to_text(pace.alive_at) if pace.alive_at else "?"
    usual = _span(pace.rhythm_seconds or 0)
    return (
        Event(
            kind="silent", detail=f"answers, but has had nothing new since {since}; usual is every {usual}"
        ),
    )


def heard_again(since: datetime) -> tuple[Event, ...]:
    """Something new after a silence."""
    return (Event(kind="heard_again", detail=f"has something new, after nothing since {to_text(since)}"),)


def validators_lie() -> tuple[Event, ...]:
    """A server that says unchanged of what has changed."""
    detail = (
        "its server gave another document the validators (ETag, Last-Modified) of the one before; from now on"
        " it is asked without them, so that it cannot say that nothing has changed"
    )
    return (Event(kind="validators_lie", detail=detail),)


def _span(seconds: int) -> str:
    """A time in the largest unit of which there are two."""
    for unit, length in (("days", 86_400), ("hours", 3600)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{max(seconds // 60, 1)} minutes"


def _name(entry: KnownEntry) -> str:
    return entry.title or entry.url or entry.guid or f"entry {entry.id}"
