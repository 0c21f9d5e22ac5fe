"""Killed at any moment and started again, the archive carries on: nothing missing, nothing doubled."""

import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archiver.store import schema
from archiver.store.connect import open_writer

FEEDS, ENTRIES = 24, 5


def start(folder: Path) -> subprocess.Popen[bytes]:
    """The real program, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "archiver", "run", "--once"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def check(folder: Path) -> None:
    """What must hold after any kill."""
    archive = folder / "data" / "archive.db"
    if not archive.exists():
        return
    connection = sqlite3.connect(archive)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        if connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'posts_fts'").fetchone()[0]:
            connection.execute("INSERT INTO posts_fts (posts_fts, rank) VALUES ('integrity-check', 1)")
            for sql in (
                "SELECT count(*) FROM entries WHERE id NOT IN (SELECT entry_id FROM revisions)",
                "SELECT count(*) FROM posts WHERE id NOT IN (SELECT post_id FROM entries)",
                # validators and digest belong to a fetch whose entries are all there
                f"""SELECT count(*) FROM feeds WHERE body_sha256 IS NOT NULL AND {ENTRIES} <>
                    (SELECT count(*) FROM entries WHERE feed_id = feeds.id)""",
                "SELECT count(*) FROM feeds WHERE state <> 'paused' AND next_fetch_at IS NULL",
            ):
                assert connection.execute(sql).fetchone() == (0,), sql
    finally:
        connection.close()


def rehearse(site, rss, folder: Path, *, kills: int, seed: int) -> None:
    """Kill the program again and again while it archives a site, then let it finish and count."""
    chance = random.Random(seed)
    urls = [
        site.serve(
            f"/{number}",
            rss(*"edcba", title=str(number), texts={"a": f"Story a of feed {number}"}),
            headers={"ETag": f'"{number}"'},
        )
        for number in range(FEEDS)
    ]
    (folder / "config.yaml").write_text(
        "fetch: {concurrency: 3, allowed_networks: [127.0.0.1], per_host_spacing: 0s}\nfeeds:\n"
        + "".join(f"  - {u}\n" for u in urls)
    )
    for _ in range(kills):
        process = start(folder)
        enough = len(site.requests) + chance.randrange(1, 5)
        deadline = time.monotonic() + 30
        while len(site.requests) < enough and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.15)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        check(folder)
    process = start(folder)
    assert process.wait(timeout=90) == 0
    check(folder)
    connection = sqlite3.connect(folder / "data" / "archive.db")
    try:
        assert connection.execute("SELECT count(*), count(DISTINCT feed_id) FROM entries").fetchone() == (
            FEEDS * ENTRIES,
            FEEDS,
        )
        assert connection.execute("SELECT count(*) FROM revisions").fetchone() == (FEEDS * ENTRIES,)
    finally:
        connection.close()


def test_killed_in_mid_run_and_started_again_nothing_is_missing_or_doubled(site, rss, tmp_path):
    rehearse(site, rss, tmp_path, kills=3, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(10))
def test_killed_many_times_at_random_moments(site, rss, tmp_path, seed):
    rehearse(site, rss, tmp_path, kills=8, seed=seed)


def test_sigterm_ends_the_service_cleanly_within_ten_seconds(site, rss, tmp_path):
    url = site.serve("/feed", rss("a"))
    (tmp_path / "config.yaml").write_text(
        f"feeds: [{url}]\nfetch: {{allowed_networks: [127.0.0.1], per_host_spacing: 0s}}\nlog: text\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "run"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "1 new of 1 entry" in line:
                break
        os.killpg(process.pid, signal.SIGTERM)
        rest = process.stderr.read()
        assert process.wait(timeout=10) == 0
    finally:
        process.stderr.close()
        process.kill()
        process.wait()
    assert rest.splitlines()[-1].endswith("stopped: 1 update, 1 new entry")
    assert "Traceback" not in rest


def test_a_second_service_says_who_holds_the_archive_and_exits_with_2(site, rss, tmp_path):
    url = site.serve("/feed", rss("a"))
    (tmp_path / "config.yaml").write_text(f"feeds: [{url}]")
    first = subprocess.Popen(
        [sys.executable, "-m", "archiver", "run"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert first.stderr is not None
    try:
        assert any("stop with Ctrl-C" in line for line in first.stderr)
        second = subprocess.run(
            [sys.executable, "-m", "archiver", "run"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert second.returncode == 2
        assert f"process {first.pid}" in second.stderr
        assert second.stderr.count("\n") == 1
    finally:
        first.send_signal(signal.SIGINT)
        first.stderr.read()
        first.stderr.close()
        assert first.wait(timeout=10) == 0


def made_and_killed(path: Path, *, after: float) -> None:
    """Another process makes an archive, and is killed so soon after it began."""
    if not (child := os.fork()):
        try:
            open_writer(path)
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.slow
def test_killed_in_its_first_milliseconds_the_archive_can_still_be_made(tmp_path):
    chance = random.Random(3)
    half_made = 0
    for number in range(400):
        path = tmp_path / f"{number}.db"
        made_and_killed(path, after=chance.random() * 0.012)
        half_made += path.exists() and path.with_name(path.name + "-journal").exists()
        opened_and_made(path)
    assert half_made, "no kill came in the moment that this is about"


def test_a_file_that_its_maker_left_with_a_rollback_journal_can_still_be_made(tmp_path):
    path = tmp_path / "archive.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    # The header of a journal that begins with an empty file (SQLite's file format, 3).
    header = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", 0, 12345, 0, 512, 8192)
    path.with_name(path.name + "-journal").write_bytes(header.ljust(512, b"\0"))
    opened_and_made(path)


def opened_and_made(path: Path) -> None:
    db = open_writer(path)
    assert schema.version(db) == schema.VERSION
    db.close()
