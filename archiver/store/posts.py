"""Posts: which entry stands for one, and its line in the full-text index.

The index has no text of its own (`post_texts` lends it), so a line must be taken out with the very words
that were put in: `reindexed` brackets every change to them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlite_utils import Database

from archiver.store.rows import insert


def create(db: Database, *, first_seen_at: str) -> int:
    """Make an empty post for an entry that is about to be written."""
    return insert(db, "posts", {"first_seen_at": first_seen_at, "entry_count": 0})


@contextmanager
def reindexed(db: Database, post_id: int) -> Iterator[None]:
    """Keep the full-text index true over a change to the post's words."""
    db.execute(
        """
        INSERT INTO posts_fts (posts_fts, rowid, title, text)
        SELECT 'delete', id, title, text FROM post_texts WHERE id = ?
        """,
        [post_id],
    )
    yield
    db.execute(
        "INSERT INTO posts_fts (rowid, title, text) SELECT id, title, text FROM post_texts WHERE id = ?",
        [post_id],
    )


def refresh(db: Database, post_id: int) -> None:
    """Choose the entry that stands for the post, and copy what people sort and search by.

    A whole text goes before an excerpt, then the longer text, then the one we saw first.
    """
    with reindexed(db, post_id):
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
