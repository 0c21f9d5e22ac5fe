"""From bytes to a ParsedFeed: decode, tell the kind by content, and give it to the reader of that kind.

    bytes -> decode -> sniff -> syndication | jsonfeed | text | page -> ParsedFeed

Pure: no clock, no network, no files. Publishers' bytes are hostile: run this where it can be killed.
"""

from dataclasses import replace

from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import jsonfeed, page, syndication, text
from archiver.parse.decode import Decoded, decode
from archiver.parse.sniff import Sniffed, sniff, sniff_bytes
from archiver.urls import redact

__all__ = ["parse"]

_JUNK = "Something stood before the feed and was left out."


def parse(body: bytes, options: ParseOptions) -> ParsedFeed:
    """Read a document of any kind that we know.

    `options.kind` forces a reader; otherwise the content decides, never the Content-Type. Whatever a reader
    raises becomes a ParseError.

    Raises ParseError: `empty`, `web_page` (HTML where no one asked for a page), `not_a_feed`, `broken`.
    """
    where = redact(options.url) or "The document"
    if not body.strip(b" \t\r\n\x00\xef\xbb\xbf\xfe\xff"):
        raise ParseError("empty", f"{where} is empty.")
    binary = sniff_bytes(body)
    if binary:
        raise ParseError("not_a_feed", f"{where} is {binary}, not a feed.")
    try:
        decoded = decode(body, charset=options.charset, content_type=options.content_type)
        parsed = _read(decoded, options)
    except ParseError:
        raise
    except Exception as error:
        raise ParseError("broken", f"{where} could not be read ({type(error).__name__}).") from error
    return replace(parsed, problems=decoded.problems + parsed.problems)


def _read(decoded: Decoded, options: ParseOptions) -> ParsedFeed:
    where = redact(options.url) or "The document"
    sniffed = sniff(decoded.text)
    kind = options.kind or sniffed.kind
    if kind == "syndication":
        return _read_syndication(decoded, sniffed, options)
    if kind == "json":
        return jsonfeed.read(decoded.text, charset=decoded.charset, options=options)
    if kind == "text":
        return text.read(decoded.text, charset=decoded.charset, options=options)
    if kind == "page" and options.kind == "page":
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
