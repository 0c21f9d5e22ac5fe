"""Requests that take turns: the waiting that `manners` asks for, done."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from archiver.clock import Clock
from archiver.errors import HostHeld
from archiver.manners import Rest, Turns

LONGEST_LINE = 50
"""So many requests may wait for one host. More are redirects that all lead there, and come back later."""


@dataclass(slots=True)
class _Line:
    """Who waits for one host: a lock lets them in, first come first."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class TakingTurns:
    """Lets each request wait for its host's turn. A fetch takes one for each hop, one after the other."""

    def __init__(self, turns: Turns, clock: Clock, *, on_free: Callable[[], None] = lambda: None) -> None:
        """Tell `on_free` whenever something may begin that could not before."""
        self.turns = turns
        self.clock = clock
        self.on_free = on_free
        self.began = clock.elapsed()
        """Nobody asked for us after that, by any other turns than these."""
        self.waiting = 0
        """How many requests wait for their turn."""
        self._lines: dict[str, _Line] = {}

    def turn(self, host: str) -> "_Turn":
        """Wait until a request to this host may begin; inside, it is under way.

        Raises HostHeld where the host is left alone, or too many wait for it already.
        """
        return _Turn(self, host)

    async def _begin(self, host: str) -> _Line | None:
        """Wait for the turn; return the line in which it is the first, where there is one at all."""
        if not self.turns.is_bound(host):
            self._make_sure_of(host)
            return None
        line = self._lines.get(host)
        if line is None:
            line = self._lines[host] = _Line()
        if line.length >= LONGEST_LINE + self.turns.is_at_work(host):
            raise self._held(host, Rest(self._now() + line.length * self.turns.spacing, "many wait for it"))
        line.length += 1
        try:
            await self._wait(host, line)
        except BaseException:
            self._leave(host, line)
            raise
        self.turns.take(host)
        return line

    def _end(self, host: str, line: _Line) -> None:
        self.turns.end(host, now=self._now())
        line.lock.release()
        self._leave(host, line)

    def _leave(self, host: str, line: _Line) -> None:
        line.length -= 1
        if not line.length:
            del self._lines[host]
        if self.turns.is_waited_for(host):
            self.on_free()

    async def _wait(self, host: str, line: _Line) -> None:
        """Return with the lock held, when it is our turn."""
        if line.length == 1 and self.turns.free_at(host) <= self._now():
            self._make_sure_of(host)
            await line.lock.acquire()
            return
        self.waiting += 1
        self.on_free()
        try:
            await line.lock.acquire()
            try:
                self._make_sure_of(host)
                while (pause := self.turns.free_at(host) - self._now()) > 0:
                    await self.clock.sleep(pause)
                    self._make_sure_of(host)
            except BaseException:
                line.lock.release()
                raise
        finally:
            self.waiting -= 1

    def _make_sure_of(self, host: str) -> None:
        """Raise HostHeld, if it is left alone."""
        if (rest := self.turns.rest(host, now=self._now())) is not None:
            raise self._held(host, rest)

    def _held(self, host: str, rest: Rest) -> HostHeld:
        left = timedelta(seconds=math.ceil(rest.until - self._now()))
        return HostHeld(host, self.clock.now() + left, rest.reason)

    def held(self, host: str) -> HostHeld | None:
        """What there is to tell of a host that is left alone."""
        rest = self.turns.rest(host, now=self._now())
        return self._held(host, rest) if rest else None

    def _now(self) -> float:
        return self.clock.elapsed()


class _Turn:
    """One turn, as a context. Every request takes one, and a generator in its place would be dear."""

    __slots__ = ("_host", "_line", "_taking")

    def __init__(self, taking: TakingTurns, host: str) -> None:
        self._taking = taking
        self._host = host
        self._line: _Line | None = None

    async def __aenter__(self) -> None:
        self._line = await self._taking._begin(self._host)

    async def __aexit__(self, *_: object) -> None:
        if self._line is not None:
            self._taking._end(self._host, self._line)
