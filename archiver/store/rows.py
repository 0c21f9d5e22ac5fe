"""Writing single rows quickly: plain statements, since sqlite-utils looks at the table before each insert."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlite_utils import Database

from archiver.failpoints import failpoint
from archiver.store.checksums import sealed
from archiver.store.sealing import PARENTS, seal_inserted
from archiver.store.together import parts, values

_SURROGATES = re.compile("[\ud800-\udfff]")
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


def insert(db: Database, table: str, row: Mapping[str, Any]) -> int:
    """Insert one row and return its rowid."""
    failpoint("write")
    row = _stored(table, row)
    given = {column: value for column, value in row.items() if value is not None}  # as it is by default
    cursor = db.execute(_insertion(table, tuple(given)), tuple(given.values()))
    row_id = int(cursor.lastrowid or 0)
    if table in PARENTS:
        seal_inserted(db, table, [(row_id, row)])
    return row_id


def insert_numbered(db: Database, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have their numbers, and all the same columns, into one of PARENTS."""
    failpoint("write")
    stored = [_stored(table, row) for row in rows]
    for part in parts(stored):
        statement = _insertion(table, tuple(part[0]), len(part))
        db.execute(statement, [*chain.from_iterable(row.values() for row in part)])
    seal_inserted(db, table, [(row["id"], row) for row in stored])


def insert_many(
    db: Database, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[list[Any]]:
    """Insert rows given as sequences in the order of `columns`; return them as they were stored."""
    failpoint("write")
    stored = [storable(row) for row in rows]
    names = tuple(columns)
    for part in parts(stored):
        db.execute(_insertion(table, names, len(part)), [*chain.from_iterable(part)])
    return stored


@lru_cache(maxsize=200)
def _insertion(table: str, columns: tuple[str, ...], rows: int = 1) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values(len(columns), rows)}"


def update(db: Database, table: str, row_id: int, row: Mapping[str, Any]) -> bool:
    """Change the named columns of the row with this id; return whether there is such a row."""
    failpoint("write")
    row = _stored(table, row)
    cursor = db.execute(_change(table, tuple(row)), (*row.values(), row_id))
    return bool(cursor.rowcount)


@lru_cache(maxsize=200)
def _change(table: str, columns: tuple[str, ...]) -> str:
    return f"UPDATE {table} SET {', '.join(f'{column} = ?' for column in columns)} WHERE id = ?"


def selected(db: Database, query: str, parameters: Sequence[Any] | Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a SELECT by the names of their columns, without the savepoint of sqlite-utils' `query`."""
    cursor = db.execute(query, parameters)  # type: ignore[arg-type]
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def seal(db: Database, table: str, row_id: int) -> None:
    """Take a row's checksum anew, after an UPDATE that did not go through here."""
    for row in list(db.query(f"SELECT * FROM {table} WHERE id = ?", [row_id])):
        db.execute(f"UPDATE {table} SET checksum = ? WHERE id = ?", [sealed(table, row)["checksum"], row_id])


def _stored(table: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row as it will stand in its table, with a checksum if the table has them."""
    return sealed(table, dict(zip(row, storable(row.values()), strict=True)))


def storable(values: Iterable[Any]) -> list[Any]:
    """Parameters as SQLite can hold them: sound texts, and integers of 64 bits at most.

    Of exactly these types, since the driver takes long to find out that it need not adapt others.
    """
    stored = list(values)
    for at, value in enumerate(stored):
        if value is None:
            continue
        kind = type(value)
        if kind is str:
            if not value.isascii() or "\0" in value:
                stored[at] = sound(value)
        elif kind is bool:
            stored[at] = int(value)
        elif kind is not int or not _SMALLEST <= value <= _LARGEST:
            stored[at] = _storable(value)
    return stored


def _storable(value: object) -> object:
    if isinstance(value, str):
        return sound(str(value))
    if isinstance(value, int):
        return int(max(_SMALLEST, min(_LARGEST, value)))
    return value


def sound(text: str) -> str:
    r"""The text without half characters, which SQLite refuses, and NULs, at which its functions stop reading.

    The decoder of documents lets neither through, but `"\ud800"` in a JSON feed, a header field, or a name
    on the command line may bring them, and must not cost the update that they are part of.
    """
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    return text


_as_json = json.JSONEncoder(ensure_ascii=False).encode


def as_json(value: Sequence[Any]) -> str:
    """A list as a column holds it."""
    return _as_json(value) if value else "[]"
