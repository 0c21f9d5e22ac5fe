"""Foreign exceptions, each translated once into a FetchError of a closed kind and a sentence for a person."""

import socket
import ssl
from collections.abc import Iterator

import httpx

from archiver.config import FetchSettings
from archiver.errors import FetchError

FOREIGN = (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError)
"""What may come out of httpx and what lies under it: ssl's errors are OSError, idna's are UnicodeError."""


_BEFORE_A_PROXY = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)


def translated(
    error: BaseException,
    url: httpx.URL | None,
    *,
    settings: FetchSettings,
    answered: bool,
    by_proxy: bool = False,
) -> FetchError:
    """Return what a foreign exception means; `answered` says that the head of an answer had come before."""
    host = _name(url)
    causes = list(_causes(error))
    if (
        by_proxy
        and isinstance(error, _BEFORE_A_PROXY)
        and not any(isinstance(c, ssl.SSLError) for c in causes)
    ):
        return FetchError("proxy", "the proxy of this feed cannot be reached, or does not let us through")
    if isinstance(error, httpx.ConnectTimeout):
        return unreached(host, settings.connect_timeout)
    if isinstance(error, httpx.TimeoutException):
        return unanswered(settings.read_timeout, answered=answered)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = str(cause.verify_message).rstrip(".")
            return FetchError("tls", f"the certificate of {host} is not valid: {reason}")
        if isinstance(cause, ssl.SSLError):
            return FetchError(
                "tls",
                f"no encrypted connection with {host}: {getattr(cause, 'reason', None) or 'it broke off'}",
            )
        if isinstance(cause, socket.gaierror):
            if cause.errno == socket.EAI_AGAIN:
                return FetchError("dns_hiccup", f"the name {host} could not be looked up just now")
            return FetchError("dns", f"the name {host} has no address")
        if isinstance(cause, UnicodeError):
            return FetchError("bad_url", f"{host[:80]} is not a name that can be looked up")
    if isinstance(error, httpx.ConnectError):
        return _unreachable(host, url, causes)
    if isinstance(error, httpx.RemoteProtocolError):
        return _named(str(error))
    if isinstance(error, httpx.NetworkError) or (answered and isinstance(error, OSError)):
        return FetchError("reset", "the connection broke off")
    if isinstance(error, httpx.UnsupportedProtocol):
        return FetchError("bad_scheme", "only http and https addresses are fetched")
    if isinstance(error, httpx.InvalidURL):
        return FetchError("bad_url", "this is not an address that can be asked for")
    if isinstance(error, OSError):
        return _unreachable(host, url, causes)
    return FetchError("protocol", f"the exchange with the server failed: {_short(str(error))}")


def unanswered(patience: float, *, answered: bool) -> FetchError:
    """Return the error for a server that said nothing for so many seconds."""
    what = "stopped in the middle of its answer for" if answered else "did not answer within"
    return FetchError("timeout", f"the server {what} {seconds(patience)}")


def unreached(host: str, patience: float) -> FetchError:
    """Return the error for a server that did not take the call within so many seconds."""
    return FetchError("timeout", f"{host} could not be reached within {seconds(patience)}")


def no_answer() -> FetchError:
    """Return the error for a server that closes in place of an answer."""
    return FetchError("reset", "the server closed the connection without an answer")


def broken_off() -> FetchError:
    """Return the error for an answer that is shorter than it claims to be."""
    return FetchError("truncated", "the answer broke off before its end")


def malformed(detail: str) -> FetchError:
    """Return the error for what is not HTTP as RFC 9112 has it."""
    return FetchError("protocol", f"the answer is not proper HTTP: {_short(detail)}")


def seconds(value: float) -> str:
    """Return a time in words."""
    return f"{value:g} second" + ("" if value == 1 else "s")


def _name(url: httpx.URL | None) -> str:
    """The host as people write it; in ASCII where idna cannot read it back."""
    if url is None:
        return "the server"
    try:
        return url.host
    except UnicodeError:
        return url.raw_host.decode("ascii")


def _unreachable(host: str, url: httpx.URL | None, causes: list[BaseException]) -> FetchError:
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return FetchError("connect", f"{host} refuses the connection")
    if url is not None and url.scheme == "https" and not any(isinstance(cause, OSError) for cause in causes):
        # The socket stood, and no errno tells why it fell: that is a handshake given up by the server.
        return FetchError("tls", f"no encrypted connection with {host}: it broke off")
    return FetchError("connect", f"{host} cannot be reached")


def _named(detail: str) -> FetchError:
    """What httpx calls a protocol error is three things to us; only its words tell them apart."""
    if detail.startswith("peer closed connection"):
        return broken_off()
    if detail.startswith("Server disconnected"):
        return no_answer()
    return malformed(detail)


def _short(detail: str) -> str:
    """What went wrong, without the bytes in which it did: h11 quotes them, and they may echo a secret."""
    detail = detail.partition(": bytearray(")[0]
    return "".join(c if c.isprintable() else "�" for c in detail[:100])


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything that led to it, groups unfolded."""
    waiting, seen = [error], set[int]()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting.extend(cause for cause in (current.__cause__, current.__context__) if cause is not None)
        if isinstance(current, BaseExceptionGroup):
            waiting.extend(current.exceptions)
