"""The hosts table, and what the log tells of hosts that were asked just now."""

from datetime import timedelta

import pytest

from archiver.changes import Hold


@pytest.fixture
def hold(archive, noon):
    """Let a fetch of the feed end with a hold of its host."""
    feed_id = archive.follow("https://example.org/feed")

    def build(seconds: int | None, *, refusals: int = 1, reason: str = "it said so") -> None:
        until = None if seconds is None else noon + timedelta(seconds=seconds)
        archive.apply(
            feed_id,
            hold=Hold(
                host="example.org",
                until=until,
                reason=None if until is None else reason,
                refusals=refusals if until else 0,
            ),
        )

    return build


def test_a_hold_is_there_until_its_time_is_over(archive, hold, noon):
    hold(100, refusals=3)
    assert archive.store.refusals("example.org") == 3
    until = noon + timedelta(seconds=100)
    assert archive.store.held_hosts(now=noon) == [("example.org", until, "it said so")]
    assert archive.store.held_hosts(now=noon + timedelta(seconds=100)) == []


def test_a_shorter_hold_does_not_end_a_longer_one(archive, hold, noon):
    hold(100)
    hold(50, refusals=2)
    assert archive.store.held_hosts(now=noon)[0].until == noon + timedelta(seconds=100)
    assert archive.store.refusals("example.org") == 2


def test_an_answer_ends_it(archive, hold, noon):
    hold(100)
    hold(None)
    assert (archive.store.held_hosts(now=noon), archive.store.refusals("example.org")) == ([], 0)


def test_a_host_that_nobody_held_has_refused_nothing(archive):
    assert archive.store.refusals("example.net") == 0


def test_the_log_tells_which_hosts_were_asked_just_now(archive, noon):
    feed_id = archive.follow("https://example.org/feed")
    archive.apply(
        feed_id,
        started_at=noon,
        duration_ms=2500,
        request_url="https://www.example.org/feed",
        final_url="https://one.substack.com/feed",
    )
    asked = archive.store.hosts_asked_since(noon)
    over = noon + timedelta(seconds=3.5)
    assert asked == {"example.org": over, "one.substack.com": over}
    assert archive.store.hosts_asked_since(noon + timedelta(seconds=4)) == {}
