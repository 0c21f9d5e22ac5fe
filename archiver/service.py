"""The service: due feeds come from the table, wait for their hosts' turns, and are updated side by side.

The scheduler only ever rings (`bells`). It would cancel what it runs when it shuts down, so the updates are
tasks of the service, which finishes or drops them itself: nothing half done is ever written.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archiver.agenda import Agenda
from archiver.bells import Bells
from archiver.changes import Outcome
from archiver.errors import ArchiverError, HostHeld
from archiver.failpoints import failpoint
from archiver.lineup import Lineup
from archiver.manners import UNREACHABLE, host_asked
from archiver.model import FeedForUpdate, FeedState
from archiver.pipeline import Pipeline, Unwritten, Updated
from archiver.turns import TakingTurns
from archiver.unwritten import UnwrittenUpdates
from archiver.urls import redact
from archiver.vitals import Pulse
from archiver.writer import Writer

if TYPE_CHECKING:
    from archiver.upkeep import Upkeep

DRAIN_SECONDS = 6.0
"""How long updates under way may take to finish after SIGTERM; then they are dropped, untouched."""

UPKEEP_SECONDS = 60
"""How often the service looks whether a chore is due."""

WATCH_SECONDS = 60.0
"""How often it looks at the clock at least, whatever else there is to do."""

MOST_CONFIRMING = 256
"""So many updates that only wait to be written take nobody's place: together they are one transaction."""

log = logging.getLogger(__name__)

Report = Callable[[Updated], None]


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    feeds: int = 0
    new: int = 0
    revised: int = 0
    failed: int = 0
    skipped: int = 0
    """Not asked, since their servers had asked for patience."""

    def count(self, updated: Updated) -> None:
        """Add one update."""
        self.feeds += 1
        self.new += updated.fetch.entries_new
        self.revised += updated.fetch.entries_revised
        self.failed += updated.fetch.outcome in (Outcome.ERROR, Outcome.GONE)
        self.skipped += updated.fetch.outcome is Outcome.SKIPPED


class Service:
    """Keeps feeds up to date: as many updates at a time as allowed, each feed once, each host at its turn."""

    def __init__(
        self,
        *,
        pipeline: Pipeline,
        writer: Writer,
        turns: TakingTurns,
        concurrency: int,
        report: Report,
        requests_per_second: float | None = None,
        drain_seconds: float = DRAIN_SECONDS,
        upkeep: "Upkeep | None" = None,
    ) -> None:
        """Go by the clock of `turns`, which must be those that the pipeline's fetcher takes."""
        self._pipeline = pipeline
        self._writer = writer
        self._turns = turns
        self._clock = turns.clock
        self._agenda = Agenda(writer=writer, turns=turns, per_second=requests_per_second)
        self._concurrency = concurrency
        self._report = report
        self._drain_seconds = drain_seconds
        self._upkeep = upkeep
        self._chores: asyncio.Task[None] | None = None
        self._bells = Bells(self._clock)
        # Who is lined up has been counted as begun: after a wait, too many would begin at once.
        self._lineup = Lineup() if requests_per_second is None else Lineup(ahead=0)
        self._tasks: dict[int, tuple[asyncio.Task[None], FeedForUpdate]] = {}
        self._held: dict[int, float] = {}
        self._by_hand = False
        self._serves = False
        self._news = asyncio.Event()
        self._end = asyncio.Event()
        self._unwritten = UnwrittenUpdates(clock=self._clock, end=self._end)
        self._stepped_at: float | None = None
        self.tally = Tally()
        turns.on_free = self._go_on
        pipeline.on_confirming = self._fill
        pipeline.on_hold = self._agenda.hold

    # ------------------------------------------------------------ the ways to run it

    async def run(self, *, tick_seconds: float) -> None:
        """Serve until `stop` is called, with chores, then drain."""
        with self._bells.ringing({self._ring: tick_seconds, self._start_upkeep: UPKEEP_SECONDS}):
            await self.serve()

    async def serve(self) -> None:
        """Serve until `stop` is called, then drain: `step` after `step`, and nothing between."""
        try:
            await self.begin()
            while not self._end.is_set():
                await self._rest(await self.step())
        finally:
            await self.drain()

    async def run_once(self) -> None:
        """Update everything that is due now, but for feeds whose hosts are to be left alone; then return."""
        await self._agenda.open(quiet=False)
        try:
            while not self._end.is_set():
                pause = await self.step()
                if not (self._tasks or self._lineup or self._turns.turns.queued or self._agenda.has_more):
                    break
                await self._rest(pause)
        finally:
            await self.drain()

    async def update(self, feeds: Iterable[tuple[int, str]]) -> None:
        """Update these feeds (number and host), due or not, paused or not.

        Those whose hosts are to be left alone get one row each that says so, and are not asked.
        """
        self._by_hand = True
        await self._agenda.open(quiet=False)
        self._agenda.queue(feeds)
        try:
            while not self._end.is_set():
                await self._skip(self._turns.turns.turned_away())
                await self._begin(self._agenda.pick(self._wanted()))
                if not (self._tasks or self._lineup or self._turns.turns.queued):
                    break
                await self._rest(self._agenda.pause(has_room=self._wanted() > 0, looking=False))
                await self._skip(self._turns.turns.turned_away())
        finally:
            await self.drain()

    def stop(self) -> None:
        """Begin no more; `run` returns when what is under way is finished or dropped."""
        self._end.set()
        self._news.set()

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and Ctrl-C; a second Ctrl-C is the impatient kind and ends the process."""
        loop = asyncio.get_running_loop()

        def stop(number: signal.Signals) -> None:
            if number is signal.SIGINT:
                loop.remove_signal_handler(number)
            if not self._end.is_set():
                log.info("%s: finishing what is under way", number.name)
                self.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)

    # ------------------------------------------------------------ one step

    async def begin(self) -> None:
        """Before the first step: take up the manners where the last run left them; rest once before all."""
        self._serves = True
        await self._agenda.open(quiet=True)

    async def step(self) -> float:
        """Begin every update that may begin now. Never waits for one.

        Returns after how many seconds there may be more to begin, unless an update ends before that.
        """
        if self._bells.clock_was_set():
            self._agenda.ring()
        self._stepped_at = elapsed = self._clock.elapsed()
        self._held = {feed_id: until for feed_id, until in self._held.items() if until > elapsed}
        await self._agenda.look(beside={*self._tasks, *self._lineup, *self._held})
        self._turns.turns.turned_away()  # they are still due; the table remembers them
        await self._begin(self._agenda.pick(self._wanted()))
        return min(self._agenda.pause(has_room=self._wanted() > 0, looking=True), WATCH_SECONDS)

    def pulse(self) -> Pulse:
        """How it goes, for those who watch."""
        return Pulse(
            last_tick_ago=None if self._stepped_at is None else self._clock.elapsed() - self._stepped_at,
            under_way=len(self._tasks),
            unwritten=self._unwritten.count,
            trouble=self._unwritten.trouble,
        )

    def _room(self) -> int:
        """How many updates may begin. One that waits for a turn or for the writer takes nobody's place."""
        confirming = min(self._pipeline.confirming, MOST_CONFIRMING)
        return self._concurrency - len(self._tasks) + self._turns.waiting + confirming

    def _wanted(self) -> int:
        """How many feeds are to be lined up."""
        return self._lineup.wanted(self._room())

    async def _begin(self, picked: list[tuple[int, str]]) -> None:
        """Line up these feeds, as they are now: somebody may have paused them meanwhile. Start some."""
        again = self._lineup.give_back(now=self._clock.elapsed()) if self._room() > 0 else {}
        hosts = again | dict(picked)
        if not hosts:
            return
        try:
            feeds = {
                feed.id: feed for feed in await self._writer.ask(lambda reader: reader.for_updates(hosts))
            }
        except ArchiverError:
            for host in hosts.values():
                self._turns.turns.done(host, now=self._clock.elapsed())
            raise
        now = self._clock.elapsed()

        def wanted(hosts: Iterable[tuple[int, str]]) -> Iterator[tuple[FeedForUpdate, str]]:
            for feed_id, host in hosts:
                feed = feeds.get(feed_id)
                if feed is not None and (self._by_hand or feed.state is not FeedState.PAUSED):
                    yield feed, host
                else:
                    self._turns.turns.done(host, now=now)

        self._lineup.put_back(wanted(again.items()), now=now)
        self._lineup.add(wanted(picked), now=now)
        self._fill()
        failpoint("after_start")

    def _fill(self) -> None:
        """Start what is lined up, as far as there is room: whoever makes room calls this."""
        while self._room() > 0 and not self._end.is_set():
            turn = self._lineup.next(now=self._clock.elapsed())
            if turn is None:
                break
            self._start(*turn)
        if self._lineup.is_short or self._room() > 0:
            self._news.set()

    def _go_on(self) -> None:
        self._fill()
        self._news.set()

    def _start(self, feed: FeedForUpdate, host: str) -> None:
        def done(_: "asyncio.Task[None]") -> None:
            self._tasks.pop(feed.id, None)
            self._turns.turns.done(host, now=self._clock.elapsed())
            self._fill()

        task = asyncio.create_task(self._update(feed))
        self._tasks[feed.id] = task, feed
        task.add_done_callback(done)

    async def _update(self, feed: FeedForUpdate) -> None:
        try:
            try:
                updated = await self._pipeline.update(feed)
            except HostHeld as held:
                if not self._by_hand:  # nothing was written, so the feed is still due
                    self._hold(feed, self._turns.turns.spacing)
                    return
                updated = await self._pipeline.skip(feed, held)
            except Unwritten as error:
                updated = await self._unwritten.write(feed, error, keep_trying=self._serves)
        except Exception as error:
            # Nothing was written, so the feed is still due: it must not be asked again at every tick.
            self._hold(feed, self._unwritten.patience(error))
            self.tally.failed += 1
            self._unwritten.note(error)
            known = isinstance(error, ArchiverError)
            log.error("%s: nothing was archived: %s", redact(feed.url), error, exc_info=not known)
            return
        self._unwritten.over()
        self._learn(updated)
        self.tally.count(updated)
        self._report(updated)

    def _hold(self, feed: FeedForUpdate, seconds: float) -> None:
        self._held[feed.id] = self._clock.elapsed() + seconds
        self._agenda.look_within(seconds)

    def _learn(self, updated: Updated) -> None:
        """Take from an update what it means for others, and for the time to look again."""
        fetch, now = updated.fetch, self._clock.elapsed()
        if updated.next_at is not None:
            self._agenda.look_within((updated.next_at - self._clock.now()).total_seconds())
        if fetch.outcome is Outcome.SKIPPED:
            return
        if updated.hold is not None and updated.hold.until is not None:
            self._agenda.hold(updated.hold)
            log.info(
                "%s is left alone until %s: %s", updated.hold.host, updated.hold.until, updated.hold.reason
            )
        if fetch.error_kind in UNREACHABLE:
            host = host_asked(fetch)
            if (rest := self._turns.turns.failed(host, updated.feed.id, now=now)) is not None:
                self._agenda.look_within(rest.until - now)
                log.info("%s is left alone for %d seconds: %s", host, rest.until - now, rest.reason)
        elif fetch.status is not None:
            self._turns.turns.answered(host_asked(fetch))

    async def _skip(self, away: list[tuple[int, str]]) -> None:
        """Write down of feeds that were asked for by hand that they were not asked."""
        hosts = dict(away)
        for feed in await self._writer.ask(lambda reader: reader.for_updates(hosts)) if away else ():
            if (held := self._turns.held(hosts[feed.id])) is None:
                self._agenda.queue([(feed.id, hosts[feed.id])])
                continue
            updated = await self._pipeline.skip(feed, held)
            self.tally.count(updated)
            self._report(updated)

    def _ring(self) -> None:
        self._agenda.ring()
        self._news.set()

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until there is news: an update or a request is over, a bell, the order to stop."""
        if not self._news.is_set() and seconds > 0:
            await self._clock.wait(self._news, min(seconds, WATCH_SECONDS))
        else:
            await asyncio.sleep(0)
        self._news.clear()

    # ------------------------------------------------------------ the chores, the end

    def _start_upkeep(self) -> None:
        """Look after the archive, unless that is still being done."""
        if self._upkeep is not None and self._chores is None and not self._end.is_set():
            self._chores = asyncio.create_task(self._upkeep.run(), name="upkeep")
            self._chores.add_done_callback(self._upkeep_done)

    def _upkeep_done(self, task: "asyncio.Task[None]") -> None:
        self._chores = None
        if not task.cancelled() and (bug := task.exception()) is not None:
            log.error("upkeep failed by our own fault", exc_info=bug)

    async def drain(self) -> None:
        """Finish what is under way, or drop it when that takes too long; begin no more."""
        self.stop()
        await self._drain_updates()
        if self._upkeep is not None and self._chores is not None:
            self._upkeep.stop()
            await asyncio.wait((self._chores,), timeout=self._drain_seconds)

    async def _drain_updates(self) -> None:
        if not self._tasks:
            return
        failpoint("mid_drain")
        await asyncio.wait([task for task, _ in self._tasks.values()], timeout=self._drain_seconds)
        late = [(task, feed) for task, feed in self._tasks.values() if not task.done()]
        for task, feed in late:
            log.warning("%s: dropped, it will be asked again", redact(feed.url))
            task.cancel()
        await asyncio.gather(*(task for task, _ in late), return_exceptions=True)
