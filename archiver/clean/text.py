"""HTML to text: a line a block, words neither glued nor split, nothing lost at any depth.

Beautiful Soup is slow to load, and most texts and commands do without: only what needs a tree loads it.
"""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import PageElement, Tag

_BLOCK_NAMES = """
    address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main
    menu nav ol optgroup option p plaintext pre search section summary table tbody tfoot thead tr ul xmp
"""
BLOCKS = frozenset(_BLOCK_NAMES.split())
"""Elements that begin and end a line."""

_DROPPED_NAMES = """
    applet canvas embed iframe math noembed noframes noscript object script select style svg template textarea
    title
"""
DROPPED = frozenset(_DROPPED_NAMES.split())
"""Elements that go with all that is in them: code, fallbacks, form controls, drawings."""

_CELLS = frozenset({"td", "th"})
_PREFORMATTED = frozenset({"listing", "plaintext", "pre", "xmp"})
# What is seen but is no text stands between words; a script in the middle of a word does not.
_SEEN = (DROPPED | {"audio", "img", "input", "video"}) - {"noscript", "script", "style", "template", "title"}

_LINE_END = "\x1e"
"""Ends a line from within a text node; a tag would do, at the price of an object each."""
_SPACE = re.compile(rf"[^\S{_LINE_END}]+")
_SPACE_IN_LINE = re.compile(rf"[^\S\n{_LINE_END}]+")
_BLANK_LINES = re.compile(r"\n\s*\n")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
"""Controls, the soft hyphen and zero-width spaces. The joiners U+200C and U+200D spell words and stay."""

_LINE_ENDS = re.compile(r"</(?:p|br)\s*+>", re.IGNORECASE)
_CDATA = "<![CDATA["
_HIDING_TAG = re.compile(
    rf"<(/?)({'|'.join(sorted(DROPPED - {'script', 'style'}))})(?=[\s/>])", re.IGNORECASE | re.ASCII
)
_TORN_TAG = re.compile(
    r"/?(?:a|b|i|u|s|p|em|br|hr|li|ul|ol|h[1-6]|t[dhr]|img|div|span|strong|font|table|iframe|figure|blockquote)"
    r"(?:[\s/]+(?:[\w:-]+(?:\s*=|\Z)|\Z)|\Z)",
    re.IGNORECASE,
)


def html_to_text(html: str) -> str:
    r"""The text of an HTML fragment: blocks are lines separated by one `\n`, none of them empty.

    A table row is a line with tabs between its cells; `pre` keeps its lines. Scripts, styles, embedded
    documents and form controls are left out, and so are alternative texts. References are decoded once.
    """
    return "\n".join(lines_of(parse(html)))


def plain_lines(text: str) -> list[str]:
    """The lines of a text without markup, folded as `html_to_text` folds its own."""
    return _folded(text.replace("\r\n", "\n").replace("\r", "\n").replace(_CDATA, ""))


def mended(html: str) -> str:
    """HTML in which what a feed's making left behind hides no text from a parser, in linear time.

    NUL goes. The opening of a CDATA section goes, since HTML would read it as a comment. What is opened and
    never closed would swallow all that follows, so the opening goes: of comments, and of elements that
    are dropped with their content, scripts and styles excepted. A tag that was torn at the end goes, and
    any other `<` there stands for itself.
    """
    html = html.replace("\0", "").replace(_CDATA, "").replace(_CDATA, "&lt;![CDATA[")
    closed = html.rfind("-->") + 3 if "-->" in html else 0
    html = html[:closed] + html[closed:].replace("<!--", "")
    html = _without_unclosed(html)
    end_of_markup = html.rfind(">") + 1
    rest = html[end_of_markup:]
    if "<" not in rest:
        return html
    words, _, torn = rest.rpartition("<")
    if end_of_markup and _TORN_TAG.match(torn):
        rest = words
    return html[:end_of_markup] + rest.replace("<", "&lt;")


def blank_lines_as(mark: str, text: str) -> str:
    """A text without any markup, `mark` in the place of its blank lines."""
    return _BLANK_LINES.sub(mark, text)


def folded_lines(text: str) -> list[str]:
    """The lines of a text that was taken out of markup, each end of a line a line feed, of a cell a tab."""
    return _folded(text, keep_cells=True)


def _without_unclosed(html: str) -> str:
    """Leave out the start tags of dropped elements behind which there is no end tag of the name."""
    tags = list(_HIDING_TAG.finditer(html))
    last_end = {tag[2].lower(): tag.start() for tag in tags if tag[1]}
    pieces, position = [], 0
    for tag in tags:
        if not tag[1] and tag.start() >= position and tag.start() > last_end.get(tag[2].lower(), -1):
            end = html.find(">", tag.end())
            if end < 0:
                break
            pieces.append(html[position : tag.start()])
            position = end + 1
    return "".join(pieces) + html[position:]


def parse(html: str) -> "BeautifulSoup":
    """The tree of a fragment; libxml2's, which lost no text at any depth when events build the tree.

    The body is opened before the fragment, for Beautiful Soup takes a bare address or file name for a
    mistake and warns. Where there is no markup at all, a blank line means what `<p>` would.
    """
    from bs4 import BeautifulSoup

    if "<" not in html:
        html = _BLANK_LINES.sub("<p>", html)
    # An end tag without a start ends a line in browsers; libxml2 would not hear of it.
    marked = _LINE_ENDS.sub(rf"\g<0>{_LINE_END}", mended(html).replace(_LINE_END, " "))
    return BeautifulSoup(f"<html><body>{marked}", "lxml")


def lines_of(soup: "Tag", is_left_out: "Callable[[Tag], bool] | None" = None) -> list[str]:
    """The lines of a tree; elements for which `is_left_out` holds are passed over."""
    from bs4.element import NavigableString, PreformattedString, Tag

    pieces: list[str] = []
    pre_depth = 0
    # Depth is the publisher's to choose: a stack of our own, never recursion.
    stack: list[tuple[str, Iterator[PageElement]]] = [("", iter(soup.contents))]
    while stack:
        name, children = stack[-1]
        for node in children:
            if isinstance(node, Tag):
                child = node.name
                if child in _SEEN:
                    pieces.append(" ")
                if child in DROPPED or (is_left_out is not None and is_left_out(node)):
                    pieces.append("\n" if child in BLOCKS else "")
                    continue
                if child in BLOCKS:
                    pieces.append("\n")
                pre_depth += child in _PREFORMATTED
                stack.append((child, iter(node.contents)))
                break
            if isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
                pieces.append(_SPACE_IN_LINE.sub(" ", node) if pre_depth else _SPACE.sub(" ", node))
        else:
            stack.pop()
            pre_depth -= name in _PREFORMATTED
            if name in _CELLS:
                pieces.append("\t")
            elif name in BLOCKS:
                pieces.append("\n")
    return _folded("".join(pieces).replace(_LINE_END, "\n"), keep_cells=True)


def _folded(text: str, *, keep_cells: bool = False) -> list[str]:
    """Lines with white space folded, invisible characters and the ends of CDATA sections taken off."""
    lines = []
    for raw in _INVISIBLE.sub("", text).split("\n"):
        if keep_cells and "\t" in raw:
            line = "\t".join(cell for cell in (" ".join(part.split()) for part in raw.split("\t")) if cell)
        else:
            line = " ".join(raw.split())
        while line.endswith("]]>"):
            line = line[:-3].rstrip()
        if line:
            lines.append(line)
    return lines
