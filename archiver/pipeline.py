"""One update of one feed, from the web into the archive. The flow, and no policy: that is in `decide`.

    due feed
      | fetch              -> Response, or FetchError
      | (304, or the bytes that we know: decide.confirmed)
      | prepare            -> parsed, cleaned, identified; or ParseError     in a worker process
      | store.known        -> what the archive knows of these entries
      | decide             -> one FeedUpdate
      | store.apply        -> one transaction, from `store.known` on

Every attempt ends in `store.apply`: exactly one row in `fetches`, and always a next time. A replayed
document takes the same way, with a file in the place of the fetch.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from archiver import decide
from archiver.changes import FeedUpdate, FetchRecord
from archiver.config import ScheduleSettings
from archiver.errors import ArchiverError, FetchError, ParseError
from archiver.fetch import Fetcher, redact
from archiver.identify import recognise
from archiver.model import (
    FeedForUpdate,
    FetchRequest,
    Headers,
    ParseOptions,
    PreparedFeed,
    Response,
)
from archiver.store import Store, digest
from archiver.workers import Workers

T = TypeVar("T")

log = logging.getLogger(__name__)


class Writer:
    """The one thread that owns the writing connection to the archive."""

    def __init__(self, archive: Path) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="archive-writer")
        self._archive = archive
        self._store: Store | None = None

    async def run(self, work: Callable[[Store], T]) -> T:
        """Run `work` on the store in its thread. Once begun it is finished, even if the caller goes."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._thread, self._with_store, work))

    def _with_store(self, work: Callable[[Store], T]) -> T:
        if self._store is None:
            self._store = Store.open(self._archive)
        return work(self._store)

    async def __aenter__(self) -> "Writer":
        await self.run(lambda store: None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._store is not None:
            await self.run(Store.close)
        self._thread.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What an update came to, for the log line and the summary."""

    feed: FeedForUpdate
    fetch: FetchRecord


class Pipeline:
    """The rooms that an update passes through. Knows no order of feeds, and no clock but a given one."""

    def __init__(
        self,
        *,
        writer: Writer,
        fetcher: Fetcher,
        workers: Workers,
        schedule: ScheduleSettings,
        headers: Mapping[str, Headers],
        clock: Callable[[], datetime],
    ) -> None:
        self._writer = writer
        self._fetcher = fetcher
        self._workers = workers
        self._schedule = schedule
        self._headers = headers
        self._clock = clock

    async def update(self, feed: FeedForUpdate) -> Updated:
        """Fetch a feed and archive what came: the whole way that the module describes."""
        started_at, watch = self._clock(), time.monotonic()
        request = FetchRequest(
            url=feed.current_url,
            etag=feed.etag,
            last_modified=feed.last_modified,
            headers=self._headers.get(feed.url, ()),
            allow_file=feed.url.startswith("file:"),
        )
        response: Response | FetchError
        try:
            response = await self._fetcher.fetch(request)
        except FetchError as error:
            response = error
        attempt = decide.Attempt(
            started_at=started_at,
            duration_ms=round((time.monotonic() - watch) * 1000),
            request_url=redact(feed.current_url),
        )
        try:
            return await self._archive(feed, attempt, response)
        except ArchiverError:
            raise
        except Exception as bug:
            log.exception("%s: an update failed by our own fault", redact(feed.url))
            return await self._write_failure(
                feed, attempt, ParseError("crashed", f"the archiver failed: {bug!r}"), response
            )

    async def replay(self, url: str, body: bytes, *, kind: str | None, at: datetime | None) -> Updated:
        """Archive a document as if it had just been fetched from `url`, or had been at `at`."""
        started_at = at or self._clock()
        feed = await self._writer.run(lambda store: store.replayed(url, now=started_at))
        if kind and not feed.parse.kind:
            feed = replace(feed, parse=replace(feed.parse, kind=kind))
        attempt = decide.Attempt(started_at=started_at, duration_ms=0, request_url=url)
        return await self._archive(
            feed, attempt, Response(request_url=url, final_url=url, status=None, body=body)
        )

    async def _archive(
        self, feed: FeedForUpdate, attempt: decide.Attempt, response: Response | FetchError
    ) -> Updated:
        """Decide and write, whatever came."""
        if isinstance(response, FetchError):
            return await self._write_failure(feed, attempt, response)
        sha256 = digest(response.body)
        if response.not_modified or sha256 == feed.body_sha256:
            return await self._write(
                feed,
                lambda store: decide.confirmed(
                    feed, attempt, response, store.missing_entries(feed.id), self._schedule
                ),
            )
        try:
            prepared = await self._workers.prepare(response.body, _options(feed, response))
        except ParseError as error:
            return await self._write_failure(feed, attempt, error, response)
        return await self._write(
            feed,
            lambda store: decide.understood(
                feed, attempt, consult(store, feed, response, sha256, prepared), self._schedule
            ),
        )

    async def _write_failure(
        self,
        feed: FeedForUpdate,
        attempt: decide.Attempt,
        error: FetchError | ParseError,
        response: Response | FetchError | None = None,
    ) -> Updated:
        answer = response if isinstance(response, Response) else None
        update = decide.failed(feed, attempt, error, self._schedule, response=answer)
        return await self._write(feed, lambda store: update)

    async def _write(self, feed: FeedForUpdate, decision: Callable[[Store], FeedUpdate]) -> Updated:
        """Ask, decide and apply in one transaction, so that no other update comes between."""

        def work(store: Store) -> FetchRecord:
            with store.transaction():
                update = decision(store)
                store.apply(update)
            return update.fetch

        return Updated(feed=feed, fetch=await self._writer.run(work))


def consult(
    store: Store, feed: FeedForUpdate, response: Response, sha256: str, prepared: PreparedFeed
) -> decide.Document:
    """Bring a prepared document together with what the archive knows of its entries."""
    known = store.known_entries(feed.id, prepared.entries)
    recognition = recognise(prepared.entries, known)
    return decide.Document(
        response=response,
        body_sha256=sha256,
        parsed=prepared.parsed,
        known=known,
        recognition=recognition,
        candidates={
            found.entry.data.position: store.candidates(found.entry)
            for found in recognition.entries
            if found.known is None and not found.duplicate
        },
    )


def _options(feed: FeedForUpdate, response: Response) -> ParseOptions:
    return replace(feed.parse, url=response.final_url, content_type=response.header("Content-Type"))
