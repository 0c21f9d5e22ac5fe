"""Rebuild: everything that can be derived is derived again from the kept bytes and the log of fetches.

The log is gone through in its order. Each fetch is decided as it was, by the same `pipeline.decided`, on the
same knowledge, since the archive that it is written to grows as the first one did. So an unchanged program
makes an equal archive, numbers included, and a better parser or cleaner reaches what is archived already.

- Derived again: entries, revisions, posts, aliases, events, enclosures, categories, sketches, the index; of
  `fetches` the outcome, counts, gap and problems, and the error where it was found in the document.
- Copied: bodies as they are stored; of `fetches` all that says what came; tags, orders, manifests.
- Of `feeds`, what a person said (address, name, origin, pauses, options) and the schedule (`next_fetch_at`,
  `interval_seconds`) are copied; the rest begins empty and evolves: title, format, validators, errors, state.
- Options of parsing are those of today, for all documents of a feed.

What people ordered meanwhile (`orders`) takes effect at its place in the log.

A damaged body ends it, and the archive stays as it was; unless the intact rest is asked for. Then a document
that cannot be read is made of what the archive's rows tell of it, and marked as a partial one.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from archiver import decide, torn
from archiver.config import ScheduleSettings
from archiver.errors import ArchiverError, FetchError, ParseError, StoreError
from archiver.model import FeedForUpdate, ParseOptions, PreparedFeed, Response
from archiver.pipeline import Answer, beginning, crashed, decided, is_known, options
from archiver.prepare import understand
from archiver.store import salvage
from archiver.store.comparing import Comparison
from archiver.store.copying import Logged
from archiver.store.rebuilding import Copy
from archiver.store.replacing import Replacement
from archiver.store.salvage import Lost
from archiver.times import to_text
from archiver.urls import redact
from archiver.workers import Workers

log = logging.getLogger(__name__)

AHEAD = 4
"""How many documents a worker may be ahead of what is written."""

Step = Callable[[int, int], None]
"""Told after each fetch: how many are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild came to."""

    comparison: Comparison
    replaced: bool
    kept: Path | None = None
    """Where the old archive is now."""
    lost: tuple[Lost, ...] = ()
    """Documents whose bytes are damaged."""


def rebuild(
    archive: Path,
    *,
    schedule: ScheduleSettings,
    now: datetime,
    agree: Callable[[Comparison], bool],
    step: Step,
    keep: bool = True,
    despite_damage: bool = False,
) -> Rebuilt:
    """Derive the archive again, and put the result in its place if `agree` likes the comparison.

    With `despite_damage`, a document whose bytes are damaged is made of what the archive's rows tell.

    The caller holds the archive's lock. Whatever goes wrong, the archive is as it was. Raises StoreError.
    """
    with Replacement(archive) as new:
        with Copy.open(new.path) as copy:
            salvage_from = (archive,) if despite_damage else ()
            lost = derive(copy, schedule=schedule, now=now, step=step, salvage_from=salvage_from)
            comparison = copy.compare(archive, with_fetches=True)
        if not agree(comparison):
            return Rebuilt(comparison=comparison, replaced=False, lost=lost)
        kept = new.put_in_place(keep_as="rebuild" if keep else None, now=now)
    return Rebuilt(comparison=comparison, replaced=True, kept=kept, lost=lost)


def derive(
    copy: Copy,
    *,
    schedule: ScheduleSettings,
    now: datetime,
    step: Step,
    salvage_from: tuple[Path, ...] = (),
) -> tuple[Lost, ...]:
    """Derive a copy of an archive anew; return what was damaged.

    `salvage_from` are archives whose rows may tell what damaged bytes do not. Without any, damage raises
    StoreError.
    """
    copy.begin()
    with Workers() as workers:
        derivation = _Derivation(copy, workers, schedule, salvage_from)
        asyncio.run(derivation.run(step))
    copy.finish(now=now)
    return derivation.lost()


class _Derivation:
    """One walk along the log. Documents are read ahead, in worker processes, and decided in their order."""

    def __init__(
        self, copy: Copy, workers: Workers, schedule: ScheduleSettings, salvage_from: tuple[Path, ...]
    ) -> None:
        self._lost: dict[int, Lost] = {}
        self._salvage_from = salvage_from
        self._copy = copy
        self._workers = workers
        self._schedule = schedule
        self._last_read: dict[int, str] = {}

    def lost(self) -> tuple[Lost, ...]:
        """What was damaged, in the order of the log."""
        return tuple(self._lost[fetch_id] for fetch_id in sorted(self._lost))

    async def run(self, step: Step) -> None:
        """Decide every fetch of the log."""
        total, done = self._copy.fetches(), 0
        orders = deque(self._copy.orders())
        log_of_fetches = self._copy.logged()
        ahead: deque[tuple[Logged, asyncio.Task[PreparedFeed] | None]] = deque()
        try:
            while True:
                while len(ahead) < AHEAD * self._workers.count and (fetch := next(log_of_fetches, None)):
                    ahead.append((fetch, self._read_ahead(fetch)))
                await asyncio.sleep(0)  # lets the reading begin
                if not ahead:
                    break
                fetch, reading = ahead.popleft()
                while orders and orders[0].after_fetch_id < fetch.id:
                    self._copy.obey(orders.popleft())
                await self._decide(fetch, reading)
                done += 1
                step(done, total)
        finally:
            for _, reading in ahead:
                if reading is not None:
                    reading.cancel()
        while orders:
            self._copy.obey(orders.popleft())

    def _read_ahead(self, fetch: Logged) -> asyncio.Task[PreparedFeed] | None:
        """Begin to read a document, unless it is likely to be the one that will be known by then."""
        if not isinstance(fetch.came, Response) or fetch.came.not_modified or fetch.body_sha256 is None:
            return None
        if self._last_read.get(fetch.feed_id) == fetch.body_sha256:
            return None
        self._last_read[fetch.feed_id] = fetch.body_sha256
        told = options(self._copy.feed(fetch.feed_id), _attempt(fetch), fetch.came)
        reading = asyncio.create_task(self._read(fetch, fetch.body_sha256, told))
        # Nobody asks for it, if the document turns out to be the known one after all.
        reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        return reading

    async def _read(self, fetch: Logged, sha256: str | None, told: ParseOptions) -> PreparedFeed:
        try:
            body = b"" if sha256 is None else self._copy.body(sha256)
        except StoreError as error:
            if not self._salvage_from:
                raise StoreError(
                    f"fetch {fetch.id}: {error}; nothing was changed, restore the archive from a backup, or"
                    " go on --despite-damage"
                ) from error
            return self._salvaged(fetch, sha256 or _EMPTY, str(error))
        return await self._workers.prepare(body, told)

    def _salvaged(self, fetch: Logged, sha256: str, problem: str) -> PreparedFeed:
        """What the rows tell of a document that is damaged. Raises ParseError, if that is what they tell."""
        feed, started_at = self._copy.feed(fetch.feed_id).url, to_text(fetch.started_at)
        told = salvage.told(self._salvage_from, feed=feed, started_at=started_at, body_sha256=sha256)
        self._lost[fetch.id] = Lost(
            fetch_id=fetch.id,
            feed=redact(feed),
            started_at=started_at,
            body_sha256=sha256,
            problem=problem,
            entries=0 if isinstance(told, ParseError) else len(told.entries),
        )
        if isinstance(told, ParseError):
            raise told
        return understand(told)

    async def _decide(self, fetch: Logged, reading: asyncio.Task[PreparedFeed] | None) -> None:
        if fetch.came is None:
            self._copy.carry_over(fetch)
            return
        feed, attempt = self._copy.feed(fetch.feed_id), _attempt(fetch)
        came = await self._came(fetch, fetch.came, feed, attempt, reading)
        try:
            self._write(fetch, feed, attempt, came)
        except ArchiverError:
            raise
        except Exception as bug:
            log.exception("fetch %d: failed by our own fault", fetch.id)
            self._write(fetch, feed, attempt, crashed(fetch.came, bug))

    def _write(
        self,
        fetch: Logged,
        feed: FeedForUpdate,
        attempt: decide.Attempt,
        came: FetchError | ParseError | Answer,
    ) -> None:
        with self._copy.transaction():
            self._copy.derive(fetch, decided(self._copy, feed, attempt, came, self._schedule))

    async def _came(
        self,
        fetch: Logged,
        came: Response | FetchError,
        feed: FeedForUpdate,
        attempt: decide.Attempt,
        reading: asyncio.Task[PreparedFeed] | None,
    ) -> FetchError | Answer:
        """What the pipeline had in hand: the failure, or the answer with what was read in it."""
        if isinstance(came, FetchError):
            return await self._beginning(fetch, came, feed, attempt)
        sha256 = fetch.body_sha256 or _EMPTY
        if came.not_modified and fetch.body_sha256 not in (None, feed.body_sha256):
            # By now another document is the known one: in a merged log, or if a reader fails that once did
            # not. What the server confirmed is this one.
            came = self._as_sent_first(fetch, came, sha256)
        if is_known(feed, came, sha256):
            return Answer(response=came, sha256=sha256, read=None)
        read: PreparedFeed | ParseError
        try:
            if reading is None:
                read = await self._read(fetch, fetch.body_sha256, options(feed, attempt, came))
            else:
                read = await reading
        except ParseError as error:
            read = error
        return Answer(response=came, sha256=sha256, read=read)

    async def _beginning(
        self, fetch: Logged, error: FetchError, feed: FeedForUpdate, attempt: decide.Attempt
    ) -> FetchError | Answer:
        """What can be read of an answer that broke off, as `Pipeline` reads it."""
        if fetch.body_sha256 is None or not torn.may_be_read(error):
            return error
        response = torn.as_response(error, request_url=fetch.request_url, body=b"")
        read: PreparedFeed | ParseError
        try:
            read = await self._read(fetch, fetch.body_sha256, options(feed, attempt, response))
        except ParseError as found:
            read = found
        return beginning(error, response, fetch.body_sha256, read)

    def _as_sent_first(self, fetch: Logged, confirmed: Response, sha256: str) -> Response:
        kind = self._copy.content_type(fetch.feed_id, sha256)
        fields = tuple((name, value) for name, value in confirmed.headers if name.lower() != "content-type")
        return replace(
            confirmed, status=200, headers=fields + ((("Content-Type", kind),) if kind is not None else ())
        )


_EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The SHA-256 of no bytes, which no body is kept for."""


def _attempt(fetch: Logged) -> decide.Attempt:
    return decide.Attempt(
        started_at=fetch.started_at,
        duration_ms=fetch.duration_ms,
        request_url=fetch.request_url,
        read_as=fetch.read_as,
    )
