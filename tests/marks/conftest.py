"""Two archives that live through the same: one goes by marks, the other reads every document whole."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.config import FetchSettings, ScheduleSettings
from archiver.fetch import Fetcher
from archiver.model import ParseOptions, PreparedFeed
from archiver.pipeline import Pipeline
from archiver.workers import Workers
from archiver.writer import Writer

NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
URL = "https://example.org/feed"


class Watched:
    """Workers, and how they were asked: `w` for a whole document, `s` for one that seen entries were left out of."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.reads = ""

    async def prepare(self, body: bytes, options: ParseOptions, known: str | None = None) -> PreparedFeed:
        """As the workers do it."""
        self.reads += "w"
        found = await self._workers.prepare(body, options, known)
        if found.seen:
            self.reads = f"{self.reads[:-1]}s"
        return found


class TwoWays:
    """`live(documents)` shows both archives the same documents, an hour between two."""

    def __init__(self, folder: Path, workers: Workers) -> None:
        self._folder, self._workers = folder, workers
        self.reads = ""
        """How the one that goes by marks read them, `e` for entangled: after `s` the whole was asked for."""

    def live(self, documents: Iterable[bytes | str | tuple[str, bytes]], *, url: str = URL) -> None:
        """Replay the documents into both; raises AssertionError where a table differs."""
        shown = [
            one if isinstance(one, tuple) else (url, one.encode() if isinstance(one, str) else one)
            for one in documents
        ]
        watched = Watched(self._workers)
        asyncio.run(self._replay("marks.db", shown, watched, by_marks=True))
        self.reads = watched.reads
        asyncio.run(self._replay("whole.db", shown, Watched(self._workers), by_marks=False))
        self.compare()

    async def _replay(
        self, name: str, documents: list[tuple[str, bytes]], workers: Watched, *, by_marks: bool
    ) -> None:
        async with Writer(self._folder / name) as writer, Fetcher(FetchSettings()) as fetcher:
            pipeline = Pipeline(
                writer=writer,
                fetcher=fetcher,
                workers=workers,
                schedule=ScheduleSettings(),
                headers={},
                clock=lambda: NOON,
                by_marks=by_marks,
            )
            for hour, (url, body) in enumerate(documents):
                await pipeline.replay(url, body, kind=None, at=NOON + timedelta(hours=hour))

    def compare(self) -> None:
        """Every table but the marks themselves is the same."""
        with_marks, whole = self.tables("marks.db"), self.tables("whole.db")
        for table, rows in whole.items():
            assert with_marks[table] == rows, table
        assert with_marks.keys() == whole.keys()

    def tables(self, name: str) -> dict[str, list[tuple]]:
        """What an archive holds."""
        db = sqlite3.connect(self._folder / name)
        try:
            names = [
                table
                for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
                if not table.startswith("posts_fts_") and table not in ("marks", "_sqlite_migrations")
            ]
            wanted = {table: f"SELECT * FROM {table}" for table in names}
            wanted["seals"] += " WHERE about NOT IN ('marks', '_sqlite_migrations')"
            return {table: sorted(db.execute(sql).fetchall(), key=repr) for table, sql in wanted.items()}
        finally:
            db.close()

    def rows(self, sql: str) -> list[tuple]:
        """Ask the archive that goes by marks."""
        db = sqlite3.connect(self._folder / "marks.db")
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()


@pytest.fixture
def two_ways(tmp_path: Path, workers: Workers) -> Callable[[], TwoWays]:
    """`two_ways()`: a new pair of empty archives."""
    made = []

    def begin() -> TwoWays:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(TwoWays(folder, workers))
        return made[-1]

    return begin
