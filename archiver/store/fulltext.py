"""Whether the full-text index is whole. FTS5 checks most of itself; where it does not, we read its pages.

The form of these pages is told at the head of SQLite's `fts5_index.c`.
"""

import re
import sqlite3
from collections.abc import Iterator

from sqlite_utils import Database

from archiver.errors import StoreError
from archiver.store import connect
from archiver.store.proofs import Damage, Step

_PAGE_BITS = 31
_SEGMENT_BITS = 37
"""A page's number in `posts_fts_data`: segment, a bit for lists of documents, five of height, place."""


def _damage(problem: str) -> Damage:
    return Damage(table="posts_fts", row=None, column=None, problem=problem)


def check(db: Database, step: Step) -> Iterator[Damage]:
    """Whether the index can be asked, knows all texts, and finds its way."""
    yield from _asked(db)
    yield from _compared(db)
    yield from _ways(db)


def _asked(db: Database) -> Iterator[Damage]:
    """A question like any other: without its settings the index answers none."""
    try:
        db.execute("SELECT rowid FROM posts_fts WHERE posts_fts MATCH 'archive' LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        yield _damage(f"the index cannot be asked: {error}")


def _compared(db: Database) -> Iterator[Damage]:
    """The full-text index and the texts.

    FTS5 checks itself by an INSERT, for which it would have to lock the archive. So the index is copied to a
    temporary file, which borrows the same texts.
    """
    db.execute("PRAGMA query_only = OFF")  # the connection itself is read-only
    sql = db.execute("SELECT sql FROM sqlite_master WHERE name = 'posts_fts'").fetchone()[0]
    view = db.execute("SELECT sql FROM sqlite_master WHERE name = 'post_texts'").fetchone()[0]
    try:
        with connect.moment(db):
            db.execute(
                re.sub(r"\b(FROM|JOIN) (\w+)", r"\1 main.\2", view).replace(
                    "CREATE VIEW post_texts", "CREATE TEMP VIEW post_texts", 1
                )
            )
            db.execute(sql.replace("TABLE posts_fts", "TABLE temp.posts_fts", 1))
            if _settings(db, "main") != _settings(db, "temp"):
                yield _damage("its settings are not those that it was made with")
            for part in ("data", "idx", "docsize", "config"):
                db.execute(f"DELETE FROM temp.posts_fts_{part}")
                db.execute(f"INSERT INTO temp.posts_fts_{part} SELECT * FROM main.posts_fts_{part}")
    except (sqlite3.DatabaseError, StoreError) as error:
        yield _damage(f"the index cannot be read: {error}")
        return
    try:
        db.execute("INSERT INTO temp.posts_fts (posts_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        yield _damage(f"the full-text index and the texts differ: {error}")
    finally:
        db.execute("DROP TABLE IF EXISTS temp.posts_fts")
        db.execute("DROP VIEW IF EXISTS temp.post_texts")
        db.execute("PRAGMA query_only = ON")


def _settings(db: Database, schema: str) -> list[tuple[object, ...]]:
    """What FTS5 keeps beside the index; we set nothing there, so a new index has the same."""
    return db.execute(
        f"SELECT typeof(k), k, typeof(v), v FROM {schema}.posts_fts_config ORDER BY k"
    ).fetchall()


def _ways(db: Database) -> Iterator[Damage]:
    """`posts_fts_idx` leads to each page on which a word begins, by a beginning of that word.

    FTS5 checks the ways that are there. One that is not makes searches find nothing, and nobody notices.
    """
    with connect.moment(db):
        ways = {
            (segment, place >> 1): bytes(word)
            for segment, word, place in db.execute(
                "SELECT segid, CAST(term AS BLOB), pgno FROM posts_fts_idx"
            )
        }
        found = 0
        for number, page in db.execute("SELECT id, block FROM posts_fts_data WHERE id >> ?", [_SEGMENT_BITS]):
            within = number & ((1 << _SEGMENT_BITS) - 1)
            word = _first_word(bytes(page)) if within >> _PAGE_BITS == 0 else None
            if word is None:
                continue
            found += 1
            way = ways.get((number >> _SEGMENT_BITS, within))
            if way is None or not word.startswith(way):
                yield _damage(f"no way leads to the words of page {number}")
    if found < len(ways):
        yield _damage("a way leads to no page on which a word begins")


def _first_word(page: bytes) -> bytes | None:
    """The first word that begins on a leaf; None where a list of documents fills it. Raises LookupError."""
    end = int.from_bytes(page[2:4], "big")
    if end >= len(page):
        return None
    start, _ = _number(page, end)
    size, start = _number(page, start)
    return page[start : start + size]


def _number(page: bytes, at: int) -> tuple[int, int]:
    """SQLite's number of variable length, small ones only, and where it ends."""
    value = 0
    for at in range(at, at + 9):  # noqa: B020
        value = value << 7 | page[at] & 127
        if page[at] < 128:
            break
    return value, at + 1
