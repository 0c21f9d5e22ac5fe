"""The clock that is handed in: what time it is, how much has gone by, and how to wait."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime


def _elapsed() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Two times, since the first may be set back or forward while we run, and the second never is.

    By default the second, and waiting, are those of the running event loop: one with a time of its own is
    enough to let weeks pass in seconds.
    """

    now: Callable[[], datetime]
    """The time of day, aware and in UTC."""
    elapsed: Callable[[], float] = _elapsed
    """Seconds since some moment, steadily."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Wait so many seconds."""

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait so many seconds, or until that happens."""
        happened = asyncio.ensure_future(event.wait())
        time = asyncio.ensure_future(self.sleep(seconds))
        try:
            await asyncio.wait((happened, time), return_when=asyncio.FIRST_COMPLETED)
        finally:
            happened.cancel()
            time.cancel()
