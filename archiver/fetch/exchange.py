"""One fetch over HTTP: from the first request over every redirect to the last byte of the answer."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import NoReturn, Protocol

import httpx

from archiver import times, urls
from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.fetch import address, asking, challenge, proof
from archiver.fetch.decode import Decoder, too_large
from archiver.fetch.failures import FOREIGN, seconds, translated
from archiver.fetch.ready import ReadyHeaders
from archiver.hosts import host_of
from archiver.model import Connection, FetchOptions, FetchRequest, Headers, Hop, Response
from archiver.retry import retry_after_seconds

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_DOCUMENT = {204: "no content", 205: "no content", 206: "only a part of the document"}
_MOST_PIECES = 200_000  # a document sent byte by byte costs seconds of work
_NOTHING = httpx.ByteStream(b"")  # said outright, it spares httpx from working out how to send it
_NOWHERE = httpx.URL("http://nowhere.invalid/")
_REFUSAL_SECONDS = 10.0  # what stands in the body of an error is worth less waiting than a document

Way = Callable[[FetchOptions], httpx.AsyncBaseTransport]
"""Makes, or lends, the transport for one request."""


class Turns(Protocol):
    """Who may ask which host, and when (the per-host manners)."""

    def turn(self, host: str) -> AbstractAsyncContextManager[object]:
        """Wait until a host (as `hosts.host_of` names it) may be asked, and hold it for one request."""


class Exchange:
    """Remembers how far a fetch has come, so that every failure can say it. Used once."""

    def __init__(
        self,
        request: FetchRequest,
        settings: FetchSettings,
        *,
        way: Way,
        slots: asyncio.Semaphore,
        turns: Turns | None,
        host: str | None = None,
    ) -> None:
        self._request = request
        self._settings = settings
        self._way = way
        self._slots = slots
        self._turns = turns
        self._host = host
        self._total = request.options.timeout_seconds or settings.total_timeout
        self._left = self._total
        self._manner = asking.Manner(
            second_agent=request.second_agent and settings.second_user_agent is not None
        )
        self._login: str | None = None
        self._secrets = proof.Echoes()
        self._visited: set[str] = set()
        self._hops: list[Hop] = []
        self._url: httpx.URL | None = None
        self._address: str | None = None
        self._status: int | None = None
        self._headers: Headers = ()
        self._sent: Headers = ()
        self._connection: Connection | None = None
        self._status_line: tuple[str | None, str | None] = None, None
        self._is_proven = False
        self._decoder: Decoder | None = None

    async def run(self) -> Response:
        """Return the answer, or raise FetchError with all that is known."""
        try:
            url, self._login = address.parse(self._request.url)
            self._secrets = proof.echoes(self._request, login=self._login)
            self._go_to(url)
            while True:
                if (response := await self._in_turn(url)) is not None:
                    return response
                assert self._url is not None
                url = self._url
        except FetchError as error:
            self._complete(error)
            raise

    def _go_to(self, url: httpx.URL) -> None:
        self._url, self._address = url, str(url)
        self._visited.add(self._address)

    def _shown(self) -> str | None:
        """Where we are, without what a server wrote into an address of the secrets that it was told."""
        if self._address is None or not self._hops:
            return self._address
        return proof.withheld_in_address(self._address, self._secrets)

    def _complete(self, error: FetchError) -> None:
        error.args = (proof.withheld(str(error), self._secrets),)
        error.status = self._status
        error.headers = proof.received(self._headers, self._secrets)
        error.redirects = tuple(self._hops)
        error.final_url = self._shown()
        error.request_headers = self._sent
        error.connection = self._connection
        error.http_version, error.reason = self._status_line
        error.second_agent = self._manner.second_agent
        if error.body is None and self._decoder is not None:
            error.body = self._decoder.so_far() or None
        error.complete = error.body is not None and self._is_proven

    async def _in_turn(self, url: httpx.URL) -> Response | None:
        """Ask once. Waiting for the host's turn and for our own is no fault of the server's."""
        if self._turns is None:
            async with self._slots:
                return await self._in_time(url)
        host = self._host if self._host is not None and self._address == self._request.url else None
        async with self._turns.turn(host_of(str(url)) if host is None else host), self._slots:
            return await self._in_time(url)

    async def _in_time(self, url: httpx.URL) -> Response | None:
        """Ask once, within what is left of the time for the whole fetch."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(self._left) as deadline:
                return await self._ask(url)
        except FOREIGN as error:
            if deadline.expired():
                raise FetchError(
                    "timeout", f"the whole fetch took longer than {seconds(self._total)}"
                ) from error
            raise translated(
                error,
                url,
                settings=self._settings,
                answered=self._status is not None,
                by_proxy=self._request.options.proxy is not None,
            ) from error
        finally:
            self._left = max(self._left - (loop.time() - began), 0.0)

    async def _ask(self, url: httpx.URL) -> Response | None:
        """Return the answer; None where there is more to ask, as `_url` and `_manner` then say."""
        fields, private = asking.fields(self._request, self._settings, self._manner, login=self._login)
        self._status, self._headers, self._connection = None, (), None
        self._status_line = None, None
        self._is_proven, self._decoder = False, None
        self._sent = proof.sent(fields, private=private)
        options = self._request.options
        transport = self._way(options if self._manner.trusted else options.elsewhere)
        try:
            # The transport and not a client: that would follow every Location in its mind, and raise.
            answer = await transport.handle_async_request(self._written(url, fields))
            try:
                self._status, self._headers = answer.status_code, _decoded(answer.headers)
                self._connection = proof.connection(answer)
                version, reason = proof.status_line(answer)
                self._status_line = version, reason and proof.withheld(reason, self._secrets)
                return await self._judge(url, answer)
            finally:
                await _stream(answer).aclose()
        finally:
            await transport.aclose()

    def _written(self, url: httpx.URL, fields: asking.Fields) -> httpx.Request:
        settings = self._settings
        # Who gives a server more time for the whole means its silence too.
        read = max(settings.read_timeout, self._request.options.timeout_seconds or 0)
        patience = {"connect": settings.connect_timeout, "read": read, "write": read, "pool": None}
        encoded = [(b"Host", url.netloc)]
        encoded += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        request = httpx.Request("GET", _NOWHERE, stream=_NOTHING, extensions={"timeout": patience})
        # Given to its maker, they would be taken to pieces.
        request.url, request.headers = url, ReadyHeaders(encoded)
        return request

    async def _judge(self, url: httpx.URL, answer: httpx.Response) -> Response | None:
        status = answer.status_code
        if status in _REDIRECTS:
            self._follow(url, status)
            return None
        if status >= 400:
            await self._refuse(answer)
            return None
        if status == 304:
            return self._not_modified()
        if status == 226:
            self._expect_delta()
        elif not 200 <= status < 300:
            raise FetchError("protocol", f"the server answered {status}, which we did not ask for")
        if status in _NO_DOCUMENT:
            raise FetchError("protocol", f"the server answered {status}: {_NO_DOCUMENT[status]}")
        try:
            body = await self._read(answer)
        except FetchError as error:
            if error.kind != "bad_encoding" or self._manner.uncompressed:
                raise
            self._manner = replace(self._manner, uncompressed=True)
            return None
        self._refuse_challenge(body)
        return self._response(body, complete=self._is_proven)

    def _follow(self, url: httpx.URL, status: int) -> None:
        """Go where a redirect leads. What was meant for one origin stays there (RFC 9110, 15.4)."""
        location = self._field("location")
        if not location:
            raise FetchError("protocol", f"the server answered {status} without saying where to")
        next_url = address.target(url, location.encode("latin-1"))
        if str(next_url) in self._visited:
            raise FetchError("redirect_loop", "the server sends us round in a circle")
        if len(self._hops) >= self._settings.max_redirects:
            raise FetchError("too_many_redirects", f"we were sent on more than {len(self._hops)} times")
        shown = proof.withheld(urls.redact(location), self._secrets)
        hop = Hop(url=self._shown() or "", status=status, location=shown, connection=self._connection)
        self._hops.append(hop)
        if not address.keeps_trust(url, next_url):
            self._manner = replace(self._manner, trusted=False)
        self._go_to(next_url)

    def _not_modified(self) -> Response:
        if not any(name in ("If-None-Match", "If-Modified-Since") for name, _ in self._sent):
            raise FetchError("protocol", "the server says that nothing changed (304), but was not asked that")
        return self._response(b"", complete=True)

    def _expect_delta(self) -> None:
        """226 is an answer to `A-IM: feed` only, and says so (RFC 3229, 10.5.2)."""
        asked = any(name == "A-IM" for name, _ in self._sent)
        said = {part.partition(";")[0].strip().lower() for part in (self._field("im") or "").split(",")}
        if not asked or "feed" not in said:
            raise FetchError("protocol", "the server sends changes (226) that we did not ask for")

    def _response(self, body: bytes, *, complete: bool) -> Response:
        return Response(
            request_url=self._request.url,
            final_url=self._shown() or self._request.url,
            status=self._status,
            headers=proof.received(self._headers, self._secrets),
            body=body,
            redirects=tuple(self._hops),
            complete=complete,
            request_headers=self._sent,
            connection=self._connection,
            http_version=self._status_line[0],
            reason=self._status_line[1],
            second_agent=self._manner.second_agent,
        )

    async def _refuse(self, answer: httpx.Response) -> None:
        """Raise for a 4xx or 5xx; of its body is kept what comes soon and within the limit.

        A server that may have meant the User-Agent (403) is asked once more, with the second one; one that
        says how long it wants to be left alone did not mean that.
        """
        body: bytes | None
        try:
            async with asyncio.timeout(_REFUSAL_SECONDS):
                body = await self._read(answer)
        except (FetchError, *FOREIGN):
            body = self._decoder.so_far() if self._decoder is not None else None
        self._refuse_challenge(body)
        is_meant = answer.status_code != 403 or self._asks_for_patience()
        if not is_meant and self._settings.second_user_agent and not self._manner.second_agent:
            self._manner = replace(self._manner, second_agent=True)
            return
        self._raise_refusal(answer.status_code, body)

    def _raise_refusal(self, status: int, body: bytes | None) -> NoReturn:
        if status == 410:
            raise FetchError("gone", "the server says that this feed is gone for good (410)", body=body)
        phrase = httpx.codes.get_reason_phrase(status)
        named = f"{status} {phrase}" if phrase else str(status)
        raise FetchError("http", f"the server answered {named}", body=body)

    def _refuse_challenge(self, body: bytes | None) -> None:
        assert self._status is not None
        if service := challenge.service(self._status, self._headers, body):
            raise FetchError(
                "challenge",
                f"{service}, which stands before the site, asks for proof that a person is asking"
                f" ({self._status})",
                body=body,
            )

    async def _read(self, answer: httpx.Response) -> bytes:
        """The body; `_is_proven` then says whether anything proves that it came whole."""
        limit = self._settings.max_body_bytes
        length = self._field("content-length") or ""
        if length.isascii() and length.isdigit() and int(length[:15]) > limit:
            raise too_large(limit)
        decoder, undoable = self._decoder_of_answer(limit)
        self._decoder = decoder
        pieces = 0
        async for data in _stream(answer):
            pieces += 1
            if pieces > _MOST_PIECES:
                raise FetchError("protocol", "the server sends the document in too many pieces")
            decoder.feed(data)
        if undoable is not None:
            raise undoable
        body, proven = decoder.finish()
        is_framed = bool(length) or "chunked" in (self._field("transfer-encoding") or "").lower()
        self._is_proven = proven or is_framed
        return body

    def _decoder_of_answer(self, limit: int) -> tuple[Decoder, FetchError | None]:
        """What undoes its coding; where nothing can, the bytes are kept as they come, with the error.

        Raises that error at once where we can still ask for another coding.
        """
        assert self._status is not None
        codings = [value for name, value in self._headers if name.lower() == "content-encoding"]
        try:
            return Decoder(", ".join(codings), limit=limit), None
        except FetchError as error:
            if self._status < 400 and not self._manner.uncompressed:
                raise
            return Decoder("", limit=limit), error

    def _asks_for_patience(self) -> bool:
        """Whether the server says how long it wants to be left alone. Some send `Retry-After: 0` with all."""
        return bool(
            retry_after_seconds(self._field("retry-after"), date=self._field("date"), now=times.now())
        )

    def _field(self, name: str) -> str | None:
        """The first value of a field of the answer, its name in lower case."""
        return next((value for key, value in self._headers if key.lower() == name), None)


def _stream(answer: httpx.Response) -> httpx.AsyncByteStream:
    """The body as it comes; httpx's own way to it refuses an answer that was made with its content."""
    assert isinstance(answer.stream, httpx.AsyncByteStream)
    return answer.stream


def _decoded(headers: httpx.Headers) -> Headers:
    """Latin-1 is how header bytes survive as text, so that an ETag goes back byte for byte."""
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw])
