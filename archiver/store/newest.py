"""The newest posts of the archive, and the entries of a feed, newest first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.store.activity import DATE, called
from archiver.times import from_text, from_text_or_none, to_text

BEGINNING = 320
"""So many characters of a text are shown in a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A post, or a feed's entry, as a list shows it."""

    id: int
    """Of the entry; in a list of posts, of the one that stands for it."""
    post_id: int
    title: str | None
    beginning: str
    """Of its text."""
    date: datetime
    """What it is ordered by."""
    published_at: datetime | None
    first_seen_at: datetime
    language: str | None
    feed_id: int
    feed: str
    entry_count: int
    """How many entries the post has in all feeds."""
    revision: int
    withdrawn_at: datetime | None
    date_note: str | None

    @property
    def cursor(self) -> str:
        """What to ask for the next page with, if this is the last of the page."""
        return f"{to_text(self.date)}.{self.id}"


_COLUMNS = f"""
    entries.id, posts.id, entries.title, substr(entries.content_text, 1, {BEGINNING}), {{date}},
    entries.published_at, entries.first_seen_at, entries.language, feeds.id,
    coalesce(feeds.name, feeds.title, feeds.url), posts.entry_count, entries.revision, entries.withdrawn_at,
    entries.date_note
"""


def posts(db: Database, *, until: str, limit: int) -> list[Listed]:
    """The newest posts by the publishers' dates, but for those that are dated after `until`."""
    date = DATE.format("posts")
    rows = db.execute(
        f"""
        SELECT {_COLUMNS.format(date=date)}
        FROM posts JOIN entries ON entries.id = posts.canonical_entry_id
            JOIN feeds ON feeds.id = entries.feed_id
        WHERE {date} <= ? ORDER BY {date} DESC, posts.id DESC LIMIT ?
        """,
        [until, limit],
    )
    return [_listed(row) for row in rows.fetchall()]


def entries(db: Database, feed_id: int, *, cursor: str | None, limit: int) -> list[Listed]:
    """A feed's entries, newest first, after the cursor. A cursor that is none is the beginning."""
    date = DATE.format("entries")
    at, below = _read(cursor)
    rows = db.execute(
        f"""
        SELECT {_COLUMNS.format(date=date)}
        FROM entries JOIN posts ON posts.id = entries.post_id JOIN feeds ON feeds.id = entries.feed_id
        WHERE entries.feed_id = :feed AND {date} <= :at AND ({date} < :at OR entries.id < :below)
        ORDER BY {date} DESC, entries.id DESC LIMIT :limit
        """,
        {"feed": feed_id, "at": at, "below": below, "limit": limit},
    )
    return [_listed(row) for row in rows.fetchall()]


def _read(cursor: str | None) -> tuple[str, int]:
    at, _, row_id = (cursor or "").partition(".")
    try:
        return to_text(from_text(at)), min(int(row_id), 2**63 - 1)
    except ValueError:
        return "9999-12-31T23:59:59Z", 2**63 - 1


def _listed(row: Sequence[Any]) -> Listed:
    (entry_id, post_id, title, beginning, date, published_at, first_seen_at, language, feed_id, feed) = row[
        :10
    ]
    entry_count, revision, withdrawn_at, date_note = row[10:]
    return Listed(
        id=entry_id,
        post_id=post_id,
        title=title,
        beginning=beginning,
        date=from_text(date),
        published_at=from_text_or_none(published_at),
        first_seen_at=from_text(first_seen_at),
        language=language,
        feed_id=feed_id,
        feed=called(feed),
        entry_count=entry_count,
        revision=revision,
        withdrawn_at=from_text_or_none(withdrawn_at),
        date_note=date_note,
    )
