"""How long a server and its feed ask to be left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import Response
from archiver.wishes import asked_seconds

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DATE = ("Date", "Sun, 01 Mar 2026 12:00:00 GMT")
DAY = 86_400


def wish(*headers: tuple[str, str], ttl: int | None = None, status: int = 200) -> int:
    response = Response(request_url="", final_url="", status=status, headers=headers)
    return asked_seconds(response, ttl_seconds=ttl, now=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("max-age=7200", 7200),
        ("public, MAX-AGE=7200, must-revalidate", 7200),
        ('max-age="7200"', 7200),
        ("max-age=7200, max-age=1", 7200),
        ("s-maxage=7200", 0),
        ("max-age=31536000", DAY),
        ("max-age=" + "9" * 5000, DAY),
        ("no-cache, max-age=7200", 0),
        ("max-age=7200, no-store", 0),
        ('no-cache="Set-Cookie, X", max-age=7200', 7200),
        ("max-age=-5", 0),
        ("max-age=٣٦٠٠", 0),
        ("max-age", 0),
        ("", 0),
    ],
)
def test_cache_control_says_for_how_long_an_answer_is_fresh(value, seconds):
    assert wish(("Cache-Control", value)) == seconds


def test_several_fields_are_one():
    assert wish(("Cache-Control", "max-age=7200"), ("cache-control", "no-store")) == 0


def test_the_time_that_an_answer_was_on_its_way_counts():
    assert wish(("Cache-Control", "max-age=7200"), ("Age", "7000")) == 200
    assert wish(("Cache-Control", "max-age=7200"), ("Age", "9000")) == 0
    assert wish(("Cache-Control", "max-age=7200"), ("Age", "long")) == 7200


@pytest.mark.parametrize(
    ("expires", "seconds"),
    [
        ("Sun, 01 Mar 2026 13:00:00 GMT", 3600),
        ("Sunday, 01-Mar-26 13:00:00 GMT", 3600),
        ("Sun Mar  1 13:00:00 2026", 3600),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Fri, 01 Mar 2086 11:00:00 GMT", DAY),
        ("0", 0),
        ("-1", 0),
    ],
)
def test_expires_is_measured_against_the_servers_own_clock(expires, seconds):
    assert wish(DATE, ("Expires", expires)) == seconds


def test_without_a_date_expires_is_measured_against_ours():
    assert wish(("Expires", "Sun, 01 Mar 2026 13:00:00 GMT")) == 3600


def test_a_begun_second_counts_whole_so_that_nobody_comes_before_the_answer_expires():
    headers = (("Expires", "Sun, 01 Mar 2026 13:00:00 GMT"),)
    response = Response(request_url="", final_url="", status=200, headers=headers)
    now = NOW + timedelta(milliseconds=300)
    assert asked_seconds(response, ttl_seconds=None, now=now) == 3600


def test_max_age_goes_before_expires_even_where_it_asks_nothing():
    assert wish(DATE, ("Expires", "Sun, 01 Mar 2026 13:00:00 GMT"), ("Cache-Control", "max-age=0")) == 0


def test_the_feeds_own_wish_counts_and_the_longer_one_wins():
    assert wish(ttl=1800) == 1800
    assert wish(("Cache-Control", "max-age=7200"), ttl=1800) == 7200
    assert wish(("Cache-Control", "no-store"), ttl=5400) == 5400
    assert wish(ttl=10 * DAY) == DAY


def test_a_304_asks_like_any_other_answer():
    assert wish(("Cache-Control", "max-age=7200"), status=304) == 7200


@given(
    st.lists(st.tuples(st.sampled_from(["Cache-Control", "Age", "Expires", "Date"]), st.text())),
    st.none() | st.integers(0, 10**12),
)
def test_whatever_a_server_says_it_is_between_nothing_and_a_day(headers, ttl):
    assert 0 <= wish(*headers, ttl=ttl) <= DAY
