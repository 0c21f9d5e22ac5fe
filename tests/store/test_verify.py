"""Verification: a sound archive is called sound, and one flipped byte is found and named."""

import random
import sqlite3
import threading
from datetime import timedelta

import pytest

from archiver.changes import Event
from archiver.model import Category, Enclosure
from archiver.store import verify
from archiver.store.proofs import Damage

LONG = " ".join(f"word{number}" for number in range(400))


@pytest.fixture
def full(archive, entry):
    """An archive with something in every column that holds content; closed days, deltas, two versions."""
    feed = archive.follow()
    words = {"authors": (), "enclosures": (Enclosure(url="https://example.org/a.mp3"),)}
    for number in range(12):
        document = f"<rss><date>{number}</date>{LONG} {number}</rss>".encode()
        archive.apply(
            feed,
            body=document,
            facts={"body_sha256": verify.bodies.digest(document)},
            headers=(("ETag", f'"{number}"'), ("Server", LONG)),
        )
        archive.add(feed, entry(f"a{number}", text=f"{LONG} {number}", **words))
    archive.change(feed, 1, entry("a0", text="changed", categories=(Category(term="aid"),)))
    archive.apply(feed, events=(Event(kind="gap", detail="posts may be missing"),))
    archive.store.close_days(now=archive.now + timedelta(days=2))
    return archive


def _damages(path) -> list[Damage]:
    db = verify.open_for(path)
    try:
        return list(verify.everything(db))
    finally:
        db.close()


def test_a_sound_archive_is_called_sound(full):
    assert _damages(full.path) == []


def test_an_empty_archive_is_sound(archive):
    assert _damages(archive.path) == []


def _places(path) -> list[tuple[str, int, int]]:
    """Where the contents of rows lie in the file: (table, offset, length) of long values."""
    connection = sqlite3.connect(path)
    raw = path.read_bytes()
    found = []
    try:
        for table, column in (
            ("bodies", "data"),
            ("bodies", "sha256"),
            ("fetches", "headers"),
            ("fetches", "started_at"),
            ("events", "detail"),
            ("revisions", "content"),
            ("revisions", "reading"),
            ("revisions", "title"),
            ("revisions", "enclosures"),
            ("entries", "content_html"),
            ("entries", "content_text"),
            ("entries", "title"),
            ("entries", "guid"),
            ("manifests", "fetches_sha256"),
        ):
            for (value,) in connection.execute(f"SELECT CAST({column} AS BLOB) FROM {table}"):
                if len(value) > 6 and raw.count(value) == 1:
                    found.append((table, raw.index(value), len(value)))
    finally:
        connection.close()
    return found


def test_one_flipped_byte_anywhere_in_content_is_found(full):
    full.store.close()
    path = full.path
    raw = path.read_bytes()
    chance = random.Random(7)
    places = _places(path)
    assert {table for table, _, _ in places} >= {"bodies", "fetches", "revisions", "manifests"}
    missed = []
    for table, offset, length in chance.sample(places, min(len(places), 60)):
        at = offset + chance.randrange(length)
        flipped = bytearray(raw)
        flipped[at] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        damages = _damages(path)
        if not any(damage.table == table and damage.row is not None for damage in damages):
            missed.append((table, at, raw[at], flipped[at], damages))
    path.write_bytes(raw)
    assert missed == []
    full.store = type(full.store).open(path)


@pytest.mark.parametrize(
    ("change", "table", "row", "column"),
    [
        ("UPDATE entries SET title = 'other' WHERE id = 3", "entries", 3, "title"),
        ("UPDATE entries SET content_html = 'other' WHERE id = 3", "entries", 3, None),
        ("UPDATE entries SET revision = 2 WHERE id = 3", "entries", 3, "revision"),
        ("UPDATE entries SET key = 'guid:00' WHERE id = 3", "entries", 3, "key"),
        ("UPDATE posts SET entry_count = 9 WHERE id = 2", "posts", 2, "entry_count"),
        ("UPDATE posts SET title = 'other' WHERE id = 2", "posts", 2, "title"),
        ("UPDATE posts SET canonical_entry_id = 1 WHERE id = 2", "posts", 2, "canonical_entry_id"),
        ("UPDATE revisions SET seen_at = '2020-01-01T00:00:00Z' WHERE id = 2", "revisions", 2, "fetch_id"),
        ("UPDATE fetches SET error = 'other' WHERE id = 2", "fetches", 2, None),
        ("UPDATE enclosures SET url = 'other' WHERE entry_id = 3", "entries", 3, "enclosures"),
        ("DELETE FROM revisions WHERE id = 2", "entries", 2, "revision"),
    ],
)
def test_what_does_not_agree_is_named(full, change, table, row, column):
    full.db.execute("PRAGMA foreign_keys = OFF")
    full.db.execute(change)
    named = {(damage.table, damage.row, damage.column) for damage in _damages(full.path)}
    assert (table, row, column) in named


def test_an_event_that_was_told_otherwise_is_named(full):
    full.db.execute("UPDATE events SET detail = 'nothing happened' WHERE id = 1")
    assert ("events", 1) in {(damage.table, damage.row) for damage in _damages(full.path)}


def test_a_row_that_points_nowhere_is_named(full):
    full.db.execute("PRAGMA foreign_keys = OFF")
    full.db.execute("UPDATE events SET fetch_id = 999")
    damages = [damage for damage in _damages(full.path) if damage.table == "events"]
    assert [(damage.row, damage.column) for damage in damages] == [(1, "fetch_id")]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE posts_fts_config SET k = 'versioo'",
        "UPDATE posts_fts_config SET v = '4'",
        "INSERT INTO posts_fts_config VALUES ('pgsz', 1000)",
        "INSERT INTO posts_fts_config VALUES ('rank', 'bm25(0.0)')",
    ],
)
def test_an_index_with_other_settings_than_it_was_made_with_is_named(full, change):
    full.db.execute(change)
    assert "posts_fts" in {damage.table for damage in _damages(full.path)}


def test_an_index_that_does_not_know_its_texts_is_named(full):
    full.db.execute("INSERT INTO posts_fts (posts_fts, rowid, title, text) VALUES ('delete', 2, 'x', 'y')")
    assert "posts_fts" in {damage.table for damage in _damages(full.path)}


def test_an_index_of_which_a_part_is_merged_is_sound(archive, entry):
    left_behind = """
        SELECT count(*) FROM revisions_fts_idx
        WHERE NOT EXISTS (SELECT 1 FROM revisions_fts_data WHERE id = (segid << 37) + (pgno >> 1))
    """
    feed = archive.follow()
    for number in range(40):
        text = " ".join(f"word{number}x{other}" for other in range(9_000))
        archive.add(feed, entry(f"a{number}", text=text))
        if archive.value(left_behind):
            break
    assert archive.value(left_behind)
    assert _damages(archive.path) == []


def test_verification_takes_as_many_times_longer_as_the_archive_is_larger(archive, entry):
    def verified() -> None:
        db = verify.open_for(archive.path)
        db.conn.set_progress_handler(tick, 10)
        list(verify.everything(db))
        db.close()

    def tick() -> int:
        nonlocal steps
        steps += 1
        return 0

    feed = archive.follow()
    counts = []
    for begin, end in ((0, 40), (40, 400)):
        for number in range(begin, end, 20):
            archive.add(
                feed,
                *(entry(f"a{one}", categories=(Category(term="aid"),)) for one in range(number, number + 20)),
            )
        steps = 0
        verified()
        counts.append(steps)
    assert counts[1] < 12 * counts[0]


def test_a_damaged_page_is_named_and_stops_no_other_check(full):
    root = full.value("SELECT rootpage FROM sqlite_master WHERE name = 'categories'")
    full.store.close()
    raw = bytearray(full.path.read_bytes())
    raw[(root - 1) * 8192 : (root - 1) * 8192 + 200] = b"\xff" * 200
    full.path.write_bytes(raw)
    damages = _damages(full.path)
    assert any("categories" in damage.table or str(root) in damage.problem for damage in damages)
    full.store = type(full.store).open(full.path)


def test_verification_writes_nothing_and_waits_for_nobody(full):
    before = full.path.read_bytes()
    full.db.execute("BEGIN IMMEDIATE")
    done: list[list[Damage]] = []
    beside = threading.Thread(target=lambda: done.append(_damages(full.path)))
    beside.start()
    beside.join(30)
    full.db.execute("ROLLBACK")
    assert done == [[]]
    assert full.path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE entries SET first_seen_at = '2001-01-01T00:00:00Z' WHERE id = 3", "entries"),
        ("UPDATE entries SET withdrawn_at = '2001-01-01T00:00:00Z' WHERE id = 3", "entries"),
        ("UPDATE posts SET published_at = '2001-01-01T00:00:00Z' WHERE id = 2", "posts"),
        ("UPDATE feeds SET url = 'https://other.example/' WHERE id = 1", "feeds"),
    ],
)
def test_times_and_addresses_that_belie_the_log_are_named(full, change, table):
    full.db.execute(change)
    assert table in {damage.table for damage in _damages(full.path)}
