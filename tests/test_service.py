"""The service: ticks, due feeds from the table, updates side by side, and a clean stop."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.clock import Clock
from archiver.config import FetchSettings, ScheduleSettings
from archiver.fetch import Fetcher
from archiver.manners import Turns
from archiver.pipeline import Pipeline, Updated
from archiver.service import Service
from archiver.store import Following
from archiver.turns import TakingTurns
from archiver.workers import Workers
from archiver.writer import Writer


class Bench:
    """A service on an archive of its own, with a clock in the test's hand."""

    def __init__(self, path: Path, workers: Workers, now: datetime) -> None:
        self.path, self.workers, self.now = path, workers, now
        self.spacing = 0.0
        self.done: list[Updated] = []
        self.on_done: Callable[[Updated], None] = lambda updated: None

    def run(
        self,
        urls: list[str],
        work: Callable[[Service], Awaitable[None]],
        *,
        drain_seconds: float = 8,
        concurrency: int = 4,
    ) -> Service:
        return asyncio.run(self._run(urls, work, drain_seconds, concurrency))

    async def _run(self, urls, work, drain_seconds, concurrency) -> Service:
        turns = TakingTurns(Turns(spacing=self.spacing), Clock(now=lambda: self.now))
        settings = FetchSettings(allowed_networks=("127.0.0.1", "localhost"), per_host_spacing=self.spacing)
        async with Writer(self.path) as writer, Fetcher(settings, turns=turns) as fetcher:
            wanted = [Following(url=url) for url in urls]
            await writer.run(lambda store: store.sync(wanted, now=self.now))
            service = Service(
                pipeline=Pipeline(
                    writer=writer,
                    fetcher=fetcher,
                    workers=self.workers,
                    schedule=ScheduleSettings(),
                    headers={},
                    clock=lambda: self.now,
                ),
                writer=writer,
                turns=turns,
                concurrency=concurrency,
                report=self._report,
                drain_seconds=drain_seconds,
            )
            await work(service)
            return service

    def _report(self, updated: Updated) -> None:
        self.done.append(updated)
        self.on_done(updated)

    def paths_done(self) -> list[str]:
        return [updated.feed.url.rpartition("/")[2] for updated in self.done]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.path)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


@pytest.fixture
def bench(tmp_path, workers, noon) -> Bench:
    return Bench(tmp_path / "archive.db", workers, noon)


async def once(service: Service) -> None:
    await service.run_once()


def test_once_updates_everything_that_is_due_and_returns(bench, site, rss):
    urls = [site.serve(f"/{number}", rss("a", title=str(number))) for number in range(9)]
    service = bench.run(urls, once)
    assert (service.tally.feeds, service.tally.new, service.tally.failed) == (9, 9, 0)


def test_a_restart_forgets_nothing_what_is_not_due_is_not_asked(bench, site, rss):
    url = site.serve("/feed", rss("a"))
    bench.run([url], once)
    bench.now += timedelta(minutes=30)
    bench.run([url], once)
    assert len(site.requests) == 1
    bench.now += timedelta(hours=1)
    bench.run([url], once)
    assert len(site.requests) == 2


def test_a_slow_feed_delays_no_other(bench, site, rss):
    hold = threading.Event()
    urls = [site.serve("/slow", rss("a"), hold=hold)]
    urls += [site.serve(f"/quick{number}", rss("a")) for number in range(6)]
    bench.on_done = lambda updated: hold.set() if len(bench.done) == 6 else None
    bench.run(urls, once, concurrency=2)
    assert bench.paths_done()[-1] == "slow"


def test_a_broken_feed_costs_no_other(bench, site, rss):
    urls = [site.serve("/bad", b"\x00\xff" * 500), site.serve("/good", rss("a")), "http://127.0.0.1:2/none"]
    service = bench.run(urls, once)
    assert (service.tally.feeds, service.tally.new, service.tally.failed) == (3, 1, 2)


def test_the_service_serves_until_it_is_told_to_stop(bench, site, rss):
    urls = [site.serve(f"/{number}", rss("a")) for number in range(12)]

    async def serve(service: Service) -> None:
        bench.on_done = lambda updated: service.stop() if len(bench.done) == 12 else None
        await asyncio.wait_for(service.run(tick_seconds=60), 30)

    service = bench.run(urls, serve)
    assert service.tally.feeds == 12


def test_the_tick_finds_what_became_due_later(bench, site, rss):
    url = site.serve("/feed", rss("a"))

    async def serve(service: Service) -> None:
        def when_done(updated: Updated) -> None:
            bench.now += timedelta(hours=2)
            if len(bench.done) == 2:
                service.stop()

        bench.on_done = when_done
        await asyncio.wait_for(service.run(tick_seconds=1), 30)

    bench.run([url], serve)
    assert [updated.fetch.outcome for updated in bench.done] == ["new", "unchanged"]


def test_what_is_under_way_at_the_stop_is_finished(bench, site, rss):
    hold = threading.Event()
    url = site.serve("/slow", rss("a"), hold=hold)

    async def stop_in_flight(service: Service) -> None:
        serving = asyncio.create_task(service.run(tick_seconds=60))
        while not site.requests:  # noqa: ASYNC110  the server runs in a thread of its own
            await asyncio.sleep(0.01)
        service.stop()
        hold.set()
        await asyncio.wait_for(serving, 30)

    bench.run([url], stop_in_flight)
    assert bench.rows("SELECT outcome, entries_new FROM fetches") == [("new", 1)]


def test_what_cannot_be_finished_in_time_is_left_untouched_and_still_due(bench, site, rss):
    url = site.serve("/slow", rss("a"), hold=threading.Event())

    async def stop_in_flight(service: Service) -> None:
        serving = asyncio.create_task(service.run(tick_seconds=60))
        while not site.requests:  # noqa: ASYNC110  the server runs in a thread of its own
            await asyncio.sleep(0.01)
        service.stop()
        await asyncio.wait_for(serving, 30)

    bench.run([url], stop_in_flight, drain_seconds=0.1)
    assert bench.rows("SELECT * FROM fetches") == []
    assert bench.rows("SELECT last_fetched_at FROM feeds WHERE next_fetch_at <= '2026-03-01T12:00:00Z'") == [
        (None,)
    ]


def test_an_archive_that_cannot_be_written_holds_the_feed_back_and_asks_again_later(
    bench, site, rss, monkeypatch, caplog
):
    url = site.serve("/feed", rss("a"))

    def full(*arguments: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("archiver.store.updates.apply", full)
        service = bench.run([url], once)
    assert (service.tally.failed, len(site.requests)) == (1, 1)
    assert "disk is full" in caplog.text
    assert bench.run([url], once).tally.new == 1


def test_the_pulse_tells_of_the_last_look_and_of_what_could_not_be_written(bench, site, rss, monkeypatch):
    url = site.serve("/feed", rss("a"))

    def full(*arguments: object, **options: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    pulses = []

    async def once_and_felt(service: Service) -> None:
        await service.run_once()
        pulses.append(service.pulse())

    with monkeypatch.context() as patch:
        patch.setattr("archiver.store.updates.apply", full)
        bench.run([url], once_and_felt)
    bench.run([url], once_and_felt)
    broken, well = pulses
    assert broken.last_tick_ago is not None
    assert (broken.under_way, broken.unwritten) == (0, 1)
    assert "disk is full" in str(broken.trouble)
    assert well.trouble is None
