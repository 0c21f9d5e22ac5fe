"""What a failed fetch weighs, and what a person is told of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from archiver import failing
from archiver.changes import FeedUpdate
from archiver.config import ScheduleSettings
from archiver.endings import Attempt
from archiver.errors import FetchError, ParseError
from archiver.model import FeedForUpdate, FeedState

SETTINGS = ScheduleSettings()
HICCUP = FetchError("dns_hiccup", "could not be looked up just now")
DOWN = FetchError("connect", "refuses the connection")
MISSING = FetchError("http", "the server answered 404 Not Found", status=404)
FORBIDDEN = FetchError("http", "the server answered 403 Forbidden", status=403)
CHALLENGE = FetchError("challenge", "asks to prove that we are human", status=403)
GONE = FetchError("gone", "gone for good", status=410)


@pytest.fixture
def fail(noon) -> Callable[..., FeedUpdate]:
    def run(feed: FeedForUpdate, error: FetchError | ParseError, *, days: float = 0) -> FeedUpdate:
        attempt = Attempt(started_at=noon + timedelta(days=days), duration_ms=1, request_url=feed.url)
        return failing.failed(feed, attempt, error, SETTINGS)

    return run


def after(feed: FeedForUpdate, update: FeedUpdate) -> FeedForUpdate:
    """The feed as the archive hands it out after an update."""
    facts = update.facts
    return replace(
        feed,
        state=facts.state,
        error_count=facts.error_count,
        failure_weight=facts.failure_weight,
        failing_since=facts.failing_since,
        last_error_kind=facts.last_error_kind,
        interval_seconds=facts.interval_seconds,
        second_agent=facts.second_agent,
        last_fetched_at=update.fetch.started_at,
    )


def kinds(update: FeedUpdate) -> list[str]:
    return [event.kind for event in update.events]


@pytest.mark.parametrize(
    ("error", "weight"),
    [
        (HICCUP, 0.25),
        (FetchError("dns", ""), 1),
        (FetchError("timeout", ""), 0.5),
        (DOWN, 0.5),
        (FetchError("reset", ""), 0.5),
        (FetchError("truncated", ""), 0.5),
        (FetchError("http", "", status=503), 0.5),
        (FetchError("http", "", status=429), 0.5),
        (CHALLENGE, 0.5),
        (MISSING, 1),
        (FORBIDDEN, 1),
        (GONE, 1),
        (FetchError("tls", ""), 1),
        (FetchError("bad_url", ""), 1),
        (ParseError("web_page", ""), 1),
        (ParseError("not_a_feed", ""), 1),
    ],
)
def test_a_failure_weighs_by_how_likely_it_is_to_pass(error, weight):
    assert failing.weight(error) == weight


class TestTheSum:
    def test_it_grows_with_every_failure_and_slows_the_feed_down(self, fail, feed_row, noon):
        feed, hours = feed_row(interval_seconds=3600), []
        for error in (DOWN, DOWN, MISSING, HICCUP, MISSING):
            update = fail(feed, error)
            feed = after(feed, update)
            hours.append((update.facts.next_fetch_at - noon) // timedelta(hours=1))
        assert (feed.failure_weight, feed.error_count) == (3.25, 5)
        assert hours == [1, 1, 2, 2, 3]

    def test_however_long_it_lasts_the_feed_is_asked_monthly(self, fail, feed_row, noon):
        feed = feed_row(state=FeedState.FAILING, failure_weight=5000.0, failing_since=noon)
        assert fail(feed, MISSING).facts.next_fetch_at - noon <= timedelta(days=30)

    def test_the_kind_and_the_beginning_are_remembered(self, fail, feed_row, noon):
        first = fail(feed_row(), DOWN)
        second = fail(after(feed_row(), first), MISSING, days=1)
        assert (second.facts.last_error_kind, second.facts.failing_since) == ("http", noon)


class TestPatience:
    """A server is left alone for as long as it asks, from the end of its answer on, by the log alone."""

    @pytest.fixture
    def wait(self, feed_row, noon) -> Callable[..., timedelta]:
        def run(*headers: tuple[str, str], kind: str = "http", duration_ms: int = 2500) -> timedelta:
            error = FetchError(kind, "the server is busy", status=503, headers=headers)
            attempt = Attempt(started_at=noon, duration_ms=duration_ms, request_url="")
            return failing.failed(feed_row(), attempt, error, SETTINGS).facts.next_fetch_at - noon

        return run

    @pytest.mark.parametrize("kind", ["http", "challenge"])
    def test_seconds_count_from_the_end_of_the_answer(self, wait, kind):
        assert wait(("retry-after", "36000"), kind=kind) == timedelta(seconds=36_004)

    def test_so_does_a_date_by_the_servers_own_clock(self, wait):
        date = ("Date", "Wed, 21 Oct 2015 07:28:00 GMT")
        until = ("Retry-After", "Wed, 21 Oct 2015 17:28:00 GMT")
        assert wait(date, until) == timedelta(seconds=36_004)

    def test_a_date_without_a_clock_is_taken_as_it_stands(self, wait, noon):
        until = noon + timedelta(hours=10)
        assert wait(("Retry-After", format_datetime(until, usegmt=True))) == timedelta(hours=10)

    @pytest.mark.parametrize("value", ["0", "60", "soon", ""])
    def test_it_shortens_nothing(self, wait, value):
        assert timedelta(hours=1) <= wait(("Retry-After", value)) <= timedelta(minutes=66)


class TestWhatIsTold:
    def test_it_is_told_once_when_it_begins(self, fail, feed_row):
        first = fail(feed_row(), DOWN)
        assert kinds(first) == ["failing"]
        assert kinds(fail(after(feed_row(), first), MISSING)) == []

    def test_a_single_stumble_of_a_name_server_is_not_worth_telling_nor_its_end(self, fail, feed_row):
        first = fail(feed_row(), HICCUP)
        feed = after(feed_row(), first)
        assert kinds(first) == []
        assert first.facts.state is FeedState.FAILING
        assert failing.recovery(feed) == ()
        second = fail(feed, HICCUP)
        assert kinds(second) == ["failing"]
        assert [event.kind for event in failing.recovery(after(feed, second))] == ["recovered"]

    @pytest.mark.parametrize("error", [FORBIDDEN, CHALLENGE])
    def test_a_server_that_does_not_let_us_in_is_no_dead_feed(self, fail, feed_row, error):
        (event,) = fail(feed_row(), error).events
        assert event.kind == "blocked"
        assert "does not let us in" in event.detail

    def test_once_more_after_a_month_and_never_again(self, fail, feed_row):
        feed, told = feed_row(), []
        for day in range(0, 200, 3):
            update = fail(feed, MISSING, days=day)
            told += [(kind, day) for kind in kinds(update)]
            feed = after(feed, update)
        assert told == [("failing", 0), ("long_failing", 30)]

    def test_a_feed_that_failed_before_failures_had_weights_was_told_of(self, fail, feed_row):
        old = feed_row(state=FeedState.FAILING, error_count=3)
        assert kinds(fail(old, MISSING)) == []
        assert [event.kind for event in failing.recovery(old)] == ["recovered"]

    def test_gone_is_told_once_and_what_comes_after_it_too(self, fail, feed_row):
        feed = after(feed_row(), fail(feed_row(), MISSING))
        gone = fail(feed, GONE)
        assert kinds(gone) == ["gone"]
        assert kinds(fail(after(feed, gone), GONE, days=31)) == []
        assert kinds(fail(after(feed, gone), DOWN, days=31)) == ["failing"]


@pytest.mark.parametrize("state", list(FeedState))
def test_all_of_it_is_told_alike_of_a_paused_feed_that_is_asked_all_the_same(fail, feed_row, state):
    feed, told = feed_row(), []
    for days, error in enumerate((DOWN, DOWN, GONE, GONE, DOWN)):
        update = fail(feed, error, days=days)
        told += kinds(update)
        feed = after(feed, update)
        if state is FeedState.PAUSED:
            feed = replace(feed, state=state)
    assert told == ["failing", "gone", "failing"]
    assert [event.kind for event in failing.recovery(feed)] == ["recovered"]


def test_a_second_name_that_is_refused_too_is_forgotten(fail, feed_row):
    feed = feed_row(second_agent=True)
    assert fail(feed, DOWN).facts.second_agent
    assert not fail(feed, FORBIDDEN).facts.second_agent
