"""Opening the archive file: pragmas, versions, and the lock that keeps it to one writing service.

SQLite as the reliability report advises: WAL, `synchronous=FULL`, one connection that writes and
checkpoints, every other one read-only.
"""

import fcntl
import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from sqlite_utils import Database

from archiver.errors import ArchiveBusy, SchemaError, StoreError
from archiver.store import schema
from archiver.times import to_text

BUSY_TIMEOUT_MS = 10_000


def open_writer(path: Path, *, checkpoints: bool = True) -> Database:
    """Open the archive for writing; create or migrate it where needed.

    `checkpoints` is False for a command that writes beside a running service, so that only one connection
    ever moves the write-ahead log (reliability report, S3).

    Raises SchemaError for a newer archive or a foreign file, StoreError where SQLite cannot open it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path}: the archive cannot be opened: {error}") from error
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        db = Database(connection, execute_plugins=False)
        _check(db, path)
        if schema.version(db) == 0:
            connection.execute("PRAGMA page_size = 8192")
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "trusted_schema = OFF",
            "cell_size_check = ON",
            "journal_size_limit = 67108864",
            f"wal_autocheckpoint = {1000 if checkpoints else 0}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if schema.version(db) < schema.VERSION:
            with transaction(db):
                # sqlite-utils nests each migration as a savepoint: all of them, or none
                schema.migrations.apply(db)
                connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {schema.VERSION}")
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"{path}: the archive cannot be opened: {error}") from error
    except SchemaError:
        connection.close()
        raise
    return db


def open_reader(path: Path) -> Database:
    """Open the archive read-only. Raises StoreError if there is none, SchemaError if it is not ours."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no archive yet; `archiver run` or `archiver replay` makes one")
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        db = Database(connection, recursive_triggers=False, execute_plugins=False)
        _check(db, path)
        if schema.version(db) < schema.VERSION:
            raise SchemaError(f"{path}: the archive is older than this program; run any writing command once")
    except sqlite3.Error as error:
        raise StoreError(f"{path}: the archive cannot be read: {error}") from error
    return db


def _check(db: Database, path: Path) -> None:
    application_id = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application_id != schema.APPLICATION_ID and tables:
        raise SchemaError(f"{path}: this is a SQLite file, but not an archive; name another with --archive")
    if schema.version(db) > schema.VERSION:
        raise SchemaError(
            f"{path}: the archive was written by a newer program (schema {schema.version(db)},"
            f" this one knows {schema.VERSION}); upgrade the archiver, nothing was touched"
        )


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """All or nothing. `BEGIN IMMEDIATE`, since a deferred one may fail at its first write (report, S5)."""
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise


class ArchiveLock:
    """One service, fetch or replay per archive: a lock file beside it that says who holds it.

    The kernel's lock counts, not the file's being there: it is free as soon as its holder is dead.
    """

    def __init__(self, archive: Path, *, doing: str, now: datetime) -> None:
        self.path = archive.with_name(archive.name + ".lock")
        self._note = {"pid": os.getpid(), "host": socket.gethostname(), "doing": doing, "since": to_text(now)}
        self._descriptor: int | None = None

    def __enter__(self) -> "ArchiveLock":
        """Take the lock, or raise ArchiveBusy with its holder's name."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{self.path}: the lock file cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 4096)
            os.close(descriptor)
            raise ArchiveBusy(self._busy(holder)) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps(self._note).encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it. The file stays: to remove it would open a race with the next holder."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def _busy(self, note: bytes) -> str:
        archive = self.path.with_name(self.path.name.removesuffix(".lock"))
        holder: dict[str, object] = {}
        with suppress(ValueError):
            holder = json.loads(note)
        if not isinstance(holder, dict) or "pid" not in holder:
            return f"{archive}: another process is using the archive; wait for it or stop it"
        return (
            f"{archive}: `archiver {holder.get('doing')}` (process {holder['pid']} on {holder.get('host')},"
            f" since {holder.get('since')}) is using the archive; stop it or wait for it"
        )
