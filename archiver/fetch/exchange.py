"""One fetch over HTTP: from the first request over every redirect to the last byte of the answer."""

import asyncio
from datetime import UTC, datetime
from typing import NoReturn

import httpx

from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.fetch import address, proof
from archiver.fetch.decode import ACCEPT_ENCODING, Decoder, too_large
from archiver.fetch.failures import FOREIGN, seconds, translated
from archiver.fetch.retry import retry_after_seconds
from archiver.model import Connection, FetchRequest, Headers, Hop, Response

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_DOCUMENT = {204: "no content", 205: "no content", 206: "only a part of the document"}
_MOST_PIECES = 200_000  # a document sent byte by byte costs seconds of work
_REFUSAL_SECONDS = 10.0  # what stands in the body of an error is worth less waiting than a document
_LONGEST_VALIDATOR = 1024


class Exchange:
    """Remembers how far a fetch has come, so that every failure can say it. Used once."""

    def __init__(
        self, request: FetchRequest, settings: FetchSettings, transport: httpx.AsyncBaseTransport
    ) -> None:
        self._request = request
        self._settings = settings
        self._transport = transport
        self._hops: list[Hop] = []
        self._url: httpx.URL | None = None
        self._status: int | None = None
        self._headers: Headers = ()
        self._sent: Headers = ()
        self._connection: Connection | None = None
        self._status_line: tuple[str | None, str | None] = None, None
        self._is_proven = False

    async def run(self) -> Response:
        """Return the answer, or raise FetchError with all that is known."""
        total = self._settings.total_timeout
        try:
            async with asyncio.timeout(total) as deadline:
                return await self._follow()
        except FetchError as error:
            self._complete(error)
            raise
        except FOREIGN as error:
            if deadline.expired():
                failure = FetchError("timeout", f"the whole fetch took longer than {seconds(total)}")
            else:
                failure = translated(
                    error, self._url, settings=self._settings, answered=self._status is not None
                )
            self._complete(failure)
            raise failure from error

    def _complete(self, error: FetchError) -> None:
        error.status = self._status
        error.headers = self._headers
        error.redirects = tuple(self._hops)
        error.final_url = str(self._url) if self._url else None
        error.request_headers = self._sent
        error.connection = self._connection
        error.http_version, error.reason = self._status_line
        error.complete = error.body is not None and self._is_proven

    async def _follow(self) -> Response:
        """Ask, and ask again wherever we are sent on to."""
        self._url, login = address.parse(self._request.url)
        private = [] if login is None else [("Authorization", login)]
        private = _merged(private, list(self._request.headers))
        validators = _validators(self._request)
        visited = {str(self._url)}
        async with self._transport:
            while True:
                headers = _merged(self._our_headers(), private) + validators
                self._status, self._headers, self._connection = None, (), None
                self._status_line = None, None
                self._sent = proof.sent(headers, private=private)
                # The transport and not a client: that would follow every Location in its mind, and raise.
                answer = await self._transport.handle_async_request(self._ask(self._url, headers))
                try:
                    self._status, self._headers = answer.status_code, _decoded(answer.headers)
                    self._connection, self._status_line = proof.connection(answer), proof.status_line(answer)
                    if answer.status_code not in _REDIRECTS:
                        return await self._conclude(answer, asked=bool(validators))
                    next_url = self._next_url(answer, visited)
                finally:
                    await answer.aclose()
                self._hops.append(self._hop(answer.status_code))
                if not address.keeps_trust(self._url, next_url):
                    private, validators = [], []
                self._url = next_url

    def _hop(self, status: int) -> Hop:
        location = next((value for name, value in self._headers if name.lower() == "location"), None)
        return Hop(url=str(self._url), status=status, location=location, connection=self._connection)

    def _ask(self, url: httpx.URL, headers: list[tuple[str, str]]) -> httpx.Request:
        patience = httpx.Timeout(
            self._settings.read_timeout, connect=self._settings.connect_timeout, pool=None
        )
        encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return httpx.Request("GET", url, headers=encoded, extensions={"timeout": patience.as_dict()})

    def _our_headers(self) -> list[tuple[str, str]]:
        return [
            ("User-Agent", self._settings.full_user_agent),
            ("Accept", ACCEPT),
            ("Accept-Encoding", ACCEPT_ENCODING),
            ("Connection", "close"),
        ]

    def _next_url(self, answer: httpx.Response, visited: set[str]) -> httpx.URL:
        location = next((value for name, value in answer.headers.raw if name.lower() == b"location"), b"")
        if not location:
            raise FetchError("protocol", f"the server answered {answer.status_code} without saying where to")
        assert self._url is not None
        next_url = address.target(self._url, location)
        if str(next_url) in visited:
            raise FetchError("redirect_loop", "the server sends us round in a circle")
        if len(self._hops) >= self._settings.max_redirects:
            raise FetchError("too_many_redirects", f"we were sent on more than {len(self._hops)} times")
        visited.add(str(next_url))
        return next_url

    async def _conclude(self, answer: httpx.Response, *, asked: bool) -> Response:
        """Judge an answer that is no redirect."""
        status = answer.status_code
        if status >= 400:
            await self._refuse(answer)
        if status == 304 and asked:
            return self._response(b"", complete=True)
        if status == 304:
            raise FetchError("protocol", "the server says that nothing changed (304), but was not asked that")
        if not 200 <= status < 300:
            raise FetchError("protocol", f"the server answered {status}, which we did not ask for")
        if status in _NO_DOCUMENT:
            raise FetchError("protocol", f"the server answered {status}: {_NO_DOCUMENT[status]}")
        body, complete = await self._read(answer)
        return self._response(body, complete=complete)

    def _response(self, body: bytes, *, complete: bool) -> Response:
        return Response(
            request_url=self._request.url,
            final_url=str(self._url),
            status=self._status,
            headers=self._headers,
            body=body,
            redirects=tuple(self._hops),
            complete=complete,
            request_headers=self._sent,
            connection=self._connection,
            http_version=self._status_line[0],
            reason=self._status_line[1],
        )

    async def _refuse(self, answer: httpx.Response) -> NoReturn:
        """Raise for a 4xx or 5xx; its body is kept if it comes whole, soon and within the limit."""
        status = answer.status_code
        body: bytes | None
        try:
            async with asyncio.timeout(_REFUSAL_SECONDS):
                body, _ = await self._read(answer)
        except (FetchError, *FOREIGN):
            body = None
        retry_after = retry_after_seconds(
            answer.headers.get("Retry-After"), date=answer.headers.get("Date"), now=datetime.now(UTC)
        )
        if status == 410:
            raise FetchError("gone", "the server says that this feed is gone for good (410)", body=body)
        phrase = httpx.codes.get_reason_phrase(status)
        named = f"{status} {phrase}" if phrase else str(status)
        raise FetchError("http", f"the server answered {named}", body=body, retry_after=retry_after)

    async def _read(self, answer: httpx.Response) -> tuple[bytes, bool]:
        """The body, and whether anything proves that it came whole."""
        limit = self._settings.max_body_bytes
        length = answer.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and int(length[:15]) > limit:
            raise too_large(limit)
        decoder = Decoder(answer.headers.get("Content-Encoding", ""), limit=limit)
        pieces = 0
        async for data in answer.aiter_raw():
            pieces += 1
            if pieces > _MOST_PIECES:
                raise FetchError("protocol", "the server sends the document in too many pieces")
            decoder.feed(data)
        body, proven = decoder.finish()
        is_framed = bool(length) or "chunked" in answer.headers.get("Transfer-Encoding", "").lower()
        self._is_proven = proven or is_framed
        return body, self._is_proven


def _validators(request: FetchRequest) -> list[tuple[str, str]]:
    """Conditional request (RFC 9110, 13.1): both validators, exactly as they were received."""
    named = [("If-None-Match", request.etag), ("If-Modified-Since", request.last_modified)]
    return [(name, value) for name, value in named if value and _can_travel(value)]


def _can_travel(value: str) -> bool:
    return len(value) <= _LONGEST_VALIDATOR and all(
        c == "\t" or " " <= c <= "~" or "\x80" <= c <= "\xff" for c in value
    )


def _merged(base: list[tuple[str, str]], own: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The base without what `own` sets anew, then `own`."""
    names = {name.lower() for name, _ in own}
    return [(name, value) for name, value in base if name.lower() not in names] + own


def _decoded(headers: httpx.Headers) -> Headers:
    """Latin-1 is how header bytes survive as text, so that an ETag goes back byte for byte."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)
