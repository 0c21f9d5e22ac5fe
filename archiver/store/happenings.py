"""What became of posts after they were published: edited, withdrawn, returned; and what may have been missed.

Newest first, a page at a time: the cursor is the time and the row at which the last page ended, so pages stay
what they are while the archive grows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from sqlite_utils import Database

from archiver.store.activity import called
from archiver.times import from_text, to_text

KINDS = ("edited", "withdrawn", "returned", "gap")
"""What is told here. Edits are versions after the first; the others are events."""

_EVERY_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One of them."""

    kind: str
    at: datetime
    feed_id: int
    feed: str
    row_id: int
    """Of a version if it was edited, else of the event."""
    entry_id: int | None
    """None: a gap, which concerns the feed."""
    post_id: int | None
    title: str | None
    language: str | None
    revision: int | None
    """Which version the edit made."""
    detail: str | None
    """A sentence. None: an edit."""

    @property
    def cursor(self) -> str:
        """What to ask for the next page with, if this is the last of the page."""
        return f"{to_text(self.at)}.{_source(self.kind)}.{self.row_id}"


def happenings(
    db: Database,
    *,
    kinds: Iterable[str] = KINDS,
    feed_id: int | None = None,
    cursor: str | None = None,
    limit: int,
) -> list[Happening]:
    """What happened of these kinds, newest first, after the cursor; one that is none is the beginning."""
    after = _read(cursor)
    found = [
        _of_kind(db, kind, feed_id=feed_id, after=after, limit=limit)
        for kind in KINDS
        if kind in frozenset(kinds)
    ]
    newest_first = merge(*found, key=lambda one: (one.at, _source(one.kind), one.row_id), reverse=True)
    return list(islice(newest_first, limit))


def _source(kind: str) -> int:
    """Where the row is from: rows of one source have numbers that tell them apart."""
    return int(kind == "edited")


def _read(cursor: str | None) -> tuple[str, int, int]:
    at, _, rest = (cursor or "").partition(".")
    source, _, row_id = rest.partition(".")
    try:
        return to_text(from_text(at)), int(source), min(int(row_id), _EVERY_ID)
    except ValueError:
        return "9999-12-31T23:59:59Z", 2, 0


def _of_kind(
    db: Database, kind: str, *, feed_id: int | None, after: tuple[str, int, int], limit: int
) -> list[Happening]:
    at, source, row_id = after
    # Of the second itself only rows that come later in the order of all sources.
    below = row_id if source == _source(kind) else _EVERY_ID if source > _source(kind) else 0
    values: dict[str, Any] = {"kind": kind, "feed": feed_id, "at": at, "below": below, "limit": limit}
    if kind != "edited":
        found = _EVENTS.format(of_feed="feed_id = :feed AND" if feed_id is not None else "")
    else:
        found = _EDITS if feed_id is None else _EDITS_OF_FEED
    return [_happening(kind, row) for row in db.execute(found, values).fetchall()]


_SHOWN = """
    found.id, found.at, feeds.id, coalesce(feeds.name, feeds.title, feeds.url), entries.id, entries.post_id,
    coalesce(found.title, entries.title), entries.language, found.revision, found.detail
"""

_EVENTS = f"""
    SELECT {_SHOWN} FROM (
        SELECT id, at, feed_id, entry_id, NULL AS title, NULL AS revision, detail FROM events
        WHERE {{of_feed}} kind = :kind AND at <= :at AND (at < :at OR id < :below)
        ORDER BY at DESC, id DESC LIMIT :limit
    ) AS found JOIN feeds ON feeds.id = found.feed_id LEFT JOIN entries ON entries.id = found.entry_id
    ORDER BY found.at DESC, found.id DESC
"""

_EDITS = f"""
    SELECT {_SHOWN} FROM (
        SELECT id, seen_at AS at, entry_id, title, revision, NULL AS detail FROM revisions
        WHERE revision > 1 AND seen_at <= :at AND (seen_at < :at OR id < :below)
        ORDER BY seen_at DESC, id DESC LIMIT :limit
    ) AS found JOIN entries ON entries.id = found.entry_id JOIN feeds ON feeds.id = entries.feed_id
    ORDER BY found.at DESC, found.id DESC
"""

_EDITS_OF_FEED = f"""
    SELECT {_SHOWN} FROM (
        SELECT revisions.id, fetches.started_at AS at, revisions.entry_id, revisions.title,
            revisions.revision, NULL AS detail, fetches.feed_id
        FROM fetches CROSS JOIN revisions ON revisions.fetch_id = fetches.id AND revisions.revision > 1
        WHERE fetches.feed_id = :feed AND fetches.entries_revised > 0 AND fetches.started_at <= :at
            AND (fetches.started_at < :at OR revisions.id < :below)
        ORDER BY fetches.started_at DESC, revisions.id DESC LIMIT :limit
    ) AS found JOIN entries ON entries.id = found.entry_id JOIN feeds ON feeds.id = found.feed_id
    ORDER BY found.at DESC, found.id DESC
"""


def _happening(kind: str, row: Sequence[Any]) -> Happening:
    row_id, at, feed_id, feed, entry_id, post_id, title, language, revision, detail = row
    return Happening(
        kind=kind,
        at=from_text(at),
        feed_id=feed_id,
        feed=called(feed),
        row_id=row_id,
        entry_id=entry_id,
        post_id=post_id,
        title=title,
        language=language,
        revision=revision,
        detail=detail,
    )
