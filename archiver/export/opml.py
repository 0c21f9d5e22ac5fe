"""Lists of feeds as OPML (1.0 and 2.0), in and out; folders are tags.

A list comes from a stranger as often as not: only web addresses are taken from it, never `file:` ones.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from lxml import etree

from archiver import urls
from archiver.errors import ConfigError

MAX_BYTES = 20 * 2**20
MAX_DEPTH = 64
MAX_OUTLINES = 20_000
_LONGEST_SHOWN = 120
_BARE_AMPERSAND = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """A feed as a list has it."""

    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlReading:
    """What a list holds: each address once, with the tags of all its places."""

    feeds: tuple[OpmlFeed, ...]
    problems: tuple[str, ...] = ()
    """One sentence each: what was left out, and why."""


def read_opml(data: bytes) -> OpmlReading:
    """Read a list of feeds. The titles of all folders around a feed are its tags, and so are its categories.

    Small faults of the XML are mended and named. Raises ConfigError where this is no OPML, or is larger than
    20 MiB, 64 folders deep, or 20,000 outlines long.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(f"the OPML file is larger than {MAX_BYTES // 2**20} MiB; split it")
    target = _Target()
    # There are no entities to resolve: the target stops at a DOCTYPE, before anything could refer to one.
    # With resolve_entities=False libxml2 hands `&amp;` over as `&#38;`.
    parser = etree.XMLParser(
        target=target,
        resolve_entities="internal",
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
    )
    try:
        parser.feed(_mended(data))
        parser.close()
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ConfigError("this is not OPML: it is not XML") from error
    if not target.is_opml:
        raise ConfigError("this is not OPML: the root of the document must be <opml>")
    problems = list(target.problems)
    if len(parser.feed_error_log):
        line = parser.feed_error_log[0].line
        problems.insert(0, f"line {line} is not proper XML; feeds after it may be missing")
    feeds = (
        OpmlFeed(url=url, title=found.title, tags=tuple(found.tags)) for url, found in target.feeds.items()
    )
    return OpmlReading(feeds=tuple(feeds), problems=tuple(problems))


def _mended(data: bytes) -> bytes:
    """Escape the ampersands that programs forget in addresses: libxml2 would drop them, and what follows."""
    data = data.lstrip()
    return data if b"\0" in data[:4] else _BARE_AMPERSAND.sub(b"&amp;", data)


@dataclass(slots=True)
class _Found:
    title: str | None
    tags: dict[str, None] = field(default_factory=dict)


class _Target:
    """Takes the elements as they are read: no tree is built, and nothing is called from within itself."""

    def __init__(self) -> None:
        self.is_opml = False
        self.feeds: dict[str, _Found] = {}
        self.problems: list[str] = []
        self._folders: list[str | None] = []
        self._outlines = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2].lower()
        if not self._folders:
            self.is_opml = self.is_opml or name == "opml"
        if len(self._folders) > MAX_DEPTH:
            raise ConfigError(f"the OPML file has folders more than {MAX_DEPTH} deep")
        values = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
        is_feed = name == "outline" and bool(values.get("xmlurl"))
        if name == "outline":
            self._outlines += 1
            if self._outlines > MAX_OUTLINES:
                raise ConfigError(f"the OPML file lists more than {MAX_OUTLINES:,} outlines; split it")
        if is_feed and self.is_opml:
            self._feed(values)
        is_folder = name == "outline" and not is_feed
        self._folders.append((values.get("title") or values.get("text")) if is_folder else None)

    def end(self, tag: str) -> None:
        if self._folders:
            self._folders.pop()

    def data(self, text: str) -> None:
        """Text between the outlines means nothing."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise ConfigError("this OPML file has a DOCTYPE, which no list of feeds needs; take it out")

    def close(self) -> None:
        """Nothing is built, so nothing is returned."""

    def _feed(self, values: Mapping[str, str]) -> None:
        url = values["xmlurl"]
        if not url.lower().startswith(("http:", "https:")) or not urls.is_web(url):
            shown = url if len(url) <= _LONGEST_SHOWN else url[: _LONGEST_SHOWN - 1] + "…"
            self.problems.append(f"{urls.redact(shown)} is left out: only http and https addresses are taken")
            return
        found = self.feeds.setdefault(url, _Found(None))
        # A text that only repeats the address is what lists without titles have to write.
        text = values.get("text") if values.get("text") != url else None
        found.title = found.title or values.get("title") or text or None
        found.tags.update((folder, None) for folder in self._folders if folder)
        for category in values.get("category", "").replace("/", ",").split(","):
            if tag := category.strip():
                found.tags[tag] = None


def write_opml(feeds: Iterable[OpmlFeed], title: str, created: datetime) -> bytes:
    """Write a list as OPML 2.0: a folder for each feed's first tag, its other tags as categories.

    Left out are `file:` sources, which are of no use elsewhere, and logins, which are nobody else's business.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _text(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(created.astimezone(UTC), usegmt=True)
    body = etree.SubElement(root, "body")
    folders: dict[tuple[str, ...], etree._Element] = {(): body}
    for feed in feeds:
        if not urls.is_web(feed.url):
            continue
        tags = list(dict.fromkeys(tag for raw in feed.tags if (tag := _text(raw))))
        # A comma or a slash would cut a category in two, so such a tag becomes a folder as well.
        path = tuple(tags[:1]) + tuple(tag for tag in tags[1:] if "," in tag or "/" in tag)
        for depth in range(1, len(path) + 1):
            if path[:depth] not in folders:
                name = path[depth - 1]
                folders[path[:depth]] = etree.SubElement(
                    folders[path[: depth - 1]], "outline", text=name, title=name
                )
        url = urls.redact(_text(feed.url))
        outline = etree.SubElement(folders[path], "outline", type="rss", text=_text(feed.title or "") or url)
        if feed.title and _text(feed.title):
            outline.set("title", _text(feed.title))
        outline.set("xmlUrl", url)
        if categories := [tag for tag in tags if tag not in path]:
            outline.set("category", ",".join(categories))
    document: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return document


def _text(value: str) -> str:
    """White space folded, and without what XML 1.0 cannot hold (2.2)."""
    return " ".join("".join(c for c in value if _is_xml(ord(c))).split())


def _is_xml(code: int) -> bool:
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
