"""A copy of the archive that can be trusted: taken while others write, checked, then named at one stroke.

`VACUUM INTO` copies one moment of the archive (the page-wise backup of SQLite begins anew with every
write, and beside a busy service never ends). The copy has another name until it is checked and on the disk.
"""

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from archiver.errors import ConfigError, NotFound, StoreError
from archiver.failpoints import failpoint
from archiver.store import bodies, connect, verify
from archiver.times import to_text

SAMPLE = 100
"""Bodies of the copy that are read back and hashed."""

_COUNTED = ("feeds", "fetches", "bodies", "entries", "revisions", "posts", "events", "manifests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A finished backup."""

    path: Path
    size: int
    entries: int
    revisions: int
    bodies: int


def back_up(
    archive: Path, destination: Path, *, now: datetime, stopped: Callable[[], bool] = lambda: False
) -> Backup:
    """Copy the archive to a file, or into a folder under a name with the time.

    Raises ConfigError where something else stands there already, StoreError where the copy cannot be made
    or is not sound, also when `stopped` says so; nothing then has the name of a backup.
    """
    target = destination / _name(archive, now) if destination.is_dir() else destination
    if target.exists():
        raise ConfigError(f"{target}: there is a file of this name already; name another")
    if not target.parent.is_dir():
        raise ConfigError(f"{target.parent}: there is no such folder; make it first")
    draft = target.with_name(f".{target.name}.part")
    _remove(draft)
    db = connect.open_reader(archive)
    try:
        db.conn.set_progress_handler(lambda: int(stopped()), 100_000)
        db.execute("PRAGMA query_only = OFF")  # the connection is read-only; only the copy is written
        db.execute("VACUUM INTO ?", [str(draft)])
        failpoint("mid_backup")
        _sync(draft)
        made = _checked(draft, target)
        draft.rename(target)
        _sync(target.parent)
    except sqlite3.Error as error:
        if stopped():
            raise StoreError(f"{target}: the backup was broken off") from error
        raise StoreError(f"{target}: the backup could not be made: {error}") from error
    except OSError as error:
        raise StoreError(f"{target}: the backup could not be written: {error.strerror}") from error
    finally:
        db.close()
        _remove(draft)
    return made


def _checked(draft: Path, target: Path) -> Backup:
    """Look at the copy as one who restores it will. Raises StoreError where it would be of no use.

    Against the archive itself it cannot be held: that has gone on meanwhile.
    """
    copy = connect.open_reader(draft)
    try:
        told = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if told != "ok":
            raise StoreError(f"{target}: the backup is not sound and was thrown away: {told}")
        if copy.execute("PRAGMA foreign_key_check").fetchone():
            raise StoreError(f"{target}: the backup does not hang together and was thrown away")
        for sha256 in _sample(copy):
            bodies.load(copy, sha256)
        if damage := next(verify.rows(copy), None):
            raise StoreError(
                f"{target}: the archive itself is damaged, and was not copied over older backups:"
                f" {damage.table} {damage.row} {damage.problem}; `archiver verify` tells more"
            )
        counts = {name: copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in _COUNTED}
    except NotFound as error:
        raise StoreError(f"{target}: the backup lacks a body and was thrown away: {error}") from error
    finally:
        copy.close()
        for ending in ("-wal", "-shm"):
            _remove(draft.with_name(draft.name + ending))
    return Backup(
        path=target,
        size=draft.stat().st_size,
        entries=counts["entries"],
        revisions=counts["revisions"],
        bodies=counts["bodies"],
    )


def _sample(copy: Database) -> list[str]:
    """The newest bodies, and as many from everywhere."""
    newest = copy.execute("SELECT sha256 FROM bodies ORDER BY rowid DESC LIMIT ?", [SAMPLE // 2])
    anywhere = copy.execute(
        "SELECT sha256 FROM bodies WHERE rowid IN (SELECT rowid FROM bodies ORDER BY random() LIMIT ?)",
        [SAMPLE // 2],
    )
    return [sha256 for (sha256,) in [*newest.fetchall(), *anywhere.fetchall()]]


def scheduled(archive: Path, folder: Path) -> list[Path]:
    """The backups of this archive in a folder that carry our name and a time, oldest first."""
    pattern = re.compile(re.escape(archive.stem) + r"-\d{8}T\d{6}Z" + re.escape(archive.suffix))
    try:
        return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name) and path.is_file())
    except OSError:
        return []


def clear_out(archive: Path, folder: Path, *, keep: int, newest: Path) -> list[Path]:
    """Remove the oldest backups but `keep`, never `newest` nor what is not an archive; return the removed."""
    ours = [path for path in scheduled(archive, folder) if path != newest and _is_archive(path)]
    surplus = ours[: max(0, len(ours) + 1 - keep)]
    for path in surplus:
        path.unlink(missing_ok=True)
    return surplus


def last_backup(archive: Path, folder: Path) -> datetime | None:
    """When the newest scheduled backup was made, by its name."""
    for path in reversed(scheduled(archive, folder)):
        with suppress(ValueError):
            return datetime.strptime(path.stem[-16:] + "+0000", "%Y%m%dT%H%M%SZ%z")
    return None


def _is_archive(path: Path) -> bool:
    try:
        connect.open_any(path).close()
    except StoreError:
        return False
    return True


def _name(archive: Path, now: datetime) -> str:
    return f"{archive.stem}-{to_text(now).replace('-', '').replace(':', '')}{archive.suffix}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
