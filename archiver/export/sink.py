"""Where an export goes: a file that takes its name only when it is whole, or standard output.

What is written is counted and hashed on the way, by a thread of its own, while the next chunk is made.
"""

import contextlib
import hashlib
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archiver.errors import ConfigError

_AHEAD = 4
"""Chunks that may wait to be written."""
_UNFINISHED = ".part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What went out."""

    size: int
    """In bytes."""
    sha256: str


class Sink:
    """Takes bytes for a file. Use it as a context manager; `written` says afterwards what went out."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._digest = hashlib.sha256()
        self._size = 0
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="export")
        self.closed = False

    def __enter__(self) -> "Sink":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.closed = True
        self._waiting.put(None)
        self._thread.join()
        if kind is None and self._problem is not None:
            raise self._problem

    def write(self, chunk: bytes) -> int:
        """Take bytes. Raises what went wrong with earlier ones."""
        if self._problem is not None:
            raise self._problem
        self._waiting.put(bytes(chunk))
        self._size += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        """How many bytes were taken."""
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def written(self) -> Written:
        """What went out, once the sink is closed."""
        assert self.closed
        return Written(size=self._size, sha256=self._digest.hexdigest())

    def _work(self) -> None:
        while (chunk := self._waiting.get()) is not None:
            if self._problem is not None:
                continue  # so that whoever writes is not left waiting
            try:
                self._digest.update(chunk)
                self._out.write(chunk)
            except BaseException as error:  # told where the next bytes are handed over
                self._problem = error


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name, or another's place, when it is whole. Raises ConfigError."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    with _named(path):
        try:
            with unfinished.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder that takes its name when all is in it. Raises ConfigError, also where there is one already."""
    unfinished = path.with_name(path.name + _UNFINISHED)
    with _named(path):
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ConfigError(f"{path}: there is something of this name already; name another folder")
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            unfinished.mkdir()
            yield unfinished
            unfinished.replace(path)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
