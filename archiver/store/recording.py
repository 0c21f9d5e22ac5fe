"""Rows of the archive as the records that answers are made of: times read, addresses without secrets."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from archiver import records
from archiver.times import from_text
from archiver.urls import redact

FEED = """
    feeds.id, feeds.url, feeds.current_url, feeds.name, feeds.title, feeds.site_url, feeds.description,
    feeds.language, feeds.format, feeds.state, feeds.origin, feeds.paused_by, feeds.added_at,
    feeds.next_fetch_at, feeds.interval_seconds, feeds.last_fetched_at, feeds.last_success_at,
    feeds.last_new_at, feeds.error_count, feeds.last_error, feeds.last_error_kind, feeds.failing_since,
    feeds.rhythm_seconds, feeds.window_seconds, feeds.quiet_seconds, feeds.alive_at, feeds.silent_since,
    feeds.suspect_since, feeds.host,
    (SELECT json_group_array(tag) FROM feed_tags WHERE feed_id = feeds.id) AS tags
"""
POST = """
    posts.id, posts.canonical_entry_id, posts.title, posts.url, posts.published_at, posts.language,
    posts.first_seen_at, posts.entry_count
"""
ENTRY = """
    entries.id, entries.feed_id, coalesce(feeds.name, feeds.title, feeds.url) AS feed,
    feeds.url AS feed_url, entries.post_id, entries.post_rule, entries.post_confidence, entries.rung,
    entries.guid, entries.url, entries.title, entries.authors, entries.published_at, entries.published_raw,
    entries.updated_at, entries.updated_raw, entries.date_note, entries.first_seen_at, entries.last_seen_at,
    entries.present, entries.missing_since, entries.withdrawn_at, entries.suspect, entries.churn,
    entries.churn_since, entries.churn_count, entries.language, entries.language_source, entries.is_excerpt,
    entries.summary_html, entries.content_html, entries.content_text, entries.content_sha256,
    entries.revision
"""
REVISION = """
    revisions.id, revisions.entry_id, revisions.revision, revisions.fetch_id, revisions.seen_at,
    revisions.content_sha256, revisions.title, revisions.authors, revisions.url, revisions.published_at,
    revisions.published_raw, revisions.updated_at, revisions.updated_raw, revisions.language,
    revisions.summary, revisions.summary_type, revisions.content, revisions.content_type,
    revisions.enclosures, revisions.categories, revisions.reading, fetches.started_at AS fetched_at,
    fetches.final_url AS fetched_from, fetches.body_sha256
"""
FETCH = """
    fetches.id, fetches.feed_id, fetches.started_at, fetches.duration_ms, fetches.request_url,
    fetches.final_url, fetches.status, fetches.outcome, fetches.error, fetches.error_kind,
    fetches.complete, fetches.body_sha256, fetches.bytes_received, fetches.entries_seen,
    fetches.entries_new, fetches.entries_revised, fetches.gap, fetches.gap_since, fetches.gap_until,
    fetches.partial, fetches.problems
"""
EVENT = """
    events.id, events.at, events.feed_id, coalesce(feeds.name, feeds.title, feeds.url) AS feed,
    events.fetch_id, events.entry_id, events.kind, events.detail, events.earlier_fetch_id
"""

_Row = Mapping[str, Any]
_TIMES = frozenset(
    {
        "added_at", "next_fetch_at", "last_fetched_at", "last_success_at", "last_new_at", "failing_since",
        "alive_at", "silent_since", "suspect_since", "published_at", "updated_at", "first_seen_at",
        "last_seen_at", "missing_since", "withdrawn_at", "churn_since", "seen_at", "fetched_at", "at",
        "started_at", "gap_since", "gap_until",
    }
)  # fmt: skip
_ADDRESSES = frozenset({"current_url", "feed_url", "feed", "request_url", "final_url", "fetched_from"})
_FLAGS = frozenset({"present", "suspect", "is_excerpt", "complete", "gap", "partial"})


def _values(row: _Row) -> dict[str, Any]:
    values = dict(row)
    for name, value in values.items():
        if value is None:
            continue
        if name in _TIMES:
            values[name] = moment(value)
        elif name in _ADDRESSES:
            values[name] = redact(value)
        elif name in _FLAGS:
            values[name] = bool(value)
    return values


def moment(text: str) -> datetime:
    """A time that the archive wrote."""
    return from_text(text)


def feed(row: _Row, *, entry_count: int) -> records.Feed:
    """A feed, from a row of FEED."""
    values = _values(row)
    values["url"] = redact(values["url"])
    values["tags"] = tuple(sorted(json.loads(values["tags"])))
    return records.Feed(**values, entry_count=entry_count)


def post(row: _Row) -> records.Post:
    """A post, from a row of POST."""
    return records.Post(**_values(row))


def entry(
    row: _Row, *, enclosures: Iterable[records.Enclosure], categories: Iterable[records.Category]
) -> records.Entry:
    """An entry, from a row of ENTRY."""
    values = _values(row)
    values["authors"] = tuple(json.loads(values["authors"]))
    return records.Entry(**values, enclosures=tuple(enclosures), categories=tuple(categories))


def revision(row: _Row) -> records.Revision:
    """A version of an entry, from a row of REVISION."""
    values = _values(row)
    for name in ("authors", "enclosures", "categories"):
        values[name] = tuple(json.loads(values[name]))
    values["reading"] = json.loads(values["reading"])
    return records.Revision(**values)


def fetch(row: _Row) -> records.Fetch:
    """A fetch, from a row of FETCH."""
    values = _values(row)
    values["problems"] = tuple(json.loads(values["problems"]))
    return records.Fetch(**values)


def event(row: _Row) -> records.Event:
    """An event, from a row of EVENT."""
    return records.Event(**_values(row))
