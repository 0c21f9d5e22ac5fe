"""The configuration's list of feeds meets the archive's: often very long, and mostly as it was.

What is new is written in bulk, and what is as it was is not written at all.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlite_utils import Database

from archiver.model import FeedState
from archiver.store import feeds
from archiver.store.feeds import Following
from archiver.store.rows import sound, update


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What meeting the configuration changed: addresses of feeds."""

    added: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()
    waiting: tuple[Following, ...] = ()
    """New ones that were more than could be added at once."""


class _Stored(NamedTuple):
    """What the archive says of the following of a feed."""

    id: int
    origin: str
    state: str
    paused_by: str | None
    name: str | None
    interval_seconds: int | None
    options: str


def sync(
    db: Database,
    wanted: Sequence[Following],
    *,
    now: datetime,
    pausing: bool = True,
    at_most: int | None = None,
) -> Synced:
    """Let the configuration's feeds meet the stored ones.

    New ones are added, the first `at_most` of them; those that left are paused, if `pausing`; those that
    came back go on. A pause that a command ordered is a person's word and stands. What is as it was is not
    written.
    """
    stored = _stored(db, None if pausing else [sound(following.url) for following in wanted])
    tags = _tags(db) if stored else {}
    kept: set[str] = set()
    new: dict[str, Following] = {}
    paused, resumed = [], []
    for following in wanted:
        kept.add(url := sound(following.url))
        feed = stored.get(url)
        if feed is None:
            new.setdefault(url, following)
            continue
        comes_back = feed.paused_by in ("config", "replay", "removed")
        if comes_back:
            feeds.resume(db, feed.id, now=now)
            resumed.append(following.url)
        if (
            comes_back
            or feed.origin != "config"
            or feed.name != following.name
            or feed.interval_seconds != following.interval_seconds
            or feed.options != feeds.options_text(following.parse)
            or tags.get(feed.id, _NO_TAGS) != set(following.tags)
        ):
            feeds.describe(db, feed.id, following, origin="config", now=now)
    first = list(new.values())[:at_most]
    if first:
        feeds.add(db, first, origin="config", now=now)
    if pausing:
        for url, feed in stored.items():
            if feed.origin == "config" and url not in kept and _is_paused(db, feed, now=now):
                paused.append(url)
    return Synced(
        added=tuple(following.url for following in first),
        paused=tuple(paused),
        resumed=tuple(resumed),
        waiting=tuple(new.values())[len(first) :],
    )


def _is_paused(db: Database, feed: _Stored, *, now: datetime) -> bool:
    """Pause a feed that has left the configuration; return whether that was needed."""
    if feed.state != FeedState.PAUSED:
        feeds.pause(db, feed.id, by="config", now=now)
        return True
    if feed.paused_by == "command":
        # From now on it is the command's alone, so that to resume it is not undone by the next sync.
        update(db, "feeds", feed.id, {"origin": "command"})
    return False


_NO_TAGS: frozenset[str] = frozenset()


def _stored(db: Database, urls: Sequence[str] | None) -> dict[str, _Stored]:
    """The feeds with these addresses, or all, by address: in one question, since there may be very many."""
    rows = db.execute(
        f"""
        SELECT url, id, origin, state, paused_by, name, configured_interval_seconds, parse_options FROM feeds
        WHERE {"true" if urls is None else "url IN (SELECT value FROM json_each(?))"}
        """,
        [] if urls is None else [json.dumps(urls)],
    )
    return {url: _Stored._make(row) for url, *row in rows}


def _tags(db: Database) -> dict[int, set[str]]:
    """The tags of all feeds that have some, by number."""
    found: dict[int, set[str]] = {}
    for feed_id, tag in db.execute("SELECT feed_id, tag FROM feed_tags"):
        found.setdefault(feed_id, set()).add(tag)
    return found
