"""The disk is full at the k-th write, for k = 1, 2, … until none is: an update is whole, or not there."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Iterator
from itertools import count
from pathlib import Path

import pytest

from archiver import failpoints
from archiver.config import FetchSettings, ScheduleSettings
from archiver.errors import StoreError
from archiver.fetch import Fetcher
from archiver.pipeline import Pipeline
from archiver.store import Following
from archiver.workers import Workers
from archiver.writer import Writer


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as pool:
        yield pool


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, those of the full-text index among them."""
    db = sqlite3.connect(path)
    try:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    finally:
        db.close()


async def failure(update: Awaitable[None]) -> str | None:
    """What the archive says where an update fails."""
    try:
        await update
    except StoreError as error:
        return str(error)
    return None


async def fail_until_it_succeeds(site, rss, path: Path, now, workers: Workers, fill) -> int:
    """Archive an edited document over and over while `fill(store, k)` fills the disk; count the failures."""
    texts = {name: f"<p>Story {name} at first.</p>" for name in "abcd"}
    url = site.serve("/feed", rss(*"dcba", texts=texts))
    async with (
        Writer(path) as writer,
        Fetcher(FetchSettings(allowed_networks=("127.0.0.1",), per_host_spacing=0)) as fetcher,
    ):
        pipeline = Pipeline(
            writer=writer,
            fetcher=fetcher,
            workers=workers,
            schedule=ScheduleSettings(),
            headers={},
            clock=lambda: now,
        )
        await writer.run(lambda store: store.sync([Following(url=url)], now=now))

        async def update() -> None:
            feed = await writer.run(lambda store: store.feed(store.find_feed(url)))
            await pipeline.update(feed)

        await update()
        # Everything at once: two new stories, an edit, and one that went away.
        site.serve("/feed", rss(*"fedca", texts=texts | {"d": "<p>Edited, and longer. </p>" * 500}))
        before = contents(path)
        for k in count(1):
            await writer.run(lambda store, k=k: fill(store, k))
            told = await failure(update())
            if told is None:
                return k - 1
            assert "the disk is full, and nothing was written" in told
            assert contents(path) == before
    raise AssertionError("count has no end")


@pytest.mark.parametrize("place", ["write", "mid_index", "before_commit"])
def test_at_whichever_write_the_disk_is_full_nothing_is_half_written(
    site, rss, tmp_path, noon, workers, monkeypatch, place
):
    def fill(store, k):
        monkeypatch.setattr(failpoints, "_armed", failpoints.read(f"{place}=full:{k}"))

    path = tmp_path / "archive.db"
    failed = asyncio.run(fail_until_it_succeeds(site, rss, path, noon, workers, fill))
    assert failed >= (15 if place == "write" else 1)
    after = contents(path)
    assert len(after["fetches"]) == 2
    assert len(after["entries"]) == 6
    assert len(after["revisions"]) == 7


def test_at_whichever_page_sqlite_itself_finds_the_disk_full_nothing_is_half_written(
    site, rss, tmp_path, noon, workers
):
    pages = 0

    def fill(store, k):
        nonlocal pages
        pages = pages or store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages + k - 1}")

    path = tmp_path / "archive.db"
    assert asyncio.run(fail_until_it_succeeds(site, rss, path, noon, workers, fill)) >= 3
    assert len(contents(path)["revisions"]) == 7
