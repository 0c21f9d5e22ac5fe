"""Full disks and wrong clocks: nothing that was committed is lost, and the archive goes on."""

from datetime import timedelta

import pytest

from archiver.errors import StoreError
from archiver.store import connect, verify


def test_on_a_full_disk_nothing_is_half_written_and_afterwards_it_goes_on(archive, entry):
    feed = archive.follow()
    archive.add(feed, entry("before"))
    pages = archive.value("PRAGMA page_count")
    archive.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        archive.add(feed, entry("does not fit", text="long " * 50_000))
    assert archive.column("SELECT title FROM entries") == ["Story before"]
    assert archive.value("SELECT count(*) FROM fetches") == 1
    archive.db.execute("PRAGMA max_page_count = 1000000")
    archive.add(feed, entry("fits now", text="long " * 50_000))
    db = verify.open_for(archive.path)
    assert list(verify.everything(db)) == []
    db.close()


def test_a_clock_that_jumps_back_breaks_neither_order_nor_seals(archive, entry):
    feed = archive.follow()
    archive.add(feed, entry("a"))
    archive.now -= timedelta(days=400)
    archive.add(feed, entry("b"))
    archive.store.close_days(now=archive.now + timedelta(days=500))
    assert archive.column("SELECT title FROM entries ORDER BY id") == ["Story a", "Story b"]
    db = verify.open_for(archive.path)
    assert list(verify.everything(db)) == []
    db.close()


def test_to_fold_the_log_waits_for_no_reader(archive, entry):
    feed = archive.follow()
    archive.add(feed, entry())
    with archive.reader() as reader:
        reader._db.execute("BEGIN")
        reader._db.execute("SELECT count(*) FROM entries").fetchone()
        archive.add(feed, entry("b"))
        archive.store.tidy()
        reader._db.execute("COMMIT")
    archive.store.tidy()
    assert archive.path.with_name("archive.db-wal").stat().st_size == 0
    assert archive.value("PRAGMA busy_timeout") == connect.BUSY_TIMEOUT_MS


def test_a_disk_without_room_to_tidy_is_told_as_such(archive):
    db = archive.store._db
    with archive.store.transaction():
        for number in range(200):
            db.execute("INSERT INTO hosts (host, refusals) VALUES (?, 0)", [f"{number}.example"])
    db.execute(f"PRAGMA max_page_count = {archive.value('PRAGMA page_count')}")
    with pytest.raises(StoreError, match="disk is full"):
        archive.store.tidy()


@pytest.mark.parametrize(("version", "warned"), [((3, 40, 1), True), ((3, 51, 2), True), ((3, 51, 3), False)])
def test_an_sqlite_with_the_fault_in_its_log_is_warned_of(version, warned):
    assert bool(connect.sqlite_warning(version)) == warned
