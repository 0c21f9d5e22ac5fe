"""Deliberate defects. Python imports this at its start where the folder stands in PYTHONPATH.

A suite that cannot turn red proves nothing. Each defect is a plausible mistake of a few lines.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any


def judged_once() -> None:
    """The guard looks at one answer for a name, and the connection goes to the next."""
    from archiver.fetch.resolve import Resolver

    addresses = Resolver.addresses

    async def broken(self: Any, host: str, port: int) -> Sequence[str]:
        found = await addresses(self, host, port)
        return tuple(self._look_up(host)) if host.endswith(".test") else found

    Resolver.addresses = broken  # type: ignore[assignment, method-assign]


def redirects_unguarded() -> None:
    """What a server sends us to is not judged."""
    from archiver.fetch import address
    from archiver.fetch.guard import Guard

    target, judge, trusted = address.target, Guard.judge, set()

    def broken_target(*given: Any) -> Any:
        url = target(*given)
        trusted.add(url.raw_host.decode().strip("[]"))
        return url

    def broken_judge(self: Any, host: str, port: int, addresses: Sequence[str]) -> None:
        if host.strip("[]") not in trusted:
            judge(self, host, port, addresses)

    address.target, Guard.judge = broken_target, broken_judge  # type: ignore[method-assign]


def bombs_unbounded() -> None:
    """Everything is decompressed, and then looked at."""
    from archiver.fetch import decode

    write = decode.Decoder._write

    def broken(self: Any, data: bytes) -> None:
        limit, self._limit = self._limit, sys.maxsize
        write(self, data)
        self._limit = limit
        if len(self._body) > limit:
            raise decode.too_large(limit)

    decode.Decoder._write = broken  # type: ignore[method-assign]


def deadline_forgotten() -> None:
    """There is a limit between two bytes, and none for the whole."""
    from archiver.fetch.exchange import Exchange

    begin = Exchange.__init__

    def broken(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        self._left = 1e6

    Exchange.__init__ = broken  # type: ignore[method-assign]


def silence_endured() -> None:
    """A server that says nothing is waited for."""
    from archiver.fetch.wire import Wire

    deadline_forgotten()
    Wire._look = lambda self: None  # type: ignore[method-assign]


def torn_accepted() -> None:
    """What comes out of half a compression is taken for the document."""
    from archiver.fetch import decode

    decode._Zlib.finish = lambda self: True  # type: ignore[method-assign]
    decode._Brotli.finish = lambda self: True  # type: ignore[method-assign]


def lengths_believed() -> None:
    """Where the connection ends, the document ends."""
    from archiver.fetch.wire import Wire

    def broken(self: Any, cut: Exception) -> None:
        self._has_end = True
        self._wake()

    Wire._over = broken  # type: ignore[method-assign, assignment]


def heads_unbounded() -> None:
    """A head may be as long as it likes."""
    from archiver.fetch import wire

    wire._HEAD_BYTES = wire._MOST_FIELDS = 2**60


def secrets_forwarded() -> None:
    """What was meant for one server is told whoever it sends us to."""
    from archiver.fetch import address

    address.keeps_trust = lambda base, next_url: True


def documents_unhurried() -> None:
    """A worker may take all the time it wants."""
    from archiver.workers import Workers

    begin = Workers.__init__

    def broken(self: Any, *given: Any, **named: Any) -> None:
        begin(self, *given, **named | {"time_limit_seconds": 1000.0})

    Workers.__init__ = broken  # type: ignore[method-assign]


def errors_leaked() -> None:
    """Somebody thought that httpx has a name for everything."""
    import httpx

    from archiver.fetch import exchange

    exchange.FOREIGN = (httpx.HTTPError,)


def connections_kept() -> None:
    """A connection that is no longer wanted is left to itself."""
    from archiver.fetch.wire import Wire

    def broken(self: Any) -> None:
        if self._watch is not None:
            self._watch.cancel()

    Wire.end = broken  # type: ignore[method-assign]


def names_asked_in_the_loop() -> None:
    """Names are looked up where everybody has to wait for it."""
    from archiver.fetch.resolve import Resolver

    async def broken(self: Any, host: str) -> Sequence[str]:
        return self._look_up(host)

    Resolver._in_a_thread = broken  # type: ignore[method-assign, assignment]


_DEFECTS: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        judged_once, redirects_unguarded, bombs_unbounded, deadline_forgotten, silence_endured, torn_accepted,
        lengths_believed, heads_unbounded, secrets_forwarded, documents_unhurried, errors_leaked,
        connections_kept,
        names_asked_in_the_loop,
    )
}  # fmt: skip

if sys.argv and sys.argv[0] != "-c":  # the archiver itself; its workers are what they are
    _DEFECTS[os.environ["ARCHIVER_DEFECT"]]()
