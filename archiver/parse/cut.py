"""A document cut into raw entries, each with its mark, so that only those are read that nobody knows.

What is cut out changes nothing in how the rest is read, or else there is no cut: entries are siblings with
nothing but white space and comments between them, and nothing stands behind the last one but the end tags of
the elements around them. Linear in the size of the text.
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from xml.parsers import expat

from archiver import __version__
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import jsonfeed
from archiver.parse.markup import mend, prolog

READERS = 1
"""To be raised when the same markup is read, cleaned or identified in another way than before."""

_ENTRY_OF = {"rss": "item", "rdf:RDF": "item", "feed": "entry"}
_ROOT = re.compile(r"<([^\W\d][\w.:\-]*+)")
_TOKEN = re.compile(
    r"<(?:(?P<entry>/?(?:[^\W\d][\w.\-]*+:)?(?i:item|entry))(?=[\s/>])|(?P<section>!\[CDATA\[|!--|\?))"
)
_SECTION_ENDS = {"![CDATA[": "]]>", "!--": "-->", "?": "?>"}
_TAG_END = re.compile(r"\s*+>")
_BETWEEN = re.compile(r"(?:\s++|<!--(?:[^\-]++|-(?!->))*+-->)*+")
_END_TAG = re.compile(r"</([^\W\d][\w.:\-]*+)\s*+>")
_BETWEEN_ITEMS = re.compile(r"\s*+,\s*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A text and the raw entries in it."""

    text: str
    spans: tuple[tuple[int, int], ...]
    marks: tuple[str, ...]
    """The digest of each entry's markup, in their order."""
    around: str
    """The elements around them: what their markup is read in."""
    separator: str

    def with_only(self, positions: Collection[int]) -> str:
        """The document without the other entries."""
        kept = [self.text[begin:end] for at, (begin, end) in enumerate(self.spans) if at in positions]
        head, tail = self.text[: self.spans[0][0]], self.text[self.spans[-1][1] :]
        return head + self.separator.join(kept) + tail

    def context(self, parsed: ParsedFeed, options: ParseOptions) -> str:
        """A digest of everything beside its own markup that an entry's reading, text and keys rest on."""
        feed = parsed.feed
        told = (options.url, options.kind, parsed.format, feed.title, feed.site_url, feed.language)
        return _digest(repr((READERS, __version__, self.around, told)))


def cut_xml(text: str, start: int) -> Cut | None:
    """Cut a syndication document whose root element begins at `start`; None where that might change it."""
    root = _ROOT.match(text, start)
    entry = _ENTRY_OF.get(root[1]) if root else None
    if entry is None or prolog(text[:start]).entities:
        return None
    spans = _spans(text, start, entry)
    if not spans:
        return None
    around = _open_elements(mend(text[start : spans[0][0]]))
    if around is None or not _ends(text, spans[-1][1], [name for name, _ in around]):
        return None
    return _cut(text, spans, around=repr(around), separator="")


def cut_json(text: str) -> Cut | None:
    """Cut a JSON Feed; None for one that is cut short, or has its items in several places."""
    spans = jsonfeed.spans_of_items(text)
    for (_, end), (begin, _) in pairwise(spans):
        if not _BETWEEN_ITEMS.fullmatch(text, end, begin):
            return None
    return _cut(text, spans, around="items", separator=",") if spans else None


def _cut(text: str, spans: list[tuple[int, int]], *, around: str, separator: str) -> Cut:
    marks = tuple(_digest(text[begin:end]) for begin, end in spans)
    return Cut(text=text, spans=tuple(spans), marks=marks, around=around, separator=separator)


def _spans(text: str, start: int, entry: str) -> list[tuple[int, int]]:
    """Where each entry begins and ends; none where they are not plainly side by side."""
    spans: list[tuple[int, int]] = []
    begin: int | None = None
    at = start
    while token := _TOKEN.search(text, at):
        at = token.end()
        section = token["section"]
        if section:
            end = text.find(_SECTION_ENDS[section], at)
            if end < 0:
                return []
            at = end + len(_SECTION_ENDS[section])
        elif begin is None and token["entry"] == entry:
            begin = token.start()
            if spans and not _BETWEEN.fullmatch(text, spans[-1][1], begin):
                return []
        elif begin is not None and token["entry"] == f"/{entry}":
            closed = _TAG_END.match(text, at)
            if closed is None:
                return []
            at = closed.end()
            spans.append((begin, at))
            begin = None
        else:
            return []
    return spans if begin is None else []


def _open_elements(head: str) -> list[tuple[str, dict[str, str]]] | None:
    """The elements that are open at the end of a mended head, outermost first; None where it is unsound."""
    stack: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: stack.append((name, attributes))
    parser.EndElementHandler = lambda name: stack.pop()
    try:
        parser.Parse(head.encode("utf-8", "replace"), False)
    except expat.ExpatError:
        return None
    return stack


def _ends(text: str, at: int, names: list[str]) -> bool:
    """Whether nothing but the end tags of these elements follows, innermost first; then what may."""
    for name in reversed(names):
        between = _BETWEEN.match(text, at)
        tag = _END_TAG.match(text, between.end() if between else at)
        if tag is None or tag[1] != name:
            return False
        at = tag.end()
    return True


def _digest(text: str) -> str:
    """96 bits of SHA-256, in sixteen letters."""
    return urlsafe_b64encode(sha256(text.encode("utf-8", "surrogatepass")).digest()[:12]).decode()
