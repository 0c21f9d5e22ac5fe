"""What was told and what was not: events since the last digest, by each way of telling."""

import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archiver.store import Following, Reader, Store, digests

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)


class Told:
    """An archive whose events the test writes itself."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self.now = path, now
        with Store.open(path) as store:
            for name in ("a", "b"):
                store.follow(
                    Following(url=f"https://{name}.example/feed?token=hush"), origin="command", now=now
                )
        self._write(
            "INSERT INTO fetches (feed_id, started_at, duration_ms, request_url, outcome, headers, redirects,"
            " bytes_received, entries_seen, entries_new, entries_revised, gap, partial, problems)"
            " VALUES (1, '2026-03-01T12:00:00Z', 1, '', 'error', '[]', '[]', 0, 0, 0, 0, 0, 0, '[]')"
        )

    def _write(self, sql: str, *values: object) -> None:
        connection = sqlite3.connect(self.path)
        try:
            connection.execute(sql, values)
            connection.commit()
        finally:
            connection.close()

    def happens(self, kind: str, *, feed: int = 1, detail: str = "something") -> None:
        self._write(
            "INSERT INTO events (at, feed_id, fetch_id, kind, detail)"
            " VALUES ('2026-03-01T12:00:00Z', ?, 1, ?, ?)",
            feed, kind, detail,
        )  # fmt: skip

    def store(self, work: Callable[[Store], object]) -> object:
        with Store.open(self.path) as store:
            return work(store)

    def begin(self, way: str = "log") -> None:
        self.store(lambda store: store.begin_digest(way, now=self.now))

    def is_due(self, way: str = "log") -> object:
        return self.store(lambda store: store.digest_is_due(way, every=DAY, retry=QUARTER, now=self.now))

    def note(self, last: int | None, problem: str | None = None, way: str = "log") -> None:
        self.store(
            lambda store: store.note_digest(
                way, now=self.now, last_event_id=last, sent=problem is None, problem=problem
            )
        )

    def untold(
        self, way: str = "log", of_each: int = 10
    ) -> tuple[list[tuple[str, int]], dict[str, int], int]:
        with Reader.open(self.path) as reader:
            found = reader.untold(way, beside=frozenset({"churn"}), of_each=of_each)
        return [(one["kind"], one["feed_id"]) for one in found.events], found.counts, found.last_event_id


@pytest.fixture
def told(tmp_path, noon) -> Told:
    return Told(tmp_path / "archive.db", noon)


def test_what_happened_before_a_way_was_known_is_history(told):
    told.happens("failing")
    told.begin()
    told.happens("gap")
    assert told.untold() == ([("gap", 1)], {"gap": 1}, 2)


def test_to_begin_again_changes_nothing(told):
    told.begin()
    told.happens("gap")
    told.begin()
    assert told.untold()[1] == {"gap": 1}


def test_what_was_told_is_not_told_again_and_what_was_not_stays(told):
    told.begin()
    told.happens("gap")
    told.note(1)
    told.happens("moved")
    told.note(None, "no route")
    assert told.untold() == ([("moved", 1)], {"moved": 1}, 2)


def test_each_way_goes_its_own_pace(told):
    told.begin("log")
    told.begin("mail")
    told.happens("gap")
    told.note(1, way="log")
    assert (told.untold("log")[1], told.untold("mail")[1]) == ({}, {"gap": 1})


def test_of_many_all_are_counted_and_the_first_are_there(told):
    told.begin()
    for _ in range(7):
        told.happens("gap")
    told.happens("churn")
    events, counts, _ = told.untold(of_each=3)
    assert (len(events), counts) == (3, {"gap": 7})


def test_a_feed_that_failed_and_recovered_meanwhile_is_told_once(told):
    told.begin()
    told.happens("failing")
    told.happens("failing", feed=2)
    told.happens("recovered")
    assert told.untold()[0] == [("failing", 2), ("interrupted", 1)]


def test_a_recovery_from_what_was_told_before_is_a_recovery(told):
    told.begin()
    told.happens("failing")
    told.note(1)
    told.happens("recovered")
    assert told.untold()[0] == [("recovered", 1)]


def test_a_feed_that_fails_after_it_recovered_is_failing(told):
    told.begin()
    for kind in ("failing", "recovered", "failing"):
        told.happens(kind)
    assert told.untold()[0] == [("interrupted", 1), ("failing", 1)]


def test_the_secrets_of_an_address_are_not_told(told):
    told.begin()
    told.happens("gap")
    with Reader.open(told.path) as reader:
        [event] = reader.untold("log", beside=frozenset(), of_each=1).events
    assert event["feed"] == "https://a.example/feed?token=…"


def test_an_archive_that_numbers_its_events_anew_is_told_on_from_there(told):
    told.begin()
    told.happens("gap")
    told.note(1000)
    assert told.untold() == ([], {}, 1)


def test_it_is_time_after_the_span_or_soon_after_a_failure(told):
    assert not told.is_due()
    told.begin()
    assert not told.is_due()
    told.now += DAY
    assert told.is_due()
    told.note(None, "no route")
    assert not told.is_due()
    told.now += QUARTER
    assert told.is_due()
    told.note(0)
    assert not told.is_due()


def test_a_time_that_lies_ahead_does_not_count(told):
    told.begin()
    told.now -= timedelta(days=400)
    assert told.is_due()


def test_what_could_not_be_told_is_listed_with_its_reason(told):
    told.begin("mail")
    told.happens("gap")
    told.note(None, "no route", way="mail")
    with Reader.open(told.path) as reader:
        [way] = reader.digests()
    assert (way["channel"], way["problem"], way["sent_at"], way["waiting"]) == ("mail", "no route", None, 1)


@pytest.mark.parametrize(
    ("new", "last"),
    [
        ([("gap", 12), ("moved", 13)], 1),
        ([("comet", 11), ("gap", 12), ("moved", 13)], 2),
        ([("moved", 13)], 0),
    ],
    ids=["the same", "one more before", "fewer"],
)
def test_events_that_are_derived_anew_are_told_on_from_the_last_told(told, new, last):
    told.begin()
    told.happens("gap")
    told.note(1)

    def derive(store: Store) -> None:
        digests.lay_aside(store._db)
        store._db.execute("DELETE FROM events")
        for kind, hour in new:
            store._db.execute(
                "INSERT INTO events (at, feed_id, fetch_id, kind, detail) VALUES (?, 1, 1, ?, 'x')",
                [f"2026-03-01T{hour}:00:00Z", kind],
            )
        digests.take_up(store._db)

    told.store(derive)
    with Reader.open(told.path) as reader:
        assert [way["last_event_id"] for way in reader.digests()] == [last]
