"""What an entry has beside its row: enclosures, categories and the sketch of its latest version."""

from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from archiver.identify import sketch_of
from archiver.model import Category, Enclosure, Person, PreparedEntry
from archiver.store.rows import insert_many
from archiver.store.sealing import GROUPED, seal_all, seal_group

_PAGE = 500

_CLEARING = {table: f"DELETE FROM {table} WHERE entry_id = ?" for table in GROUPED}


def clear(db: Database, entry_id: int) -> None:
    """Take away what the version before had."""
    for statement in _CLEARING.values():
        db.execute(statement, [entry_id])


def insert(db: Database, entry_id: int, entry: PreparedEntry) -> None:
    """Write the parts of an entry that has none."""
    data = entry.data
    parts: dict[str, Sequence[tuple[Any, ...]]] = {
        "enclosures": [(at, one.url, one.type, one.length) for at, one in enumerate(data.enclosures)],
        "categories": [(at, one.term, one.scheme, one.label) for at, one in enumerate(data.categories)],
        "sketches": [(one,) for one in sorted(set(entry.identity.sketch))],
    }
    for table, rows in parts.items():
        if rows:
            columns = (*GROUPED[table], "entry_id")
            stored = insert_many(db, table, columns, [(*row, entry_id) for row in rows])
            seal_group(db, table, entry_id, (row[:-1] for row in stored))


def sketch_anew(db: Database) -> None:
    """Sketch the texts of all entries, and seal that: for a migration, where another program did."""
    db.execute("DELETE FROM sketches")
    db.execute("DELETE FROM seals WHERE about = 'sketches'")
    last = 0
    while rows := db.execute(_TEXTS, [last, _PAGE]).fetchall():
        db.conn.executemany(
            "INSERT INTO sketches (hash, entry_id) VALUES (?, ?)",
            [(number, entry_id) for entry_id, text in rows for number in sketch_of(text)],
        )
        last = rows[-1][0]
    seal_all(db, "sketches")


_TEXTS = "SELECT id, content_text FROM entries WHERE id > ? ORDER BY id LIMIT ?"


def flat(part: Person | Enclosure | Category) -> dict[str, Any]:
    """A part by the names of its fields: `asdict` says the same of what is flat, and is slow."""
    return {name: getattr(part, name) for name in part.__dataclass_fields__}
