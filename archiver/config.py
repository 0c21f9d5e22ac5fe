"""The configuration: reads config.yaml once, at the door, into frozen settings. The only import of yaml.

Every mistake is a ConfigError of one sentence with file, line and key; values that came from the
environment never stand in a message. An empty value, and a key that is not there, mean the default.
"""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml

from archiver import __version__
from archiver.errors import ConfigError
from archiver.model import KINDS, Headers, ParseOptions
from archiver.values import folded_address, quoted, read_address, read_charset, read_duration, read_size

MAX_FILE_BYTES = 10_000_000
MAX_DEPTH = 20

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110, 5.6.2
_HEADER_TEXT = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_OUR_HEADERS = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})


_T = TypeVar("_T")


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
    concurrency: int = 16

    @property
    def full_user_agent(self) -> str:
        """The User-Agent header field (RFC 9110, 10.1.5), contact included."""
        return f"{self.user_agent} ({f'+{self.contact}' if self.contact else 'no contact configured'})"


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
class FeedConfig:
    """One source that the configuration lists."""

    url: str
    """http, https, or an absolute `file:///…`."""
    name: str | None = None
    tags: tuple[str, ...] = ()
    interval_seconds: int | None = None
    headers: Headers = field(default=(), repr=False)
    """May hold secrets, so they keep out of logs and tracebacks."""
    parse: ParseOptions = field(default_factory=ParseOptions)
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
    feeds: tuple[FeedConfig, ...] = ()

    @classmethod
    def default(cls) -> "Config":
        """Return what holds without a file: no feeds, the archive in the working folder's `data/`."""
        return cls()


def load(path: Path | None) -> Config:
    """Read a configuration file (YAML 1.1, UTF-8, at most 10 MB); None gives the defaults.

    Paths in it are relative to its folder. Raises ConfigError, also where the file is missing.
    """
    if path is None:
        return Config.default()
    root = _compose(path)
    top = (
        _Node(str(path), "", root).mapping("archive", "fetch", "schedule", "backup", "feeds") if root else {}
    )
    archive = top["archive"].text() if "archive" in top else str(Config().archive)
    return Config(
        path=path,
        archive=path.parent / os.path.expanduser(archive),  # noqa: PTH111 (Path's raises for unknown people)
        fetch=FetchSettings(**_section(top.get("fetch"), FETCH_KEYS)),
        schedule=_schedule(top.get("schedule")),
        backup=_backup(top.get("backup"), folder=path.parent),
        feeds=_feeds(top["feeds"], folder=path.parent) if "feeds" in top else (),
    )


def _compose(path: Path) -> yaml.Node | None:
    """The document's node tree; None for an empty file."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{path}: is larger than {MAX_FILE_BYTES // 10**6} MB; list fewer feeds in it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not UTF-8 text; save the file as UTF-8") from error
    # libyaml where it is there: ten times as quick, and a hundred thousand feeds are a fair wish.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_riddles(path, yaml.parse(text, Loader=loader))
        return yaml.compose(text, Loader=loader)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{path}:{line}: holds a character that YAML does not allow") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: cannot be read as YAML: {error.problem or error.context}") from error


def _refuse_riddles(path: Path, events: Iterable[yaml.Event]) -> None:
    """Refuse aliases, the stuff of bombs, and nesting that would overrun the composer's stack."""
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else 0
        if depth > MAX_DEPTH:
            raise ConfigError(f"{path}:{line}: is nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{path}:{line}: is an alias (*name); write the value out")


@dataclass(frozen=True, slots=True)
class _Node:
    """A value in the file with the place where it stands, and readers for what it may be."""

    file: str
    key: str
    node: yaml.Node

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    @property
    def is_empty(self) -> bool:
        return str(self.node.tag) == "tag:yaml.org,2002:null"

    def wrong(self, message: str) -> ConfigError:
        key = f"{self.key}: " if self.key.isprintable() and self.key else ""
        return ConfigError(f"{self.file}:{self.line}: {key}{message}")

    def mapping(self, *known: str) -> dict[str, "_Node"]:
        """The non-empty values by key; without `known`, any key will do."""
        if self.is_empty:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("must be a list of `key: value` lines")
        found: dict[str, _Node] = {}
        for key_node, value_node in self.node.value:
            place = _Node(self.file, self.key, key_node)
            key = place.text()
            if known and key not in known:
                near = difflib.get_close_matches(key[:60], known, n=1)
                advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise place.wrong(f"{quoted(key)} is not a known key; {advice}")
            if key in found:
                raise place.wrong(f"{quoted(key)} is given twice, first in line {found[key].line}")
            found[key] = _Node(self.file, f"{self.key}.{key}" if self.key else key, value_node)
        return {key: value for key, value in found.items() if not value.is_empty}

    def items(self) -> list["_Node"]:
        if self.is_empty:
            return []
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("must be a list")
        return [_Node(self.file, f"{self.key}[{i}]", node) for i, node in enumerate(self.node.value)]

    def text(self) -> str:
        """A single value as it was written: a tag `no` or a name `2024` is a word here."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("must be a single value")
        value = str(self.node.value).strip()
        if not value:
            raise self.wrong("is empty")
        if _CONTROL.search(value):
            raise self.wrong("holds a line break or a control character; write it in one line")
        return value

    def read(self, reader: Callable[[str], _T]) -> _T:
        """What `reader` makes of the text; what it finds wrong is told with the place."""
        try:
            return reader(self.text())
        except ValueError as error:
            raise self.wrong(str(error)) from None

    def duration(self) -> int:
        return self.read(read_duration)

    def size(self) -> int:
        return self.read(read_size)

    def whole_number(self, lowest: int, highest: int) -> int:
        value = self.text()
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise self.wrong(f"{quoted(value)} is not a whole number from {lowest} to {highest}")
        return int(value)

    def header_text(self) -> str:
        value = self.text()
        if not _HEADER_TEXT.fullmatch(value):
            raise self.wrong("holds characters that cannot travel in a header; keep to plain letters")
        return value


FETCH_KEYS: Mapping[str, tuple[str, Callable[[_Node], Any]]] = {
    "contact": ("contact", _Node.header_text),
    "user_agent": ("user_agent", _Node.header_text),
    "connect_timeout": ("connect_timeout", _Node.duration),
    "read_timeout": ("read_timeout", _Node.duration),
    "total_timeout": ("total_timeout", _Node.duration),
    "max_body": ("max_body_bytes", _Node.size),
    "max_redirects": ("max_redirects", lambda node: node.whole_number(0, 50)),
    "concurrency": ("concurrency", lambda node: node.whole_number(1, 1000)),
}
"""The keys of the file, with the setting that each fills and how its value is read."""

SCHEDULE_KEYS: Mapping[str, tuple[str, Callable[[_Node], Any]]] = {
    "interval": ("interval_seconds", _Node.duration),
    "min_interval": ("min_interval_seconds", _Node.duration),
    "max_interval": ("max_interval_seconds", _Node.duration),
    "tick": ("tick_seconds", _Node.duration),
}


def _section(node: _Node | None, keys: Mapping[str, tuple[str, Callable[[_Node], Any]]]) -> dict[str, Any]:
    values = node.mapping(*keys) if node else {}
    return {keys[key][0]: keys[key][1](value) for key, value in values.items()}


def _schedule(node: _Node | None) -> ScheduleSettings:
    schedule = ScheduleSettings(**_section(node, SCHEDULE_KEYS))
    if node and schedule.min_interval_seconds > schedule.interval_seconds:
        raise node.wrong("min_interval is longer than interval; lower min_interval or raise interval")
    if node and schedule.max_interval_seconds < schedule.interval_seconds:
        raise node.wrong("max_interval is shorter than interval; raise max_interval or lower interval")
    return schedule


def _backup(node: _Node | None, *, folder: Path) -> BackupSettings:
    keys = node.mapping("folder", "every", "keep") if node else {}
    values: dict[str, Any] = {}
    if "folder" in keys:
        values["folder"] = folder / os.path.expanduser(keys["folder"].text())  # noqa: PTH111
    if "every" in keys:
        values["every_seconds"] = keys["every"].duration()
    if "keep" in keys:
        values["keep"] = keys["keep"].whole_number(1, 10_000)
    return BackupSettings(**values)


def _feeds(node: _Node, *, folder: Path) -> tuple[FeedConfig, ...]:
    feeds: list[FeedConfig] = []
    lines: dict[str, int] = {}
    for item in node.items():
        feed = _feed(item, folder=folder)
        if (folded := folded_address(feed.url)) in lines:
            raise item.wrong(f"is the same feed as in line {lines[folded]}; keep one of the two")
        lines[folded] = feed.line
        feeds.append(feed)
    return tuple(feeds)


def _feed(node: _Node, *, folder: Path) -> FeedConfig:
    if isinstance(node.node, yaml.ScalarNode):
        return FeedConfig(url=_url(node, folder=folder), line=node.line)
    keys = node.mapping("url", "name", "tags", "interval", "headers", "parse")
    if "url" not in keys:
        raise node.wrong("has no url; every feed needs one")
    return FeedConfig(
        url=_url(keys["url"], folder=folder),
        name=keys["name"].text() if "name" in keys else None,
        tags=tuple(dict.fromkeys(tag.text() for tag in keys["tags"].items())) if "tags" in keys else (),
        interval_seconds=keys["interval"].duration() if "interval" in keys else None,
        headers=_headers(keys["headers"]) if "headers" in keys else (),
        parse=_parse_options(keys["parse"]) if "parse" in keys else ParseOptions(),
        line=node.line,
    )


def _url(node: _Node, *, folder: Path) -> str:
    return node.read(lambda text: read_address(text, folder=folder))


def _headers(node: _Node) -> Headers:
    headers: list[tuple[str, str]] = []
    for name, value in node.mapping().items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
            raise value.wrong("is not a header that can be set here")
        text = value.header_text()
        for variable in sorted(set(_VARIABLE.findall(text)) - os.environ.keys()):
            raise value.wrong(f"the environment variable {quoted(variable)} is not set; set it first")
        text = _VARIABLE.sub(lambda match: os.environ[match[1]], text)
        if not _HEADER_TEXT.fullmatch(text):
            raise value.wrong("an environment variable in it holds what cannot travel in a header")
        headers.append((name, text))
    return tuple(headers)


def _parse_options(node: _Node) -> ParseOptions:
    keys = node.mapping("charset", "kind")
    if "charset" in keys:
        keys["charset"].read(read_charset)
    if "kind" in keys and (kind := keys["kind"].text()) not in KINDS:
        raise keys["kind"].wrong(f"{quoted(kind)} is not a known kind; write one of {', '.join(KINDS)}")
    return ParseOptions(**{key: value.text() for key, value in keys.items()})
