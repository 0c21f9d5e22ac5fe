"""The nouns of an update: what is decided about a fetch, a feed and its entries, and then written."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archiver.model import FeedData, FeedState, Headers, Hop, PreparedEntry


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something worth a person's attention, in words."""

    kind: str
    """`gap`, `reminted`, `moved`, `shared_guid`, `withdrawn`, `returned`, `failing`, `recovered`, `gone`."""
    detail: str
    entry_id: int | None = None


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
    body: bytes | None = None
    """Kept once per content; None where no body came or it is the one already kept (`body_sha256`)."""
    body_sha256: str | None = None
    bytes_received: int = 0
    entries_seen: int = 0
    entries_new: int = 0
    entries_revised: int = 0
    gap: bool = False
    partial: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """The feed's row after an update: every column that an update may move."""

    state: FeedState
    current_url: str
    etag: str | None
    last_modified: str | None
    body_sha256: str | None
    next_fetch_at: datetime
    interval_seconds: int
    error_count: int
    last_error: str | None
    succeeded: bool
    """Whether `last_success_at` moves."""
    described: FeedData | None = None
    """What the document says of the feed; None leaves title, site_url and the rest as they are."""
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedUpdate:
    """Everything one update writes, in one transaction."""

    feed_id: int
    fetch: FetchRecord
    facts: FeedFacts
    changes: tuple[EntryChange, ...] = ()
    events: tuple[Event, ...] = ()
