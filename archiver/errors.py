"""Everything that may go wrong, as one tree.

    ArchiverError
    ├── ConfigError      the configuration or the command is wrong; says file, line and key
    ├── FetchError       the web failed; `kind` is one of FETCH_KINDS
    ├── ParseError       what came is not a feed, or nothing in it could be read; `kind` is one of PARSE_KINDS
    ├── HostHeld         a server asked for patience, and has it
    ├── DeliveryError    a digest could not be handed to a webhook or a mail server
    └── StoreError       the archive failed
        ├── ArchiveBusy  another process holds the archive
        ├── NotFound     no such feed, post or entry
        └── SchemaError  made by a newer program, or not an archive at all

Foreign exceptions are wrapped once, where they enter, with `raise … from`. Bugs are never wrapped.
Messages are one sentence for a person: what, where, what to do.
"""

from datetime import datetime
from typing import Any

from archiver.model import Connection, Headers, Hop

FETCH_KINDS = frozenset(
    {
        "bad_url",  # not a URL that can be asked for
        "bad_scheme",  # something other than http, https or a configured file:
        "blocked_address",  # the guard refused where the name leads
        "dns",  # the name has no address
        "dns_hiccup",  # it could not be looked up just now
        "connect",  # refused, unreachable
        "proxy",  # the one that the configuration names, and no fault of the server's
        "tls",  # certificate or handshake
        "timeout",  # connecting, reading, or the whole took too long
        "reset",  # the connection broke while reading
        "truncated",  # the body is shorter than it claims to be
        "too_large",  # more bytes than the limit, after decompression
        "bad_encoding",  # compression that cannot be undone, or was not offered
        "protocol",  # not HTTP as the standard has it
        "too_many_redirects",
        "redirect_loop",
        "http",  # a status that carries no feed: 4xx, 5xx
        "gone",  # 410
        "challenge",  # a service before the site asks for proof that a person is asking
        "file",  # a file: source that cannot be read
    }
)

PARSE_KINDS = frozenset(
    {
        "empty",  # no bytes, or white space only
        "web_page",  # HTML in a feed's place
        "not_a_feed",  # readable, but no kind of document that we know
        "broken",  # a feed by its looks, but no entry could be read
        "crashed",  # the parser took too long, too much memory, or died
    }
)


class ArchiverError(Exception):
    """Base of all errors that a person is told about in one sentence."""


class ConfigError(ArchiverError):
    """The configuration or a command's arguments are wrong; nothing has been touched."""


class FetchError(ArchiverError):
    """A fetch that brought no document.

    `kind` is one of FETCH_KINDS. `status` and `headers` are set where an answer came at all, `body` is what
    arrived of its bytes, whole where `complete`.
    The rest is what a Response knows of its connection, as far as it came.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        status: int | None = None,
        headers: Headers = (),
        body: bytes | None = None,
        final_url: str | None = None,
        redirects: tuple[Hop, ...] = (),
    ) -> None:
        assert kind in FETCH_KINDS, kind
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.headers = headers
        self.body = body
        self.final_url = final_url
        self.redirects = redirects
        self.complete = False
        self.request_headers: Headers = ()
        self.connection: Connection | None = None
        self.http_version: str | None = None
        self.reason: str | None = None
        self.second_agent = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Picklable with all that is known, since it comes from the process that asks."""
        return FetchError, (self.kind, str(self)), vars(self)


class ParseError(ArchiverError):
    """A document in which no feed can be found; `kind` is one of PARSE_KINDS.

    Picklable, since it is raised in worker processes.
    """

    def __init__(self, kind: str, message: str) -> None:
        assert kind in PARSE_KINDS, kind
        super().__init__(kind, message)
        self.kind = kind

    def __str__(self) -> str:
        return str(self.args[1])


class HostHeld(ArchiverError):
    """A server is to be left alone, so it was not asked: `host` until `until`, a time of day."""

    def __init__(self, host: str, until: datetime, reason: str) -> None:
        super().__init__(f"{host} is left alone until {until:%Y-%m-%d %H:%M:%S} UTC: {reason}")
        self.host = host
        self.until = until


class DeliveryError(ArchiverError):
    """A digest could not be delivered; it is kept and tried again."""


class StoreError(ArchiverError):
    """The archive file could not be read or written."""

    may_pass = False
    """Whether it may go well without anybody mending the archive: a full disk, a lock, a lost mount."""


class ArchiveBusy(StoreError):
    """Another process holds the archive; says which."""


class NotFound(StoreError):
    """No such feed, post or entry in the archive."""


class SchemaError(StoreError):
    """The file was made by a newer program, or is not an archive."""
