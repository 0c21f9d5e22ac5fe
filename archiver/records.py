"""What the archive answers with: feeds, posts, entries, their versions, and pages of them, as frozen records.

Their fields are the columns of `docs/schema.md`, under the same names. Times are aware and in UTC, or None;
`as_row` writes a record as programs read it, with times as the archive has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from archiver.times import to_text

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRef:
    """A feed by its number and the name that people know it by."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed: what its last document says of it, and how it stands. Addresses are without secrets."""

    id: int
    url: str
    current_url: str
    name: str | None
    title: str | None
    site_url: str | None
    description: str | None
    language: str | None
    format: str | None
    state: str
    origin: str
    paused_by: str | None
    added_at: datetime
    next_fetch_at: datetime | None
    interval_seconds: int | None
    last_fetched_at: datetime | None
    last_success_at: datetime | None
    last_new_at: datetime | None
    error_count: int
    last_error: str | None
    last_error_kind: str | None
    failing_since: datetime | None
    rhythm_seconds: int | None
    window_seconds: int | None
    quiet_seconds: int | None
    alive_at: datetime | None
    silent_since: datetime | None
    suspect_since: datetime | None
    host: str
    tags: tuple[str, ...]
    entry_count: int
    """How many entries it has in the archive."""

    @property
    def label(self) -> str:
        """What to call it: your name for it, else its title, else its address."""
        return self.name or self.title or self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A story, once, in the words of the entry that stands for it."""

    id: int
    canonical_entry_id: int
    title: str | None
    url: str | None
    published_at: datetime | None
    language: str | None
    first_seen_at: datetime
    entry_count: int

    @property
    def date(self) -> datetime:
        """What posts are ordered by: when it was published, or else first seen."""
        return self.published_at or self.first_seen_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that comes with an entry."""

    url: str
    type: str | None
    length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A subject that the publisher gave an entry."""

    term: str
    scheme: str | None
    label: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a feed in its latest version, or in the one that was in force on the day asked for."""

    id: int
    feed_id: int
    feed: str
    """The feed's name, else its title, else its address."""
    feed_url: str
    post_id: int
    post_rule: str
    post_confidence: float
    rung: str
    guid: str | None
    url: str | None
    title: str | None
    authors: tuple[str, ...]
    published_at: datetime | None
    published_raw: str | None
    updated_at: datetime | None
    updated_raw: str | None
    date_note: str | None
    first_seen_at: datetime
    last_seen_at: datetime
    present: bool
    missing_since: datetime | None
    withdrawn_at: datetime | None
    suspect: bool
    churn: str | None
    churn_since: datetime | None
    churn_count: int
    language: str | None
    language_source: str | None
    is_excerpt: bool
    summary_html: str | None
    content_html: str | None
    content_text: str
    content_sha256: str
    revision: int
    enclosures: tuple[Enclosure, ...]
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of an entry, as published: not safe to show as HTML. Its fetch is the proof."""

    id: int
    entry_id: int
    revision: int
    fetch_id: int
    seen_at: datetime
    content_sha256: str
    title: str | None
    authors: tuple[Mapping[str, Any], ...]
    url: str | None
    published_at: datetime | None
    published_raw: str | None
    updated_at: datetime | None
    updated_raw: str | None
    language: str | None
    summary: str | None
    summary_type: str | None
    content: str | None
    content_type: str | None
    enclosures: tuple[Mapping[str, Any], ...]
    categories: tuple[Mapping[str, Any], ...]
    reading: Mapping[str, Any]
    fetched_at: datetime
    """The start of the fetch that brought it."""
    fetched_from: str | None
    """The address that answered then."""
    body_sha256: str | None
    """What came then: the proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What deserved a person's attention."""

    id: int
    at: datetime
    feed_id: int
    feed: str
    fetch_id: int
    entry_id: int | None
    kind: str
    detail: str
    earlier_fetch_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One attempt to get a feed, as the log has it. Addresses are without secrets."""

    id: int
    feed_id: int
    started_at: datetime
    duration_ms: int
    request_url: str
    final_url: str | None
    status: int | None
    outcome: str
    error: str | None
    error_kind: str | None
    complete: bool
    body_sha256: str | None
    bytes_received: int
    entries_seen: int
    entries_new: int
    entries_revised: int
    gap: bool
    gap_since: datetime | None
    gap_until: datetime | None
    partial: bool
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A few words of a text, in pieces: each with whether it was looked for."""

    pieces: tuple[tuple[str, bool], ...] = ()

    def marked(self, before: str = "**", after: str = "**") -> str:
        """The words with signs around those that were found."""
        return "".join(f"{before}{text}{after}" if found else text for text, found in self.pieces)

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(text for text, _ in self.pieces)

    def __iter__(self) -> Any:  # noqa: ANN401 - templates walk over the pieces
        return iter(self.pieces)

    def __bool__(self) -> bool:
        return bool(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A post that answers a question."""

    post: Post
    feeds: tuple[FeedRef, ...]
    """Those that carried it."""
    title: Snippet
    """Its title, whole, with the found words marked."""
    snippet: Snippet
    """Where the words stand in its text; without words its beginning."""
    score: float | None
    """Higher is better, comparable within one answer only; None where the newest come first."""
    entry_id: int
    """The entry in which the words were found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A few of the answers, and the way to the next few."""

    items: tuple[T, ...]
    next: str | None
    """What to ask for the next page with, as `cursor`; None: this is the last."""
    total: int | None = None
    """How many answers there are in all, where that was no work to know."""
    note: str | None = None
    """What to know of the answer: what was not taken as meant, or that only the newest were ranked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One value, and how many of the posts have it."""

    value: str
    """As the question takes it: a feed's number, a tag, a language, a year."""
    label: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """How the answers are spread, most common first; years newest first."""

    feeds: tuple[Facet, ...] = ()
    tags: tuple[Facet, ...] = ()
    languages: tuple[Facet, ...] = ()
    years: tuple[Facet, ...] = ()
    note: str | None = None
    """Says so where only the newest answers were counted."""


def as_row(record: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the records above
    """A record as plain values for JSON: its fields in order, times as text, tuples as lists."""
    return {field.name: _plain(getattr(record, field.name)) for field in fields(record)}


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Snippet):
        return value.marked()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if is_dataclass(value):
        return as_row(value)
    return value
