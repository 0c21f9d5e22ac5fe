"""One entry of a syndication document: feedparser's reading to EntryData, nothing invented."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver.model import Category, Enclosure, EntryData, Markup, Person
from archiver.parse.dates import read_date
from archiver.parse.reading import as_json
from archiver.parse.titles import plain_text
from archiver.urls import resolve

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_ABSOLUTE = re.compile(r"https?://[^\s<>\"]+", re.I)
_ON_THE_WEB = re.compile(r"https?://\S", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ALTERNATE = ("alternate", "http://www.iana.org/assignments/relation/alternate")
"""RFC 4287, 4.2.7.2: the registered name and its address mean the same."""
_NAMED_ZONE = re.compile(r"[A-Za-z]/[A-Za-z]")
_NO_LINKS = ("javascript:", "vbscript:", "data:", "file:")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LARGEST_LENGTH = 2**63 - 1
_ADDRESS = re.compile(r"[^\s<>()@,;\"]{1,64}@[^\s<>()@,;\"]{1,255}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an entry inherits from its document."""

    url: str = ""
    site_url: str | None = None
    feed_language: str | None = None
    dates_are_atom: bool = False
    """In Atom `updated` means a change; in RSS it is `dc:date`, which is when the entry was published."""
    declares_html: bool = False
    """A text that is called HTML was called so by its publisher (Atom), not by feedparser's guess (RSS)."""


def read_entry(entry: Mapping[str, Any], *, position: int, context: Context) -> EntryData:
    """Map one entry; `entry` is feedparser's dict without its aliases, as `dict(…)` leaves it."""
    guid = text_of(entry.get("id"))
    base = context.site_url or web(context.url)
    url = _url(entry, guid, base)
    summary, content = _texts(entry)
    published, updated = _dates(entry, context)
    return EntryData(
        position=position,
        guid=guid,
        url=url,
        title=fold(entry, "title", declared=context.declares_html),
        authors=people(entry),
        published_at=published[0],
        published_raw=published[1],
        updated_at=updated[0],
        updated_raw=updated[1],
        summary=summary,
        content=content,
        base_url=_base(entry) or web(url or "") or base,
        language=_language(entry, context.feed_language),
        enclosures=tuple(_enclosures(entry, base)),
        categories=tuple(_categories(entry)),
        reading=as_json(entry, without=("summary", "content", "summary_detail")),
    )


def text_of(value: object) -> str | None:
    """The trimmed text of a value, None where it is none or empty."""
    return (value.strip() or None) if isinstance(value, str) else None


def fold(element: Mapping[str, Any], key: str, *, declared: bool) -> str | None:
    """An element's text construct as one line of plain text; `declared` as in Context.declares_html."""
    value = text_of(element.get(key))
    if not value:
        return None
    is_html = _detail(element, f"{key}_detail").get("type") in _HTML_TYPES
    return plain_text(value, is_html=is_html, declared=declared)


def absolute(link: str | None, *, base: str | None) -> str | None:
    """A link as an absolute URL, as published where it is one; None where it cannot be, or is a script.

    Line breaks and control characters within it go, as browsers have it; blanks stay.
    """
    link = text_of(_CONTROLS.sub("", link)) if link else None
    if not link or _ON_THE_WEB.match(link):
        return link
    resolved = resolve(base if base and web(base) else None, link)
    return None if resolved is None or resolved.lower().startswith(_NO_LINKS) else resolved


def published_link(link: str | None, *, base: str | None) -> str | None:
    """An entry's link, absolute; as published where it is relative and nothing says what to."""
    found = absolute(link, base=base)
    if found or (base and web(base)):
        return found
    link = text_of(_CONTROLS.sub("", link)) if link else None
    return None if not link or _SCHEME.match(link) else link


def people(element: Mapping[str, Any]) -> tuple[Person, ...]:
    """All authors, in the order of the document, each once."""
    found: dict[Person, None] = {}
    authors = list(_dicts(element.get("authors")))
    written = text_of(element.get("author"))
    if len(authors) == 1 and written and (mailbox := _mailbox(written)):
        # feedparser knows no top-level domain of more than four letters, and tears such addresses.
        return (Person(name=mailbox.name, email=mailbox.email, url=text_of(authors[0].get("href"))),)
    for author in authors:
        person = _person(author)
        if person:
            found[person] = None
    alone = _person(_detail(element, "author_detail")) or _named(text_of(element.get("author")))
    if not found and alone:
        found[alone] = None
    return tuple(found)


def _mailbox(text: str) -> Person | None:
    """`joe@site.example (Joe)`, `Joe <joe@site.example>`, or the address alone (RSS 2.0, `author`)."""
    address = _ADDRESS.search(text[:500])
    if address is None:
        return None
    rest = f"{text[: address.start()]} {text[address.end() : 500]}"
    return Person(name=" ".join(rest.split()).strip(" <>()\"',") or None, email=address[0])


def _person(author: Mapping[str, Any]) -> Person | None:
    name, email, url = (text_of(author.get(key)) for key in ("name", "email", "href"))
    name = " ".join(name.split()) if name else None
    return Person(name=name, email=email, url=url) if name or email or url else None


def _named(name: str | None) -> Person | None:
    return Person(name=" ".join(name.split())) if name else None


def web(url: str) -> str | None:
    """The address if it is one of the web, that may serve as a base."""
    return url if url.lower().startswith(("http://", "https://")) else None


def _detail(element: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = element.get(key)
    return dict(value) if isinstance(value, Mapping) else {}


def _dicts(value: object) -> Iterator[Mapping[str, Any]]:
    for part in value if isinstance(value, list) else ():
        if isinstance(part, Mapping):
            yield dict(part)


def _url(entry: Mapping[str, Any], guid: str | None, base: str | None) -> str | None:
    """The entry's link; a guid stands in only where it is a URL (RSS 2.0, `isPermaLink`).

    A relative link stays relative where nothing says what it is relative to.
    """
    link = text_of(entry.get("link"))
    alternates = [
        href
        for candidate in _dicts(entry.get("links"))
        if candidate.get("rel", "alternate") in _ALTERNATE and (href := text_of(candidate.get("href")))
    ]
    if link is None or (link == guid and link not in alternates):
        if link and _ABSOLUTE.fullmatch(link):
            return link
        link = alternates[0] if alternates else None
    return published_link(link, base=base)


def _dates(
    entry: Mapping[str, Any], context: Context
) -> tuple[tuple[datetime | None, str | None], tuple[datetime | None, str | None]]:
    published = _date(entry, "published", context)
    updated = _date(entry, "updated", context)
    if published[1] is None:
        published = _date(entry, "created", context)
    if context.dates_are_atom:
        return published, updated
    if published[1] is None or (published[0] is None and updated[0] is not None):
        return updated, (None, None)
    return published, (None, None) if updated[0] == published[0] else updated


def _date(entry: Mapping[str, Any], key: str, context: Context) -> tuple[datetime | None, str | None]:
    raw = text_of(entry.get(key))
    if raw is None:
        return None, None
    read = read_date(raw, language=context.feed_language) or _feedparsers_date(
        entry.get(f"{key}_parsed"), raw
    )
    return read, raw


def _feedparsers_date(parsed: object, raw: str) -> datetime | None:
    """Take feedparser's reading (it knows Greek, Hungarian, Korean) where the words say year, month and day.

    It rolls 30 February over to March and reads `2026-02` as its first day, neither of which was said.
    """
    if not isinstance(parsed, time.struct_time) or not 1990 <= parsed.tm_year <= 2100:
        return None
    if _NAMED_ZONE.search(raw[:100]):  # it would take the name of an unknown zone for UTC
        return None
    numbers = [int(digits) for digits in re.findall(r"[0-9]+", raw[:100]) if len(digits) <= 4]
    if parsed.tm_year not in numbers:
        return None
    numbers.remove(parsed.tm_year)
    if parsed.tm_mon in numbers:
        numbers.remove(parsed.tm_mon)
    elif raw.isascii() and _MONTHS[parsed.tm_mon - 1] not in raw.lower():
        return None
    if not {parsed.tm_mday - 1, parsed.tm_mday, parsed.tm_mday + 1} & set(numbers):
        return None
    try:
        return datetime(*parsed[:6], tzinfo=UTC)
    except (ValueError, TypeError):
        return None


def _markup(detail: Mapping[str, Any]) -> Markup | None:
    value = detail.get("value")
    if not isinstance(value, str) or not value.strip():
        return None
    kind = detail.get("type") or "text/html"
    if kind in _HTML_TYPES:
        return Markup(value=value, type="text/html")
    return Markup(value=value, type="text/plain") if kind == "text/plain" else None


def _texts(entry: Mapping[str, Any]) -> tuple[Markup | None, Markup | None]:
    """Summary and content, each as published; a content that only repeats the summary is none.

    Where the summary has no detail, feedparser copied it from the content.
    """
    contents = [found for detail in _dicts(entry.get("content")) if (found := _markup(detail))]
    content = max(contents, key=lambda text: (text.type == "text/html", len(text.value)), default=None)
    detail = _detail(entry, "summary_detail")
    value = entry.get("summary")
    summary = None
    if isinstance(value, str) and (detail or not contents):
        summary = _markup({"type": detail.get("type") or "text/html", "value": value})
    if summary and content and summary.value == content.value:
        content = None
    return summary, content


def _base(entry: Mapping[str, Any]) -> str | None:
    """The xml:base of the entry's texts, where it is absolute."""
    for detail in (*_dicts(entry.get("content")), _detail(entry, "summary_detail")):
        base = web(text_of(detail.get("base")) or "")
        if base:
            return base
    return None


def _language(entry: Mapping[str, Any], feed_language: str | None) -> str | None:
    """The language that the entry declares; the feed's, which feedparser hands down, says nothing new."""
    inherited = (feed_language or "").lower()
    details = (
        *_dicts(entry.get("content")),
        _detail(entry, "summary_detail"),
        _detail(entry, "title_detail"),
    )
    for value in (entry.get("language"), *(detail.get("language") for detail in details)):
        tag = (text_of(value) or "").replace("_", "-")
        if _LANGUAGE.fullmatch(tag) and (value is entry.get("language") or tag.lower() != inherited):
            return tag
    return None


def _enclosures(entry: Mapping[str, Any], base: str | None) -> Iterator[Enclosure]:
    seen: set[str] = set()
    links = [link for link in _dicts(entry.get("links")) if link.get("rel") == "enclosure"]
    for link in (*links, *_dicts(entry.get("media_content"))):
        url = absolute(text_of(link.get("href")) or text_of(link.get("url")), base=base)
        if url and url not in seen:
            seen.add(url)
            length = _length(link.get("length") or link.get("filesize"))
            yield Enclosure(url=url, type=text_of(link.get("type")), length=length)


def _length(value: object) -> int | None:
    text = (text_of(value) or "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= 19):
        return None
    return length if (length := int(text)) <= _LARGEST_LENGTH else None


def _categories(entry: Mapping[str, Any]) -> Iterator[Category]:
    seen: set[Category] = set()
    for tag in _dicts(entry.get("tags")):
        term, scheme, label = (text_of(tag.get(key)) for key in ("term", "scheme", "label"))
        category = Category(term=term or label or "", scheme=scheme, label=label)
        if category.term and category not in seen:
            seen.add(category)
            yield category
