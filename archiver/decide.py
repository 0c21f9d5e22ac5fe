"""What was known + what the web said + the time = a `FeedUpdate`. All policy of an update lives here.

Pure: no clock, no network, no database. Each function stands for one ending of a fetch, and every ending
has a fetch record, a state of the feed and a next time:

- `failed`: no document came, or none that could be understood;
- `confirmed`: 304, or the same bytes as before: the document that we know still stands;
- `understood`: a document; every entry in it, and every entry it should have had, gets its change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from archiver import absence, gaps, moves, presence, schedule, suspicion, told
from archiver.changes import ChangeKind, EntryChange, Event, FeedFacts, FeedUpdate, FetchRecord, Outcome
from archiver.churn import History
from archiver.config import ScheduleSettings
from archiver.errors import FetchError, ParseError
from archiver.identify import Recognition
from archiver.model import Candidate, FeedForUpdate, FeedState, Hop, KnownEntry, ParsedFeed, Response
from archiver.urls import redact

_ENDLESS = frozenset({"text-feed", "text-listing", "text-page", "page"})

VOLATILE = 3
"""So many documents in a row under new ids, and the ids identify nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The outer facts of one fetch."""

    started_at: datetime
    duration_ms: int
    request_url: str
    read_as: str | None = None
    """The kind that a replay takes its document for."""


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
    answer = error if isinstance(error, FetchError) else response
    return replace(_record(attempt, outcome, answer), error=str(error), error_kind=error.kind)


# ---------------------------------------------------------------- the document that we know


def confirmed(
    feed: FeedForUpdate,
    attempt: Attempt,
    response: Response,
    missing: Sequence[KnownEntry],
    settings: ScheduleSettings,
) -> FeedUpdate:
    """304, or the same bytes: what was in the document still is, and what was missing is so a second time.

    Only a document that proves what is there is confirmed so, since no other leaves its digest behind. A
    304 may name only one validator, or none; what it does not name stays as it was (RFC 9110, 15.4.5).
    """
    now = attempt.started_at
    record = _record(attempt, Outcome.NOT_MODIFIED if response.not_modified else Outcome.UNCHANGED, response)
    facts = replace(
        _facts(feed, _after_success(feed, attempt, settings, gap=False)),
        etag=response.header("ETag") or feed.etag,
        last_modified=response.header("Last-Modified") or feed.last_modified,
        whole=feed.last_whole_fetch_id is not None,
        suspect_since=None,
        suspect_answers=0,
    )
    facts, moved = _with_move(feed, facts, response, now)
    changes = tuple(
        EntryChange(kind=ChangeKind.LEFT if entry.suspect else ChangeKind.WITHDRAWN, known_id=entry.id)
        for entry in missing
    )
    return FeedUpdate(
        feed_id=feed.id,
        fetch=replace(record, body=None, body_sha256=feed.body_sha256),
        facts=facts,
        changes=changes,
        events=(
            *_recovery(feed),
            *(told.itself_again(feed) if feed.suspect_since else ()),
            *moved,
            *told.of_changes(changes, missing),
        ),
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
    histories: Mapping[int, History] = field(default_factory=dict)
    """By id, for known entries that came changed: their last versions."""


def understood(
    feed: FeedForUpdate, attempt: Attempt, document: Document, settings: ScheduleSettings
) -> FeedUpdate:
    """A document: decide for each of its entries, and for each that it should have had.

    One that proves no absence adds and revises all the same. Its validators are not kept, so that the next
    answer is read whole.
    """
    parsed, response, now = document.parsed, document.response, attempt.started_at
    found, known = document.recognition.entries, document.known
    foreign = suspicion.looks_foreign(feed, parsed, found, known)
    settled = foreign and suspicion.is_settled(feed, now=now)
    foreign = foreign and not settled
    proves = _proves_absence(feed, response, parsed) and not foreign
    gap = not foreign and gaps.is_gap(parsed, found, known)
    changes = [
        *presence.changes_of_present(
            found,
            feed_id=feed.id,
            now=now,
            candidates=document.candidates,
            histories=document.histories,
            foreign=foreign,
        ),
        *absence.changes_of_absent(found, known, proves=proves),
    ]
    new = sum(change.kind is ChangeKind.NEW for change in changes)
    revised = sum(change.revision is not None for change in changes) - new
    since, until = gaps.span(parsed, feed.last_whole_at, now) if gap else (None, None)
    record = replace(
        _record(attempt, Outcome.NEW if new or revised else Outcome.UNCHANGED, response),
        entries_seen=len(parsed.entries),
        entries_new=new,
        entries_revised=revised,
        gap=gap,
        gap_since=since,
        gap_until=until,
        partial=parsed.partial,
        problems=parsed.problems,
    )
    facts = _facts(feed, _after_success(feed, attempt, settings, gap=gap))
    doubts: tuple[Event, ...] = ()
    if parsed.entries:
        facts, doubts = _with_suspicion(feed, facts, foreign=foreign, settled=settled, now=now)
    facts, remints = _with_ids(facts, document)
    moved: tuple[Event, ...] = ()
    if not foreign and any(one.known for one in found):
        facts, moved = _with_move(feed, facts, response, now)
    if parsed.entries and not foreign:
        facts = replace(facts, described=parsed.feed, format=parsed.format, whole=not parsed.partial)
    elif not known and not parsed.entries:
        facts = replace(facts, described=parsed.feed, format=parsed.format)
    facts = _with_validators(facts, document, proves=proves or not known, told_more=bool(new or revised))
    return FeedUpdate(
        feed_id=feed.id,
        fetch=record,
        facts=facts,
        changes=tuple(changes),
        events=(
            *_recovery(feed),
            *doubts,
            *moved,
            *document.recognition.events,
            *remints,
            *told.of_changes(changes, known),
            *(told.gap(feed, record) if gap else ()),
        ),
    )


def _proves_absence(feed: FeedForUpdate, response: Response, parsed: ParsedFeed) -> bool:
    """A document that is cut short, empty, or in another format than the last, proves nothing.

    A text or a page has no end of its own, so that of an answer without a length nobody knows if it is whole.
    """
    same_format = feed.format is None or parsed.format == feed.format
    whole = not parsed.partial and (response.complete or parsed.format not in _ENDLESS)
    return bool(parsed.entries) and whole and same_format


def _with_validators(facts: FeedFacts, document: Document, *, proves: bool, told_more: bool) -> FeedFacts:
    """What the next request is made conditional by.

    A part of a document says nothing of the whole. But where it told more than the last whole one, that one
    is no longer what we know, and must be read again, should it come again.
    """
    response = document.response
    if document.parsed.partial:
        return replace(facts, etag=None, last_modified=None, body_sha256=None) if told_more else facts
    if not proves:
        return replace(facts, etag=None, last_modified=None)
    return replace(
        facts,
        etag=response.header("ETag"),
        last_modified=response.header("Last-Modified"),
        body_sha256=document.body_sha256,
    )


def _with_suspicion(
    feed: FeedForUpdate, facts: FeedFacts, *, foreign: bool, settled: bool, now: datetime
) -> tuple[FeedFacts, tuple[Event, ...]]:
    """Whether the address gives another site's content, and what there is to tell of it."""
    if foreign:
        events = () if feed.suspect_since else told.suspect(feed)
        answers = feed.suspect_answers + 1
        return replace(facts, suspect_since=feed.suspect_since or now, suspect_answers=answers), events
    facts = replace(facts, suspect_since=None, suspect_answers=0)
    if settled:
        return facts, told.replaced(feed)
    return facts, told.itself_again(feed) if feed.suspect_since else ()


def _with_ids(facts: FeedFacts, document: Document) -> tuple[FeedFacts, tuple[Event, ...]]:
    """Whether the feed's ids can still be trusted: not after three documents in a row under new ones."""
    if (
        facts.volatile_ids
        or document.parsed.partial
        or not any(found.known for found in document.recognition.entries)
    ):
        return facts, ()
    if not document.recognition.reminted:
        return replace(facts, reminted_answers=0), ()
    facts = replace(facts, reminted_answers=facts.reminted_answers + 1)
    if facts.reminted_answers < VOLATILE:
        return facts, ()
    return replace(facts, volatile_ids=True), told.volatile_ids()


def _with_move(
    feed: FeedForUpdate, facts: FeedFacts, response: Response, now: datetime
) -> tuple[FeedFacts, tuple[Event, ...]]:
    """An answer of the feed's own says by which way it came."""
    found = moves.moving(feed, response, now=now)
    if found is None or not moves.is_proven(found, now=now):
        return replace(facts, moving=found), ()
    address = moves.new_address(feed, found)
    return replace(facts, moving=None, current_url=address), told.moved(found)


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
        moving=feed.moving,
        suspect_since=feed.suspect_since,
        suspect_answers=feed.suspect_answers,
        reminted_answers=feed.reminted_answers,
        volatile_ids=feed.volatile_ids,
    )


def _record(attempt: Attempt, outcome: Outcome, answer: Response | FetchError | None) -> FetchRecord:
    """What is known of a fetch from the outside, an answer that brought no document included."""
    record = FetchRecord(
        started_at=attempt.started_at,
        duration_ms=attempt.duration_ms,
        request_url=attempt.request_url,
        outcome=outcome,
        read_as=attempt.read_as,
    )
    if answer is None:
        return record
    return replace(
        record,
        final_url=redact(answer.final_url) if answer.final_url else None,
        status=answer.status,
        headers=answer.headers,
        redirects=_shown(answer.redirects),
        request_headers=answer.request_headers,
        connection=answer.connection,
        http_version=answer.http_version,
        reason=answer.reason,
        complete=answer.complete,
        body=answer.body or None,
        bytes_received=len(answer.body or b""),
    )


def _shown(redirects: Sequence[Hop]) -> tuple[Hop, ...]:
    """The way of an answer as it may be recorded: addresses without what is secret in them."""
    return tuple(
        replace(hop, url=redact(hop.url), location=redact(hop.location) if hop.location else hop.location)
        for hop in redirects
    )


def _recovery(feed: FeedForUpdate) -> tuple[Event, ...]:
    if feed.state not in (FeedState.FAILING, FeedState.GONE):
        return ()
    return (Event(kind="recovered", detail=f"answers again after {feed.error_count} failures"),)
