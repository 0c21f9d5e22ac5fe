"""The nouns of an update: what is decided about a fetch, a feed and its entries, and then written."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archiver.model import (
    Connection,
    FeedData,
    FeedState,
    Headers,
    Hop,
    Moving,
    Pace,
    PreparedEntry,
    SeenEntry,
)


class Outcome(StrEnum):
    """What became of a fetch."""

    NEW = "new"
    UNCHANGED = "unchanged"
    NOT_MODIFIED = "not_modified"
    ERROR = "error"
    GONE = "gone"
    SKIPPED = "skipped"


class ChangeKind(StrEnum):
    """What happened to one entry."""

    NEW = "new"
    REVISED = "revised"
    SEEN = "seen"
    MISSING = "missing"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    LEFT = "left"
    """It rolled off the end of the document, which says nothing about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLink:
    """Why an entry belongs to a post."""

    rule: str
    """`first` (nobody told the story before), `url`, `title`, `text`."""
    confidence: float
    """0 to 1."""
    post_id: int | None = None
    """The post of an archived entry …"""
    same_as: int | None = None
    """… or the post of the new entry at this position of the same document; None for both: a new post."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryChange:
    """One entry's part of an update: `entry` where the document had it, `known_id` where the archive did."""

    kind: ChangeKind
    entry: PreparedEntry | None = None
    known_id: int | None = None
    revision: int | None = None
    """The number of the revision to write; None where none is written."""
    link: PostLink | None = None
    """Set on new entries only."""
    date_note: str | None = None
    """What is odd about the date of publication: `future`, `unreadable`."""
    alias: str | None = None
    """Why the entry's key is remembered as a further name of the known one: `reminted`, `retold`, `moved`."""
    churn: str | None = None
    """Its content differs only by what moves at every fetch: one of CHURN. No revision is written."""
    churn_begins: bool = False
    place: int | None = None
    """Of a missing entry: the position at which it would stand."""
    suspect: bool = False
    """The document looks like another site's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """An entry that may be known by its mark in the next document."""

    mark: str
    position: int
    published_at: datetime | None
    updated_at: datetime | None
    known_id: int | None
    """None: the new entry at this position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """What the next document's entries may be known by; without entries: it is read whole."""

    context: str = ""
    entries: tuple[Marked, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth a person's attention, in words."""

    kind: str
    """`gap`, `reminted`, `moved`, `shared_guid`, `volatile_ids`, `churn`, `withdrawn`, `returned`, `suspect`,
    `itself_again`, `replaced`, `failing`, `blocked`, `long_failing`, `recovered`, `gone`, `silent`,
    `heard_again`, `validators_lie`."""
    detail: str
    entry_id: int | None = None
    earlier_fetch_id: int | None = None
    """The first of the two fetches that prove it together; the second is the event's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRecord:
    """One attempt, whatever became of it: one row in `fetches`."""

    started_at: datetime
    duration_ms: int
    request_url: str
    outcome: Outcome
    final_url: str | None = None
    status: int | None = None
    error: str | None = None
    error_kind: str | None = None
    headers: Headers = ()
    redirects: tuple[Hop, ...] = ()
    request_headers: Headers = ()
    connection: Connection | None = None
    http_version: str | None = None
    reason: str | None = None
    complete: bool = False
    """HTTP itself proved that the body came whole."""
    body: bytes | None = None
    """Kept once per content; None where no body came or it is the one already kept (`body_sha256`)."""
    body_sha256: str | None = None
    bytes_received: int = 0
    entries_seen: int = 0
    entries_new: int = 0
    entries_revised: int = 0
    gap: bool = False
    gap_since: datetime | None = None
    """From here until `gap_until` posts may have come and gone unseen."""
    gap_until: datetime | None = None
    partial: bool = False
    problems: tuple[str, ...] = ()
    read_as: str | None = None
    """The kind that a replay took its document for, one of KINDS; None: found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """The feed's row after an update: every column that an update may move."""

    state: FeedState
    etag: str | None
    last_modified: str | None
    body_sha256: str | None
    next_fetch_at: datetime
    interval_seconds: int
    error_count: int
    last_error: str | None
    succeeded: bool
    """Whether `last_success_at` moves."""
    current_url: str | None = None
    """The address it has moved to; None where it has not."""
    described: FeedData | None = None
    """What the document says of the feed; None leaves title, site_url and the rest as they are."""
    format: str | None = None
    whole: bool = False
    """Whether `last_whole_fetch_id` moves: a whole document with entries of its own, or its confirmation."""
    moving: Moving | None = None
    suspect_since: datetime | None = None
    suspect_answers: int = 0
    reminted_answers: int = 0
    volatile_ids: bool = False
    pace: Pace = field(default_factory=Pace)
    silent_since: datetime | None = None
    failure_weight: float = 0
    failing_since: datetime | None = None
    last_error_kind: str | None = None
    asked_whole_at: datetime | None = None
    validators_lie: bool = False
    second_agent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """How a host stands after an answer: left alone until a time, or answering again."""

    host: str
    until: datetime | None
    """None: it answers again."""
    reason: str | None
    refusals: int
    """In a row, this one included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUpdate:
    """Everything one update writes, in one transaction."""

    feed_id: int
    fetch: FetchRecord
    facts: FeedFacts
    changes: tuple[EntryChange, ...] = ()
    seen: tuple[SeenEntry, ...] = ()
    """Further entries of the document, of which nothing but the place is another."""
    marking: Marking | None = None
    """None: as it was, since no document was read."""
    events: tuple[Event, ...] = ()
    hold: Hold | None = None
    """What the answer means for all feeds of its host; None: nothing."""
