"""Writing single rows quickly: plain statements, since sqlite-utils looks at the table before each insert."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlite_utils import Database


def insert(db: Database, table: str, row: Mapping[str, Any]) -> int:
    """Insert one row and return its rowid."""
    marks = ", ".join("?" * len(row))
    cursor = db.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
    return int(cursor.lastrowid or 0)


def insert_many(db: Database, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows given as sequences in the order of `columns`."""
    marks = ", ".join("?" * len(columns))
    db.conn.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def update(db: Database, table: str, row_id: int, row: Mapping[str, Any]) -> None:
    """Change the named columns of the row with this id."""
    assignments = ", ".join(f"{column} = ?" for column in row)
    db.execute(f"UPDATE {table} SET {assignments} WHERE id = ?", [*row.values(), row_id])
