"""A copy of the archive, out of which everything that can be derived is taken, to be derived again.

What stands in which table decides what becomes of it; a test holds the lists below to the schema.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver import torn
from archiver.changes import FeedUpdate
from archiver.errors import FETCH_KINDS, FetchError, StoreError
from archiver.hosts import host_of
from archiver.model import Connection, Hop, Response
from archiver.store import digests, manifest, updates
from archiver.store.connect import transaction
from archiver.store.lines import Lines
from archiver.store.manifest import MADE_BY_US
from archiver.store.rows import seal
from archiver.store.sealing import seal_row
from archiver.times import from_text

DERIVED = (
    "hosts",
    "marks",
    "posts_fts",
    "revisions_fts",
    "earlier_texts",
    "events",
    "sketches",
    "categories",
    "enclosures",
    "aliases",
    "revisions",
    "entries",
    "posts",
)
"""Tables that are emptied and derived again."""

KEPT = (
    "bodies",
    "feeds",
    "feed_tags",
    "feed_addresses",
    "fetches",
    "orders",
    "manifests",
    "chores",
    "digests",
    "seals",
    "_sqlite_migrations",
)
"""Tables that are evidence, or a person's word; of feeds, their addresses, and fetches a part is derived.

Seals follow whatever is written.
"""

DERIVED_OF_FETCHES = MADE_BY_US - {"read_as"}
"""What we made of an answer. All other columns say what came, and are copied."""

KEPT_OF_FEEDS = frozenset(
    {
        "id", "url", "name", "origin", "paused_by", "configured_interval_seconds", "parse_options",
        "added_at", "next_fetch_at", "interval_seconds", "second_agent",
    }
)  # fmt: skip
"""A person's word, the schedule, and by which name we are let in. All other columns begin anew and evolve."""

_PAGE = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One fetch as the log has it: all that its decision was made from, but for the body's bytes."""

    id: int
    feed_id: int
    started_at: datetime
    duration_ms: int
    request_url: str
    read_as: str | None
    came: Response | FetchError | None
    """Without its body; None where the feed was not asked after all."""
    body_sha256: str | None


def columns(db: Database, table: str, *, schema: str = "main") -> list[str]:
    """The names of a table's columns."""
    return [row[1] for row in db.execute(f"PRAGMA {schema}.table_info({table})")]


def begin(db: Database) -> None:
    """Take out what can be derived, lay the log of fetches aside, and let the feeds begin anew."""
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA synchronous = OFF")  # a crash costs this copy, which is worth nothing yet
    with transaction(db):
        db.execute("DROP TABLE IF EXISTS fetch_log")
        db.execute("CREATE TABLE fetch_log AS SELECT * FROM fetches")
        db.execute("CREATE UNIQUE INDEX fetch_log_id ON fetch_log (id)")
        db.execute("DELETE FROM fetches")
        db.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS feed_log AS
            SELECT id, state, next_fetch_at, interval_seconds, second_agent FROM feeds
            """
        )
        db.execute("CREATE TEMP TABLE address_log AS SELECT * FROM feed_addresses")
        digests.lay_aside(db)
        db.execute("DELETE FROM feed_addresses WHERE reason <> 'given'")
        _reset_feeds(db)
    for table in DERIVED:
        with transaction(db):
            if table.endswith("_fts"):
                db.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")
            else:
                db.execute(f"DELETE FROM {table}")
    db.execute("PRAGMA foreign_keys = ON")


def _reset_feeds(db: Database) -> None:
    """Every evolving column as it is in a feed's first row."""
    assignments = [
        f"{name} = {'url' if name == 'current_url' else default if default is not None else 'NULL'}"
        for _, name, _, _, default, _ in db.execute("PRAGMA table_info(feeds)")
        if name not in KEPT_OF_FEEDS
    ]
    db.execute(f"UPDATE feeds SET {', '.join(assignments)}")
    for feed_id, url in db.execute("SELECT id, url FROM feeds").fetchall():
        db.execute("UPDATE feeds SET host = ? WHERE id = ?", [host_of(url), feed_id])


def logged(db: Database) -> Iterator[Logged]:
    """The log that was laid aside, oldest first; read in pages, since others write meanwhile."""
    last = -1
    while True:
        rows = list(db.query(f"SELECT * FROM fetch_log WHERE id > ? ORDER BY id LIMIT {_PAGE}", [last]))
        if not rows:
            return
        for row in rows:
            yield _logged(row)
        last = rows[-1]["id"]


def _logged(row: dict[str, Any]) -> Logged:
    return Logged(
        id=row["id"],
        feed_id=row["feed_id"],
        started_at=from_text(row["started_at"]),
        duration_ms=row["duration_ms"],
        request_url=row["request_url"],
        read_as=row["read_as"],
        came=None if row["outcome"] == "skipped" else _what_came(row),
        body_sha256=row["body_sha256"],
    )


def _what_came(row: dict[str, Any]) -> Response | FetchError:
    headers = tuple((name, value) for name, value in json.loads(row["headers"]))
    redirects = tuple(_hop(told) for told in json.loads(row["redirects"]))
    request_headers = tuple((name, value) for name, value in json.loads(row["request_headers"]))
    connection = _connection(row)
    failure = torn.told(json.loads(row["problems"]))
    if failure is None and row["error_kind"] in FETCH_KINDS:
        failure = row["error_kind"], row["error"] or ""
    if failure is not None:
        error = FetchError(
            *failure,
            status=row["status"],
            headers=headers,
            final_url=row["final_url"],
            redirects=redirects,
        )
        error.request_headers, error.connection = request_headers, connection
        error.http_version, error.reason = row["http_version"], row["reason"]
        error.complete = bool(row["complete"])
        return error
    return Response(
        request_url=row["request_url"],
        final_url=row["final_url"] or row["request_url"],
        status=row["status"],
        headers=headers,
        redirects=redirects,
        request_headers=request_headers,
        connection=connection,
        http_version=row["http_version"],
        reason=row["reason"],
        complete=bool(row["complete"]),
    )


def _hop(told: dict[str, Any]) -> Hop:
    return Hop(
        url=told["url"],
        status=told["status"],
        location=told.get("location"),
        connection=_connection(told),
    )


def _connection(told: dict[str, Any]) -> Connection | None:
    known = {name: told.get(name) for name in ("address", "tls_protocol", "certificate_sha256")}
    verified = told.get("tls_verified")
    if not any(known.values()):
        return None
    return Connection(**known, verified=None if verified is None else bool(verified))


def content_type_of(db: Database, feed_id: int, sha256: str) -> str | None:
    """The Content-Type with which a feed last sent a body, as far as fetches are derived."""
    rows = db.execute(
        """
        SELECT headers FROM fetches WHERE feed_id = ? AND body_sha256 = ? AND status IS NOT 304
        ORDER BY id DESC LIMIT 1
        """,
        [feed_id, sha256],
    ).fetchall()
    fields = json.loads(rows[0][0]) if rows else []
    return next((value for name, value in fields if name.lower() == "content-type"), None)


def derive(db: Database, fetch: Logged, update: FeedUpdate, lines: Lines) -> None:
    """Write a decision anew under its fetch's old number, and put back what the fetch says of itself."""
    record = replace(update.fetch, body=None, body_sha256=fetch.body_sha256)
    updates.apply(db, replace(update, fetch=record), lines, fetch_id=fetch.id)
    # To set its number, though to what it is, would be to look through all tables that refer to fetches.
    evidence = [name for name in columns(db, "fetches") if name not in (*DERIVED_OF_FETCHES, "id")]
    names = ", ".join(evidence)
    db.execute(
        f"UPDATE fetches SET ({names}) = (SELECT {names} FROM fetch_log WHERE id = :id) WHERE id = :id",
        {"id": fetch.id},
    )
    seal(db, "fetches", fetch.id)


def carry_over(db: Database, fetch: Logged) -> None:
    """Copy a fetch that decided nothing."""
    names = ", ".join(columns(db, "fetches"))
    db.execute(
        f"INSERT INTO fetches ({names}) SELECT {names} FROM fetch_log WHERE id = ?",
        [fetch.id],
    )
    seal_row(db, "fetches", fetch.id)


def _number_addresses(db: Database) -> None:
    """Give addresses that were found out again their old numbers, and the next ones to others."""
    found = db.execute(
        """
        SELECT now.id, was.id FROM feed_addresses AS now LEFT JOIN temp.address_log AS was
            ON was.feed_id = now.feed_id AND was.url = now.url AND was.since = now.since
            AND was.reason = now.reason AND was.fetch_id IS now.fetch_id
        WHERE now.reason <> 'given' ORDER BY now.id
        """
    ).fetchall()
    db.execute("UPDATE feed_addresses SET id = -id WHERE reason <> 'given'")
    for number, old in sorted(found, key=lambda pair: pair[1] is None):
        next_one = "(SELECT coalesce(max(id), 0) + 1 FROM feed_addresses)"
        db.execute(f"UPDATE feed_addresses SET id = coalesce(?, {next_one}) WHERE id = ?", [old, -number])
    db.execute("DROP TABLE temp.address_log")


def finish(db: Database, *, now: datetime) -> None:
    """Give the feeds their schedule back, seal what changed, check the whole. Raises StoreError."""
    with transaction(db):
        db.execute(
            """
            UPDATE feeds SET next_fetch_at = log.next_fetch_at, interval_seconds = log.interval_seconds,
                second_agent = log.second_agent,
                state = CASE
                    WHEN log.state = 'paused' THEN 'paused'
                    WHEN feeds.state = 'paused' THEN log.state
                    ELSE feeds.state
                END
            FROM temp.feed_log AS log WHERE log.id = feeds.id
            """
        )
        db.execute("DROP TABLE temp.feed_log")
        _number_addresses(db)
        digests.take_up(db)
        db.execute("DROP TABLE fetch_log")
        manifest.seal_anew(db, now=now)
    if db.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreError("the rebuilt archive does not hang together, and was thrown away; this is our fault")
    try:
        with transaction(db):
            db.execute("INSERT INTO posts_fts (posts_fts, rank) VALUES ('integrity-check', 1)")
            db.execute("INSERT INTO revisions_fts (revisions_fts) VALUES ('integrity-check')")
    except (sqlite3.DatabaseError, StoreError) as error:
        raise StoreError(
            "the rebuilt index and the texts differ, so it was thrown away; our fault"
        ) from error
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
