"""The hosts table: servers that asked for patience, so that no restart forgets it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlite_utils import Database

from archiver.changes import Hold
from archiver.hosts import host_of
from archiver.times import from_text, to_text

_LATEST = 1000
"""So many of the newest fetches are looked through for hosts that were asked just now."""


class Held(NamedTuple):
    """A host to be left alone."""

    host: str
    until: datetime
    reason: str


def refusals(db: Database, host: str) -> int:
    """How many times in a row this host has refused to answer."""
    row = db.execute("SELECT refusals FROM hosts WHERE host = ?", [host]).fetchone()
    return row[0] if row else 0


def note(db: Database, hold: Hold, fetch_id: int) -> None:
    """Write down how a host stands after a fetch. An answer does not shorten what was asked for before.

    Nor does one that was given before that, and is written down after it, since it took long to read.
    """
    if hold.until is None:
        db.execute(
            """
            UPDATE hosts SET held_until = NULL, reason = NULL, refusals = 0
            WHERE host = ?
                AND coalesce(held_until, '') <= (SELECT started_at FROM fetches WHERE id = ?)
            """,
            [hold.host, fetch_id],
        )
        return
    db.execute(
        """
        INSERT INTO hosts (host, held_until, reason, refusals, fetch_id) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (host) DO UPDATE SET
            held_until = max(coalesce(held_until, ''), excluded.held_until), reason = excluded.reason,
            refusals = excluded.refusals, fetch_id = excluded.fetch_id
        """,
        [hold.host, to_text(hold.until), hold.reason, hold.refusals, fetch_id],
    )


def held(db: Database, *, now: datetime) -> list[Held]:
    """All hosts that are to be left alone now."""
    rows = db.execute("SELECT host, held_until, reason FROM hosts WHERE held_until > ?", [to_text(now)])
    return [Held(host, from_text(until), reason) for host, until, reason in rows]


def asked_since(db: Database, since: datetime) -> dict[str, datetime]:
    """The hosts that were asked last, and when at the latest that was over.

    Of an earlier request that was sent on elsewhere only the end of the whole fetch is known.
    """
    rows = db.execute(
        """
        SELECT started_at, duration_ms, request_url, final_url, redirects FROM fetches
        WHERE outcome <> 'skipped' ORDER BY id DESC LIMIT ?
        """,
        [_LATEST],
    )
    asked: dict[str, datetime] = {}
    for started_at, duration_ms, request_url, final_url, redirects in rows:
        # Times are kept to the second, and may be one later than they say.
        over = from_text(started_at) + timedelta(milliseconds=duration_ms + 1000)
        if over < since:
            continue
        hosts = {host_of(request_url), host_of(final_url or request_url)}
        if redirects != "[]":
            hosts |= {host_of(url) for (url,) in db.execute(_REDIRECTED, [redirects])}
        for host in hosts:
            asked[host] = max(over, asked.get(host, over))
    return asked


_REDIRECTED = "SELECT value ->> 'url' FROM json_each(?)"
