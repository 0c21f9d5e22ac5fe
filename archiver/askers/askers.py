"""The process that asks, as it looks from ours: `Askers` has the face of a Fetcher, and keeps the manners."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import count
from types import TracebackType
from typing import Any, Protocol, Self

from archiver.askers.begun import Begun, begin
from archiver.askers.link import Ask, Begin, Came, Drop, Fault, Go, Link, Message, Onward, Ping, Said
from archiver.config import FetchSettings
from archiver.errors import ArchiverError, FetchError
from archiver.failpoints import failpoint
from archiver.hosts import host_of
from archiver.model import FetchRequest, Response

RESTART_SECONDS = 1.0
"""A process that ends is followed by another, but not sooner than so long after it had begun."""

_log = logging.getLogger(__name__)


class AskerEnded(ArchiverError):
    """The process that asks was ended: of what was under way nothing is known, or must be recorded."""


class Turns(Protocol):
    """Who may ask which host, and when (the per-host manners)."""

    def turn(self, host: str) -> AbstractAsyncContextManager[object]:
        """Wait until a host (as `hosts.host_of` names it) may be asked, and hold it for one request."""


class Askers:
    """Asks for documents as a Fetcher does, in another process; takes the turns, of which that knows nothing.

    A process that was ended from outside is replaced with the next request.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        turns: Turns,
        begun: Begun | None = None,
        make: Callable[[FetchSettings], Any] | None = None,
    ) -> None:
        """Use the process that has `begun`, if one has; else one starts with the first request.

        `make` is for tests: a function of a module, which makes another Fetcher there.
        """
        self._settings = settings
        self._turns = turns
        self._begun = begun
        self._make = make
        self._connecting = asyncio.Lock()
        self._link: Link | None = None
        self._running: Begun | None = None
        self._not_before = 0.0
        self._is_closed = False
        self._numbers = count(1)
        self._awaited: dict[int, asyncio.Future[Any]] = {}

    @property
    def pid(self) -> int | None:
        """The number of the process; None where there is none."""
        begun = self._running or self._begun
        return begun.process.pid if begun else None

    async def fetch(self, request: FetchRequest) -> Response:
        """Bring the document, as `Fetcher.fetch` does.

        Raises FetchError; HostHeld, as `turns` does; AskerEnded where nothing is known of what came.
        """
        failpoint("before_fetch")
        link = self._link or await self._connected()
        number, host = next(self._numbers), host_of(request.url)
        message: Message = Ask(number, request, host)
        came: object = None
        try:
            while True:
                # A turn is given back before the next is taken, so that no two fetches wait for each other.
                async with self._turns.turn(host):
                    came = await self._said(link, number, message)
                if not isinstance(came, Onward):
                    break
                host, message = came.host, Go(number)
        except BaseException:
            link.say(Drop(number))
            raise
        if isinstance(came, Fault):
            bug = RuntimeError(came.what)
            bug.add_note(came.traceback)
            raise bug
        if isinstance(came, FetchError):
            raise came
        assert isinstance(came, Response)
        return came

    async def answer(self) -> None:
        """Return when the process shows that it is there, or where there is none. Raises AskerEnded."""
        if self._link is not None:
            number = next(self._numbers)
            await self._said(self._link, number, Ping(number))

    async def _said(self, link: Link, number: int, message: Message) -> object:
        """Say this, and wait for what comes under that number."""
        if link is not self._link:
            raise AskerEnded("the process that asks was ended")
        future = self._awaited[number] = asyncio.get_running_loop().create_future()
        link.say(message)
        try:
            return await future
        finally:
            del self._awaited[number]

    # ------------------------------------------------------------ the process

    async def _connected(self) -> Link:
        async with self._connecting:
            if self._link is not None:
                return self._link
            loop = asyncio.get_running_loop()
            if self._begun is None:
                await asyncio.sleep(self._not_before - loop.time())
            if self._is_closed:
                raise AskerEnded("the process that asks is no longer wanted")
            self._running, self._begun = self._begun or begin(), None
            self._not_before = loop.time() + RESTART_SECONDS
            _, link = await loop.create_connection(
                lambda: Link(self._take, self._gone), sock=self._running.connection
            )
            if self._running is None:
                raise AskerEnded("the process that asks ended at its start")
            self._link = link
            link.say(Begin(self._make, self._settings))
            return link

    def _take(self, message: Message) -> None:
        if isinstance(message, Came):
            future = self._awaited.get(message.number)
            if future is not None and not future.done():
                future.set_result(message.what)
        elif isinstance(message, Said):
            _repeat(message)

    def _gone(self) -> None:
        """The process ended, by itself or by `aclose`."""
        self._link = None
        if self._running is not None:
            self._running.end()
            if not self._is_closed:
                status = self._running.process.returncode
                _log.error("the process that asks has ended (%s); another takes its place", status)
            self._running = None
        for future in self._awaited.values():
            if not future.done():
                future.set_exception(AskerEnded("the process that asks was ended"))

    async def aclose(self) -> None:
        """End the process; what it still does is not waited for."""
        self._is_closed = True
        if self._link is not None:
            self._link.end()
            await asyncio.sleep(0)  # the rest is done by `_gone`
        for one in (self._begun, self._running):
            if one is not None:
                one.end()
        self._begun = self._running = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _repeat(said: Said) -> None:
    """Log what the other process has to say as if we had said it."""
    logger = logging.getLogger(said.logger)
    if logger.isEnabledFor(said.level):
        record = logger.makeRecord(said.logger, said.level, "", 0, said.message, (), None)
        record.exc_text = said.traceback
        logger.handle(record)
