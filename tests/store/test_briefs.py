"""Updates that found nothing: written many to a statement, as if each had been written alone."""

from contextlib import closing, suppress

import pytest

from archiver.changes import Event, Hold, Outcome
from archiver.errors import StoreError
from archiver.model import FeedState
from archiver.store import verify

QUIET = {"outcome": Outcome.NOT_MODIFIED, "status": 304}


@pytest.fixture
def feeds(archive):
    """More feeds than go into one statement."""
    return [archive.follow(f"https://example.org/{number}") for number in range(150)]


def test_what_all_found_is_in_the_archive_when_the_transaction_is_over(archive, feeds):
    with archive.store.transaction():
        for feed in feeds:
            archive.apply(
                feed, **QUIET, request_url=f"https://example.org/asked/{feed}", facts={"etag": f"{feed}"}
            )
    assert archive.rows("SELECT feed_id, request_url, outcome, status FROM fetches ORDER BY id") == [
        (feed, f"https://example.org/asked/{feed}", "not_modified", 304) for feed in feeds
    ]
    assert archive.rows("SELECT id, etag FROM feeds ORDER BY id") == [(feed, f"{feed}") for feed in feeds]
    with closing(verify.open_for(archive.path)) as db:
        assert list(verify.everything(db)) == []


def test_each_row_is_the_one_that_it_would_have_been_alone(archive):
    one, other = archive.follow("https://example.org/one"), archive.follow("https://example.org/other")
    told = QUIET | {
        "headers": (("ETag", '"1"'),),
        "duration_ms": 7,
        "reason": "Not Modified",
        "complete": True,
    }
    archive.apply(one, **told, events=(Event(kind="recovered", detail="it answers again"),))
    archive.now = archive.now.replace(hour=archive.now.hour - 1)
    archive.apply(other, **told)
    alone, brief = archive.db.query("SELECT * FROM fetches ORDER BY id")
    assert {**brief, "id": alone["id"], "feed_id": one} == alone


def test_updates_keep_their_order_whether_they_found_something_or_not(archive):
    feed, other, third = (archive.follow(f"https://example.org/{name}") for name in "abc")
    with archive.store.transaction():
        ids = [
            archive.apply(feed, **QUIET),
            archive.apply(other, hold=Hold(host="example.org", until=archive.now, reason="429", refusals=1)),
            archive.apply(third, **QUIET),
            archive.apply(feed, **QUIET),
        ]
    assert ids == archive.column("SELECT id FROM fetches ORDER BY id") == sorted(ids)
    assert archive.column("SELECT feed_id FROM fetches ORDER BY id") == [feed, other, third, feed]


def test_of_two_updates_of_a_feed_the_later_one_says_how_it_stands(archive):
    feed = archive.follow()
    with archive.store.transaction():
        archive.apply(feed, **QUIET, facts={"etag": "first", "state": FeedState.FAILING, "error_count": 1})
        archive.apply(feed, **QUIET, facts={"etag": "second"})
    assert archive.rows("SELECT etag, state, error_count FROM feeds") == [("second", "active", 0)]
    assert archive.value("SELECT count(*) FROM fetches") == 2


def test_a_transaction_that_came_to_nothing_leaves_nothing_for_the_next(archive):
    feed, other = archive.follow("https://example.org/a"), archive.follow("https://example.org/b")
    with suppress(StoreError), archive.store.transaction():
        archive.apply(feed, **QUIET)
        raise StoreError("the disk is full")
    archive.apply(other, **QUIET)
    assert archive.column("SELECT feed_id FROM fetches") == [other]


def test_a_feed_that_was_paused_meanwhile_stays_paused(archive):
    feed, other = archive.follow("https://example.org/a"), archive.follow("https://example.org/b")
    archive.store.pause(feed)
    with archive.store.transaction():
        archive.apply(feed, **QUIET)
        archive.apply(other, **QUIET)
    assert archive.column("SELECT state FROM feeds ORDER BY id") == ["paused", "active"]
