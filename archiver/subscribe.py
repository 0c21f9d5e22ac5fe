"""Finding the feed behind an address that a person typed: a feed's own, or a page's."""

from collections.abc import Iterable
from dataclasses import dataclass

from archiver.errors import FetchError, ParseError
from archiver.fetch import Fetcher, redact
from archiver.model import FetchRequest, ParseOptions
from archiver.parse import discover, parse
from archiver.parse.decode import decode

_MAX_ASKED = 12
"""A page may link to hundreds of feeds; we are a guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that answers, and further ones that its page names."""

    url: str
    title: str | None
    entries: int
    others: tuple[str, ...] = ()


async def find_feed(fetcher: Fetcher, url: str, options: ParseOptions, *, allow_file: bool) -> Found:
    """The feed at `url`, or else the first that answers of those that the page there names or usually has.

    Raises FetchError if the address cannot be had, ParseError if no feed is to be found behind it.
    """
    response = await fetcher.fetch(FetchRequest(url=url, allow_file=allow_file))
    base = response.final_url
    try:
        parsed = parse(response.body, _options(options, base, response.header("Content-Type")))
    except ParseError as error:
        if error.kind != "web_page":
            raise
        page = decode(
            response.body, charset=options.charset, content_type=response.header("Content-Type")
        ).text
    else:
        return Found(url=url, title=parsed.feed.title, entries=len(parsed.entries))
    named = [link.url for link in discover.feed_links(page, base)]
    found = await _first_that_answers(fetcher, [*named, *discover.well_known(base)], options)
    if found is None:
        raise ParseError("web_page", f"{redact(url)} is a web page, and no feed is to be found behind it")
    others = tuple(other for other in named if other != found.url)
    return Found(url=found.url, title=found.title, entries=found.entries, others=others)


async def _first_that_answers(fetcher: Fetcher, urls: Iterable[str], options: ParseOptions) -> Found | None:
    for url in list(dict.fromkeys(urls))[:_MAX_ASKED]:
        try:
            response = await fetcher.fetch(FetchRequest(url=url))
            parsed = parse(response.body, _options(options, url, response.header("Content-Type")))
        except (FetchError, ParseError):
            continue
        return Found(url=url, title=parsed.feed.title, entries=len(parsed.entries))
    return None


def _options(options: ParseOptions, url: str, content_type: str | None) -> ParseOptions:
    return ParseOptions(charset=options.charset, kind=options.kind, url=url, content_type=content_type)
