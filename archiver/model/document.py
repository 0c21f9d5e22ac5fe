"""What a document said, and what we made of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """What a person told us about a feed's documents; empty values mean "find out"."""

    charset: str | None = None
    """Overrides every declaration."""
    kind: str | None = None
    """One of KINDS; forces the reader. `page` takes a web page itself for the one entry."""
    url: str = ""
    """The document's address, for messages and for relative links."""
    content_type: str | None = None
    """The Content-Type header field, for its charset."""


KINDS = ("syndication", "json", "text", "page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author: at least one of the three is set."""

    name: str | None = None
    email: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A text construct as published; `type` is a media type: text/plain or text/html."""

    value: str
    type: str = "text/html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file that comes with an entry (RSS 2.0 `enclosure`, Atom `rel=enclosure`, JSON attachment)."""

    url: str
    type: str | None = None
    length: int | None = None
    """Bytes, as the feed claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A subject that the publisher gave an entry."""

    term: str
    scheme: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryData:
    """One entry as its document has it; nothing cleaned, nothing invented."""

    position: int
    """0 for the first entry of the document."""
    guid: str | None = None
    """The feed's own id, verbatim but trimmed (`guid`, `atom:id`, `rdf:about`, JSON `id`)."""
    url: str | None = None
    """Absolute where the document gives a base; fragment and parameters untouched."""
    title: str | None = None
    """Plain text: markup taken off, references resolved, white space folded."""
    authors: tuple[Person, ...] = ()
    published_at: datetime | None = None
    published_raw: str | None = None
    """The feed's own words for the date, kept also when they cannot be read."""
    updated_at: datetime | None = None
    updated_raw: str | None = None
    summary: Markup | None = None
    content: Markup | None = None
    base_url: str | None = None
    """What relative links in the texts are relative to: xml:base, else the entry's or the feed's link."""
    language: str | None = None
    """Declared: xml:lang, dc:language, JSON `language`, or a label such as [English] in the title."""
    enclosures: tuple[Enclosure, ...] = ()
    categories: tuple[Category, ...] = ()
    reading: str = "{}"
    """The parser's full reading as JSON text, without summary and content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedData:
    """What the document says of the feed itself."""

    title: str | None = None
    site_url: str | None = None
    description: str | None = None
    language: str | None = None
    authors: tuple[Person, ...] = ()
    generator: str | None = None
    updated_at: datetime | None = None
    """`lastBuildDate`, `atom:updated`."""
    ttl_seconds: int | None = None
    """RSS `ttl`, in seconds."""
    update_seconds: int | None = None
    """`sy:updatePeriod` divided by `sy:updateFrequency`, in seconds."""
    reading: str = "{}"
    """The parser's full reading of the feed's own elements as JSON text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A document that was understood."""

    feed: FeedData
    entries: tuple[EntryData, ...]
    format: str
    """rss090 … rss20, rss10, atom03, atom10, cdf, json1, json11, text-feed, text-listing, text-page, page."""
    charset: str
    """What the bytes were decoded with."""
    partial: bool = False
    """The document is cut short: entries before the cut are here, the torn one is not."""
    problems: tuple[str, ...] = ()
    """One sentence each: entries left out, bytes mended, declarations overruled."""
    sound: bool = False
    """Every entry was read from nothing but its own markup, and what the document says for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What the entries of a document may be known by next time."""

    context: str
    """The digest of what the document says for all of them."""
    marks: tuple[str, ...]
    """The digest of each one's own markup."""


# ---------------------------------------------------------------- what we made of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What `clean` derives from an entry. Recomputable, and ours."""

    summary_html: str | None
    """Safe to show: allow-listed tags, absolute links."""
    content_html: str | None
    content_text: str
    """A line a block; of the content, or else of the summary; without what a template added."""
    language: str | None
    """Our verdict: a BCP 47 primary tag, or with region where the feed declared one and the text agrees."""
    language_source: str | None
    """`label`, `declared`, `text`."""
    is_excerpt: bool
    """The text ends in the mark of a cut: `[…]`, `...`, `Читать далее`."""


class Rung(StrEnum):
    """The step of the identity ladder that an entry stands on, best first."""

    GUID = "guid"
    URL = "url"
    HASH = "hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an entry is recognised by, in its feed and among others."""

    rung: Rung
    key: str
    """Unique in the feed; says its rung."""
    url_key: str | None
    """The canonical URL as a key: without scheme, `www.` and closing slash."""
    hash_key: str
    """SHA-256 over title, date and text."""
    content_sha256: str
    """Versioned hash of everything that makes a revision; a version byte leads."""
    title_key: str
    """The title folded: case, accents, punctuation and language labels off; may be empty."""
    sketch: tuple[int, ...]
    """A few shingle hashes of the text (signed 64 bit), equal texts having equal ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The words that an entry is found by, folded and stemmed, with blanks between (`stems`)."""

    text: str
    title: str
    authors: str
    tags: str
    """Each subject as one word."""
    plain: str
    """What words with accents are without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedEntry:
    """An entry with all that was derived from it, ready for a decision."""

    data: EntryData
    cleaned: Cleaned
    identity: Identity
    terms: Terms | None = None
    """None: whoever writes the entry makes them."""
    packed: bytes | None = None
    """Of a large document: the texts but for `content_text`, which are empty meanwhile (`packing`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFeed:
    """A document understood, cleaned and identified."""

    parsed: ParsedFeed
    entries: tuple[PreparedEntry, ...]
    raw: Raw | None = None
    """None: the document is to be read whole next time."""
    seen: tuple[tuple[int, str], ...] = ()
    """Position and mark of further entries, which are known by it and were not read."""
