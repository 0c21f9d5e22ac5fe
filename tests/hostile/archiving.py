"""The archiver's side, a process of its own: the real service on a real archive, and what it cost.

    python archiving.py ORDER.json    prints one JSON document

The order says which misbehaviours to follow as feeds, in which phases and how many of them at once, beside
healthy feeds that go on all the time.
"""

import asyncio
import contextlib
import gc
import json
import logging
import resource
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hostile_site.catalogue import SCENARIOS
from hostile_site.cost import Watch, descendants, descriptors, forget_peak, memory
from hostile_site.harness import CANARY
from hostile_site.names import Names
from hostile_site.scenario import Scenario

from archiver import times
from archiver.clock import Clock
from archiver.config import FetchSettings, ScheduleSettings
from archiver.errors import ParseError
from archiver.fetch import Fetcher
from archiver.fetch.wire import Pace
from archiver.manners import Turns
from archiver.model import FeedForUpdate, FetchOptions, ParseOptions
from archiver.pipeline import Pipeline, Updated
from archiver.service import Service
from archiver.store import Following
from archiver.turns import TakingTurns
from archiver.workers import Workers
from archiver.writer import Writer

LAST_RESORT = 120.0


class Timed(Pipeline):
    """The real one, with a stopwatch."""

    seconds: dict[str, float]

    async def update(self, feed: FeedForUpdate) -> Updated:
        began = time.monotonic()
        try:
            return await super().update(feed)
        finally:
            self.seconds[feed.url] = max(self.seconds.get(feed.url, 0), time.monotonic() - began)


class Archiving:
    """One service, and the feeds it is given."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.order = order
        self.scenarios = {name: SCENARIOS[name] for phase in order["phases"] for name in phase["names"]}
        self.urls = {one.address(order["ports"]): one for one in self.scenarios.values()}
        self.updates: dict[str, list[Updated]] = {}
        self.followed: set[str] = set()
        self.ring: Callable[[], object] = lambda: None
        self.news = asyncio.Event()
        self.report: dict[str, Any] = {"scenarios": {name: {} for name in self.scenarios}}

    def _report(self, updated: Updated) -> None:
        self.updates.setdefault(updated.feed.url, []).append(updated)
        self.news.set()

    async def run(self) -> dict[str, Any]:
        """Do as ordered."""
        order, names = self.order, Names()
        settings = FetchSettings(**order["settings"])
        turns = TakingTurns(Turns(spacing=settings.per_host_spacing), Clock(now=times.now))
        with Workers(order["workers"], time_limit_seconds=order["worker_seconds"]) as workers:
            with contextlib.suppress(ParseError):
                await workers.prepare(b"warm", ParseOptions())
            await asyncio.to_thread(int)
            gc.collect()
            fds, tasks = descriptors(), len(asyncio.all_tasks())
            threads = threading.active_count()
            processes = descendants()
            async with (
                Writer(Path(order["archive"])) as writer,
                Fetcher(
                    settings,
                    turns=turns,
                    look_up=names.look_up,
                    trust=lambda: ssl.create_default_context(cafile=order["authority"]),
                    pace=Pace(rate=500, grace=1.5),
                ) as fetcher,
            ):
                pipeline = Timed(
                    writer=writer,
                    fetcher=fetcher,
                    workers=workers,
                    schedule=ScheduleSettings(
                        interval_seconds=1, min_interval_seconds=1, max_interval_seconds=2
                    ),
                    headers=dict.fromkeys(self.urls, (("X-Api-Key", CANARY),)),
                    options={
                        url: FetchOptions(authorization=f"Bearer {CANARY}", cookies=(("own", CANARY),))
                        for url in self.urls
                    },
                    clock=times.now,
                )
                pipeline.seconds = {}
                service = Service(
                    pipeline=pipeline,
                    writer=writer,
                    turns=turns,
                    concurrency=settings.concurrency,
                    report=self._report,
                )
                self.ring = lambda: (service._agenda.ring(), service._news.set())  # nobody waits for a bell
                for url in order["healthy"]:
                    await self._follow(writer, url, interval=None)
                serving = asyncio.create_task(service.run(tick_seconds=0.2))
                watch = Watch()
                await self._until(lambda: len(self.updates) >= len(order["healthy"]), serving)
                self.report["began"] = time.time()
                forget_peak("self")
                before = memory("self", "VmRSS")
                for url in order["crowd"]:
                    await self._follow(writer, url, interval=86400)
                for phase in order["phases"]:
                    await self._phase(writer, phase, watch, serving)
                self.report |= {
                    "ended": time.time(),
                    "grown": memory("self", "VmHWM") - before,
                    "busy": watch.busy,
                    "worker_peak": watch.workers,
                    "secret_lookups": names.asked.get("name-rebind.test", 0),
                }
                service.stop()
                await asyncio.wait_for(serving, 20)
                watch.end()
                names.over.set()
            await asyncio.sleep(0.05)
            self._left(fds=fds, tasks=tasks, threads=threads, processes=processes)
            self.report["seconds"] = {
                self.urls[url].name: took for url, took in pipeline.seconds.items() if url in self.urls
            }
        return self.report | {"found": self._found()}

    async def _alone(
        self, writer: Writer, scenario: Scenario, watch: Watch, serving: "asyncio.Task[None]"
    ) -> None:
        gc.collect()
        forget_peak("self")
        for pid in descendants():
            forget_peak(pid)
        before, watch.workers = memory("self", "VmRSS"), 0
        url = scenario.address(self.order["ports"])
        await self._follow(writer, url, interval=1 if scenario.polls > 1 else 86400)
        await self._until(lambda: len(self.updates.get(url, ())) >= scenario.polls, serving)
        self.report["scenarios"][scenario.name] |= {
            "grown": memory("self", "VmHWM") - before,
            "worker_peak": max([watch.workers, *(memory(pid, "VmHWM") for pid in descendants())]),
        }

    async def _phase(
        self, writer: Writer, phase: dict[str, Any], watch: Watch, serving: "asyncio.Task[None]"
    ) -> None:
        """One after the other where memory is measured; else so many at once as may be."""
        urls = [SCENARIOS[name].address(self.order["ports"]) for name in phase["names"]]
        for url in urls:
            scenario = self.urls[url]
            if phase["at_once"] == 1:
                await self._alone(writer, scenario, watch, serving)
                continue
            await self._follow(writer, url, interval=1 if scenario.polls > 1 else 86400)
            await self._until(lambda: self._under_way(urls) < phase["at_once"], serving)
        await self._until(lambda: all(map(self._done, urls)), serving)

    def _under_way(self, urls: list[str]) -> int:
        return sum(one in self.followed and not self._done(one) for one in urls)

    async def _follow(self, writer: Writer, url: str, *, interval: int | None) -> None:
        self.followed.add(url)
        wanted = Following(url=url, interval_seconds=interval)
        await writer.run(lambda store: store.follow(wanted, origin="command", now=times.now()))
        self.ring()

    def _done(self, url: str) -> bool:
        return len(self.updates.get(url, ())) >= self.urls[url].polls

    async def _until(self, reached: Callable[[], bool], serving: "asyncio.Task[None]") -> None:
        """Wait until it is so; not for ever."""
        deadline = time.monotonic() + self.order.get("last_resort", LAST_RESORT)
        while not reached() and time.monotonic() < deadline and not serving.done():
            self.news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.news.wait(), 1)

    def _left(self, *, fds: int, tasks: int, threads: int, processes: list[int]) -> None:
        """What there is more than before; a little time is given, since threads end when they end."""
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and (threading.active_count() > threads or descriptors() > fds):
            gc.collect()
            time.sleep(0.05)
        names = [thread.name for thread in threading.enumerate()]
        self.report["left"] = {
            "descriptors": descriptors() - fds,
            "tasks": len(asyncio.all_tasks()) - tasks,
            "threads": threading.active_count() - threads,
            "processes": len(descendants()) - len(processes),
            "names": names if threading.active_count() > threads else [],
        }

    def _found(self) -> dict[str, Any]:
        """What the archive holds, scenario by scenario, by its own word."""
        db = sqlite3.connect(self.order["archive"])
        found: dict[str, Any] = {}
        for feed_id, url, next_at, etag, modified in db.execute(
            "SELECT id, url, next_fetch_at, etag, last_modified FROM feeds"
        ).fetchall():
            if (scenario := self.urls.get(url)) is None:
                continue
            fetches = db.execute(
                "SELECT outcome, error_kind, error, duration_ms FROM fetches WHERE feed_id = ? ORDER BY id",
                [feed_id],
            ).fetchall()
            entries = db.execute(
                "SELECT guid, content_text FROM entries WHERE feed_id = ? AND guid LIKE 'tag:hostile.%'",
                [feed_id],
            ).fetchall()
            found[scenario.name] = {
                "next_at": next_at,
                "validators": etag or modified,
                "fetches": [
                    dict(zip(("outcome", "kind", "error", "ms"), row, strict=True)) for row in fetches
                ],
                "entries": dict(entries),
            }
        db.close()
        return found


def main() -> None:
    """Read the order, do it, and print the report."""
    order = json.loads(Path(sys.argv[1]).read_text())
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    report = asyncio.run(_run(order))
    sys.stdout.write(json.dumps(report))


async def _run(order: dict[str, Any]) -> dict[str, Any]:
    return await Archiving(order).run()


if __name__ == "__main__":
    main()
