"""Plots: every post is in exactly one place, the picture is bounded, and its words say what it shows."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archiver.store.looking import Span
from archiver.web.plots import MOST_BARS, Bar, Calendar, Timeline, bars

DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1))


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


@given(today=DAYS)
def test_a_calendar_has_53_weeks_the_last_of_them_todays(today):
    days = Calendar.days(today)
    assert days[0].weekday() == 0
    assert days[-2:] == (today, today + timedelta(days=1))
    assert 52 * 7 < len(days) - 1 <= 53 * 7


def test_a_calendar_says_how_many_posts_there_were_on_each_day():
    days = Calendar.days(date(2026, 11, 21))
    counts = [0] * (len(days) - 1)
    counts[-1], counts[0] = 3, 1
    drawn = Calendar(first=days[0], counts=tuple(counts)).svg()
    assert "<title>3 posts on 21 November 2026</title>" in drawn
    assert "<title>1 post on 17 November 2025</title>" in drawn
    assert "4 posts in 53 weeks; the most on one day, 3, on 21 November 2026." in drawn
    assert 'role="img"' in drawn


def test_a_calendars_table_has_the_same_figures_newest_week_first():
    days = Calendar.days(date(2026, 11, 18))
    calendar = Calendar(first=days[0], counts=tuple(range(len(days) - 1)))
    weeks = calendar.weeks()
    assert weeks[0] == (date(2026, 11, 16), (364, 365, 366, None, None, None, None))
    assert [count for _, week in reversed(weeks) for count in week if count is not None] == list(
        calendar.counts
    )


def test_a_year_without_posts_is_told_as_such():
    days = Calendar.days(date(2026, 11, 21))
    assert "No posts in the last 53 weeks." in Calendar(first=days[0], counts=(0,) * (len(days) - 1)).svg()


@given(first=DAYS, length=st.integers(min_value=0, max_value=40_000))
def test_bars_cover_a_time_without_holes_and_are_never_too_many(first, length):
    last = first + timedelta(days=length)
    _, found = bars(first, last)
    assert 1 <= len(found) <= MOST_BARS
    assert found[0].since <= first
    assert found[-1].until > last
    assert all(one.until == other.since for one, other in pairwise(found))


def test_a_timeline_says_what_it_shows_and_marks_gaps_and_outages():
    unit, found = bars(date(2026, 1, 1), date(2026, 1, 10))
    timeline = Timeline(
        unit=unit,
        bars=tuple(Bar(since=bar.since, until=bar.until, count=2) for bar in found),
        gaps=(Span(since=at(2026, 1, 3), until=at(2026, 1, 4), why="x"),),
        outages=(Span(since=at(2026, 1, 8), until=None, why="<b>"),),
    )
    drawn = timeline.svg()
    assert "20 posts from 1 January 2026 to 10 January 2026, at most 2 in one day. 1 gap marked." in drawn
    assert re.search(r'class="gap" x="200\.00" y="0\.0" width="100\.00"', drawn)
    assert re.search(r'class="outage" x="700\.00" y="[\d.]+" width="300\.00"', drawn)
    assert "<b>" not in drawn


@given(counts=st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=40))
def test_no_bar_leaves_the_picture(counts):
    first = date(2026, 1, 1)
    found = tuple(
        Bar(since=first + timedelta(days=day), until=first + timedelta(days=day + 1), count=count)
        for day, count in enumerate(counts)
    )
    drawn = Timeline(unit="day", bars=found).svg()
    for y, tall in re.findall(
        r'class="bar" x="[\d.]+" y="([\d.-]+)" width="[\d.]+" height="([\d.]+)"', drawn
    ):
        assert float(y) >= 0
        assert float(y) + float(tall) <= 112.2


def test_no_date_stands_twice_below_a_plot():
    unit, few = bars(date(2026, 3, 1), date(2026, 3, 2))
    assert Timeline(unit=unit, bars=few).ticks() == [date(2026, 3, 1), date(2026, 3, 2)]
