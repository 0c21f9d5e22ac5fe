"""Retry-After in all its spellings."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.retry import retry_after_seconds

NOW = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)
WEEK = 7 * 86400


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("1000000000", WEEK),
        ("1" * 5000, WEEK),
        ("Mon, 06 May 2024 12:02:00 GMT", 120),
        ("Monday, 06-May-24 12:02:00 GMT", 120),
        ("Mon May  6 12:02:00 2024", 120),
        ("Mon, 06 May 2024 11:00:00 GMT", 0),
        ("Mon, 06 May 2999 11:00:00 GMT", WEEK),
        ("-5", None),
        ("1.5", None),
        ("١٢", None),
        ("120, 240", None),
        ("soon", None),
        ("Mon, 06 May 99999999 12:02:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_a_time_is_seconds_or_a_date_within_a_week_and_garbage_is_nothing(value, expected):
    assert retry_after_seconds(value, date=None, now=NOW) == expected


def test_a_date_is_measured_against_the_clock_of_the_server():
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    assert retry_after_seconds("Wed, 21 Oct 2015 07:30:00 GMT", date=date, now=NOW) == 120


def test_a_begun_second_counts_whole_so_that_nobody_comes_before_the_date():
    now = NOW + timedelta(milliseconds=300)
    assert retry_after_seconds("Mon, 06 May 2024 12:02:00 GMT", date=None, now=now) == 120


@given(st.text(), st.text())
def test_any_text_is_a_time_or_nothing(value, date):
    seconds = retry_after_seconds(value, date=date, now=NOW)
    assert seconds is None or 0 <= seconds <= WEEK
