"""JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not read; cut documents included."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archiver.errors import ParseError
from archiver.model import (
    Category,
    Enclosure,
    EntryData,
    FeedData,
    Markup,
    ParsedFeed,
    ParseOptions,
    Person,
)
from archiver.parse.dates import read_date
from archiver.parse.reading import as_json
from archiver.parse.syndication_entry import absolute, published_link, text_of, web
from archiver.parse.syndication_feed import language_tag
from archiver.parse.titles import plain_text
from archiver.urls import redact

_BLANK = re.compile(r"[\s\ufeff]*+")
_VERSION = re.compile(r"https?://(?:www\.)?jsonfeed\.org/version/([0-9.]+)", re.I)
_LARGEST_LENGTH = 2**63 - 1


def _integer(digits: str) -> int | str:
    """Numbers beyond all sense stay text: turning them costs quadratic time."""
    return int(digits) if len(digits) <= 40 else digits


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)


@dataclass(slots=True)
class _Scanned:
    """The top-level object as far as it could be read."""

    values: dict[str, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Where each item begins and ends."""
    whole: bool = False


def read(text: str, *, charset: str, options: ParseOptions) -> ParsedFeed:
    """Read a JSON Feed. A document that was cut short yields the items before the cut and `partial`.

    Raises ParseError: `not_a_feed` for JSON of another kind or no JSON at all, `broken` where a JSON Feed was
    cut off before any item and any word about the feed.
    """
    where = redact(options.url) or "The document"
    scanned = _scan(text)
    version = _VERSION.match(text_of(scanned.values.get("version")) or "")
    if not version and not _looks_like_a_feed(scanned):
        raise ParseError(
            "not_a_feed", f"{where} is JSON, but not a JSON Feed: it has no version of jsonfeed.org."
        )
    if not scanned.whole and not scanned.items and not scanned.values.get("title"):
        raise ParseError("broken", f"{where} is a JSON Feed that was cut off before its first item.")
    feed = _feed(scanned.values, options.url)
    entries: list[EntryData] = []
    problems: list[str] = []
    if not scanned.whole:
        problems.append("The document is cut short; what stands after the last whole item was held back.")
    for number, item in enumerate(scanned.items, 1):
        if isinstance(item, dict) and item:
            entries.append(_entry(item, position=len(entries), feed=feed, url=options.url))
        else:
            problems.append(f"Item {number} is no object and was left out.")
    return ParsedFeed(
        feed=feed,
        entries=tuple(entries),
        format="json1" if version and version[1] in ("1", "1.0") else "json11",
        charset=charset,
        partial=not scanned.whole,
        problems=tuple(problems),
        sound=scanned.whole and not problems,
    )


def spans_of_items(text: str) -> list[tuple[int, int]]:
    """Where the items of a whole document begin and end; none for one that is cut short."""
    scanned = _scan(text)
    return scanned.spans if scanned.whole else []


def _looks_like_a_feed(scanned: _Scanned) -> bool:
    """Whether JSON without a version is a feed all the same: items with the fields of JSON Feed."""
    items = [item for item in scanned.items if isinstance(item, dict)]
    texts = ("content_html", "content_text", "date_published")
    return (
        bool(items)
        and all("id" in item or "url" in item for item in items)
        and any(name in item for item in items for name in texts)
    )


def _scan(text: str) -> _Scanned:
    """Read the top-level object member by member, and `items` one by one, as far as the text goes; linear."""
    scanned = _Scanned()
    at = _skip(text, 0)
    if not text.startswith("{", at):
        return scanned
    at = _skip(text, at + 1)
    try:
        while not text.startswith("}", at):
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
            if not isinstance(name, str) or not text.startswith(":", at):
                return scanned
            at = _skip(text, at + 1)
            if name == "items" and text.startswith("[", at):
                at = _scan_items(text, at + 1, scanned)
            else:
                scanned.values[name], at = _value(text, at)
            at = _skip(text, at)
            if text.startswith(",", at):
                at = _skip(text, at + 1)
            elif not text.startswith("}", at):
                return scanned
    except (ValueError, RecursionError):
        return scanned
    scanned.whole = True
    return scanned


def _value(text: str, at: int) -> tuple[Any, int]:
    """Read one value; a number or word at the very end of the text may be torn, so it counts as missing."""
    value, end = _DECODER.raw_decode(text, at)
    if end == len(text):
        raise ValueError("the text ends here")
    return value, end


def _scan_items(text: str, at: int, scanned: _Scanned) -> int:
    """Read the array of items; what was read stays in `scanned` when the rest raises ValueError."""
    at = _skip(text, at)
    while not text.startswith("]", at):
        begin = at
        item, at = _value(text, at)
        scanned.items.append(item)
        scanned.spans.append((begin, at))
        at = _skip(text, at)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
        elif not text.startswith("]", at):
            raise ValueError("neither a further item nor the end of the items")
    return at + 1


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _feed(values: Mapping[str, Any], url: str) -> FeedData:
    title, description = text_of(values.get("title")), text_of(values.get("description"))
    return FeedData(
        title=plain_text(title, is_html=False) if title else None,
        site_url=absolute(text_of(values.get("home_page_url")), base=url),
        description=plain_text(description, is_html=False) if description else None,
        language=language_tag(values.get("language")),
        authors=_authors(values),
        reading=as_json(values, without=("items",), shown=redact),
    )


def _entry(item: Mapping[str, Any], *, position: int, feed: FeedData, url: str) -> EntryData:
    """Map one item. `external_url`, what a link post points at, stands in for a missing `url`."""
    base = feed.site_url or url
    link = published_link(text_of(item.get("url")), base=base) or published_link(
        text_of(item.get("external_url")), base=base
    )
    title = text_of(item.get("title"))
    published, updated = _as_text(item.get("date_published")), _as_text(item.get("date_modified"))
    return EntryData(
        position=position,
        guid=_as_text(item.get("id")),
        url=link,
        title=plain_text(title, is_html=False) if title else None,
        authors=_authors(item),
        published_at=read_date(published) if published else None,
        published_raw=published,
        updated_at=read_date(updated) if updated else None,
        updated_raw=updated,
        summary=_markup(item.get("summary"), "text/plain"),
        content=_markup(item.get("content_html"), "text/html")
        or _markup(item.get("content_text"), "text/plain"),
        base_url=web(link or "") or feed.site_url or absolute(url, base=None),
        language=language_tag(item.get("language")),
        enclosures=tuple(_enclosures(item, base)),
        categories=tuple(_categories(item)),
        reading=as_json(item, without=("content_html", "content_text", "summary")),
    )


def _as_text(value: object) -> str | None:
    """An id or a date as text; version 1.0 tells readers to take numbers for the strings they should be."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return text_of(value)


def _markup(value: object, kind: str) -> Markup | None:
    return Markup(value=value, type=kind) if isinstance(value, str) and value.strip() else None


def _authors(values: Mapping[str, Any]) -> tuple[Person, ...]:
    """`authors` of 1.1, else the one `author` of 1.0."""
    listed = values.get("authors")
    if not isinstance(listed, list) or not listed:
        listed = [values.get("author")]
    people: dict[Person, None] = {}
    for author in listed:
        if isinstance(author, dict):
            name, url = text_of(author.get("name")), text_of(author.get("url"))
            if name or url:
                people[Person(name=name, url=url)] = None
    return tuple(people)


def _enclosures(item: Mapping[str, Any], base: str | None) -> Iterator[Enclosure]:
    attachments = item.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else ():
        if not isinstance(attachment, dict):
            continue
        url = absolute(text_of(attachment.get("url")), base=base)
        size = attachment.get("size_in_bytes")
        if url:
            known = isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= _LARGEST_LENGTH
            yield Enclosure(
                url=url, type=text_of(attachment.get("mime_type")), length=size if known else None
            )


def _categories(item: Mapping[str, Any]) -> Iterator[Category]:
    tags = item.get("tags")
    terms = [text_of(tag) for tag in tags] if isinstance(tags, list) else []
    for term in dict.fromkeys(term for term in terms if term):
        yield Category(term=term)
