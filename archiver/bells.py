"""What wakes the service from time to time: APScheduler rings, wound up anew when the clock was set."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from archiver.clock import Clock

if TYPE_CHECKING:
    from apscheduler.job import Job

CLOCK_STEP = timedelta(seconds=3)
"""By how much the clock may differ from the time that went by before the scheduler is wound up anew …"""

CLOCK_JUMP = timedelta(minutes=5)
"""… and before it is worth a line."""

_EPOCH = datetime.fromtimestamp(0, UTC)

log = logging.getLogger(__name__)


class Bells:
    """Bells that ring at intervals, in the event loop's thread, and by the time of day."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead: timedelta | None = None
        self._jobs: list[tuple[Job, float]] = []

    @contextmanager
    def ringing(self, bells: Mapping[Callable[[], None], float]) -> Iterator[None]:
        """Inside, call each of these every so many seconds."""
        # Only the service needs it: a `fetch` by hand would wait for it to load.
        from apscheduler.schedulers.asyncio import AsyncIOScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        scheduler = AsyncIOScheduler(timezone="UTC")

        async def ring(bell: Callable[[], None]) -> None:  # a plain function would be run in a thread
            bell()

        for bell, seconds in bells.items():
            trigger = IntervalTrigger(seconds=seconds)
            job = scheduler.add_job(ring, trigger, args=[bell], coalesce=True, max_instances=1)
            self._jobs.append((job, seconds))
        scheduler.start()
        try:
            yield
        finally:
            self._jobs.clear()
            scheduler.shutdown(wait=False)

    def clock_was_set(self) -> bool:
        """Whether somebody set the clock since this was last asked: what goes by it is to be looked at then.

        The bells are wound up anew: they would ring at a time of day that is far off now.
        """
        before = self._ahead
        self._ahead = self._clock.now() - _EPOCH - timedelta(seconds=self._clock.elapsed())
        if before is None or (step := abs(self._ahead - before)) <= CLOCK_STEP:
            return False
        for job, seconds in self._jobs:
            job.reschedule("interval", seconds=seconds)
        if step > CLOCK_JUMP:
            log.warning("the clock was set %s by %s", "forward" if self._ahead > before else "back", step)
        return True
