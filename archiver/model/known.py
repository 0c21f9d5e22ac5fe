"""What the archive knows: of a feed, for its next update, and of entries, for a decision."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archiver.model.document import ParseOptions, Rung


class FeedState(StrEnum):
    """Where a feed stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForUpdate:
    """What one update needs to know of its feed."""

    id: int
    url: str
    current_url: str
    state: FeedState
    host: str = ""
    """Whose server it is on, as `hosts.host_of` has it."""
    name: str | None = None
    """What a person calls it: the name it was given, else its own title."""
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    """Of the last document that was understood whole."""
    format: str | None = None
    interval_seconds: int | None = None
    configured_interval_seconds: int | None = None
    error_count: int = 0
    parse: ParseOptions = field(default_factory=ParseOptions)
    title: str | None = None
    """With `site_url` and `language`: what its last own document says of the feed."""
    site_url: str | None = None
    language: str | None = None
    last_whole_at: datetime | None = None
    """The last answer that showed or confirmed a whole document with entries of its own."""
    last_whole_fetch_id: int | None = None
    moving: "Moving | None" = None
    suspect_since: datetime | None = None
    """Since when another site's content comes from this address."""
    suspect_answers: int = 0
    reminted_answers: int = 0
    """Documents in a row that came under new ids."""
    has_reminted: bool = False
    """Entries of it have come under other ids than before."""
    volatile_ids: bool = False
    """Its ids are other ones in every document, and identify nothing."""
    misses_entries: bool = True
    """False: a document that is confirmed says nothing of any entry (`Store.missing_entries`)."""
    last_fetched_at: datetime | None = None
    pace: "Pace" = field(default_factory=lambda: Pace())
    silent_since: datetime | None = None
    """Its last sign of life, if by its own rhythm there should have been another since."""
    failure_weight: float = 0
    """Its failures since the last success, each by its weight."""
    failing_since: datetime | None = None
    last_error_kind: str | None = None
    """How its last fetch failed; None if it did not."""
    asked_whole_at: datetime | None = None
    """The last whole document that came to a request without validators."""
    validators_lie: bool = False
    second_agent: bool = False
    """It answers only the second form of our User-Agent."""
    marks: str | None = None
    """What the entries of its last document are known by, as `marks.written` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a feed publishes, by the dates in its documents. None: not known."""

    rhythm_seconds: int | None = None
    """The usual time between two entries."""
    window_seconds: int | None = None
    """What its document covers, where new entries push old ones out."""
    quiet_seconds: int | None = None
    """After so long without anything new it is silent."""
    ttl_seconds: int | None = None
    """What it asks for itself (RSS `ttl`)."""
    alive_at: datetime | None = None
    """Its last sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A permanent redirect that may prove to be for good."""

    to: str
    since: datetime
    answers: int
    """Documents with known entries that came by this way, in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry of the same feed, as far as a decision needs it."""

    id: int
    rung: Rung
    key: str
    guid: str | None
    url: str | None
    url_key: str | None
    title: str | None
    title_key: str
    published_at: datetime | None
    content_sha256: str
    content_text: str
    revision: int
    aliases: tuple[str, ...]
    """Further keys that the feed has used for it."""
    present: bool
    """It stood in the last complete document."""
    first_seen_at: datetime
    missing_since: datetime | None = None
    withdrawn_at: datetime | None = None
    missing_fetch_id: int | None = None
    """The fetch in which it was first missing."""
    updated_at: datetime | None = None
    position: int = 0
    """In the last document that had it."""
    suspect: bool = False
    """It came in a document that looked like another site's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """A known entry that the document has to the letter, and so was not read again."""

    id: int
    mark: str
    """What it is known by."""
    position: int
    """In the last document."""
    now_at: int
    """Its position in this one."""
    published_at: datetime | None
    updated_at: datetime | None
    first_seen_at: datetime | None = None
    """Looked up only where another entry of the document has come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An archived entry that may tell the same story as a new one."""

    entry_id: int
    post_id: int
    feed_id: int
    title: str | None
    url: str | None
    url_key: str | None
    title_key: str
    content_text: str
    published_at: datetime | None
    language: str | None
