"""The log of fetches, to be handed on: each with all that was recorded of it, in the order of writing."""

import json
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archiver.store.rows import sound

_STEP = 200
_JSON = ("headers", "redirects", "request_headers", "problems")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which fetches are meant. Dates are UTC texts, or their beginnings (`2024-05`)."""

    feed_id: int | None = None
    tag: str | None = None
    since: str | None = None
    until: str | None = None


_WHERE = """
    (:feed_id IS NULL OR feed_id = :feed_id)
    AND (:tag IS NULL OR feed_id IN (SELECT feed_id FROM feed_tags WHERE tag = :tag))
"""


def feeds(db: Database, chosen: Chosen) -> list[dict[str, Any]]:
    """The feeds meant, in the order in which they were added: address, name, tags, options, format."""
    rows = db.query(
        f"""
        SELECT id, url, name, format, added_at, parse_options,
            (SELECT json_group_array(tag) FROM feed_tags WHERE feed_tags.feed_id = feeds.id) AS tags
        FROM (SELECT *, id AS feed_id FROM feeds) AS feeds WHERE {_WHERE} ORDER BY id
        """,
        _parameters(chosen),
    )
    return [
        row | {"tags": json.loads(row["tags"]), "parse_options": json.loads(row["parse_options"])}
        for row in rows
    ]


def fetches(db: Database, chosen: Chosen, *, after: int) -> list[dict[str, Any]]:
    """The next few of the fetches meant, after the one with this id; none at the end of the log."""
    rows = db.query(
        f"""
        SELECT * FROM fetches
        WHERE id > :after AND {_WHERE}
            AND (:since IS NULL OR started_at >= :since)
            AND (:until IS NULL OR substr(started_at, 1, length(:until)) <= :until)
        ORDER BY id LIMIT {_STEP}
        """,
        _parameters(chosen) | {"after": after},
    )
    return [row | {column: json.loads(row[column]) for column in _JSON} for row in rows]


def watermark(db: Database) -> dict[str, Any]:
    """What tells this state of this archive from others, so that somebody can be referred to it.

    The last fetch by its time need not be that by its number: documents are replayed under their own times.
    """
    rows = db.query(
        """
        SELECT
            (SELECT user_version FROM pragma_user_version) AS schema,
            (SELECT count(*) FROM feeds) AS feeds,
            (SELECT count(*) FROM entries) AS entries,
            (SELECT count(*) FROM revisions) AS revisions,
            (SELECT count(*) FROM posts) AS posts,
            (SELECT max(id) FROM fetches) AS last_fetch_id,
            (SELECT max(last_fetched_at) FROM feeds) AS last_fetch_at,
            (SELECT day FROM manifests ORDER BY id DESC LIMIT 1) AS manifest_day,
            (SELECT sha256 FROM manifests ORDER BY id DESC LIMIT 1) AS manifest_sha256
        """
    )
    return next(iter(rows))


def known_feeds(db: Database) -> list[tuple[str, str, str | None]]:
    """Every feed's address as given, its address now, and the start of its last fetch."""
    return [
        tuple(row) for row in db.execute("SELECT url, current_url, last_fetched_at FROM feeds ORDER BY id")
    ]


def has_fetch(db: Database, url: str, started_at: str) -> bool:
    """Whether the feed with this address was fetched at this second."""
    row = db.execute(
        "SELECT 1 FROM fetches WHERE feed_id = (SELECT id FROM feeds WHERE url = ?) AND started_at = ?",
        [sound(url), started_at],
    ).fetchone()
    return row is not None


def _parameters(chosen: Chosen) -> dict[str, Any]:
    return {
        "feed_id": chosen.feed_id,
        "tag": chosen.tag and sound(chosen.tag),
        "since": chosen.since and sound(chosen.since),
        "until": chosen.until and sound(chosen.until),
    }
