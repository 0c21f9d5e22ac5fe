"""The lock that keeps an archive to one service, fetch or replay at a time."""

import fcntl
import json
import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType

from archiver.errors import ArchiveBusy, StoreError
from archiver.times import to_text


class ArchiveLock:
    """One service, fetch or replay per archive: a lock file beside it that says who holds it.

    The kernel's lock counts, not the file's being there: it is free as soon as its holder is dead.
    """

    def __init__(self, archive: Path, *, doing: str, now: datetime) -> None:
        self._archive = archive
        self.path = _lock_file(archive)
        self._note = {"pid": os.getpid(), "host": socket.gethostname(), "doing": doing, "since": to_text(now)}
        self._descriptor: int | None = None

    def __enter__(self) -> "ArchiveLock":
        """Take the lock, or raise ArchiveBusy with its holder's name, StoreError where it cannot be had."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(f"{self.path}: the lock file cannot be written: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _told_by(descriptor) or "another process"
            os.close(descriptor)
            raise ArchiveBusy(
                f"{self._archive}: {holder} is using the archive; stop it or wait for it"
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise StoreError(
                f"{self.path}: no lock to be had ({error.strerror}); keep the archive on a local disk"
            ) from error
        self._descriptor = descriptor
        with suppress(OSError):  # on a full disk the lock holds all the same, it only has no name
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(self._note).encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release it. The file stays: to remove it would open a race with the next holder."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def other_holder(archive: Path) -> str | None:
    """Who else holds the archive's lock, in words; None if nobody does, or we do."""
    with suppress(OSError):
        descriptor = os.open(_lock_file(archive), os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _told_by(descriptor, but_not=os.getpid())
        finally:
            os.close(descriptor)
    return None


def _lock_file(archive: Path) -> Path:
    """Beside the file itself, as SQLite's own, by whatever link it is called."""
    real = Path(os.path.realpath(archive))
    return real.with_name(real.name + ".lock")


def _told_by(descriptor: int, *, but_not: int | None = None) -> str | None:
    note: object = None
    with suppress(ValueError):
        note = json.loads(os.pread(descriptor, 4096, 0))
    if not isinstance(note, dict) or note.get("pid", but_not) == but_not:
        return None
    return (
        f"`archiver {note.get('doing')}` (process {note['pid']} on {note.get('host')},"
        f" since {note.get('since')})"
    )
