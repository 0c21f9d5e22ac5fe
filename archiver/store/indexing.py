"""The index of all versions, `revisions_fts`: what is written into it, and how an older archive is filled.

One row for each revision, in force or not, never changed once written. It holds no text (FTS5, contentless),
only where words stand, folded and stemmed by `stems`; so an old version can be found as it was. The column
`facts` has words for what filters ask (`feed12 lang_ru py2024`), so that FTS5 itself can intersect them.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlite_utils import Database

from archiver.model import EntryData, Markup, PreparedEntry, Terms
from archiver.store.lines import Lines
from archiver.store.rows import insert, selected

COLUMNS = ("text", "title", "authors", "tags", "plain", "facts")
"""FTS5 takes two bytes less for each word of the first."""

TABLE = """
    CREATE VIRTUAL TABLE revisions_fts USING fts5 (
        text, title, authors, tags, plain, facts,
        content = '', tokenize = "ascii tokenchars '_'"
    )
"""
EARLIER = """
    CREATE TABLE earlier_texts (
        revision_id INTEGER PRIMARY KEY REFERENCES revisions (id),
        language TEXT,
        language_source TEXT CHECK (language_source IN ('label', 'declared', 'text')),
        is_excerpt INTEGER NOT NULL,
        content_text TEXT NOT NULL
    ) STRICT
"""

_PAGE = 500
_MANY = 20_000

log = logging.getLogger(__name__)


# ---------------------------------------------------------------- facts


def date_words(begins: str, time: str) -> Iterator[str]:
    """Century, year, month and day of a time, each a word: `pc20 py2024 pm202405 pd20240503`."""
    yield f"{begins}c{time[:2]}"
    yield f"{begins}y{time[:4]}"
    yield f"{begins}m{time[:4]}{time[5:7]}"
    yield f"{begins}d{time[:4]}{time[5:7]}{time[8:10]}"


def language_words(language: str | None) -> Iterator[str]:
    """`lang_pt lang_pt_br` for pt-BR."""
    if language:
        folded = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in language.lower())
        yield f"lang_{folded.partition('_')[0]}"
        if "_" in folded:
            yield f"lang_{folded}"


def facts(
    *,
    feed_id: int,
    language: str | None,
    published_at: str | None,
    first_seen_at: str,
    seen_at: str,
    revision: int,
) -> str:
    """What filters ask of a version, in words."""
    words = ["any", f"feed{feed_id}", *language_words(language)]
    words += date_words("p", published_at or first_seen_at)
    words += date_words("s", seen_at)
    if revision > 1:
        words.append("changed")
    return " ".join(words)


# ---------------------------------------------------------------- writing

_INSERT = f"INSERT INTO revisions_fts (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?, ?)"


def add(
    lines: Lines,
    revision_id: int,
    entry: PreparedEntry,
    *,
    feed_id: int,
    published_at: str | None,
    first_seen_at: str,
    seen_at: str,
    revision: int,
) -> None:
    """Index a version that was just written."""
    told = facts(
        feed_id=feed_id,
        language=entry.cleaned.language,
        published_at=published_at,
        first_seen_at=first_seen_at,
        seen_at=seen_at,
        revision=revision,
    )
    lines.add(_INSERT, (revision_id, *_words(entry.terms or _terms(entry)), told))


def _terms(entry: PreparedEntry) -> Terms:
    from archiver import stems  # the workers have made them, as a rule

    return stems.of_entry(entry.data, entry.cleaned)


def _words(terms: Terms) -> tuple[str, ...]:
    return terms.text, terms.title, terms.authors, terms.tags, terms.plain


def keep_text(db: Database, entry_id: int) -> None:
    """Keep the text of the version that is in force, before another takes its place in `entries`."""
    rows = selected(
        db,
        """
        SELECT revisions.id AS revision_id, entries.language, entries.language_source, entries.is_excerpt,
            entries.content_text
        FROM entries JOIN revisions ON revisions.entry_id = entries.id
            AND revisions.revision = entries.revision
        WHERE entries.id = ?
        """,
        [entry_id],
    )
    for row in rows:
        insert(db, "earlier_texts", row)


# ---------------------------------------------------------------- what is written, from the tables

SOURCE_COLUMNS = (
    "id", "feed_id", "title", "text", "language", "authors", "categories", "published_at", "first_seen_at",
    "seen_at", "revision",
)  # fmt: skip
SOURCE = """
    SELECT revisions.id AS id, entries.feed_id AS feed_id, revisions.title AS title,
        iif(earlier.revision_id IS NULL, entries.content_text, earlier.content_text) AS text,
        iif(earlier.revision_id IS NULL, entries.language, earlier.language) AS language,
        revisions.authors AS authors, revisions.categories AS categories,
        revisions.published_at AS published_at, entries.first_seen_at AS first_seen_at,
        revisions.seen_at AS seen_at, revisions.revision AS revision
    FROM {schema}revisions AS revisions
    JOIN {schema}entries AS entries ON entries.id = revisions.entry_id
    LEFT JOIN {schema}earlier_texts AS earlier ON earlier.revision_id = revisions.id
"""
"""All that the index is made of, for each version."""


def words_of(row: Sequence[Any]) -> tuple[str, ...]:
    """A row of the index in the order of COLUMNS, from a row of SOURCE."""
    from archiver import stems

    _, feed_id, title, text, language, authors, categories, published, first_seen, seen, revision = row
    terms = stems.of_version(
        title=title,
        text=text,
        authors=[part for one in json.loads(authors) for part in (one.get("name"), one.get("email")) if part],
        subjects=[
            part for one in json.loads(categories) for part in (one.get("term"), one.get("label")) if part
        ],
        language=language,
    )
    told = facts(
        feed_id=feed_id,
        language=language,
        published_at=published,
        first_seen_at=first_seen,
        seen_at=seen,
        revision=revision,
    )
    return *_words(terms), told


def keep_earlier_texts(db: Database) -> None:
    """Keep the texts of versions that are not in force, of an archive that has only the others."""
    for rows in _pages(db, _EARLIER):
        db.conn.executemany("INSERT INTO earlier_texts VALUES (?, ?, ?, ?, ?)", map(_cleaned, rows))


def fill_anew(db: Database) -> None:
    """Index all versions, of an archive of which the index is empty, or was made otherwise."""
    (count,) = db.execute("SELECT count(*) FROM revisions").fetchone()
    if count > _MANY:
        log.info(
            "the archive gets its new index: %s versions, about %s minutes", f"{count:,}", count // 60_000 + 1
        )
    db.execute("INSERT INTO revisions_fts (revisions_fts) VALUES ('delete-all')")
    for rows in _pages(db, SOURCE.format(schema="")):
        db.conn.executemany(_INSERT, ((row[0], *words_of(row)) for row in rows))


def _pages(db: Database, source: str) -> Iterator[list[Sequence[Any]]]:
    last = -(2**63)
    while rows := db.execute(
        f"{source} WHERE revisions.id > ? ORDER BY revisions.id LIMIT {_PAGE}", [last]
    ).fetchall():
        yield rows
        last = rows[-1][0]


_EARLIER = """
    SELECT revisions.id, revisions.title, revisions.language, revisions.summary, revisions.summary_type,
        revisions.content, revisions.content_type, feeds.language, feeds.title
    FROM revisions JOIN entries ON entries.id = revisions.entry_id AND entries.revision > revisions.revision
    JOIN feeds ON feeds.id = entries.feed_id
"""


def _cleaned(row: Sequence[Any]) -> tuple[Any, ...]:
    """The text of a version, from what was published."""
    from archiver.clean import clean  # takes long to load, and only an archive without an index needs it

    number, title, language, summary, summary_type, content, content_type, feed_language, feed_title = row
    cleaned = clean(
        EntryData(
            position=0,
            title=title,
            language=language,
            summary=None if summary is None else Markup(value=summary, type=summary_type or "text/html"),
            content=None if content is None else Markup(value=content, type=content_type or "text/html"),
        ),
        feed_language=feed_language,
        feed_title=feed_title,
    )
    return (
        number,
        cleaned.language,
        cleaned.language_source,
        int(cleaned.is_excerpt),
        cleaned.content_text.replace("\0", "\N{REPLACEMENT CHARACTER}"),
    )


def languages(db: Database, among: Iterable[str]) -> tuple[str, ...]:
    """Those of these languages (primary tags) that any version is in."""
    return tuple(
        language
        for language in among
        if db.execute(
            "SELECT 1 FROM revisions_fts WHERE revisions_fts MATCH ? LIMIT 1", [f"facts:lang_{language}"]
        ).fetchone()
    )
