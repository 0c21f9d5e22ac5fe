"""Proof of a fetch: who answered, by the word of the connection itself, and what we had sent."""

import base64
import hashlib
import re
import ssl
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

import httpx

from archiver import urls
from archiver.model import Connection, FetchRequest, Headers
from archiver.urls import WITHHELD

_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})
_SHORTEST_ECHO = 6
"""Shorter secrets are not looked for in answers: they would stand in words that are none."""
_SHORTEST_IN_HOST = 12
"""In the name of a host only longer ones are: manners go by it, and shorter ones may be its own words."""
_ORIGIN = re.compile(r"[a-z]+://[^/?#]*")
_OPEN = ("accept", "user-agent", "cache-control", "pragma", "referer", "origin", "sec-", "dnt")
"""Fields that say how somebody asks, not who: `Accept` of a feed must not blot out its `Content-Type`."""


def sent(headers: Collection[tuple[str, str]], *, private: Collection[tuple[str, str]]) -> Headers:
    """Return the header fields of a request without its secrets: logins, and all that is in `private`."""
    secret = _SECRET.union([name.lower() for name, _ in private])
    return tuple([(field[0], WITHHELD) if field[0].lower() in secret else field for field in headers])


@dataclass(frozen=True, slots=True, kw_only=True)
class Echoes:
    """What finds the secrets of a request in its answer, in whatever case: hosts and codings are folded."""

    anywhere: re.Pattern[str] | None = None
    in_addresses: re.Pattern[str] | None = None
    """Without cookies and own fields that are plain words, which the paths of addresses are made of."""


def echoes(request: FetchRequest, *, login: str | None) -> Echoes:
    """Return what finds the secrets of a request in an answer.

    They are the logins, cookies, own fields, secret parameters and the proxy's password that this one feed
    was configured with.
    """
    secrets, own = list(_secrets(request, login)), list(_own(request))
    telling = [value for value in own if not (value.isalpha() and value.islower())]
    return Echoes(anywhere=_finding([*secrets, *own]), in_addresses=_finding([*secrets, *telling]))


def _finding(secrets: Collection[str]) -> re.Pattern[str] | None:
    known = {form for one in secrets for form in (one, quote(one, safe=""), unquote(one))}
    long = sorted((one for one in known if len(one) >= _SHORTEST_ECHO), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, long)), re.IGNORECASE) if long else None


def _own(request: FetchRequest) -> Iterator[str]:
    """Cookies, and the fields of the feed's own: mostly secrets, but `edition=international` as well."""
    yield from (value for _, value in request.options.cookies)
    yield from (value for name, value in request.headers if not name.lower().startswith(_OPEN))


def _secrets(request: FetchRequest, login: str | None) -> Iterator[str]:
    yield from urls.secret_values(request.url)
    if request.options.proxy is not None:
        proxy = urlsplit(request.options.proxy)
        if proxy.password:
            yield proxy.password
            login_there = f"{unquote(proxy.username or '')}:{unquote(proxy.password)}"
            yield base64.b64encode(login_there.encode()).decode()
    logins = [field for field in (request.options.authorization, login) if field]
    yield from logins
    for field in (*logins, *_own(request)):
        scheme, _, credentials = field.partition(" ")
        if scheme.lower() in ("basic", "bearer", "token"):
            yield credentials
        if scheme.lower() == "basic":
            try:
                yield base64.b64decode(credentials).decode().partition(":")[2]
            except ValueError:
                continue


def withheld(text: str, secrets: Echoes) -> str:
    """Return a part of an answer without what it echoes of the request's `secrets` (see `echoes`)."""
    return text if secrets.anywhere is None else secrets.anywhere.sub(WITHHELD, text)


def withheld_in_address(url: str, secrets: Echoes) -> str:
    """Return an address to which a server sent us on, without what it echoes of the request's `secrets`."""
    if secrets.in_addresses is None:
        return url
    origin = _ORIGIN.match(url)
    place = origin.end() if origin else 0

    def long_ones(found: re.Match[str]) -> str:
        return WITHHELD if len(found[0]) >= _SHORTEST_IN_HOST else found[0]

    return secrets.in_addresses.sub(long_ones, url[:place]) + secrets.in_addresses.sub(WITHHELD, url[place:])


def received(headers: Headers, secrets: Echoes) -> Headers:
    """Return the header fields of an answer, byte for byte but for what they echo of the request's secrets.

    In addresses secret parameters go as everywhere else, so that what is left of them can still be read.
    """
    if secrets.anywhere is None:
        return headers
    return tuple((name, withheld(urls.redact_field(name, value), secrets)) for name, value in headers)


def connection(answer: httpx.Response) -> Connection | None:
    """Return who answered; None where the transport has no connection to ask, as in tests.

    To be called before the answer is closed: a closed socket has forgotten who was at its other end.
    """
    stream = answer.extensions.get("network_stream")
    if stream is None:
        return None
    tls = stream.get_extra_info("ssl_object")
    is_encrypted = isinstance(tls, ssl.SSLObject | ssl.SSLSocket)
    certificate = tls.getpeercert(binary_form=True) if is_encrypted else None
    return Connection(
        address=_address(stream.get_extra_info("server_addr")),
        tls_protocol=tls.version() if is_encrypted else None,
        certificate_sha256=hashlib.sha256(certificate).hexdigest() if certificate else None,
        verified=tls.context.verify_mode is ssl.CERT_REQUIRED if is_encrypted else None,
    )


def _address(known: object) -> str | None:
    """`192.0.2.1:443` or `[2001:db8::1]:443` of what a socket calls its peer."""
    if not isinstance(known, tuple) or len(known) < 2:
        return None
    host, port = str(known[0]).partition("%")[0], known[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def status_line(answer: httpx.Response) -> tuple[str | None, str | None]:
    """Return the HTTP version and the reason phrase of an answer (RFC 9112, 4)."""
    version, reason = answer.extensions.get("http_version"), answer.extensions.get("reason_phrase")
    return (
        version.decode("latin-1") if isinstance(version, bytes) else None,
        reason.decode("latin-1") if isinstance(reason, bytes) else None,
    )
