"""Whether the archive is whole: everything re-hashed, everything compared, and what is damaged named.

Reads only, a page of rows at a time, so that a running service is neither held up nor made to keep an old
state of the file for long.
"""

import json
import re
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archiver.errors import NotFound, StoreError
from archiver.identify.keys import key
from archiver.model import Rung
from archiver.store import bodies, connect, fulltext, manifest, proofs, schema, sealing
from archiver.store.agreement import QUESTIONS
from archiver.store.proofs import Damage, Step

RECENT_BYTES = 64 * 2**20
"""How much of unpacked bodies is remembered, since most are the base of one soon to come."""


def open_for(path: Path) -> Database:
    """Open an archive to be verified: read-only, and not stopped by text that is no text any more."""
    try:
        db = connect.open_reader(path)
    except UnicodeDecodeError as error:
        raise StoreError(f"{path}: the names of tables and columns are damaged: {error}") from error
    db.conn.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    return db


def sizes(db: Database) -> int:
    """How many steps `everything` takes, about."""
    # the manifest reads fetches and revisions once more
    tables = ("bodies", *proofs.CHECKSUMMED, "seals", "fetches", "revisions")
    return sum(int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables)


def everything(db: Database, step: Step = lambda: None) -> Iterator[Damage]:
    """Every check, one after the other; what stops one does not stop the next."""
    for table, check in (
        ("(file)", _structure),
        ("(file)", _shape),
        ("(file)", _references),
        ("posts_fts", fulltext.check_posts),
        ("revisions_fts", fulltext.check_revisions),
        ("bodies", hashes),
        *((table, _bound(proofs.rows, table)) for table in proofs.CHECKSUMMED),
        *((table, _bound(proofs.seals, table)) for table in _sealed_if_it_can_be_told(db)),
        ("seals", proofs.strange_seals),
        ("entries", _identities),
        ("aliases", _aliases),
        ("entries", _agreement),
        ("manifests", _manifest),
    ):
        try:
            yield from check(db, step)
        except (sqlite3.DatabaseError, StoreError, ValueError, LookupError, TypeError) as error:
            # Even the names of columns may be what was damaged.
            yield Damage(table=table, row=None, column=None, problem=f"cannot be read to its end: {error}")


def _sealed_if_it_can_be_told(db: Database) -> list[str]:
    """None, where the definitions of tables are so damaged that `_shape` names them."""
    try:
        return _sealed(db)
    except (sqlite3.DatabaseError, ValueError, LookupError):
        return []


def _bound(
    check: Callable[[Database, str, Step], Iterator[Damage]], table: str
) -> Callable[[Database, Step], Iterator[Damage]]:
    return lambda db, step: check(db, table, step)


def _structure(db: Database, step: Step) -> Iterator[Damage]:
    """The file's pages, indexes and constraints, as SQLite itself checks them.

    Where a page is so broken that the check of the whole ends, each table is checked by itself.
    """
    try:
        yield from list(_told_by_sqlite(db, None))
    except sqlite3.DatabaseError:
        for (table,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage"
        ).fetchall():
            try:
                yield from list(_told_by_sqlite(db, table))
            except sqlite3.DatabaseError as error:
                yield Damage(table=table, row=None, column=None, problem=f"has a damaged page: {error}")


def _told_by_sqlite(db: Database, table: str | None) -> Iterator[Damage]:
    roots = {
        str(root): name
        for name, root in db.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage")
    }
    for (told,) in db.execute(f"PRAGMA integrity_check({table or 100})"):
        if told == "ok":
            continue
        tree = re.search(r"Tree (\d+)", told)
        named = re.search(r"(?:from index|in index|in|constraint failed in) (\w+)", told)
        row = re.search(r"\brow (\d+)", told)
        yield Damage(
            table=table or (roots.get(tree[1]) if tree else named[1] if named else None) or "(file)",
            row=int(row[1]) if row and not tree else None,
            column=None,
            problem=told,
        )


def _references(db: Database, step: Step) -> Iterator[Damage]:
    """Rows that name a row which is not there."""
    for table, row, parent, number in db.execute("PRAGMA foreign_key_check"):
        columns = {found[0]: found[3] for found in db.execute(f'PRAGMA foreign_key_list("{table}")')}
        yield Damage(
            table=table,
            row=row,
            column=columns.get(number),
            problem=f"names a row of {parent} that is not there",
        )


def hashes(db: Database, step: Step = lambda: None) -> Iterator[Damage]:
    """Every body, unpacked and hashed."""
    recent: OrderedDict[str, bytes] = OrderedDict()
    remembered, last = 0, 0
    while True:
        with connect.moment(db):
            names = db.execute(
                "SELECT rowid, sha256, checksum FROM bodies WHERE rowid > ? ORDER BY rowid LIMIT ?",
                [last, proofs.PAGE],
            ).fetchall()
            for last, sha256, checksum in names:
                step()
                row = bodies.stored(db, "WHERE rowid = ?", [last])[0]
                if checksum not in (None, bodies.checksum_of(row), bodies.checksum(row.data)):
                    yield Damage(table="bodies", row=sha256, column=None, problem="is not what was stored")
                try:
                    base = b""
                    if row.base_sha256 is not None:
                        base = recent.get(row.base_sha256) or bodies.load(db, row.base_sha256)
                    body = bodies.check(row, base)
                except (StoreError, NotFound) as error:
                    yield Damage(table="bodies", row=sha256, column="data", problem=str(error))
                    continue
                recent[sha256] = body
                remembered += len(body)
                while remembered > RECENT_BYTES:
                    remembered -= len(recent.popitem(last=False)[1])
        if len(names) < proofs.PAGE:
            return


def rows(db: Database, step: Step = lambda: None) -> Iterator[Damage]:
    """Every row that has a checksum or a seal, and those that are gone."""
    for table in proofs.CHECKSUMMED:
        yield from proofs.rows(db, table, step)
    for table in _sealed(db):
        yield from proofs.seals(db, table, step)


def _sealed(db: Database) -> list[str]:
    return [*(one.table for one in sealing.sealed_tables(db)), *sealing.GROUPED]


def _shape(db: Database, step: Step) -> Iterator[Damage]:
    """What tables, indexes and views are said to be: what this program makes, and what was made."""
    for name in schema.misshapen(db):
        yield Damage(table=name, row=None, column=None, problem="is not defined as this program defines it")
    yield from proofs.definitions(db, step)


def _identities(db: Database, step: Step) -> Iterator[Damage]:
    """Keys of entries: of the right form, and for a guid the one that it makes."""
    last = proofs.LOWEST
    while True:
        with connect.moment(db):
            rows = db.execute(
                f"SELECT id, rung, key, guid FROM entries WHERE id > ? ORDER BY id LIMIT {proofs.PAGE}",
                [last],
            ).fetchall()
        for last, rung, found, guid in rows:
            wrong = not str(found).startswith(f"{rung}:")
            if rung == Rung.GUID and guid and proofs.is_text(guid) and "\ufffd" not in guid:
                wrong = wrong or found != key(Rung.GUID, guid)
            if wrong:
                yield Damage(table="entries", row=last, column="key", problem="does not belong to its guid")
        if len(rows) < proofs.PAGE:
            return


def _aliases(db: Database, step: Step) -> Iterator[Damage]:
    """Further names of entries: a guid must be the one that makes the key."""
    with connect.moment(db):
        rows = db.execute("SELECT entry_id, key, guid FROM aliases WHERE guid IS NOT NULL").fetchall()
    for entry_id, found, guid in rows:
        if not found.startswith(f"{Rung.GUID}:") or not proofs.is_text(guid) or "\ufffd" in guid:
            continue
        if found != key(Rung.GUID, guid):
            yield Damage(table="aliases", row=entry_id, column="guid", problem="does not belong to its key")


def _agreement(db: Database, step: Step) -> Iterator[Damage]:
    """What is written in two places says the same in both."""
    for table, column, problem, sql in QUESTIONS:
        with connect.moment(db):
            for (row,) in db.execute(sql):
                yield Damage(table=table, row=row, column=column, problem=problem)


def _manifest(db: Database, step: Step) -> Iterator[Damage]:
    with connect.moment(db):
        for row, column, problem in manifest.check(db, step):
            yield Damage(table="manifests", row=row, column=column, problem=problem)


def told(damage: Damage) -> str:
    """The damage in one line."""
    where = damage.table + (f" {damage.row}" if damage.row is not None else "")
    return f"{where}{f', {damage.column}' if damage.column else ''}: {damage.problem}"


def as_json(damage: Damage) -> dict[str, Any]:
    """The damage for programs."""
    plain: dict[str, Any] = json.loads(
        json.dumps({name: getattr(damage, name) for name in Damage.__dataclass_fields__}, default=repr)
    )
    return plain
