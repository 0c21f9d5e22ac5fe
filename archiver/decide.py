"""What was known + what the web said + the time = a `FeedUpdate`. All policy of an update lives here.

Pure: no clock, no network, no database. Each function stands for one ending of a fetch, and every ending
has a fetch record, a state of the feed and a next time:

- `failed`: no document came, or none that could be understood;
- `confirmed`: 304, or the same bytes as before: the document that we know still stands;
- `understood`: a document; every entry in it, and every entry it should have had, gets its change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from archiver import absence, schedule
from archiver.changes import (
    ChangeKind,
    EntryChange,
    Event,
    FeedFacts,
    FeedUpdate,
    FetchRecord,
    Outcome,
)
from archiver.config import ScheduleSettings
from archiver.errors import FetchError, ParseError
from archiver.identify import Recognised, Recognition, same_post
from archiver.model import (
    Candidate,
    FeedForUpdate,
    FeedState,
    KnownEntry,
    ParsedFeed,
    PreparedEntry,
    Response,
)

FUTURE_TOLERANCE = timedelta(days=2)
"""Clocks and time zones go wrong by a day; a date further ahead is marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The outer facts of one fetch."""

    started_at: datetime
    duration_ms: int
    request_url: str


# ---------------------------------------------------------------- no document


def failed(
    feed: FeedForUpdate,
    attempt: Attempt,
    error: FetchError | ParseError,
    settings: ScheduleSettings,
    *,
    response: Response | None = None,
) -> FeedUpdate:
    """A fetch without a document, or with one that is no feed.

    Nothing that we know of the feed moves, its validators neither: what could not be understood shall be
    sent again. The bytes, if any came, are kept.
    """
    gone = error.kind == "gone"
    errors = feed.error_count + 1
    if gone:
        next_fetch = schedule.after_gone(settings, feed_id=feed.id, now=attempt.started_at)
    else:
        next_fetch = schedule.after_failure(
            settings,
            feed_id=feed.id,
            now=attempt.started_at,
            configured_seconds=feed.configured_interval_seconds,
            last_interval_seconds=feed.interval_seconds,
            errors_in_a_row=errors,
            retry_after_seconds=error.retry_after if isinstance(error, FetchError) else None,
        )
    state = FeedState.GONE if gone else FeedState.FAILING
    events = () if feed.state is state else (Event(kind=state.value, detail=str(error)),)
    return FeedUpdate(
        feed_id=feed.id,
        fetch=_record_of_failure(attempt, error, response, Outcome.GONE if gone else Outcome.ERROR),
        facts=replace(
            _facts(feed, next_fetch),
            state=state,
            error_count=errors,
            last_error=str(error),
            succeeded=False,
        ),
        events=events,
    )


def _record_of_failure(
    attempt: Attempt, error: FetchError | ParseError, response: Response | None, outcome: Outcome
) -> FetchRecord:
    blank = _record(attempt, outcome, response)
    if isinstance(error, FetchError):
        body = error.body or None
        blank = replace(
            blank,
            final_url=error.final_url,
            status=error.status,
            headers=error.headers,
            redirects=error.redirects,
            body=body,
            bytes_received=len(body or b""),
        )
    return replace(blank, error=str(error), error_kind=error.kind)


# ---------------------------------------------------------------- the document that we know


def confirmed(
    feed: FeedForUpdate,
    attempt: Attempt,
    response: Response,
    missing: Sequence[KnownEntry],
    settings: ScheduleSettings,
) -> FeedUpdate:
    """304, or the same bytes: what was in the document still is, and what was missing is so a second time.

    A 304 may name only one validator, or none; what it does not name stays as it was (RFC 9110, 15.4.5).
    """
    next_fetch = _after_success(feed, attempt, settings, gap=False)
    record = _record(attempt, Outcome.NOT_MODIFIED if response.not_modified else Outcome.UNCHANGED, response)
    return FeedUpdate(
        feed_id=feed.id,
        fetch=replace(record, body=None, body_sha256=feed.body_sha256),
        facts=replace(
            _facts(feed, next_fetch),
            etag=response.header("ETag") or feed.etag,
            last_modified=response.header("Last-Modified") or feed.last_modified,
        ),
        changes=tuple(EntryChange(kind=ChangeKind.WITHDRAWN, known_id=entry.id) for entry in missing),
        events=(*_recovery(feed), *(_withdrawn(entry) for entry in missing)),
    )


# ---------------------------------------------------------------- a document


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a document says, and what the archive knows of it."""

    response: Response
    body_sha256: str
    parsed: ParsedFeed
    known: tuple[KnownEntry, ...]
    recognition: Recognition
    candidates: Mapping[int, tuple[Candidate, ...]]
    """By position, for entries that nobody recognised: archived ones that may tell the same story."""


def understood(
    feed: FeedForUpdate, attempt: Attempt, document: Document, settings: ScheduleSettings
) -> FeedUpdate:
    """A document: decide for each of its entries, and for each that it should have had.

    A partial one adds and revises, but proves no absence, and its validators are not kept, so that the
    whole of it is asked for again.
    """
    parsed, response = document.parsed, document.response
    changes = [
        *_changes_of_present(feed, attempt, document),
        *absence.changes_of_absent(
            document.recognition.entries,
            document.known,
            now=attempt.started_at,
            proves=_proves_absence(feed, parsed),
        ),
    ]
    gap = _is_gap(document)
    count = _counter(changes)
    new, revised = (
        count(ChangeKind.NEW),
        sum(1 for change in changes if change.revision is not None and change.kind is not ChangeKind.NEW),
    )
    record = replace(
        _record(attempt, Outcome.NEW if new or revised else Outcome.UNCHANGED, response),
        entries_seen=len(parsed.entries),
        entries_new=new,
        entries_revised=revised,
        gap=gap,
        partial=parsed.partial,
        problems=parsed.problems,
    )
    facts = replace(
        _facts(feed, _after_success(feed, attempt, settings, gap=gap)),
        described=parsed.feed,
        format=parsed.format,
    )
    if not parsed.partial:
        facts = replace(
            facts,
            etag=response.header("ETag"),
            last_modified=response.header("Last-Modified"),
            body_sha256=document.body_sha256,
        )
    return FeedUpdate(
        feed_id=feed.id,
        fetch=record,
        facts=facts,
        changes=tuple(changes),
        events=(
            *_recovery(feed),
            *document.recognition.events,
            *_events_of(changes, document.known),
            *([_GAP] if gap else []),
        ),
    )


def _changes_of_present(feed: FeedForUpdate, attempt: Attempt, document: Document) -> list[EntryChange]:
    """Entries of the document: new ones get a post, known ones a revision if their content moved."""
    changes: list[EntryChange] = []
    fresh: dict[str | None, list[PreparedEntry]] = {}
    for found in document.recognition.entries:
        if found.duplicate:
            continue
        entry = found.entry
        note = _date_note(entry, attempt.started_at)
        if found.known is None:
            candidates = document.candidates.get(entry.data.position, ())
            siblings = fresh.setdefault(entry.identity.url_key, [])
            link = same_post(entry, feed.id, candidates, siblings)
            siblings.append(entry)
            changes.append(
                EntryChange(kind=ChangeKind.NEW, entry=entry, revision=1, link=link, date_note=note)
            )
        else:
            changes.append(_change_of_known(found, found.known, note))
    return changes


def _change_of_known(found: Recognised, known: KnownEntry, note: str | None) -> EntryChange:
    differs = found.entry.identity.content_sha256 != known.content_sha256
    if known.withdrawn_at is not None:
        kind = ChangeKind.RETURNED
    else:
        kind = ChangeKind.REVISED if differs else ChangeKind.SEEN
    return EntryChange(
        kind=kind,
        entry=found.entry,
        known_id=known.id,
        revision=known.revision + 1 if differs else None,
        alias=found.alias,
        date_note=note,
    )


def _proves_absence(feed: FeedForUpdate, parsed: ParsedFeed) -> bool:
    """A document that is cut short, empty, or in another format than the last, proves nothing."""
    same_format = feed.format is None or parsed.format == feed.format
    return bool(parsed.entries) and not parsed.partial and same_format


def _is_gap(document: Document) -> bool:
    """Whether a full answer shares no entry with the one before: posts may have come and gone unseen."""
    shares = any(found.known is not None for found in document.recognition.entries)
    was_something = any(known.present for known in document.known)
    return bool(document.parsed.entries) and not document.parsed.partial and was_something and not shares


# ---------------------------------------------------------------- parts that several endings share


def _after_success(
    feed: FeedForUpdate, attempt: Attempt, settings: ScheduleSettings, *, gap: bool
) -> schedule.NextFetch:
    return schedule.after_success(
        settings,
        feed_id=feed.id,
        now=attempt.started_at,
        configured_seconds=feed.configured_interval_seconds,
        last_interval_seconds=feed.interval_seconds,
        gap=gap,
    )


def _facts(feed: FeedForUpdate, next_fetch: schedule.NextFetch) -> FeedFacts:
    """The feed as it was, healthy and with its next time; each ending replaces what it knows better."""
    return FeedFacts(
        state=FeedState.ACTIVE,
        current_url=feed.current_url,
        etag=feed.etag,
        last_modified=feed.last_modified,
        body_sha256=feed.body_sha256,
        next_fetch_at=next_fetch.at,
        interval_seconds=next_fetch.interval_seconds,
        error_count=0,
        last_error=None,
        succeeded=True,
    )


def _record(attempt: Attempt, outcome: Outcome, response: Response | None) -> FetchRecord:
    record = FetchRecord(
        started_at=attempt.started_at,
        duration_ms=attempt.duration_ms,
        request_url=attempt.request_url,
        outcome=outcome,
    )
    if response is None:
        return record
    return replace(
        record,
        final_url=response.final_url,
        status=response.status,
        headers=response.headers,
        redirects=response.redirects,
        body=response.body or None,
        bytes_received=len(response.body),
    )


def _date_note(entry: PreparedEntry, now: datetime) -> str | None:
    data = entry.data
    if data.published_at is None:
        return "unreadable" if data.published_raw else None
    return "future" if data.published_at > now + FUTURE_TOLERANCE else None


def _counter(changes: Sequence[EntryChange]) -> Callable[[ChangeKind], int]:
    return lambda kind: sum(1 for change in changes if change.kind is kind)


_GAP = Event(
    kind="gap",
    detail="the document shares no entry with the one before; posts in between may have been missed",
)


def _recovery(feed: FeedForUpdate) -> tuple[Event, ...]:
    if feed.state not in (FeedState.FAILING, FeedState.GONE):
        return ()
    return (Event(kind="recovered", detail=f"answers again after {feed.error_count} failures"),)


def _events_of(changes: Sequence[EntryChange], known: Sequence[KnownEntry]) -> list[Event]:
    by_id = {entry.id: entry for entry in known}
    events = []
    for change in changes:
        if change.known_id is None:
            continue
        entry = by_id[change.known_id]
        if change.kind is ChangeKind.WITHDRAWN:
            events.append(_withdrawn(entry))
        elif change.kind is ChangeKind.RETURNED:
            events.append(Event(kind="returned", detail=f"is back: {_name(entry)}", entry_id=entry.id))
    return events


def _withdrawn(entry: KnownEntry) -> Event:
    return Event(
        kind="withdrawn",
        detail=f"missing from two answers in a row, while older entries stand: {_name(entry)}",
        entry_id=entry.id,
    )


def _name(entry: KnownEntry) -> str:
    return entry.title or entry.url or entry.guid or f"entry {entry.id}"
