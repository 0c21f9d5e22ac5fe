"""Fetcher: the one door of this room. Every fetch ends in a Response or in a FetchError, in bounded time."""

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

import httpx

from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.failpoints import failpoint
from archiver.fetch.exchange import Exchange
from archiver.fetch.files import read_file
from archiver.model import FetchRequest, Response


class Fetcher:
    """Asks for documents, at most `settings.concurrency` of them at a time.

    Each fetch has a connection of its own: in httpx 0.28 a request cancelled by a deadline can leave a shared
    pool dead. What is dear, the TLS context, is shared; SSL_CERT_FILE names other authorities.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        """Take another maker of transports in place of httpx's own: it is called once for each fetch."""
        self._settings = settings
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._transport = transport or plain_transports()

    async def fetch(self, request: FetchRequest) -> Response:
        """Bring the document, or 304 as the answer to a validator (RFC 9110, 15.4.5).

        Raises FetchError and nothing else. Neither `final_url` nor the redirects carry a login or a fragment.
        A file is read only where the request allows it, whole, and has no status.
        """
        failpoint("before_fetch")
        if request.url[:5].lower() == "file:":
            if not request.allow_file:
                raise FetchError(
                    "bad_scheme", "file: addresses are read only where the configuration names them"
                )
            return await asyncio.to_thread(read_file, request.url, limit=self._settings.max_body_bytes)
        # Waiting for our own turn is no fault of the server's, so its deadline starts after it.
        async with self._slots:
            return await Exchange(request, self._settings, self._transport()).run()

    async def aclose(self) -> None:
        """Let go of what is held between fetches: nothing, with this transport."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def plain_transports(trust: ssl.SSLContext | None = None) -> Callable[[], httpx.AsyncBaseTransport]:
    """Return the maker of httpx's own transports; `trust` takes the place of the usual authorities."""
    tls = trust or httpx.create_ssl_context()
    limits = httpx.Limits(max_keepalive_connections=0)

    def make() -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=tls, http1=True, http2=False, trust_env=False, limits=limits)

    return make
