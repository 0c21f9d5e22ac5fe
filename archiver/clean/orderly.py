"""Orderly markup, read once: its text and its HTML in the order of its tags, without a tree.

Orderly is a fragment of well-known tags, each of them closed in its turn, in which no parser would have to
mend anything: what most entries are. Then every parser sees the same, and one pass says what libxml2's tree
and the balancing of `safe_html` would say, ten times as fast. Whatever is not surely orderly is left to them.
"""

import re
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple

from archiver.clean.boilerplate import FURNITURE_CLASSES
from archiver.clean.safe_html import ATTRIBUTES, IMPLIED_ENDS, NEW_NAMES, TAGS, attributes
from archiver.clean.text import BLOCKS, blank_lines_as, folded_lines

_LONGEST = 1024 * 1024
_DEEPEST = 100

_INLINE_NAMES = """
    a abbr acronym audio b big cite code del dfn em font i ins kbd mark picture q s samp small span strike
    strong sub sup time tt u var video
"""
_BLOCK_NAMES = """
    address article aside blockquote caption center dd details div dl dt figcaption figure footer h1 h2 h3 h4
    h5 h6 header li main nav ol p pre section summary table tbody td tfoot th thead tr ul
"""
_VOID = frozenset({"br", "hr", "img"})
_INLINE = frozenset(_INLINE_NAMES.split())
_NAMES = _INLINE | frozenset(_BLOCK_NAMES.split()) | _VOID
_SHAPES = """
    circle clippath defs ellipse g line lineargradient path polygon polyline radialgradient rect stop symbol
    use
"""
_LEFT_OUT = {
    **dict.fromkeys(("iframe", "script", "style"), frozenset[str]()),
    "noscript": frozenset({"img"}),
    "svg": frozenset(_SHAPES.split()),
    "colgroup": frozenset({"col"}),
}
"""Elements that go with all that is in them, and what may be in them for that to be certain."""
_TRACELESS = frozenset({"link", "meta", "source", "track"})
"""Elements without content, of which neither text nor HTML keeps anything."""
_SEEN = frozenset({"audio", "iframe", "img", "svg", "video"})
_CODE = frozenset({"script", "style"})
_HEADINGS = frozenset({"h1", "h2", "h3"})
_IGNORED_ENDS = frozenset({"hr", "img"})
_CELLS = frozenset({"td", "th"})

# Which open element a start tag would end, by libxml2's tables.
_ENDED_BY_LIBXML2 = """
    a:a table:a,h1,h2,h3,h4,h5,h6,p,pre td:a,b,font,i,p,span,td,th,u th:a,b,font,i,p,span,td,th,u
    center:b,font,i,p p:b,big,h1,h2,h3,h4,h5,h6,i,p,s,small,strike,tt,u
    tbody:caption,p,tbody,td,tfoot,th,thead,tr tfoot:caption,p,tbody,td,th,thead,tr thead:caption
    tr:caption,p,td,th,tr dt:address,dd,p,pre li:address,dl,h1,h2,h3,h4,h5,h6,li,p,pre dd:address,dt,p,pre
    dl:address,dt,p,pre blockquote:p caption:p div:p h1:p h2:p h3:p h4:p h5:p h6:p hr:p ol:p pre:p,ul
    ul:address,p,pre address:p,ul
"""
_ENDED = {
    name: frozenset(ended.split(","))
    for name, ended in (entry.split(":") for entry in _ENDED_BY_LIBXML2.split())
}
_UNSHOWN = _INLINE - TAGS - NEW_NAMES.keys()
"""Their text is kept, and their tags are not: what stands in them stands in their parent then."""
_IMPLIED = {name: IMPLIED_ENDS.get(NEW_NAMES.get(name, name), frozenset()) for name in _NAMES}
_REFUSED = {name: _ENDED.get(name, frozenset()) | _IMPLIED[name] for name in _NAMES}
"""Parents that a start tag would end, for one of the readers at least."""

_PARTS = re.compile(r"(<[^<>\"]*+(?:\"[^\"<]*+\"[^<>\"]*+)*+>)")
_SPACE, _NAME, _BARE = r"[ \t\n]", r"[a-zA-Z_][a-zA-Z0-9_.:-]*+", r"[a-zA-Z0-9_.#%:/?&=,;+~@!-]++"
_APART = rf"(?:{_SPACE}++|(?<=[\"']))"
"""Between two attributes; after a quotation mark nothing need stand there."""
_START = re.compile(
    r"<([a-zA-Z][a-zA-Z0-9]*+)"
    rf"((?:{_APART}{_NAME}(?:=(?:\"[^\"]*+\"|'[^']*+'|{_BARE}))?+)*+)"
    rf"{_SPACE}*+(/?)>"
)
_ATTRIBUTE = re.compile(rf"{_APART}({_NAME})(?:=(?:\"([^\"]*+)\"|'([^']*+)'|({_BARE})))?+")
_END = re.compile(r"</([a-zA-Z][a-zA-Z0-9]*+)[ \t\n]*+>")
_COMMENT = re.compile(r"<!--(?!-?>)[^-]*+(?:-(?!-)[^-]*+)*+-->")
_INSTRUCTION = re.compile(r"<\?[a-zA-Z][^<>]*+>")
_CONTROLS = bytes([*range(9), *range(11, 32), 127])
_NUMBERED = re.compile(r"&#([0-9a-zA-Z]*+;?)")
_NUMBER = re.compile(r"([0-9]{2,6});|[xX]([0-9a-fA-F]{2,5});")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orderly:
    """What one pass over an orderly fragment finds."""

    balanced: str
    """As `safe_html` has it before it is cleaned, in the spelling of a browser's serialisation."""
    lines: list[str]
    """Of the text, furniture left out."""
    last_link: str
    """The words of the last link."""
    leads_on: bool
    """Whether a link is marked as leading on to the rest."""
    heading: str | None
    """The words of the first heading."""


class _Tag(NamedTuple):
    """What a tag as it is spelt means; `name` is empty for what leaves no trace, such as a comment."""

    name: str
    written: str = ""
    ends: bool = False
    is_furniture: bool = False
    leads_on: bool = False


@dataclass(slots=True)
class _Words:
    """From where to where an element's words stand in the list of all words."""

    depth: int
    start: int
    end: int = -1


def read_orderly(html: str, base_url: str | None) -> Orderly | None:
    """Read a fragment; None where it is not orderly. Linear in its length."""
    if len(html) > _LONGEST or _has_controls(html) or not _are_sound(html):
        return None
    parts = _PARTS.split(html)
    if html.count("<") != len(parts) // 2:
        return None
    if len(parts) == 1:
        text = unescape(blank_lines_as("\x1e", html).replace("\n", " ").replace("\t", " "))
        lines = folded_lines(text.replace("\n", " ").replace("\t", " ").replace("\x1e", "\n"))
        return Orderly(
            balanced=_written(unescape(html)).strip(), lines=lines, last_link="", leads_on=False, heading=None
        )
    return _Reader(parts, base_url).run()


def _has_controls(html: str) -> bool:
    data = html.encode("utf-8", "surrogatepass")
    return len(data.translate(None, _CONTROLS)) < len(data)


def _are_sound(html: str) -> bool:
    """Whether all numbered references mean the same to everyone."""
    if "&#" not in html:
        return True
    for reference in set(_NUMBERED.findall(html)):
        number = _NUMBER.fullmatch(reference)
        if number is None:
            return False
        code = int(number[1]) if number[1] else int(number[2], 16)
        if not (
            0x20 <= code < 0x7F
            or 0xA0 <= code < 0xD800
            or 0xE000 <= code < 0xFDD0
            or 0xFE00 <= code < 0xFFFE
            or 0x1F000 <= code < 0x1FFFE
        ):
            return False
    return True


def _written(text: str) -> str:
    """A text between two tags as a browser writes it."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\u00a0", "&nbsp;")


class _Reader:
    """One pass over the parts of a fragment, texts and tags in turn."""

    def __init__(self, parts: list[str], base_url: str | None) -> None:
        self.parts = parts
        self.base_url = base_url
        self.out: list[str] = []
        self.text: list[str] = []
        self.words: list[str] = []
        self.stack: list[str] = []
        self.hidden = 0
        """How deep the furniture stands that we are in."""
        self.preformatted = 0
        self.link: _Words | None = None
        self.heading: _Words | None = None
        self.leads_on = False

    def run(self) -> Orderly | None:
        parts, known = self.parts, _BARE_TAGS.copy()
        at = 1
        self.say(parts[0])
        while at < len(parts):
            spelt = parts[at]
            tag = known.get(spelt)
            if tag is None:
                tag = known[spelt] = _understood(spelt, self.base_url)
            if tag is None:
                return None
            if tag.name in _LEFT_OUT:
                at = self.leave_out(tag.name, at)
                if not at:
                    return None
            elif tag.name and not (self.close(tag) if tag.ends else self.open(tag)):
                return None
            if parts[at + 1]:
                self.say(parts[at + 1])
            at += 2
        return None if self.stack else self.result()

    def result(self) -> Orderly:
        link, heading = self.link, self.heading
        return Orderly(
            balanced="".join(self.out).strip(),
            lines=folded_lines("".join(self.text)),
            last_link="".join(self.words[link.start : link.end]) if link else "",
            leads_on=self.leads_on,
            heading="".join(self.words[heading.start : heading.end]) if heading else None,
        )

    def say(self, words: str) -> None:
        if "&" in words or ">" in words or "\u00a0" in words:
            words = unescape(words)
            self.out.append(_written(words))
        else:
            self.out.append(words)
        self.words.append(words)
        if not self.hidden:
            if "\t" in words:
                words = words.replace("\t", " ")
            self.text.append(words if self.preformatted or "\n" not in words else words.replace("\n", " "))

    def open(self, tag: _Tag) -> bool:
        """Take a start tag; False where a reader would end another element there."""
        name, stack = tag.name, self.stack
        if stack and (stack[-1] in _REFUSED[name] or (stack[-1] in _UNSHOWN and self.ends_outer(name))):
            return False
        self.out.append(tag.written)
        if not self.hidden:
            if name in _SEEN:
                self.text.append(" ")
            elif name in BLOCKS:
                self.text.append("\n")
        if name in _VOID:
            return True
        stack.append(name)
        if tag.is_furniture and not self.hidden:
            self.hidden = len(stack)
        if name == "a":
            self.link = _Words(len(stack), len(self.words))
            self.leads_on = self.leads_on or tag.leads_on
        elif name == "pre":
            self.preformatted += 1
        elif name in _HEADINGS and self.heading is None:
            self.heading = _Words(len(stack), len(self.words))
        return len(stack) <= _DEEPEST

    def ends_outer(self, name: str) -> bool:
        """Whether a start tag would end the innermost element of those that are shown."""
        shown = next((outer for outer in reversed(self.stack) if outer not in _UNSHOWN), "")
        return shown in _IMPLIED[name]

    def close(self, tag: _Tag) -> bool:
        """Take an end tag; False where it is not the innermost element's."""
        name, stack = tag.name, self.stack
        if not stack or stack[-1] != name:
            return False
        self.out.append(tag.written)
        if not self.hidden:
            if name in _CELLS:
                self.text.append("\t")
            elif name in BLOCKS:
                self.text.append("\n")
        elif self.hidden == len(stack):
            self.hidden = 0
        if name == "a":
            if self.link is not None and self.link.depth == len(stack):
                self.link.end = len(self.words)
        elif name == "p":
            self.words.append(" ")
        elif name == "pre":
            self.preformatted -= 1
        elif self.heading is not None and self.heading.end < 0 and self.heading.depth == len(stack):
            self.heading.end = len(self.words)
        stack.pop()
        return True

    def leave_out(self, name: str, at: int) -> int:
        """Where the end tag of an element stands that goes with its content; 0 where that is not certain."""
        if name in _SEEN and not self.hidden:
            self.text.append(" ")
        if name == "colgroup" and self.stack[-1:] != ["table"]:
            return 0
        allowed, last = _LEFT_OUT[name], f"</{name}>"
        for end in range(at + 2, len(self.parts), 2):
            if name not in _CODE:
                if self.parts[end - 1].strip():
                    return 0
                self.words.append(self.parts[end - 1])
                if name == "colgroup":  # its tags alone go from the HTML
                    self.out.append(self.parts[end - 1])
            if self.parts[end] == last:
                return end
            tag = _START.fullmatch(self.parts[end]) or _END.fullmatch(self.parts[end])
            if tag is None or tag[1].lower() not in allowed:
                return 0
        return 0


def _classes(source: str) -> str | None:
    """The value of the first `class`; None where it has references in it."""
    for name, *values in _ATTRIBUTE.findall(source):
        if name.lower() == "class":
            classes = "".join(values)
            return None if "&" in classes else classes
    return ""


def _understood(spelt: str, base_url: str | None) -> _Tag | None:
    """What a tag means; None for one that is not surely orderly."""
    if spelt[1] == "/":
        end = _END.fullmatch(spelt)
        name = end[1].lower() if end else ""
        if name in _IGNORED_ENDS:
            return _Tag("")
        shown = NEW_NAMES.get(name, name)
        known = name in _NAMES and name not in _VOID
        return _Tag(name, f"</{shown}>" if shown in TAGS else "", ends=True) if known else None
    start = _START.fullmatch(spelt)
    if start is None:
        return _Tag("") if _COMMENT.fullmatch(spelt) or _INSTRUCTION.fullmatch(spelt) else None
    name, source, is_empty = start[1].lower(), start[2], bool(start[3])
    if name in _TRACELESS:
        return _Tag("")
    if name in _LEFT_OUT:
        return None if is_empty else _Tag(name)
    if name not in _NAMES or (is_empty and name not in _VOID):
        return None
    shown = NEW_NAMES.get(name, name)
    if not source:
        kept = attributes(shown, "", None) if shown in ATTRIBUTES else ""
        return _Tag(name, f"<{shown}{kept}>" if shown in TAGS else "")
    classes = _classes(source) if "class" in source.lower() else ""
    if classes is None:
        return None
    kept = attributes(shown, source, base_url) if shown in ATTRIBUTES else ""
    return _Tag(
        name,
        f"<{shown}{kept}>" if shown in TAGS else "",
        is_furniture=bool(classes) and not FURNITURE_CLASSES.isdisjoint(classes.lower().split()),
        leads_on="more-link" in classes.split(),
    )


_BARE_TAGS = {
    spelt: _understood(spelt, None)
    for name in _NAMES
    for spelt in (f"<{name}>", f"</{name}>", f"<{name}/>", f"<{name} />")
}
"""Most tags have no attributes; these mean the same everywhere."""
