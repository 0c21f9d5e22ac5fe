"""The service's chores: what is due is done once, what fails is said and tried again."""

import asyncio
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.config import BackupSettings
from archiver.store import Store
from archiver.upkeep import Upkeep
from archiver.writer import Writer


class Bench:
    """An archive, a folder for backups, and a clock in the test's hand."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.path, self.backups, self.now = folder / "archive.db", folder / "backups", now
        Store.open(self.path).close()

    def run(self, *, folder: Path | None = None, keep: int = 3, stopped: bool = False) -> None:
        asyncio.run(self._run(folder or self.backups, keep, stopped))

    async def _run(self, folder: Path, keep: int, stopped: bool) -> None:
        async with Writer(self.path) as writer:
            upkeep = Upkeep(
                archive=self.path,
                writer=writer,
                backups=BackupSettings(folder=folder, every_seconds=86400, keep=keep),
                clock=lambda: self.now,
                scrub_pause_seconds=0,
            )
            if stopped:
                upkeep.stop()
            await upkeep.run()

    def made(self) -> list[str]:
        return sorted(path.name for path in self.backups.glob("*")) if self.backups.exists() else []

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.path)
        try:
            found = connection.execute(sql).fetchall()
            connection.commit()
            return found
        finally:
            connection.close()


@pytest.fixture
def bench(tmp_path, noon) -> Bench:
    return Bench(tmp_path, noon)


def test_every_chore_is_done_and_written_down(bench):
    bench.run()
    assert bench.rows("SELECT name, done_at, problem FROM chores ORDER BY name") == [
        (name, "2026-03-01T12:00:00Z", None) for name in ("backup", "manifest", "scrub", "tidy")
    ]
    assert bench.made() == ["archive-20260301T120000Z.db"]


def test_a_restart_neither_forgets_nor_repeats(bench):
    bench.run()
    bench.now += timedelta(hours=23)
    bench.run()
    assert len(bench.made()) == 1
    bench.now += timedelta(hours=2)
    bench.run()
    assert len(bench.made()) == 2


def test_as_many_backups_are_kept_as_the_configuration_says(bench):
    for _ in range(5):
        bench.run(keep=2)
        bench.now += timedelta(days=1)
    assert bench.made() == ["archive-20260304T120000Z.db", "archive-20260305T120000Z.db"]


def test_a_backup_that_fails_is_said_and_tried_again_in_a_quarter_of_an_hour(bench, tmp_path, caplog):
    blocked = tmp_path / "backups"
    blocked.write_text("a file where the folder should be")
    bench.run()
    assert "backup: " in caplog.text
    [(done, problem)] = bench.rows("SELECT done_at, problem FROM chores WHERE name = 'backup'")
    assert done is None
    assert problem
    blocked.unlink()
    bench.now += timedelta(minutes=10)
    bench.run()
    assert bench.made() == []
    bench.now += timedelta(minutes=10)
    bench.run()
    assert len(bench.made()) == 1


def test_a_clock_that_was_ahead_stops_no_chore(bench):
    bench.now += timedelta(days=4000)
    bench.run()
    bench.now -= timedelta(days=4000)
    bench.run()
    assert "archive-20260301T120000Z.db" in bench.made()


def test_the_scrub_names_what_is_damaged(bench, caplog):
    bench.rows("INSERT INTO bodies (sha256, encoding, size, data) VALUES ('beef', 'plain', 3, x'010203')")
    bench.run()
    assert "scrub: bodies beef, data: its bytes have another digest" in caplog.text
    assert "restore a backup" in str(bench.rows("SELECT problem FROM chores WHERE name = 'scrub'"))


def test_after_the_order_to_stop_nothing_is_begun(bench):
    bench.run(stopped=True)
    assert bench.rows("SELECT * FROM chores") == []
    assert bench.made() == []
