"""When the service last did its chores, so that a restart forgets neither a backup nor a scrub."""

from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database

from archiver.times import from_text_or_none, to_text


def is_due(db: Database, name: str, *, every: timedelta, retry: timedelta, now: datetime) -> bool:
    """Whether a chore is due. A time that lies ahead was written by a wrong clock: it does not count."""
    row = db.execute("SELECT done_at, tried_at, problem FROM chores WHERE name = ?", [name]).fetchone()
    if row is None:
        return True
    done, tried = map(from_text_or_none, row[:2])
    if row[2] is not None and tried is not None and timedelta() <= now - tried:
        return now - tried >= retry
    return done is None or now < done or now - done >= every


def failed(db: Database) -> list[dict[str, Any]]:
    """Chores that failed when they were last tried, and when they were last done."""
    return list(
        db.query(
            "SELECT name, done_at, tried_at, problem FROM chores WHERE problem IS NOT NULL ORDER BY name"
        )
    )


def problems(db: Database) -> list[tuple[str, str, str]]:
    """Chores that failed when they were last tried: name, when, and why."""
    rows = db.execute("SELECT name, tried_at, problem FROM chores WHERE problem IS NOT NULL ORDER BY name")
    return [(name, at, problem) for name, at, problem in rows]


def note(db: Database, name: str, *, now: datetime, problem: str | None) -> None:
    """Write down that a chore was done, or why not."""
    at = to_text(now)
    db.execute(
        """
        INSERT INTO chores (name, done_at, tried_at, problem) VALUES (:name, :done, :at, :problem)
        ON CONFLICT (name) DO UPDATE SET
            done_at = coalesce(excluded.done_at, done_at), tried_at = excluded.tried_at,
            problem = excluded.problem
        """,
        {"name": name, "done": None if problem else at, "at": at, "problem": problem},
    )
