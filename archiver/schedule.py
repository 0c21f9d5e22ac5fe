"""When to ask a feed next. Pure: the clock is an argument."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.config import ScheduleSettings

GONE_INTERVAL = timedelta(days=30)
"""A feed that answered 410 is asked monthly, for good: some come back."""

_JITTER = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class NextFetch:
    """The time of the next fetch, and the interval that led to it."""

    at: datetime
    interval_seconds: int


def after_success(
    settings: ScheduleSettings,
    *,
    feed_id: int,
    now: datetime,
    configured_seconds: int | None,
    last_interval_seconds: int | None,
    gap: bool,
) -> NextFetch:
    """The next time after an answer that was understood.

    A gap halves the interval, down to the least allowed; each answer without one doubles it again, up to
    what the feed's configuration, or else the common one, asks for.
    """
    usual = max(configured_seconds or settings.interval_seconds, settings.min_interval_seconds)
    last = last_interval_seconds or usual
    interval = max(settings.min_interval_seconds, min(last, usual) // 2) if gap else min(usual, last * 2)
    return NextFetch(at=now + _with_jitter(interval, feed_id, now), interval_seconds=interval)


def after_failure(
    settings: ScheduleSettings,
    *,
    feed_id: int,
    now: datetime,
    configured_seconds: int | None,
    last_interval_seconds: int | None,
    errors_in_a_row: int,
    retry_after_seconds: int | None,
) -> NextFetch:
    """The next time after a failure: slower by one interval each time, within the longest, never off.

    `Retry-After` (RFC 9110, 10.2.3) is honoured where it asks for more patience than that.
    """
    usual = max(configured_seconds or settings.interval_seconds, settings.min_interval_seconds)
    wait = min(usual * max(1, errors_in_a_row), max(settings.max_interval_seconds, usual))
    delay = max(_with_jitter(wait, feed_id, now), timedelta(seconds=retry_after_seconds or 0))
    return NextFetch(at=now + delay, interval_seconds=last_interval_seconds or usual)


def after_gone(settings: ScheduleSettings, *, feed_id: int, now: datetime) -> NextFetch:
    """The next time after 410 Gone (RFC 9110, 15.5.11)."""
    delay = _with_jitter(int(GONE_INTERVAL.total_seconds()), feed_id, now)
    return NextFetch(at=now + delay, interval_seconds=settings.interval_seconds)


def _with_jitter(seconds: int, feed_id: int, now: datetime) -> timedelta:
    """Up to a tenth longer, so that feeds that were asked together drift apart; same input, same answer."""
    digest = hashlib.blake2b(f"{feed_id} {now.isoformat()}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    return timedelta(seconds=round(seconds * (1 + _JITTER * share)))
