"""The archive's tables, and the migrations that make them."""

import re
import sqlite3
from pathlib import Path

import pytest
from sqlite_utils.migrations import Migrations

from archiver.errors import SchemaError
from archiver.identify import sketch_of
from archiver.query import parse
from archiver.store import Store, schema, verify


def test_the_version_is_the_number_of_migrations():
    assert len(schema.migrations._migrations) == schema.VERSION


def test_migrations_are_numbered_in_their_order():
    names = [migration.name for migration in schema.migrations._migrations]
    assert [name[:4] for name in names] == [f"m{number:03}" for number in range(1, len(names) + 1)]


def test_every_table_is_strict(archive):
    lax = archive.column("SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict")
    assert {name for name in lax if not name.startswith("sqlite_")} == {"_sqlite_migrations"}


def test_every_row_that_is_named_elsewhere_exists(archive, entry):
    archive.add(archive.follow(), entry("a"), entry("b"))
    assert archive.rows("PRAGMA foreign_key_check") == []
    assert archive.value("PRAGMA integrity_check") == "ok"


def test_times_are_written_as_utc_text(archive, entry):
    archive.add(archive.follow(), entry())
    time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    for table, column in archive.rows(
        """
        SELECT tables.name, columns.name
        FROM pragma_table_list AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND columns.name GLOB '*_at' AND tables.name NOT GLOB '_sqlite*'
        """
    ):
        for value in archive.column(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"):
            assert time.fullmatch(value), (table, column, value)


@pytest.fixture
def one_more(monkeypatch):
    """A program that is one migration ahead; returns a way to say what that migration does."""

    def install(migration):
        ahead = Migrations("archiver")
        ahead._migrations = list(schema.migrations._migrations)
        ahead()(migration)
        monkeypatch.setattr(schema, "migrations", ahead)
        monkeypatch.setattr(schema, "VERSION", len(ahead._migrations))

    return install


def test_an_older_archive_is_migrated_and_keeps_its_rows(archive, entry, one_more):
    archive.add(archive.follow(), entry())
    archive.store.close()
    one_more(lambda db: db.execute("ALTER TABLE feeds ADD COLUMN note TEXT"))
    archive.store = Store.open(archive.path)
    assert archive.rows("SELECT note, entries.title FROM feeds, entries") == [(None, "Story a")]
    assert archive.value("PRAGMA user_version") == schema.VERSION


def test_a_migration_that_fails_half_way_leaves_nothing(archive, one_more):
    archive.follow()
    archive.store.close()

    def fail(db):
        db.execute("ALTER TABLE feeds ADD COLUMN note TEXT")
        db.execute("UPDATE feeds SET note = 'half way'")
        raise SchemaError("the second half failed")

    one_more(fail)
    with pytest.raises(SchemaError, match="second half"):
        Store.open(archive.path)
    schema.VERSION -= 1
    schema.migrations._migrations.pop()
    archive.store = Store.open(archive.path)
    assert archive.value("PRAGMA user_version") == schema.VERSION
    assert "note" not in archive.column("SELECT name FROM pragma_table_info('feeds')")
    assert len(archive.column("SELECT name FROM _sqlite_migrations")) == schema.VERSION


def test_a_first_migration_that_fails_leaves_a_file_that_can_become_an_archive(tmp_path, one_more):
    def fail(db):
        raise SchemaError("no")

    one_more(fail)
    with pytest.raises(SchemaError, match="no"):
        Store.open(tmp_path / "archive.db")
    schema.VERSION -= 1
    schema.migrations._migrations.pop()
    Store.open(tmp_path / "archive.db").close()


def _make_older(path: Path, *, version: int) -> None:
    """Let an archive seem to have had only so many migrations."""
    with sqlite3.connect(path) as older:
        older.execute("DELETE FROM _sqlite_migrations WHERE name > ?", [f"m{version + 1:03}"])
        older.execute(f"PRAGMA user_version = {version}")
    older.close()


def test_an_archive_with_sketches_of_another_making_gets_its_own(archive, entry):
    text = "An old fox told the young ones where the best hens of all the village slept at night."
    archive.add(archive.follow(), entry("a", text=text, sketch=(1, 2, 3)), entry("b", text="Short."))
    archive.store.close()
    _make_older(archive.path, version=11)
    archive.store = Store.open(archive.path)
    assert archive.rows("SELECT entry_id, hash FROM sketches ORDER BY hash") == [
        (1, number) for number in sketch_of(text)
    ]
    archive.store.close()
    db = verify.open_for(archive.path)
    assert list(verify.everything(db)) == []
    db.close()


def test_an_archive_with_an_index_of_another_making_gets_its_own(archive, entry):
    archive.add(archive.follow(), entry("a", text="Göteborg and Malmö are cities of the west and south."))
    with archive.store.transaction():
        archive.db.execute("INSERT INTO revisions_fts (revisions_fts) VALUES ('delete-all')")
        archive.db.execute(
            "INSERT INTO revisions_fts (rowid, text, plain) VALUES (1, 'göteborg', 'goteborg')"
        )
    archive.store.close()
    _make_older(archive.path, version=12)
    archive.store = Store.open(archive.path)
    with archive.reader() as reader:
        assert [hit.post.id for hit in reader.search(parse('"goteborg and malmo"')).items] == [1]
    archive.store.close()
    db = verify.open_for(archive.path)
    assert list(verify.everything(db)) == []
    db.close()
