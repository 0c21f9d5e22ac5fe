"""The list of feeds, a feed, and the log of its fetches."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from archiver import health
from archiver.errors import NotFound
from archiver.health import ORDER
from archiver.web import feedlines, plots
from archiver.web.asking import Answer, Asked
from archiver.web.plots import Timeline
from archiver.web.routes.home import AHEAD, feed_lines

FEEDS, POSTS, FETCHES = 50, 20, 50
"""How many there are on a page."""

OLDEST = "1990"
"""Feeds are younger. What is dated earlier is mostly a mistake, and would press all else to the edge."""


def feeds(asked: Asked) -> Answer:
    """All feeds: by tag, by health, by a word of their names; in several orders."""
    lines = feed_lines(asked)
    sort = asked.one("sort") if asked.one("sort") in feedlines.SORTS else "name"
    tag, condition, words = asked.one("tag"), asked.one("health"), asked.one("words")[:200]
    found = feedlines.chosen(lines, tag=tag, condition=condition, words=words, sort=sort)
    pages = max(1, -(-len(found) // FEEDS))
    page = asked.number("page", most=pages)
    return asked.page(
        "feeds.html",
        feeds=found[(page - 1) * FEEDS : page * FEEDS],
        found=len(found),
        total=len(lines),
        page=page,
        pages=pages,
        sort=sort,
        sorts=feedlines.SORTS,
        tag=tag,
        tags=feedlines.tag_counts(lines)[:200],
        condition=condition,
        words=words,
        health=health.counted([one.condition for one in lines]),
        conditions=ORDER,
    )


def feed(asked: Asked) -> Answer:
    """A feed: what it is, how it is, when it published, and its posts."""
    feed_id = _number(asked)
    looking = asked.looking
    row = looking.standing_of(feed_id)
    posts = looking.entries_of_feed(feed_id, cursor=asked.one("after") or None, limit=POSTS + 1)
    return asked.page(
        "feed.html",
        feed=row,
        line=feedlines.line(row, asked.now),
        rhythm=feedlines.rhythm(row),
        next_fetch=feedlines.asked(row, asked.now),
        timeline=_timeline(asked, row),
        posts=posts[:POSTS],
        older=posts[POSTS - 1].cursor if len(posts) > POSTS else None,
        is_first=not asked.one("after"),
        happened=looking.happenings(feed_id=feed_id, limit=6),
        fetches=asked.archive.fetches(feed_id, limit=6).items,
        addresses=looking.addresses(feed_id),
    )


def _timeline(asked: Asked, row: Mapping[str, Any]) -> Timeline:
    """Its posts over time, with what may be missing."""
    looking, feed_id = asked.looking, row["id"]
    until = asked.now + AHEAD
    ends = looking.dates_of_feed(feed_id, since=OLDEST, until=f"{until:%Y-%m-%d}")
    if ends is None:
        return Timeline(unit="day", bars=())
    gaps, outages = looking.gaps(feed_id), looking.outages(feed_id)
    first = date.fromisoformat(ends[0][:10])
    if row["state"] != "paused":
        ends = ends[0], f"{asked.now:%Y-%m-%d}"
    last = max(
        [date.fromisoformat(ends[1][:10]), *((span.until or asked.now).date() for span in (*gaps, *outages))]
    )
    unit, bars = plots.bars(first, min(last, until.date()))
    bounds = [str(bars[0].since), *(str(bar.until) for bar in bars)]
    counts = asked.remember(
        f"feed {feed_id} {bounds[0]} {bounds[-1]}", lambda looking: looking.count_entries(feed_id, bounds)
    )
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    return Timeline(
        unit=unit,
        bars=tuple(replace(bar, count=count) for bar, count in zip(bars, counts, strict=True)),
        gaps=tuple(span for span in gaps if span.until is None or span.until > begin),
        outages=tuple(span for span in outages if span.until is None or span.until > begin),
    )


def fetches(asked: Asked) -> Answer:
    """The log of a feed's fetches, newest first."""
    feed_id = _number(asked)
    row = asked.looking.standing_of(feed_id)
    page = asked.archive.fetches(feed_id, limit=FETCHES, cursor=asked.one("after") or None)
    return asked.page(
        "fetches.html", feed=row, fetches=page.items, older=page.next, is_first=not asked.one("after")
    )


def _number(asked: Asked) -> int:
    """The feed's number in the address. Raises NotFound."""
    text = asked.values["id"]
    if len(text) > 18:
        raise NotFound(f"no feed {text[:20]}… in the archive")
    return int(text)


ROUTES = (
    (r"^/feeds$", feeds),
    (r"^/feed/(?P<id>[0-9]+)$", feed),
    (r"^/feed/(?P<id>[0-9]+)/fetches$", fetches),
)
