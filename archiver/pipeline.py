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

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from archiver import churn, decide
from archiver.changes import FeedUpdate, FetchRecord
from archiver.config import ScheduleSettings
from archiver.errors import ArchiverError, FetchError, ParseError
from archiver.failpoints import failpoint
from archiver.fetch import Fetcher, keeps_trust
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
from archiver.urls import redact
from archiver.workers import Workers
from archiver.writer import Writer

log = logging.getLogger(__name__)


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
            # They may be secrets, and were meant for the address that they were configured with.
            headers=self._headers.get(feed.url, ()) if keeps_trust(feed.url, feed.current_url) else (),
            allow_file=feed.url.startswith("file:"),
        )
        response: Response | FetchError
        try:
            response = await self._fetcher.fetch(request)
        except FetchError as error:
            response = error
        failpoint("after_answer")
        attempt = decide.Attempt(
            started_at=started_at,
            duration_ms=round((time.monotonic() - watch) * 1000),
            request_url=redact(feed.current_url),
        )
        return await self._archive_surely(feed, attempt, response)

    async def _archive_surely(
        self, feed: FeedForUpdate, attempt: decide.Attempt, response: Response | FetchError
    ) -> Updated:
        """Archive what came; our own fault is a failed fetch, and stops nobody else's update."""
        try:
            return await self._archive(feed, attempt, response)
        except ArchiverError:
            raise
        except Exception as bug:
            log.exception("%s: an update failed by our own fault", redact(feed.url))
            return await self._write(feed, attempt, crashed(response, bug))

    async def replay(self, url: str, body: bytes, *, kind: str | None, at: datetime | None) -> Updated:
        """Archive a document as if it had just been fetched from `url`, or had been at `at`."""
        started_at = at or self._clock()
        feed = await self._writer.run(lambda store: store.replayed(url, now=started_at))
        attempt = decide.Attempt(started_at=started_at, duration_ms=0, request_url=url, read_as=kind)
        return await self._archive(
            feed, attempt, Response(request_url=url, final_url=url, status=None, body=body)
        )

    async def replay_answer(
        self, url: str, attempt: decide.Attempt, answer: Response | FetchError
    ) -> Updated:
        """Archive an answer, a failed one too, that the feed with this address once gave to somebody."""
        feed = await self._writer.run(lambda store: store.replayed(url, now=attempt.started_at))
        return await self._archive_surely(feed, attempt, answer)

    async def _archive(
        self, feed: FeedForUpdate, attempt: decide.Attempt, response: Response | FetchError
    ) -> Updated:
        """Read what came, decide, and write."""
        if isinstance(response, FetchError):
            return await self._write(feed, attempt, response)
        sha256 = digest(response.body)
        read: PreparedFeed | ParseError | None = None
        if not is_known(feed, response, sha256):
            try:
                read = await self._workers.prepare(response.body, options(feed, attempt, response))
                failpoint("after_prepare")
            except ParseError as error:
                read = error
        return await self._write(feed, attempt, Answer(response=response, sha256=sha256, read=read))

    async def _write(
        self, feed: FeedForUpdate, attempt: decide.Attempt, came: "FetchError | ParseError | Answer"
    ) -> Updated:
        """Ask, decide and apply in one transaction, so that no other update comes between."""

        def work(store: Store) -> FetchRecord:
            update = decided(store, feed, attempt, came, self._schedule)
            store.apply(update)
            return update.fetch

        return Updated(feed=feed, fetch=await self._writer.write(work))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, and what was read in it."""

    response: Response
    sha256: str
    read: PreparedFeed | ParseError | None
    """None: there was nothing to read, the document being the one that we know."""


def is_known(feed: FeedForUpdate, response: Response, sha256: str) -> bool:
    """Whether an answer says that the document we know still stands: 304, or the same bytes."""
    return response.not_modified or sha256 == feed.body_sha256


def options(feed: FeedForUpdate, attempt: decide.Attempt, response: Response) -> ParseOptions:
    """What the reader of a document is told."""
    return replace(
        feed.parse,
        kind=feed.parse.kind or attempt.read_as,
        url=redact(response.final_url),  # as the log has it, so that a rebuild tells the reader the same
        content_type=response.header("Content-Type"),
    )


def crashed(response: Response | FetchError, bug: Exception) -> ParseError | Answer:
    """A fault of our own, as it is recorded of a fetch."""
    error = ParseError("crashed", f"the archiver failed: {bug!r}")
    if isinstance(response, FetchError):
        return error
    return Answer(response=response, sha256=digest(response.body), read=error)


def decided(
    store: Store,
    feed: FeedForUpdate,
    attempt: decide.Attempt,
    came: FetchError | ParseError | Answer,
    schedule: ScheduleSettings,
) -> FeedUpdate:
    """Decide about what came, inside the caller's transaction. Rebuild and merge decide here too."""
    if isinstance(came, FetchError | ParseError):
        return decide.failed(feed, attempt, came, schedule)
    if came.read is None:
        return decide.confirmed(feed, attempt, came.response, store.missing_entries(feed.id), schedule)
    if isinstance(came.read, ParseError):
        return decide.failed(feed, attempt, came.read, schedule, response=came.response)
    document = consult(store, feed, came.response, came.sha256, came.read)
    return decide.understood(feed, attempt, document, schedule)


def consult(
    store: Store, feed: FeedForUpdate, response: Response, sha256: str, prepared: PreparedFeed
) -> decide.Document:
    """Bring a prepared document together with what the archive knows of its entries."""
    known = store.known_entries(feed.id, prepared.entries)
    recognition = recognise(
        prepared.entries, known, has_reminted=feed.has_reminted, volatile_ids=feed.volatile_ids
    )
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
        histories={
            found.known.id: store.history(found.known.id, limit=churn.CHANGES)
            for found in recognition.entries
            if found.known is not None
            and found.known.revision >= churn.CHANGES
            and found.known.content_sha256 != found.entry.identity.content_sha256
        },
    )
