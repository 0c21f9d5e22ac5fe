"""Worker processes that read publishers' bytes, each bounded in time and memory.

A document that takes too long or too much costs its own worker, which is killed and replaced. Most documents
take milliseconds. One that does not, or will not, waits for its turn among its like: they have one worker at
a time, so that nobody else waits behind them.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

from archiver import packing
from archiver.errors import ArchiverError, ParseError
from archiver.model import ParseOptions, PreparedFeed

if TYPE_CHECKING:  # a run that finds nothing new does without
    from pebble import ProcessPool

TIME_LIMIT_SECONDS = 15.0
"""For a small document; one of LARGE_BYTES has twice that. An honest one of 20 MB takes fifteen seconds where
there is nothing else to do."""
LARGE_BYTES = 10_000_000
QUICK_SECONDS = 3.0
"""A document that takes longer is begun again when no other such one is being read."""
SLOW_BYTES = 3_000_000
"""A larger document is not even tried before that; it, and what becomes of it, travel compressed."""
MEMORY_LIMIT_BYTES = 2 * 1024**3
"""Of address space, a good part of which is libraries that are mapped and never touched."""


_TRIES = 3
"""How often a document is given to workers whose pool gives up: another one is mostly to blame."""
_MOST_SLOW = 10_000
"""Of how many addresses it is remembered that their documents are slow."""

_ENDED_FROM_OUTSIDE = (signal.SIGTERM, 255)
"""Exit codes of a worker that got SIGTERM, and of one whose fork server is gone and cannot tell."""


class WorkerEnded(ArchiverError):
    """Somebody ended a worker: nothing is known about its document, so nothing must be recorded of it."""


class _PoolGaveUp(Exception):
    """Some document killed a worker in a way that does not tell which document it was."""


class _TooLong(Exception):
    """A document was not understood in the time that it was given."""


class Workers:
    """A pool of processes that run `prepare`. They start when first needed."""

    def __init__(
        self,
        count: int | None = None,
        *,
        time_limit_seconds: float = TIME_LIMIT_SECONDS,
        quick_seconds: float = QUICK_SECONDS,
        slow_bytes: int = SLOW_BYTES,
    ) -> None:
        self.count = count or max(2, min(4, os.cpu_count() or 1))
        self._time_limit = time_limit_seconds
        self._quick = quick_seconds
        self._slow_bytes = slow_bytes
        self._alone = asyncio.Lock()
        self._slow: dict[str, None] = {}
        """Addresses of documents that were, the latest last."""
        self._pool: ProcessPool | None = None
        self._beginning: asyncio.Task[None] | None = None
        self._under_way = 0

    async def prepare(self, body: bytes, options: ParseOptions, known: str | None = None) -> PreparedFeed:
        """Run `prepare` in a worker. Raises ParseError, of kind `crashed` where the worker was killed."""
        limit = self._time_limit * (1 + len(body) / LARGE_BYTES)
        if self._quick < limit and len(body) < self._slow_bytes and options.url not in self._slow:
            try:
                return await self._prepare_once(body, options, known, self._quick)
            except _TooLong:
                self._remember(options.url)
            except _PoolGaveUp:
                pass
        async with self._alone:
            return await self._prepare_slowly(body, options, known, limit)

    async def _prepare_slowly(
        self, body: bytes, options: ParseOptions, known: str | None, limit: float
    ) -> PreparedFeed:
        began = asyncio.get_running_loop().time()
        reason = ""
        for _ in range(_TRIES):
            try:
                found = await self._prepare_once(body, options, known, limit)
            except _PoolGaveUp as error:
                reason = str(error)
            except _TooLong as error:
                told = f"the document was not understood within {limit:.3g} seconds"
                raise ParseError("crashed", told) from error
            else:
                if asyncio.get_running_loop().time() - began < self._quick:
                    self._slow.pop(options.url, None)
                return found
        raise ParseError("crashed", f"the document broke its reader: {reason}")

    def _remember(self, url: str) -> None:
        self._slow[url] = None
        while len(self._slow) > _MOST_SLOW:
            del self._slow[next(iter(self._slow))]

    async def _prepare_once(
        self, body: bytes, options: ParseOptions, known: str | None, limit: float
    ) -> PreparedFeed:
        from pebble import ProcessExpired

        work: Callable[..., PreparedFeed | bytes] = _prepare
        if len(body) >= self._slow_bytes:
            work, body = _prepare_large, await asyncio.to_thread(packing.compressed, body)
        pool = await self._running()
        future = pool.schedule(work, args=[body, options, known], timeout=limit)
        self._under_way += 1
        try:
            found = await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise _TooLong from error
        except MemoryError as error:
            raise ParseError("crashed", "the document takes too much memory to be understood") from error
        except BrokenExecutor as error:
            raise _PoolGaveUp(str(error)) from error
        except ProcessExpired as error:
            if abs(getattr(error, "exitcode", 0)) in _ENDED_FROM_OUTSIDE:
                raise WorkerEnded("a worker was ended from outside, as at a shutdown") from error
            raise ParseError("crashed", f"the document broke its reader: {error}") from error
        finally:
            if future.done() and not future.cancelled():  # else it may still be read, and is not waited for
                self._under_way -= 1
        return await asyncio.to_thread(packing.uncompressed, found) if isinstance(found, bytes) else found

    async def _running(self) -> "ProcessPool":
        """The pool. To begin it takes half of a second, in which others go on."""
        if self._beginning is None and (self._pool is None or not self._pool.active):
            # The pool gives up when it cannot tell which of several documents killed a worker.
            self._end()
            # Of a task of its own: whoever asked first may give up, and the others go on waiting.
            self._beginning = asyncio.create_task(self._begin())
            self._beginning.add_done_callback(self._begun)
        if self._beginning is not None:
            await asyncio.shield(self._beginning)
        assert self._pool is not None
        return self._pool

    async def _begin(self) -> None:
        self._pool = self._new_pool()
        try:
            await asyncio.to_thread(_begin_pool, self._pool)
        except Exception:
            self._pool = None
            raise

    def _begun(self, _: "asyncio.Task[None]") -> None:
        self._beginning = None

    def _new_pool(self) -> "ProcessPool":
        from pebble import ProcessPool

        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["archiver.warm", __name__])
        return ProcessPool(
            max_workers=self.count, initializer=_begin_worker, initargs=[MEMORY_LIMIT_BYTES], context=context
        )

    def _end(self) -> None:
        if self._pool is None:  # to ask it whether it is active would start it
            return
        if self._pool.active and not self._under_way:
            # To stop would be quicker, but a worker that is only just starting would complain.
            self._pool.close()  # type: ignore[no-untyped-call]
        else:
            self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the processes at once: what they still did is not waited for by anybody."""
        self._end()


def _begin_pool(pool: "ProcessPool") -> None:
    try:
        _ = pool.active  # to ask is to begin it
    except BrokenPipeError:
        # The process that multiprocessing keeps for that was ended from outside just then; it starts anew.
        _ = pool.active


def _prepare(body: bytes, options: ParseOptions, known: str | None) -> PreparedFeed:
    # Only workers need what it takes to read documents: loading that would keep every command waiting.
    from archiver.prepare import prepare

    return prepare(body, options, known)


def _prepare_large(body: bytes, options: ParseOptions, known: str | None) -> bytes:
    """The same, compressed both ways: who asks would else hold the document, and what became of it, twice."""
    found = _prepare(packing.uncompressed(body), options, known)
    entries = tuple(map(packing.packed, found.entries))
    parsed = replace(found.parsed, entries=tuple(entry.data for entry in entries))
    return packing.compressed(replace(found, parsed=parsed, entries=entries))


def _begin_worker(memory_limit_bytes: int) -> None:
    # Ctrl-C reaches every process of a terminal; what is under way is the service's to finish or to drop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
