"""Seals: a small digest of every row, in a table of its own, so that a changed or lost row can be named.

Triggers of the writing connection take them, so that no statement can forget to. What a row's own checksum
covers (`checksums`), or is proven by its name (`bodies`), is not read for it again.

A migration that adds columns to a table which has rows seals them anew, by `seal_all`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlite_utils import Database

from archiver.store.checksums import covered
from archiver.store.together import parts, values

GROUPED = {
    "enclosures": ("position", "url", "type", "length"),
    "categories": ("position", "term", "scheme", "label"),
    "sketches": ("hash",),
}
"""Tables whose rows are written together, for one entry, and the columns beside `entry_id`, in the order of
which the rows are sealed: one seal for all that an entry has there, by `seal_group`."""

UNSEALED = frozenset({"bodies", "seals"})
"""Bodies are named by what they hold, and have a checksum over their whole row."""

PARENTS = ("feeds", "fetches", "posts", "entries", "revisions")
"""Tables that others refer to. A trigger at their INSERT would make SQLite plan a scan of all who do, to see
whether the row mends a broken reference: so `rows.insert` seals them, by `seal_inserted`."""

INSERTED = {
    "fetches": ("id", "feed_id", "checksum"),
    "posts": (
        "id", "canonical_entry_id", "title", "url", "published_at", "language", "first_seen_at",
        "entry_count",
    ),
    "entries": (
        "id", "feed_id", "post_id", "post_rule", "post_confidence", "rung", "key", "guid", "updated_at",
        "updated_raw", "first_seen_at", "last_seen_at", "present", "missing_since", "missing_fetch_id",
        "withdrawn_at", "withdrawn_fetch_id", "suspect", "churn", "churn_since", "churn_count",
        "churn_fetch_id", "revision", "position", "checksum",
    ),
    "revisions": ("id", "entry_id", "revision", "fetch_id", "checksum"),
}  # fmt: skip
"""Those of PARENTS that grow all the time, and what their seals cover (`Sealed.columns`): their rows need not
be read again for that."""

DEFAULTS = {"suspect": 0, "churn_count": 0}
"""What a column holds where a row of INSERTED says nothing of it, and that is not NULL."""

FUNCTION = "archiver_seal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """How the rows of one table are sealed."""

    table: str
    key: tuple[str, ...]
    """The columns of its primary key."""
    columns: tuple[str, ...]
    """What the seal covers."""

    def name(self, row: str) -> str:
        """SQL for what `seals.key` calls a row, of which the columns are `row.column`."""
        parts = [f"{row}.{column}" for column in self.key]
        return parts[0] if len(parts) == 1 else f"json_array({', '.join(parts)})"

    def told(self, row: str) -> str:
        """SQL for the bytes that a seal is the digest of: the row's values, told apart from NULL."""
        form = "|".join(["%Q"] * len(self.columns))
        values = ", ".join(f"{row}.{column}" for column in self.columns)
        return f"CAST(printf('{form}', {values}) AS BLOB)"


DEFINITIONS = Sealed(table="sqlite_master", key=("name",), columns=("type", "tbl_name", "sql"))
"""What tables, indexes and views are; sealed when a migration has made them. Other people's are not."""


def digest(told: bytes) -> int:
    """The first six bytes of the SHA-256, as a number."""
    return int.from_bytes(hashlib.sha256(told).digest()[:6], "big")


def sealed_tables(db: Database) -> list[Sealed]:
    """Every table of which each row has a seal, as the archive has them now."""
    tables = db.execute(
        """
        SELECT name FROM pragma_table_list
        WHERE schema = 'main' AND type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name
        """
    ).fetchall()
    return [_sealed(db, table) for (table,) in tables if table not in UNSEALED and table not in GROUPED]


def _sealed(db: Database, table: str) -> Sealed:
    columns = db.execute('SELECT name, pk FROM pragma_table_info(?, "main")', [table]).fetchall()
    own = covered(table, tuple(name for name, _ in columns))
    key = sorted((pk, name) for name, pk in columns if pk)
    return Sealed(
        table=table,
        key=tuple(name for _, name in key),
        columns=tuple(name for name, _ in columns if name not in own),
    )


def install(db: Database) -> None:
    """Let this connection seal whatever it writes from now on."""
    _let_sql_seal(db)
    for sealed in sealed_tables(db):
        table, new, old = sealed.table, sealed.name("NEW"), sealed.name("OLD")
        write = f"""
            INSERT INTO seals VALUES ('{table}', {new}, {FUNCTION}({sealed.told("NEW")}))
            ON CONFLICT DO UPDATE SET checksum = excluded.checksum
        """
        # Without the plus SQLite reads `key` as a number like the id, and looks through all seals for one.
        clear = f"DELETE FROM seals WHERE about = '{table}' AND key = +{old}"
        if table in PARENTS:
            seal = f"{FUNCTION}({sealed.told('row')})"
            db.execute(
                f"CREATE TEMP VIEW seal_of_{table} AS SELECT id, {seal} AS checksum FROM main.{table} AS row"
            )
        else:
            db.execute(
                f"CREATE TEMP TRIGGER seal_{table}_insert AFTER INSERT ON main.{table} BEGIN {write}; END"
            )
        db.execute(f"CREATE TEMP TRIGGER seal_{table}_update AFTER UPDATE ON main.{table} BEGIN {write}; END")
        db.execute(f"CREATE TEMP TRIGGER seal_{table}_delete AFTER DELETE ON main.{table} BEGIN {clear}; END")
        key = ", ".join(sealed.key)
        db.execute(
            f"""
            CREATE TEMP TRIGGER seal_{table}_key AFTER UPDATE OF {key} ON main.{table}
            WHEN {old} IS NOT {new} BEGIN {clear}; END
            """
        )
    for table in GROUPED:
        clear = f"DELETE FROM seals WHERE about = '{table}' AND key = +OLD.entry_id"
        db.execute(f"CREATE TEMP TRIGGER seal_{table} AFTER DELETE ON main.{table} BEGIN {clear}; END")


def seal_row(db: Database, table: str, row_id: int) -> None:
    """Seal a row of one of PARENTS, after it was inserted."""
    db.execute(_SEALING[table], [row_id, row_id])


def seal_rows(db: Database, table: str, ids: range) -> None:
    """The same of many at once, that have these numbers."""
    if ids:
        db.execute(_SEALING[table], [ids[0], ids[-1]])


def seal_inserted(db: Database, table: str, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """The same of rows that were inserted as these; their own numbers need not be in them."""
    seals = []
    for row_id, row in rows:
        confidence = row.get("post_confidence")
        if table not in INSERTED or (confidence is not None and not confidence.is_integer()):
            seal_row(db, table, row_id)  # how a fraction is written, SQLite knows
            continue
        whole = {**DEFAULTS, **row, "id": row_id}
        seals.append((table, row_id, told([whole.get(column) for column in INSERTED[table]])))
    _write(db, seals)


_SEALING = {
    table: f"""
        INSERT INTO seals SELECT '{table}', id, checksum FROM temp.seal_of_{table} WHERE id BETWEEN ? AND ?
        ON CONFLICT DO UPDATE SET checksum = excluded.checksum
    """
    for table in PARENTS
}


def seal_group(db: Database, table: str, entry_id: int, rows: Iterable[Sequence[str | int | None]]) -> None:
    """Seal what an entry has in one of GROUPED, after it was written: sound values, in their order."""
    _write(db, [(table, entry_id, "\n".join(map(told, rows)))])


def told(values: Iterable[str | int | float | None]) -> str:
    """Values as `Sealed.told` has them."""
    return "|".join(
        ["NULL" if value is None else "'" + str(value).replace("'", "''") + "'" for value in values]
    )


def _write(db: Database, seals: Sequence[tuple[str, int, str]]) -> None:
    """Write seals: the table, the row's number, and what is told of it."""
    for part in parts(seals):
        db.execute(
            _writing(len(part)),
            [one for about, key, told in part for one in (about, key, digest(told.encode()))],
        )


@cache
def _writing(rows: int) -> str:
    return (
        f"INSERT INTO seals VALUES {values(3, rows)} ON CONFLICT DO UPDATE SET checksum = excluded.checksum"
    )


def group(table: str, where: str) -> str:
    """SQL for `entry_id` and `told` of what entries have in one of GROUPED."""
    sealed = Sealed(table=table, key=(), columns=GROUPED[table])
    return f"""
        SELECT entry_id, CAST(group_concat(told, char(10)) AS BLOB) AS told FROM (
            SELECT entry_id, {sealed.told(table)} AS told FROM {table} WHERE {where}
            ORDER BY entry_id, {GROUPED[table][0]}
        ) GROUP BY entry_id
    """


def seal_all(db: Database, *tables: str) -> None:
    """Seal all rows of these tables, or of all tables, as they are: for migrations."""
    _let_sql_seal(db)
    for sealed in sealed_tables(db):
        if not tables or sealed.table in tables:
            db.execute(
                f"""
                INSERT OR REPLACE INTO seals
                SELECT '{sealed.table}', {sealed.name("row")}, {FUNCTION}({sealed.told("row")})
                FROM {sealed.table} AS row
                """
            )
    for table in GROUPED:
        if not tables or table in tables:
            db.execute(
                f"""
                INSERT OR REPLACE INTO seals
                SELECT '{table}', entry_id, {FUNCTION}(told) FROM ({group(table, "true")})
                """
            )


def seal_definitions(db: Database) -> None:
    """Seal what migrations made, and the log that sqlite-utils keeps of them."""
    seal_all(db, "_sqlite_migrations")
    db.execute("DELETE FROM seals WHERE about = 'sqlite_master'")
    told = DEFINITIONS.told("row")
    db.execute(
        f"""
        INSERT INTO seals SELECT 'sqlite_master', name, {FUNCTION}({told})
        FROM sqlite_master AS row WHERE sql IS NOT NULL
        """
    )


def redefined(db: Database) -> list[str]:
    """Tables, indexes and views that are not defined as they were when they were sealed."""
    rows = db.execute(
        f"""
        SELECT name, {DEFINITIONS.told("row")}, checksum
        FROM seals LEFT JOIN sqlite_master AS row ON name = key WHERE about = 'sqlite_master'
        """
    )
    return [str(name) for name, told, seal in rows if digest(told) != seal]


def _let_sql_seal(db: Database) -> None:
    # SQLite does not let a function be made anew while a migration runs.
    made = "SELECT 1 FROM pragma_function_list WHERE name = ?"
    if db.execute(made, [FUNCTION]).fetchone() is None:
        db.conn.create_function(FUNCTION, 1, digest, deterministic=True)
