"""Leafing through one post: who carried it, and its versions, a few at a time."""

from typing import Any

from sqlite_utils import Database

from archiver import records
from archiver.errors import NotFound
from archiver.store import browsing, recording
from archiver.store.outgoing import Outgoing
from archiver.store.rows import selected

_LIGHT = (
    recording.ENTRY.replace("entries.summary_html", "NULL AS summary_html")
    .replace("entries.content_html", "NULL AS content_html")
    .replace("entries.content_text", "'' AS content_text")
)


class Leafing(Outgoing):
    """Read-only questions about one post."""

    def carriers(self, post_id: int, *, limit: int) -> tuple[records.Entry, ...]:
        """A post's entries without their texts, the one that stands for it first. Raises NotFound."""
        return self._ask(_carriers, post_id, limit=limit)

    def versions(
        self, entry_id: int, *, up_to: int | None = None, seen_by: str | None = None, limit: int
    ) -> tuple[records.Revision, ...]:
        """Versions of an entry, newest first, from number `up_to` down, as far as seen by then."""
        return self._ask(_versions, entry_id, up_to=up_to, seen_by=seen_by, limit=limit)

    def version_times(self, entry_id: int, *, limit: int) -> tuple[tuple[int, str], ...]:
        """Number and time of an entry's versions, newest first."""
        return self._ask(_version_times, entry_id, limit=limit)

    def version(self, entry_id: int, revision: int) -> records.Revision:
        """One version. Raises NotFound."""
        found = self.versions(entry_id, up_to=revision, limit=1)
        if not found or found[0].revision != revision:
            raise NotFound(f"entry {entry_id} has no version {revision}")
        return found[0]

    def whereabouts(self, entry_id: int, *, seen_by: str | None = None) -> tuple[dict[str, Any], ...]:
        """When an entry was found withdrawn or back, newest first, with the fetches that prove it."""
        return self._ask(_whereabouts, entry_id, seen_by=seen_by)

    def body_of(self, fetch_id: int) -> tuple[str | None, str | None]:
        """Digest of what came with a fetch, and its declared media type. Raises NotFound."""
        return self._ask(_body_of, fetch_id)


def _carriers(db: Database, post_id: int, *, limit: int) -> tuple[records.Entry, ...]:
    first = browsing.post(db, post_id).canonical_entry_id
    rows = selected(
        db,
        f"""
        SELECT {_LIGHT} FROM entries JOIN feeds ON feeds.id = entries.feed_id
        WHERE post_id = ? ORDER BY entries.id <> ?, entries.id LIMIT ?
        """,
        [post_id, first, limit],
    )
    return tuple(recording.entry(row, enclosures=(), categories=()) for row in rows)


def _versions(
    db: Database, entry_id: int, *, up_to: int | None, seen_by: str | None, limit: int
) -> tuple[records.Revision, ...]:
    rows = selected(
        db,
        f"""
        SELECT {recording.REVISION} FROM revisions JOIN fetches ON fetches.id = revisions.fetch_id
        WHERE entry_id = ? AND revision <= ? AND seen_at <= ? ORDER BY revision DESC LIMIT ?
        """,
        [entry_id, 2**62 if up_to is None else min(up_to, 2**62), seen_by or "9", limit],
    )
    return tuple(map(recording.revision, rows))


def _version_times(db: Database, entry_id: int, *, limit: int) -> tuple[tuple[int, str], ...]:
    return tuple(
        db.execute(
            "SELECT revision, seen_at FROM revisions WHERE entry_id = ? ORDER BY revision DESC LIMIT ?",
            [entry_id, limit],
        )
    )


def _whereabouts(db: Database, entry_id: int, *, seen_by: str | None) -> tuple[dict[str, Any], ...]:
    return tuple(
        selected(
            db,
            """
            SELECT at, kind, fetch_id, earlier_fetch_id FROM events
            WHERE entry_id = ? AND entry_id IS NOT NULL AND kind IN ('withdrawn', 'returned') AND at <= ?
            ORDER BY id DESC LIMIT 20
            """,
            [entry_id, seen_by or "9"],
        )
    )


def _body_of(db: Database, fetch_id: int) -> tuple[str | None, str | None]:
    row = db.execute(
        """
        SELECT body_sha256, (
            SELECT field.value ->> 1 FROM json_each(fetches.headers) AS field
            WHERE lower(field.value ->> 0) = 'content-type' LIMIT 1
        ) FROM fetches WHERE id = ?
        """,
        [min(fetch_id, 2**62)],
    ).fetchone()
    if row is None:
        raise NotFound(f"no fetch {fetch_id} in the archive")
    return row[0], row[1]
