"""Every column that is exported: what it means, of what kind it is, and whose word it is.

The meanings are those of `docs/schema.md`, word for word; a test holds the two together.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value is."""

    NUMBER = "whole number"
    SHARE = "number from 0 to 1"
    FLAG = "0 or 1"
    TIME = "time (UTC), YYYY-MM-DDTHH:MM:SSZ"
    WORD = "one of a few words"
    DIGEST = "digest, hexadecimal"
    TEXT = "text"
    HTML = "HTML, safe to show"
    ADDRESS = "address (URL)"
    NAMES = "JSON: list of texts"
    PEOPLE = "JSON: list of people"
    FILES = "JSON: list of files; length in bytes"
    SUBJECTS = "JSON: list of subjects"
    JSON = "JSON"


class Origin(StrEnum):
    """Whose word it is."""

    PUBLISHER = "the publisher's"
    DERIVED = "ours, derived from the publisher's"
    ARCHIVE = "ours"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an export."""

    name: str
    kind: Kind
    origin: Origin
    meaning: str


_CARRIER = (
    Column(
        "feed",
        Kind.TEXT,
        Origin.ARCHIVE,
        "the feed's name, else its title, else its address, without secrets; as of a day, without the title.",
    ),
    Column(
        "feed_url",
        Kind.ADDRESS,
        Origin.ARCHIVE,
        "`feeds.url`: the address of the feed as it was given, without login and secret parameters.",
    ),
)

ENTRIES: tuple[Column, ...] = (
    Column("id", Kind.NUMBER, Origin.ARCHIVE, "the entry's number; `archiver show entry:ID` shows it."),
    Column("feed_id", Kind.NUMBER, Origin.ARCHIVE, "the feed."),
    Column("post_id", Kind.NUMBER, Origin.ARCHIVE, "the post it belongs to."),
    Column(
        "post_rule",
        Kind.WORD,
        Origin.ARCHIVE,
        "why: `first`, nobody had told the story before; `url`, `title` or `text`, by which it was "
        "recognised.",
    ),
    Column("post_confidence", Kind.SHARE, Origin.ARCHIVE, "how sure that is, from 0 to 1."),
    Column(
        "rung",
        Kind.WORD,
        Origin.ARCHIVE,
        "what it was first recognised by in its feed: its own id (`guid`), else its `url`, else a "
        "`hash` of title, date and text.",
    ),
    Column(
        "guid",
        Kind.TEXT,
        Origin.PUBLISHER,
        "the feed's own id for it: `guid`, `atom:id`, `rdf:about`, JSON `id`. NULL: it has none. Ids "
        "that the feed gave it later are in `aliases`.",
    ),
    Column("url", Kind.ADDRESS, Origin.PUBLISHER, "its link, as published."),
    Column("title", Kind.TEXT, Origin.PUBLISHER, "its title, without markup."),
    Column("authors", Kind.NAMES, Origin.PUBLISHER, 'the names of its authors, JSON: `["Aida", …]`.'),
    Column(
        "published_at",
        Kind.TIME,
        Origin.PUBLISHER,
        "the publisher's date. NULL: there is none that can be read, and none is invented.",
    ),
    Column("published_raw", Kind.TEXT, Origin.PUBLISHER, "the feed's own words for it."),
    Column(
        "updated_at",
        Kind.TIME,
        Origin.PUBLISHER,
        "the same for the date of the last change that the publisher names.",
    ),
    Column(
        "updated_raw",
        Kind.TEXT,
        Origin.PUBLISHER,
        "the same for the date of the last change that the publisher names.",
    ),
    Column(
        "date_note",
        Kind.WORD,
        Origin.DERIVED,
        "`future`, if `published_at` lay ahead when we saw it; `unreadable`, if there are only words. "
        "NULL: nothing odd.",
    ),
    Column("first_seen_at", Kind.TIME, Origin.ARCHIVE, "the fetch in which we met it."),
    Column(
        "last_seen_at",
        Kind.TIME,
        Origin.ARCHIVE,
        'the last fetch in which we read it in a document. Answers that say "unchanged" do not move it.',
    ),
    Column("present", Kind.FLAG, Origin.ARCHIVE, "1 if it stood in the last document that was read."),
    Column(
        "missing_since",
        Kind.TIME,
        Origin.ARCHIVE,
        "since when it is missing, though older entries stand. NULL: it is not.",
    ),
    Column(
        "missing_fetch_id", Kind.NUMBER, Origin.ARCHIVE, "the fetch that first lacked it. NULL: none does."
    ),
    Column(
        "withdrawn_at",
        Kind.TIME,
        Origin.ARCHIVE,
        "when it was missing a second time, and so counts as taken down. NULL: it was not, or it came "
        "back. An entry that only rolled off the end of its feed has `present` 0, and NULL in both.",
    ),
    Column(
        "withdrawn_fetch_id",
        Kind.NUMBER,
        Origin.ARCHIVE,
        "the fetch that lacked it again; together they prove `withdrawn_at`. Both are empty again "
        "after a return, but stay with the event `withdrawn` in `events`.",
    ),
    Column(
        "suspect",
        Kind.FLAG,
        Origin.ARCHIVE,
        "1 if it came while the feed's address gave what looks like another site's content.",
    ),
    Column(
        "churn",
        Kind.WORD,
        Origin.ARCHIVE,
        "what its content changes by at every fetch without being edited: `numbers`, counters, dates "
        "and tokens; `order`, the same things in another order; `part`, one part of the text, such as "
        "related posts. Such changes are counted and make no revisions; the bytes have them. NULL: "
        "nothing of the kind.",
    ),
    Column("churn_since", Kind.TIME, Origin.ARCHIVE, "since when that is counted."),
    Column("churn_count", Kind.NUMBER, Origin.ARCHIVE, "how many changes were counted."),
    Column("churn_fetch_id", Kind.NUMBER, Origin.ARCHIVE, "the fetch that counted the last one."),
    Column(
        "language",
        Kind.WORD,
        Origin.DERIVED,
        "the language of the text by our verdict, as a BCP 47 tag: `sv`, `ru`, `pt-BR`. NULL: cannot "
        "be told.",
    ),
    Column(
        "language_source",
        Kind.WORD,
        Origin.DERIVED,
        "what that rests on: a `label` such as `[English]`, what was `declared`, or the `text`.",
    ),
    Column(
        "is_excerpt", Kind.FLAG, Origin.DERIVED, "1 if the text breaks off with `[…]`, `...` or the like."
    ),
    Column(
        "summary_html",
        Kind.HTML,
        Origin.DERIVED,
        "summary and content, safe to show: allow-listed tags, absolute links.",
    ),
    Column(
        "content_html",
        Kind.HTML,
        Origin.DERIVED,
        "summary and content, safe to show: allow-listed tags, absolute links.",
    ),
    Column(
        "content_text",
        Kind.TEXT,
        Origin.DERIVED,
        "the text, a line for each block, of the content or else of the summary; without what "
        "templates add. May be empty.",
    ),
    Column(
        "content_sha256",
        Kind.DIGEST,
        Origin.DERIVED,
        "a digest of all that makes a version, after the number of the rule by which it was made.",
    ),
    Column(
        "revision",
        Kind.NUMBER,
        Origin.ARCHIVE,
        "the number of the latest version, 1 for an entry that never changed.",
    ),
    Column(
        "checksum",
        Kind.NUMBER,
        Origin.ARCHIVE,
        "as in `fetches`, of the columns that follow the latest version. NULL: it was not taken.",
    ),
    *_CARRIER,
    Column(
        "enclosures",
        Kind.FILES,
        Origin.PUBLISHER,
        'JSON: `[{"url": …, "type": …, "length": …}, …]`, as in the table `enclosures`.',
    ),
    Column(
        "categories",
        Kind.SUBJECTS,
        Origin.PUBLISHER,
        'JSON: `[{"term": …, "scheme": …, "label": …}, …]`, as in the table `categories`.',
    ),
)
REVISIONS: tuple[Column, ...] = (
    Column("id", Kind.NUMBER, Origin.ARCHIVE, "the row's number."),
    Column("entry_id", Kind.NUMBER, Origin.ARCHIVE, "the entry."),
    Column("revision", Kind.NUMBER, Origin.ARCHIVE, "1, 2, 3 …"),
    Column(
        "fetch_id",
        Kind.NUMBER,
        Origin.ARCHIVE,
        "the fetch that first brought this version. Its body is the proof.",
    ),
    Column("seen_at", Kind.TIME, Origin.ARCHIVE, "when that was."),
    Column("content_sha256", Kind.DIGEST, Origin.DERIVED, "as in `entries`."),
    Column("title", Kind.TEXT, Origin.PUBLISHER, "as in `entries`, in this version."),
    Column("authors", Kind.PEOPLE, Origin.PUBLISHER, 'JSON: `[{"name": …, "email": …, "url": …}, …]`.'),
    Column("url", Kind.ADDRESS, Origin.PUBLISHER, "as in `entries`, in this version."),
    Column("published_at", Kind.TIME, Origin.PUBLISHER, "as in `entries`, in this version."),
    Column("published_raw", Kind.TEXT, Origin.PUBLISHER, "as in `entries`, in this version."),
    Column("updated_at", Kind.TIME, Origin.PUBLISHER, "as in `entries`, in this version."),
    Column("updated_raw", Kind.TEXT, Origin.PUBLISHER, "as in `entries`, in this version."),
    Column(
        "language", Kind.TEXT, Origin.PUBLISHER, "the language as the feed declares it, before our verdict."
    ),
    Column("summary", Kind.TEXT, Origin.PUBLISHER, "the texts, word for word. NULL: there is none."),
    Column("summary_type", Kind.WORD, Origin.PUBLISHER, "their media types, `text/html` or `text/plain`."),
    Column("content", Kind.TEXT, Origin.PUBLISHER, "the texts, word for word. NULL: there is none."),
    Column("content_type", Kind.WORD, Origin.PUBLISHER, "their media types, `text/html` or `text/plain`."),
    Column("enclosures", Kind.FILES, Origin.PUBLISHER, 'JSON: `[{"url": …, "type": …, "length": …}, …]`.'),
    Column(
        "categories", Kind.SUBJECTS, Origin.PUBLISHER, 'JSON: `[{"term": …, "scheme": …, "label": …}, …]`.'
    ),
    Column("reading", Kind.JSON, Origin.PUBLISHER, "all else that the parser read of the entry, as JSON."),
    Column("checksum", Kind.NUMBER, Origin.ARCHIVE, "as in `fetches`."),
    Column(
        "fetched_at",
        Kind.TIME,
        Origin.ARCHIVE,
        "`fetches.started_at`: the start of the fetch that brought this version.",
    ),
    Column(
        "fetched_from", Kind.ADDRESS, Origin.ARCHIVE, "`fetches.final_url`: the address that answered it."
    ),
    Column(
        "body_sha256",
        Kind.DIGEST,
        Origin.ARCHIVE,
        "`fetches.body_sha256`: the digest of what was received, the proof of this version.",
    ),
    Column("feed_id", Kind.NUMBER, Origin.ARCHIVE, "the feed."),
    Column("post_id", Kind.NUMBER, Origin.ARCHIVE, "the post it belongs to."),
    Column(
        "guid",
        Kind.TEXT,
        Origin.PUBLISHER,
        "the feed's own id for it: `guid`, `atom:id`, `rdf:about`, JSON `id`. NULL: it has none. Ids "
        "that the feed gave it later are in `aliases`.",
    ),
    *_CARRIER,
)
