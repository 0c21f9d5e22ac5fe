"""From bytes to a ParsedFeed: decode, tell the kind by content, and give it to the reader of that kind.

    bytes -> decode -> sniff -> syndication | jsonfeed | text | page -> ParsedFeed
                           `-> cut -> the same document with only those entries that nobody knows

Pure: no clock, no network, no files. Publishers' bytes are hostile: run this where it can be killed.
"""

from dataclasses import dataclass, replace

from archiver import marks
from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions, Raw
from archiver.parse import jsonfeed, syndication
from archiver.parse.cut import Cut, cut_json, cut_xml
from archiver.parse.decode import Decoded, decode
from archiver.parse.sniff import Sniffed, sniff, sniff_bytes
from archiver.urls import redact

__all__ = ["MOST_ENTRIES", "Read", "parse", "read"]

MOST_ENTRIES = 5_000
"""Of one document. More, and half of these from either end: one update must not hold up all others, and what
is new stands at one of the ends. The bytes are kept whole."""

_JUNK = "Something stood before the feed and was left out."


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document that was read, wholly or without the entries that are known by their marks."""

    parsed: ParsedFeed
    raw: Raw | None = None
    """What the entries of `parsed` may be known by."""
    seen: tuple[tuple[int, str], ...] = ()
    """Position and mark of those that were not read."""


def parse(body: bytes, options: ParseOptions) -> ParsedFeed:
    """Read all of a document of any kind that we know.

    `options.kind` forces a reader; otherwise the content decides, never the Content-Type. Whatever a reader
    raises becomes a ParseError.

    Raises ParseError: `empty`, `web_page` (HTML where no one asked for a page), `not_a_feed`, `broken`.
    """
    return read(body, options).parsed


def read(body: bytes, options: ParseOptions, known: str | None = None) -> Read:
    """Read a document; only what is new in it, where the rest is `known` (as `marks.written`) for certain.

    Raises ParseError, as `parse`.
    """
    where = redact(options.url) or "The document"
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        raise ParseError("empty", f"{where} is empty.")
    binary = sniff_bytes(body)
    if binary:
        raise ParseError("not_a_feed", f"{where} is {binary}, not a feed.")
    try:
        decoded = decode(body, charset=options.charset, content_type=options.content_type)
        found = _read_new(decoded, options, known)
    except ParseError:
        raise
    except Exception as error:
        raise ParseError("broken", f"{where} could not be read ({type(error).__name__}).") from error
    if found.parsed.partial and not (found.parsed.entries or found.seen):
        raise ParseError("broken", f"{where} breaks off before its first entry ends.")
    problems = decoded.problems + found.parsed.problems
    return _clipped(replace(found, parsed=replace(found.parsed, problems=problems)))


def _clipped(found: Read) -> Read:
    """The document without what is in the middle of far too many entries; it then proves no absence."""
    entries = found.parsed.entries
    if len(entries) <= MOST_ENTRIES:
        return found
    half = MOST_ENTRIES // 2
    problem = f"The document has {len(entries):,} entries: the first and the last {half:,} were archived."
    parsed = replace(
        found.parsed,
        entries=entries[:half] + entries[-half:],
        partial=True,
        problems=(*found.parsed.problems, problem),
    )
    return Read(parsed=parsed)


def _read_new(decoded: Decoded, options: ParseOptions, known: str | None) -> Read:
    sniffed = sniff(decoded.text)
    cut = _cut(decoded.text, sniffed, options)
    part = _read_unknown(decoded, sniffed, options, cut, known) if cut and known else None
    if part is not None:
        return part
    parsed = _read(decoded, sniffed, options)
    if cut is None or not parsed.sound or len(parsed.entries) != len(cut.marks):
        return Read(parsed=parsed)
    return Read(parsed=parsed, raw=Raw(context=cut.context(parsed, options), marks=cut.marks))


def _cut(text: str, sniffed: Sniffed, options: ParseOptions) -> Cut | None:
    kind = options.kind or sniffed.kind
    if kind == "syndication" and sniffed.kind == "syndication":
        return cut_xml(text, sniffed.start)
    return cut_json(text) if kind == "json" else None


def _read_unknown(
    decoded: Decoded, sniffed: Sniffed, options: ParseOptions, cut: Cut, known: str
) -> Read | None:
    """Read the document without what is known; None where only the whole of it tells."""
    context, known_marks = marks.known(known)
    seen = tuple((at, mark) for at, mark in enumerate(cut.marks) if mark in known_marks)
    unknown = [at for at, mark in enumerate(cut.marks) if mark not in known_marks]
    if len(seen) < len(unknown) or len(set(cut.marks)) < len(cut.marks):
        return None
    try:
        parsed = _read(replace(decoded, text=cut.with_only(frozenset(unknown))), sniffed, options)
    except Exception:  # whatever it is, the whole document decides what comes of it
        return None
    if not parsed.sound or len(parsed.entries) != len(unknown) or cut.context(parsed, options) != context:
        return None
    entries = tuple(replace(entry, position=at) for entry, at in zip(parsed.entries, unknown, strict=True))
    raw = Raw(context=context, marks=tuple(cut.marks[at] for at in unknown))
    return Read(parsed=replace(parsed, entries=entries), raw=raw, seen=seen)


def _read(decoded: Decoded, sniffed: Sniffed, options: ParseOptions) -> ParsedFeed:
    where = redact(options.url) or "The document"
    kind = options.kind or sniffed.kind
    if kind == "syndication":
        return _read_syndication(decoded, sniffed, options)
    if kind == "json":
        return jsonfeed.read(decoded.text, charset=decoded.charset, options=options)
    if kind == "text":
        from archiver.parse import text  # most documents are feeds: the others' readers are loaded for them

        return text.read(decoded.text, charset=decoded.charset, options=options)
    if kind == "page" and options.kind == "page":
        from archiver.parse import page

        return page.read(decoded.text, charset=decoded.charset, options=options)
    if kind == "page":
        raise ParseError(
            "web_page",
            f"{where} is a web page, not a feed; add the feed's own address, or set parse.kind: page to "
            "archive the page itself.",
        )
    raise ParseError("not_a_feed", f"{where} is {sniffed.what or 'no document that we know'}, not a feed.")


def _read_syndication(decoded: Decoded, sniffed: Sniffed, options: ParseOptions) -> ParsedFeed:
    if sniffed.kind != "syndication":
        where = redact(options.url) or "The document"
        raise ParseError(
            "not_a_feed", f"{where} has no element that begins a feed (rss, rdf:RDF, feed, channel)."
        )
    parsed = syndication.read(decoded.text, charset=decoded.charset, options=options, start=sniffed.start)
    return replace(parsed, problems=(_JUNK, *parsed.problems)) if sniffed.junk else parsed
