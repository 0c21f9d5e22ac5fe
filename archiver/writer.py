"""The one thread that writes to the archive, and gathers what waits into common transactions."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from archiver.store import Store

T = TypeVar("T")

MOST_TOGETHER = 256
"""How many updates one transaction takes at most, so that none waits long for those before it."""


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


class Writer:
    """Owns the writing connection: a `Store` belongs to the thread that opened it."""

    def __init__(self, archive: Path) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive-writer")
        self._archive = archive
        self._store: Store | None = None
        self._waiting: deque[_Waiting] = deque()
        self._is_called = False
        """The thread will look at what waits, and has not begun to."""

    async def run(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store in its thread. Once begun it is finished, even if the caller goes."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, self._with_store, work))

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
            if len(together) == 1:
                return [_Written(together[0], error=error)]
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
        if self._store is not None:
            await self.run(Store.close)
        self._thread.shutdown()
