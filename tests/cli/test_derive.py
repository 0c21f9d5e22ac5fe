"""`rebuild`, `merge`."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.store import ArchiveLock


@pytest.fixture
def db(tmp_path) -> Path:
    return tmp_path / "data" / "archive.db"


def change_option(db: Path) -> None:
    """Let the program read the first feed otherwise from now on."""
    connection = sqlite3.connect(db)
    with connection:
        connection.execute("""UPDATE feeds SET parse_options = '{"charset": "cp1251"}'""")
    connection.close()


def files(db: Path) -> list[str]:
    return sorted(path.name for path in db.parent.iterdir())


def test_rebuild_of_an_unchanged_program_says_that_nothing_changes(archiver, fixtures, db):
    archiver("replay", fixtures)
    ran = archiver("rebuild")
    assert ran.status == 0
    assert ran.out.startswith("The new archive equals the old one.\nThe new archive is in place; the old one")
    kept = [name for name in files(db) if name.startswith("archive.db.before-rebuild-20")]
    assert len(kept) == 1
    assert archiver("replay", fixtures, "--json").json["new"] == 0


def test_rebuild_says_what_changes_before_it_is_in_place(archiver, tmp_path, rss, db):
    (tmp_path / "feed.xml").write_text(rss("b", "a", texts={"a": "En ståtlig häst på ängen"}))
    archiver("replay", "feed.xml")
    change_option(db)
    ran = archiver("rebuild", "--dry-run")
    assert ran.status == 0
    assert "entries     2       2\n" in ran.out
    assert "1 entry with another text\n  entry 2: was En ståtlig häst på ängen, now En st" in ran.out
    assert ran.out.endswith("Nothing was changed.\n")
    assert files(db) == ["archive.db", "archive.db.lock"]
    assert archiver("search", "häst", "--json").json != []


def test_rebuild_as_json_for_programs(archiver, tmp_path, rss, db):
    (tmp_path / "feed.xml").write_text(rss("b", "a", texts={"a": "En ståtlig häst på ängen"}))
    archiver("replay", "feed.xml")
    change_option(db)
    told = archiver("rebuild", "--yes", "--discard", "--json").json
    assert (told["equal"], told["replaced"], told["kept"]) == (False, True, None)
    assert told["tables"]["entries"] == {"before": 2, "after": 2}
    assert told["differences"]["content_text"]["count"] == 1
    assert files(db) == ["archive.db", "archive.db.lock"]


def test_rebuild_without_an_archive_is_one_sentence_and_makes_none(archiver, tmp_path):
    ran = archiver("rebuild")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "there is no archive yet" in ran.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [("rebuild",), ("merge", "other.db")])
def test_while_a_service_runs_it_is_refused(archiver, fixtures, tmp_path, db, command):
    archiver("replay", fixtures)
    (tmp_path / "other.db").write_bytes(db.read_bytes())
    with ArchiveLock(db, doing="run", now=datetime.now(UTC)):
        ran = archiver(*command)
    assert ran.status == 2
    assert "is using the archive; stop it or wait for it" in ran.err


def test_ctrl_c_leaves_the_archive_and_nothing_beside_it(archiver, tmp_path, rss, db):
    (tmp_path / "docs").mkdir()
    for number in range(40):
        (tmp_path / "docs" / f"{number}.xml").write_text(
            rss(*"zyxwvutsrqponmlkjihgfedcba", title=str(number))
        )
    archiver("replay", "docs")
    before = db.read_bytes()
    process = subprocess.Popen([sys.executable, "-m", "archiver", "rebuild"], cwd=tmp_path)
    temporary = db.with_name("archive.db.rebuilding")
    deadline = time.monotonic() + 30
    while not temporary.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert db.read_bytes() == before
    assert files(db) == ["archive.db", "archive.db.lock"]


def test_merge_says_what_it_brought(archiver, tmp_path, rss, db):
    (tmp_path / "a.xml").write_text(rss("a"))
    (tmp_path / "b.xml").write_text(rss("c", "b"))
    archiver("--archive", "other.db", "replay", "b.xml")
    archiver("replay", "a.xml")
    ran = archiver("merge", "other.db")
    assert ran.status == 0
    assert ran.out.startswith("1 feed, 1 fetch and 1 body came from other.db:\ntable")
    assert "entries     1       3\n" in ran.out
    assert "The archive as it was is " in ran.out
    assert len(archiver("search", "story", "--json").json) == 3
    again = archiver("merge", "other.db")
    assert again.out == "Nothing was changed: all that other.db has is here already.\n"


def test_merge_as_json_for_programs(archiver, tmp_path, rss):
    (tmp_path / "b.xml").write_text(rss("c", "b"))
    archiver("--archive", "other.db", "replay", "b.xml")
    told = archiver("merge", "other.db", "--discard", "--json").json
    assert {name: told["brought"][name] for name in ("feeds", "fetches", "bodies")} == {
        "feeds": 1,
        "fetches": 1,
        "bodies": 1,
    }
    assert told["tables"]["entries"] == {"before": 0, "after": 2}
    assert json.dumps(archiver("merge", "other.db", "--json").json["kept"]) == "null"


def test_merge_of_what_is_no_archive_is_refused(archiver, fixtures, tmp_path, db):
    archiver("replay", fixtures)
    (tmp_path / "letters.db").write_bytes(b"Dear Sir or Madam" * 100)
    ran = archiver("merge", "letters.db")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert files(db) == ["archive.db", "archive.db.lock"]
