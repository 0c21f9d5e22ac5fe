"""Whether the service is alive: it ticks, asks and writes. The watchdog and `/healthz` go by it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from archiver.errors import ArchiverError
from archiver.notify import notify, watchdog_seconds
from archiver.writer import Writer

TICKS_MISSED = 3
STUCK_SECONDS = 180.0
"""A loop that missed so many ticks, and at least for so long, is stuck."""

WRITER_SECONDS = 20.0
"""So long the writer may be busy with what it has begun."""

ASKING_SECONDS = 20.0
"""So long the process that asks may be busy with one thing."""

CHANGING_SECONDS = 120.0
"""So long the service may take to begin, or to begin again with another configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What the service says of itself."""

    last_tick_ago: float | None = None
    """Seconds since it last looked what is due; None: not yet."""
    under_way: int = 0
    """Updates at this moment."""
    unwritten: int = 0
    """Updates in all that could not be written."""
    trouble: str | None = None
    """Why the last update could not be written; None: it was."""


class Vitals:
    """Feels the pulse of the service that runs at present; between two of them it waits a while."""

    def __init__(self) -> None:
        self._pulse: Callable[[], Pulse] | None = None
        self._writer: Writer | None = None
        self._answer: Callable[[], Awaitable[None]] | None = None
        self._tick_seconds = 0.0
        self._since = time.monotonic()

    def watch(
        self,
        pulse: Callable[[], Pulse],
        writer: Writer,
        *,
        tick_seconds: float,
        answer: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Look after this service from now on; `answer` returns when the process that asks does."""
        self._pulse, self._writer, self._tick_seconds = pulse, writer, tick_seconds
        self._answer = answer
        self._since = time.monotonic()

    def leave(self) -> None:
        """The service ends, and another is to begin."""
        self._pulse, self._writer, self._since = None, None, time.monotonic()
        self._answer = None

    def pulse(self) -> Pulse:
        """What the service says of itself; nothing where there is none."""
        return self._pulse() if self._pulse else Pulse()

    async def problems(self) -> list[str]:
        """What keeps the service from its work, a sentence each."""
        _, unwritable = await self._probe()
        trouble = self.pulse().trouble
        told = f"the last update could not be written: {trouble}" if trouble is not None else None
        return [
            problem
            for problem in (self._stuck(), await self._mute(), unwritable, told)
            if problem is not None
        ]

    async def is_alive(self) -> bool:
        """Whether loops and writer do anything at all. A full disk is no reason to be restarted."""
        answers, _ = await self._probe()
        return answers and self._stuck() is None and await self._mute() is None

    def _stuck(self) -> str | None:
        if self._pulse is None:
            ago, most = time.monotonic() - self._since, CHANGING_SECONDS
            return f"no service runs since {ago:.0f} seconds" if ago > most else None
        ago_of_tick = self._pulse().last_tick_ago
        ago = time.monotonic() - self._since if ago_of_tick is None else ago_of_tick
        most = max(TICKS_MISSED * self._tick_seconds, STUCK_SECONDS)
        return f"the service has not looked for due feeds for {ago:.0f} seconds" if ago > most else None

    async def _mute(self) -> str | None:
        """What is wrong with the process that asks. One that has ended is not: another takes its place."""
        if self._answer is None:
            return None
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                await self._answer()
        except TimeoutError:
            return f"the process that asks has been busy for {ASKING_SECONDS:.0f} seconds"
        except ArchiverError:
            pass
        return None

    async def _probe(self) -> tuple[bool, str | None]:
        """Whether the writer answers at all, and what keeps it from writing."""
        if self._writer is None:
            return True, None
        try:
            async with asyncio.timeout(WRITER_SECONDS):
                await self._writer.run(lambda store: store.probe())
        except TimeoutError:
            return False, f"the writer has been busy for {WRITER_SECONDS:.0f} seconds"
        except ArchiverError as error:
            return True, f"the archive cannot be written: {error}"
        return True, None


async def keep_watchdog_quiet(vitals: Vitals) -> None:
    """Tell systemd's watchdog that we live, for as long as we do. Returns at once where it does not watch."""
    seconds = watchdog_seconds()
    while seconds is not None:
        with suppress(Exception):  # its silence is what is heard
            if await vitals.is_alive():
                notify("WATCHDOG=1")
        await asyncio.sleep(seconds / 2)
