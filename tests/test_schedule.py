"""When a feed is asked next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import schedule
from archiver.config import ScheduleSettings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY = ScheduleSettings()
FEED = {"feed_id": 7, "now": NOW, "configured_seconds": None, "last_interval_seconds": None}


def failure(errors: int, *, retry_after: int | None = None, configured: int | None = None) -> timedelta:
    arguments = FEED | {"configured_seconds": configured}
    after = schedule.after_failure(
        HOURLY, **arguments, errors_in_a_row=errors, retry_after_seconds=retry_after
    )
    return after.at - NOW


def test_a_healthy_feed_is_asked_after_its_interval_and_at_most_a_tenth_later():
    after = schedule.after_success(HOURLY, **FEED, gap=False)
    assert timedelta(hours=1) <= after.at - NOW <= timedelta(minutes=66)


def test_a_configured_interval_goes_before_the_common_one():
    after = schedule.after_success(HOURLY, **(FEED | {"configured_seconds": 7200}), gap=False)
    assert after.interval_seconds == 7200


def test_gaps_halve_the_interval_down_to_the_least_and_answers_without_one_double_it_again():
    interval, seen = 3600, []
    for gap in (True, True, True, False, False, False):
        interval = schedule.after_success(
            HOURLY, **(FEED | {"last_interval_seconds": interval}), gap=gap
        ).interval_seconds
        seen.append(interval)
    assert seen == [1800, 900, 900, 1800, 3600, 3600]


@pytest.mark.parametrize(("errors", "hours"), [(1, 1), (2, 2), (5, 5), (1000, 24)])
def test_failures_slow_down_linearly_and_never_beyond_a_day(errors, hours):
    assert timedelta(hours=hours) <= failure(errors) <= timedelta(hours=hours * 1.1)


def test_retry_after_is_honoured_where_it_asks_for_more_patience():
    assert failure(1, retry_after=10 * 3600) == timedelta(hours=10)
    assert failure(5, retry_after=60) >= timedelta(hours=5)


def test_an_interval_longer_than_the_longest_is_not_shortened_by_a_failure():
    assert failure(1, configured=2 * 86400) >= timedelta(days=2)


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_the_same_feed_at_the_same_time_gets_the_same_answer(feed_id, errors):
    arguments = FEED | {"feed_id": feed_id}
    first, second = (
        schedule.after_failure(HOURLY, **arguments, errors_in_a_row=errors, retry_after_seconds=None)
        for _ in range(2)
    )
    assert first == second
    assert first.at > NOW
