"""What the pages count and list: by date, to the day, page by page, from indexes."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from archiver.changes import Event
from archiver.store.looking import Looking


@pytest.fixture
def looking(archive):
    with Looking.open(archive.path) as looking:
        yield looking


def day(number: int, hour: int = 12) -> datetime:
    return datetime(2024, 5, 1, hour, tzinfo=UTC) + timedelta(days=number)


def test_posts_are_counted_by_day(looking, archive, entry):
    feed_id = archive.follow()
    dates = [day(0, 0), day(0, 23), day(1), day(3)]
    archive.add(feed_id, *[entry(str(at), published_at=at) for at in dates])
    bounds = [f"2024-05-0{number}" for number in range(1, 6)]
    assert looking.count_posts(bounds) == [2, 1, 0, 1]
    assert looking.count_entries(feed_id, bounds) == [2, 1, 0, 1]
    assert looking.count_entries(feed_id + 1, bounds) == [0, 0, 0, 0]
    assert looking.dates_of_feed(feed_id, since="1990", until="2025") == (
        "2024-05-01T00:00:00Z",
        "2024-05-04T12:00:00Z",
    )
    assert looking.dates_of_feed(feed_id, since="2024-06", until="2025") is None


def test_a_post_without_a_date_counts_when_it_was_seen(looking, archive, entry):
    archive.add(archive.follow(), entry("a", published_at=None, published_raw=None))
    seen = f"{archive.now:%Y-%m-%d}"
    assert looking.count_posts([seen, f"{archive.now + timedelta(days=1):%Y-%m-%d}"]) == [1]


def test_the_newest_posts_come_first_and_those_of_the_future_wait(looking, archive, entry):
    archive.add(archive.follow(), *[entry(str(number), published_at=day(number)) for number in (2, 9, 1, 3)])
    assert [one.title for one in looking.newest_posts(until=day(4), limit=2)] == ["Story 3", "Story 2"]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_a_feeds_entries_are_listed_page_by_page(looking, archive, entry, limit):
    feed_id = archive.follow()
    archive.add(feed_id, *[entry(str(number), published_at=day(number // 3)) for number in range(9)])
    archive.add(archive.follow("https://other.example/"), entry("other"))
    found, cursor = [], None
    while page := looking.entries_of_feed(feed_id, cursor=cursor, limit=limit):
        found += page
        cursor = page[-1].cursor
    assert [one.title for one in found] == [f"Story {number}" for number in range(8, -1, -1)]


def test_an_outage_begins_when_it_is_told_and_ends_with_the_recovery(looking, archive):
    feed_id = archive.follow()
    for kind in ("failing", "gone", "recovered", "blocked"):
        archive.apply(feed_id, events=[Event(kind=kind, detail=f"it is {kind}")])
        archive.now += timedelta(days=1)
    first, second = looking.outages(feed_id)
    assert (first.until - first.since, first.why) == (timedelta(days=2, hours=2), "it is failing")
    assert (second.until, second.why) == (None, "it is blocked")


def test_a_feed_without_a_name_is_called_by_its_address_without_secrets(looking, archive):
    names = {
        "https://me:pw@example.org/feed?token=x": "https://example.org/feed",
        "file:///srv/feeds/%D0%B0.xml": "а.xml",
    }
    for url, name in names.items():
        assert looking.standing_of(archive.follow(url))["label"].startswith(name)


def test_no_question_of_the_pages_reads_a_whole_table(looking, archive, entry):
    feed_id = archive.follow()
    archive.add(feed_id, *[entry(str(number)) for number in range(3)])
    asked: list[str] = []
    looking._db.conn.set_trace_callback(asked.append)
    looking.newest_posts(until=day(9), limit=3)
    looking.entries_of_feed(feed_id, cursor=None, limit=3)
    looking.happenings(limit=3)
    looking.happenings(feed_id=feed_id, limit=3)
    looking.count_posts(["2024-05-01", "2024-05-02"])
    looking.count_entries(feed_id, ["2024-05-01", "2024-05-02"])
    looking.dates_of_feed(feed_id, since="1990", until="2030")
    looking.gaps(feed_id)
    looking.outages(feed_id)
    looking.addresses(feed_id)
    looking.standing_of(feed_id)
    looking._db.conn.set_trace_callback(None)
    plans = {sql: _scans(looking._db.conn, sql) for sql in asked if sql.lstrip().upper().startswith("SELECT")}
    assert len(plans) >= 15
    assert {sql: scans for sql, scans in plans.items() if scans} == {}


def _scans(db: sqlite3.Connection, sql: str) -> list[str]:
    """The steps of a question that go through a whole table or index, but in the order that is asked for."""
    steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    fine = ("SCAN bound", "SCAN found", "SCAN (subquery", "SCAN posts USING INDEX posts_published")
    return [step for step in steps if step.startswith("SCAN") and not step.startswith(fine)]
