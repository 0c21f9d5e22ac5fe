"""Which feeds' time has come: numbers and hosts only, off one index, so that many may wait for little."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlite_utils import Database

from archiver.hosts import NOBODY
from archiver.times import from_text_or_none, to_text

_MONTH = 31 * 86400
_HORIZON = timedelta(days=35)
_LAST_HORIZON = datetime(9990, 1, 1, tzinfo=UTC)
_MOST_PAGES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFeeds:
    """Feeds that may be asked, longest waiting first, and what else there is to know about the time."""

    feeds: tuple[tuple[int, str], ...]
    """Number and host."""
    is_cut: bool
    """More are due than were asked for."""
    is_crowded: bool
    """Some hosts have more due feeds than were asked for of one host."""
    next_at: datetime | None
    """When the next feed will be due."""


def due_turns(
    db: Database,
    *,
    now: datetime,
    limit: int,
    per_host: int | None = None,
    beside: Iterable[int] = (),
    beside_hosts: Iterable[str] = (),
) -> DueFeeds:
    """At most `limit` due feeds, of each host at most `per_host`, without these feeds and hosts.

    A time beyond what the schedule may have written is due as well: a clock had gone wrong.
    """
    found: list[tuple[int, str]] = []
    of_host: Counter[str] = Counter()
    full, crowded = set(beside_hosts), False
    excluded = json.dumps(sorted(beside))
    after: tuple[str, int] = "", 0
    is_cut = limit <= 0
    for _ in range(_MOST_PAGES):
        if is_cut:
            break
        rows = db.execute(_PAGE, [to_text(now), *after, excluded, json.dumps(sorted(full)), limit]).fetchall()
        for _, feed_id, host in rows:
            if per_host is not None and host != NOBODY:
                of_host[host] += 1
                if of_host[host] > per_host:
                    full.add(host)
                    crowded = True
                    continue
            if len(found) == limit:
                break
            found.append((feed_id, host))
        is_cut = len(found) == limit
        if len(rows) < limit:
            break
        after = rows[-1][:2]
    else:
        crowded = True
    if not is_cut:
        found += db.execute(
            _ASTRAY,
            {
                "horizon": to_text(min(now, _LAST_HORIZON) + _HORIZON),
                "now": to_text(now),
                "excluded": excluded,
                "full": json.dumps(sorted(full)),
                "limit": limit - len(found),
            },
        ).fetchall()
    (upcoming,) = db.execute(_NEXT, [to_text(now)]).fetchone()
    return DueFeeds(
        feeds=tuple(found),
        is_cut=is_cut,
        is_crowded=crowded,
        next_at=from_text_or_none(upcoming),
    )


_PAGE = """
    SELECT next_fetch_at, id, host FROM feeds INDEXED BY feeds_due
    WHERE state <> 'paused' AND next_fetch_at <= ?
        AND (next_fetch_at, id) > (?, ?)
        AND id NOT IN (SELECT value FROM json_each(?))
        AND host NOT IN (SELECT value FROM json_each(?))
    ORDER BY next_fetch_at, id LIMIT ?
"""

_ASTRAY = f"""
    SELECT id, host FROM feeds INDEXED BY feeds_due
    WHERE state <> 'paused' AND next_fetch_at > :horizon
        AND unixepoch(next_fetch_at) - unixepoch(:now) > 86400 + 1.1 * max(
            {_MONTH}, coalesce(interval_seconds, 0), coalesce(configured_interval_seconds, 0)
        )
        AND id NOT IN (SELECT value FROM json_each(:excluded))
        AND host NOT IN (SELECT value FROM json_each(:full))
    ORDER BY next_fetch_at, id LIMIT :limit
"""

_NEXT = """
    SELECT min(next_fetch_at) FROM feeds INDEXED BY feeds_due
    WHERE state <> 'paused' AND next_fetch_at > ?
"""
