"""Feeds as lists and headings show them: how each is, in a word and a sentence; how it publishes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archiver import health
from archiver.health import ORDER, Condition
from archiver.times import from_text


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLine:
    """One feed in a list."""

    id: int
    label: str
    language: str | None
    host: str
    tags: tuple[str, ...]
    condition: Condition
    why: str
    entries: int
    last_new_at: str | None


def line(row: Mapping[str, Any], now: datetime) -> FeedLine:
    """A feed from its row."""
    found = health.of(row, now)
    return FeedLine(
        id=row["id"],
        label=row["label"],
        language=row["language"] if not row["name"] else None,
        host=row["host"],
        tags=tuple(row["tags"]),
        condition=found.condition,
        why=found.why,
        entries=row["entries"],
        last_new_at=row["last_new_at"],
    )


SORTS = {"name": "Name", "new": "Newest", "size": "Posts", "health": "Health"}


def chosen(lines: Sequence[FeedLine], *, tag: str, condition: str, words: str, sort: str) -> list[FeedLine]:
    """The feeds with a tag, a health and words in their names, in order."""
    folded = words.casefold().split()
    found = [
        one
        for one in lines
        if (not tag or tag in one.tags)
        and (not condition or one.condition.value == condition)
        and all(word in f"{one.label} {one.host}".casefold() for word in folded)
    ]
    match sort:
        case "new":
            found.sort(key=lambda one: (one.last_new_at or "", one.id), reverse=True)
        case "size":
            found.sort(key=lambda one: (-one.entries, one.id))
        case "health":
            found.sort(key=lambda one: (ORDER.index(one.condition), one.label.casefold(), one.id))
        case _:
            found.sort(key=lambda one: (one.label.casefold(), one.id))
    return found


def tag_counts(lines: Sequence[FeedLine]) -> list[tuple[str, int]]:
    """Every tag with how many feeds have it, most common first."""
    counts: dict[str, int] = {}
    for one in lines:
        for tag in one.tags:
            counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def rhythm(row: Mapping[str, Any]) -> str:
    """How often a feed publishes, in words."""
    if row["rhythm_seconds"]:
        every = health.span(timedelta(seconds=row["rhythm_seconds"]))
        return "more often than once a minute" if row["rhythm_seconds"] < 60 else f"about one post in {every}"
    return "its dates tell no rhythm yet"


def asked(row: Mapping[str, Any], now: datetime) -> str:
    """When a feed is asked next, in words."""
    if row["state"] == "paused" or not row["next_fetch_at"]:
        return "it is not asked"
    ahead = from_text(row["next_fetch_at"]) - now
    if ahead <= timedelta(0):
        return "it is due now"
    return f"in {health.span(ahead)}"
