"""How feeds stand, and what is due."""

import sqlite3
from datetime import timedelta

import pytest

from archiver.store import Following, Reader, Store


@pytest.fixture
def reader(tmp_path, noon):
    """An archive with three feeds; `reader(sql)` changes it and opens it."""
    path = tmp_path / "archive.db"
    with Store.open(path) as store:
        for name in ("a", "b", "c"):
            store.follow(Following(url=f"https://{name}.example/feed"), origin="command", now=noon)
    opened = []

    def change(*statements: str) -> Reader:
        connection = sqlite3.connect(path)
        for sql in statements:
            connection.execute(sql)
        connection.commit()
        connection.close()
        opened.append(Reader.open(path))
        return opened[-1]

    yield change
    for one in opened:
        one.close()


def test_due_feeds_are_counted_with_the_one_that_waits_longest(reader, noon):
    due = reader(
        "UPDATE feeds SET next_fetch_at = '2026-03-01T09:00:00Z' WHERE id = 1",
        "UPDATE feeds SET next_fetch_at = '2026-03-02T09:00:00Z' WHERE id = 3",
    ).due(now=noon)
    assert (due.feeds, due.overdue, due.since) == (2, 1, noon - timedelta(hours=3))


def test_a_feed_that_is_asked_daily_is_not_overdue_after_three_hours(reader, noon):
    change = "UPDATE feeds SET next_fetch_at = '2026-03-01T09:00:00Z', interval_seconds = 86400"
    assert reader(change).due(now=noon).overdue == 0


def test_nothing_due_waits_since_never(reader, noon):
    due = reader("UPDATE feeds SET state = 'paused', next_fetch_at = NULL").due(now=noon)
    assert (due.feeds, due.overdue, due.since) == (0, 0, None)


def test_a_feed_stands_with_its_last_fetch_its_move_and_its_servers_wish(reader):
    def fetch(at: str, duration: int, outcome: str, status: int) -> str:
        return (
            "INSERT INTO fetches (feed_id, started_at, duration_ms, request_url, outcome, status, headers,"
            " redirects, bytes_received, entries_seen, entries_new, entries_revised, gap, partial, problems)"
            f" VALUES (1, '{at}', {duration}, '', '{outcome}', {status}, '[]', '[]', 0, 0, 0, 0, 0, 0, '[]')"
        )

    rows = reader(
        fetch("2026-03-01T10:00:00Z", 10, "unchanged", 200),
        fetch("2026-03-01T11:00:00Z", 70, "error", 429),
        "INSERT INTO feed_addresses (feed_id, url, since, reason) VALUES"
        " (1, 'https://x.example/', '2026-02-01T00:00:00Z', 'moved')",
        "INSERT INTO hosts (host, held_until, reason) VALUES ('a.example', '2026-03-01T13:00:00Z', 'busy')",
    ).standing(lambda row: row)
    first, second = rows[0], rows[1]
    assert (first["last_status"], first["last_duration_ms"]) == (429, 70)
    assert (first["moved_at"], first["held_until"]) == ("2026-02-01T00:00:00Z", "2026-03-01T13:00:00Z")
    assert (second["last_status"], second["moved_at"], second["held_until"]) == (None, None, None)


def test_removed_feeds_do_not_stand(reader):
    assert (
        len(
            reader("UPDATE feeds SET paused_by = 'removed', state = 'paused' WHERE id = 2").standing(
                lambda row: row
            )
        )
        == 2
    )


def test_the_size_is_that_of_the_file(reader, tmp_path):
    opened = reader("SELECT 1")
    assert opened.size() >= (tmp_path / "archive.db").stat().st_size > 0
