"""Opening an archive: what is refused, what is left alone, and how SQLite's troubles are told."""

import multiprocessing
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from archiver.errors import ArchiveBusy, SchemaError, StoreError
from archiver.store import ArchiveLock, Following, Reader, Store, connect, schema


def _pragma(archive, name: str) -> object:
    return archive.value(f"PRAGMA {name}")


def test_a_fresh_archive_says_what_it_is(archive):
    assert _pragma(archive, "application_id") == schema.APPLICATION_ID
    assert _pragma(archive, "user_version") == schema.VERSION
    assert _pragma(archive, "page_size") == 8192


def test_the_writer_is_careful(archive):
    assert _pragma(archive, "journal_mode") == "wal"
    assert _pragma(archive, "synchronous") == 2  # FULL
    assert _pragma(archive, "foreign_keys") == 1
    assert _pragma(archive, "trusted_schema") == 0
    assert _pragma(archive, "busy_timeout") == 10_000


def test_only_the_service_moves_the_write_ahead_log(archive):
    assert _pragma(archive, "wal_autocheckpoint") == connect.LOG_PAGES
    with Store.open(archive.path, checkpoints=False) as beside:
        assert beside._db.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0


def test_an_archive_opened_again_is_as_it_was(archive):
    feed_id = archive.follow()
    archive.store.close()
    archive.store = Store.open(archive.path)
    assert archive.column("SELECT id FROM feeds") == [feed_id]
    assert _pragma(archive, "user_version") == schema.VERSION


def test_a_newer_archive_is_refused_and_not_touched(archive):
    archive.db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    archive.store.close()
    before = archive.path.read_bytes()
    for opening in (Store.open, Reader.open):
        with pytest.raises(SchemaError, match="newer program"):
            opening(archive.path)
        assert archive.path.read_bytes() == before


def test_the_log_of_a_newer_archive_is_not_touched_either(archive, tmp_path):
    archive.db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    copy = tmp_path / "killed.db"  # as a kill would leave it: the change is in the log only
    log = copy.with_name("killed.db-wal")
    copy.write_bytes(archive.path.read_bytes())
    log.write_bytes(archive.path.with_name("archive.db-wal").read_bytes())
    before = copy.read_bytes(), log.read_bytes()
    with pytest.raises(SchemaError, match="newer program"):
        Store.open(copy)
    assert (copy.read_bytes(), log.read_bytes()) == before


def test_an_older_archive_cannot_be_read_before_it_was_migrated(archive):
    archive.db.execute(f"PRAGMA user_version = {schema.VERSION - 1}")
    with pytest.raises(SchemaError, match="older than this program"):
        Reader.open(archive.path)


@pytest.mark.parametrize("opening", [Store.open, Reader.open])
def test_a_foreign_sqlite_file_is_refused_and_not_touched(tmp_path, opening):
    path = tmp_path / "places.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY)")
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="not an archive"):
        opening(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("opening", [Store.open, Reader.open])
def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path, opening):
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError, match="not a SQLite file"):
        opening(path)
    assert path.read_text() == "Dear diary, " * 1000


@pytest.mark.parametrize("opening", [Store.open, Reader.open])
def test_a_folder_is_no_archive(tmp_path, opening):
    with pytest.raises(StoreError, match=str(tmp_path)):
        opening(tmp_path)


def test_a_place_that_cannot_be_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(tmp_path / "file" / "archive.db")


def test_an_emptied_file_does_not_cost_its_log(archive, tmp_path):
    copy = tmp_path / "emptied.db"
    copy.write_bytes(b"")
    log = copy.with_name("emptied.db-wal")
    log.write_bytes(archive.path.with_name("archive.db-wal").read_bytes())
    before = log.read_bytes()
    with pytest.raises(StoreError, match="restore"):
        Store.open(copy)
    assert log.read_bytes() == before


def test_an_empty_file_becomes_an_archive(tmp_path):
    path = tmp_path / "archive.db"
    path.touch()
    Store.open(path).close()
    with Reader.open(path) as reader:
        assert reader.feeds() == []


def test_an_archive_may_have_an_awkward_name(tmp_path, noon):
    path = tmp_path / "new folder" / "what? 100%23 #1.db"
    with Store.open(path) as store:
        store.follow(Following(url="https://example.org/"), origin="command", now=noon)
    with Reader.open(path) as reader:
        assert len(reader.feeds()) == 1
    assert path.exists()


def test_many_may_make_one_archive_at_once(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert pool.map(_open_and_close, [tmp_path / "archive.db"] * 8) == [schema.VERSION] * 8


def _open_and_close(path: Path) -> int:
    with Store.open(path) as store:
        return schema.version(store._db)


# ---------------------------------------------------------------- readers


def test_a_reader_without_an_archive_says_how_to_make_one(tmp_path):
    with pytest.raises(StoreError, match="no archive yet; `archiver run`"):
        Reader.open(tmp_path / "archive.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(archive):
    with archive.reader() as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._db.execute("DELETE FROM feeds")


def test_a_reader_reads_beside_a_writer_and_without_one(archive):
    archive.follow()
    with archive.reader() as reader:
        assert len(reader.feeds()) == 1
    archive.store.close()
    with archive.reader() as reader:
        assert len(reader.feeds()) == 1


def test_each_question_sees_one_moment_and_the_next_one_a_later(archive, entry):
    feed_id = archive.follow()
    with archive.reader() as reader:
        before = reader.feeds()
        archive.add(feed_id, entry())
        assert before[0]["entries"] == 0
        assert reader.feeds()[0]["entries"] == 1
        assert not reader._db.conn.in_transaction


def test_an_archive_in_a_folder_that_cannot_be_written_is_read(noon):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "archive.db"
        with Store.open(path) as store:
            store.follow(Following(url="https://example.org/"), origin="command", now=noon)
        path.chmod(0o444)
        Path(name).chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)  # to root, nothing is read-only
        try:
            with Reader.open(path) as reader:
                assert len(reader.feeds()) == 1
        finally:
            os.seteuid(user)
            Path(name).chmod(0o755)
        assert [file.name for file in Path(name).iterdir()] == ["archive.db"]


def test_an_archive_that_may_not_be_written_says_so():
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "archive.db"
        Store.open(path).close()
        path.chmod(0o444)
        Path(name).chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            with pytest.raises(StoreError, match="owns the file"):
                Store.open(path)
        finally:
            os.seteuid(user)
            Path(name).chmod(0o755)


# ---------------------------------------------------------------- transactions


def test_an_exception_in_a_transaction_leaves_nothing(archive):
    feed_id = archive.follow()
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(archive, feed_id)
    assert archive.value("SELECT name FROM feeds") is None
    assert not archive.db.conn.in_transaction


def _fail_half_way(archive, feed_id: int) -> None:
    with archive.store.transaction():
        archive.db.execute("UPDATE feeds SET name = 'half way' WHERE id = ?", [feed_id])
        raise ZeroDivisionError


def test_a_busy_archive_says_that_another_program_has_it(archive):
    archive.db.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(archive.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ArchiveBusy, match=r"another program.*end it, or try again"):
            archive.follow()
        other.execute("ROLLBACK")
    assert archive.follow() == 1


def test_a_busy_archive_names_the_holder_of_its_lock(archive, noon):
    archive.db.execute("PRAGMA busy_timeout = 1")
    ready, done = multiprocessing.Event(), multiprocessing.Event()
    child = multiprocessing.get_context("fork").Process(
        target=_hold_and_write, args=(archive.path, noon, ready, done)
    )
    child.start()
    assert ready.wait(20)
    with pytest.raises(ArchiveBusy, match=rf"`archiver run` \(process {child.pid} "):
        archive.follow()
    done.set()
    child.join(20)


def _hold_and_write(path: Path, noon, ready, done) -> None:
    with (
        ArchiveLock(path, doing="run", now=noon),
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        ready.set()
        done.wait(20)


def test_a_full_disk_is_one_sentence_and_passes(archive, entry):
    feed_id = archive.follow()
    pages = archive.value("PRAGMA page_count")
    archive.db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="the disk is full, and nothing was written"):
        archive.add(feed_id, entry(text="much " * 100_000))
    assert archive.value("SELECT count(*) FROM fetches") == 0
    assert not archive.db.conn.in_transaction
    archive.db.execute("PRAGMA max_page_count = 1000000")
    archive.add(feed_id, entry(text="much " * 100_000))
    archive.check_index()


def test_a_damaged_archive_is_one_sentence(archive, entry):
    archive.add(archive.follow(), *(entry(str(n), text="word " * 2000) for n in range(50)))
    archive.store.close()
    raw = bytearray(archive.path.read_bytes())
    half = len(raw) // 2
    raw[half:] = b"\xff" * half
    archive.path.write_bytes(raw)
    with archive.reader() as reader, pytest.raises(StoreError, match="the archive is damaged"):
        _read_all(reader)


def _read_all(reader: Reader) -> None:
    for entry_id in range(1, 51):
        reader.revisions(entry_id)


def test_a_mistake_in_our_sql_is_not_told_as_a_trouble_of_the_disk(archive):
    with pytest.raises(sqlite3.OperationalError, match="no such table"), archive.store.transaction():
        archive.db.execute("SELECT * FROM nowhere")


def test_an_old_sqlite_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(connect, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(StoreError, match=r"takes 99\.0\.0 or later"):
        Store.open(tmp_path / "archive.db")


def test_an_archive_that_was_replaced_under_us_is_not_written(tmp_path, noon):
    path, other = tmp_path / "archive.db", tmp_path / "other.db"
    Store.open(other).close()
    with Store.open(path) as store:
        other.replace(path)
        with pytest.raises(StoreError, match="was replaced"):
            store.follow(Following(url="https://example.org/feed"), origin="command", now=noon)
    with Reader.open(path) as reader:
        assert reader.feeds() == []
