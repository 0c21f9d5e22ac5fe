"""How a feed publishes, by the dates in its documents."""

import random
from bisect import bisect_right
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver import rhythm, schedule
from archiver.changes import ChangeKind, EntryChange
from archiver.config import ScheduleSettings
from archiver.model import EntryData, FeedData, Pace, ParsedFeed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = 3600, 86_400


def entries(*hours_ago: float | None) -> tuple[EntryData, ...]:
    return tuple(
        EntryData(position=at, published_at=None if ago is None else NOW - timedelta(hours=ago))
        for at, ago in enumerate(hours_ago)
    )


def measured(*hours_ago: float | None) -> Pace:
    return rhythm.measured(entries(*hours_ago), now=NOW)


class TestADocument:
    def test_the_rhythm_is_the_usual_time_between_two_entries_and_the_window_all_of_it(self):
        pace = measured(1, 3, 5, 7, 107)
        assert (pace.rhythm_seconds, pace.window_seconds) == (2 * HOUR, 106 * HOUR)
        assert pace.alive_at == NOW - timedelta(hours=1)

    @pytest.mark.parametrize(
        "hours_ago",
        [
            pytest.param((7, 5, 3, 1), id="the oldest first"),
            pytest.param((1, 3, 5, 7, None, None), id="some undated"),
            pytest.param((1, 1, 1, 3, 5, 5, 7), id="equal dates"),
            pytest.param((-900, 1, 3, 5, 7), id="one in the future"),
            pytest.param((1, 3, 400_000, 5, 7), id="one from 1980"),
            pytest.param((9000, 1, 3, 5, 7), id="one pinned"),
        ],
    )
    def test_odd_dates_change_nothing(self, hours_ago):
        pace = measured(*hours_ago)
        assert (pace.rhythm_seconds, pace.window_seconds) == (2 * HOUR, 6 * HOUR)
        assert pace.alive_at == NOW - timedelta(hours=1)

    def test_a_date_that_is_a_little_ahead_of_us_is_now(self):
        assert measured(-3, 3, 5).alive_at == NOW

    @pytest.mark.parametrize("hours_ago", [(), (1,), (1, 3), (1, 1, 1), (1, 3, 5, None, None, None, None)])
    def test_too_few_dates_tell_nothing(self, hours_ago):
        pace = measured(*hours_ago)
        assert (pace.rhythm_seconds, pace.window_seconds, pace.quiet_seconds) == (None, None, None)

    def test_the_date_of_change_stands_in_for_one_of_publication(self):
        changed = tuple(EntryData(position=n, updated_at=NOW - timedelta(hours=n)) for n in range(5))
        assert rhythm.measured(changed, now=NOW).rhythm_seconds == HOUR

    @given(st.lists(st.none() | st.datetimes(timezones=st.just(UTC)), max_size=40))
    def test_whatever_the_dates_the_measures_are_sound(self, dates):
        document = tuple(EntryData(position=n, published_at=date) for n, date in enumerate(dates))
        pace = rhythm.measured(document, now=NOW)
        if pace.rhythm_seconds is not None:
            assert 60 <= pace.rhythm_seconds <= pace.window_seconds
        assert pace.quiet_seconds is None or pace.quiet_seconds >= 5 * DAY
        assert pace.alive_at is None or pace.alive_at <= NOW


class TestSilence:
    def test_it_is_measured_against_the_feeds_own_rhythm(self):
        hourly = measured(*range(10))
        yearly = measured(*(n * 365 * 24 for n in range(10)))
        for pace, days, silent in ((hourly, 4, False), (hourly, 6, True), (yearly, 40, False)):
            assert rhythm.is_silent(pace, now=NOW + timedelta(days=days)) is silent
        assert rhythm.is_silent(yearly, now=NOW + timedelta(days=4 * 365))

    def test_one_long_pause_is_not_what_is_usual(self):
        pace = measured(*(24 * n for n in range(9)), 24 * 300)
        assert pace.quiet_seconds == 5 * DAY

    def test_a_feed_that_tells_too_little_of_itself_is_never_silent(self):
        assert not rhythm.is_silent(measured(1, 2, 3, 4), now=NOW + timedelta(days=4000))


class TestAfterADocument:
    @pytest.fixture
    def after(self, document, known_from):
        def run(before: Pace, kinds, *, hours_ago=(1, 3, 5), known=True, is_whole=True, ttl=None) -> Pace:
            parsed = ParsedFeed(
                feed=FeedData(ttl_seconds=ttl), entries=entries(*hours_ago), format="rss20", charset="utf-8"
            )
            return rhythm.after_document(
                before,
                parsed,
                [EntryChange(kind=kind) for kind in kinds],
                known_from(document("a", "b")) if known else (),
                is_whole=is_whole,
                proves=is_whole,
                now=NOW,
            )

        return run

    def test_the_first_one_shows_a_window_and_the_newest_date_is_the_sign_of_life(self, after):
        pace = after(Pace(), [ChangeKind.NEW] * 3, known=False, ttl=1800)
        assert (pace.window_seconds, pace.ttl_seconds) == (4 * HOUR, 1800)
        assert pace.alive_at == NOW - timedelta(hours=1)

    def test_one_that_grew_and_pushed_nothing_out_shows_all_there_is(self, after):
        before = after(Pace(), [ChangeKind.NEW] * 3, known=False)
        assert after(before, [ChangeKind.NEW, ChangeKind.SEEN]).window_seconds is None

    def test_once_something_rolled_off_it_is_a_window_and_stays_one(self, after):
        pace = after(Pace(rhythm_seconds=HOUR), [ChangeKind.NEW, ChangeKind.SEEN, ChangeKind.LEFT])
        assert pace.window_seconds == 4 * HOUR
        assert after(pace, [ChangeKind.SEEN]).window_seconds == 4 * HOUR

    def test_a_new_entry_with_an_old_date_is_a_sign_of_life(self, after):
        pace = after(Pace(), [ChangeKind.NEW], hours_ago=(900, 1000, 1100))
        assert pace.alive_at == NOW

    def test_a_part_of_a_document_is_no_measure(self, after):
        before = Pace(rhythm_seconds=DAY, window_seconds=9 * DAY, ttl_seconds=60)
        pace = after(before, [ChangeKind.NEW], is_whole=False)
        assert (pace.rhythm_seconds, pace.window_seconds, pace.ttl_seconds) == (DAY, 9 * DAY, 60)
        assert pace.alive_at == NOW


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 200), st.integers(5, 30), st.integers(0, 10**6))
def test_nothing_rolls_off_unseen_of_a_feed_that_keeps_its_pace_between_long_pauses(minutes, window, seed):
    """A site publishes every `minutes` to twice that, pauses long after many, and shows the last."""
    dice, published = random.Random(seed), [NOW - timedelta(minutes=minutes * 400)]
    while published[-1] < NOW:
        pause = 1 if len(published) % (2 * window) else 200
        published.append(published[-1] + timedelta(minutes=pause * dice.randint(minutes, 2 * minutes)))
    now, pace, interval, seen = published[window + 3], Pace(), None, window + 3
    while now < NOW:
        count = bisect_right(published, now)
        assert count - seen <= window, f"lost {count - seen - window} posts"
        rolled = [EntryChange(kind=kind) for kind in (ChangeKind.NEW, ChangeKind.LEFT) if count > seen]
        document = tuple(
            EntryData(position=at, published_at=date)
            for at, date in enumerate(reversed(published[count - window : count]))
        )
        parsed = ParsedFeed(feed=FeedData(), entries=document, format="rss20", charset="utf-8")
        pace = rhythm.after_document(pace, parsed, rolled, (), is_whole=True, proves=True, now=now)
        after = schedule.after_success(
            ScheduleSettings(),
            feed_id=1,
            now=now,
            configured_seconds=None,
            last_interval_seconds=interval,
            gap=False,
            pace=pace,
        )
        seen, now, interval = count, after.at, after.interval_seconds
