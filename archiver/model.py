"""The nouns: frozen records that travel between the rooms. No behaviour beyond small properties.

Times are aware and in UTC. Sequences are tuples. None means "the feed did not say".
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order of their arrival, repetitions kept."""


# ---------------------------------------------------------------- what the web said


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Who it was that answered, as far as the connection itself says so."""

    address: str | None = None
    """The IP address and port, as `192.0.2.1:443` or `[2001:db8::1]:443`."""
    tls_protocol: str | None = None
    certificate_sha256: str | None = None
    """The fingerprint of the server's certificate, hexadecimal, over its DER form."""
    verified: bool | None = None
    """Whether the certificate was checked, which the configuration may forgo; None without TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect that was followed: who sent us away, and with which status."""

    url: str
    status: int
    location: str | None = None
    """Where to, in the server's own words."""
    connection: Connection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How one feed wants to be asked, as the configuration says; its secrets keep out of tracebacks.

    Login, cookies and `verify_tls` hold for the origin that they were configured for, and for no other.
    """

    authorization: str | None = field(default=None, repr=False)
    """The whole header field: `Basic …` (RFC 7617) or `Bearer …` (RFC 6750)."""
    cookies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)
    """`http://…` or `socks5://…`; may hold a login."""
    verify_tls: bool = True
    timeout_seconds: float | None = None
    """For the whole fetch; None: as for all."""
    user_agent: str | None = None

    @property
    def elsewhere(self) -> "FetchOptions":
        """What of it holds for other origins too: no secrets but the proxy's, and TLS is checked."""
        return replace(self, authorization=None, cookies=(), verify_tls=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What to ask for, and how: all that the fetch room needs to know of a feed."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: Headers = field(default=(), repr=False)
    options: FetchOptions = field(default_factory=FetchOptions)
    second_agent: bool = False
    """Begin with the second User-Agent, since the first was refused before."""
    allow_file: bool = False
    """`file:` addresses are read only where configuration or command line named them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer that may carry a document (2xx), or 304 that says nothing changed."""

    request_url: str
    final_url: str
    status: int | None
    """The HTTP status; None for a file."""
    headers: Headers = ()
    body: bytes = b""
    """After transfer and content decoding."""
    redirects: tuple[Hop, ...] = ()
    complete: bool = True
    """False where nothing in HTTP says that the body came whole (no length, no chunks)."""
    request_headers: Headers = ()
    """What we sent with the last request, secrets taken out."""
    connection: Connection | None = None
    http_version: str | None = None
    """As the status line has it: `HTTP/1.1`."""
    reason: str | None = None
    """The words of the status line after the status."""
    second_agent: bool = False
    """The second User-Agent got it."""

    @property
    def is_delta(self) -> bool:
        """Whether the body has only the entries that are new since the ETag that we sent (226, RFC 3229)."""
        return self.status == 226

    @property
    def not_modified(self) -> bool:
        """Whether this is a 304 (RFC 9110, 15.4.5)."""
        return self.status == 304

    def header(self, name: str) -> str | None:
        """The first value of a header field, its name in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


# ---------------------------------------------------------------- what the document said


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
class PreparedEntry:
    """An entry with all that was derived from it, ready for a decision."""

    data: EntryData
    cleaned: Cleaned
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedFeed:
    """A document understood, cleaned and identified."""

    parsed: ParsedFeed
    entries: tuple[PreparedEntry, ...]
    raw: Raw | None = None
    """None: the document is to be read whole next time."""
    seen: tuple[tuple[int, str], ...] = ()
    """Position and mark of further entries, which are known by it and were not read."""


# ---------------------------------------------------------------- what the archive knows


class FeedState(StrEnum):
    """Where a feed stands."""

    ACTIVE = "active"
    PAUSED = "paused"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedForUpdate:
    """What one update needs to know of its feed."""

    id: int
    url: str
    current_url: str
    state: FeedState
    host: str = ""
    """Whose server it is on, as `hosts.host_of` has it."""
    name: str | None = None
    """What a person calls it: the name it was given, else its own title."""
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    """Of the last document that was understood whole."""
    format: str | None = None
    interval_seconds: int | None = None
    configured_interval_seconds: int | None = None
    error_count: int = 0
    parse: ParseOptions = field(default_factory=ParseOptions)
    title: str | None = None
    """With `site_url` and `language`: what its last own document says of the feed."""
    site_url: str | None = None
    language: str | None = None
    last_whole_at: datetime | None = None
    """The last answer that showed or confirmed a whole document with entries of its own."""
    last_whole_fetch_id: int | None = None
    moving: "Moving | None" = None
    suspect_since: datetime | None = None
    """Since when another site's content comes from this address."""
    suspect_answers: int = 0
    reminted_answers: int = 0
    """Documents in a row that came under new ids."""
    has_reminted: bool = False
    """Entries of it have come under other ids than before."""
    volatile_ids: bool = False
    """Its ids are other ones in every document, and identify nothing."""
    last_fetched_at: datetime | None = None
    pace: "Pace" = field(default_factory=lambda: Pace())
    silent_since: datetime | None = None
    """Its last sign of life, if by its own rhythm there should have been another since."""
    failure_weight: float = 0
    """Its failures since the last success, each by its weight."""
    failing_since: datetime | None = None
    last_error_kind: str | None = None
    """How its last fetch failed; None if it did not."""
    asked_whole_at: datetime | None = None
    """The last whole document that came to a request without validators."""
    validators_lie: bool = False
    second_agent: bool = False
    """It answers only the second form of our User-Agent."""
    marks: str | None = None
    """What the entries of its last document are known by, as `marks.written` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a feed publishes, by the dates in its documents. None: not known."""

    rhythm_seconds: int | None = None
    """The usual time between two entries."""
    window_seconds: int | None = None
    """What its document covers, where new entries push old ones out."""
    quiet_seconds: int | None = None
    """After so long without anything new it is silent."""
    ttl_seconds: int | None = None
    """What it asks for itself (RSS `ttl`)."""
    alive_at: datetime | None = None
    """Its last sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A permanent redirect that may prove to be for good."""

    to: str
    since: datetime
    answers: int
    """Documents with known entries that came by this way, in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """An entry of the same feed, as far as a decision needs it."""

    id: int
    rung: Rung
    key: str
    guid: str | None
    url: str | None
    url_key: str | None
    title: str | None
    title_key: str
    published_at: datetime | None
    content_sha256: str
    content_text: str
    revision: int
    aliases: tuple[str, ...]
    """Further keys that the feed has used for it."""
    present: bool
    """It stood in the last complete document."""
    first_seen_at: datetime
    missing_since: datetime | None = None
    withdrawn_at: datetime | None = None
    missing_fetch_id: int | None = None
    """The fetch in which it was first missing."""
    updated_at: datetime | None = None
    position: int = 0
    """In the last document that had it."""
    suspect: bool = False
    """It came in a document that looked like another site's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """A known entry that the document has to the letter, and so was not read again."""

    id: int
    mark: str
    """What it is known by."""
    position: int
    """In the last document."""
    now_at: int
    """Its position in this one."""
    published_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An archived entry that may tell the same story as a new one."""

    entry_id: int
    post_id: int
    feed_id: int
    title: str | None
    url: str | None
    url_key: str | None
    title_key: str
    content_text: str
    published_at: datetime | None
    language: str | None
