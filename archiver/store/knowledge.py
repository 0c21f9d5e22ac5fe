"""What the archive knows and a decision needs. Every look-up goes through an index."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database

from archiver.model import Candidate, KnownEntry, PreparedEntry, Rung
from archiver.times import from_text

_CANDIDATES_PER_KEY = 16
"""A title or a shingle that thousands of entries share says little: the newest few are enough to look at."""

_KNOWN_COLUMNS = """
    id, rung, key, guid, url, url_key, title, title_key, published_at, content_sha256, content_text, revision,
    present, first_seen_at, missing_since, withdrawn_at,
    (SELECT json_group_array(key) FROM aliases WHERE entry_id = entries.id) AS aliases
"""


def known_entries(db: Database, feed_id: int, document: Sequence[PreparedEntry]) -> tuple[KnownEntry, ...]:
    """Entries of the feed that share a key with the document, stood in the last one, or went missing."""
    wanted = {
        "feed_id": feed_id,
        "keys": json.dumps(sorted({entry.identity.key for entry in document})),
        "hashes": json.dumps(sorted({f"{Rung.HASH}:{entry.identity.hash_key[:32]}" for entry in document})),
        "guids": json.dumps(sorted({entry.data.guid for entry in document if entry.data.guid})),
        "url_keys": json.dumps(sorted({e.identity.url_key for e in document if e.identity.url_key})),
    }
    rows = db.query(
        f"""
        SELECT {_KNOWN_COLUMNS} FROM entries WHERE id IN (
            SELECT id FROM entries WHERE feed_id = :feed_id AND present = 1
            UNION SELECT id FROM entries
                WHERE feed_id = :feed_id AND missing_since IS NOT NULL AND withdrawn_at IS NULL
            UNION SELECT id FROM entries
                WHERE feed_id = :feed_id AND key IN (SELECT value FROM json_each(:keys))
            UNION SELECT id FROM entries
                WHERE feed_id = :feed_id AND key IN (SELECT value FROM json_each(:hashes))
            UNION SELECT id FROM entries
                WHERE feed_id = :feed_id AND guid IN (SELECT value FROM json_each(:guids))
            UNION SELECT id FROM entries
                WHERE url_key IN (SELECT value FROM json_each(:url_keys)) AND feed_id = :feed_id
            UNION SELECT entry_id FROM aliases
                WHERE feed_id = :feed_id AND key IN (SELECT value FROM json_each(:keys))
        )
        ORDER BY id
        """,
        wanted,
    )
    return tuple(_known(row) for row in rows)


def missing_entries(db: Database, feed_id: int) -> tuple[KnownEntry, ...]:
    """Entries that the last complete answer lacked and that are not yet taken for withdrawn."""
    rows = db.query(
        f"""
        SELECT {_KNOWN_COLUMNS} FROM entries
        WHERE feed_id = ? AND missing_since IS NOT NULL AND withdrawn_at IS NULL ORDER BY id
        """,
        [feed_id],
    )
    return tuple(_known(row) for row in rows)


def candidates(db: Database, entry: PreparedEntry) -> tuple[Candidate, ...]:
    """Archived entries of any feed that may tell the same story: by canonical URL, title or sketch.

    The work is bounded whatever the archive's size: each key brings at most its newest few.
    """
    ids: set[int] = set()
    identity = entry.identity
    for column, value in (("url_key", identity.url_key), ("title_key", identity.title_key)):
        if value:
            ids.update(
                row[0]
                for row in db.execute(
                    f"""
                    SELECT id FROM entries
                    WHERE {column} = :value AND {column} {"IS NOT NULL" if column == "url_key" else "<> ''"}
                    ORDER BY id DESC LIMIT {_CANDIDATES_PER_KEY}
                    """,
                    {"value": value},
                )
            )
    for shingle in identity.sketch:
        ids.update(
            row[0]
            for row in db.execute(
                f"""
                SELECT entry_id FROM sketches WHERE hash = ?
                ORDER BY entry_id DESC LIMIT {_CANDIDATES_PER_KEY}
                """,
                [shingle],
            )
        )
    return _candidates_by_id(db, ids)


def _candidates_by_id(db: Database, ids: Iterable[int]) -> tuple[Candidate, ...]:
    rows = db.query(
        """
        SELECT id AS entry_id, post_id, feed_id, title, url, url_key, title_key, content_text, published_at,
            language
        FROM entries WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id
        """,
        [json.dumps(sorted(ids))],
    )
    return tuple(Candidate(**_with_times(row, "published_at")) for row in rows)


def _known(row: Mapping[str, Any]) -> KnownEntry:
    values = _with_times(row, "published_at", "first_seen_at", "missing_since", "withdrawn_at")
    values["rung"] = Rung(values["rung"])
    values["present"] = bool(values["present"])
    values["aliases"] = tuple(json.loads(values["aliases"]))
    return KnownEntry(**values)


def _with_times(row: Mapping[str, Any], *columns: str) -> dict[str, Any]:
    values = dict(row)
    for column in columns:
        values[column] = from_text(values[column]) if values[column] else None
    return values
