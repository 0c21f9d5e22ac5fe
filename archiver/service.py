"""The service: APScheduler ticks, due feeds come from the table, updates run side by side.

The scheduler only ever starts work. It would cancel what it runs when it shuts down, so the updates are
tasks of the service, which finishes or drops them itself: nothing half done is ever written.
"""

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from archiver.changes import Outcome
from archiver.errors import ArchiverError
from archiver.failpoints import failpoint
from archiver.model import FeedForUpdate
from archiver.pipeline import Pipeline, Updated
from archiver.upkeep import Upkeep
from archiver.urls import redact
from archiver.writer import Writer

DRAIN_SECONDS = 6.0
"""How long updates under way may take to finish after SIGTERM; then they are dropped, untouched."""

UPKEEP_SECONDS = 60
"""How often the service looks whether a chore is due."""

CLOCK_JUMP = timedelta(minutes=5)
"""By how much the clock may differ from the time that went by before it is worth a line."""

HOLD = timedelta(minutes=1)
"""How long a feed waits whose update could not be written, a full disk being the likeliest reason."""

log = logging.getLogger(__name__)

Report = Callable[[Updated], None]


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    feeds: int = 0
    new: int = 0
    revised: int = 0
    failed: int = 0

    def count(self, updated: Updated) -> None:
        """Add one update."""
        self.feeds += 1
        self.new += updated.fetch.entries_new
        self.revised += updated.fetch.entries_revised
        self.failed += updated.fetch.outcome in (Outcome.ERROR, Outcome.GONE)


class Service:
    """Keeps feeds up to date: as many updates at a time as allowed, each feed once at a time."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        writer: Writer,
        concurrency: int,
        clock: Callable[[], datetime],
        report: Report,
        drain_seconds: float = DRAIN_SECONDS,
        upkeep: Upkeep | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._writer = writer
        self._concurrency = concurrency
        self._clock = clock
        self._report = report
        self._drain_seconds = drain_seconds
        self._upkeep = upkeep
        self._chores: asyncio.Task[None] | None = None
        self._ahead: timedelta | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._held: dict[int, datetime] = {}
        self._stopping = asyncio.Event()
        self.tally = Tally()

    async def run(self, *, tick_seconds: float) -> None:
        """Serve until `stop` is called, then drain."""
        tick = asyncio.Event()
        scheduler = AsyncIOScheduler(timezone="UTC")

        async def ring() -> None:  # a plain function would be run in a thread, where no Event may be set
            tick.set()

        async def ring_for_upkeep() -> None:
            self._start_upkeep()

        scheduler.add_job(ring, IntervalTrigger(seconds=tick_seconds), coalesce=True, max_instances=1)
        scheduler.add_job(
            ring_for_upkeep, IntervalTrigger(seconds=UPKEEP_SECONDS), coalesce=True, max_instances=1
        )
        scheduler.start()
        try:
            while not self._stopping.is_set():
                tick.clear()
                more = await self._start_due()
                if not (more and self._has_room()):
                    await self._until(tick, or_room=not self._has_room())
        finally:
            scheduler.shutdown(wait=False)
            await self._drain()

    async def run_once(self) -> None:
        """Update everything that is due now, then return."""
        while not self._stopping.is_set():
            await self._start_due()
            if not self._tasks:
                break
            await self._until(or_room=True)
        await self._drain()

    async def update(self, feeds: tuple[FeedForUpdate, ...]) -> None:
        """Update these feeds, due or not."""
        waiting = list(reversed(feeds))
        while (waiting or self._tasks) and not self._stopping.is_set():
            while waiting and self._has_room():
                self._start(waiting.pop())
            await self._until(or_room=True)
        await self._drain()

    def stop(self) -> None:
        """Begin no more; `run` returns when what is under way is finished or dropped."""
        self._stopping.set()

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and Ctrl-C; a second Ctrl-C is the impatient kind and ends the process."""
        loop = asyncio.get_running_loop()

        def stop(number: signal.Signals) -> None:
            if number is signal.SIGINT:
                loop.remove_signal_handler(number)
            if not self._stopping.is_set():
                log.info("%s: finishing what is under way", number.name)
                self.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)

    def _start_upkeep(self) -> None:
        """Look after the archive, unless that is still being done."""
        if self._upkeep is not None and self._chores is None and not self._stopping.is_set():
            self._chores = asyncio.create_task(self._upkeep.run(), name="upkeep")
            self._chores.add_done_callback(self._upkeep_done)

    def _upkeep_done(self, task: "asyncio.Task[None]") -> None:
        self._chores = None
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("upkeep failed by our own fault", exc_info=bug)

    def _watch_clock(self, now: datetime) -> None:
        """Say when the clock was set: what is due goes by it, though the order of the archive does not."""
        ahead = now - datetime.fromtimestamp(0, UTC) - timedelta(seconds=time.monotonic())
        if self._ahead is not None and abs(ahead - self._ahead) > CLOCK_JUMP:
            way = "forward" if ahead > self._ahead else "back"
            log.warning("the clock was set %s by %s", way, abs(ahead - self._ahead))
        self._ahead = ahead

    def _has_room(self) -> bool:
        return len(self._tasks) < self._concurrency

    async def _start_due(self) -> bool:
        """Start updates of due feeds as far as there is room; say whether more may be due."""
        now, room = self._clock(), self._concurrency - len(self._tasks)
        self._watch_clock(now)
        self._held = {feed_id: until for feed_id, until in self._held.items() if until > now}
        beside = {*self._tasks, *self._held}
        due = await self._writer.run(lambda store: store.due(now=now, limit=room, beside=beside))
        for feed in due:
            self._start(feed)
        failpoint("after_start")
        return len(due) == room

    def _start(self, feed: FeedForUpdate) -> None:
        task = asyncio.create_task(self._update(feed), name=redact(feed.url))
        self._tasks[feed.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(feed.id, None))

    async def _update(self, feed: FeedForUpdate) -> None:
        try:
            updated = await self._pipeline.update(feed)
        except Exception as error:
            # Nothing was written, so the feed is still due: it must not be asked again at every tick.
            self._held[feed.id] = self._clock() + HOLD
            self.tally.failed += 1
            known = isinstance(error, ArchiverError)
            log.error("%s: nothing was archived: %s", redact(feed.url), error, exc_info=not known)
            return
        self.tally.count(updated)
        self._report(updated)

    async def _until(self, *events: asyncio.Event, or_room: bool) -> None:
        """Wait for the order to stop, for one of the events, or, if wanted, for an update to be done."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stopping, *events)]
        updates = self._tasks.values() if or_room else ()
        await asyncio.wait([*waits, *updates], return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    async def _drain(self) -> None:
        await self._drain_updates()
        if self._upkeep is not None and self._chores is not None:
            self._upkeep.stop()
            await asyncio.wait((self._chores,), timeout=self._drain_seconds)

    async def _drain_updates(self) -> None:
        if not self._tasks:
            return
        failpoint("mid_drain")
        _, late = await asyncio.wait(tuple(self._tasks.values()), timeout=self._drain_seconds)
        for task in late:
            log.warning("%s: dropped, it will be asked again", task.get_name())
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
