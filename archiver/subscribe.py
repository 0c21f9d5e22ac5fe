"""Finding the feed behind an address that a person typed: a feed's own, or a page's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from archiver.errors import FetchError, ParseError
from archiver.fetch import Fetcher
from archiver.model import FetchRequest, ParsedFeed, ParseOptions, Response
from archiver.parse import discover
from archiver.parse.decode import decode
from archiver.urls import redact
from archiver.workers import Workers

_MAX_ASKED = 12
"""A page may link to hundreds of feeds; we are a guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed that answers, and further ones that its page names."""

    url: str
    title: str | None = None
    entries: int = 0
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Looks for feeds; documents are read in worker processes, as always."""

    fetcher: Fetcher
    workers: Workers
    options: ParseOptions

    async def find(self, url: str) -> Found:
        """The feed at `url`, or else the first that answers of those that its page names or usually has.

        Raises FetchError if the address cannot be had, ParseError if no feed is to be found behind it.
        """
        try:
            response = await self.fetcher.fetch(FetchRequest(url=url, allow_file=url.startswith("file:")))
        except FetchError as error:
            raise FetchError(error.kind, f"{redact(url)}: {error}") from error
        try:
            return _found(url, await self._read(response))
        except ParseError as error:
            if error.kind != "web_page":
                raise
        named = [link.url for link in discover.feed_links(self._page(response), response.final_url)]
        found = await self._first_that_answers([*named, *discover.well_known(response.final_url)])
        if found is None:
            raise ParseError("web_page", f"{redact(url)} is a web page, and no feed is to be found behind it")
        return replace(found, others=tuple(other for other in named if other != found.url))

    async def _first_that_answers(self, urls: Iterable[str]) -> Found | None:
        for url in list(dict.fromkeys(urls))[:_MAX_ASKED]:
            try:
                return _found(url, await self._read(await self.fetcher.fetch(FetchRequest(url=url))))
            except (FetchError, ParseError):
                continue
        return None

    async def _read(self, response: Response) -> ParsedFeed:
        content_type = response.header("Content-Type")
        options = replace(self.options, url=response.final_url, content_type=content_type)
        return (await self.workers.prepare(response.body, options)).parsed

    def _page(self, response: Response) -> str:
        content_type = response.header("Content-Type")
        return decode(response.body, charset=self.options.charset, content_type=content_type).text


def _found(url: str, parsed: ParsedFeed) -> Found:
    return Found(url=url, title=parsed.feed.title, entries=len(parsed.entries))
