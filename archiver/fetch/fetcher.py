"""Fetcher: the one door of this room. Every fetch ends in a Response or in a FetchError, in bounded time."""

import asyncio
import ssl
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Self

import httpx

from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.failpoints import failpoint
from archiver.fetch.exchange import Exchange, Turns
from archiver.fetch.files import read_file
from archiver.fetch.guard import Guard
from archiver.fetch.resolve import LookUp, Resolver, system_look_up
from archiver.fetch.transport import ThroughProxy, Transport
from archiver.fetch.wire import Pace
from archiver.model import FetchOptions, FetchRequest, Response


class Fetcher:
    """Asks for documents, at most `settings.concurrency` of them at a time.

    Each request has a connection of its own, so nothing that one server does reaches another's. What is dear,
    the TLS context, is shared; SSL_CERT_FILE names other authorities.
    """

    def __init__(
        self,
        settings: FetchSettings,
        *,
        turns: Turns | None = None,
        look_up: LookUp = system_look_up,
        trust: Callable[[], ssl.SSLContext] = httpx.create_ssl_context,
        pace: Pace | None = None,
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        """Ask as the settings say.

        `turns` keeps the manners: each request, redirects and second tries too, waits for its host's turn.
        The others are for tests: another resolver of names, other authorities for TLS, another pace, and a
        maker of transports in place of ours, called once for each request.
        """
        self._settings = settings
        self._turns = turns
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._resolver = Resolver(Guard.of(settings), look_up=look_up)
        self._checked = cache(trust)  # 20 ms, and only if there is need of it
        self._unchecked = cache(lambda: _unchecking(trust()))
        pace = pace or Pace()
        self._usual = Transport(door=self._resolver, trust=self._checked, pace=pace)
        self._lenient = Transport(door=self._resolver, trust=self._unchecked, pace=pace)
        self._transport = transport

    async def fetch(
        self, request: FetchRequest, *, turns: Turns | None = None, host: str | None = None
    ) -> Response:
        """Bring the document, or 304 as the answer to a validator (RFC 9110, 15.4.5).

        `turns` are for this one only; `host` is that of the address, where it is known (see `hosts.host_of`).

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
        exchange = Exchange(
            request, self._settings, way=self._way, slots=self._slots, turns=turns or self._turns, host=host
        )
        return await exchange.run()

    def _way(self, options: FetchOptions) -> httpx.AsyncBaseTransport:
        """The transport for a request that wants to be made so."""
        if self._transport is not None:
            return self._transport()
        if options.proxy is not None:
            trust = self._checked() if options.verify_tls else self._unchecked()
            return ThroughProxy(options.proxy, door=self._resolver, trust=trust)
        return self._usual if options.verify_tls else self._lenient

    async def aclose(self) -> None:
        """Let go of what is held between fetches: look-ups that nobody waits for any more."""
        await self._resolver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


def _unchecking(context: ssl.SSLContext) -> ssl.SSLContext:
    """A context that takes any certificate, for the servers that the configuration names."""
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
