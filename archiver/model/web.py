"""What the web was asked, and what it said."""

from dataclasses import dataclass, field, replace

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order of their arrival, repetitions kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Who it was that answered, as far as the connection itself says so."""

    address: str | None = None
    """The IP address and port, as `192.0.2.1:443` or `[2001:db8::1]:443`."""
    tls_protocol: str | None = None
    certificate_sha256: str | None = None
    """The fingerprint of the server's certificate, hexadecimal, over its DER form."""
    verified: bool | None = None
    """Whether the certificate was checked, which the configuration may forgo; None without TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One redirect that was followed: who sent us away, and with which status."""

    url: str
    status: int
    location: str | None = None
    """Where to, in the server's own words."""
    connection: Connection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """How one feed wants to be asked, as the configuration says; its secrets keep out of tracebacks.

    Login, cookies and `verify_tls` hold for the origin that they were configured for, and for no other.
    """

    authorization: str | None = field(default=None, repr=False)
    """The whole header field: `Basic …` (RFC 7617) or `Bearer …` (RFC 6750)."""
    cookies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    proxy: str | None = field(default=None, repr=False)
    """`http://…` or `socks5://…`; may hold a login."""
    verify_tls: bool = True
    timeout_seconds: float | None = None
    """For the whole fetch; None: as for all."""
    user_agent: str | None = None

    @property
    def elsewhere(self) -> "FetchOptions":
        """What of it holds for other origins too: no secrets but the proxy's, and TLS is checked."""
        return replace(self, authorization=None, cookies=(), verify_tls=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """What to ask for, and how: all that the fetch room needs to know of a feed."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: Headers = field(default=(), repr=False)
    options: FetchOptions = field(default_factory=FetchOptions)
    second_agent: bool = False
    """Begin with the second User-Agent, since the first was refused before."""
    allow_file: bool = False
    """`file:` addresses are read only where configuration or command line named them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer that may carry a document (2xx), or 304 that says nothing changed."""

    request_url: str
    final_url: str
    status: int | None
    """The HTTP status; None for a file."""
    headers: Headers = ()
    body: bytes = b""
    """After transfer and content decoding."""
    redirects: tuple[Hop, ...] = ()
    complete: bool = True
    """False where nothing in HTTP says that the body came whole (no length, no chunks)."""
    request_headers: Headers = ()
    """What we sent with the last request, secrets taken out."""
    connection: Connection | None = None
    http_version: str | None = None
    """As the status line has it: `HTTP/1.1`."""
    reason: str | None = None
    """The words of the status line after the status."""
    second_agent: bool = False
    """The second User-Agent got it."""

    @property
    def is_delta(self) -> bool:
        """Whether the body has only the entries that are new since the ETag that we sent (226, RFC 3229)."""
        return self.status == 226

    @property
    def not_modified(self) -> bool:
        """Whether this is a 304 (RFC 9110, 15.4.5)."""
        return self.status == 304

    def header(self, name: str) -> str | None:
        """The first value of a header field, its name in any case."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None
