"""Posts, and the versions of their entries, as they stand, or as they stood at a time.

What an entry is known to say changes with each revision, and which entry speaks for a post with it. The texts
of earlier versions are in `earlier_texts`, so that the past is told in the same words as then.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from archiver import records
from archiver.errors import NotFound
from archiver.store import recording
from archiver.store.rows import selected

_STOOD = """
    SELECT entries.id AS entry_id, entries.post_id AS post_id, one.title AS title, one.url AS url,
        one.published_at AS published_at, entries.first_seen_at AS first_seen_at,
        iif(earlier.revision_id IS NULL, entries.language, earlier.language) AS language,
        iif(earlier.revision_id IS NULL, entries.is_excerpt, earlier.is_excerpt) AS is_excerpt,
        length(iif(earlier.revision_id IS NULL, entries.content_text, earlier.content_text)) AS size
    FROM json_each(:ids) JOIN entries ON entries.post_id = json_each.value
    JOIN revisions AS one ON one.entry_id = entries.id AND one.revision = (
        SELECT max(revision) FROM revisions WHERE entry_id = entries.id AND seen_at <= :seen_by
    )
    LEFT JOIN earlier_texts AS earlier ON earlier.revision_id = one.id
    ORDER BY entries.id
"""


def posts(db: Database, post_ids: Sequence[int], *, seen_by: str | None = None) -> dict[int, records.Post]:
    """Posts by their numbers; those that there were not yet are left out."""
    ids = json.dumps(list(post_ids))
    if seen_by is None:
        rows = selected(
            db,
            f"SELECT {recording.POST} FROM json_each(?) JOIN posts ON posts.id = json_each.value",
            [ids],
        )
        return {row["id"]: recording.post(row) for row in rows}
    told: dict[int, list[dict[str, Any]]] = {}
    for row in selected(db, _STOOD, {"ids": ids, "seen_by": seen_by}):
        told.setdefault(row["post_id"], []).append(row)
    return {post_id: recording.post(_stood(post_id, entries)) for post_id, entries in told.items()}


def _stood(post_id: int, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A post's columns, by the rule of `posts.refresh`."""
    best = min(entries, key=lambda one: (not one["size"], one["is_excerpt"], -one["size"], one["entry_id"]))
    dates = [one["published_at"] for one in entries if one["published_at"] is not None]
    return {
        "id": post_id,
        "canonical_entry_id": best["entry_id"],
        "title": best["title"],
        "url": best["url"],
        "published_at": min(dates, default=None),
        "language": best["language"],
        "first_seen_at": min(one["first_seen_at"] for one in entries),
        "entry_count": len(entries),
    }


def post(db: Database, post_id: int, *, seen_by: str | None = None) -> records.Post:
    """One post. Raises NotFound."""
    number = post_id if -(2**63) <= post_id < 2**63 else -1
    found = posts(db, [number], seen_by=seen_by).get(post_id)
    if found is None:
        raise NotFound(f"no post {post_id} in the archive{f' by {seen_by}' if seen_by else ''}")
    return found


def dates(db: Database, post_ids: Sequence[int], *, seen_by: str | None = None) -> dict[int, str]:
    """What posts are ordered by: when they were published, or else first seen."""
    ids = json.dumps(list(post_ids))
    if seen_by is None:
        return dict(
            db.execute(
                """
                SELECT posts.id, coalesce(published_at, first_seen_at)
                FROM json_each(?) JOIN posts ON posts.id = json_each.value
                """,
                [ids],
            ).fetchall()
        )
    return dict(
        db.execute(
            """
            SELECT post_id, coalesce(min(one.published_at), min(first_seen_at))
            FROM json_each(:ids) JOIN entries ON entries.post_id = json_each.value
            JOIN revisions AS one ON one.entry_id = entries.id AND one.revision = (
                SELECT max(revision) FROM revisions WHERE entry_id = entries.id AND seen_at <= :seen_by
            )
            GROUP BY post_id
            """,
            {"ids": ids, "seen_by": seen_by},
        ).fetchall()
    )


def text_of(db: Database, version: int) -> tuple[str | None, str]:
    """Language and text of a version."""
    row = db.execute(
        """
        SELECT iif(earlier.revision_id IS NULL, entries.language, earlier.language),
            iif(earlier.revision_id IS NULL, entries.content_text, earlier.content_text)
        FROM revisions JOIN entries ON entries.id = revisions.entry_id
        LEFT JOIN earlier_texts AS earlier ON earlier.revision_id = revisions.id WHERE revisions.id = ?
        """,
        [version],
    ).fetchone()
    return row[0], row[1]


def version_of(db: Database, entry_id: int, *, seen_by: str | None = None) -> int:
    """The number of the version of an entry that is, or was, in force."""
    row = db.execute(
        """
        SELECT id FROM revisions WHERE entry_id = :entry_id AND (:seen_by IS NULL OR seen_at <= :seen_by)
        ORDER BY revision DESC LIMIT 1
        """,
        {"entry_id": entry_id, "seen_by": seen_by},
    ).fetchone()
    return int(row[0])
