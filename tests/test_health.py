"""How a feed is: one word, one sentence, the worst first."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import health
from archiver.health import Condition
from archiver.times import to_text

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

FINE = {
    "state": "active",
    "paused_by": None,
    "url": "https://example.org/feed",
    "current_url": "https://example.org/feed",
    "last_error_kind": None,
    "last_error": None,
    "error_count": 0,
    "last_success_at": "2026-03-01T11:00:00Z",
    "last_fetched_at": "2026-03-01T11:00:00Z",
    "last_new_at": "2026-02-27T11:00:00Z",
    "silent_since": None,
    "rhythm_seconds": 172800,
    "interval_seconds": 3600,
    "next_fetch_at": "2026-03-01T12:00:00Z",
    "suspect_since": None,
    "last_status": 200,
    "last_duration_ms": 80,
    "moved_at": None,
    "held_until": None,
    "held_reason": None,
}


@pytest.fixture
def of(noon) -> Callable[..., health.Health]:
    """How a feed is that is fine but for these columns, at noon."""
    return lambda **columns: health.of(FINE | columns, noon)


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({}, "fine"),
        ({"last_fetched_at": None, "last_success_at": None, "last_new_at": None}, "fine"),
        ({"state": "paused", "paused_by": "command"}, "paused"),
        ({"state": "gone", "last_error_kind": "gone"}, "gone"),
        ({"state": "failing", "last_error_kind": "dns", "error_count": 1}, "failing"),
        ({"state": "failing", "last_error_kind": "http", "last_status": 503}, "failing"),
        ({"state": "failing", "last_error_kind": "http", "last_status": 401}, "blocked"),
        ({"state": "failing", "last_error_kind": "http", "last_status": 403}, "blocked"),
        ({"state": "failing", "last_error_kind": "http", "last_status": 451}, "blocked"),
        ({"state": "failing", "last_error_kind": "challenge", "last_status": 200}, "blocked"),
        ({"suspect_since": "2026-02-20T00:00:00Z"}, "failing"),
        ({"silent_since": "2026-01-03T00:00:00Z"}, "silent"),
        ({"last_duration_ms": 25_000}, "slow"),
        ({"held_until": "2026-03-01T13:00:00Z"}, "slow"),
        ({"held_until": "2026-03-01T11:59:00Z"}, "fine"),
        ({"next_fetch_at": "2026-03-01T10:30:00Z"}, "slow"),
        ({"next_fetch_at": "2026-03-01T10:30:00Z", "interval_seconds": 86400}, "fine"),
        ({"moved_at": "2026-02-20T00:00:00Z"}, "moved"),
        ({"moved_at": "2026-01-20T00:00:00Z"}, "fine"),
    ],
)
def test_every_feed_has_one_word(of, columns, word):
    assert of(**columns).condition == word


def test_the_worst_is_told_first(of):
    both = {"silent_since": "2026-01-03T00:00:00Z", "moved_at": "2026-02-20T00:00:00Z"}
    assert of(**both).condition is Condition.SILENT
    assert of(**both, state="failing", last_error="x").condition is Condition.FAILING
    assert of(**both, state="paused").condition is Condition.PAUSED


def test_silence_is_told_against_the_feeds_own_rhythm(of):
    why = of(silent_since="2026-01-02T12:00:00Z").why
    assert why == "nothing new since 2026-01-02 (58 days); usually one comes every 2 days"


def test_a_failure_says_how_often_since_when_and_why(of):
    found = of(
        state="failing", error_count=3, last_error="no address", last_success_at="2026-02-20T00:00:00Z"
    )
    assert found.why == "failed 3 times in a row since 2026-02-20: no address"
    never = of(state="failing", error_count=1, last_error="no address", last_success_at=None)
    assert never.why == "failed once, and never answered with a document: no address"


def test_a_server_that_asked_for_patience_is_named_with_its_reason(of):
    why = of(held_until="2026-03-01T13:00:00Z", held_reason="429 Too Many Requests").why
    assert why == "its server asked for patience until 2026-03-01T13:00:00Z: 429 Too Many Requests"


@pytest.mark.parametrize(
    ("refusals", "status", "word"),
    [(1, 429, "slow"), (4, 503, "slow"), (5, 429, "failing"), (1, 500, "failing")],
)
def test_a_server_that_asked_for_patience_a_few_times_is_slow_and_then_failing(of, refusals, status, word):
    found = of(
        state="failing",
        error_count=refusals,
        last_error="the server answered",
        last_status=status,
        held_until="2026-03-01T13:00:00Z",
    )
    assert found.condition == word


def test_a_new_address_is_told_without_its_secrets(of):
    why = of(moved_at="2026-02-20T00:00:00Z", current_url="https://u:p@b.example/f?token=abc").why
    assert why == "moved on 2026-02-20 to https://b.example/f?token=…"


def test_counts_name_every_word(of):
    counts = health.counted([Condition.FINE, Condition.FINE, Condition.SILENT])
    assert list(counts) == ["gone", "blocked", "failing", "silent", "slow", "moved", "fine", "paused"]
    assert (counts["fine"], counts["silent"], counts["gone"]) == (2, 1, 0)


@given(
    state=st.sampled_from(["active", "paused", "failing", "gone"]),
    ago=st.lists(st.one_of(st.none(), st.integers(-1000, 10_000)), min_size=8, max_size=8),
    number=st.one_of(st.none(), st.integers(0, 10**9)),
    text=st.one_of(st.none(), st.text()),
)
def test_whatever_the_row_there_is_a_word_and_a_sentence(state, ago, number, text):
    times = [None if days is None else to_text(NOON - timedelta(days=days)) for days in ago]
    keys = (
        "last_success_at", "last_fetched_at", "last_new_at", "silent_since", "next_fetch_at", "suspect_since",
        "moved_at", "held_until",
    )  # fmt: skip
    row = FINE | dict(zip(keys, times, strict=True))
    row |= {"state": state, "last_error": text, "rhythm_seconds": number, "last_duration_ms": number}
    found = health.of(row, NOON)
    assert found.condition in Condition
    assert found.why


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 seconds"),
        (1, "1 second"),
        (90, "90 seconds"),
        (150, "2 minutes"),
        (7200, "2 hours"),
        (10**6, "11 days"),
    ],
)
def test_spans_of_time_are_told_as_people_do(seconds, words):
    assert health.span(timedelta(seconds=seconds)) == words
