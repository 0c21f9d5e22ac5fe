"""What an update changes of its feed's row."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from archiver.changes import FeedUpdate
from archiver.hosts import host_of
from archiver.model import FeedState
from archiver.store.rows import insert, sound, storable
from archiver.times import to_text, to_text_or_none


def write(db: Database, decided: FeedUpdate, fetch_id: int) -> None:
    """Write how the feed stands after its fetch of this number. Its address stays, unless it has moved."""
    write_many(db, {fetch_id: decided})
    if decided.facts.current_url is not None:
        moved = {
            "feed_id": decided.feed_id,
            "url": sound(decided.facts.current_url),
            "since": to_text(decided.fetch.started_at),
            "reason": "moved",
            "fetch_id": fetch_id,
        }
        insert(db, "feed_addresses", moved)


def write_many(db: Database, updates: Mapping[int, FeedUpdate]) -> None:
    """Write how feeds stand after their fetches, which are given by number: each feed once."""
    alike: dict[tuple[str, ...], list[list[Any]]] = {}
    for fetch_id, decided in updates.items():
        columns = _columns(decided, fetch_id)
        alike.setdefault(tuple(columns), []).append(storable([*columns.values(), decided.feed_id]))
    for names, changes in alike.items():
        db.conn.executemany(_change(names), changes)


def _columns(decided: FeedUpdate, fetch_id: int) -> dict[str, Any]:
    facts, at = decided.facts, to_text(decided.fetch.started_at)
    columns: dict[str, Any] = {
        "state": facts.state,
        "next_fetch_at": to_text(facts.next_fetch_at),
        "etag": facts.etag,
        "last_modified": facts.last_modified,
        "body_sha256": facts.body_sha256,
        "interval_seconds": facts.interval_seconds,
        "error_count": facts.error_count,
        "last_error": facts.last_error,
        "last_fetched_at": at,
        "moving_to": facts.moving.to if facts.moving else None,
        "moving_since": to_text_or_none(facts.moving.since) if facts.moving else None,
        "moving_answers": facts.moving.answers if facts.moving else 0,
        "suspect_since": to_text_or_none(facts.suspect_since),
        "suspect_answers": facts.suspect_answers,
        "reminted_answers": facts.reminted_answers,
        "volatile_ids": facts.volatile_ids,
        "rhythm_seconds": facts.pace.rhythm_seconds,
        "window_seconds": facts.pace.window_seconds,
        "quiet_seconds": facts.pace.quiet_seconds,
        "ttl_seconds": facts.pace.ttl_seconds,
        "alive_at": to_text_or_none(facts.pace.alive_at),
        "silent_since": to_text_or_none(facts.silent_since),
        "failure_weight": facts.failure_weight,
        "failing_since": to_text_or_none(facts.failing_since),
        "last_error_kind": facts.last_error_kind,
        "asked_whole_at": to_text_or_none(facts.asked_whole_at),
        "validators_lie": facts.validators_lie,
        "second_agent": facts.second_agent,
    }
    if facts.whole:
        columns["last_whole_fetch_id"] = fetch_id
    if facts.succeeded:
        columns["last_success_at"] = at
    if decided.fetch.entries_new:
        columns["last_new_at"] = at
    if facts.described:
        described = facts.described
        columns |= {
            "title": described.title,
            "site_url": described.site_url,
            "description": described.description,
            "language": described.language,
            "format": facts.format,
            "reading": described.reading,
        }
    if facts.current_url is not None:
        url = sound(facts.current_url)
        columns |= {"current_url": url, "host": host_of(url)}
    return columns


@lru_cache(maxsize=50)
def _change(columns: tuple[str, ...]) -> str:
    """A feed that a command paused meanwhile stays paused: the pause is newer than what we decided on."""
    kept = ("state", "next_fetch_at")
    changes = [
        f"{column} = iif(state = '{FeedState.PAUSED}', {column}, ?)" if column in kept else f"{column} = ?"
        for column in columns
    ]
    return f"UPDATE feeds SET {', '.join(changes)} WHERE id = ?"
