"""Proof of a fetch: who answered, by the word of the connection itself, and what we had sent."""

import hashlib
import ssl
from collections.abc import Collection

import httpx

from archiver.model import Connection, Headers

WITHHELD = "(withheld)"
"""Stands in the place of what is nobody else's business, in the archive and in whatever is made from it."""
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


def sent(headers: Collection[tuple[str, str]], *, private: Collection[tuple[str, str]]) -> Headers:
    """Return the header fields of a request without its secrets: logins, and all that is in `private`."""
    secret = _SECRET | {name.lower() for name, _ in private}
    return tuple((name, WITHHELD if name.lower() in secret else value) for name, value in headers)


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
    version, reason = (answer.extensions.get(name) for name in ("http_version", "reason_phrase"))
    return (
        version.decode("latin-1") if isinstance(version, bytes) else None,
        reason.decode("latin-1") if isinstance(reason, bytes) else None,
    )
