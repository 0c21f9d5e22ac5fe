"""Text exports: which of their kinds a text is, and its reading. Flattened feed, listing, or one page."""

from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import text_feed, text_listing, text_page

_READERS = (text_feed.read, text_listing.read, text_page.read)
"""The most demanding first; each refuses what is not of its kind."""


def read(text: str, *, charset: str, options: ParseOptions) -> ParsedFeed:
    """Read a text export as `text-feed`, `text-listing` or `text-page`.

    Raises ParseError: `empty` for white space only, `not_a_feed` for error messages, logs and nonsense.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise ParseError("empty", "The document is empty.")
    *first, last = _READERS
    for reader in first:
        try:
            return reader(text, charset=charset, options=options)
        except ParseError:
            continue
    return last(text, charset=charset, options=options)
