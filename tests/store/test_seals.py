"""Seals: every value of every column, and every row, is missed when it is another, or gone."""

import os
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from archiver.changes import ChangeKind, Event
from archiver.errors import StoreError
from archiver.model import Category, Enclosure, ParseOptions
from archiver.store import Reader, proofs, rows, schema, sealing, verify
from archiver.store.proofs import Damage

LONG = " ".join(f"word{number}" for number in range(300))


def _columns() -> list[tuple[str, str]]:
    """Every column of every table that the migrations make, whichever they will be."""
    db = Database(memory=True)
    schema.migrations.apply(db)
    found = db.execute(
        """
        SELECT tables.name, columns.name
        FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type IN ('table', 'shadow') AND tables.name NOT GLOB 'sqlite_*' ORDER BY 1, columns.cid
        """
    ).fetchall()
    db.close()
    return found


COLUMNS = _columns()
TABLES = sorted({table for table, _ in COLUMNS})
WIDE = {table for table in TABLES if sum(one == table for one, _ in COLUMNS) > 30}
"""Tables with so many columns that one look at each takes long."""

NAMED_OTHERWISE = {
    "posts_fts_config": "posts_fts",
    "posts_fts_data": "posts_fts",
    "posts_fts_docsize": "posts_fts",
    "posts_fts_idx": "posts_fts",
    "revisions_fts_config": "revisions_fts",
    "revisions_fts_data": "revisions_fts",
    "revisions_fts_docsize": "revisions_fts",
    "revisions_fts_idx": "revisions_fts",
}
"""SQLite's own tables: what is damaged is the index."""


@pytest.fixture
def full(archive, entry):
    """An archive in which every table has rows, and every column of them a value somewhere."""
    feed = archive.follow(name="Example", tags=("aid", "asia"), parse=ParseOptions(charset="utf-8"))
    archive.follow("https://other.example/feed", origin="replay")
    for number in range(3):
        document = f"<rss><date>{number}</date>{LONG} {number}</rss>".encode()
        archive.apply(
            feed,
            body=document,
            facts={
                "body_sha256": verify.bodies.digest(document),
                "current_url": f"https://example.org/{number}",
            },
            headers=(("ETag", f'"{number}"'), ("Server", LONG)),
        )
        parts = {
            "enclosures": (Enclosure(url="https://example.org/a.mp3", type="audio/mpeg", length=7),),
            "categories": (Category(term="aid", scheme="s", label="Aid"), Category(term="b")),
        }
        archive.add(feed, entry(f"a{number}", text=f"{LONG} {number}", **parts))
    archive.change(feed, 1, entry("a0", text="changed", categories=(Category(term="aid"),)))
    archive.change(feed, 2, entry("a1", text=f"{LONG} 1"), kind=ChangeKind.SEEN, alias="moved")
    archive.apply(feed, events=(Event(kind="gap", detail="posts may be missing"),))
    archive.store.close_days(now=archive.now.replace(month=5))
    archive.store.note_chore("scrub", now=archive.now, problem="none")
    for table in TABLES:
        if not archive.value(f"SELECT count(*) FROM {table}"):
            _fill(archive.db, table)
    archive.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return archive


def _fill(db: Database, table: str) -> None:
    """Some row, for a table that other parts of the program write."""
    columns = db.execute("SELECT name, type, pk FROM pragma_table_info(?)", [table]).fetchall()
    values = [1 if kind == "INTEGER" else f"some {name}" for name, kind, pk in columns]
    db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def _damages(path: Path) -> list[Damage]:
    db = verify.open_for(path)
    try:
        return list(verify.everything(db))
    finally:
        db.close()


def _rowids(connection: sqlite3.Connection, table: str) -> list[str]:
    """SQL that names each row."""
    key = [name for _, name, _, _, _, pk in connection.execute(f"PRAGMA table_info({table})") if pk]
    rows = connection.execute(f"SELECT {', '.join(f'quote({name})' for name in key)} FROM {table}").fetchall()
    return [" AND ".join(f"{name} = {value}" for name, value in zip(key, row, strict=True)) for row in rows]


def _other(value: object, kind: str) -> object:
    if kind in ("TEXT", "") or isinstance(value, str):
        text = str(value or "")
        return f"{text[:-1]}{'x' if text[-1:] != 'x' else 'y'}"
    if kind == "BLOB" or isinstance(value, bytes):
        return bytes([*bytes(value)[:-1], bytes(value)[-1] ^ 1]) if value else b"x"
    return (value or 0) + 1000


@pytest.mark.parametrize(
    "table",
    [pytest.param(table, marks=pytest.mark.slow) if table in WIDE else table for table in TABLES],
)
def test_another_value_in_any_column_is_found_and_named(full, table, tmp_path):
    assert _damages(full.path) == []
    missed = []
    for column in [column for one, column in COLUMNS if one == table]:
        copy = tmp_path / "copy.db"
        shutil.copy(full.path, copy)
        with closing(sqlite3.connect(copy)) as connection, connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            rows = _rowids(connection, table)
            assert rows, "a table without rows proves nothing"
            row = rows[len(rows) // 2]
            value, kind = connection.execute(
                f"SELECT {column}, typeof({column}) FROM {table} WHERE {row}"
            ).fetchone()
            declared = dict(connection.execute("SELECT name, type FROM pragma_table_info(?)", [table]))[
                column
            ]
            other = _other(value, kind if kind != "null" else declared)
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {row}", [other])
        named = {damage.table for damage in _damages(copy)}
        wanted = NAMED_OTHERWISE.get(table, table)
        if not (named if table == "seals" else wanted in named):
            missed.append((column, value, other, named))
    assert missed == []


@pytest.mark.parametrize("which", [0, pytest.param(-1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_is_gone_is_found_and_named(full, table, which):
    full.store.close()
    with closing(sqlite3.connect(full.path)) as connection, connection:
        row = _rowids(connection, table)[which]
        connection.execute(f"DELETE FROM {table} WHERE {row}")
    damages = _damages(full.path)
    wanted = NAMED_OTHERWISE.get(table, table)
    assert damages if table == "seals" else wanted in {damage.table for damage in damages}
    full.store = type(full.store).open(full.path)


@pytest.mark.parametrize("table", [table for table in TABLES if table in ("orders", "feed_tags", "events")])
def test_a_row_that_the_archiver_did_not_write_is_found_and_named(full, table):
    with closing(sqlite3.connect(full.path)) as connection, connection:
        names = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
        values = ", ".join({"id": "999", "tag": "'forged'"}.get(name, name) for name in names)
        connection.execute(f"INSERT INTO {table} SELECT {values} FROM {table} LIMIT 1")
    assert table in {damage.table for damage in _damages(full.path)}


def _content(path: Path) -> list[object]:
    """All that can be read from the file, in every table, and how tables are defined.

    Of the full-text index, what it finds: words of old versions wait in it, unseen, to be merged away.
    """
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        questions = [f"SELECT * FROM {table}" for table in TABLES if "_fts" not in table]
        for index in ("posts_fts", "revisions_fts"):
            connection.execute(
                f"CREATE VIRTUAL TABLE temp.words_of_{index} USING fts5vocab(main, {index}, instance)"
            )
            questions.append(f"SELECT * FROM words_of_{index}")
        questions.append("SELECT * FROM sqlite_master")
        return [connection.execute(question).fetchall() for question in questions]


HEADER = 100
"""Of the file's own header much means nothing (versions, counters); SQLite itself refuses the rest."""


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))])
def test_a_flipped_bit_anywhere_is_reported_or_changes_nothing_that_can_be_read(full, seed):
    full.store.close()
    path, raw, content = full.path, full.path.read_bytes(), _content(full.path)
    chance = random.Random(seed)
    silent = []
    for _ in range(int(os.environ.get("FLIPS", "20"))):
        at, bit = chance.randrange(HEADER, len(raw)), 1 << chance.randrange(8)
        path.write_bytes(raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :])
        try:
            found = _damages(path)
        except StoreError:
            continue
        if not found and _content(path) != content:
            silent.append((at, bit))
    path.write_bytes(raw)
    assert silent == []
    full.store = type(full.store).open(path)


@pytest.mark.parametrize("name", [b"canonical_entry_id", b"content_text", b"started_at"])
def test_a_column_that_lost_its_name_is_said_in_a_sentence_before_anything_is_read(full, name):
    full.store.close()
    raw = full.path.read_bytes()
    full.path.write_bytes(raw.replace(name, name[:-1] + b"\xf4"))
    with pytest.raises(StoreError, match="damaged"):
        Reader.open(full.path)
    full.path.write_bytes(raw)
    full.store = type(full.store).open(full.path)


def test_what_the_archiver_writes_by_any_statement_is_sealed(full):
    with full.store.transaction():
        full.db.execute("UPDATE feeds SET name = 'Other' WHERE id = 1")
        full.db.execute("UPDATE orders SET id = id + 100")
        full.db.execute("DELETE FROM feed_tags WHERE tag = 'aid'")
        full.db.execute("INSERT OR IGNORE INTO feed_tags VALUES (2, 'new'), (1, 'asia')")
    assert [damage for damage in _damages(full.path) if damage.table != "feeds"] == []
    assert _damages(full.path) == []


def test_a_seal_costs_no_look_at_other_rows(full, entry):
    with full.store.transaction():
        few = full.count_steps(lambda: full.db.execute("UPDATE feeds SET etag = 'x' WHERE id = 1"))
    for number in range(60):
        full.follow(f"https://example.org/more{number}")
    with full.store.transaction():
        many = full.count_steps(lambda: full.db.execute("UPDATE feeds SET etag = 'y' WHERE id = 1"))
    assert many <= few + 3


@pytest.mark.parametrize("table", ["revisions", "events", "enclosures"])
def test_to_clear_a_seal_costs_no_look_at_other_rows(full, entry, table):
    key = "entry_id" if table == "enclosures" else "id"

    def clear() -> None:
        full.db.execute(f"DELETE FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})")

    def steps() -> int:
        with suppress(_Undone), full.store.transaction():
            full.db.execute("PRAGMA defer_foreign_keys = ON")
            found = full.count_steps(clear)
            raise _Undone
        return int(found)

    few = steps()
    files = (Enclosure(url="https://example.org/a.mp3"),)
    for number in range(60):
        full.apply(1, events=(Event(kind="gap", detail=f"gap {number}"),))
        full.add(1, entry(f"more{number}", enclosures=files))
    assert steps() <= few + 3


class _Undone(Exception):
    """A transaction is not to last."""


def test_the_tables_that_others_refer_to_are_known(archive):
    referred = archive.column(
        """
        SELECT DISTINCT parents."table"
        FROM pragma_table_list AS tables, pragma_foreign_key_list(tables.name) AS parents
        WHERE tables.schema = 'main'
        """
    )
    assert {*referred} - sealing.UNSEALED == {*sealing.PARENTS}


def test_the_columns_that_are_sealed_together_are_all_of_them(archive):
    for table, columns in sealing.GROUPED.items():
        found = archive.column("SELECT name FROM pragma_table_info(?) ORDER BY cid", table)
        assert {*found} == {"entry_id", *columns}


def test_an_archive_of_an_older_version_is_sealed_as_it_is(full):
    before = full.rows("SELECT * FROM seals ORDER BY about, key")
    full.db.execute("DELETE FROM seals")
    with full.store.transaction():
        sealing.seal_all(full.db)
        sealing.seal_definitions(full.db)
    assert full.rows("SELECT * FROM seals ORDER BY about, key") == before
    assert _damages(full.path) == []


@given(st.lists(st.none() | st.text() | st.integers(-(2**70), 2**70), min_size=1, max_size=6))
def test_values_are_told_in_the_same_words_here_and_in_sql(values):
    stored = rows.storable(values)
    columns = tuple(f"c{number}" for number in range(len(stored)))
    sealed = sealing.Sealed(table="t", key=(), columns=columns)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(f"CREATE TABLE t ({', '.join(f'{column} ANY' for column in columns)}) STRICT")
        db.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(stored))})", stored)
        [in_sql] = db.execute(f"SELECT {sealed.told('t')} FROM t").fetchone()
    assert sealing.told(stored).encode() == in_sql


@pytest.mark.parametrize("table", sorted(sealing.INSERTED))
def test_of_a_row_that_is_sealed_unread_all_columns_and_what_they_hold_by_default_are_known(archive, table):
    [sealed] = [one for one in sealing.sealed_tables(archive.db) if one.table == table]
    assert sealed.columns == sealing.INSERTED[table]
    by_default = {
        name: archive.value(f"SELECT {default}")
        for name, default in archive.rows(
            "SELECT name, dflt_value FROM pragma_table_info(?) WHERE dflt_value IS NOT NULL", table
        )
        if name in sealed.columns
    }
    assert by_default == {name: sealing.DEFAULTS[name] for name in by_default}
    assert by_default.keys() == sealing.DEFAULTS.keys() & set(sealed.columns)


@pytest.mark.parametrize("confidence", [1.0, 0.5, 1 / 3, 0.1 + 0.2])
def test_a_row_with_a_fraction_is_sealed_as_sqlite_writes_it(archive, entry, confidence):
    feed = archive.follow()
    archive.add(feed, entry("one"))
    row = archive.db.execute("SELECT * FROM entries").fetchone()
    names = archive.column("SELECT name FROM pragma_table_info('entries') ORDER BY cid")
    written = dict(zip(names, row, strict=True)) | {"id": 7, "key": "other", "post_confidence": confidence}
    with archive.store.transaction():
        rows.insert(archive.db, "entries", written)
    assert list(proofs.seals(archive.db, "entries", lambda: None)) == []
