"""A fetch that failed: how much it weighs, what is told of it, and when it ends. Pure.

The rule. A failure weighs WEIGHTS[kind], half where the server or the way to it may be well again in an
hour, a quarter where only a name server stumbled, else 1. Their sum since the last success slows the feed
down (`schedule`).

A person is told when it begins: `failing`; `blocked` where the server is there and does not let us in (401,
403, 451, or a page that asks for proof of being human); `gone` (410). A single stumble of a name server is
not worth it: the sum must be TOLD. Once more when it has lasted for LONG (`long_failing`), and when it is
over (`recovered`).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from archiver import schedule, told
from archiver.changes import Event, FeedUpdate, Outcome
from archiver.config import ScheduleSettings
from archiver.endings import Attempt, facts_of, record
from archiver.errors import FetchError, ParseError
from archiver.model import FeedForUpdate, FeedState, Response
from archiver.retry import retry_after_seconds

WEIGHTS: Mapping[str, float] = {
    "dns_hiccup": 0.25,
    "timeout": 0.5,
    "connect": 0.5,
    "proxy": 0.5,
    "reset": 0.5,
    "truncated": 0.5,
    "protocol": 0.5,
    "challenge": 0.5,
    "empty": 0.5,
    "crashed": 0.5,
}
"""By kind of error; all others weigh 1, statuses that pass (408, 425, 429, 5xx) a half."""

TOLD = 0.5
LONG = timedelta(days=30)

_PASSING = frozenset({408, 425, 429})
_LOCKED = frozenset({401, 403, 451})


def weight(error: FetchError | ParseError) -> float:
    """How much one failure weighs: a quarter to 1."""
    status = error.status if isinstance(error, FetchError) else None
    if error.kind == "http" and status is not None and (status in _PASSING or status >= 500):
        return 0.5
    return WEIGHTS.get(error.kind, 1.0)


def is_refusal(error: FetchError | ParseError) -> bool:
    """Whether the server is there, and does not let us in."""
    return error.kind == "challenge" or (isinstance(error, FetchError) and error.status in _LOCKED)


def failed(
    feed: FeedForUpdate,
    attempt: Attempt,
    error: FetchError | ParseError,
    settings: ScheduleSettings,
    *,
    response: Response | None = None,
) -> FeedUpdate:
    """A fetch without a document, or with one that is no feed.

    Nothing that we know of the feed moves, its validators neither: what could not be understood shall be
    sent again. The bytes, if any came, are kept.
    """
    now, gone = attempt.started_at, error.kind == "gone"
    since = feed.failing_since or now
    total = feed.failure_weight + weight(error)
    if gone:
        next_fetch = schedule.after_gone(settings, feed_id=feed.id, now=now)
    else:
        next_fetch = schedule.after_failure(
            settings,
            feed_id=feed.id,
            now=now,
            configured_seconds=feed.configured_interval_seconds,
            last_interval_seconds=feed.interval_seconds,
            weight=total,
            retry_after_seconds=_patience(attempt, error),
        )
    row = record(
        attempt, Outcome.GONE if gone else Outcome.ERROR, error if isinstance(error, FetchError) else response
    )
    return FeedUpdate(
        feed_id=feed.id,
        fetch=replace(row, error=str(error), error_kind=error.kind),
        facts=replace(
            facts_of(feed, next_fetch),
            state=FeedState.GONE if gone else FeedState.FAILING,
            error_count=feed.error_count + 1,
            last_error=str(error),
            last_error_kind=error.kind,
            failure_weight=total,
            failing_since=since,
            succeeded=False,
            # Neither form of our name is welcome, so that the first one is as good.
            second_agent=feed.second_agent and not is_refusal(error),
        ),
        events=_events(feed, error, total=total, since=since, now=now),
    )


def recovery(feed: FeedForUpdate) -> tuple[Event, ...]:
    """What is told of an answer with a feed, if it was told that there was none."""
    return told.recovered(feed.error_count) if _was_told(feed) or _is_gone(feed) else ()


def _patience(attempt: Attempt, error: FetchError | ParseError) -> int | None:
    """How long after our question the server wants no other, by what the log keeps of its answer."""
    if not isinstance(error, FetchError):
        return None
    fields = {name.lower(): value for name, value in reversed(error.headers)}
    answered_at = attempt.started_at + timedelta(seconds=attempt.seconds)
    asked = retry_after_seconds(fields.get("retry-after"), date=fields.get("date"), now=answered_at)
    return asked + attempt.seconds if asked else None


def _events(
    feed: FeedForUpdate, error: FetchError | ParseError, *, total: float, since: datetime, now: datetime
) -> tuple[Event, ...]:
    if error.kind == "gone":
        return () if _is_gone(feed) else told.gone(error)
    if not _was_told(feed):
        if total < TOLD:
            return ()
        return told.blocked(error) if is_refusal(error) else told.failing(error)
    asked_before = feed.last_fetched_at or now
    return told.long_failing(since, error) if asked_before - since < LONG <= now - since else ()


def _was_told(feed: FeedForUpdate) -> bool:
    """Whether it is told already that the feed fails. Failures of before they had weights all were.

    The state does not say it: a paused feed, which a person or a replay asks all the same, stays paused.
    """
    fails = feed.state is FeedState.FAILING or (feed.error_count > 0 and not _is_gone(feed))
    return fails and not 0 < feed.failure_weight < TOLD


def _is_gone(feed: FeedForUpdate) -> bool:
    return feed.state is FeedState.GONE or feed.last_error_kind == "gone"
