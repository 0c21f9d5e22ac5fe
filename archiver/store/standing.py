"""How feeds stand and what is due: what `health`, `status` and the metrics go by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.times import from_text, to_text

COLUMNS = """
    last.status AS last_status, last.duration_ms AS last_duration_ms,
    (SELECT max(since) FROM feed_addresses WHERE feed_id = feeds.id AND reason = 'moved') AS moved_at,
    hosts.held_until, hosts.reason AS held_reason
"""
"""What `health.of` asks beside the columns of `feeds`, for a query with the tables of JOINS."""

JOINS = """
    LEFT JOIN fetches AS last ON last.id = (
        SELECT id FROM fetches WHERE feed_id = feeds.id AND outcome <> 'skipped' ORDER BY id DESC LIMIT 1
    )
    LEFT JOIN hosts ON hosts.host = feeds.host AND feeds.host <> ''
"""


def standing(db: Database) -> Iterator[dict[str, Any]]:
    """Every feed that was not removed, with what `health.of` asks of it."""
    return db.query(
        f"""
        SELECT feeds.id, feeds.url, feeds.current_url, feeds.state, feeds.paused_by, feeds.last_error_kind,
            feeds.last_error, feeds.error_count, feeds.last_success_at, feeds.last_fetched_at,
            feeds.last_new_at, feeds.silent_since, feeds.rhythm_seconds, feeds.interval_seconds,
            feeds.next_fetch_at, feeds.suspect_since, {COLUMNS}
        FROM feeds {JOINS} WHERE feeds.paused_by IS NOT 'removed' ORDER BY feeds.id
        """
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due, and how late it is."""

    feeds: int
    """Their time has come."""
    overdue: int
    """Their time came more than an hour ago, or more than their own interval where that is longer."""
    since: datetime | None
    """The time of the one that waits longest; None: nothing is due."""


def due(db: Database, *, now: datetime) -> Due:
    """How many feeds are due, overdue, and since when the first of them waits.

    A feed whose host asked for patience is due, and not overdue: nothing is late by our fault.
    """
    row = db.execute(
        """
        SELECT count(*), min(next_fetch_at), coalesce(sum(
            strftime('%s', :now) - strftime('%s', next_fetch_at) > max(coalesce(interval_seconds, 0), 3600)
            AND host NOT IN (SELECT host FROM hosts WHERE held_until > :now)
        ), 0)
        FROM feeds WHERE state <> 'paused' AND next_fetch_at <= :now
        """,
        {"now": to_text(now)},
    ).fetchone()
    return Due(feeds=int(row[0]), since=from_text(row[1]) if row[1] else None, overdue=int(row[2]))
