"""What the archive knows and a decision needs. Every look-up goes through an index."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.churn import History, Version
from archiver.identify.keys import key as rung_key
from archiver.identify.words import MOST_CHARACTERS
from archiver.model import Candidate, KnownEntry, PreparedEntry, Rung
from archiver.store.rows import selected, sound
from archiver.times import from_text

NEWEST = 16
"""A title, link or shingle that thousands of entries share says little: the newest few are enough."""

_KNOWN_COLUMNS = """
    id, rung, key, guid, url, url_key, title, title_key, published_at, content_sha256, content_text, revision,
    present, first_seen_at, missing_since, withdrawn_at, missing_fetch_id, updated_at, position, suspect
"""


def _missing(feed: str) -> str:
    return f"""
        SELECT id FROM entries INDEXED BY entries_missing
        WHERE feed_id = {feed} AND missing_since IS NOT NULL AND withdrawn_at IS NULL
    """


def concerned(feed: str) -> str:
    """SQL for the ids of what `missing_entries` are, of the feed of which this is the number in SQL."""
    return f"""
        {_missing(feed)} UNION ALL SELECT id FROM entries INDEXED BY entries_suspect
        WHERE feed_id = {feed} AND suspect = 1 AND present = 1
    """


_MISSING = _missing(":feed_id")
"""What went missing. Indexes are named, here and below, since SQLite may take that of all a feed ever had."""

_STANDING = f"""
    SELECT id FROM entries INDEXED BY entries_present WHERE feed_id = :feed_id AND present = 1
    UNION {_MISSING}
"""
"""What stood in the last document, or went missing."""

_BY_NAME = f"""
    SELECT id FROM entries WHERE feed_id = :feed_id AND key IN (SELECT value FROM json_each(:keys))
    UNION SELECT entry_id FROM aliases
        WHERE feed_id = :feed_id AND key IN (SELECT value FROM json_each(:keys))
    UNION SELECT newest.value FROM json_each(:guids) AS wanted, json_each((
        SELECT json_group_array(id) FROM (
            SELECT id FROM entries WHERE feed_id = :feed_id AND guid = wanted.value
            ORDER BY id DESC LIMIT {NEWEST}
        )
    )) AS newest
    UNION SELECT newest.value FROM json_each(:url_keys) AS wanted, json_each((
        SELECT json_group_array(id) FROM (
            SELECT id FROM entries WHERE feed_id = :feed_id AND url_key = wanted.value
            ORDER BY id DESC LIMIT {NEWEST}
        )
    )) AS newest
"""
"""What has a key, an alias, an id or a link of the document's entries."""

_BY_TITLE = f"""
    SELECT newest.value FROM json_each(:titles) AS wanted, json_each((
        SELECT json_group_array(id) FROM (
            SELECT id FROM entries WHERE feed_id = :feed_id AND title_key = wanted.value AND title_key <> ''
            ORDER BY id DESC LIMIT {NEWEST}
        )
    )) AS newest
"""


def known_entries(db: Database, feed_id: int, document: Sequence[PreparedEntry]) -> tuple[KnownEntry, ...]:
    """Entries of the feed that share a key or a title with the document, stood in the last one, or went
    missing.

    Keys are those of every rung, since an entry may fall to a lower one in the light of what is known. Their
    `aliases` are those that the document uses.
    """
    names = _names(feed_id, document)
    ids = f"{_STANDING} UNION {_BY_NAME} UNION {_BY_TITLE}"
    rows = selected(db, f"SELECT {_KNOWN_COLUMNS} FROM entries WHERE id IN ({ids}) ORDER BY id", names)
    return _with_aliases(db, rows, names)


def known_beside(
    db: Database, feed_id: int, document: Sequence[PreparedEntry], seen: Collection[int]
) -> tuple[KnownEntry, ...]:
    """The same of the rest of a document that has these `seen` entries to the letter.

    Of the seen ones only those are told that share something with the rest.
    """
    names = _names(feed_id, document)
    ids = {row[0] for row in db.execute(_STANDING, {"feed_id": feed_id})}.difference(seen)
    if document:
        ids.update(row[0] for row in db.execute(f"{_BY_NAME} UNION {_BY_TITLE}", names))
    rows = selected(
        db,
        f"SELECT {_KNOWN_COLUMNS} FROM entries WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        [json.dumps(sorted(ids))],
    )
    return _with_aliases(db, rows, names)


def _names(feed_id: int, document: Sequence[PreparedEntry]) -> dict[str, Any]:
    """All that entries may be known by, as parameters."""
    return {
        "feed_id": feed_id,
        "keys": json.dumps(sorted({key for entry in document for key in _keys(entry)})),
        "titles": json.dumps(sorted({sound(e.identity.title_key) for e in document if e.identity.title_key})),
        "guids": json.dumps(sorted({sound(e.data.guid) for e in document if e.data.guid})),
        "url_keys": json.dumps(sorted({sound(e.identity.url_key) for e in document if e.identity.url_key})),
    }


def _with_aliases(
    db: Database, rows: Iterable[Mapping[str, Any]], names: Mapping[str, Any]
) -> tuple[KnownEntry, ...]:
    aliases: dict[int, list[str]] = {}
    for key, entry_id in db.execute(
        "SELECT key, entry_id FROM aliases WHERE feed_id = ? AND key IN (SELECT value FROM json_each(?))",
        [names["feed_id"], names["keys"]],
    ):
        aliases.setdefault(entry_id, []).append(key)
    return tuple(_known(row, aliases.get(row["id"], ())) for row in rows)


def _keys(entry: PreparedEntry) -> Iterable[str]:
    identity = entry.identity
    yield identity.key
    yield f"{Rung.HASH}:{identity.hash_key[:32]}"
    if entry.data.guid:
        yield rung_key(Rung.GUID, entry.data.guid)
    if identity.url_key:
        yield rung_key(Rung.URL, identity.url_key)


def missing_entries(db: Database, feed_id: int) -> tuple[KnownEntry, ...]:
    """Entries that the last document of the feed's own lacked, and are not yet taken for withdrawn; no
    aliases.

    Those among them that are `suspect` came with another site's content.
    """
    rows = selected(
        db,
        f"""
        SELECT {_KNOWN_COLUMNS} FROM entries WHERE id IN (
            {concerned(":feed_id")}
        )
        ORDER BY id
        """,
        {"feed_id": feed_id},
    )
    return tuple(_known(row, ()) for row in rows)


def first_seen(db: Database, ids: Collection[int]) -> dict[int, datetime]:
    """When entries were first seen, by id."""
    rows = db.execute(
        "SELECT id, first_seen_at FROM entries WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(sorted(ids))],
    )
    return {entry_id: from_text(met) for entry_id, met in rows}


def history(db: Database, entry_id: int, *, limit: int) -> History:
    """The last versions of an entry, and whether each complete answer since the first of them brought one."""
    rows = list(
        db.query(
            """
            SELECT fetch_id, title, authors, url, coalesce(published_raw, published_at) AS published, summary,
                content, enclosures, categories
            FROM revisions WHERE entry_id = ? ORDER BY revision DESC LIMIT ?
            """,
            [entry_id, limit],
        )
    )[::-1]
    feed_id, churn, churn_fetch_id = db.execute(
        "SELECT feed_id, churn, churn_fetch_id FROM entries WHERE id = ?", [entry_id]
    ).fetchone()
    first = rows[0]["fetch_id"]
    # An entry that stood still for as many answers as it takes to be noticed has come to rest.
    if churn and _answers_since(db, feed_id, churn_fetch_id, limit=limit + 2) > limit + 1:
        churn = None
    return History(
        versions=tuple(_version(row) for row in rows),
        in_a_row=_answers_since(db, feed_id, first, limit=limit + 1) <= len(rows),
        churn=churn,
    )


def _answers_since(db: Database, feed_id: int, fetch_id: int, *, limit: int) -> int:
    """How many whole answers a feed has given from this one on, counted up to `limit`."""
    row = db.execute(
        """
        SELECT count(*) FROM (
            SELECT 1 FROM fetches
            WHERE feed_id = ? AND id >= ? AND outcome IN ('new', 'unchanged', 'not_modified') AND partial = 0
            LIMIT ?
        )
        """,
        [feed_id, fetch_id, limit],
    ).fetchone()
    return int(row[0])


def _version(row: Mapping[str, Any]) -> Version:
    people, files, subjects = (json.loads(row[part]) for part in ("authors", "enclosures", "categories"))
    columns = ("title", "url", "published", "summary", "content")
    return Version(
        **{column: row[column] for column in columns},
        authors=tuple((person["name"], person["email"], person["url"]) for person in people),
        enclosures=tuple(sorted(f"{file['url']} {file['type']} {file['length']}" for file in files)),
        categories=tuple(sorted(f"{one['term']} {one['scheme']} {one['label']}" for one in subjects)),
    )


def candidates(db: Database, entry: PreparedEntry) -> tuple[Candidate, ...]:
    """Archived entries of any feed that may tell the same story: by canonical URL, title or sketch.

    The work is bounded whatever the archive's size: each key brings at most its newest few.
    """
    ids: set[int] = set()
    identity = entry.identity
    for query, value in ((_WITH_URL, identity.url_key), (_WITH_TITLE, identity.title_key)):
        if value:
            ids.update(row[0] for row in db.execute(query, [sound(value)]))
    for shingle in identity.sketch:
        ids.update(row[0] for row in db.execute(_WITH_SHINGLE, [shingle]))
    return _candidates_by_id(db, ids) if ids else ()


_WITH_URL = f"""
    SELECT id FROM entries WHERE url_key = ? AND url_key IS NOT NULL ORDER BY id DESC LIMIT {NEWEST}
"""
_WITH_TITLE = f"""
    SELECT id FROM entries WHERE title_key = ? AND title_key <> '' ORDER BY id DESC LIMIT {NEWEST}
"""
_WITH_SHINGLE = f"SELECT entry_id FROM sketches WHERE hash = ? ORDER BY entry_id DESC LIMIT {NEWEST}"


def _candidates_by_id(db: Database, ids: Iterable[int]) -> tuple[Candidate, ...]:
    rows = selected(
        db,
        f"""
        SELECT id AS entry_id, post_id, feed_id, title, url, url_key, title_key,
            substr(content_text, 1, {MOST_CHARACTERS}) AS content_text, published_at, language
        FROM entries WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
        """,
        [json.dumps(sorted(ids))],
    )
    return tuple(Candidate(**_with_times(row, "published_at")) for row in rows)


def _known(row: Mapping[str, Any], aliases: Sequence[str]) -> KnownEntry:
    values = _with_times(row, "published_at", "updated_at", "first_seen_at", "missing_since", "withdrawn_at")
    values["rung"] = Rung(values["rung"])
    values["present"] = bool(values["present"])
    values["suspect"] = bool(values["suspect"])
    return KnownEntry(**values, aliases=tuple(aliases))


def _with_times(row: Mapping[str, Any], *columns: str) -> dict[str, Any]:
    values = dict(row)
    for column in columns:
        values[column] = from_text(values[column]) if values[column] else None
    return values
