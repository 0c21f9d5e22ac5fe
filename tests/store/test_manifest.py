"""The manifest: every day sealed to the day before; what is changed afterwards breaks it."""

import hashlib
import json
import re
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from archiver.store import copying, manifest


@pytest.fixture
def days(archive, entry, noon):
    """Three days with two fetches each, the last of them today."""
    feed = archive.follow()
    for day in range(3):
        archive.now = noon + timedelta(days=day)
        archive.add(feed, entry(f"a{day}"))
        archive.apply(feed, body=b"<rss>" + bytes(str(day), "ascii") * 300)
    return feed


def _breaks(archive) -> list[tuple]:
    return list(manifest.check(archive.db))


def test_every_day_that_is_over_is_sealed_and_today_is_not(archive, days):
    assert archive.store.close_days(now=archive.now) == 2
    assert archive.rows(
        "SELECT day, after_fetch_id, last_fetch_id, fetches, bodies, revisions FROM manifests"
    ) == [("2026-03-01", 0, 2, 2, 1, 1), ("2026-03-02", 2, 4, 2, 1, 1)]
    assert archive.store.close_days(now=archive.now) == 0
    assert archive.store.close_days(now=archive.now + timedelta(days=1)) == 1
    assert _breaks(archive) == []


def test_each_day_names_the_one_before(archive, days):
    archive.store.close_days(now=archive.now + timedelta(days=9))
    seals = archive.rows("SELECT previous_sha256, sha256 FROM manifests ORDER BY id")
    assert [before for before, _ in seals] == [None, *(seal for _, seal in seals[:-1])]


def test_the_same_archive_has_the_same_seals_whenever_they_are_made(archive, days):
    archive.store.close_days(now=archive.now + timedelta(days=9))
    late = archive.column("SELECT sha256 FROM manifests ORDER BY id")
    archive.db.execute("DELETE FROM manifests")
    for day in (1, 2, 3):
        archive.store.close_days(now=archive.now + timedelta(days=day - 2))
    assert archive.column("SELECT sha256 FROM manifests ORDER BY id") == late


def test_a_replay_dated_back_is_sealed_with_the_day_that_is_open(archive, days, entry, noon):
    archive.store.close_days(now=archive.now)
    archive.now = noon - timedelta(days=300)
    archive.add(days, entry("old"))
    assert archive.store.close_days(now=noon + timedelta(days=9)) == 1
    assert archive.value("SELECT sum(fetches) FROM manifests") == 7
    assert _breaks(archive) == []


@pytest.mark.parametrize(
    ("change", "row", "column"),
    [
        ('UPDATE fetches SET headers = \'[["ETag", "forged"]]\' WHERE id = 3', 2, "fetches_sha256"),
        ("UPDATE fetches SET started_at = '2026-03-01T00:00:00Z' WHERE id = 1", 1, "fetches_sha256"),
        ("UPDATE fetches SET body_sha256 = NULL WHERE id = 4", 2, "fetches_sha256"),
        ("UPDATE revisions SET title = 'forged' WHERE id = 1", 1, "revisions_sha256"),
        ("DELETE FROM revisions WHERE id = 2", 2, "revisions"),
        ("DELETE FROM manifests WHERE id = 1", 2, "previous_sha256"),
        ("UPDATE manifests SET fetches = 7 WHERE id = 1", 1, "sha256"),
        ("UPDATE manifests SET day = '2025-01-01' WHERE id = 2", 2, "sha256"),
    ],
)
def test_what_is_changed_behind_a_seal_breaks_it(archive, days, change, row, column):
    archive.store.close_days(now=archive.now)
    archive.db.execute(change)
    assert (row, column) in {(found, name) for found, name, _ in _breaks(archive)}


def test_after_a_rebuild_that_read_otherwise_all_is_sealed_anew_and_the_old_seals_stay(archive, days):
    archive.store.close_days(now=archive.now)
    with archive.store.transaction():
        assert not manifest.seal_anew(archive.db, now=archive.now)
    archive.db.execute("UPDATE revisions SET content = 'as a better parser reads it'")
    with archive.store.transaction():
        assert manifest.seal_anew(archive.db, now=archive.now)
    assert archive.column("SELECT kind FROM manifests") == ["day", "day", "rebuilt"]
    assert _breaks(archive) == []
    archive.store.close_days(now=archive.now + timedelta(days=2))
    archive.db.execute("UPDATE revisions SET content = 'forged' WHERE id = 1")
    assert [row for row, _, _ in _breaks(archive)] == [3]


def test_what_we_make_of_an_answer_is_not_part_of_the_evidence():
    assert manifest.MADE_BY_US == copying.DERIVED_OF_FETCHES


def test_the_program_in_the_document_comes_to_the_same_digests(archive, days, monkeypatch):
    archive.store.close_days(now=archive.now)
    document = (Path(__file__).parents[2] / "docs" / "manifest.md").read_text("utf-8")
    [program] = re.findall(r"```python\n(.*?)```", document, flags=re.DOTALL)
    connection = sqlite3.connect(archive.path)
    try:
        found = {"archive": connection, "json": json, "hashlib": hashlib}
        exec(compile(program, "manifest.md", "exec"), found)
        assert found["broken"] == []
        connection.execute("UPDATE revisions SET title = 'forged' WHERE id = 1")
        exec(compile(program, "manifest.md", "exec"), found)
        assert found["broken"] == ["2026-03-01"]
    finally:
        connection.close()
