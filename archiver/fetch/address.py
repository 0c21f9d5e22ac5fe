"""Addresses as the wire needs them: what can be asked for, whose origin it is, what may be shown of it."""

import httpx

from archiver import urls
from archiver.errors import FetchError
from archiver.fetch import asking
from archiver.fetch.ready import DEFAULT_PORTS, ready_url

_LONGEST = 8_000  # RFC 9110, 4.1, asks servers to take that much; longer ones are traps


def parse(url: str) -> tuple[httpx.URL, str | None]:
    """Return what to ask for, without login and fragment, and the login as an Authorization header field.

    The login of a URL becomes Basic authentication (RFC 7617). Raises FetchError `bad_url`, `bad_scheme`.
    """
    if len(url) <= _LONGEST and (ready := ready_url(url)) is not None:
        return ready, None
    cleaned = urls.resolve(None, url) if len(url) <= _LONGEST else None
    if cleaned is None:
        raise FetchError("bad_url", "this is not an address that can be asked for")
    scheme = cleaned.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        shown = f"{scheme}:" if len(scheme) <= 20 else "such"
        raise FetchError("bad_scheme", f"{shown} addresses are not fetched, only http and https")
    try:
        parsed = httpx.URL(cleaned.partition("#")[0])
        for label in parsed.raw_host.split(b"."):
            if label.startswith(b"xn--") and not label[4:].decode("punycode"):
                raise httpx.InvalidURL("an empty label")
        if not parsed.userinfo:
            return parsed, None
        return parsed.copy_with(userinfo=b""), asking.basic(parsed.username, parsed.password)
    except (httpx.InvalidURL, UnicodeError) as error:
        raise FetchError("bad_url", "this is not an address that can be asked for") from error


def target(base: httpx.URL, location: bytes) -> httpx.URL:
    """Return where a redirect leads (RFC 9110, 10.2.2); a login in it is not taken. Raises like `parse`."""
    try:
        reference = location.decode()
    except UnicodeDecodeError:
        reference = location.decode("latin-1")
    resolved = urls.resolve(str(base), reference) if len(reference) <= _LONGEST else None
    if resolved is None:
        raise FetchError("bad_url", "the server sends us on to something that is not an address")
    return parse(resolved)[0]


def keeps_trust(base: httpx.URL, next_url: httpx.URL) -> bool:
    """Whether what is meant for one address may go to the next: same origin, or the same host by https."""
    if base.raw_host != next_url.raw_host:
        return False
    if (base.scheme, _port(base)) == (next_url.scheme, _port(next_url)):
        return True
    return (base.scheme, _port(base), next_url.scheme, _port(next_url)) == ("http", 80, "https", 443)


def keeps_trust_of(given: str, asked: str) -> bool:
    """The same for addresses as they are written; the same address always does."""
    if given == asked:
        return True
    try:
        return keeps_trust(parse(given)[0], parse(asked)[0])
    except FetchError:
        return False


def _port(url: httpx.URL) -> int:
    return url.port or DEFAULT_PORTS[url.scheme]
