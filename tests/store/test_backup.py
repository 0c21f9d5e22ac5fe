"""Backups: whole while others write, checked before they get their name, and able to be restored."""

import sqlite3
import threading

import pytest

from archiver.errors import ConfigError, StoreError
from archiver.store import Reader, Store, backup, verify


@pytest.fixture
def filled(archive, entry):
    feed = archive.follow()
    for number in range(8):
        archive.add(feed, entry(f"a{number}"))
        archive.apply(feed, body=f"<rss>{'body ' * 100}{number}</rss>".encode())
    return archive


def _tables(path) -> dict[str, list[tuple]]:
    connection = sqlite3.connect(path)
    try:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
            " AND name NOT GLOB 'posts_fts*'"
        ).fetchall()
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for (name,) in names}
    finally:
        connection.close()


def test_a_backup_holds_every_row_of_every_table(filled, tmp_path):
    made = backup.back_up(filled.path, tmp_path / "copy.db", now=filled.now)
    assert made.path == tmp_path / "copy.db"
    assert (made.entries, made.revisions, made.bodies) == (8, 8, 8)
    assert _tables(made.path) == _tables(filled.path)


def test_in_a_folder_it_is_named_by_the_time(filled, tmp_path, noon):
    (tmp_path / "backups").mkdir()
    made = backup.back_up(filled.path, tmp_path / "backups", now=noon)
    assert made.path == tmp_path / "backups" / "archive-20260301T120000Z.db"
    assert [path.name for path in (tmp_path / "backups").iterdir()] == [made.path.name]
    assert backup.last_backup(filled.path, tmp_path / "backups") == noon


def test_a_restored_backup_is_sound_can_be_read_and_goes_on(filled, tmp_path, entry):
    """The restore drill: under a load of writes, copy; put it in the archive's place; verify; go on."""
    stop, written = threading.Event(), []

    def write() -> None:
        with Store.open(filled.path) as store:
            while not stop.is_set():
                with store.transaction():
                    store._db.execute(
                        "INSERT INTO feed_tags (feed_id, tag) VALUES (1, ?)", [f"tag{len(written)}"]
                    )
                written.append(len(written))

    filled.store.close()
    load = threading.Thread(target=write)
    load.start()
    try:
        while len(written) < 5:
            pass
        least = len(written)
        made = backup.back_up(filled.path, tmp_path / "copy.db", now=filled.now)
        most = len(written) + 1
    finally:
        stop.set()
        load.join(30)
    restored = tmp_path / "restored" / "archive.db"
    restored.parent.mkdir()
    made.path.rename(restored)
    db = verify.open_for(restored)
    try:
        assert list(verify.everything(db)) == []
        tags = [tag for (tag,) in db.execute("SELECT tag FROM feed_tags")]
    finally:
        db.close()
    assert set(tags) == {f"tag{number}" for number in range(len(tags))}, "one moment, no gaps"
    assert least <= len(tags) <= most
    source, copy = _tables(filled.path), _tables(restored)
    for tables in (source, copy):
        tables.pop("feed_tags")
        tables["seals"] = [seal for seal in tables["seals"] if seal[0] != "feed_tags"]
    assert copy == source
    filled.path, filled.store = restored, Store.open(restored)
    filled.add(1, entry("after the restore"))
    with Reader.open(restored) as reader:
        assert reader.post(9)["title"] == "Story after the restore"


def test_a_file_that_is_there_is_not_overwritten(filled, tmp_path):
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(ConfigError, match="already"):
        backup.back_up(filled.path, tmp_path / "copy.db", now=filled.now)
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_folder_that_is_not_there_is_said(filled, tmp_path):
    with pytest.raises(ConfigError, match="no such folder"):
        backup.back_up(filled.path, tmp_path / "none" / "copy.db", now=filled.now)


def test_a_damaged_archive_makes_no_backup_that_looks_like_one(filled, tmp_path):
    filled.db.execute("UPDATE bodies SET data = zeroblob(length(data))")
    with pytest.raises(StoreError, match="damaged"):
        backup.back_up(filled.path, tmp_path / "copy.db", now=filled.now)
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_a_row_that_is_not_the_one_that_was_written_is_told_and_no_backup_takes_an_older_ones_place(
    filled, tmp_path
):
    filled.db.execute("UPDATE revisions SET title = 'other' WHERE id = 1")
    with pytest.raises(StoreError, match="revisions 1 is not the row that was written"):
        backup.back_up(filled.path, tmp_path / "copy.db", now=filled.now)
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_a_backup_can_be_broken_off(filled, tmp_path):
    with filled.store.transaction():
        filled.db.execute(
            """
            WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 30000)
            INSERT INTO feed_tags SELECT 1, 'many tags ' || x FROM n
            """
        )
    with pytest.raises(StoreError, match="broken off"):
        backup.back_up(filled.path, tmp_path / "copy.db", now=filled.now, stopped=lambda: True)
    assert [path.name for path in tmp_path.iterdir() if "copy" in path.name] == []


def test_only_the_oldest_of_its_own_are_removed(filled, tmp_path, noon):
    folder = tmp_path / "backups"
    folder.mkdir()
    made = [backup.back_up(filled.path, folder, now=noon.replace(day=day)).path for day in (1, 2, 3, 4, 5)]
    others = [
        folder / "archive-20200101T000000Z.db",
        folder / "archive.db",
        folder / "other-20200101T000000Z.db",
        folder / "archive-20200101T000000Z.db.gz",
    ]
    for other in others:
        other.write_text("somebody else's")
    (folder / "archive-20190101T000000Z.db").mkdir()
    assert backup.clear_out(filled.path, folder, keep=2, newest=made[-1]) == made[:3]
    assert all(other.exists() for other in [*others, *made[3:], folder / "archive-20190101T000000Z.db"])


def test_the_newest_stays_though_a_wrong_clock_dated_it_first(filled, tmp_path, noon):
    folder = tmp_path / "backups"
    folder.mkdir()
    made = [backup.back_up(filled.path, folder, now=noon.replace(day=day)).path for day in (9, 8, 7)]
    assert made[-1] not in backup.clear_out(filled.path, folder, keep=1, newest=made[-1])
    assert made[-1].exists()
