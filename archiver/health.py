"""How a feed is, in one word and one sentence. Pure: the feed's row and the time go in.

The words, worst first; the first that fits is taken:

- *gone*: it answered 410;
- *blocked*: it is there, but not for us: 401, 403, 451, or a page that asks for proof of being human;
- *failing*: the last answer was no document, or none of its own; patience that was asked for now and then is
  *slow*;
- *silent*: it answers, and brings nothing new for much longer than it used to (`feeds.silent_since`);
- *slow*: it answers, but not as it should: the last answer took more than `SLOW_ANSWER`, its server asked for
  patience, or its turn is late by more than its own interval, an hour at least;
- *moved*: its address changed in the last `NEWS`;
- *fine*: none of these;
- *paused*: nobody asks it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from archiver.model import FeedState
from archiver.retry import REFUSALS
from archiver.times import from_text_or_none
from archiver.urls import redact

SLOW_ANSWER = timedelta(seconds=10)
"""An answer that takes longer is slow."""

NEWS = timedelta(days=30)
"""How long a new address is worth a word."""

LATE = timedelta(hours=1)
"""A turn that is late by less is not worth a word, whatever the interval."""

FEW_REFUSALS = 5
"""So many times in a row a server may ask for patience (429, 503) before the feed counts as failing."""

_LOCKED_OUT = frozenset({401, 403, 451})
_LOCKING_KINDS = frozenset({"blocked", "challenge"})
_PAUSED_BY = {
    "command": "paused by a command",
    "config": "no longer in the configuration",
    "replay": "only replayed, never asked",
    "removed": "removed; what was archived stays",
}


class Condition(StrEnum):
    """The words, worst first."""

    GONE = "gone"
    BLOCKED = "blocked"
    FAILING = "failing"
    SILENT = "silent"
    SLOW = "slow"
    MOVED = "moved"
    FINE = "fine"
    PAUSED = "paused"

    @property
    def is_problem(self) -> bool:
        """Whether a person may want to do something about it."""
        return self not in (Condition.MOVED, Condition.FINE, Condition.PAUSED)


ORDER = tuple(Condition)
"""Worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A word, and one sentence why."""

    condition: Condition
    why: str


def of(row: Mapping[str, Any], now: datetime) -> Health:
    """How the feed with this row is.

    The row has the columns of `feeds`, and beside them, all of which may be None: `last_status` and
    `last_duration_ms` of the last fetch, `moved_at`, the date of the last new address, and of its host
    `held_until` and `held_reason`. Times are texts, as in the archive.
    """
    for condition, look in _LOOKS:
        if (why := look(row, now)) is not None:
            return Health(condition=condition, why=why)
    return Health(condition=Condition.FINE, why=_fine(row))


def counted(conditions: Sequence[Condition]) -> dict[str, int]:
    """How many feeds are how: every word, worst first, zeros included."""
    return {condition.value: conditions.count(condition) for condition in ORDER}


def span(time: timedelta) -> str:
    """A span of time as people say it: `5 minutes`, `3 hours`, `58 days`."""
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def _paused(row: Mapping[str, Any], now: datetime) -> str | None:
    if row["state"] != FeedState.PAUSED:
        return None
    return _PAUSED_BY.get(row["paused_by"] or "", "paused")


def _gone(row: Mapping[str, Any], now: datetime) -> str | None:
    if row["state"] != FeedState.GONE:
        return None
    return f"its server says that it is gone for good{_since(row, now)}; it is asked again once a month"


def _blocked(row: Mapping[str, Any], now: datetime) -> str | None:
    if row["state"] != FeedState.FAILING:
        return None
    if row["last_error_kind"] in _LOCKING_KINDS or row["last_status"] in _LOCKED_OUT:
        return f"its server does not let us in{_since(row, now)}: {row['last_error'] or 'it says no more'}"
    return None


def _failing(row: Mapping[str, Any], now: datetime) -> str | None:
    if row["state"] == FeedState.FAILING:
        if _asks_for_patience(row, now):
            return None
        times = "once" if row["error_count"] == 1 else f"{row['error_count'] or 0:,} times in a row"
        return f"failed {times}{_since(row, now)}: {row['last_error'] or 'nobody knows why'}"
    if row["suspect_since"]:
        return f"its address gives what looks like another site's content since {row['suspect_since'][:10]}"
    return None


def _asks_for_patience(row: Mapping[str, Any], now: datetime) -> bool:
    """Whether its last answer did, and not for long."""
    held = from_text_or_none(row["held_until"])
    refused = row["last_status"] in REFUSALS and (row["error_count"] or 0) < FEW_REFUSALS
    return refused and held is not None and held > now


def _silent(row: Mapping[str, Any], now: datetime) -> str | None:
    if not row["silent_since"]:
        return None
    since = from_text_or_none(row["silent_since"])
    quiet = f" ({span(now - since)})" if since else ""
    rhythm = row["rhythm_seconds"]
    usual = f"; usually one comes every {span(timedelta(seconds=rhythm))}" if rhythm else ""
    return f"nothing new since {row['silent_since'][:10]}{quiet}{usual}"


def _slow(row: Mapping[str, Any], now: datetime) -> str | None:
    held = from_text_or_none(row["held_until"])
    if held and held > now:
        reason = f": {row['held_reason']}" if row["held_reason"] else ""
        return f"its server asked for patience until {row['held_until']}{reason}"
    due = from_text_or_none(row["next_fetch_at"])
    usual = timedelta(seconds=row["interval_seconds"] or 0)
    if due and row["last_fetched_at"] and now - due > max(usual, LATE):
        return f"should have been asked {span(now - due)} ago"
    took = timedelta(milliseconds=row["last_duration_ms"] or 0)
    return f"its last answer took {span(took)}" if took > SLOW_ANSWER else None


def _moved(row: Mapping[str, Any], now: datetime) -> str | None:
    since = from_text_or_none(row["moved_at"])
    if since is None or now - since > NEWS:
        return None
    return f"moved on {row['moved_at'][:10]} to {redact(row['current_url'])}"


def _fine(row: Mapping[str, Any]) -> str:
    if not row["last_fetched_at"]:
        return "not asked yet"
    return f"last new post on {row['last_new_at'][:10]}" if row["last_new_at"] else "answers; no post yet"


_LOOKS = (
    (Condition.PAUSED, _paused),
    (Condition.GONE, _gone),
    (Condition.BLOCKED, _blocked),
    (Condition.FAILING, _failing),
    (Condition.SILENT, _silent),
    (Condition.SLOW, _slow),
    (Condition.MOVED, _moved),
)


def _since(row: Mapping[str, Any], now: datetime) -> str:
    """Since when it brings no document, as far as anybody knows."""
    last = from_text_or_none(row["last_success_at"])
    if last is None:
        return ", and never answered with a document"
    return f" since {row['last_success_at'][:10]}" if now - last >= timedelta(days=1) else ""
