"""Weeks in seconds: an event loop with a time of its own, a web without sockets, and its log.

The archiver is the real one. The loop's time passes only while everybody waits; the thread that writes, and
what is computed, take none of it.
"""

import asyncio
import random
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from archiver.clock import Clock
from archiver.config import FetchSettings, ScheduleSettings
from archiver.fetch import Fetcher
from archiver.hosts import host_of
from archiver.manners import Turns
from archiver.model import PreparedFeed
from archiver.pipeline import Pipeline, Updated
from archiver.prepare import prepare
from archiver.service import Service
from archiver.store import Following, Store
from archiver.turns import TakingTurns
from archiver.writer import Writer

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0
T = TypeVar("T")


# ---------------------------------------------------------------- time


class _Selector(selectors.DefaultSelector):
    """Lets time pass in place of waiting, unless a thread or a process is at work."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout == 0:
            return super().select(0) if self.loop.outside else []
        if self.loop.outside:
            return super().select(None)
        assert timeout is not None, "everybody waits, and nothing will ever happen"
        self.loop.passed += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is its own."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.outside = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.passed

    async def outside_of_time(self, work: Awaitable[T]) -> T:
        self.outside += 1
        try:
            return await work
        finally:
            self.outside -= 1


class _Writer(Writer):
    """The real one, but that no power cut is feared: the disk would take most of the time."""

    def _opened(self) -> Store:
        is_new = self._store is None
        store = super()._opened()
        if is_new:
            store._db.execute("PRAGMA synchronous = OFF")
        return store

    def run(self, work: Any) -> Any:
        return asyncio.get_running_loop().outside_of_time(super().run(work))  # type: ignore[attr-defined]

    def ask(self, question: Any) -> Any:
        return asyncio.get_running_loop().outside_of_time(super().ask(question))  # type: ignore[attr-defined]

    def _end(self, reading: Any) -> Any:
        return asyncio.get_running_loop().outside_of_time(super()._end(reading))  # type: ignore[attr-defined]

    def write(self, work: Any) -> Any:
        return asyncio.get_running_loop().outside_of_time(super().write(work))  # type: ignore[attr-defined]


class _Readers:
    """Reads documents here and now: to hand thousands of them to another process takes long."""

    async def prepare(self, *told: Any) -> PreparedFeed:
        return prepare(*told)


# ---------------------------------------------------------------- the web


@dataclass
class Request:
    """A line of the servers' common log. Times are seconds since the beginning."""

    url: str
    host: str
    began: float
    etag: str | None
    """What the request was conditional on."""
    ended: float = float("inf")
    status: int | None = None
    held_until: float = 0.0
    """Until when the answer asked us to stay away."""


@dataclass
class Host:
    """How one server behaves."""

    seconds: float = 0.2
    """How long it takes to answer."""
    refusing: Callable[[float], bool] = lambda now: False
    """When it answers `status`."""
    status: int = 429
    patience: float | None = None
    """What it then asks for, in seconds …"""
    as_date: bool = False
    """… or as a date."""
    down: Callable[[float], bool] = lambda now: False
    """When it does not answer at all."""
    refused: bool = False
    """Down means: no connection. Else: no answer."""


@dataclass
class Web(httpx.AsyncBaseTransport):
    """All servers together: what they serve, and whom they saw."""

    hosts: dict[str, Host] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    every: dict[str, float] = field(default_factory=dict)
    """How often the document at an address changes; those that are not here are 404."""
    log: list[Request] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(4))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        loop = asyncio.get_running_loop()
        url = str(request.url)
        line = Request(url, host_of(url), loop.time(), request.headers.get("If-None-Match"))
        self.log.append(line)
        host = self.hosts[line.host]
        try:
            if host.down(line.began):
                if host.refused:
                    raise httpx.ConnectError("refused", request=request)
                await asyncio.sleep(20)
                raise httpx.ReadTimeout("no answer", request=request)
            await asyncio.sleep(host.seconds * self.chance.uniform(0.5, 1.5))
            answer = self._answer(line, host, loop.time())
        finally:
            line.ended = loop.time()
        line.status = answer.status_code
        return answer

    def _answer(self, line: Request, host: Host, now: float) -> httpx.Response:
        date = {"Date": format_datetime(START + timedelta(seconds=int(now)), usegmt=True)}
        if host.refusing(line.began):
            if host.patience is None:
                return httpx.Response(host.status, headers=date)
            line.held_until = now + host.patience
            until = START + timedelta(seconds=int(now + host.patience))
            told = format_datetime(until, usegmt=True) if host.as_date else str(int(host.patience))
            if host.as_date:
                line.held_until = float(int(now + host.patience))
                date = {} if line.began % 2 < 1 else date
            return httpx.Response(host.status, headers=date | {"Retry-After": told})
        if line.url in self.redirects:
            return httpx.Response(302, headers=date | {"Location": self.redirects[line.url]})
        if line.url not in self.every:
            return httpx.Response(404, headers=date)
        version = int(now / self.every[line.url])
        etag = f'"{version}"'
        if line.etag == etag:
            return httpx.Response(304, headers=date | {"ETag": etag})
        return httpx.Response(200, headers=date | {"ETag": etag}, content=self._document(line.url, version))

    def _document(self, url: str, version: int) -> bytes:
        items = "".join(
            f"<item><title>Story {n}</title><guid isPermaLink='false'>{n}</guid><link>{url}/{n}</link>"
            f"<pubDate>{format_datetime(START + timedelta(seconds=n * self.every[url]))}</pubDate>"
            f"<description>What happened in part {n} of it all.</description></item>"
            for n in range(version, version - 3, -1)
        )
        return f"<rss version='2.0'><channel><title>{url}</title>{items}</channel></rss>".encode()


# ---------------------------------------------------------------- the archiver


class World:
    """One archive, one web, one time; services come and go in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.web = Web()
        self.loop = VirtualLoop()
        self.ahead = timedelta()
        """How far the clock is wrong."""
        self.done: list[Updated] = []
        self.settings = FetchSettings()

    def host(self, name: str, **habits: Any) -> None:
        """Put up a server."""
        self.web.hosts[name] = Host(**habits)

    def feed(self, url: str, *, every: float = DAY, leads_to: str | None = None) -> str:
        """Put up a feed that changes so often, or one that has gone elsewhere."""
        if leads_to is None:
            self.web.every[url] = every
        else:
            self.web.redirects[url] = leads_to
        return url

    def run(self, life: Callable[[], Awaitable[None]]) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(life())  # type: ignore[arg-type]

    def now(self) -> datetime:
        return START + timedelta(seconds=int(self.loop.passed)) + self.ahead

    @asynccontextmanager
    async def service(self, **settings: Any) -> AsyncIterator[Service]:
        """The whole archiver, as the command line puts it together."""
        clock = Clock(now=self.now)
        turns = TakingTurns(Turns(spacing=self.settings.per_host_spacing), clock)
        async with (
            _Writer(self.path) as writer,
            Fetcher(self.settings, turns=turns, transport=lambda: self.web) as fetcher,
        ):
            pipeline = Pipeline(
                writer=writer,
                fetcher=fetcher,
                workers=_Readers(),  # type: ignore[arg-type]
                schedule=ScheduleSettings(),
                headers={},
                clock=clock.now,
                elapsed=clock.elapsed,
            )
            yield Service(
                pipeline=pipeline,
                writer=writer,
                turns=turns,
                concurrency=self.settings.concurrency,
                report=self.done.append,
                **settings,
            )

    async def follow(self, urls: list[str]) -> None:
        async with _Writer(self.path) as writer:
            wanted = [Following(url=url) for url in urls]
            await writer.run(lambda store: store.sync(wanted, now=self.now()))

    async def serve(self, seconds: float, *, per_second: float = 50) -> None:
        """Let the service run for so long, and then stop it, whatever it is doing."""
        async with self.service(requests_per_second=per_second) as service:
            asyncio.get_running_loop().call_later(seconds, service.stop)
            await service.serve()

    # ------------------------------------------------------------ what the log says

    def by_host(self) -> dict[str, list[Request]]:
        hosts: dict[str, list[Request]] = {}
        for line in self.web.log:
            hosts.setdefault(line.host, []).append(line)
        return hosts

    def rude(self) -> list[tuple[str, Request, Request]]:
        """Every request that was sent to a host too soon after another, or against its wish."""
        found = []
        for host, lines in self.by_host().items():
            held, by = 0.0, lines[0]
            for one, other in pairwise(lines):
                if one.held_until > held:
                    held, by = min(one.held_until, one.ended + 7 * DAY), one
                if other.began < one.ended + 2:
                    found.append((host, one, other))
                if other.began < held:
                    found.append((host, by, other))
        return found

    def most_in_a_second(self) -> int:
        """How many requests were begun within one second at most."""
        times = [line.began for line in self.web.log]
        most = first = 0
        for last, time in enumerate(times):
            while times[first] <= time - 1:
                first += 1
            most = max(most, last - first + 1)
        return most

    def longest_silence(self) -> dict[str, float]:
        """For each address, the longest time for which it was not asked, up to now."""
        times: dict[str, list[float]] = {}
        for line in self.web.log:
            times.setdefault(line.url, [0.0]).append(line.began)
        return {
            url: max(
                later - before for before, later in zip(asked, [*asked[1:], self.loop.passed], strict=True)
            )
            for url, asked in times.items()
        }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "archive.db")
