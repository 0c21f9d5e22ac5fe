"""Whether the full-text indexes are whole. FTS5 checks most of itself; where it does not, we read its pages.

The form of these pages is told at the head of SQLite's `fts5_index.c`.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archiver.errors import StoreError
from archiver.store import connect, indexing
from archiver.store.proofs import Damage, Step

_PAGE_BITS = 31
_SEGMENT_BITS = 37
"""A page's number in `posts_fts_data`: segment, a bit for lists of documents, five of height, place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """A full-text index, and what its words are made of."""

    name: str
    texts: str
    """The view that says for each row what it must hold."""

    def damage(self, problem: str, row: int | None = None) -> Damage:
        return Damage(table=self.name, row=row, column=None, problem=problem)


_POSTS = _Index(name="posts_fts", texts="post_texts")
_REVISIONS = _Index(name="revisions_fts", texts="revision_terms")


def check_posts(db: Database, step: Step) -> Iterator[Damage]:
    """Whether the index of posts can be asked, knows all texts, and finds its way."""
    view = db.execute("SELECT sql FROM sqlite_master WHERE name = 'post_texts'").fetchone()[0]
    lent = re.sub(r"\b(FROM|JOIN) (\w+)", r"\1 main.\2", view)
    yield from _asked(db, _POSTS)
    yield from _compared(db, _POSTS, lent.replace("CREATE VIEW post_texts", "CREATE TEMP VIEW post_texts", 1))
    yield from _ways(db, _POSTS)


def check_revisions(db: Database, step: Step) -> Iterator[Damage]:
    """The same of the index of all versions, whose words are made anew to be compared."""
    yield from _asked(db, _REVISIONS)
    yield from _known(db)
    made: dict[int, tuple[str, ...]] = {}

    def word(column: int, *row: Any) -> str:  # noqa: ANN401 - whatever the tables hold
        if row[0] not in made:  # FTS5 asks for one column after the other
            made.clear()
            try:
                made[row[0]] = indexing.words_of([_text(value) for value in row])
            except (ValueError, TypeError, AttributeError):
                # Nothing can be made of a damaged row, and so nothing in the index can be right.
                made[row[0]] = ("",) * len(indexing.COLUMNS)
        return made[row[0]][column]

    db.conn.create_function("archiver_words", -1, word)
    columns = ", ".join(
        f"archiver_words({number}, source.*) AS {name}" for number, name in enumerate(indexing.COLUMNS)
    ).replace("source.*", ", ".join(map(_bytes, indexing.SOURCE_COLUMNS)))
    source = indexing.SOURCE.format(schema="main.")
    view = f"CREATE TEMP VIEW revision_terms AS SELECT id, {columns} FROM ({source}) AS source"
    yield from _compared(db, _REVISIONS, view)
    yield from _ways(db, _REVISIONS)


def _bytes(name: str) -> str:
    """A column for a function of ours: a damaged text may be no text at all, and must come all the same."""
    return f"CASE typeof(source.{name}) WHEN 'text' THEN CAST(source.{name} AS BLOB) ELSE source.{name} END"


def _text(value: Any) -> Any:  # noqa: ANN401 - whatever the tables hold
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _known(db: Database) -> Iterator[Damage]:
    """Versions that the index does not know, and rows of it that are no version."""
    with connect.moment(db):
        for problem, one, other in (
            ("is not in the index", "SELECT id FROM revisions", "SELECT id FROM revisions_fts_docsize"),
            ("is no version", "SELECT id FROM revisions_fts_docsize", "SELECT id FROM revisions"),
        ):
            for (number,) in db.execute(f"{one} EXCEPT {other} LIMIT 100"):
                yield _REVISIONS.damage(problem, number)


def _asked(db: Database, index: _Index) -> Iterator[Damage]:
    """A question like any other: without its settings the index answers none."""
    try:
        db.execute(f"SELECT rowid FROM {index.name} WHERE {index.name} MATCH 'archive' LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        yield index.damage(f"the index cannot be asked: {error}")


def _compared(db: Database, index: _Index, view: str) -> Iterator[Damage]:
    """The full-text index and the texts.

    FTS5 checks itself by an INSERT, for which it would have to lock the archive. So the index is copied to a
    temporary file, which borrows the same texts.
    """
    name = index.name
    db.execute("PRAGMA query_only = OFF")  # the connection itself is read-only
    sql = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()[0]
    sql = sql.replace("content = ''", f"content = '{index.texts}', content_rowid = 'id'")
    try:
        with connect.moment(db):
            db.execute(view)
            db.execute(sql.replace(f"TABLE {name}", f"TABLE temp.{name}", 1))
            if _settings(db, index, "main") != _settings(db, index, "temp"):
                yield index.damage("its settings are not those that it was made with")
            for part in ("data", "idx", "docsize", "config"):
                db.execute(f"DELETE FROM temp.{name}_{part}")
                db.execute(f"INSERT INTO temp.{name}_{part} SELECT * FROM main.{name}_{part}")
    except (sqlite3.DatabaseError, StoreError) as error:
        yield index.damage(f"the index cannot be read: {error}")
        return
    try:
        db.execute(f"INSERT INTO temp.{name} ({name}, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        yield index.damage(f"the full-text index and the texts differ: {error}")
    finally:
        db.execute(f"DROP TABLE IF EXISTS temp.{name}")
        db.execute(f"DROP VIEW IF EXISTS temp.{index.texts}")
        db.execute("PRAGMA query_only = ON")


def _settings(db: Database, index: _Index, schema: str) -> list[tuple[object, ...]]:
    """What FTS5 keeps beside the index; we set nothing there, so a new index has the same."""
    return db.execute(
        f"SELECT typeof(k), k, typeof(v), v FROM {schema}.{index.name}_config ORDER BY k"
    ).fetchall()


def _ways(db: Database, index: _Index) -> Iterator[Damage]:
    """`…_idx` leads to each page on which a word begins, by a beginning of that word.

    FTS5 checks the ways that are there. One that is not makes searches find nothing, and nobody notices.
    While it merges segments bit by bit, it cuts off the pages that it is done with, and the words on the page
    where it stopped, and leaves their ways behind.
    """
    with connect.moment(db):
        ways = {
            (segment, place >> 1): bytes(word)
            for segment, word, place in db.execute(
                f"SELECT segid, CAST(term AS BLOB), pgno FROM {index.name}_idx"
            )
        }
        begins: dict[int, int] = {}
        found = 0
        for number, page in db.execute(
            f"SELECT id, block FROM {index.name}_data WHERE id >> ? ORDER BY id", [_SEGMENT_BITS]
        ):
            segment, within = number >> _SEGMENT_BITS, number & ((1 << _SEGMENT_BITS) - 1)
            if within >> _PAGE_BITS:
                continue
            first = begins.setdefault(segment, within)
            word = _first_word(bytes(page))
            if word is None:
                continue
            found += 1
            way = ways.get((segment, within))
            if way is None or not (word.startswith(way) or (within == first and way < word)):
                yield index.damage(f"no way leads to the words of page {number}")
    if found < sum(page >= begins.get(segment, page) for segment, page in ways):
        yield index.damage("a way leads to no page on which a word begins")


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
