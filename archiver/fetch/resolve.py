"""Names to addresses (RFC 1034), so that one name server that sleeps keeps nobody else waiting.

The system's resolver blocks its thread, for half a minute if it must. asyncio lends it six threads for
everything; here each look-up has one of its own, and the wait for it ends after five seconds. Answers are
kept for a moment.
"""

import asyncio
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address

from archiver.errors import FetchError
from archiver.fetch.guard import Guard, address_of

LookUp = Callable[[str], Sequence[str]]
"""A name (ASCII) to IP addresses, in the order of preference; blocks; raises OSError."""

_THREADS = 64
_PATIENCE = 5.0
_KEPT_SECONDS = 60.0
_FAILURES_KEPT_SECONDS = 30.0  # for the other feeds of a dead host, in the same round
_MOST_KEPT = 10_000
_MOST_TRIED = 4  # addresses of one name


def system_look_up(host: str) -> Sequence[str]:
    """Ask the system: hosts file, name servers, and its many spellings of numbers."""
    # As bytes, since the codec for text is IDNA 2003 and raises what is no OSError.
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return [str(place[4][0]).partition("%")[0] for place in found]


class Resolver:
    """Looks names up for one event loop, each of them once at a time, and lets the guard judge what comes."""

    def __init__(
        self,
        guard: Guard,
        *,
        look_up: LookUp = system_look_up,
        patience: float = _PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard
        self._look_up = look_up
        self._patience = patience
        self._clock = clock
        self._threads = asyncio.Semaphore(_THREADS)
        self._under_way: dict[str, asyncio.Task[tuple[str, ...] | FetchError]] = {}
        self._kept: OrderedDict[str, tuple[float, tuple[str, ...] | FetchError]] = OrderedDict()

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return where a host (ASCII) may be asked. Raises FetchError `dns`, `blocked_address`."""
        literal = _literal(host)
        found = (literal,) if literal else await self._found(host)
        self._guard.judge(host, port, found)
        return found[:_MOST_TRIED]

    async def aclose(self) -> None:
        """Wait for no answer any more; a look-up that sleeps ends with its thread."""
        for asking in self._under_way.values():
            asking.cancel()
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    async def _found(self, host: str) -> tuple[str, ...]:
        """What is known of a name; else ask, or wait with whoever is asking already."""
        until, found = self._kept.get(host, (0.0, ()))
        if until < self._clock():
            asking = self._under_way.get(host)
            if asking is None:
                asking = self._under_way[host] = asyncio.create_task(self._ask(host))
                asking.add_done_callback(lambda _: self._under_way.pop(host, None))
            # What takes too long goes on without us; whoever asks next may find its answer.
            done, _ = await asyncio.wait((asking,), timeout=self._patience)
            found = asking.result() if done else _unknown(host, f"within {self._patience:g} seconds")
        if isinstance(found, FetchError):
            raise FetchError(found.kind, str(found))
        return found

    async def _ask(self, host: str) -> tuple[str, ...] | FetchError:
        found: tuple[str, ...] | FetchError = ()
        try:
            found = tuple(dict.fromkeys(str(ip_address(text)) for text in await self._in_a_thread(host)))
        except OSError as error:
            if not isinstance(error, socket.gaierror) or error.errno == socket.EAI_AGAIN:
                found = _unknown(host, "just now")
        except ValueError:
            pass  # what no name server would take for a name, or give as an address
        found = found or FetchError("dns", f"the name {_shown(host)} has no address")
        span = _FAILURES_KEPT_SECONDS if isinstance(found, FetchError) else _KEPT_SECONDS
        self._kept[host] = self._clock() + span, found
        self._kept.move_to_end(host)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return found

    async def _in_a_thread(self, host: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Sequence[str]] = loop.create_future()

        def tell(found: Sequence[str], failure: Exception | None) -> None:
            if answered.done():
                return
            if failure is None:
                answered.set_result(found)
            else:
                answered.set_exception(failure)

        def ask() -> None:
            found: Sequence[str] = ()
            failure: Exception | None = None
            try:
                found = self._look_up(host)
            except Exception as error:
                failure = error
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(tell, found, failure)

        async with self._threads:
            # A daemon, since a name server that sleeps must not keep the program from ending.
            threading.Thread(target=ask, name="look-up", daemon=True).start()
            return await answered


def _unknown(host: str, when: str) -> FetchError:
    return FetchError("dns_hiccup", f"the name {_shown(host)} could not be looked up {when}")


def _literal(host: str) -> str | None:
    """The address that a host is itself; odd spellings of one are the system's to read, and then judged."""
    if host[-1:].isdigit() or ":" in host:
        try:
            return str(address_of(host.strip("[]")))
        except ValueError:
            return None
    return None


def _shown(host: str) -> str:
    """The host as people write it; as it stands where idna cannot read it back."""
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host
