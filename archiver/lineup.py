"""Feeds whose turn has come and whose rows are read, until there is a place for them.

While the rows of the next ones are read those before them are asked: neither waits for the other.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from archiver.model import FeedForUpdate

AHEAD = 16
"""So many are lined up beyond those that there are places for."""

FRESH_SECONDS = 1.0
"""So long a row counts for what it says: somebody may pause the feed, or another program update it."""


class _Read(NamedTuple):
    feed: FeedForUpdate
    host: str
    at: float


class Lineup:
    """First come, first served. Times are seconds of the service's clock."""

    def __init__(self, *, ahead: int = AHEAD) -> None:
        self._ahead = ahead
        self._read: deque[_Read] = deque()

    def __len__(self) -> int:
        return len(self._read)

    def __iter__(self) -> Iterator[int]:
        """The numbers of the feeds."""
        return (read.feed.id for read in self._read)

    @property
    def is_short(self) -> bool:
        """Whether it is time to read more rows: several at once, since each question takes its time."""
        return len(self._read) <= self._ahead // 2

    def wanted(self, places: int) -> int:
        """How many more to line up where there are so many places."""
        return max(places, 0) + self._ahead - len(self._read) if self.is_short else 0

    def add(self, feeds: Iterable[tuple[FeedForUpdate, str]], *, now: float) -> None:
        """Line up feeds and their hosts, of which the rows have just been read."""
        self._read.extend(_Read(feed, host, now) for feed, host in feeds)

    def put_back(self, feeds: Iterable[tuple[FeedForUpdate, str]], *, now: float) -> None:
        """Line up again, before all others, what was given back."""
        self._read.extendleft(reversed([_Read(feed, host, now) for feed, host in feeds]))

    def next(self, *, now: float) -> tuple[FeedForUpdate, str] | None:
        """Hand out the first one and its host; None where there is none, or its row is too old."""
        if not self._read or self._is_stale(self._read[0], now):
            return None
        feed, host, _ = self._read.popleft()
        return feed, host

    def give_back(self, *, now: float) -> dict[int, str]:
        """Hand out the first ones, of which the rows are too old, to be read again: number and host."""
        stale = {}
        while self._read and self._is_stale(self._read[0], now):
            feed, host, _ = self._read.popleft()
            stale[feed.id] = host
        return stale

    def _is_stale(self, read: _Read, now: float) -> bool:
        return now - read.at > FRESH_SECONDS
