"""The one thread that writes to the archive, and gathers what waits into common transactions.

Beside it one answers questions about what is committed, so that nobody waits for a transaction to learn
what to do next, and one compresses what came, which takes as long as all the rest of an update.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from archiver.errors import ArchiveBusy, ArchiverError
from archiver.store import Packed, Reader, Store

T = TypeVar("T")

MOST_TOGETHER = 256
"""How many updates one transaction takes at most, so that none waits long for those before it."""

WORTH_A_THREAD = 8192
"""Bytes of a body: to compress less takes no longer than to hand it to another thread."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A piece of writing, and who waits for it."""

    work: Callable[[Store], Any]
    done: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class _Written:
    """What became of a piece of writing that is committed, or was rolled back with an error."""

    waiting: _Waiting
    result: Any = None
    error: Exception | None = None

    def tell(self) -> None:
        """In the loop's thread: let the one who waits go on, if there is still somebody."""
        done = self.waiting.done
        if done.done():
            return
        if self.error is not None:
            done.set_exception(self.error)
        else:
            done.set_result(self.result)


def _tell(written: list[_Written]) -> None:
    for one in written:
        one.tell()


class _Reading:
    """A thread with a read-only connection of its own, which is opened by the first question."""

    def __init__(self, archive: Path, *, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._archive = archive
        self._reader: Reader | None = None

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """What the archive answers. Raises StoreError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answered, question)

    def _answered(self, question: Callable[[Reader], T]) -> T:
        if self._reader is None:
            self._reader = Reader.beside(self._archive)
        return question(self._reader)

    async def aclose(self) -> None:
        """Close the connection, when the last question is answered, and end the thread."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        finally:
            self._thread.shutdown()

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()


class Writer:
    """Owns the writing connection: a `Store` belongs to the thread that opened it."""

    def __init__(self, archive: Path) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive-writer")
        self._asked = _Reading(archive, name="archive-reader")
        self._packer = _Reading(archive, name="archive-packer")
        self._archive = archive
        self._store: Store | None = None
        self._waiting: deque[_Waiting] = deque()
        self._is_called = False
        """The thread will look at what waits, and has not begun to."""

    async def run(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store in its thread. Once begun it is finished, even if the caller goes."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, self._with_store, work))

    async def ask(self, question: Callable[[Reader], T]) -> T:
        """Ask what is committed, without waiting for what is being written. Raises StoreError."""
        return await self._asked.ask(question)

    async def write(self, work: Callable[[Store], T]) -> T:
        """Run `work` inside a transaction, and return when that is committed.

        All that waits by then shares one transaction, since it is the commit that takes time. Should one
        piece fail, everything is rolled back and each is done again by itself: `work` may run twice.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append(_Waiting(work, done))
        if not self._is_called:
            self._call(loop)
        return await done

    async def pack(self, feed_id: int, sha256: str, body: bytes) -> Packed | None:
        """Make ahead, beside the thread that writes, what the update of this feed will store of a body.

        None where it is small, kept already, or cannot be compared: then `Store.apply` makes it.
        """
        if len(body) < WORTH_A_THREAD:
            return None
        try:
            return await self._packer.ask(lambda reader: reader.pack(body, sha256, feed_id=feed_id))
        except ArchiverError:
            return None  # the one who writes will meet it as well, and tell

    async def _end(self, reading: _Reading) -> None:
        await reading.aclose()

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_called = True
        self._thread.submit(self._write_waiting, loop)

    def _write_waiting(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_called = False  # before we look, so that who comes later calls again
        together = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
        if together:
            loop.call_soon_threadsafe(_tell, self._written(together))
        if self._waiting and not self._is_called:
            self._call(loop)

    def _written(self, together: list[_Waiting]) -> list[_Written]:
        """Do these in one transaction, or else each in one of its own."""
        try:
            store = self._opened()
            with store.transaction():
                return [_Written(one, one.work(store)) for one in together]
        except Exception as error:
            # Where another program holds the archive, each would wait for it anew, and nobody hear of us.
            if len(together) == 1 or isinstance(error, ArchiveBusy):
                return [_Written(one, error=error) for one in together]
            return [written for one in together for written in self._written([one])]

    def _with_store(self, work: Callable[[Store], T]) -> T:
        return work(self._opened())

    def _opened(self) -> Store:
        if self._store is None:
            self._store = Store.open(self._archive)
        return self._store

    async def __aenter__(self) -> Self:
        await self.run(lambda store: None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for reading in (self._asked, self._packer):  # before the one who writes: the last folds the log in
            await self._end(reading)
        if self._store is not None:
            await self.run(Store.close)
        self._thread.shutdown()
