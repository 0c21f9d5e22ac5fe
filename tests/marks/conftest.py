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
from archiver.prepare import prepare
from archiver.writer import Writer

NOON = datetime.fromisoformat("2026-03-01T12:00:00+00:00")
URL = "https://example.org/feed"


class Reader:
    """Reads documents in this process, and remembers how: `w` for whole, `s` without those that were seen."""

    def __init__(self) -> None:
        self.reads = ""

    async def prepare(self, body: bytes, options: ParseOptions, known: str | None = None) -> PreparedFeed:
        """As a worker does it."""
        self.reads += "w"
        found = prepare(body, options, known)
        if found.seen:
            self.reads = f"{self.reads[:-1]}s"
        return found


class TwoWays:
    """`live(documents)` shows both archives the same documents, an hour between two."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.reads = ""
        """How the one that goes by marks read them; `sw`: without the seen ones, and then whole after all."""

    def live(self, documents: Iterable[bytes | str | tuple[str, bytes]], *, url: str = URL) -> None:
        """Replay the documents into both; raises AssertionError where a table differs."""
        shown = [
            one if isinstance(one, tuple) else (url, one.encode() if isinstance(one, str) else one)
            for one in documents
        ]
        reader = Reader()
        asyncio.run(self._replay("marks.db", shown, reader, by_marks=True))
        self.reads = reader.reads
        asyncio.run(self._replay("whole.db", shown, Reader(), by_marks=False))
        self.compare()

    async def _replay(
        self, name: str, documents: list[tuple[str, bytes]], reader: Reader, *, by_marks: bool
    ) -> None:
        async with Writer(self._folder / name) as writer, Fetcher(FetchSettings()) as fetcher:
            pipeline = Pipeline(
                writer=writer,
                fetcher=fetcher,
                workers=reader,
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
                if "s_fts_" not in table and table not in ("marks", "_sqlite_migrations")
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


@pytest.fixture(scope="session")
def two_ways(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], TwoWays]:
    """`two_ways()`: a new pair of empty archives."""
    return lambda: TwoWays(tmp_path_factory.mktemp("two_ways"))
