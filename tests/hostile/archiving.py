"""The archiver's side, a process of its own: the real service on a real archive, and what it cost.

    python archiving.py ORDER.json    prints one JSON document

The order says which misbehaviours to follow as feeds, all `together` or each `alone`, beside healthy feeds that
go on all the time.
"""

import asyncio
import contextlib
import gc
import json
import logging
import os
import resource
import socket
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
from hostile_site.catalogue import SCENARIOS
from hostile_site.harness import CANARY
from hostile_site.scenario import Scenario
from hostile_site.ways import SECRET

LAST_RESORT = 120.0


# ---------------------------------------------------------------- names


class Names:
    """A resolver of our own: names of this site are on loopback, but for those that misbehave."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.over = threading.Event()

    def look_up(self, host: str) -> Sequence[str]:
        """Addresses of a name; sleeps, lies and fails as the name says."""
        host = host.lower().rstrip(".")
        times = self.asked[host] = self.asked.get(host, 0) + 1
        name = host.removesuffix(".test").replace("-", "_")
        if name.startswith("name_slow"):
            self.over.wait(8)
        if name in ("name_dead", "name_hiccup"):
            code = socket.EAI_AGAIN if name == "name_hiccup" else socket.EAI_NONAME
            raise socket.gaierror(code, "no")
        if name == "name_broken":
            raise OSError("the name server is on fire")
        if name.startswith("name_rebind"):
            return ["127.0.0.1"] if times == 1 else [SECRET]
        if name in ADDRESSES:
            return ADDRESSES[name]
        if host.endswith(".test"):
            return ["127.0.0.1"]
        found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(place[4][0]).partition("%")[0] for place in found]


ADDRESSES = {
    "name_mixed": ["127.0.0.1", "10.0.0.1"],
    "name_mixed_last": ["127.0.0.1"] * 50 + ["127.0.0.1", SECRET],
    "name_private": [SECRET],
    "private_name": [SECRET],
    "name_nat64": ["64:ff9b::7f09:909"],
    "name_mapped": [f"::ffff:{SECRET}"],
    "name_v6": ["::1"],
    "name_zone": ["fe80::1%lo"],
    "name_empty": [],
    "name_nonsense": ["not an address"],
    "name_refused": ["127.0.0.200", "127.0.0.201"],
    "name_first_dead": ["127.0.0.200", "127.0.0.1"],
    "name_thousand": [f"127.0.0.{1 if n % 250 == 0 else 200}" for n in range(1000)],
}


# ---------------------------------------------------------------- what it costs


def memory(pid: int | str, field: str) -> int:
    """VmRSS or VmHWM of a process in KiB; 0 where it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1])
    return 0


def forget_peak(pid: int | str) -> None:
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def descendants() -> list[int]:
    """Processes below this one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents.setdefault(int(parent), []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return sorted(found)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


class Watch:
    """Looks all the time: how long the loop was busy, how much memory the workers took."""

    def __init__(self) -> None:
        self.busy = 0.0
        """The most seconds of computing for which nothing else could happen."""
        self.workers = 0
        """The most memory of a worker, in KiB."""
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        count = 0
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            self.busy = max(self.busy, time.thread_time() - before)
            count += 1
            if count % 10 == 0:
                self.workers = max([self.workers, *(memory(pid, "VmHWM") for pid in descendants())])

    def end(self) -> None:
        self._task.cancel()


# ---------------------------------------------------------------- the archiver


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
        self.scenarios = {name: SCENARIOS[name] for name in order["names"]}
        self.urls = {one.address(order["ports"]): one for one in self.scenarios.values()}
        self.updates: dict[str, list[Updated]] = {}
        self.followed: list[str] = []
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
                    schedule=ScheduleSettings(interval_seconds=1, min_interval_seconds=1, max_interval_seconds=2),
                    headers={url: (("X-Api-Key", CANARY),) for url in self.urls},
                    options={url: FetchOptions(authorization=f"Bearer {CANARY}", cookies=(("own", CANARY),)) for url in self.urls},
                    clock=times.now,
                )
                pipeline.seconds = {}
                service = Service(
                    pipeline=pipeline, writer=writer, turns=turns, concurrency=settings.concurrency, report=self._report
                )
                for url in order["healthy"]:
                    await self._follow(writer, url, interval=None)
                serving = asyncio.create_task(service.run(tick_seconds=0.2))
                watch = Watch()
                await self._until(lambda: len(self.updates) >= len(order["healthy"]), serving)
                self.report["began"] = time.time()
                forget_peak("self")
                before = memory("self", "VmRSS")
                if order["mode"] == "alone":
                    for scenario in self.scenarios.values():
                        await self._alone(writer, scenario, watch, serving)
                else:
                    for url in order["crowd"]:
                        await self._follow(writer, url, interval=86400)
                    await self._follow_all(writer)
                    await self._until(self._all_done, serving)
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
            self.report["seconds"] = {self.urls[url].name: took for url, took in pipeline.seconds.items() if url in self.urls}
        return self.report | {"found": self._found()}

    async def _alone(self, writer: Writer, scenario: Scenario, watch: Watch, serving: "asyncio.Task[None]") -> None:
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

    async def _follow_all(self, writer: Writer) -> None:
        at_once = self.order.get("at_once") or len(self.urls)
        for url, scenario in self.urls.items():
            await self._follow(writer, url, interval=1 if scenario.polls > 1 else 86400)
            while at_once <= sum(one in self.urls and not self._done(one) for one in self.followed):
                self.news.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.news.wait(), 1)

    async def _follow(self, writer: Writer, url: str, *, interval: int | None) -> None:
        self.followed.append(url)
        wanted = Following(url=url, interval_seconds=interval)
        await writer.run(lambda store: store.follow(wanted, origin="command", now=times.now()))

    def _done(self, url: str) -> bool:
        return len(self.updates.get(url, ())) >= self.urls[url].polls

    def _all_done(self) -> bool:
        return all(map(self._done, self.urls))

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
                "SELECT outcome, error_kind, error, status, duration_ms, partial FROM fetches WHERE feed_id = ? ORDER BY id",
                [feed_id],
            ).fetchall()
            entries = db.execute(
                "SELECT coalesce(guid, key), content_text FROM entries WHERE feed_id = ? LIMIT 10000", [feed_id]
            ).fetchall()
            found[scenario.name] = {
                "next_at": next_at,
                "validators": etag or modified,
                "fetches": [dict(zip(("outcome", "kind", "error", "status", "ms", "partial"), row, strict=True)) for row in fetches],
                "entries": {guid: text for guid, text in entries if guid.startswith("tag:hostile.example")},
                "others": sum(not guid.startswith("tag:hostile.example") for guid, _ in entries),
            }
        db.close()
        return found


def main() -> None:
    """Read the order, do it, and print the report."""
    order = json.loads(Path(sys.argv[1]).read_text())
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    report = asyncio.run(_run(order))
    print(json.dumps(report))


async def _run(order: dict[str, Any]) -> dict[str, Any]:
    return await Archiving(order).run()


if __name__ == "__main__":
    main()
