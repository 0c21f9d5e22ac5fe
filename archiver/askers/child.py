"""The process that asks: one Fetcher in one event loop, which does what it is told and says what came.

It has no archive and no configuration but what it is told over the socket, and ends when that closes.
"""

import asyncio
import gc
import logging
import os
import resource
import signal
import socket
import sys
import traceback
from typing import Self

# httpx brings a command line, which takes as long to load as all the rest of it. It does without.
sys.modules["httpx._main"] = None  # type: ignore[assignment]

from archiver.askers.link import Ask, Begin, Came, Drop, Fault, Go, Link, Message, Onward, Ping, Said  # noqa: E402
from archiver.errors import FetchError  # noqa: E402
from archiver.fetch import Fetcher  # noqa: E402
from archiver.model import Response  # noqa: E402

_GARBAGE = 5_000
"""So many objects are new before those in circles are looked for. There are next to none; see `_bare`."""


def main(descriptor: int) -> None:
    """Serve on this socket until its other end closes."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # what is under way is our parent's to finish or to drop
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold the feeds' secrets
    asyncio.run(_serve(socket.socket(fileno=descriptor)))


async def _serve(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    asking = _Asking()
    _, link = await loop.create_connection(lambda: Link(asking.take, _leave), sock=connection)
    asking.link = link
    logging.getLogger().addHandler(_Telling(link, loop))
    logging.getLogger("archiver").setLevel(logging.INFO)
    logging.captureWarnings(True)
    gc.freeze()  # what is loaded stays: nobody need look through it again and again
    gc.set_threshold(_GARBAGE)
    await loop.create_future()


def _leave() -> None:
    """End here and now: neither a look-up that sleeps nor a file system that hangs is waited for."""
    os._exit(0)


class _Turns:
    """The turns of one fetch. That of its first host was taken for it; for any other it asks."""

    def __init__(self, number: int, host: str, link: Link) -> None:
        self._number = number
        self._granted: str | None = host
        self._host = host
        self._link = link
        self._waits: asyncio.Future[None] | None = None

    def go(self) -> None:
        """It is the turn of the host that was asked for."""
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)

    def turn(self, host: str) -> Self:
        """Wait until a host may be asked. That a request is over, the next message says."""
        self._host = host
        return self

    async def __aenter__(self) -> None:
        granted, self._granted = self._granted, None
        if self._host != granted:
            self._waits = asyncio.get_running_loop().create_future()
            self._link.say(Came(self._number, Onward(self._host)))
            await self._waits

    async def __aexit__(self, *_: object) -> None:
        pass


class _Asking:
    """All fetches that are under way."""

    link: Link
    _fetcher: Fetcher

    def __init__(self) -> None:
        self._under_way: dict[int, tuple[asyncio.Task[None], _Turns]] = {}

    def take(self, message: Message) -> None:
        """Do what a message says."""
        match message:
            case Ask(number):
                turns = _Turns(number, message.host, self.link)
                self._under_way[number] = asyncio.create_task(self._ask(message, turns)), turns
            case Go(number):
                if number in self._under_way:
                    self._under_way[number][1].go()
            case Drop(number):
                if number in self._under_way:
                    self._under_way.pop(number)[0].cancel()
            case Ping(number):
                self.link.say(Came(number, None))
            case Begin(make, settings):
                self._fetcher = (make or Fetcher)(settings)

    async def _ask(self, order: Ask, turns: _Turns) -> None:
        came: Response | FetchError | Fault
        try:
            came = await self._fetcher.fetch(order.request, turns=turns, host=order.host)
        except FetchError as error:
            came = _bare(error)
        except Exception as bug:
            came = Fault(f"asking failed by our own fault: {bug!r}", traceback.format_exc())
        finally:
            self._under_way.pop(order.number, None)  # it is not there any more where it was dropped
        self.link.say(Came(order.number, came))


def _bare(error: FetchError) -> FetchError:
    """A failure without what led to it: that holds the whole fetch, which holds it, and all would stay."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


class _Telling(logging.Handler):
    """Hands what this process has to say to the log of the other one."""

    def __init__(self, link: Link, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._link = link
        self._loop = loop

    def emit(self, record: logging.LogRecord) -> None:
        """From any thread."""
        told = None
        if record.exc_info and record.exc_info[0] is not None:
            told = "".join(traceback.format_exception(*record.exc_info))
        said = Said(record.name, record.levelno, record.getMessage(), told)
        self._loop.call_soon_threadsafe(self._link.say, said)
