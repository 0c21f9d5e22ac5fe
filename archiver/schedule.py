"""When to ask a feed next. Pure: the clock is an argument.

After an answer: half of the feed's own rhythm, or an eighth of the time since its last sign of life where
that is longer, between the least and the longest interval; never longer than half of its window, so that
nothing rolls off unseen; and before all, never sooner than the server asks. Only where posts have just
been lost is the interval shortened whatever it asks. What a person configured takes the place of rhythm
and window.

Without dates it is the common interval, a fifth shorter after each document with something new, longer
after each without.

After a failure: the usual interval, and once more for each weight of the failures in a row (`failing`), up to
a ceiling that itself grows with the weight: the longest interval, a day, at the first, seven of them at
HEAVY, a month at most. Nothing is ever given up.

Jitter keeps below these bounds. Only where the least interval or the server's wish leaves it no room does it
go up to a tenth above them.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.config import ScheduleSettings
from archiver.model import Pace

DAY = 86_400
MONTH = 30 * DAY
"""Longer than this no feed is left alone, unless a person configured it."""
HEAVY = 30
"""So much weight of failures, and even a feed that is usually asked daily is asked weekly."""

_JITTER = 10
"""Part of the interval: feeds that were asked together drift apart by a tenth of it."""


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
    changed: bool = False,
    pace: Pace | None = None,
    asked_seconds: int = 0,
) -> NextFetch:
    """The next time after an answer that was understood.

    `changed`: it had something new. `asked_seconds`: how long the server wants to be left alone. A gap halves
    the interval, down to the least allowed; each answer without one doubles it again, up to what is usual.
    """
    least, longest = settings.min_interval_seconds, settings.max_interval_seconds
    pace = pace or Pace()
    if configured_seconds:
        usual = max(configured_seconds, least)
        longest = usual + usual // _JITTER
    elif pace.rhythm_seconds is not None:
        usual = _by_rhythm(pace, now, least, longest)
        if pace.window_seconds is not None:
            longest = max(least, min(longest, pace.window_seconds // 2))
    else:
        usual = _adapted(last_interval_seconds, settings, changed)
    last = last_interval_seconds or usual
    if gap:
        most = settings.interval_seconds if pace.rhythm_seconds is None and not configured_seconds else usual
        interval = max(least, min(last, most, longest) // 2)
        return _spread(interval, feed_id, now, least=least, longest=max(longest, interval, _roomy(least)))
    least = max(least, asked_seconds)
    interval = min(max(min(usual, last * 2), least), max(longest, least))
    return _spread(interval, feed_id, now, least=least, longest=max(longest, _roomy(least)))


def after_failure(
    settings: ScheduleSettings,
    *,
    feed_id: int,
    now: datetime,
    configured_seconds: int | None,
    last_interval_seconds: int | None,
    weight: float,
    retry_after_seconds: int | None,
) -> NextFetch:
    """The next time after a failure; `weight` is that of all failures in a row.

    `Retry-After` (RFC 9110, 10.2.3) is honoured where it asks for more patience than that.
    """
    usual = last_interval_seconds or configured_seconds or settings.interval_seconds
    usual = max(usual, settings.min_interval_seconds)
    if not configured_seconds:
        usual = min(usual, MONTH - MONTH // _JITTER)
    weight = max(1.0, weight)
    ceiling = int(min(settings.max_interval_seconds * (1 + 6 * (weight - 1) / (HEAVY - 1)), MONTH))
    wait = max(min(int(usual * weight), ceiling), usual)
    after = _spread(wait, feed_id, now, least=usual, longest=max(ceiling, _roomy(usual)))
    at = max(after.at, now + timedelta(seconds=retry_after_seconds or 0))
    return NextFetch(at=at, interval_seconds=last_interval_seconds or usual)


def after_gone(settings: ScheduleSettings, *, feed_id: int, now: datetime) -> NextFetch:
    """The next time after 410 Gone (RFC 9110, 15.5.11): monthly, for good, since some come back."""
    after = _spread(MONTH, feed_id, now, least=MONTH, longest=MONTH + DAY)
    return NextFetch(at=after.at, interval_seconds=settings.interval_seconds)


def _roomy(least: int) -> int:
    """The least bound that leaves room for jitter above `least`."""
    return least + least // _JITTER


def _by_rhythm(pace: Pace, now: datetime, least: int, longest: int) -> int:
    rhythm, quiet_for = pace.rhythm_seconds or 0, 0
    if pace.alive_at is not None:
        quiet_for = int((now - pace.alive_at).total_seconds())
    return min(max(rhythm // 2, quiet_for // 8, least), longest)


def _adapted(last: int | None, settings: ScheduleSettings, changed: bool) -> int:
    """The interval of a feed without dates: by what the last one came to."""
    if last is None:
        wanted = settings.interval_seconds
    elif changed:
        wanted = last * 4 // 5
    elif last < settings.interval_seconds:
        wanted = min(last * 2, settings.interval_seconds)
    else:
        wanted = last * 6 // 5
    return min(max(wanted, settings.min_interval_seconds), settings.max_interval_seconds)


def _spread(interval: int, feed_id: int, now: datetime, *, least: int, longest: int) -> NextFetch:
    """Up to a tenth longer, or shorter where that is too long; same input, same answer."""
    last = min(interval + interval // _JITTER, longest)
    first = max(min(interval, last - interval // _JITTER), least)
    digest = hashlib.blake2b(f"{feed_id} {now.isoformat()}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    wait = first + round((last - first) * share)
    return NextFetch(at=now + timedelta(seconds=wait), interval_seconds=interval)
