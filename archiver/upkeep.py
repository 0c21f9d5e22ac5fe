"""The service's chores: manifest, write-ahead log, backups, the scrub that re-hashes what is kept, digests.

The scheduler only rings; one chore at a time is a task of the service, which awaits it when it stops. What a
chore reads, it reads in a thread and on a connection of its own, beside the one thread that writes.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from archiver.config import BackupSettings
from archiver.errors import ArchiverError, StoreError
from archiver.store import backup, verify
from archiver.store.proofs import Damage
from archiver.telling import Telling
from archiver.writer import Writer

RETRY = timedelta(minutes=15)
"""How long after a failure a chore is tried again."""

SCRUB_PAUSE_SECONDS = 0.002
"""Between two rows, so that a scrub never keeps a core or a disk busy."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """Something to be done again and again."""

    name: str
    every: timedelta
    work: Callable[[], Awaitable[None]]


class Upkeep:
    """Does what is due, one chore after the other, until it is told to stop."""

    def __init__(
        self,
        *,
        archive: Path,
        writer: Writer,
        backups: BackupSettings,
        clock: Callable[[], datetime],
        telling: Telling | None = None,
        scrub_pause_seconds: float = SCRUB_PAUSE_SECONDS,
    ) -> None:
        self._archive = archive
        self._writer = writer
        self._backups = backups
        self._clock = clock
        self._telling = telling
        self._scrub_pause_seconds = scrub_pause_seconds
        self._stopped = threading.Event()
        self._chores = [
            Chore(name="manifest", every=timedelta(hours=1), work=self._close_days),
            Chore(name="tidy", every=timedelta(hours=1), work=self._tidy),
            Chore(name="scrub", every=timedelta(days=7), work=self._scrub),
        ]
        if backups.folder is not None:
            every = timedelta(seconds=backups.every_seconds)
            self._chores.append(Chore(name="backup", every=every, work=self._back_up))

    def stop(self) -> None:
        """Break off what is under way at its next step; it is done again another time."""
        self._stopped.set()

    async def run(self) -> None:
        """Do every chore whose time has come. What fails is said, noted, and tried again later."""
        for chore in self._chores:
            if self._stopped.is_set():
                return
            try:
                due = await self._writer.run(
                    lambda store, chore=chore: store.chore_is_due(  # type: ignore[misc]
                        chore.name, every=chore.every, retry=RETRY, now=self._clock()
                    )
                )
                if due:
                    await self._do(chore)
            except ArchiverError as error:
                log.error("%s: %s", chore.name, error)
        if self._telling is not None and not self._stopped.is_set():
            try:
                await self._telling.run()
            except ArchiverError as error:
                log.error("digest: %s", error)

    async def _do(self, chore: Chore) -> None:
        problem = None
        try:
            await chore.work()
        except (ArchiverError, OSError) as error:
            if self._stopped.is_set():
                return
            problem = str(error)
            log.error("%s: %s", chore.name, error)
        if not self._stopped.is_set():
            await self._writer.run(
                lambda store: store.note_chore(chore.name, now=self._clock(), problem=problem)
            )

    async def _close_days(self) -> None:
        days = await self._writer.run(lambda store: store.close_days(now=self._clock()))
        if days:
            log.info("manifest: %s sealed", "1 day" if days == 1 else f"{days} days")

    async def _tidy(self) -> None:
        await self._writer.run(lambda store: store.tidy())

    async def _back_up(self) -> None:
        folder = self._backups.folder
        assert folder is not None
        made = await asyncio.to_thread(self._make_backup, folder)
        log.info("backup: %s, %.1f MB, checked", made.path, made.size / 1e6)
        for path in backup.clear_out(self._archive, folder, keep=self._backups.keep, newest=made.path):
            log.info("backup: %s removed, newer ones are kept", path)

    def _make_backup(self, folder: Path) -> backup.Backup:
        folder.mkdir(parents=True, exist_ok=True)
        return backup.back_up(self._archive, folder, now=self._clock(), stopped=self._stopped.is_set)

    async def _scrub(self) -> None:
        damages = await asyncio.to_thread(self._rehash)
        for damage in damages:
            log.error("scrub: %s", verify.told(damage))
        if damages:
            raise StoreError(
                f"{len(damages)} of what is kept is damaged; see `archiver verify`, and restore a backup"
            )

    def _rehash(self) -> list[Damage]:
        def step() -> None:
            if self._stopped.is_set():
                raise StoreError("broken off")
            time.sleep(self._scrub_pause_seconds)

        db = verify.open_for(self._archive)
        try:
            return list(verify.hashes(db, step)) + list(verify.rows(db, step))
        finally:
            db.close()
