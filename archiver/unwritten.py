"""What came and could not be written, as on a full disk: it waits with its feed, and is written at last."""

import asyncio
import logging

from archiver.clock import Clock
from archiver.model import FeedForUpdate
from archiver.pipeline import Unwritten, Updated
from archiver.urls import redact

HOLD_SECONDS = 60.0
"""How long what could not be written waits, and a feed whose update left no trace at least."""

log = logging.getLogger(__name__)


class UnwrittenUpdates:
    """The updates of one service that could not be written: how many, why, and what becomes of them."""

    def __init__(self, *, clock: Clock, end: asyncio.Event) -> None:
        """`end` is set when the service is told to stop."""
        self._clock = clock
        self._end = end
        self.count = 0
        """How often, since the start, an update could not be written."""
        self.trouble: str | None = None
        """Why the last update could not be written; None: it was."""

    def note(self, error: Exception) -> None:
        """One could not be written."""
        self.count += 1
        self.trouble = str(error) or type(error).__name__

    def over(self) -> None:
        """One was written."""
        self.trouble = None

    async def write(self, feed: FeedForUpdate, error: Unwritten, *, keep_trying: bool) -> Updated:
        """Write what came when that is possible again. Until then it keeps its place, so that few are asked.

        Who serves no longer than one round does not keep trying; who is told to stop tries once more. Raises
        Unwritten.
        """
        if keep_trying and error.may_pass:
            log.error("%s: what came is not written yet: %s", redact(feed.url), error)
        while keep_trying and error.may_pass:
            self.note(error)
            await self._clock.wait(self._end, HOLD_SECONDS)
            keep_trying = not self._end.is_set()
            try:
                return await error.again()
            except Unwritten as another:
                error = another
        raise error

    def patience(self, error: Exception) -> float:
        """Seconds to leave a feed alone whose update left no trace: as it would be, if that is known."""
        meant = error.meant if isinstance(error, Unwritten) else None
        if meant is None or meant.next_at is None:
            return HOLD_SECONDS
        return max(HOLD_SECONDS, (meant.next_at - self._clock.now()).total_seconds())
