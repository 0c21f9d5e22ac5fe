"""The configuration file as a tree of values, each with the place where it stands. The only import of yaml.

Every mistake is a ConfigError of one sentence with file, line and key; values that came from the environment
never stand in a message.
"""

import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from archiver.errors import ConfigError
from archiver.values import quoted, read_duration, read_size

MAX_FILE_BYTES = 10_000_000
MAX_DEPTH = 20

_HEADER_TEXT = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")

_ANSWERS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}

_T = TypeVar("_T")


def compose(path: Path) -> yaml.Node | None:
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
    try:
        return _composed(path, text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigError(f"{path}:{line}: holds a character that YAML does not allow") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise ConfigError(f"{where}: cannot be read as YAML: {error.problem or error.context}") from error


def _composed(path: Path, text: str) -> yaml.Node | None:
    """The tree, looked through for riddles before or, where there can hardly be any, while it grows."""
    if "*" not in text:  # with which every alias begins
        try:
            tree: yaml.Node | None = yaml.compose(text, Loader=_Quick)
        except (yaml.YAMLError, _TooDeep):
            pass  # told by those who look first
        else:
            return tree
    _refuse_riddles(path, yaml.parse(text, Loader=_LOADER))
    whole: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    return whole


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where it is there: ten times as quick, and a hundred thousand feeds are a fair wish."""

_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.1


class _TooDeep(Exception):
    """There may be more than MAX_DEPTH lists and mappings in each other."""


class _Quick(_LOADER):  # type: ignore[misc] # either of two
    """Finds of what is not tagged only whether it is empty, and does not go deeper than MAX_DEPTH."""

    depth = 0

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:  # noqa: ANN401
        return _NULL if kind is yaml.ScalarNode and implicit[0] and value in _NULLS else _TEXT

    def descend_resolver(self, current_node: yaml.Node | None, current_index: object) -> None:
        self.depth = depth = self.depth + 1
        if depth > MAX_DEPTH:
            raise _TooDeep

    def ascend_resolver(self) -> None:
        self.depth -= 1


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
class Node:
    """A value in the file with the place where it stands, and readers for what it may be."""

    file: str
    key: str
    node: yaml.Node

    @property
    def line(self) -> int:
        """Where it stands, counted from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def is_single(self) -> bool:
        """A word, a number, an address: neither list nor mapping."""
        return isinstance(self.node, yaml.ScalarNode)

    @property
    def is_list(self) -> bool:
        """A sequence, whatever its members are."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_empty(self) -> bool:
        """Nothing was written, or `~`."""
        return bool(self.node.tag == _NULL)

    def wrong(self, message: str) -> ConfigError:
        """The error that says what is wrong, and where."""
        key = f"{self.key}: " if self.key.isprintable() and self.key else ""
        return ConfigError(f"{self.file}:{self.line}: {key}{message}")

    def mapping(self, *known: str) -> dict[str, "Node"]:
        """The non-empty values by key; without `known`, any key will do."""
        if self.is_empty:
            return {}
        if not isinstance(self.node, yaml.MappingNode):
            raise self.wrong("must be a list of `key: value` lines")
        found: dict[str, Node] = {}
        for key_node, value_node in self.node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key not in known:
                key = self._key(key_node, known)
            if key in found:
                place = Node(self.file, self.key, key_node)
                raise place.wrong(f"{quoted(key)} is given twice, first in line {found[key].line}")
            found[key] = Node(self.file, f"{self.key}.{key}" if self.key else key, value_node)
        return {key: value for key, value in found.items() if not value.is_empty}

    def _key(self, node: yaml.Node, known: Sequence[str]) -> str:
        place = Node(self.file, self.key, node)
        key = place.text()
        if known and "://" in key:  # which may hold a password, and is better not repeated
            raise place.wrong("an address stands where a key should; write `url: …` above the feed's options")
        if known and key not in known:
            near = difflib.get_close_matches(key[:60], known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise place.wrong(f"{quoted(key)} is not a known key; {advice}")
        return key

    def items(self) -> Iterator["Node"]:
        """The members of a list, one after the other."""
        return (self.item(number) for number, _ in enumerate(self._members()))

    def item(self, number: int) -> "Node":
        """One member of a list, counted from 0."""
        return Node(self.file, f"{self.key}[{number}]", self.node.value[number])

    def glances(self) -> Iterator[tuple[str, int]]:
        """Of each member of a list what stands there, unchecked, and the line; nothing of what is not single.

        There may be very many, and most of them need no closer look.
        """
        for node in self._members():
            yield node.value if isinstance(node, yaml.ScalarNode) else "", node.start_mark.line + 1

    def _members(self) -> Sequence[yaml.Node]:
        if self.is_empty:
            return ()
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.wrong("must be a list")
        members: Sequence[yaml.Node] = self.node.value
        return members

    def text(self) -> str:
        """A single value as it was written: a tag `no` or a name `2024` is a word here."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.wrong("must be a single value")
        value = str(self.node.value).strip()
        if not value:
            raise self.wrong("is empty")
        if not value.isprintable() and _CONTROL.search(value):
            raise self.wrong("holds a line break or a control character; write it in one line")
        return value

    def read(self, reader: Callable[[str], _T]) -> _T:
        """What `reader` makes of the text; what it finds wrong is told with the place."""
        try:
            return reader(self.text())
        except ValueError as error:
            raise self.wrong(str(error)) from None

    def pause(self) -> int:
        """A duration, or none at all: `0s`."""
        return 0 if self.text() == "0s" else self.duration()

    def duration(self) -> int:
        """Seconds."""
        return self.read(read_duration)

    def size(self) -> int:
        """Bytes."""
        return self.read(read_size)

    def whole_number(self, lowest: int, highest: int) -> int:
        """A number without sign or fraction, within these limits."""
        value = self.text()
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise self.wrong(f"{quoted(value)} is not a whole number from {lowest} to {highest}")
        return int(value)

    def header_text(self) -> str:
        """What may travel in a header (RFC 9110, 5.5)."""
        value = self.text()
        if not _HEADER_TEXT.fullmatch(value):
            raise self.wrong("holds characters that cannot travel in a header; keep to plain letters")
        return value

    def with_variables(self) -> str:
        """A text, maybe a secret, with `${NAME}` taken from the environment."""
        text = self._filled()
        if _CONTROL.search(text):
            raise self.wrong("an environment variable in it holds a line break or a control character")
        return text

    def header_with_variables(self) -> str:
        """The same for what travels in a header."""
        self.header_text()
        text = self._filled()
        if not _HEADER_TEXT.fullmatch(text):
            raise self.wrong("an environment variable in it holds what cannot travel in a header")
        return text

    def _filled(self) -> str:
        text = self.text()
        for variable in sorted(set(_VARIABLE.findall(text)) - os.environ.keys()):
            raise self.wrong(f"the environment variable {quoted(variable)} is not set; set it first")
        return _VARIABLE.sub(lambda match: os.environ[match[1]], text)

    def yes_or_no(self) -> bool:
        """What YAML 1.1 takes for a truth value."""
        value = self.text().lower()
        if value not in _ANSWERS:
            raise self.wrong(f"{quoted(value)} is neither yes nor no")
        return _ANSWERS[value]

    def one_of(self, *known: str) -> str:
        """One of these words."""
        if (value := self.text()) not in known:
            raise self.wrong(f"{quoted(value)} is not known here; write one of {', '.join(known)}")
        return value


def section(node: Node | None, keys: Mapping[str, tuple[str, Callable[[Node], Any]]]) -> dict[str, Any]:
    """The settings that a section fills: by key of the file, with the setting's name and its reader."""
    values = node.mapping(*keys) if node else {}
    return {keys[key][0]: keys[key][1](value) for key, value in values.items()}
