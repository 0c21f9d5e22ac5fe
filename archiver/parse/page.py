"""A web page taken for itself: the one entry that a person asked for with the kind `page`."""

import json
import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PreformattedString
from bs4.exceptions import ParserRejectedMarkup

from archiver.errors import ParseError
from archiver.labels import language_of_label
from archiver.model import EntryData, FeedData, Markup, ParsedFeed, ParseOptions, Person
from archiver.parse.dates import read_date
from archiver.parse.text_blocks import fold_space
from archiver.urls import is_web, resolve

_NEVER_CONTENT = (
    "script",
    "style",
    "noscript",
    "template",
    "nav",
    "form",
    "footer",
    "aside",
    "button",
    "svg",
)
_TEXT_BLOCKS = ("p", "li", "blockquote", "pre", "h2", "h3", "td", "dd")
_MAIN_SHARE = 0.3
"""Of the page's text, what an `article` or `main` must hold to be believed."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}\Z")
_LONGEST_TITLE = 1000
_LONGEST_JSON = 200_000
_MOST_NODES = 2000


def read(text: str, *, charset: str, options: ParseOptions) -> ParsedFeed:
    """Read an HTML page as one entry: title, canonical address, date, author, and its main block as markup.

    Dates from `article:published_time`, JSON-LD `datePublished` or `time[datetime]`. Raises ParseError where
    the page holds neither title nor text.
    """
    soup = soup_of(text)
    metas = _metas(soup)
    base = _base(soup, options.url)
    titles = (metas.get("og:title"), _first_text(soup, "h1"), _first_text(soup, "title"))
    title = next((each for each in titles if each), None)
    linked = _linked_data(soup)
    date = _date(soup, metas, linked)
    author = metas.get("author") or linked.get("author")
    language = _language(soup, metas)
    url = _canonical(soup, base) or (options.url if is_web(options.url) else None)
    for never in soup.find_all(_NEVER_CONTENT):
        never.extract()
    main, lengths = _main_block(soup)
    if title is None and not lengths.get(id(main)):
        raise ParseError("not_a_feed", "The page has neither a title nor a text.")
    content = main.decode_contents().strip() if lengths.get(id(main)) else ""
    entry = EntryData(
        position=0,
        url=url,
        title=title,
        authors=(Person(name=author),) if author and not is_web(author) else (),
        published_at=read_date(date) if date else None,
        published_raw=date,
        content=Markup(value=content) if content else None,
        base_url=base or None,
        language=language_of_label(title or "") or language,
        reading=json.dumps({"title": title, "meta": metas}, ensure_ascii=False),
    )
    feed = FeedData(
        title=metas.get("og:site_name") or _first_text(soup, "title") or title,
        site_url=url,
        description=metas.get("og:description") or metas.get("description"),
        language=language,
        generator=metas.get("generator"),
    )
    return ParsedFeed(feed=feed, entries=(entry,), format="page", charset=charset)


def soup_of(text: str) -> BeautifulSoup:
    """Parse HTML, whatever it is. The doctype in front keeps bs4 from guessing at XML and file names."""
    document = f"<!DOCTYPE html>{text}".replace("\x00", "").encode("utf-8", "replace")
    try:
        return BeautifulSoup(document, "lxml", from_encoding="utf-8")
    except ParserRejectedMarkup as error:
        raise ParseError("broken", "The page cannot be read as HTML.") from error


def attribute(tag: Tag, name: str) -> str:
    """Return an attribute's value as trimmed text; empty where it is absent."""
    value = tag.get(name)
    return (" ".join(value) if isinstance(value, list) else value or "").strip()


def text_of(tag: Tag) -> str:
    """Return a short element's text, white space folded; what is far inside or too long is left out."""
    parts: list[str] = []
    room = _LONGEST_TITLE
    for count, node in enumerate(tag.descendants):
        if count > _MOST_NODES or room < 0:
            break
        if _is_text(node):
            part = str(node)[: room + 1]
            parts.append(part)
            room -= len(part)
    return fold_space("".join(parts))


def _is_text(node: object) -> bool:
    return isinstance(node, NavigableString) and not isinstance(node, PreformattedString)


def _first_text(soup: BeautifulSoup, name: str) -> str | None:
    for tag in soup.find_all(name, limit=5):
        if isinstance(tag, Tag) and (text := text_of(tag)):
            return text
    return None


def _metas(soup: BeautifulSoup) -> dict[str, str]:
    """The first value of each `meta` with a name or property."""
    metas: dict[str, str] = {}
    for tag in soup.find_all("meta", limit=200):
        name = (attribute(tag, "property") or attribute(tag, "name") or attribute(tag, "itemprop")).lower()
        value = fold_space(attribute(tag, "content"))
        if name and value:
            metas.setdefault(name[:100], value[:_LONGEST_TITLE])
    return metas


def _base(soup: BeautifulSoup, url: str) -> str:
    tag = soup.find("base", href=True)
    base = resolve(url, attribute(tag, "href")) if isinstance(tag, Tag) else None
    return base if base and is_web(base) else url


def _canonical(soup: BeautifulSoup, base: str) -> str | None:
    for tag in soup.find_all("link", rel="canonical", limit=3):
        url = resolve(base, attribute(tag, "href"))
        if url and is_web(url):
            return url
    return None


def _language(soup: BeautifulSoup, metas: dict[str, str]) -> str | None:
    tag = soup.find("html")
    declared = attribute(tag, "lang") or attribute(tag, "xml:lang") if isinstance(tag, Tag) else ""
    for value in (declared, metas.get("og:locale", "")):
        if _LANGUAGE.match(value):
            return value.replace("_", "-")
    return None


def _date(soup: BeautifulSoup, metas: dict[str, str], linked: dict[str, str]) -> str | None:
    """The first date that can be read; else the page's own words for one."""
    times = [attribute(tag, "datetime") for tag in soup.find_all("time", datetime=True, limit=10)]
    words = [
        metas.get("article:published_time"),
        linked.get("datePublished"),
        metas.get("datepublished"),
        metas.get("dc.date"),
        metas.get("date"),
        *times,
    ]
    said = [word for word in words if word]
    return next((word for word in said if read_date(word)), said[0] if said else None)


def _linked_data(soup: BeautifulSoup) -> dict[str, str]:
    """Date and author of the first JSON-LD object (schema.org) that has a date of publication."""
    for tag in soup.find_all("script", type="application/ld+json", limit=10):
        source = tag.string or ""
        try:
            data = json.loads(source) if len(source) <= _LONGEST_JSON else None
        except (ValueError, RecursionError):
            continue
        for item in _objects(data):
            if isinstance(date := item.get("datePublished"), str):
                found = {"datePublished": date.strip()[:100]}
                author = item.get("author")
                author = author[0] if isinstance(author, list) and author else author
                name = author.get("name") if isinstance(author, dict) else author
                return found | (
                    {"author": fold_space(name)[:200]} if isinstance(name, str) and name.strip() else {}
                )
    return {}


def _objects(data: object) -> Iterator[dict[str, object]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            if isinstance(graph, list):
                yield from (each for each in graph if isinstance(each, dict))


def _main_block(soup: BeautifulSoup) -> tuple[Tag, dict[int, int]]:
    """The element that holds the page's text, and the length of the text outside links in each element."""
    body = soup.find("body")
    root = body if isinstance(body, Tag) else soup
    lengths = _text_lengths(root)
    whole = lengths.get(id(root), 0)
    for names in (("article",), ("main",)):
        found = [tag for tag in root.find_all(names) if isinstance(tag, Tag)]
        best = max(found, key=lambda tag: lengths.get(id(tag), 0), default=None)
        if best is not None and lengths.get(id(best), 0) >= max(1, whole * _MAIN_SHARE):
            return best, lengths
    scores: dict[int, float] = {}
    holders: dict[int, Tag] = {}
    for block in root.find_all(_TEXT_BLOCKS):
        parent, share = block.parent, 1.0
        for _ in range(2):
            if parent is None or not isinstance(parent, Tag):
                break
            scores[id(parent)] = scores.get(id(parent), 0) + lengths.get(id(block), 0) * share
            holders[id(parent)] = parent
            if parent is root:
                break
            parent, share = parent.parent, 0.5
    best_id = max(scores, key=lambda key: scores[key], default=None)
    if best_id is None or scores[best_id] < whole * _MAIN_SHARE:
        return root, lengths
    return holders[best_id], lengths


def _text_lengths(root: Tag) -> dict[int, int]:
    """Add up from the last element to the first, so that deep trees cost no more than flat ones."""
    lengths: dict[int, int] = {}
    tags = [root]
    for node in root.descendants:
        if isinstance(node, Tag):
            tags.append(node)
        elif _is_text(node) and node.parent is not None:
            lengths[id(node.parent)] = lengths.get(id(node.parent), 0) + len(fold_space(str(node)))
    for tag in reversed(tags):
        if tag is not root and tag.parent is not None and tag.name != "a":
            parent = id(tag.parent)
            lengths[parent] = lengths.get(parent, 0) + lengths.get(id(tag), 0)
    return lengths
