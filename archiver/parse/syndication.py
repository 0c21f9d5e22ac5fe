"""RSS, RDF, Atom and CDF documents, read by feedparser: the only import of it, beside `strict`.

text -> markup.mend -> shape.read_shape -> feedparser, strictly -> entries -> EntryData
                              `-> entry by entry, where the whole cannot be read strictly
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax import SAXException

import feedparser

from archiver.errors import ParseError
from archiver.model import EntryData, FeedData, ParsedFeed, ParseOptions
from archiver.parse.markup import mend, prolog
from archiver.parse.shape import Shape, core_only, local_name, read_shape
from archiver.parse.strict import read_strictly
from archiver.parse.syndication_entry import Context, read_entry
from archiver.parse.syndication_feed import read_feed_data
from archiver.urls import redact

_FAMILIES = {"rss": "rss", "rdf": "rss", "feed": "atom", "channel": "cdf"}
_VERSIONS = {"rss091n": "rss091", "rss091u": "rss091", "rss": "rss20", "atom": "atom10", "atom01": "atom03",
             "atom02": "atom03"}  # fmt: skip
_MOST_SINGLE_ENTRIES = 2000
"""Beyond it a broken document is read as a whole only: each entry alone costs a parser of its own."""

_HEADERS = {"content-type": "application/xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What feedparser made of a document."""

    feed: Mapping[str, Any]
    entries: list[Mapping[str, Any]]
    version: str
    strict: bool
    problems: tuple[str, ...] = ()
    singly: bool = False
    """Entry by entry."""


def read(text: str, *, charset: str, options: ParseOptions, start: int = 0) -> ParsedFeed:
    """Read a feed whose root element begins at `start`.

    A document that was cut short yields the entries before the cut and `partial`. An entry that cannot be
    read is left out with a problem of its own.

    Raises ParseError: `broken` where neither the feed's own elements nor any entry could be read.
    """
    source = mend(text[start:], prolog(text[:start]).entities)
    shape = read_shape(source)
    if not shape.readable:
        raise ParseError(
            "broken", f"{redact(options.url) or 'The document'} was cut off before anything of the feed came."
        )
    reading = _read_whole(shape)
    root = local_name(shape.root)
    version = _format(reading.version, root, source)
    declares_html = version.startswith("atom")
    feed = read_feed_data(reading.feed, url=options.url, declares_html=declares_html)
    context = Context(
        url=options.url,
        site_url=feed.site_url,
        feed_language=feed.language,
        dates_are_atom=version.startswith(("atom", "cdf")),
        declares_html=declares_html,
    )
    entries, left_out = _entries(reading.entries, context)
    problems = (*_told(shape), *reading.problems, *left_out)
    if not entries and not _says_anything(feed) and not reading.strict:
        raise ParseError(
            "broken",
            f"{redact(options.url) or 'The document'} looks like a feed, but nothing in it could be read.",
        )
    return ParsedFeed(
        feed=feed,
        entries=entries,
        format=version,
        charset=charset,
        partial=shape.torn,
        problems=tuple(problems),
        sound=_is_sound(reading, source, text, start) and not (shape.torn or left_out),
    )


def _is_sound(reading: _Reading, mended: str, text: str, start: int) -> bool:
    """Whether all was read strictly and at once, with no prefix declared on the root for an entry's sake."""
    root = mended[: mended.find(">") + 1]
    return reading.strict and not reading.singly and text.startswith(root, start)


def _told(shape: Shape) -> tuple[str, ...]:
    """The problems that the document's shape shows."""
    problems = []
    if shape.torn:
        problems.append("The document is cut short; what stands after the last whole entry was held back.")
    if shape.junk:
        problems.append("Something that is no part of the feed stood after its end and was left out.")
    return tuple(problems)


def _says_anything(feed: FeedData) -> bool:
    return bool(feed.title or feed.site_url or feed.description)


def _parse(source: str) -> _Reading:
    """Give feedparser clean UTF-8 in a stream, and no address: it would resolve guids against it."""
    data = source.encode("utf-8", "replace")
    try:
        feed, entries, version = read_strictly(data)
        strict = True
    except SAXException:
        parsed = feedparser.parse(
            io.BytesIO(data), response_headers=_HEADERS, sanitize_html=False, resolve_relative_uris=False
        )
        feed, entries, version = parsed["feed"], parsed["entries"], parsed["version"]
        strict = not parsed["bozo"]
    return _Reading(_plain(feed), [_plain(entry) for entry in entries], str(version), strict)


def _plain(value: Any) -> Any:  # noqa: ANN401 - what feedparser builds is as free as JSON
    """Turn feedparser's dicts, whose aliases warn and guess, into ordinary ones."""
    if isinstance(value, dict):
        return {str(key): _plain(dict.__getitem__(value, key)) for key in value}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _try(source: str) -> _Reading | None:
    try:
        return _parse(source)
    except Exception:  # feedparser lets out whatever its readers of extensions raise
        return None


def _read_whole(shape: Shape) -> _Reading:
    """Read the document at once; where it is no sound XML, entry by entry, so that none costs another."""
    whole = _try(shape.whole)
    if whole and (whole.strict or len(shape.entries) < 2 or len(shape.entries) > _MOST_SINGLE_ENTRIES):
        return whole
    singly = _read_singly(shape)
    if whole and len(whole.entries) > len(singly.entries):
        return whole
    return singly


def _read_singly(shape: Shape) -> _Reading:
    opening, closing = shape.wrapping
    head = _try(shape.head) or _try(opening + closing)
    entries: list[Mapping[str, Any]] = []
    problems = []
    for number, entry in enumerate(shape.entries[:_MOST_SINGLE_ENTRIES], 1):
        reading = _try(opening + entry + closing)
        if not reading:  # an extension stalled feedparser; what every entry has is worth more
            reading = _try(opening + core_only(entry) + closing)
            problems.append(f"Entry {number} was read without its extensions, which are broken.")
        if reading and reading.entries:
            entries.extend(reading.entries)
        else:
            problems.append(f"Entry {number} could not be read and was left out.")
    return _Reading(
        head.feed if head else {},
        entries,
        head.version if head else "",
        bool(head and head.strict),
        tuple(problems),
        singly=True,
    )


def _entries(found: list[Mapping[str, Any]], context: Context) -> tuple[tuple[EntryData, ...], list[str]]:
    entries: list[EntryData] = []
    problems: list[str] = []
    for number, entry in enumerate(found, 1):
        try:
            entries.append(read_entry(entry, position=len(entries), context=context))
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            problems.append(f"Entry {number} could not be read and was left out ({type(error).__name__}).")
    return tuple(entries), problems


def _format(version: str, root: str, source: str) -> str:
    """The format's name; the root element decides where feedparser went by a namespace in passing."""
    version = _VERSIONS.get(version, version)
    family = _FAMILIES.get(root, "rss")
    if version.startswith(family):
        return version
    if family == "cdf":
        return "cdf"
    if family == "atom":
        return "atom10"
    if root == "rdf":
        return "rss090" if "netscape.com/rdf" in source[:5000] else "rss10"
    return "rss20"
