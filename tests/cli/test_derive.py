"""`rebuild`, `merge`."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
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


def test_merge_names_feeds_that_are_one_by_now_without_their_secrets(archiver, live, site, rss):
    ours, theirs = live("ours"), live("theirs")
    new = site.serve("/new", rss("b", "a"))
    old = site.serve("/old?token=secret", status=301, headers={"Location": "/new"})
    ours.update(new)
    for _ in range(6):
        theirs.now += timedelta(days=2)
        theirs.update(old)
    ran = archiver("--archive", ours.path, "merge", theirs.path)
    [line] = [line for line in ran.out.splitlines() if line.startswith("One and the same by now")]
    assert new in line
    assert site.origin + "/old" in line
    assert "secret" not in ran.out


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


def damage(db: Path) -> str:
    """Turn the bytes of the first fetch to nothing; return their name."""
    connection = sqlite3.connect(db)
    with connection:
        connection.execute(
            """
            UPDATE bodies SET data = zeroblob(length(data))
            WHERE sha256 = (SELECT body_sha256 FROM fetches WHERE id = 1)
            """
        )
    (sha256,) = connection.execute("SELECT body_sha256 FROM fetches WHERE id = 1").fetchone()
    connection.close()
    return sha256


@pytest.fixture
def damaged(archiver, tmp_path, rss, db):
    """An archive of two feeds, of which one's document is damaged; and its name."""
    for name, letters in (("one", "ba"), ("two", "dc")):
        (tmp_path / f"{name}.xml").write_text(rss(*letters))
        archiver("replay", f"{name}.xml")
    return damage(db)


def test_damage_ends_a_rebuild_and_the_message_says_how_to_go_on(archiver, damaged):
    ran = archiver("rebuild")
    assert ran.status == 2
    assert ran.err.startswith(f"archiver: fetch 1: body {damaged} is damaged")
    assert "--despite-damage" in ran.err


def test_a_rebuild_despite_damage_names_every_document_that_is_lost_and_ends_with_1(archiver, damaged):
    ran = archiver("rebuild", "--despite-damage")
    assert ran.status == 1
    [line] = ran.err.splitlines()
    assert line.startswith("fetch 1 of file:")
    assert f"body {damaged} is damaged" in line
    assert line.endswith("2 entries of it could be taken from the archive's rows")
    assert "The new archive is in place" in ran.out
    assert archiver("search", "story", "--json").status == 0
    told = archiver("rebuild", "--despite-damage", "--dry-run", "--json")
    assert told.status == 1
    assert [(lost["fetch_id"], lost["body_sha256"]) for lost in told.json["lost"]] == [(1, damaged)]


def test_a_merge_despite_damage_says_what_is_lost_and_what_was_mended(archiver, damaged, tmp_path, db, rss):
    assert archiver("--archive", "new.db", "merge", db).status == 2
    ran = archiver("--archive", "new.db", "merge", db, "--despite-damage")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert f"body {damaged} is damaged" in ran.err
    archiver("--archive", "whole.db", "replay", "one.xml")
    ran = archiver("merge", "whole.db", "--despite-damage")
    assert ran.status == 0
    assert "Mended by what whole.db has: 1 damaged body." in ran.out
    assert archiver("verify").status == 0


def test_an_export_despite_damage_leaves_the_answer_out_and_says_so(archiver, damaged, tmp_path):
    assert archiver("export", "--format", "warc", "--output", "out.warc").status == 2
    assert not (tmp_path / "out.warc").exists()
    ran = archiver("export", "--format", "warc", "--output", "out.warc", "--despite-damage")
    assert ran.status == 1
    assert f"body {damaged} is damaged" in ran.err
    assert ran.err.rstrip().endswith("its answer is not in the file")
    again = archiver("--archive", "again.db", "replay", "out.warc", "--json").json
    assert (again["new"], "is missing from it" in str(again)) == (2, True)
