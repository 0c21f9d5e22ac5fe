"""Manners towards a host: holds, turns, and the pace of a whole service."""

import math
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.changes import FetchRecord, Outcome
from archiver.hosts import NOBODY
from archiver.manners import Rate, Turns, hold_after


@pytest.fixture
def answer(noon):
    """An answer of a feed on example.org, as it is recorded."""

    def build(status: int | None, **headers: str) -> FetchRecord:
        return FetchRecord(
            started_at=noon,
            duration_ms=1500,
            request_url="https://www.example.org/feed",
            final_url="https://feeds.example.org/feed",
            outcome=Outcome.ERROR,
            status=status,
            headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        )

    return build


# ---------------------------------------------------------------- what an answer means for its host


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 502, 503])
def test_retry_after_with_any_refusal_holds_the_whole_host(answer, noon, status):
    hold = hold_after(answer(status, Retry_After="120"), refusals=0)
    assert (hold.host, hold.refusals) == ("example.org", 1)
    assert hold.until == noon + timedelta(seconds=120 + 3), "from the end of the answer, rounded up"


def test_a_date_is_measured_against_the_servers_own_clock(answer, noon):
    said = {"Date": "Sun, 01 Mar 2026 07:00:00 GMT", "Retry_After": "Sun, 01 Mar 2026 08:00:00 GMT"}
    assert hold_after(answer(503, **said), refusals=0).until == noon + timedelta(hours=1, seconds=3)


def test_nobody_is_held_for_longer_than_a_week(answer, noon):
    hold = hold_after(answer(429, Retry_After="99999999"), refusals=0)
    assert hold.until == noon + timedelta(days=7, seconds=3)


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "soon"}, {"Retry_After": "0"}])
@pytest.mark.parametrize(("refusals", "patience"), [(0, 60), (1, 120), (9, 600), (99_999, 86_400)])
def test_a_refusal_that_names_no_time_holds_for_a_minute_times_refusals(
    answer, noon, headers, refusals, patience
):
    hold = hold_after(answer(429, **headers), refusals=refusals)
    assert (hold.until, hold.refusals) == (noon + timedelta(seconds=patience + 3), refusals + 1)


@pytest.mark.parametrize("status", [404, 410, 500])
def test_other_failures_say_nothing_of_the_host(answer, status):
    assert hold_after(answer(status), refusals=5) is None


def test_an_answer_ends_the_refusals(answer):
    assert hold_after(answer(304), refusals=0) is None
    hold = hold_after(answer(200), refusals=3)
    assert (hold.until, hold.refusals) == (None, 0)


def test_who_did_not_answer_asked_for_nothing(answer):
    assert hold_after(answer(None, Retry_After="5"), refusals=1) is None


def test_it_is_the_host_that_answered_not_the_one_that_sent_us_on(noon):
    fetch = FetchRecord(
        started_at=noon,
        duration_ms=0,
        request_url="https://example.org/feed",
        final_url="https://one.wordpress.com/feed",
        outcome=Outcome.ERROR,
        status=429,
    )
    assert hold_after(fetch, refusals=0).host == "one.wordpress.com"


# ---------------------------------------------------------------- turns


def all_turns(turns: Turns, *, now: float) -> list[int]:
    found = []
    while (turn := turns.next(now=now)) is not None:
        found.append(turn[0])
    return found


def ask(turns: Turns, host: str, *, begin: float, end: float) -> None:
    turns.take(host)
    turns.end(host, now=end)


def test_of_each_host_one_feed_at_a_time_is_handed_out(turns):
    for number in range(3):
        turns.queue(number, "one", now=0)
        turns.queue(10 + number, "two", now=0)
    assert all_turns(turns, now=0) == [0, 10]
    assert (turns.queued, turns.next_at()) == (4, math.inf)


def test_the_next_one_comes_when_the_host_has_rested_after_the_end(turns):
    turns.queue(1, "one", now=0)
    turns.queue(2, "one", now=0)
    assert all_turns(turns, now=0) == [1]
    ask(turns, "one", begin=0, end=5)
    turns.done("one", now=6)
    assert all_turns(turns, now=6.9) == []
    assert 7 <= turns.next_at() < 7.01
    assert all_turns(turns, now=7.01) == [2]


def test_the_request_of_another_feed_that_was_sent_here_is_waited_for(turns):
    turns.take("one")
    turns.queue(1, "one", now=0)
    assert all_turns(turns, now=50) == []
    turns.end("one", now=50)
    assert all_turns(turns, now=51) == []
    assert all_turns(turns, now=52.01) == [1]


def test_what_is_on_no_server_has_no_manners(turns):
    for number in range(5):
        turns.queue(number, NOBODY, now=0)
    assert all_turns(turns, now=0) == [0, 1, 2, 3, 4]


def test_without_a_rest_several_feeds_of_a_host_are_handed_out():
    turns = Turns(spacing=0)
    for number in range(5):
        turns.queue(number, "one", now=0)
    assert all_turns(turns, now=0) == [0, 1, 2, 3, 4]


def test_feeds_of_a_host_that_is_held_no_longer_wait_here(turns):
    turns.queue(1, "one", now=0)
    turns.queue(2, "two", now=0)
    turns.hold("one", until=100, reason="it said so")
    turns.queue(3, "one", now=1)
    assert sorted(turns.turned_away()) == [(1, "one"), (3, "one")]
    assert turns.turned_away() == []
    assert all_turns(turns, now=99) == [2]
    assert turns.rest("one", now=99).reason == "it said so"
    assert turns.rest("one", now=100) is None
    turns.queue(1, "one", now=100)
    assert all_turns(turns, now=100) == [1]


def test_a_hold_is_not_shortened_by_another(turns):
    turns.hold("one", until=100, reason="long")
    turns.hold("one", until=50, reason="short")
    assert turns.rests(now=60)["one"].reason == "long"
    assert turns.rests(now=100) == {}


def test_three_different_feeds_in_a_row_that_cannot_reach_a_host_hold_it_a_little(turns):
    assert [turns.failed("one", feed, now=0) for feed in (1, 2, 2, 2)] == [None] * 4
    assert turns.failed("one", 3, now=0).until == 300
    assert turns.failed("one", 4, now=400).until == 1000
    turns.answered("one")
    assert turns.failed("one", 5, now=1000) is None


def test_a_host_that_was_asked_before_we_began_has_its_rest(turns):
    turns.asked("one", ago=0.5, now=100)
    turns.queue(1, "one", now=100)
    assert all_turns(turns, now=101.4) == []
    assert all_turns(turns, now=101.6) == [1]


def test_whoever_begins_in_the_dark_lets_one_rest_pass(turns):
    turns.be_quiet(now=100)
    turns.queue(1, "one", now=100)
    assert all_turns(turns, now=101.9) == []
    assert turns.next_at() > 102
    assert all_turns(turns, now=102.1) == [1]


def test_hosts_of_which_nothing_is_left_to_know_are_forgotten(turns):
    for number in range(2000):
        host = f"host{number}"
        turns.queue(number, host, now=0)
        assert turns.next(now=0) == (number, host)
        ask(turns, host, begin=0, end=1)
        turns.done(host, now=1)
    turns.queue(1, "waits", now=1)
    turns.tidy(now=10)
    assert len(turns._places) == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 9), st.floats(0.01, 9)), max_size=60),
    st.floats(0.1, 5),
)
@settings(max_examples=200)
def test_whatever_comes_no_host_is_asked_too_soon_and_nobody_is_forgotten(feeds, spacing):
    turns, now, under_way, log, seen = Turns(spacing=spacing), 0.0, {}, [], []
    for number, (host, after, _) in enumerate(feeds):
        now += after / 10
        turns.queue(number, f"host{host}", now=now)
    while True:
        while (turn := turns.next(now=now)) is not None:
            feed, host = turn
            turns.take(host)
            under_way[host] = now + feeds[feed][2]
            log.append((host, now, now + feeds[feed][2]))
            seen.append(feed)
        if not under_way and turns.next_at() == math.inf:
            break
        now = min([*under_way.values(), max(turns.next_at(), now)])
        for host in [host for host, end in under_way.items() if end <= now]:
            del under_way[host]
            turns.end(host, now=now)
            turns.done(host, now=now)
    assert sorted(seen) == list(range(len(feeds)))
    for host in {host for host, _, _ in log}:
        times = [(begin, end) for name, begin, end in log if name == host]
        assert all(later[0] >= before[1] + spacing for before, later in pairwise(times))


@pytest.fixture
def turns() -> Turns:
    return Turns(spacing=2)


# ---------------------------------------------------------------- the pace of all together


@given(st.integers(1, 5000), st.lists(st.floats(0, 0.3), min_size=1, max_size=300))
def test_no_second_sees_more_beginnings_than_allowed(per_second, waits):
    rate, now, begun = Rate(per_second), 0.0, []
    for wait in waits:
        now = max(now + wait, rate.next_at() if rate.next_at() > now and wait > 0.15 else now)
        number = rate.allowed(now=now)
        rate.began(number, now=now)
        begun += [now] * number
    for index, time in enumerate(begun):
        within = [other for other in begun[index:] if other < time + 0.999]
        assert len(within) <= per_second + max(1, per_second // 100)


def test_beginnings_are_spread_evenly_and_none_is_made_up_for():
    rate = Rate(50)
    assert rate.allowed(now=0) == 1
    rate.began(1, now=0)
    assert (rate.allowed(now=0.019), rate.allowed(now=0.021)) == (0, 1)
    assert rate.allowed(now=100) == 1


def test_without_a_limit_any_number_may_begin():
    assert Rate(None).allowed(now=0) is None
