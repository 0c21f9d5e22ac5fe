"""What was told to a person and what was not yet, by each way of telling."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from archiver.times import from_text, to_text
from archiver.urls import redact

_DETAIL = 500
"""Characters of an event's detail that a digest can use."""

_TROUBLE = "'failing', 'blocked', 'gone', 'long_failing'"
"""Kinds of events that a later `recovered` puts an end to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Events that were not told yet, and not more of each kind than a digest can show."""

    events: tuple[dict[str, Any], ...]
    """With `at`, `kind`, `feed`, `feed_id`, `detail`, in the order in which they happened."""
    counts: dict[str, int]
    """How many there are of each kind."""
    last_event_id: int
    """The last one that was looked at."""


def begin(db: Database, channel: str, *, now: datetime) -> None:
    """Know a way of telling from now on. What happened before is history, and is not told by it."""
    db.execute(
        """
        INSERT INTO digests (channel, last_event_id, tried_at)
        VALUES (?, (SELECT coalesce(max(id), 0) FROM events), ?) ON CONFLICT (channel) DO NOTHING
        """,
        [channel, to_text(now)],
    )


def is_due(db: Database, channel: str, *, every: timedelta, retry: timedelta, now: datetime) -> bool:
    """Whether it is time to tell. A time that lies ahead was written by a wrong clock: it does not count."""
    row = db.execute("SELECT tried_at, problem FROM digests WHERE channel = ?", [channel]).fetchone()
    if row is None:
        return False
    waited = now - from_text(row[0])
    return waited < timedelta() or waited >= (min(retry, every) if row[1] is not None else every)


def untold(db: Database, channel: str, *, beside: frozenset[str], of_each: int) -> Untold:
    """What the channel has not told, without the kinds of `beside`; details of the first `of_each` of a kind.

    A feed that failed and recovered meanwhile is told once, as `interrupted`.
    """
    # An archive that was restored or derived anew may number its events otherwise: then nothing is older.
    last = db.execute(
        """
        SELECT coalesce(max(id), 0),
            (SELECT min(last_event_id, coalesce((SELECT max(id) FROM events), 0)) FROM digests
             WHERE channel = ?)
        FROM events
        """,
        [channel],
    ).fetchone()
    upto, after = int(last[0]), int(last[1] or 0)
    rows = list(
        db.query(
            f"""
            WITH fresh AS (
                SELECT id, feed_id, CASE
                    WHEN kind IN ({_TROUBLE}) AND EXISTS (
                        SELECT 1 FROM events AS later
                        WHERE later.feed_id = events.feed_id AND later.kind = 'recovered'
                            AND later.id > events.id AND later.id <= :upto
                    ) THEN NULL
                    WHEN kind = 'recovered' AND EXISTS (
                        SELECT 1 FROM events AS earlier
                        WHERE earlier.feed_id = events.feed_id AND earlier.kind IN ({_TROUBLE})
                            AND earlier.id < events.id AND earlier.id > :after
                    ) THEN 'interrupted'
                    ELSE kind
                END AS kind
                FROM events WHERE id > :after AND id <= :upto
            ), numbered AS (
                SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY id) AS place,
                    count(*) OVER (PARTITION BY kind) AS together
                FROM fresh
                WHERE kind IS NOT NULL AND kind NOT IN (SELECT value FROM json_each(:beside))
            )
            SELECT events.id, events.at, events.feed_id, numbered.kind, numbered.together,
                substr(events.detail, 1, {_DETAIL}) AS detail,
                coalesce(feeds.name, feeds.title, feeds.url) AS feed
            FROM numbered JOIN events USING (id) JOIN feeds ON feeds.id = events.feed_id
            WHERE place <= :of_each ORDER BY events.id
            """,
            {"after": after, "upto": upto, "of_each": of_each, "beside": json.dumps(sorted(beside))},
        )
    )
    counts = {row["kind"]: int(row.pop("together")) for row in rows}
    return Untold(
        events=tuple(row | {"feed": redact(row["feed"])[:_DETAIL]} for row in rows),
        counts=counts,
        last_event_id=upto,
    )


def note(
    db: Database,
    channel: str,
    *,
    now: datetime,
    last_event_id: int | None,
    sent: bool = False,
    problem: str | None = None,
) -> None:
    """Write down what was told up to, or why it was not; None leaves all of it to be told again."""
    db.execute(
        """
        UPDATE digests SET tried_at = :at, problem = :problem,
            sent_at = CASE WHEN :sent THEN :at ELSE sent_at END,
            last_event_id = coalesce(:last, last_event_id)
        WHERE channel = :channel
        """,
        {"channel": channel, "at": to_text(now), "problem": problem, "sent": sent, "last": last_event_id},
    )


def channels(db: Database) -> list[dict[str, Any]]:
    """Every way of telling, with how many events wait to be told by it, told or not by a digest's rules."""
    return list(
        db.query(
            """
            SELECT channel, last_event_id, sent_at, tried_at, problem,
                (SELECT count(*) FROM events WHERE id > digests.last_event_id) AS waiting
            FROM digests ORDER BY channel
            """
        )
    )


def lay_aside(db: Database) -> None:
    """Remember which event each way told last, before all events are derived anew."""
    db.execute(
        """
        CREATE TEMP TABLE told_log AS
        SELECT channel, coalesce(events.at, tried_at) AS told_at, events.feed_id, events.kind
        FROM digests LEFT JOIN events ON events.id = last_event_id
        """
    )


def take_up(db: Database) -> None:
    """Find the last told event among the new ones: itself under its number, else all up to its time."""
    db.execute(
        """
        UPDATE digests SET last_event_id = coalesce(
            (
                SELECT id FROM events
                WHERE id = last_event_id AND at = told_at AND feed_id = log.feed_id AND kind = log.kind
            ),
            (SELECT max(id) FROM events WHERE at <= told_at),
            0
        )
        FROM temp.told_log AS log WHERE log.channel = digests.channel
        """
    )
    db.execute("DROP TABLE temp.told_log")
