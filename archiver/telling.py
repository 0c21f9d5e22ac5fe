"""Digests, when their time has come: gathered beside the writer, told by each way, written down when told.

A digest that cannot be delivered stays untold, and is tried again with all that happened since. One that was
delivered just before a crash is told twice, rather than never.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from archiver import delivery
from archiver.config import DigestSettings
from archiver.digest import OF_EACH, UNTOLD, Digest, digest
from archiver.errors import DeliveryError
from archiver.store import Reader, Untold
from archiver.writer import Writer

RETRY = timedelta(minutes=15)
"""How long after a failure a digest is tried again."""

log = logging.getLogger(__name__)


class Telling:
    """Tells a person what happened: in the log always, by webhook and mail where these are configured."""

    def __init__(
        self, *, archive: Path, writer: Writer, settings: DigestSettings, clock: Callable[[], datetime]
    ) -> None:
        self._archive = archive
        self._writer = writer
        self._every = timedelta(seconds=settings.every_seconds)
        self._clock = clock
        self._ways: dict[str, Callable[[Digest], Awaitable[None]]] = {"log": _write}
        if (address := settings.webhook) is not None:
            self._ways["webhook"] = lambda told: delivery.post(address, told.as_json())
        if (mail := settings.mail) is not None:
            self._ways["mail"] = lambda told: delivery.send(mail, told)

    async def begin(self) -> None:
        """Know every way; what happened before one was first known is not told by it."""
        for way in self._ways:
            await self._writer.run(lambda store, way=way: store.begin_digest(way, now=self._clock()))  # type: ignore[misc]

    async def run(self) -> None:
        """Tell by every way whose time has come. Raises ArchiverError where the archive cannot be asked."""
        await self.begin()
        for way, tell in self._ways.items():
            due = await self._writer.run(
                lambda store, way=way: store.digest_is_due(  # type: ignore[misc]
                    way, every=self._every, retry=RETRY, now=self._clock()
                )
            )
            if due:
                await self._tell(way, tell)

    async def _tell(self, way: str, tell: Callable[[Digest], Awaitable[None]]) -> None:
        untold = await asyncio.to_thread(self._untold, way)
        told = digest(untold.events, untold.counts, at=self._clock())
        problem = None
        if told.count:
            try:
                await tell(told)
            except DeliveryError as error:
                problem = str(error)
                log.error("digest: %s; it will be tried again", error)
        await self._writer.run(
            lambda store: store.note_digest(
                way,
                now=self._clock(),
                last_event_id=None if problem else untold.last_event_id,
                sent=bool(told.count) and problem is None,
                problem=problem,
            )
        )

    def _untold(self, way: str) -> Untold:
        with Reader.open(self._archive) as reader:
            return reader.untold(way, beside=UNTOLD, of_each=OF_EACH)


async def _write(told: Digest) -> None:
    fields = {"event": "digest", "digest": told.as_json()["groups"]}
    log.warning("digest: %s", told.title, extra={"fields": fields, "lines": told.lines()})
