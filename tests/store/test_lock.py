"""The lock: one service, fetch or replay per archive."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from archiver.errors import ArchiveBusy, StoreError
from archiver.store import ArchiveLock
from archiver.store.lock import other_holder

_fork = multiprocessing.get_context("fork")


def _hold(path: Path, noon, ready) -> None:
    with ArchiveLock(path, doing="run --once", now=noon):
        ready.set()
        signal.pause()


@pytest.fixture
def held(tmp_path, noon):
    """An archive whose lock another process holds."""
    ready = _fork.Event()
    child = _fork.Process(target=_hold, args=(tmp_path / "archive.db", noon, ready))
    child.start()
    assert ready.wait(20)
    yield tmp_path / "archive.db", child
    child.kill()
    child.join(20)


def test_a_second_holder_is_told_who_has_the_archive(held, noon):
    path, child = held
    with pytest.raises(ArchiveBusy) as told, ArchiveLock(path, doing="fetch", now=noon):
        pass
    assert f"`archiver run --once` (process {child.pid} on " in str(told.value)
    assert "since 2026-03-01T12:00:00Z) is using the archive; stop it or wait for it" in str(told.value)
    assert str(path) in str(told.value)


def test_a_link_to_the_archive_is_the_archive(held, noon, tmp_path):
    path, _ = held
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(path)
    assert other_holder(link) is not None
    with pytest.raises(ArchiveBusy), ArchiveLock(link, doing="run", now=noon):
        pass


def test_the_lock_is_free_as_soon_as_its_holder_is_dead(held, noon):
    path, child = held
    os.kill(child.pid, signal.SIGKILL)
    child.join(20)
    assert other_holder(path) is None
    with ArchiveLock(path, doing="fetch", now=noon):
        pass


def test_the_lock_is_free_after_its_holder_let_it_go(tmp_path, noon):
    for _ in range(2):
        with ArchiveLock(tmp_path / "archive.db", doing="fetch", now=noon):
            pass


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"[]", b"{", b'{"pid": 1, "doing": "run"}'])
def test_a_stale_file_is_no_obstacle(tmp_path, noon, note):
    (tmp_path / "archive.db.lock").write_bytes(note)
    with ArchiveLock(tmp_path / "archive.db", doing="fetch", now=noon) as lock:
        assert str(os.getpid()) in lock.path.read_text()


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"[]", b'{"doing": "run"}'])
def test_a_holder_without_a_name_is_another_process(held, noon, note):
    path, _ = held
    path.with_name("archive.db.lock").write_bytes(note)
    with pytest.raises(ArchiveBusy, match="another process is using"), ArchiveLock(path, doing="x", now=noon):
        pass


def test_two_archives_in_one_folder_have_a_lock_each(held, noon):
    path, _ = held
    with ArchiveLock(path.with_name("other.db"), doing="fetch", now=noon):
        pass


def test_we_are_not_another_holder(tmp_path, noon):
    with ArchiveLock(tmp_path / "archive.db", doing="run", now=noon):
        assert other_holder(tmp_path / "archive.db") is None


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, noon):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="lock file cannot be written"):
        ArchiveLock(tmp_path / "file" / "archive.db", doing="run", now=noon).__enter__()
