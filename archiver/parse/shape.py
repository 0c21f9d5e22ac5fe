"""The shape of a mended feed: where its entries begin and end, whether it is whole, and how to cut it."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?|<(?P<close>/?)(?P<name>[^\W\d][\w.:\-]*+)(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+>"
)
CONTAINERS = frozenset({"rss", "rdf", "feed", "channel"})
ENTRIES = frozenset({"item", "entry"})
_CORE_NAMES = """
item entry title link guid id description summary content encoded pubdate published updated issued modified
created date creator author name email uri category enclosure
"""
_CORE = frozenset(_CORE_NAMES.split())
_DEEPEST = 200


def local_name(name: str) -> str:
    """The part of an element's name after its prefix, in lower case."""
    return name.rpartition(":")[2].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A document cut open: `whole` is what to parse, the rest serves to parse one entry at a time."""

    root: str
    """The name of the root element, with its prefix."""
    whole: str
    """Without junk after the root element, and closed where it was cut off."""
    head: str
    """The document without its entries."""
    entries: tuple[str, ...]
    """Every complete entry, as XML."""
    wrapping: tuple[str, str]
    """The opening and closing tags around a single entry."""
    torn: bool
    """The document ends before its root element does."""
    readable: bool
    """Something of the feed stands before the cut."""
    junk: bool
    """Something stood after the root element, and was cut off."""


def core_only(entry: str) -> str:
    """Take off an entry the tags of every extension, leaving what they enclosed."""

    def keep(token: re.Match[str]) -> str:
        name = token["name"]
        return token[0] if name is None or local_name(name) in _CORE else ""

    return _TOKEN.sub(keep, entry)


class _Scan:
    """One pass over the tags; containers and entries are followed, what is inside entries is not."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.spans: list[tuple[int, int]] = []
        self.stack: list[str] = []
        self.tags: list[str] = []
        self.entry: tuple[str, int] | None = None
        self.sound = 0
        self.sound_stack: tuple[str, ...] = ()
        self.wrapping: tuple[str, ...] | None = None
        self.first_entry: int | None = None
        self.root_close: tuple[int, int] | None = None

    def run(self) -> None:
        for token in _TOKEN.finditer(self.source):
            name = token["name"]
            if name is None:
                continue
            if self.entry:
                self.in_entry(token, name)
            elif token["close"]:
                self.closed(token, name)
            else:
                self.opened(token, name)

    def in_entry(self, token: re.Match[str], name: str) -> None:
        entry_name, start = self.entry or ("", 0)
        if token["close"] and self.stack and name == self.stack[0]:
            self.spans.append((start, token.start()))  # it was never closed, but the document is
            self.entry = None
            self.closed(token, name)
            return
        if name != entry_name:
            return
        if not token["close"]:  # the one before was never closed; feedparser begins a new entry here as well
            self.spans.append((start, token.start()))
            self.entry = None
            self.opened(token, name)
            return
        self.spans.append((start, token.end()))
        self.entry = None
        self.mark(token.end())

    def opened(self, token: re.Match[str], name: str) -> None:
        empty = token[0].endswith("/>")
        if local_name(name) in ENTRIES and (self.stack or self.root_close):
            del self.stack[len(self.tags) :]
            if self.first_entry is None:
                self.first_entry = token.start()
                self.wrapping = tuple(self.tags)
            if empty:
                self.spans.append((token.start(), token.end()))
                self.mark(token.end())
            else:
                self.entry = (name, token.start())
        elif not empty and len(self.stack) < _DEEPEST and not self.root_close:
            if len(self.stack) == len(self.tags) and (local_name(name) in CONTAINERS or not self.stack):
                self.tags.append(token[0])
            self.stack.append(name)
        elif empty:
            self.mark(token.end())

    def closed(self, token: re.Match[str], name: str) -> None:
        if self.root_close or not self.stack:
            return
        if self.stack[-1] == name:
            self.stack.pop()
        elif local_name(name) in CONTAINERS and name in self.stack:
            del self.stack[len(self.stack) - 1 - self.stack[::-1].index(name) :]
        else:
            return
        del self.tags[len(self.stack) :]
        if not self.stack:
            self.root_close = (token.start(), token.end())
        else:
            self.mark(token.end())

    def mark(self, position: int) -> None:
        """Remember a place at which the document may be cut: between two children of a container."""
        if not self.root_close and len(self.stack) == len(self.tags):
            self.sound, self.sound_stack = position, tuple(self.stack)


def read_shape(source: str) -> Shape:
    """Cut open a mended document that begins with its root element; linear in its length."""
    scan = _Scan(source)
    scan.run()
    entries = tuple(source[start:end] for start, end in scan.spans)
    opening = scan.wrapping if scan.wrapping is not None else tuple(scan.tags)
    names = [re.match(r"<([^\s/>]+)", tag) for tag in opening]
    closing = "".join(f"</{name[1]}>" for name in reversed(names) if name)
    junk = False
    if scan.root_close:
        start, end = scan.root_close
        junk = bool(source[end:].strip())
        late = "".join(source[first:last] for first, last in scan.spans if first >= end)
        whole = source[:start] + late + source[start:end]
    else:
        whole = source[: scan.sound] + "".join(f"</{name}>" for name in reversed(scan.sound_stack))
    head_end = scan.first_entry if scan.first_entry is not None else None
    head = whole if head_end is None else source[:head_end] + closing
    root = re.match(r"<([^\s/>]+)", source)
    return Shape(
        root=root[1] if root else "",
        whole=whole,
        head=head,
        entries=entries,
        wrapping=("".join(opening), closing),
        torn=scan.root_close is None,
        readable=bool(entries) or scan.sound > 0,
        junk=junk,
    )
