"""The settings: frozen, and with the defaults that hold where the configuration says nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from archiver import __version__
from archiver.model import FetchOptions, Headers, ParseOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """How publishers' servers are asked. Timeouts are in seconds."""

    contact: str | None = None
    """A page or mail address where a publisher can reach whoever runs this archive."""
    user_agent: str = f"archiver/{__version__}"
    connect_timeout: float = 10
    read_timeout: float = 20
    total_timeout: float = 60
    """For everything together: redirects, waiting, the whole body."""
    max_body_bytes: int = 20 * 2**20
    """After decompression; what travels is held to the same number."""
    max_redirects: int = 10
    concurrency: int = 32
    per_host_spacing: float = 2
    """Seconds from the end of a request to a host to the next; 0: none, and several at a time."""
    requests_per_second: int = 50
    """How many updates the service begins in a second at most."""
    second_user_agent: str | None = None
    """What a server is told that refuses the first (403); as honest as that one."""
    allow_private_networks: bool = False
    allowed_networks: tuple[str, ...] = ()
    """Networks (CIDR), addresses and names of hosts that may be asked though they are not public."""

    @property
    def full_user_agent(self) -> str:
        """The User-Agent header field (RFC 9110, 10.1.5), contact included."""
        return self._with_contact(self.user_agent)

    @property
    def full_second_user_agent(self) -> str | None:
        """The same for the second one; None where there is none."""
        return self._with_contact(self.second_user_agent) if self.second_user_agent else None

    def _with_contact(self, agent: str) -> str:
        return f"{agent} ({f'+{self.contact}' if self.contact else 'no contact configured'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSettings:
    """How often feeds are asked."""

    interval_seconds: int = 3600
    min_interval_seconds: int = 900
    max_interval_seconds: int = 86400
    tick_seconds: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """When the service makes backups, and where."""

    folder: Path | None = None
    """None: it makes none."""
    every_seconds: int = 86400
    keep: int = 7
    """How many of its own it leaves; older ones are removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """How a digest goes by mail (SMTP, RFC 5321)."""

    server: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    encryption: str = "starttls"
    """One of ENCRYPTIONS; `starttls` (RFC 3207) is insisted on, `tls` speaks it at once (RFC 8314)."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)


ENCRYPTIONS = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSettings:
    """What is told to a person, how often, and by which ways. The log is always one."""

    every_seconds: int = 86400
    webhook: str | None = field(default=None, repr=False)
    """An address that takes JSON by POST. Often a secret in itself."""
    mail: MailSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """Where `/metrics` and `/healthz` are served."""

    port: int | None = None
    """None: nowhere; 0: a free one."""
    host: str = "127.0.0.1"
    """An IP address of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """Where the pages are served, by `archiver serve` and, if `with_run`, by `archiver run` too."""

    with_run: bool = False
    host: str = "127.0.0.1"
    """An IP address of this machine."""
    port: int = 8001
    """0: a free one."""
    token: str | None = field(default=None, repr=False)
    """What a visitor must know. None: nothing, which is for loopback only."""


LOGS = ("auto", "text", "json")
"""`auto`: for people on a terminal, JSON lines elsewhere."""


AS_ALL = FetchOptions()
"""How a feed is asked of which nothing else is said; one for all, as there may be very many."""

FIND_OUT = ParseOptions()
"""How its documents are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedConfig:
    """One source that the configuration lists."""

    url: str
    """http, https, or an absolute `file:///…`."""
    name: str | None = None
    tags: tuple[str, ...] = ()
    interval_seconds: int | None = None
    headers: Headers = field(default=(), repr=False)
    """May hold secrets, so they keep out of logs and tracebacks."""
    fetch: FetchOptions = AS_ALL
    parse: ParseOptions = FIND_OUT
    line: int = 0
    """Where the file lists it, counted from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, checked."""

    path: Path | None = None
    """The file it was read from; None for the defaults."""
    archive: Path = Path("data/archive.db")
    fetch: FetchSettings = field(default_factory=FetchSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    digest: DigestSettings = field(default_factory=DigestSettings)
    monitor: MonitorSettings = field(default_factory=MonitorSettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    log: str = "auto"
    """One of LOGS."""
    feeds: tuple[FeedConfig, ...] = ()

    @property
    def secrets(self) -> frozenset[str]:
        """All that must not be shown: the texts in fields that keep out of `repr`."""
        return frozenset(_secrets(self, hidden=False))

    @classmethod
    def default(cls) -> "Config":
        """Return what holds without a file: no feeds, the archive in the working folder's `data/`."""
        return cls()


def _secrets(value: object, *, hidden: bool) -> Iterator[str]:
    if is_dataclass(value):
        for name, is_hidden in _fields(type(value), hidden):  # type: ignore[arg-type] # a type is hashable
            yield from _secrets(getattr(value, name), hidden=is_hidden)
    elif isinstance(value, tuple) and value and isinstance(value[0], FeedConfig):
        # There may be very many, most of them with nothing but defaults, which they share.
        for name, is_hidden in _fields(FeedConfig, hidden):
            different = {id(one): one for one in map(attrgetter(name), value)}
            for one in different.values():
                yield from _secrets(one, hidden=is_hidden)
    elif isinstance(value, tuple):
        is_header = len(value) == 2 and all(isinstance(part, str) for part in value)
        for part in value[1:] if is_header else value:
            yield from _secrets(part, hidden=hidden)
    elif hidden and isinstance(value, str):
        yield value
        yield from value.split()[1:]  # what follows `Bearer`


_SHOWN = (str, str | None, bool, int, int | None, float, float | None, tuple[str, ...], Path, Path | None)
"""Types of values that have nothing to hide, unless their field is hidden."""


@cache
def _fields(kind: Any, hidden: bool) -> tuple[tuple[str, bool], ...]:  # noqa: ANN401 - a dataclass
    """The fields of a dataclass that may hold secrets, and whether they keep out of `repr`, as all may do."""
    return tuple(
        (one.name, hidden or not one.repr)
        for one in fields(kind)
        if hidden or not one.repr or one.type not in _SHOWN
    )
