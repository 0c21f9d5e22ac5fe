"""When a feed is asked next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import schedule
from archiver.config import ScheduleSettings
from archiver.model import Pace

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURLY = ScheduleSettings()
FEED = {"feed_id": 7, "now": NOW, "configured_seconds": None, "last_interval_seconds": None}
HOUR, DAY = 3600, 86_400


def failure(
    weight: float,
    *,
    retry_after: int | None = None,
    configured: int | None = None,
    last: int | None = None,
    feed_id: int = 7,
) -> timedelta:
    arguments = FEED | {"configured_seconds": configured, "last_interval_seconds": last, "feed_id": feed_id}
    after = schedule.after_failure(HOURLY, **arguments, weight=weight, retry_after_seconds=retry_after)
    return after.at - NOW


def usual(pace: Pace, **circumstances: object) -> int:
    arguments = FEED | {"gap": False} | circumstances
    return schedule.after_success(HOURLY, pace=pace, **arguments).interval_seconds


def every(seconds: int, *, quiet_for: int = 0, window: int | None = None) -> Pace:
    return Pace(rhythm_seconds=seconds, window_seconds=window, alive_at=NOW - timedelta(seconds=quiet_for))


class TestAnAnswer:
    def test_a_healthy_feed_is_asked_after_its_interval_and_at_most_a_tenth_later(self):
        after = schedule.after_success(HOURLY, **FEED, gap=False)
        assert timedelta(hours=1) <= after.at - NOW <= timedelta(minutes=66)

    @pytest.mark.parametrize(
        ("rhythm", "interval"), [(60, 900), (4 * HOUR, 2 * HOUR), (DAY, DAY // 2), (30 * DAY, DAY)]
    )
    def test_a_feed_is_asked_at_half_its_own_rhythm_between_a_quarter_of_an_hour_and_a_day(
        self, rhythm, interval
    ):
        assert usual(every(rhythm)) == interval

    def test_one_that_has_been_quiet_long_is_asked_less(self):
        assert usual(every(HOUR, quiet_for=16 * HOUR)) == 2 * HOUR
        assert usual(every(HOUR, quiet_for=90 * DAY)) == DAY

    def test_it_is_never_left_alone_for_longer_than_half_of_its_window(self):
        assert usual(every(HOUR, quiet_for=90 * DAY, window=10 * HOUR)) == 5 * HOUR

    def test_not_even_a_small_window_has_it_asked_more_often_than_the_least(self):
        assert usual(every(60, window=600)) == 900

    def test_the_servers_wish_goes_before_rhythm_and_window(self):
        pace = every(HOUR, window=2 * HOUR)
        assert usual(pace, asked_seconds=7 * HOUR) == 7 * HOUR

    def test_where_posts_were_just_lost_it_is_asked_sooner_whatever_the_server_wishes(self):
        arguments = {"asked_seconds": DAY, "last_interval_seconds": DAY, "gap": True}
        assert usual(every(8 * HOUR, window=40 * HOUR), **arguments) == 2 * HOUR

    def test_a_configured_interval_takes_the_place_of_the_rhythm_but_not_of_the_servers_wish(self):
        pace, configured = every(HOUR, window=4 * HOUR), {"configured_seconds": 7200}
        assert usual(pace, **configured) == 7200
        assert usual(pace, **configured, asked_seconds=10_000) == 10_000

    def test_a_configured_interval_may_be_longer_than_the_longest(self):
        assert usual(Pace(), configured_seconds=3 * DAY) == 3 * DAY

    def test_gaps_halve_the_interval_down_to_the_least_and_answers_without_one_double_it_again(self):
        interval, seen = 3600, []
        for gap in (True, True, True, False, False, False):
            interval = usual(every(7200), last_interval_seconds=interval, gap=gap)
            seen.append(interval)
        assert seen == [1800, 900, 900, 1800, 3600, 3600]

    def test_a_feed_without_dates_is_asked_less_while_nothing_changes_and_more_while_it_does(self):
        unchanged = [HOUR]
        for _ in range(20):
            unchanged.append(usual(Pace(), last_interval_seconds=unchanged[-1]))
        assert unchanged == sorted(unchanged)
        assert (unchanged[1], unchanged[-1]) == (4320, DAY)
        changed = [HOUR]
        for _ in range(20):
            changed.append(usual(Pace(), last_interval_seconds=changed[-1], changed=True))
        assert changed == sorted(changed, reverse=True)
        assert (changed[1], changed[-1]) == (2880, 900)


paces = st.builds(
    Pace,
    rhythm_seconds=st.none() | st.integers(60, 10**9),
    window_seconds=st.none() | st.integers(120, 10**9),
    alive_at=st.none() | st.integers(-DAY, 10**9).map(lambda ago: NOW - timedelta(seconds=ago)),
)
intervals = st.none() | st.integers(1, 400 * DAY)


class TestBounds:
    @given(paces, intervals, st.integers(0, DAY), st.booleans(), st.integers(1, 10**6))
    def test_between_the_least_and_the_longest_interval_and_never_sooner_than_asked(
        self, pace, last, asked, changed, feed_id
    ):
        arguments = FEED | {"last_interval_seconds": last, "feed_id": feed_id}
        after = schedule.after_success(
            HOURLY, **arguments, gap=False, pace=pace, asked_seconds=asked, changed=changed
        )
        wait = (after.at - NOW).total_seconds()
        least = max(900, asked)
        assert least <= wait <= max(DAY, least * 1.1)
        if pace.rhythm_seconds is not None and pace.window_seconds is not None:
            assert wait <= max(least * 1.1, pace.window_seconds // 2)

    @given(paces, intervals, st.integers(900, 400 * DAY), st.integers(0, DAY))
    def test_a_persons_word_is_kept_within_a_tenth(self, pace, last, configured, asked):
        arguments = FEED | {"configured_seconds": configured, "last_interval_seconds": last}
        after = schedule.after_success(HOURLY, **arguments, gap=False, pace=pace, asked_seconds=asked)
        assert max(900, asked) <= (after.at - NOW).total_seconds() <= max(configured, asked, 900) * 1.1

    @given(paces, intervals, intervals, st.integers(0, DAY))
    def test_after_a_gap_it_is_asked_at_most_half_as_late_as_before(self, pace, last, configured, asked):
        arguments = FEED | {"configured_seconds": configured, "last_interval_seconds": last}
        after = schedule.after_success(HOURLY, **arguments, gap=True, pace=pace, asked_seconds=asked)
        assert after.interval_seconds >= 900
        if last is not None:
            assert after.interval_seconds <= max(900, last // 2)

    @given(
        st.floats(0.25, 10**6),
        intervals,
        st.none() | st.integers(60, 366 * DAY),
        st.none() | st.integers(0, 7 * DAY),
    )
    def test_after_a_failure_it_is_asked_within_a_month_unless_a_person_wants_it_later(
        self, weight, last, configured, retry_after
    ):
        arguments = FEED | {"configured_seconds": configured, "last_interval_seconds": last}
        after = schedule.after_failure(HOURLY, **arguments, weight=weight, retry_after_seconds=retry_after)
        wait = (after.at - NOW).total_seconds()
        assert wait >= max(900, retry_after or 0)
        if configured is None:
            assert wait <= 30 * DAY

    @given(paces, st.integers(1, 10**9), st.booleans())
    def test_the_same_feed_at_the_same_time_gets_the_same_answer(self, pace, feed_id, gap):
        arguments = FEED | {"feed_id": feed_id}
        first, second = (
            schedule.after_success(HOURLY, **arguments, pace=replace(pace), gap=gap) for _ in range(2)
        )
        assert first == second

    def test_feeds_that_were_asked_together_drift_apart_at_the_longest_interval_too(self):
        waits = {
            schedule.after_success(HOURLY, **(FEED | {"feed_id": n}), gap=False, pace=every(90 * DAY)).at
            for n in range(100)
        }
        assert len(waits) > 90
        assert max(waits) - min(waits) > timedelta(hours=2)

    @pytest.mark.parametrize(
        ("least", "circumstances"),
        [
            (900, {"pace": every(60, window=600)}),
            (900, {"pace": every(60, window=600), "gap": True}),
            (7 * HOUR, {"pace": every(HOUR, window=2 * HOUR), "asked_seconds": 7 * HOUR}),
            (DAY, {"asked_seconds": DAY}),
            (DAY, {"asked_seconds": DAY, "configured_seconds": HOUR}),
        ],
    )
    def test_they_do_so_too_where_the_bounds_leave_no_room_by_up_to_a_tenth(self, least, circumstances):
        waits = {
            (schedule.after_success(HOURLY, **(FEED | {"feed_id": n, "gap": False} | circumstances)).at - NOW)
            for n in range(100)
        }
        assert len(waits) > 50
        assert timedelta(seconds=least) <= min(waits) < max(waits) <= timedelta(seconds=least * 1.1)


class TestAFailure:
    @pytest.mark.parametrize(("weight", "hours"), [(0.25, 1), (1, 1), (2, 2), (2.5, 2.5), (5, 5)])
    def test_failures_slow_down_linearly(self, weight, hours):
        assert timedelta(hours=hours) <= failure(weight) <= timedelta(hours=hours * 1.1)

    @pytest.mark.parametrize(("weight", "days"), [(24, 1), (168, 7), (1000, 30)])
    def test_they_do_so_for_as_long_as_they_last_up_to_a_month(self, weight, days):
        wait = failure(weight)
        assert timedelta(days=days * 0.9) <= wait <= min(timedelta(days=days * 1.1), timedelta(days=30))

    @pytest.mark.parametrize(("weight", "days"), [(0.5, 1), (1, 1), (15.5, 4), (30, 7), (59, 13), (500, 30)])
    def test_a_daily_feed_is_slowed_down_linearly_to_a_week_and_on_to_a_month(self, weight, days):
        wait = failure(weight, last=DAY)
        assert timedelta(days=max(days * 0.9, 1)) <= wait <= timedelta(days=1.1 if days == 1 else days)

    def test_feeds_that_fail_together_drift_apart_at_their_usual_interval_too(self):
        assert len({failure(1, last=DAY, feed_id=n) for n in range(100)}) > 90

    def test_retry_after_is_honoured_where_it_asks_for_more_patience(self):
        assert failure(1, retry_after=10 * 3600) == timedelta(hours=10)
        assert failure(5, retry_after=60) >= timedelta(hours=5)

    def test_an_interval_longer_than_the_longest_is_not_shortened_by_a_failure(self):
        assert failure(1, configured=2 * 86400) >= timedelta(days=2)

    def test_the_wait_grows_from_the_feeds_usual_interval(self):
        arguments = FEED | {"last_interval_seconds": 4 * HOUR}
        after = schedule.after_failure(HOURLY, **arguments, weight=2, retry_after_seconds=None)
        assert after.at - NOW >= timedelta(hours=8)
        assert after.interval_seconds == 4 * HOUR

    @given(st.integers(1, 10**9))
    def test_one_that_is_gone_is_asked_monthly(self, feed_id):
        after = schedule.after_gone(HOURLY, feed_id=feed_id, now=NOW)
        assert timedelta(days=30) <= after.at - NOW <= timedelta(days=31)
