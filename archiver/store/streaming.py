"""All entries or versions that answer a question, as one stream of plain rows, in the order of entries.

A row is a tuple in the order of ENTRY_COLUMNS or REVISION_COLUMNS. Times are the archive's texts; what
is JSON in the archive (`authors`, `enclosures`, `categories`, `reading`) stays JSON text. One cursor in
one moment of the archive gives them, so they are consistent with each other, and memory does not grow
with their number.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlite_utils import Database

from archiver.model import Cleaned, EntryData, Markup, Person
from archiver.presence import date_note
from archiver.query import All, Query
from archiver.store import search
from archiver.store.feed_names import FeedNames
from archiver.times import from_text

PAGE = 500
"""Rows that are handed on together."""

ENTRY_COLUMNS = (
    "id", "feed_id", "post_id", "post_rule", "post_confidence", "rung", "guid", "url", "title", "authors",
    "published_at", "published_raw", "updated_at", "updated_raw", "date_note", "first_seen_at",
    "last_seen_at", "present", "missing_since", "missing_fetch_id", "withdrawn_at", "withdrawn_fetch_id",
    "suspect", "churn", "churn_since", "churn_count", "churn_fetch_id", "language", "language_source",
    "is_excerpt", "summary_html", "content_html", "content_text", "content_sha256", "revision", "checksum",
    "feed", "feed_url", "enclosures", "categories",
)  # fmt: skip
"""What `archiver show entry:ID --json` prints, in the same order."""

REVISION_COLUMNS = (
    "id", "entry_id", "revision", "fetch_id", "seen_at", "content_sha256", "title", "authors", "url",
    "published_at", "published_raw", "updated_at", "updated_raw", "language", "summary", "summary_type",
    "content", "content_type", "enclosures", "categories", "reading", "checksum", "fetched_at",
    "fetched_from", "body_sha256", "feed_id", "post_id", "guid", "feed", "feed_url",
)  # fmt: skip
"""What `archiver show entry:ID --history --json` prints of a version, and whose it is."""

BESIDE_COLUMNS = ("key", "is_canonical", "shares_guid", "revised_at")
"""What comes after the columns of an entry for formats that make documents: its key in the feed; whether
the post has its words; whether an earlier entry of the post has the same id; when the version was seen, if it
is not the first."""

JSON_COLUMNS = frozenset({"authors", "enclosures", "categories", "reading"})

UNKNOWN_AS_OF = frozenset(
    {
        "last_seen_at", "present", "missing_since", "missing_fetch_id", "suspect", "churn", "churn_since",
        "churn_count", "churn_fetch_id", "checksum",
    }
)  # fmt: skip
"""Columns that say how an entry stands today, and that nobody wrote down day by day: empty as of a day."""

Row = tuple[Any, ...]


class Rows(StrEnum):
    """What a row is."""

    ENTRIES = "entries"
    """An entry, in its latest version, or in the one that was in force."""
    VERSIONS = "versions"
    """A version, shaped as an entry: cleaned, as it would be shown."""
    REVISIONS = "revisions"
    """A version word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows, and with which columns."""

    question: Query = field(default_factory=Query)
    rows: Rows = Rows.ENTRIES
    beside: bool = False
    """With BESIDE_COLUMNS at the end."""
    one_per_post: bool = False
    """Of the entries of a post that answer only one: that whose words the post has, or else the first."""
    entry_ids: tuple[int, ...] | None = None
    """Only these."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of a row's values."""
        columns = REVISION_COLUMNS if self.rows is Rows.REVISIONS else ENTRY_COLUMNS
        return columns + (BESIDE_COLUMNS if self.beside else ())


def stream(db: Database, wanted: Wanted) -> Iterator[list[Row]]:
    """Pages of rows. The caller holds the moment for as long as it reads them."""
    feeds = FeedNames(db)
    if wanted.rows is Rows.REVISIONS:
        yield from _revisions(db, wanted, feeds)
    elif wanted.rows is Rows.VERSIONS or wanted.question.seen_by is not None:
        yield from _versions(db, wanted, feeds)
    else:
        yield from _entries(db, wanted, feeds)


# ---------------------------------------------------------------- entries as they are

_PLAIN = ENTRY_COLUMNS[:-4]


def _entries(db: Database, wanted: Wanted, feeds: FeedNames) -> Iterator[list[Row]]:
    columns = [f"entries.{name}" for name in _PLAIN] + (_beside(_REVISED_AT) if wanted.beside else [])
    where, parameters = _chosen(db, wanted)
    width = len(_PLAIN)
    sql = f"SELECT {', '.join(columns)} FROM entries WHERE {where} ORDER BY entries.id"
    for page in _pages(db, sql, parameters):
        named = feeds.named({row[1] for row in page})
        files, subjects = _parts(db, "enclosures", page), _parts(db, "categories", page)
        yield [
            (
                *row[:width],
                *named[row[1]],
                files.get(row[0], "[]"),
                subjects.get(row[0], "[]"),
                *row[width:],
            )
            for row in page
        ]


_PART_COLUMNS = {"enclosures": ("url", "type", "length"), "categories": ("term", "scheme", "label")}


def _parts(db: Database, table: str, page: Sequence[Row]) -> dict[int, str]:
    """Enclosures or categories of a page of entries, as JSON, by entry."""
    names = _PART_COLUMNS[table]
    ids = [row[0] for row in page]
    if ids[-1] - ids[0] < 4 * len(ids):
        where, parameters = "entry_id BETWEEN ? AND ?", [ids[0], ids[-1]]
    else:
        where, parameters = "entry_id IN (SELECT value FROM json_each(?))", [json.dumps(ids)]
    found = db.execute(
        f"SELECT entry_id, {', '.join(names)} FROM {table} WHERE {where} ORDER BY entry_id, position",
        parameters,
    )
    return {
        entry_id: json.dumps([dict(zip(names, row[1:], strict=True)) for row in rows], ensure_ascii=False)
        for entry_id, rows in groupby(found, key=itemgetter(0))
    }


def _beside(revised_at: str) -> list[str]:
    return [
        "entries.key",
        "(SELECT canonical_entry_id FROM posts WHERE posts.id = entries.post_id) IS entries.id",
        """EXISTS (
            SELECT 1 FROM entries AS earlier WHERE earlier.post_id = entries.post_id
                AND earlier.guid = entries.guid AND earlier.id < entries.id
        )""",
        revised_at,
    ]


_REVISED_AT = """
    iif(entries.revision = 1, NULL,
        (SELECT seen_at FROM revisions WHERE entry_id = entries.id AND revision = entries.revision))
"""


# ---------------------------------------------------------------- versions, as entries

_FROM_VERSION = frozenset(
    {
        "url",
        "title",
        "published_at",
        "published_raw",
        "updated_at",
        "updated_raw",
        "content_sha256",
        "revision",
    }
)
_DERIVED = (
    "authors", "date_note", "language", "language_source", "is_excerpt", "summary_html", "content_html",
    "content_text",
)  # fmt: skip
"""Columns that `entries` has of the latest version only; of others they are derived again."""
_RAW = ("seen_at", "language", "summary", "summary_type", "content", "content_type", "authors")
_IS_LATEST = "versions.revision = entries.revision"


def _versions(db: Database, wanted: Wanted, feeds: FeedNames) -> Iterator[list[Row]]:
    seen_by = wanted.question.seen_by
    told = {name: f"entries.{name}" for name in _PLAIN}
    told |= {name: f"versions.{name}" for name in _FROM_VERSION}
    told |= {name: f"iif({_IS_LATEST}, entries.{name}, NULL)" for name in _DERIVED}
    if seen_by is not None:
        told |= dict.fromkeys(UNKNOWN_AS_OF, "NULL")
        told |= {
            "withdrawn_at": "iif(fate.kind = 'withdrawn', fate.at, NULL)",
            "withdrawn_fetch_id": "iif(fate.kind = 'withdrawn', fate.fetch_id, NULL)",
            "missing_fetch_id": "iif(fate.kind = 'withdrawn', fate.earlier_fetch_id, NULL)",
        }
    columns = [
        *(told[name] for name in _PLAIN),
        "versions.enclosures",
        "versions.categories",
        _IS_LATEST,
        *(f"iif({_IS_LATEST}, NULL, versions.{name})" for name in _RAW),
        *(_beside("iif(versions.revision = 1, NULL, versions.seen_at)") if wanted.beside else ()),
    ]
    where, parameters = _chosen(db, wanted)
    tables = "entries JOIN revisions AS versions ON versions.entry_id = entries.id"
    if seen_by is not None:
        where += " AND versions.seen_at <= :seen_by"
        tables += f" LEFT JOIN events AS fate ON fate.id = ({_FATE})"
    if wanted.rows is Rows.ENTRIES:
        where += f" AND versions.revision = ({_IN_FORCE})"
    sql = f"SELECT {', '.join(columns)} FROM {tables} WHERE {where} ORDER BY entries.id, versions.revision"
    width = len(_PLAIN)
    is_latest, raw = width + 2, slice(width + 3, width + 3 + len(_RAW))
    name_of = feeds.named_then if seen_by is not None else feeds.named
    for page in _pages(db, sql, parameters | {"seen_by": seen_by}):
        named = name_of({row[1] for row in page})
        yield [
            (
                *(row[:width] if row[is_latest] else _derived(row[:width], row[raw], feeds)),
                *named[row[1]],
                *row[width : width + 2],
                *row[raw.stop :],
            )
            for row in page
        ]


_IN_FORCE = """
    SELECT max(revision) FROM revisions WHERE entry_id = entries.id AND seen_at <= :seen_by
"""
_FATE = """
    SELECT id FROM events
    WHERE entry_id = entries.id AND entry_id IS NOT NULL AND kind IN ('withdrawn', 'returned')
        AND at <= :seen_by
    ORDER BY at DESC, id DESC LIMIT 1
"""
_AT = {name: at for at, name in enumerate(ENTRY_COLUMNS)}


def _derived(row: Row, raw: Row, feeds: FeedNames) -> list[Any]:
    """A row of a version that is not the latest, with all that is derived from what was published."""
    seen_at, declared, summary, summary_type, content, content_type, people = raw
    authors = [Person(**one) for one in json.loads(people)]
    feed = feeds.described(row[1])
    data = EntryData(
        position=0,
        url=row[_AT["url"]],
        title=row[_AT["title"]],
        published_at=from_text(row[_AT["published_at"]]) if row[_AT["published_at"]] else None,
        published_raw=row[_AT["published_raw"]],
        summary=None if summary is None else Markup(value=summary, type=summary_type or "text/html"),
        content=None if content is None else Markup(value=content, type=content_type or "text/html"),
        base_url=_base(row[_AT["url"]], feed["site_url"], feed["url"]),
        language=declared,
    )
    from archiver.clean import clean  # takes long to load, and most questions do not need it

    cleaned: Cleaned = clean(data, feed_language=feed["language"], feed_title=feed["title"])
    values = {
        "authors": json.dumps([one.name or one.email or one.url for one in authors], ensure_ascii=False),
        "date_note": date_note(data, from_text(seen_at)),
        "language": cleaned.language,
        "language_source": cleaned.language_source,
        "is_excerpt": int(cleaned.is_excerpt),
        "summary_html": cleaned.summary_html,
        "content_html": cleaned.content_html,
        "content_text": cleaned.content_text,
    }
    made = list(row)
    for name, value in values.items():
        made[_AT[name]] = value
    return made


def _base(*addresses: str | None) -> str | None:
    """What relative links of an entry are relative to, where nothing else was said."""
    return next((one for one in addresses if one and one.lower().startswith(("http://", "https://"))), None)


# ---------------------------------------------------------------- versions, word for word

_REVISION = REVISION_COLUMNS[:22]


def _revisions(db: Database, wanted: Wanted, feeds: FeedNames) -> Iterator[list[Row]]:
    columns = [
        *(f"revisions.{name}" for name in _REVISION),
        "fetches.started_at",
        "fetches.final_url",
        "fetches.body_sha256",
        *("entries.feed_id", "entries.post_id", "entries.guid"),
    ]
    where, parameters = _chosen(db, wanted)
    seen_by = wanted.question.seen_by
    if seen_by is not None:
        where += " AND revisions.seen_at <= :seen_by"
    sql = f"""
        SELECT {", ".join(columns)} FROM entries
        JOIN revisions ON revisions.entry_id = entries.id
        JOIN fetches ON fetches.id = revisions.fetch_id
        WHERE {where} ORDER BY entries.id, revisions.revision
    """
    at = len(columns) - 3
    name_of = feeds.named_then if seen_by is not None else feeds.named
    for page in _pages(db, sql, parameters | {"seen_by": seen_by}):
        named = name_of({row[at] for row in page})
        yield [(*row, *named[row[at]]) for row in page]


# ---------------------------------------------------------------- what all have in common


def _chosen(db: Database, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """What must hold for `entries`, as SQL, and its parameters."""
    terms, parameters = ["1"], dict[str, Any]()
    question = wanted.question
    answer = "SELECT id FROM entries"
    if question.tree != All():
        answer, parameters = search.matching_entries(db, question)
        terms.append(f"entries.id IN ({answer})")
    if question.seen_by is not None:
        terms.append("entries.first_seen_at <= :seen_by")
        answer += " WHERE first_seen_at <= :seen_by" if question.tree == All() else ""
    if wanted.one_per_post and question.tree == All() and question.seen_by is None:
        terms.append("entries.id = (SELECT canonical_entry_id FROM posts WHERE posts.id = entries.post_id)")
    elif wanted.one_per_post:
        terms.append(f"entries.id IN ({_ONE_PER_POST.format(answer=answer)})")
    if wanted.entry_ids is not None:
        terms.append("entries.id IN (SELECT value FROM json_each(:entry_ids))")
        parameters |= {"entry_ids": json.dumps(wanted.entry_ids)}
    return " AND ".join(terms), parameters


_ONE_PER_POST = """
    SELECT coalesce(max(iif(posts.canonical_entry_id = same.id, same.id, NULL)), min(same.id))
    FROM entries AS same JOIN posts ON posts.id = same.post_id
    WHERE same.id IN ({answer}) GROUP BY same.post_id
"""


def _pages(db: Database, sql: str, parameters: dict[str, Any]) -> Iterator[list[Row]]:
    cursor = db.execute(sql, parameters)
    while page := cursor.fetchmany(PAGE):
        yield page
