"""What was known + what the web said + the time = a `FeedUpdate`. All policy of an update lives here.

Pure: no clock, no network, no database. Each function stands for one ending of a fetch, and every ending
has a fetch record, a state of the feed and a next time:

- `failed` (its rules are in `failing`): no document came, or none that could be understood;
- `confirmed`: 304, or the same bytes as before: the document that we know still stands;
- `understood`: a document; every entry in it, and every entry it should have had, gets its change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from archiver import absence, gaps, moves, presence, rhythm, schedule, suspicion, told, trust, wishes
from archiver.changes import ChangeKind, EntryChange, Event, FeedFacts, FeedUpdate, Marking, Outcome
from archiver.churn import History
from archiver.config import ScheduleSettings
from archiver.endings import Attempt, facts_of, record
from archiver.failing import failed, recovery
from archiver.identify import Recognition
from archiver.marking import marking
from archiver.model import Candidate, FeedForUpdate, KnownEntry, Pace, ParsedFeed, Raw, Response, SeenEntry

__all__ = ["VOLATILE", "Attempt", "Document", "confirmed", "failed", "understood"]

_ENDLESS = frozenset({"text-feed", "text-listing", "text-page", "page"})

VOLATILE = 3
"""So many documents in a row under new ids, and the ids identify nothing."""


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
    outcome = Outcome.NOT_MODIFIED if response.not_modified else Outcome.UNCHANGED
    facts = facts_of(
        feed,
        _after_success(feed, attempt, response, settings, pace=feed.pace),
        etag=response.header("ETag"),
        last_modified=response.header("Last-Modified"),
        whole=feed.last_whole_fetch_id is not None,
    )
    if facts.suspect_answers:
        facts = replace(facts, suspect_since=None, suspect_answers=0)
    facts = _as_asked(facts, response, is_whole=True, now=now)
    facts, silence = _with_silence(facts, has_new=False, now=now)
    facts, moved = _with_move(feed, facts, response, now)
    changes = tuple(
        EntryChange(kind=ChangeKind.LEFT if entry.suspect else ChangeKind.WITHDRAWN, known_id=entry.id)
        for entry in missing
    )
    return FeedUpdate(
        feed_id=feed.id,
        fetch=record(attempt, outcome, response, confirms=feed),
        facts=facts,
        changes=changes,
        events=(
            *recovery(feed),
            *silence,
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
    seen: tuple[SeenEntry, ...] = ()
    """Further entries of it, which are known to the letter."""
    raw: Raw | None = None
    """What its entries may be known by next time."""


def understood(
    feed: FeedForUpdate, attempt: Attempt, document: Document, settings: ScheduleSettings
) -> FeedUpdate:
    """A document: decide for each of its entries, and for each that it should have had.

    One that proves no absence adds and revises all the same. Its validators are not kept, so that the next
    answer is read whole. A delta (226, RFC 3229) is the known document's continuation: it says nothing of
    what is not in it, and its validators are those of the whole.
    """
    parsed, response, now = document.parsed, document.response, attempt.started_at
    found, known, is_delta = document.recognition.entries, document.known, response.is_delta
    seen, count = document.seen, len(parsed.entries) + len(document.seen)
    # An entry of its own that is known to the letter says that it is the feed, and goes on.
    foreign = not is_delta and not seen and suspicion.looks_foreign(feed, parsed, found, known)
    settled = foreign and suspicion.is_settled(feed, now=now)
    foreign = foreign and not settled
    is_whole = not parsed.partial and not is_delta
    proves = not is_delta and not foreign and count > 0 and _proves_absence(feed, response, parsed)
    gap = not is_delta and not foreign and not seen and gaps.is_gap(parsed, found, known)
    changes = [
        *presence.changes_of_present(
            found,
            feed_id=feed.id,
            now=now,
            candidates=document.candidates,
            histories=document.histories,
            foreign=foreign,
        ),
        *absence.changes_of_absent(found, known, proves=proves, seen=seen),
    ]
    new = sum(change.kind is ChangeKind.NEW for change in changes)
    revised = sum(change.revision is not None for change in changes) - new
    has_news = bool(new or revised)
    since, until = gaps.span(parsed, feed.last_whole_at, now) if gap else (None, None)
    row = replace(
        record(attempt, Outcome.NEW if has_news else Outcome.UNCHANGED, response),
        entries_seen=count,
        entries_new=new,
        entries_revised=revised,
        gap=gap,
        gap_since=since,
        gap_until=until,
        partial=parsed.partial,
        problems=parsed.problems,
    )
    pace = feed.pace
    if not foreign:
        pace = rhythm.after_document(
            pace, parsed, changes, known, is_whole=is_whole, proves=proves, now=now, seen=seen
        )
    next_fetch = _after_success(feed, attempt, response, settings, pace=pace, gap=gap, changed=has_news)
    facts = replace(facts_of(feed, next_fetch), pace=pace)
    doubts: tuple[Event, ...] = ()
    if count and not is_delta:
        facts, doubts = _with_suspicion(feed, facts, foreign=foreign, settled=settled, now=now)
    facts, remints = _with_ids(facts, document)
    silence: tuple[Event, ...] = ()
    if not foreign:
        facts, silence = _with_silence(facts, has_new=bool(new), now=now)
    facts, lies = _with_trust(feed, facts, document, has_news=has_news and is_whole and not foreign)
    facts = _as_asked(facts, response, is_whole=is_whole, now=now)
    moved: tuple[Event, ...] = ()
    if not foreign and (seen or any(one.known for one in found)):
        facts, moved = _with_move(feed, facts, response, now)
    if count and not foreign and not is_delta:
        facts = replace(facts, described=parsed.feed, format=parsed.format, whole=not parsed.partial)
    elif not known and not count:
        facts = replace(facts, described=parsed.feed, format=parsed.format)
    facts = _with_validators(facts, document, proves=proves or not (known or seen), told_more=has_news)
    return FeedUpdate(
        feed_id=feed.id,
        fetch=row,
        facts=facts,
        changes=tuple(changes),
        seen=seen,
        marking=Marking()
        if foreign or not is_whole or facts.volatile_ids
        else marking(document.raw, found, known, changes, seen),
        events=(
            *recovery(feed),
            *doubts,
            *moved,
            *lies,
            *silence,
            *document.recognition.events,
            *remints,
            *told.of_changes(changes, known),
            *(told.gap(feed, row) if gap else ()),
        ),
    )


def _proves_absence(feed: FeedForUpdate, response: Response, parsed: ParsedFeed) -> bool:
    """A document that is cut short, empty, or in another format than the last, proves nothing.

    A text or a page has no end of its own, so that of an answer without a length nobody knows if it is whole.
    """
    same_format = feed.format is None or parsed.format == feed.format
    whole = not parsed.partial and (response.complete or parsed.format not in _ENDLESS)
    return whole and same_format


def _with_validators(facts: FeedFacts, document: Document, *, proves: bool, told_more: bool) -> FeedFacts:
    """What the next request is made conditional by.

    A part of a document says nothing of the whole. But where it told more than the last whole one, that one
    is no longer what we know, and must be read again, should it come again. So it is after a delta.
    """
    response = document.response
    if document.parsed.partial:
        return replace(facts, etag=None, last_modified=None, body_sha256=None) if told_more else facts
    if not proves and not response.is_delta:
        return replace(facts, etag=None, last_modified=None)
    facts = replace(facts, etag=response.header("ETag"), last_modified=response.header("Last-Modified"))
    if response.is_delta:
        return replace(facts, body_sha256=None) if told_more else facts
    return replace(facts, body_sha256=document.body_sha256)


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
        or document.response.is_delta
        or not (document.seen or any(found.known for found in document.recognition.entries))
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
        return facts if found == facts.moving else replace(facts, moving=found), ()
    address = moves.new_address(feed, found)
    moved_to = address if address != feed.current_url else None
    # Another server, which may tell the truth, and let us in by our first name.
    facts = replace(facts, moving=None, current_url=moved_to, validators_lie=False, second_agent=False)
    return facts, told.moved(found)


def _with_trust(
    feed: FeedForUpdate, facts: FeedFacts, document: Document, *, has_news: bool
) -> tuple[FeedFacts, tuple[Event, ...]]:
    """Whether an answer that nobody had asked to be conditional shows that validators lie."""
    response = document.response
    if feed.validators_lie or not has_news or not trust.was_asked_whole(response):
        return facts, ()
    if not trust.are_ours(feed, response):
        return facts, ()
    return replace(facts, validators_lie=True), told.validators_lie()


def _with_silence(facts: FeedFacts, *, has_new: bool, now: datetime) -> tuple[FeedFacts, tuple[Event, ...]]:
    """Whether a feed has fallen silent by its own rhythm, or is heard again."""
    since = facts.silent_since
    if has_new and since is not None:
        return replace(facts, silent_since=None), told.heard_again(since)
    if has_new or since is not None or not rhythm.is_silent(facts.pace, now=now):
        return facts, ()
    return replace(facts, silent_since=facts.pace.alive_at), told.silent(facts.pace)


def _as_asked(facts: FeedFacts, response: Response, *, is_whole: bool, now: datetime) -> FeedFacts:
    """What an answer from the web says of the way in which it was asked for."""
    if response.status is None:
        return facts
    if response.second_agent != facts.second_agent:
        facts = replace(facts, second_agent=response.second_agent)
    return replace(facts, asked_whole_at=now) if is_whole and trust.was_asked_whole(response) else facts


# ---------------------------------------------------------------- the next time


def _after_success(
    feed: FeedForUpdate,
    attempt: Attempt,
    response: Response,
    settings: ScheduleSettings,
    *,
    pace: Pace,
    gap: bool = False,
    changed: bool = False,
) -> schedule.NextFetch:
    now = attempt.started_at
    # It wants to be left alone from its answer on, not from our question.
    answered_at = now + timedelta(seconds=attempt.seconds)
    asked = wishes.asked_seconds(response, ttl_seconds=pace.ttl_seconds, now=answered_at)
    return schedule.after_success(
        settings,
        feed_id=feed.id,
        now=now,
        configured_seconds=feed.configured_interval_seconds,
        last_interval_seconds=feed.interval_seconds,
        gap=gap,
        changed=changed,
        pace=pace,
        asked_seconds=asked + attempt.seconds if asked else 0,
    )
