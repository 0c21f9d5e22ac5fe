"""`archiver verify` and `archiver backup` as a person uses them."""

import sqlite3
from pathlib import Path

import pytest

ARCHIVE = Path("data/archive.db")


@pytest.fixture
def filled(archiver, fixtures):
    assert archiver("replay", fixtures).status == 0
    return archiver


def test_a_sound_archive(filled):
    ran = filled("verify")
    assert (ran.status, ran.out.strip()) == (0, "the archive is sound")


def test_as_json_the_sqlite_in_use_is_told(filled):
    ran = filled("verify", "--json")
    assert ran.status == 0
    assert ran.json["sound"] is True
    assert ran.json["damages"] == []
    assert ran.json["sqlite"] == sqlite3.sqlite_version
    assert bool(ran.json["warnings"]) == (sqlite3.sqlite_version_info < (3, 51, 3))


def test_damage_is_named_and_is_exit_status_1(filled):
    connection = sqlite3.connect(ARCHIVE)
    connection.execute("UPDATE revisions SET content = 'forged \x1b[31m' WHERE id = 7")
    connection.commit()
    connection.close()
    ran = filled("verify")
    assert ran.status == 1
    assert "revisions 7: is not the row that was written" in ran.out
    told = filled("verify", "--json")
    assert told.status == 1
    assert told.json["sound"] is False
    assert {"table": "revisions", "row": 7, "column": None, "problem": "is not the row that was written"} in (
        told.json["damages"]
    )


def test_without_an_archive_nothing_is_sound(archiver):
    ran = archiver("verify")
    assert ran.status == 2
    assert "no archive yet" in ran.err


def test_an_archive_cut_in_half_is_damage(filled):
    raw = ARCHIVE.read_bytes()
    ARCHIVE.write_bytes(raw[: len(raw) // 2])
    ran = filled("verify")
    assert ran.status == 1
    assert ran.out


def test_a_backup_into_a_folder_is_a_sound_archive(filled):
    Path("backups").mkdir()
    ran = filled("backup", "backups", "--json")
    assert ran.status == 0
    assert ran.json["entries"] == 45
    assert filled("--archive", ran.json["path"], "verify").status == 0
    assert filled("--archive", ran.json["path"], "search", "Bishkek").status == 0


def test_a_backup_into_a_file_says_what_it_holds(filled):
    ran = filled("backup", "copy.db")
    assert ran.status == 0
    assert "copy.db" in ran.out
    assert "45 entries" in ran.out


def test_a_backup_to_where_something_stands_touches_nothing(filled):
    Path("copy.db").write_text("mine")
    ran = filled("backup", "copy.db")
    assert (ran.status, Path("copy.db").read_text()) == (2, "mine")


def test_a_folder_that_is_not_there_is_not_made_into_a_file(archiver, fixtures, tmp_path):
    archiver("replay", fixtures)
    ran = archiver("backup", "none/")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "none").exists()
