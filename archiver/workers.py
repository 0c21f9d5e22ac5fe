"""Worker processes that read publishers' bytes, each bounded in time and memory.

A document that takes too long or too much costs its own worker, which is killed and replaced.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
from concurrent.futures import BrokenExecutor
from types import TracebackType

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from archiver.errors import ArchiverError, ParseError
from archiver.model import ParseOptions, PreparedFeed

TIME_LIMIT_SECONDS = 60.0
MEMORY_LIMIT_BYTES = 2 * 1024**3
"""Of address space, a good part of which is libraries that are mapped and never touched."""


_TRIES = 3
"""How often a document is given to workers whose pool gives up: another one is mostly to blame."""

_ENDED_FROM_OUTSIDE = (signal.SIGTERM, 255)
"""Exit codes of a worker that got SIGTERM, and of one whose fork server is gone and cannot tell."""


class WorkerEnded(ArchiverError):
    """Somebody ended a worker: nothing is known about its document, so nothing must be recorded of it."""


class _PoolGaveUp(Exception):
    """Some document killed a worker in a way that does not tell which document it was."""


class Workers:
    """A pool of processes that run `prepare`. They start when first needed."""

    def __init__(self, count: int | None = None, *, time_limit_seconds: float = TIME_LIMIT_SECONDS) -> None:
        self.count = count or min(4, os.cpu_count() or 1)
        self._time_limit = time_limit_seconds
        self._pool: ProcessPool | None = None
        self._under_way = 0

    async def prepare(self, body: bytes, options: ParseOptions, known: str | None = None) -> PreparedFeed:
        """Run `prepare` in a worker. Raises ParseError, of kind `crashed` where the worker was killed."""
        for _ in range(_TRIES - 1):
            try:
                return await self._prepare_once(body, options, known)
            except _PoolGaveUp:
                continue
        try:
            return await self._prepare_once(body, options, known)
        except _PoolGaveUp as error:
            raise ParseError("crashed", f"the document broke its reader: {error}") from error

    async def _prepare_once(self, body: bytes, options: ParseOptions, known: str | None) -> PreparedFeed:
        future = self._schedule(body, options, known)
        self._under_way += 1
        try:
            return await asyncio.wrap_future(future)
        except TimeoutError as error:
            raise ParseError(
                "crashed", f"the document was not understood within {self._time_limit:g} seconds"
            ) from error
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

    def _schedule(
        self, body: bytes, options: ParseOptions, known: str | None
    ) -> "ProcessFuture[PreparedFeed]":
        if self._pool is None or not self._pool.active:
            # The pool gives up when it cannot tell which of several documents killed a worker.
            self._end()
            self._pool = self._new_pool()
        return self._pool.schedule(_prepare, args=[body, options, known], timeout=self._time_limit)

    def _new_pool(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["archiver.warm"])
        return ProcessPool(
            max_workers=self.count, initializer=_begin, initargs=[MEMORY_LIMIT_BYTES], context=context
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


def _prepare(body: bytes, options: ParseOptions, known: str | None) -> PreparedFeed:
    # Only workers need what it takes to read documents: loading that would keep every command waiting.
    from archiver.prepare import prepare

    return prepare(body, options, known)


def _begin(memory_limit_bytes: int) -> None:
    # Ctrl-C reaches every process of a terminal; what is under way is the service's to finish or to drop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_limit_bytes, memory_limit_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
