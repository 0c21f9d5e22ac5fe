"""Rows held against their checksums and seals, a page at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archiver.store import checksums, connect, schema, sealing
from archiver.store.sealing import Sealed

PAGE = 200
"""Rows that are read at a time."""

LOWEST = -(2**63)
"""No row has a smaller number."""

Step = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is not as it was written."""

    table: str
    row: int | str | None
    """The row's `id` (of `bodies`, the `sha256`); None where the whole table or file is meant."""
    column: str | None
    problem: str


CHECKSUMMED = (*checksums.WHOLE_ROWS, "entries")
"""Tables with a checksum in each row."""


def rows(db: Database, table: str, step: Step) -> Iterator[Damage]:
    """The checksum of every row of one of CHECKSUMMED."""
    last = LOWEST
    while True:
        with connect.moment(db):
            page = list(db.query(f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT {PAGE}", [last]))
        for row in page:
            step()
            broken = [name for name, value in row.items() if isinstance(value, str) and not is_text(value)]
            if row["checksum"] is not None and checksums.of_row(table, row) != row["checksum"]:
                yield Damage(
                    table=table,
                    row=row["id"],
                    column=broken[0] if broken else None,
                    problem="is not the row that was written",
                )
            elif broken:
                yield Damage(
                    table=table, row=row["id"], column=broken[0], problem="holds bytes that are no text"
                )
        if len(page) < PAGE:
            return
        last = page[-1]["id"]


def is_text(value: str) -> bool:
    """Whether all of it was UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def seals(db: Database, table: str, step: Step) -> Iterator[Damage]:
    """The seal of every row of a table, and the rows that are gone from under theirs."""
    if table in sealing.GROUPED:
        yield from _groups(db, table, step)
        return
    [sealed] = [one for one in sealing.sealed_tables(db) if one.table == table]
    for row, told, seal in _sealed_rows(db, sealed):
        step()
        yield from _compared(table, row, told, seal)
    name = sealed.name("row")
    there = (
        f"EXISTS (SELECT 1 FROM {table} AS row WHERE {name} = seals.key)"
        if len(sealed.key) == 1
        else f"key IN (SELECT {name} FROM {table} AS row)"
    )
    yield from _gone(db, table, there)


def _sealed_rows(db: Database, sealed: Sealed) -> Iterator[tuple[Any, bytes, int | None]]:
    """Each row's name, what its seal is the digest of, and its seal."""
    table, name = sealed.table, sealed.name("row")
    # Without the plus SQLite reads `key` as a number like the id, and looks through all seals for each row.
    question = f"""
        SELECT {name}, {sealed.told("row")}, seals.checksum
        FROM {table} AS row LEFT JOIN seals ON seals.about = '{table}' AND seals.key = +{name}
    """
    if sealed.key != ("id",):  # a damaged name cannot be a place to go on from; these tables are small
        with connect.moment(db):
            yield from db.execute(question)
        return
    last = LOWEST
    while True:
        with connect.moment(db):
            page = db.execute(f"{question} WHERE id > ? ORDER BY id LIMIT {PAGE}", [last]).fetchall()
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1][0]


def _groups(db: Database, table: str, step: Step) -> Iterator[Damage]:
    """The seal over all that an entry has in a table, for every entry that has something there."""
    last = LOWEST
    while True:
        with connect.moment(db):
            end = db.execute(
                f"""
                SELECT max(entry_id) FROM (
                    SELECT entry_id FROM {table} WHERE entry_id > ? ORDER BY entry_id LIMIT {PAGE}
                )
                """,
                [last],
            ).fetchone()[0]
            if end is None:
                break
            page = db.execute(
                f"""
                SELECT entry_id, told, seals.checksum
                FROM ({sealing.group(table, f"entry_id > {last} AND entry_id <= {end}")})
                LEFT JOIN seals ON seals.about = '{table}' AND seals.key = +entry_id
                """
            ).fetchall()
        for entry_id, told, seal in page:
            step()
            yield from _compared(table, entry_id, told, seal)
        last = end
    yield from _gone(db, table, f"EXISTS (SELECT 1 FROM {table} WHERE entry_id = seals.key)")


def _compared(table: str, row: int | str, told: bytes, seal: int | None) -> Iterator[Damage]:
    if seal is None:
        yield Damage(table=table, row=row, column=None, problem="has no seal: the archiver did not write it")
    elif sealing.digest(told) != seal:
        yield Damage(table=table, row=row, column=None, problem="is not what was written")


def _gone(db: Database, table: str, there: str) -> Iterator[Damage]:
    with connect.moment(db):
        gone = db.execute(f"SELECT key FROM seals WHERE about = ? AND NOT {there}", [table]).fetchall()
    for (row,) in gone:
        yield Damage(table=table, row=row, column=None, problem="was written, and is gone")


def definitions(db: Database, step: Step) -> Iterator[Damage]:
    """What tables, indexes and views are said to be, as far as migrations made them."""
    ours = schema.definitions()
    with connect.moment(db):
        for name, told, seal in _sealed_rows(db, sealing.DEFINITIONS):
            if (name in ours) if seal is None else (sealing.digest(told) != seal):
                yield Damage(table=name, row=None, column=None, problem="is not defined as it was sealed")
        gone = db.execute(
            """
            SELECT key FROM seals
            WHERE about = 'sqlite_master' AND key NOT IN (SELECT name FROM sqlite_master)
            """
        ).fetchall()
    for (name,) in gone:
        yield Damage(table=name, row=None, column=None, problem="was there, and is gone")


def strange_seals(db: Database, step: Step) -> Iterator[Damage]:
    """Seals of what is no table."""
    tables = [*(sealed.table for sealed in sealing.sealed_tables(db)), *sealing.GROUPED, "sqlite_master"]
    marks = ", ".join("?" * len(tables))
    with connect.moment(db):
        for about, key in db.execute(f"SELECT about, key FROM seals WHERE about NOT IN ({marks})", tables):
            yield Damage(table="seals", row=f"{about} {key}", column="about", problem="is about no table")
