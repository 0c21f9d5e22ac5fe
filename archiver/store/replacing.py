"""A new archive file made beside the old one, and put in its place at one stroke or not at all."""

import os
import shutil
import sqlite3
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sqlite_utils import Database

from archiver.errors import ArchiveBusy, StoreError
from archiver.failpoints import failpoint
from archiver.store import connect
from archiver.times import to_text

_BACKUP_PAGES = 4096
"""Copied at a time, so that Ctrl-C is heard."""


class Replacement:
    """The archive held still, and a whole copy of it at `path` to work on.

    While it lasts, readers read the old file and nobody writes it. Whatever ends it before `put_in_place`
    leaves the old file as it was and nothing beside it. The caller holds the archive's lock.
    """

    def __init__(self, archive: Path, *, also: int = 0) -> None:
        self._archive = archive = archive.resolve()
        self._also = also
        self.path = archive.with_name(archive.name + ".rebuilding")
        self._held: Database | None = None

    def __enter__(self) -> "Replacement":
        """Hold the archive and copy it. Raises StoreError, where the disk has no room for two of them."""
        remove(self.path)
        self._held = connect.open_writer(self._archive)
        try:
            with connect.troubles(self._archive):
                failpoint("before_checkpoint")
                busy = self._held.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if busy:
                    raise ArchiveBusy(
                        f"{self._archive}: another program is reading the archive for long; end it, or try"
                        " again"
                    )
                self._held.execute("BEGIN IMMEDIATE")
            _make_sure_of_room(self._archive, also=self._also)
            copy_file(self._archive, self.path)
            failpoint("after_copy")
            shutil.copymode(self._archive, self.path)
        except BaseException:
            self._end()
            raise
        return self

    def put_in_place(self, *, keep_as: str | None, now: datetime) -> Path | None:
        """Let the new file, closed by now, be the archive; return where the old one is kept, if it is.

        `keep_as` names the occasion: `archive.db.before-rebuild-…`.
        """
        assert self._held is not None
        _sync(self.path)
        kept = None
        if keep_as is not None:
            stamp = to_text(now).replace("-", "").replace(":", "")
            kept = _unused(self._archive.with_name(f"{self._archive.name}.before-{keep_as}-{stamp}"))
            try:
                os.link(self._archive, kept)
            except OSError:  # a file system without second names
                shutil.copy2(self._archive, kept)
        self._let_go()
        # What a reader's open connection left here belongs to the old file, and must not meet the new one.
        for ending in ("-wal", "-shm"):
            self._archive.with_name(self._archive.name + ending).unlink(missing_ok=True)
        failpoint("before_replace")
        self.path.replace(self._archive)
        failpoint("after_replace")
        with suppress(OSError):  # some file systems cannot sync folders
            _sync(self._archive.parent)
        return kept

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the archive, and take away what was not put in place."""
        self._end()

    def _let_go(self) -> None:
        if self._held is not None:
            if self._held.conn.in_transaction:
                self._held.execute("ROLLBACK")
            self._held.close()
            self._held = None

    def _end(self) -> None:
        self._let_go()
        remove(self.path)


def copy_file(source: Path, target: Path) -> None:
    """A page-by-page copy of an archive as it is at this moment, whatever version of ours it is.

    Raises StoreError where it cannot be read or written, SchemaError where it is none, or a newer one.
    """
    db = connect.open_any(source)
    try:
        copy = sqlite3.connect(target)
        try:
            copy.execute("PRAGMA synchronous = OFF")
            db.conn.backup(copy, pages=_BACKUP_PAGES)
        finally:
            copy.close()
    except sqlite3.Error as error:
        raise StoreError(f"{target}: the archive could not be copied there: {error}") from error
    finally:
        db.close()


def remove(path: Path) -> None:
    """Take a database file away, with what SQLite keeps beside it."""
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _make_sure_of_room(archive: Path, *, also: int) -> None:
    needed = (archive.stat().st_size + also) * 5 // 4 + 2**23
    free = shutil.disk_usage(archive.parent).free
    if free < needed:
        raise StoreError(
            f"{archive.parent}: a second archive takes about {needed // 10**6:,} MB beside the first,"
            f" and {free // 10**6:,} MB are free; make room"
        )


def _unused(path: Path) -> Path:
    """The path itself, or with a number after it."""
    number, tried = 1, path
    while tried.exists():
        number += 1
        tried = path.with_name(f"{path.name}-{number}")
    return tried


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
