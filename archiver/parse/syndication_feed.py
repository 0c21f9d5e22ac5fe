"""What a syndication document says of the feed itself: feedparser's reading to FeedData."""

import re
from collections.abc import Mapping
from typing import Any

from archiver.model import FeedData
from archiver.parse.dates import read_date
from archiver.parse.reading import as_json
from archiver.parse.syndication_entry import absolute, fold, people, text_of
from archiver.urls import redact

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_LONGEST_TTL = 5_256_000
"""Ten years in minutes: a larger `ttl` is a mistake."""


def read_feed_data(feed: Mapping[str, Any], *, url: str, declares_html: bool) -> FeedData:
    """Read the feed's own elements; `url` is what a relative link is relative to."""
    updated = text_of(feed.get("updated")) or text_of(feed.get("published"))
    generator = text_of(feed.get("generator"))
    detail = feed.get("generator_detail")
    if not generator and isinstance(detail, Mapping):
        generator = text_of(detail.get("name")) or text_of(detail.get("href"))
    return FeedData(
        title=fold(feed, "title", declared=declares_html),
        site_url=absolute(_site_link(feed), base=url),
        description=fold(feed, "subtitle", declared=declares_html),
        language=language_tag(feed.get("language")),
        authors=people(feed),
        generator=" ".join(generator.split()) if generator else None,
        updated_at=read_date(updated) if updated else None,
        ttl_seconds=_ttl(feed.get("ttl")),
        update_seconds=_update_seconds(feed),
        reading=as_json(feed, shown=redact),  # its own address may have a secret of its reader in it
    )


def language_tag(value: object) -> str | None:
    """A language as BCP 47 writes it, or None for what is none."""
    tag = (text_of(value) or "").replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def _site_link(feed: Mapping[str, Any]) -> str | None:
    link = text_of(feed.get("link"))
    if link:
        return link
    links = feed.get("links")
    for candidate in links if isinstance(links, list) else ():
        if isinstance(candidate, Mapping) and candidate.get("rel") == "alternate":
            return text_of(candidate.get("href"))
    return None


def _whole_number(value: object) -> int | None:
    text = (text_of(value) or "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _ttl(value: object) -> int | None:
    """RSS 2.0 `ttl`, which counts minutes, in seconds."""
    minutes = _whole_number(value)
    return minutes * 60 if minutes and minutes <= _LONGEST_TTL else None


def _update_seconds(feed: Mapping[str, Any]) -> int | None:
    """RSS 1.0's syndication module: the period divided by how often in it; once where no number is given."""
    period = _PERIODS.get((text_of(feed.get("sy_updateperiod")) or "").strip().lower())
    if not period:
        return None
    return max(1, period // (_whole_number(feed.get("sy_updatefrequency")) or 1))
