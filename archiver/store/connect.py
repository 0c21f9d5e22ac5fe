"""Opening the archive file: pragmas, versions, transactions, and SQLite's troubles told as ours.

SQLite as the reliability report advises: WAL, `synchronous=FULL`, one connection that writes and
checkpoints, every other one read-only.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from archiver.errors import ArchiveBusy, SchemaError, StoreError
from archiver.failpoints import failpoint
from archiver.store import schema, sealing
from archiver.store.lock import other_holder

BUSY_TIMEOUT_MS = 10_000

CACHE_KIB = 65_536
"""How much of the archive the writing connection keeps in memory; SQLite's 2 MB are less than one update."""

LOG_PAGES = 4000
"""How much waits in the write-ahead log before it is folded into the file, 32 MB: what is written again and
again, as the end of a table, goes there once. What is committed is safe in the log."""

OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

_TROUBLES = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
"""What disks, files and other processes do to us. Anything else that SQLite says is a bug of ours."""

_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, None})
"""What does not pass by itself."""


def open_writer(path: Path, *, checkpoints: bool = True) -> Database:
    """Open the archive for writing; create or migrate it where needed.

    `checkpoints` is False for a command that writes beside a running service, so that only one connection
    ever moves the write-ahead log (reliability report, S3).

    Raises SchemaError for a newer archive or a foreign file, StoreError where SQLite cannot open it.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        oldest = ".".join(map(str, OLDEST_SQLITE))
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} is too old for the archive; it takes {oldest} or later"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existing = path.stat().st_size if path.exists() else None
    except OSError as error:
        raise StoreError(f"{path}: the archive cannot be opened: {error.strerror}") from error
    if existing:
        _look(path)
    elif existing == 0 and _log_size(path):
        raise StoreError(
            f"{path}: the file is empty, but its write-ahead log is not; restore the archive from a backup"
        )
    with _opening(path, "mode=rwc") as db:
        if schema.version(db) == 0:
            db.execute("PRAGMA page_size = 8192")
        _use_log(db)
        for pragma in (
            "synchronous = FULL",
            "foreign_keys = ON",
            "cell_size_check = ON",
            "journal_size_limit = 67108864",
            f"cache_size = {-CACHE_KIB}",
            f"wal_autocheckpoint = {LOG_PAGES if checkpoints else 0}",
        ):
            db.execute(f"PRAGMA {pragma}")
        if schema.version(db) < schema.VERSION:
            with transaction(db):
                # sqlite-utils nests each migration as a savepoint: all of them, or none
                with db.tracer(lambda sql, values: failpoint("mid_migration_statement")):
                    schema.migrations.apply(db)
                sealing.seal_definitions(db)
                db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {schema.VERSION}")
        sealing.install(db)
    return db


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """Which file was opened, since another may stand in its place by the time it is written."""

    path: Path
    device: int
    inode: int

    @classmethod
    def at(cls, path: Path) -> "OpenFile":
        """The file that is at this path now."""
        found = path.stat()
        return cls(path=path, device=found.st_dev, inode=found.st_ino)

    def make_sure_it_is_there(self) -> None:
        """Raise StoreError if the file was removed, or replaced as a rebuild does."""
        try:
            there = OpenFile.at(self.path) == self
        except OSError:
            there = False
        if not there:
            raise StoreError(f"{self.path}: the archive was replaced, nothing was written; try again")


def _look(path: Path) -> None:
    """A look that can change nothing: even to close a writing connection may move the write-ahead log.

    It fails on a file whose maker was killed in its first milliseconds: that left a rollback journal, which
    only a writing connection may undo. There is nothing in such a file yet.
    """
    try:
        _connect(path, "mode=ro").close()
    except StoreError as error:
        if getattr(error.__cause__, "sqlite_errorcode", None) != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise


SQLITE_VERSION = sqlite3.sqlite_version
"""Of the SQLite in use."""

NEWEST_FAULT_IN_LOG = (3, 51, 2)
"""Until this version SQLite could, very rarely, damage a file that two connections write at a time."""


def sqlite_warning(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str | None:
    """What to know of the SQLite in use; None where there is nothing."""
    if version > NEWEST_FAULT_IN_LOG:
        return None
    return (
        f"SQLite {'.'.join(map(str, version))} has a rare fault in its write-ahead log, mended in 3.51.3;"
        " the archiver keeps clear of it (one connection writes), other programs should not write the archive"
    )


def tidy(db: Database) -> None:
    """Fold the write-ahead log into the file as far as readers allow, and refresh SQLite's statistics.

    Raises StoreError.
    """
    with troubles(_path(db)):
        db.execute("PRAGMA optimize")
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        db.execute(
            "PRAGMA busy_timeout = 0"
        )  # to empty the log is worth no waiting, which all updates would share
        try:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


def _use_log(db: Database) -> None:
    """Turn the write-ahead log on, for which SQLite does not wait as it does for anything else.

    So of several programs that make one archive at the same time, all but one must try again.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def open_reader(path: Path) -> Database:
    """Open the archive read-only. Raises StoreError if there is none, SchemaError if it is not ours."""
    db = open_any(path)
    if schema.version(db) < schema.VERSION:
        db.close()
        raise SchemaError(f"{path}: the archive is older than this program; any writing command renews it")
    return db


def make_sure_of_definitions(db: Database, path: Path) -> None:
    """Raise StoreError where columns may have lost their names, before anybody asks for them."""
    with moment(db):
        redefined = sealing.redefined(db)
    if redefined:
        db.close()
        raise StoreError(
            f"{path}: the archive is damaged (the definition of {redefined[0]}); restore it from a backup"
        )


def open_any(path: Path) -> Database:
    """Open an archive read-only, an older one too. Raises StoreError, SchemaError."""
    if not path.is_file():
        raise StoreError(f"{path}: there is no archive yet; `archiver run` or `archiver replay` makes one")
    if path.stat().st_size == 0:
        raise StoreError(f"{path}: the file is empty; if there was an archive in it, restore a backup")
    try:
        db = _connect(path, "mode=ro")
    except StoreError as error:
        # Reading through a write-ahead log needs two files beside the archive. Where they cannot be made, as
        # on a read-only medium, and no log waits there, the file alone is the whole archive.
        cause = error.__cause__
        if not isinstance(cause, sqlite3.Error) or _code(cause) not in (
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_CANTOPEN,
        ):
            raise
        if _log_size(path):
            raise
        db = _connect(path, "mode=ro&immutable=1")
    db.execute("PRAGMA query_only = ON")
    return db


def _connect(path: Path, how: str) -> Database:
    with _opening(path, how) as db:
        return db


@contextmanager
def _opening(path: Path, how: str) -> Iterator[Database]:
    """Connect to an archive or an empty file, closed again if anything goes wrong."""
    connection = None
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute("PRAGMA trusted_schema = OFF")
        db = Database(connection, recursive_triggers=False, execute_plugins=False)
        _check(db, path)
        yield db
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error | UnicodeDecodeError):  # which a damaged name becomes
            raise _trouble(path, error) from error
        raise


def _check(db: Database, path: Path) -> None:
    # In this order: another program that makes the archive meanwhile writes both in one transaction.
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    application_id = db.execute("PRAGMA application_id").fetchone()[0]
    if application_id != schema.APPLICATION_ID and tables:
        raise SchemaError(f"{path}: this is a SQLite file, but not an archive; name another with --archive")
    if schema.version(db) > schema.VERSION:
        raise SchemaError(
            f"{path}: the archive was written by a newer program (schema {schema.version(db)},"
            f" this one knows {schema.VERSION}); upgrade the archiver, nothing was touched"
        )


def _log_size(path: Path) -> int:
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """All or nothing. `BEGIN IMMEDIATE`, since a deferred one may fail at its first write (report, S5)."""
    with _between(db, "BEGIN IMMEDIATE", "COMMIT"):
        yield
        failpoint("before_commit")
    failpoint("after_commit_before_ack")


@contextmanager
def troubles(path: Path) -> Iterator[None]:
    """What happens to us outside of transactions, told as theirs. Raises StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        if _code(error) not in _TROUBLES:
            raise
        raise _trouble(path, error) from error


@contextmanager
def moment(db: Database) -> Iterator[None]:
    """One moment of the archive for several questions; inside a transaction, that one's."""
    if db.conn.in_transaction:
        yield
    else:
        with _between(db, "BEGIN", "COMMIT"):
            yield


@contextmanager
def _between(db: Database, begin: str, end: str) -> Iterator[None]:
    try:
        db.execute(begin)
        try:
            yield
            db.execute(end)
        except BaseException:
            if db.conn.in_transaction:  # SQLite itself ends it where the disk is full
                db.execute("ROLLBACK")
            raise
    except (sqlite3.Error, UnicodeDecodeError) as error:
        if _code(error) not in _TROUBLES and not _is_misshapen(db):
            raise
        trouble = _trouble(_path(db), error)
        trouble.may_pass = _code(error) not in _DAMAGE
        raise trouble from error


def _path(db: Database) -> Path:
    return Path(next(iter(db.execute("PRAGMA database_list")))[2])


def _is_misshapen(db: Database) -> bool:
    """Whether what looks like a bug of ours comes from tables that are not what they were."""
    try:
        return bool(schema.misshapen(db))
    except (sqlite3.Error, UnicodeDecodeError):
        return True


def _code(error: Exception) -> int | None:
    """The primary result code (an extended one's low byte); None for Python's own complaints."""
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    if extended is None:
        return sqlite3.SQLITE_CORRUPT if "Could not decode to UTF-8" in str(error) else None
    return extended & 0xFF


def _trouble(path: Path, error: Exception) -> StoreError:
    match _code(error):
        case sqlite3.SQLITE_BUSY:
            holder = other_holder(path) or "another program, maybe a database browser with unsaved changes,"
            return ArchiveBusy(
                f"{path}: {holder} has kept the archive locked for {BUSY_TIMEOUT_MS // 1000} seconds;"
                " end it, or try again"
            )
        case sqlite3.SQLITE_FULL:
            told = "the disk is full, and nothing was written; make room"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            told = f"the archive may not be written ({error}); see who owns the file and its folder"
        case sqlite3.SQLITE_CORRUPT:
            told = f"the archive is damaged ({str(error)[:80]}); restore it from a backup"
        case sqlite3.SQLITE_NOTADB:
            told = "this is not a SQLite file; name another with --archive"
        case _:
            told = f"the archive cannot be used: {error}"
    return StoreError(f"{path}: {told}")
