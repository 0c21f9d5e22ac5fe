"""Connections for anybody's SQL: read-only, and what feeds are asked with that is secret stays inside.

Only a few columns hold addresses as they are asked, with logins and keys. On a guarded connection they cannot
be read at all; views of the same names stand before their tables, in which these addresses have no secrets.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from archiver.store import connect
from archiver.urls import redact

SECRET: dict[str, tuple[str, ...]] = {
    "feeds": ("url", "current_url", "moving_to"),
    "feed_addresses": ("url",),
}
"""The columns, by table. Both tables have an `id`."""

_FORBIDDEN = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})


def open_plain(path: Path) -> sqlite3.Connection:
    """A read-only connection for questions of our own. Raises StoreError, SchemaError."""
    connection: sqlite3.Connection = connect.open_reader(path).conn
    return connection


def open_guarded(path: Path) -> sqlite3.Connection:
    """A read-only connection for questions that anybody may ask. Raises StoreError, SchemaError."""
    ours = open_plain(path)
    guarded = open_plain(path)
    guarded.create_function("address_without_secrets", 3, _without_secrets(ours), deterministic=True)
    guarded.execute("PRAGMA query_only = OFF")  # for the views, which are temporary
    for table, secret in SECRET.items():
        columns = [row[1] for row in guarded.execute(f"PRAGMA main.table_info({table})")]
        shown = ", ".join(
            f"address_without_secrets('{table}', '{name}', id) AS {name}" if name in secret else name
            for name in columns
        )
        guarded.execute(f"CREATE TEMP VIEW {table} AS SELECT {shown} FROM main.{table}")
    guarded.execute("PRAGMA query_only = ON")
    guarded.set_authorizer(_allowed)
    return guarded


def _without_secrets(ours: sqlite3.Connection) -> Callable[[str, str, int], str | None]:
    def look(table: str, column: str, row_id: int) -> str | None:
        if column not in SECRET.get(table, ()):
            return None
        found = ours.execute(f"SELECT {column} FROM {table} WHERE id = ?", [row_id]).fetchone()
        return redact(found[0]) if found and found[0] is not None else None

    return look


def _allowed(
    action: int, first: str | None, second: str | None, where: str | None, through: str | None
) -> int:
    if action == sqlite3.SQLITE_READ and where == "main" and second in SECRET.get(first or "", ()):
        return sqlite3.SQLITE_IGNORE
    return sqlite3.SQLITE_DENY if action in _FORBIDDEN else sqlite3.SQLITE_OK
