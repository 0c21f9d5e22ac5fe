"""Posts: which entry stands for one, and its line in the full-text index.

The index has no text of its own (the view `post_texts` lends it), so a line must be taken out with the very
words that were put in. `Retelling` remembers them.
"""

from collections.abc import Mapping
from typing import Any

from sqlite_utils import Database

from archiver.store.lines import Lines
from archiver.store.rows import insert, sound, update

_Words = tuple[str | None, str]

_OWN = ("title", "url", "language", "published_at", "content_text")
"""What a post takes from the one entry that it has; to keep its whole row would be to keep its HTML."""


class Retelling:
    """The posts whose entries one update changes: `note` each before that, `settle` all of them at the end.

    Each post is settled once, however many of its entries change.
    """

    def __init__(self, db: Database, lines: Lines) -> None:
        self._db = db
        self._lines = lines
        self._before: dict[int, _Words | None] = {}
        self._begun: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        """The posts that this update began, and their entries, as far as `_OWN` goes."""

    def begin(self, *, first_seen_at: str) -> int:
        """Make an empty post for an entry that is about to be written."""
        post_id = insert(self._db, "posts", {"first_seen_at": first_seen_at, "entry_count": 0})
        self._before[post_id] = None
        self._begun[post_id] = []
        return post_id

    def add(self, post_id: int, entry_id: int, row: Mapping[str, Any]) -> None:
        """Take in a new entry, which was written as this."""
        if post_id in self._begun:
            self._begun[post_id].append((entry_id, {column: row[column] for column in _OWN}))

    def note(self, post_id: int) -> None:
        """Remember the post's words as they are, before an entry of it is written."""
        if post_id not in self._before:
            self._before[post_id] = self._words(post_id)

    def settle(self) -> None:
        """Choose again which entry stands for each post, and index its words if they are others now."""
        for post_id, before in self._before.items():
            after = self._settled(post_id)
            if after == before:
                continue
            if before is not None:
                self._lines.add(
                    "INSERT INTO posts_fts (posts_fts, rowid, title, text) VALUES ('delete', ?, ?, ?)",
                    [post_id, *before],
                )
            if after is not None:
                self._lines.add(
                    "INSERT INTO posts_fts (rowid, title, text) VALUES (?, ?, ?)", [post_id, *after]
                )
        self._before.clear()
        self._begun.clear()

    def _settled(self, post_id: int) -> _Words | None:
        """The words of a post, after it was settled."""
        entries = self._begun.get(post_id, ())
        if len(entries) != 1:
            refresh(self._db, post_id)
            return self._words(post_id)
        ((entry_id, row),) = entries
        text = row.pop("content_text")
        update(self._db, "posts", post_id, {"canonical_entry_id": entry_id, "entry_count": 1} | row)
        return row["title"] and sound(row["title"]), sound(text)

    def _words(self, post_id: int) -> _Words | None:
        row = self._db.execute("SELECT title, text FROM post_texts WHERE id = ?", [post_id]).fetchone()
        return None if row is None else (row[0], row[1])


def refresh(db: Database, post_id: int) -> None:
    """Choose the entry that stands for the post, and copy what people sort and search by.

    A whole text goes before an excerpt, then the longer text, then the one we saw first.
    """
    db.execute(
        """
        UPDATE posts SET
            canonical_entry_id = best.id, title = best.title, url = best.url, language = best.language,
            published_at = (SELECT min(published_at) FROM entries WHERE post_id = :post_id),
            entry_count = (SELECT count(*) FROM entries WHERE post_id = :post_id)
        FROM (
            SELECT id, title, url, language FROM entries WHERE post_id = :post_id
            ORDER BY content_text = '', is_excerpt, length(content_text) DESC, id LIMIT 1
        ) AS best
        WHERE posts.id = :post_id
        """,
        {"post_id": post_id},
    )
