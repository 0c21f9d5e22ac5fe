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
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from archiver import decide, manners, torn, trust
from archiver.changes import FeedUpdate, FetchRecord, Hold, Outcome
from archiver.config import ScheduleSettings
from archiver.consult import Entangled, consult
from archiver.endings import record
from archiver.errors import ArchiverError, FetchError, HostHeld, ParseError, StoreError
from archiver.failpoints import failpoint
from archiver.model import (
    FeedForUpdate,
    FetchOptions,
    FetchRequest,
    Headers,
    ParseOptions,
    PreparedFeed,
    Response,
)
from archiver.store import Packed, Store, digest
from archiver.urls import redact
from archiver.workers import Workers
from archiver.writer import Writer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What an update came to, for the log line and the summary."""

    feed: FeedForUpdate
    fetch: FetchRecord
    hold: Hold | None = None
    """What the answer means for all feeds of its host."""
    next_at: datetime | None = None
    """When the feed will be asked next; None: that stays as it was."""


class Unwritten(StoreError):
    """A feed was asked, and what came of it could not be written down, as on a full disk."""

    def __init__(
        self, error: StoreError, meant: Updated | None, again: Callable[[], Awaitable[Updated]]
    ) -> None:
        super().__init__(str(error))
        self.may_pass = error.may_pass
        self.meant = meant
        """What would have been written: neither feed nor host wants to be asked sooner than it says."""
        self.again = again
        """Tries to write it once more: nobody need be asked again."""


class Fetching(Protocol):
    """Who asks: a Fetcher here, or one in another process."""

    async def fetch(self, request: FetchRequest) -> Response:
        """Bring a document. Raises FetchError, HostHeld, and ArchiverError where nothing is known."""


class Pipeline:
    """The rooms that an update passes through. Knows no order of feeds, and no clock but a given one."""

    def __init__(
        self,
        *,
        writer: Writer,
        fetcher: Fetching,
        workers: Workers,
        schedule: ScheduleSettings,
        headers: Mapping[str, Headers],
        options: Mapping[str, FetchOptions] | None = None,
        clock: Callable[[], datetime],
        elapsed: Callable[[], float] = time.monotonic,
        by_marks: bool = True,
    ) -> None:
        """`by_marks` is False where every document is to be read whole: the outcome must be the same."""
        self._writer = writer
        self._fetcher = fetcher
        self._workers = workers
        self._schedule = schedule
        self._headers = headers
        self._options = options or {}
        self._clock = clock
        self._elapsed = elapsed
        self._by_marks = by_marks
        self.confirming = 0
        """How many updates wait only for a row that says that nothing changed: they hold no document."""
        self.on_confirming: Callable[[], None] = lambda: None
        """Told when there is one more."""
        self.on_hold: Callable[[Hold], None] = lambda hold: None
        """Told at once of a host that wants to be left alone: until it is written down others may ask it."""

    async def update(self, feed: FeedForUpdate) -> Updated:
        """Fetch a feed and archive what came: the whole way that the module describes.

        Raises HostHeld, and writes nothing, where its host is to be left alone; Unwritten.
        """
        started_at, watch = self._clock(), self._elapsed()
        options = self._options.get(feed.url) or FetchOptions()
        # They may be secrets, and were meant for the address that they were configured with.
        headers = self._headers.get(feed.url, ())
        at_home = feed.url == feed.current_url or _keeps_trust(feed, headers, options)
        asks_whole = trust.asks_whole(feed, now=started_at)
        request = FetchRequest(
            url=feed.current_url,
            etag=None if asks_whole else feed.etag,
            last_modified=None if asks_whole else feed.last_modified,
            headers=headers if at_home else (),
            options=options if at_home else options.elsewhere,
            second_agent=feed.second_agent and not trust.is_audit(feed, now=started_at),
            allow_file=feed.url.startswith("file:"),
        )
        response: Response | FetchError
        try:
            response = await self._fetcher.fetch(request)
        except FetchError as error:
            response = error
        except HostHeld as held:
            if held.host == feed.host:
                raise
            # Whoever sent us on there has been asked, and rests for the least interval as ever.
            soonest = started_at + timedelta(seconds=self._schedule.min_interval_seconds)
            return await self.skip(feed, held, next_at=max(held.until, soonest))
        failpoint("after_answer")
        attempt = decide.Attempt(
            started_at=started_at,
            duration_ms=round((self._elapsed() - watch) * 1000),
            request_url=redact(feed.current_url),
        )
        if isinstance(response, FetchError):
            told = manners.hold_after(record(attempt, Outcome.ERROR, response), refusals=0)
            if told is not None:
                self.on_hold(told)
        return await self._archive_surely(feed, attempt, response)

    async def skip(self, feed: FeedForUpdate, held: HostHeld, *, next_at: datetime | None = None) -> Updated:
        """Write down that a feed was not asked, since a server on its way is to be left alone."""
        fetch = FetchRecord(
            started_at=self._clock(),
            duration_ms=0,
            request_url=redact(feed.current_url),
            outcome=Outcome.SKIPPED,
            error=str(held),
        )
        skipped = Updated(feed=feed, fetch=fetch, next_at=next_at)
        try:
            await self._writer.write(lambda store: store.skip(feed.id, fetch, next_fetch_at=next_at))
        except StoreError as error:
            raise Unwritten(error, skipped, partial(self.skip, feed, held, next_at=next_at)) from error
        return skipped

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
            return await self._write(feed, attempt, await self._beginning(feed, attempt, response))
        sha256 = digest(response.body)
        if is_known(feed, response, sha256):
            return await self._confirm(feed, attempt, Answer(response=response, sha256=sha256, read=None))
        told = options(feed, attempt, response)
        known = feed.marks if self._by_marks and may_go_by_marks(feed, response) else None
        read, packed = await asyncio.gather(
            self._read(response, told, known), self._writer.pack(feed.id, sha256, response.body)
        )
        answer = Answer(response=response, sha256=sha256, read=read, packed=packed)
        return await self._write_read(feed, attempt, answer, told)

    async def _write_read(
        self, feed: FeedForUpdate, attempt: decide.Attempt, answer: "Answer", told: ParseOptions
    ) -> Updated:
        try:
            return await self._write(feed, attempt, answer)
        except Entangled:
            read = await self._read(answer.response, told, None)
            return await self._write(feed, attempt, replace(answer, read=read))
        except Unwritten as error:
            error.again = partial(self._write_read, feed, attempt, answer, told)
            raise

    async def _confirm(self, feed: FeedForUpdate, attempt: decide.Attempt, answer: "Answer") -> Updated:
        self.confirming += 1
        self.on_confirming()
        try:
            return await self._write(feed, attempt, answer)
        finally:
            self.confirming -= 1

    async def _beginning(
        self, feed: FeedForUpdate, attempt: decide.Attempt, error: FetchError
    ) -> "FetchError | Answer":
        """What can be read of an answer that broke off; the failure itself, where that is nothing."""
        if not error.body or not torn.may_be_read(error):
            return error
        response = torn.as_response(error, request_url=attempt.request_url, body=error.body)
        read = await self._read(response, options(feed, attempt, response), None)
        return beginning(error, response, digest(response.body), read)

    async def _read(
        self, response: Response, told: ParseOptions, known: str | None
    ) -> PreparedFeed | ParseError:
        """Read a document in a worker, without the entries that are `known` by their marks."""
        try:
            read = await self._workers.prepare(response.body, told, known)
            failpoint("after_prepare")
        except ParseError as error:
            return error
        return read

    async def _write(
        self, feed: FeedForUpdate, attempt: decide.Attempt, came: "FetchError | ParseError | Answer"
    ) -> Updated:
        """Ask, decide and apply in one transaction, so that no other update comes between.

        Raises Entangled, with nothing written, where the document is to be read whole first; Unwritten.
        """

        meant: Updated | None = None

        def work(store: Store) -> Updated | Entangled:
            nonlocal meant
            try:
                update = decided(store, feed, attempt, came, self._schedule)
            except Entangled as entangled:  # concerns nobody with whom the transaction is shared
                return entangled
            next_at = update.facts.next_fetch_at
            meant = Updated(feed=feed, fetch=update.fetch, hold=update.hold, next_at=next_at)
            store.apply(update, came.packed if isinstance(came, Answer) else None)
            return meant

        try:
            updated = await self._writer.write(work)
        except StoreError as error:
            if meant is None:  # not even what is known could be asked for a decision
                meant = self._undecided(feed, attempt, came, error)
            raise Unwritten(error, meant, partial(self._write, feed, attempt, came)) from error
        if isinstance(updated, Entangled):
            raise updated
        return updated

    def _undecided(
        self,
        feed: FeedForUpdate,
        attempt: decide.Attempt,
        came: "FetchError | ParseError | Answer",
        trouble: StoreError,
    ) -> Updated:
        """What an update would come to of which nothing can be decided: the failure that came, or ours."""
        error = ParseError("crashed", str(trouble)) if isinstance(came, Answer) else came
        update = decide.failed(feed, attempt, error, self._schedule)
        return Updated(feed=feed, fetch=update.fetch, next_at=update.facts.next_fetch_at)


def _keeps_trust(feed: FeedForUpdate, headers: Headers, options: FetchOptions) -> bool:
    """Whether what is configured for a feed's address may be told where it is now."""
    if not headers and options == options.elsewhere:
        return True
    from archiver.fetch import keeps_trust  # loads httpx, which nobody else needs in the process that writes

    return keeps_trust(feed.url, feed.current_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, and what was read in it."""

    response: Response
    sha256: str
    read: PreparedFeed | ParseError | None
    """None: there was nothing to read, the document being the one that we know."""
    packed: Packed | None = None
    """Its body as it will be stored, made ahead."""


def is_known(feed: FeedForUpdate, response: Response, sha256: str) -> bool:
    """Whether an answer says that the document we know still stands: 304, or the same bytes."""
    return response.not_modified or (sha256 == feed.body_sha256 and not response.is_delta)


def may_go_by_marks(feed: FeedForUpdate, response: Response) -> bool:
    """Whether a document may be read without the entries that are known by their marks."""
    return not (response.is_delta or feed.volatile_ids or feed.suspect_since)


def options(feed: FeedForUpdate, attempt: decide.Attempt, response: Response) -> ParseOptions:
    """What the reader of a document is told."""
    return replace(
        feed.parse,
        kind=feed.parse.kind or attempt.read_as,
        url=redact(response.final_url),  # as the log has it, so that a rebuild tells the reader the same
        content_type=response.header("Content-Type"),
    )


def beginning(
    error: FetchError, response: Response, sha256: str, read: PreparedFeed | ParseError
) -> FetchError | Answer:
    """An answer that broke off, with what was read in it; the failure itself, where that is nothing."""
    partial = None if isinstance(read, ParseError) else torn.as_partial(error, read)
    return error if partial is None else Answer(response=response, sha256=sha256, read=partial)


def crashed(response: Response | FetchError, bug: Exception) -> FetchError | ParseError | Answer:
    """A fault of our own, as it is recorded of a fetch."""
    error = ParseError("crashed", f"the archiver failed: {bug!r}")
    if isinstance(response, FetchError):
        return response if response.body and torn.may_be_read(response) else error
    return Answer(response=response, sha256=digest(response.body), read=error)


def decided(
    store: Store,
    feed: FeedForUpdate,
    attempt: decide.Attempt,
    came: FetchError | ParseError | Answer,
    schedule: ScheduleSettings,
) -> FeedUpdate:
    """Decide about what came, inside the caller's transaction. Rebuild and merge decide here too.

    Raises Entangled where a document was not read whole, and must be.
    """
    update = _decided(store, feed, attempt, came, schedule)
    refusals = store.refusals(manners.host_asked(update.fetch))
    hold = manners.hold_after(update.fetch, refusals=refusals)
    return update if hold is None else replace(update, hold=hold)


def _decided(
    store: Store,
    feed: FeedForUpdate,
    attempt: decide.Attempt,
    came: FetchError | ParseError | Answer,
    schedule: ScheduleSettings,
) -> FeedUpdate:
    if isinstance(came, FetchError | ParseError):
        return decide.failed(feed, attempt, came, schedule)
    if came.read is None:
        missing = store.missing_entries(feed.id) if feed.misses_entries else ()
        return decide.confirmed(feed, attempt, came.response, missing, schedule)
    if isinstance(came.read, ParseError):
        return decide.failed(feed, attempt, came.read, schedule, response=came.response)
    document = consult(store, feed, came.response, came.sha256, came.read)
    return decide.understood(feed, attempt, document, schedule)
