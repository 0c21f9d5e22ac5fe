"""Questions that people ask: one post or entry whole, its versions, and the state of things."""

import json
from typing import Any

from sqlite_utils import Database

from archiver.errors import NotFound
from archiver.urls import redact

_INTERNAL = frozenset({"key", "url_key", "title_key", "position"})


def post(db: Database, post_id: int) -> dict[str, Any]:
    """A post with its columns, and its `entries`, the one that stands for it first. Raises NotFound."""
    found = _one(db, "SELECT * FROM posts WHERE id = ?", post_id, f"no post {post_id} in the archive")
    ids = [row["id"] for row in db.query("SELECT id FROM entries WHERE post_id = ? ORDER BY id", [post_id])]
    ids.sort(key=lambda entry_id: entry_id != found["canonical_entry_id"])
    return found | {"entries": [entry(db, entry_id) for entry_id in ids]}


def entry(db: Database, entry_id: int) -> dict[str, Any]:
    """An entry in its latest version, with the feed's name, enclosures and categories. Raises NotFound."""
    found = _one(
        db,
        """
        SELECT entries.*, coalesce(feeds.name, feeds.title, feeds.url) AS feed, feeds.url AS feed_url
        FROM entries JOIN feeds ON feeds.id = entries.feed_id WHERE entries.id = ?
        """,
        entry_id,
        f"no entry {entry_id} in the archive",
    )
    found["authors"] = json.loads(found["authors"])
    found |= {column: redact(found[column]) for column in ("feed", "feed_url")}
    for table in ("enclosures", "categories"):
        rows = db.query(f"SELECT * FROM {table} WHERE entry_id = ? ORDER BY position", [entry_id])
        found[table] = [
            {key: value for key, value in row.items() if key not in ("entry_id", "position")} for row in rows
        ]
    return {key: value for key, value in found.items() if key not in _INTERNAL}


def revisions(db: Database, entry_id: int) -> list[dict[str, Any]]:
    """Every version of an entry, oldest first, with the fetch that brought it."""
    rows = db.query(
        """
        SELECT revisions.*, fetches.started_at AS fetched_at, fetches.final_url AS fetched_from,
            fetches.body_sha256
        FROM revisions JOIN fetches ON fetches.id = revisions.fetch_id
        WHERE entry_id = ? ORDER BY revision
        """,
        [entry_id],
    )
    as_json = ("authors", "enclosures", "categories", "reading")
    return [row | {column: json.loads(row[column]) for column in as_json} for row in rows]


def events_of(db: Database, entry_id: int) -> list[dict[str, Any]]:
    """What happened to an entry, oldest first, with the address of the fetch that showed it."""
    return list(
        db.query(
            """
            SELECT events.*, fetches.final_url AS fetched_from
            FROM events JOIN fetches ON fetches.id = events.fetch_id
            WHERE entry_id = ? AND entry_id IS NOT NULL ORDER BY events.id
            """,
            [entry_id],
        )
    )


def totals(db: Database, *, now: str) -> dict[str, Any]:
    """How much there is of everything, and what is due."""
    row = next(
        iter(
            db.query(
                """
                SELECT
                    (SELECT count(*) FROM feeds WHERE paused_by IS NOT 'removed') AS feeds,
                    (SELECT count(*) FROM feeds WHERE state <> 'paused' AND next_fetch_at <= :now) AS due,
                    (SELECT min(next_fetch_at) FROM feeds WHERE state <> 'paused' AND next_fetch_at <= :now)
                        AS due_since,
                    (SELECT count(*) FROM posts) AS posts,
                    (SELECT count(*) FROM entries) AS entries,
                    (SELECT count(*) FROM revisions) AS revisions,
                    (SELECT count(*) FROM entries WHERE withdrawn_at IS NOT NULL) AS withdrawn,
                    (SELECT count(*) FROM entries WHERE churn IS NOT NULL) AS churning,
                    (SELECT count(*) FROM feeds WHERE suspect_since IS NOT NULL) AS suspect,
                    (SELECT count(*) FROM feeds WHERE current_url <> url) AS moved,
                    (SELECT count(*) FROM fetches) AS fetches,
                    (SELECT count(*) FROM fetches WHERE gap = 1) AS gaps,
                    (SELECT count(*) FROM bodies) AS bodies,
                    (SELECT coalesce(sum(size), 0) FROM bodies) AS body_bytes,
                    (SELECT coalesce(sum(length(data)), 0) FROM bodies) AS stored_bytes
                """,
                {"now": now},
            )
        )
    )
    states = db.query(
        "SELECT state, count(*) AS feeds FROM feeds WHERE paused_by IS NOT 'removed' GROUP BY state"
    )
    return row | {"states": {state["state"]: state["feeds"] for state in states}}


def events(db: Database, *, limit: int) -> list[dict[str, Any]]:
    """What was worth a person's attention, newest first."""
    rows = db.query(
        """
        SELECT events.*, coalesce(feeds.name, feeds.title, feeds.url) AS feed
        FROM events JOIN feeds ON feeds.id = events.feed_id ORDER BY events.id DESC LIMIT ?
        """,
        [limit],
    )
    return [row | {"feed": redact(row["feed"])} for row in rows]


def size(db: Database) -> int:
    """Bytes of the archive, what waits in the write-ahead log included."""
    (pages,), (each,) = (db.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "page_size"))
    return int(pages) * int(each)


def counts_of_feeds(db: Database, feed_ids: list[int]) -> tuple[int, int]:
    """How many entries these feeds have, and how many posts those are."""
    row = db.execute(
        """
        SELECT count(*), count(DISTINCT post_id) FROM entries
        WHERE feed_id IN (SELECT value FROM json_each(?))
        """,
        [json.dumps(feed_ids)],
    ).fetchone()
    return int(row[0]), int(row[1])


def _one(db: Database, sql: str, row_id: int, otherwise: str) -> dict[str, Any]:
    rows = list(db.query(sql, [row_id]))
    if not rows:
        raise NotFound(otherwise)
    return rows[0]
