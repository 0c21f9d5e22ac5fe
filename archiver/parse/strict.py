"""feedparser's strict reader, spared what it does over and over; the readings are feedparser's own.

`feedparser.parse` hands on every line and every reference of a text by itself, looks each character of all
texts up in a table, copies by general means, compares each category with all before it, and works out for
each tag anew what its name means among the namespaces: three quarters of its time, with the options that we
use.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from xml.parsers import expat
from xml.sax import SAXException
from xml.sax.xmlreader import AttributesNSImpl

from feedparser.api import StrictFeedParser
from feedparser.util import FeedParserDict

_WINDOWS_1252 = re.compile("[\x80-\x9f]")
_BUFFER = 64 * 1024
"""Bytes of text that the parser of XML hands over at a time."""

Name = tuple[str | None, str]
"""A namespace, and the name in it."""

MOST_NAMES = 300
"""Of which it is remembered what they mean among some namespaces, of elements and of attributes each."""
LONGEST_NAME = 200
_LONGEST_DECLARED = 2_000
"""Characters of namespaces that are remembered."""


class _Text(str):
    """A text that knows whether there is anything in it to look up in a table of windows-1252's signs."""

    __slots__ = ()

    def translate(self, table: Any) -> str:  # noqa: ANN401 - as `str` has it
        if self.isascii() or not _WINDOWS_1252.search(self):
            return str(self)
        return str.translate(self, table)


class _Parameters(dict[str, Any]):
    """The type, language and base of a text: plain values under names that feedparser has no aliases for."""

    def __deepcopy__(self, memo: dict[int, Any]) -> FeedParserDict:
        return FeedParserDict(self)


class _Tags(list[FeedParserDict]):
    """Categories. Of each further one it is asked whether it is among them; only the last still changes."""

    def __init__(self) -> None:
        super().__init__()
        self._settled: set[tuple[Any, ...]] = set()

    def __contains__(self, tag: object) -> bool:
        told = _told(tag)
        return told in self._settled or (bool(self) and told == _told(self[-1]))

    def append(self, tag: FeedParserDict) -> None:
        if self:
            self._settled.add(_told(self[-1]))
        super().append(tag)


def _told(tag: Any) -> tuple[Any, ...]:  # noqa: ANN401 - feedparser's own
    return tuple(dict.get(tag, name) for name in ("term", "scheme", "label"))


class _Known(dict[str, tuple[str, str]]):
    """What names mean, of few enough and short ones: publishers choose them, and this outlives a document."""

    def __setitem__(self, name: str, meaning: tuple[str, str]) -> None:
        if len(self) < MOST_NAMES and len(name) <= LONGEST_NAME:
            super().__setitem__(name, meaning)


class _Meanings(NamedTuple):
    tags: _Known
    attributes: _Known


@lru_cache(maxsize=64)
def _meanings(declared: tuple[tuple[str, str], ...]) -> _Meanings:
    """What was learned of names among these namespaces: most documents declare what others do."""
    return _Meanings(_Known(), _Known())


class _Namespaces(dict[str, str]):
    """The namespaces in use, and what names mean, which rests on them and on their order."""

    def __init__(self) -> None:
        super().__init__()
        self.known = _meanings(())
        self._declared = 0

    def __setitem__(self, prefix: str, uri: str) -> None:
        if self.get(prefix) == uri:
            return
        super().__setitem__(prefix, uri)
        self._declared += len(prefix) + len(uri)
        if self._declared <= _LONGEST_DECLARED:
            self.known = _meanings(tuple(self.items()))
        else:
            self.known = _Meanings(_Known(), _Known())


class _Naming(StrictFeedParser):  # type: ignore[misc]  # feedparser is untyped
    """Asked once for each name what feedparser calls it."""

    def __init__(self, namespaces: _Namespaces) -> None:
        super().__init__("", None, "utf-8")
        self.namespaces_in_use = namespaces
        self.found: Any = None

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        self.found = tag, attrs

    def unknown_endtag(self, tag: str) -> None:
        self.found = tag

    def of_tags(self, name: str) -> tuple[str, str]:
        """The tag that begins an element, and the one that ends it."""
        pair, _ = _pair(name)
        self.startElementNS(pair, None, AttributesNSImpl({}, {}))
        start = self.found[0]
        self.endElementNS(pair, None)
        return start, self.found

    def of_attribute(self, name: str) -> tuple[str, str]:
        """The attribute by its namespace, and as it is written."""
        pair, written = _pair(name)
        self.startElementNS((None, ""), None, AttributesNSImpl({pair: ""}, {pair: written}))
        keys = [key for key, _ in self.found[1]]
        return keys[0], keys[-1]


def _pair(name: str) -> tuple[Any, str]:
    """Namespace and name, as the standard library's SAX reader has them, and the name as it is written."""
    parts = name.split()
    if len(parts) == 1:
        return (None, name), name
    if len(parts) == 3:
        return (parts[0], parts[1]), f"{parts[2]}:{parts[1]}"
    return tuple(parts), parts[1]  # feedparser refuses a pair of more than two


class _Reader(StrictFeedParser):  # type: ignore[misc]  # feedparser is untyped
    """Takes the text between two tags at once, straight from the parser of XML."""

    resolve_relative_uris = False
    sanitize_html = False

    def __init__(self) -> None:
        super().__init__("", None, "utf-8")
        self.decls: dict[str, str]
        self.pieces: list[str] = []
        self.contentparams: dict[str, Any] = _Parameters()
        self.namespaces_in_use: _Namespaces = _Namespaces()
        self._naming = _Naming(self.namespaces_in_use)

    def _flush(self) -> None:
        text = self.pieces[0] if len(self.pieces) == 1 else "".join(self.pieces)
        self.pieces.clear()
        self.handle_data(text)

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """A start tag."""
        if self.pieces:
            self._flush()
        tags = self.namespaces_in_use.known.tags
        tag = tags.get(name)
        if tag is None:
            tag = tags[name] = self._naming.of_tags(name)
        said: list[tuple[str, str]] = []
        if attributes or self.decls or tag[0].endswith(("math", "svg")):
            said = self._said(name, attributes)
        self.unknown_starttag(tag[0], said)

    def _said(self, name: str, attributes: Mapping[str, str]) -> list[tuple[str, str]]:
        """The attributes by the names that feedparser knows them by."""
        said, self.decls = self.decls, {}
        (namespace, local), _ = _pair(name)
        if (namespace, local.lower()) in _DRAWN:
            said["xmlns"] = namespace
        names = self.namespaces_in_use.known.attributes
        again = []
        for key, value in attributes.items():
            known = names.get(key)
            if known is None:
                known = names[key] = self._naming.of_attribute(key)
            said[known[0]] = value
            again.append((known[1], value))
        said.update(again)
        return list(said.items())

    def end(self, name: str) -> None:
        """An end tag."""
        if self.pieces:
            self._flush()
        tags = self.namespaces_in_use.known.tags
        tag = tags.get(name)
        if tag is None:
            tag = tags[name] = self._naming.of_tags(name)
        self.unknown_endtag(tag[1])
        # feedparser lets an entry's xml:base last beyond its element where the elements around have none.
        self.baseuri = self.basestack[-1] if self.basestack else ""

    def _add_tag(self, *tag: Any) -> None:  # noqa: ANN401 - feedparser's own
        self._get_context().setdefault("tags", _Tags())
        super()._add_tag(*tag)

    def push_content(self, *arguments: Any) -> None:  # noqa: ANN401 - feedparser's own
        super().push_content(*arguments)
        self.contentparams = _Parameters(self.contentparams)

    @staticmethod
    def decode_entities(element: str, data: str) -> str:
        """Nothing, as in feedparser; what follows it there is the table."""
        return _Text(data)


_DRAWN = {("http://www.w3.org/1998/Math/MathML", "math"), ("http://www.w3.org/2000/svg", "svg")}
"""Elements whose namespace feedparser writes down as an attribute."""


def read_strictly(source: bytes) -> tuple[FeedParserDict, list[FeedParserDict], str]:
    """The feed's own elements, the entries, and the version, as `feedparser.parse` has them.

    `source` is UTF-8 without declaration or DOCTYPE. Raises SAXException where it is no sound XML, and
    whatever feedparser's readers of extensions raise.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.pieces.append
    parser.StartNamespaceDeclHandler = reader.startPrefixMapping
    try:
        parser.Parse(source, True)
    except expat.ExpatError as error:
        raise SAXException(str(error)) from error
    return reader.feeddata, reader.entries, reader.version
