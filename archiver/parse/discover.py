"""Feed discovery: the feeds that a web page names, and the addresses where feeds usually stand."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bs4 import Tag

from archiver.errors import ParseError
from archiver.parse.page import attribute, soup_of, text_of
from archiver.urls import is_web, resolve

_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/rss",
        "application/atom",
        "application/xml",
        "application/json",
        "text/xml",
        "text/rss+xml",
        "text/rss",
        "application/x.atom+xml",
        "application/x-rss+xml",
    }
)
_NO_FEEDS = re.compile(r"/wp-json(?:/|\Z)|/oembed\b|/xmlrpc\.php|/wlwmanifest|/opensearch|/sitemap", re.I)
_FEED_PATH = re.compile(
    r"/(?:feeds?|rss2?|atom|rdf|flux|rss-feed)(?:/(?:rss2?|atom|rdf)?)?\Z"
    r"|/(?:feed|rss2?|atom|index|posts|news|all|blog|latest)\.(?:xml|rss|atom|rdf|json)\Z|\.(?:rss|atom|rdf)\Z",
    re.I,
)
_FEED_QUERY = re.compile(
    r"(?:\A|&)(?:feed=\w{3,20}|format=(?:feed|rss|atom)|type=(?:rss|atom)|alt=rss|output=rss)\b", re.I
)
_FEED_HOSTS = ("feeds.feedburner.com", "feeds2.feedburner.com", "feedproxy.google.com")
_COMMENTS = re.compile(
    r"/comments?/|comments?[./-](?:feed|rss|atom)|\bcomments?\b|kommentar|комментари", re.I
)
_USUAL = ("feed/", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "?feed=rss2")
_MOST = 100
_LONGEST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFeed:
    """A feed that a page names; `type` is the media type it claims, if any."""

    url: str
    title: str | None = None
    type: str | None = None


def feed_links(text: str, base_url: str) -> tuple[FoundFeed, ...]:
    """Return the feeds that an HTML page names: autodiscovery links, then anchors, feeds of comments last.

    Follows `link rel=alternate` as the RSS and Atom autodiscovery conventions and HTML (4.6.7.2) have it.
    Addresses are absolute http(s) ones, each once.
    """
    try:
        soup = soup_of(text)
    except ParseError:
        return ()
    base_tag = soup.find("base", href=True)
    base = resolve(base_url, attribute(base_tag, "href")) if isinstance(base_tag, Tag) else None
    base = base if base and is_web(base) else base_url
    found: dict[str, FoundFeed] = {}
    for tag in soup.find_all("link", href=True):
        if len(found) < _MOST and (feed := _linked(tag, base)):
            found.setdefault(feed.url, feed)
    for tag in soup.find_all("a", href=True):
        if len(found) < _MOST and (feed := _anchored(tag, base)):
            found.setdefault(feed.url, feed)
    return tuple(sorted(found.values(), key=_is_about_comments))


def well_known(url: str) -> tuple[str, ...]:
    """Return the addresses where a site's feed usually stands: in the page's own folder, then at the root."""
    if not is_web(url):
        return ()
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    path = parts.path.lstrip("/")
    last = path.rpartition("/")[2]
    own = f"{root}{path}" if path.endswith("/") or not path else f"{root}{path}/"
    if "." in last:
        own = root + path[: len(path) - len(last)]
    folders = dict.fromkeys((own, root))
    return tuple(dict.fromkeys(folder + name for folder in folders for name in _USUAL))


def _linked(tag: Tag, base: str) -> FoundFeed | None:
    relations = attribute(tag, "rel").lower().split()
    media = attribute(tag, "type").lower().partition(";")[0].strip()
    if not ("alternate" in relations or "feed" in relations) or "stylesheet" in relations:
        return None
    if media not in _FEED_TYPES and not ("feed" in relations and not media):
        return None
    url = _address(tag, base)
    return FoundFeed(url=url, title=attribute(tag, "title") or None, type=media or None) if url else None


def _anchored(tag: Tag, base: str) -> FoundFeed | None:
    href = attribute(tag, "href")
    if len(href) > _LONGEST or not (url := _address(tag, base)):
        return None
    parts = urlsplit(url)
    media = attribute(tag, "type").lower().partition(";")[0].strip()
    claims = media in _FEED_TYPES and media not in ("application/json", "application/xml", "text/xml")
    if (
        claims
        or _FEED_PATH.search(parts.path)
        or _FEED_QUERY.search(parts.query)
        or parts.hostname in _FEED_HOSTS
    ):
        return FoundFeed(url=url, title=attribute(tag, "title") or text_of(tag) or None, type=media or None)
    return None


def _address(tag: Tag, base: str) -> str | None:
    href = attribute(tag, "href")
    if href.lower().startswith("feed:"):
        rest = href[len("feed:") :]
        href = rest if "://" in rest else f"https:{rest}"
    url = resolve(base, href)
    if url is None or not is_web(url) or _NO_FEEDS.search(url):
        return None
    return url.partition("#")[0]


def _is_about_comments(feed: FoundFeed) -> bool:
    return _COMMENTS.search(f"{feed.url} {feed.title or ''}") is not None
