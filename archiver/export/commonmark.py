r"""Safe HTML as CommonMark, with tables and strikethrough as GitHub has them.

It reads what `clean.safe_html` writes: allowed tags, quoted attributes, absolute addresses. The markup
is cut into tags and texts in one pass; whatever is text is escaped, so nothing that a publisher wrote
can become markup, a link, an HTML tag or the braces of a template. What is nested too deeply is written
as if it were not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

MAX_DEPTH = 12
"""Quotes, lists or emphasis within each other; what is deeper is written without."""

_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*+)((?:\s++[a-z]++="[^"]*+")*+)\s*+/?>|([^<]++|<)')
_ATTRIBUTE = re.compile(r'([a-z]++)="([^"]*+)"')
_SPACES = re.compile(r"[ \t\r\n\f\v\x1c-\x1f\x85\u2028\u2029]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_SPECIAL = re.compile(r"[\\`*_\[\]<>~|{}$^]|!$|!(?=\[)|&(?=[#a-zA-Z0-9])")
_BLOCK_START = re.compile(r"(?m)^(\s*)(?:([-+=#:])|([0-9]{1,9})([.)]))")
_UNSAFE_IN_LINK = re.compile(r"[\s\x00-\x20\x7f<>\"()\[\]{}|\\^`]")
_WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_TICKS = re.compile("`+")

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_MARKS = {
    "b": "**", "strong": "**", "em": "*", "i": "*", "cite": "*", "dfn": "*", "var": "*", "del": "~~",
    "s": "~~",
}  # fmt: skip
_VERBATIM = frozenset({"code", "kbd", "samp"})
_NESTING = frozenset({"blockquote", "ul", "ol", "li", "dd"})
_BLOCKS = frozenset(
    {
        "p", "div", "figure", "figcaption", "dl", "dt", "table", "caption", "thead", "tbody", "tfoot", "hr",
        "pre", "tr", "td", "th", *_HEADINGS, *_NESTING,
    }
)  # fmt: skip
_BREAK = "\\\n"


def to_markdown(html: str) -> str:
    """The same text as CommonMark; lines end in a line feed, and so does the whole."""
    writer = _Writer()
    for end, name, attributes, text in _TOKEN.findall(html):
        if text:
            writer.text(unescape(text))
        elif end:
            writer.end(name)
        else:
            writer.start(name, {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)})
    return writer.finished()


def text_to_markdown(text: str) -> str:
    """Plain text, a paragraph for each line."""
    blocks = [_paragraph(escaped(line)) for line in text.split("\n") if line.strip()]
    return "".join(f"{block}\n\n" for block in blocks).rstrip("\n") + ("\n" if blocks else "")


def escaped(text: str) -> str:
    """Text that stays text, with its white space folded."""
    return _SPECIAL.sub(lambda found: "\\" + found[0], _CONTROLS.sub("", _SPACES.sub(" ", text)))


def address(url: str) -> str | None:
    """An address as it may stand in the parentheses of a link; None for one that may not."""
    url = url.strip()
    if not _WEB.match(url):
        return None
    return _UNSAFE_IN_LINK.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)


def _paragraph(inline: str) -> str:
    """Inline text whose lines begin no block."""
    lines = "\n".join(line.strip(" ") for line in inline.strip().split("\n")).strip()
    return _BLOCK_START.sub(
        lambda found: found[1] + (f"\\{found[2]}" if found[2] else f"{found[3]}\\{found[4]}"), lines
    )


@dataclass(slots=True)
class _Container:
    """A quote, a list, or an item of one, that collects blocks."""

    name: str
    blocks: list[str] = field(default_factory=list)
    number: int = 0
    """How many items a list has had."""


@dataclass(slots=True)
class _Open:
    """Inline markup that has begun, and where in the paragraph."""

    name: str
    at: int
    mark: str = ""
    href: str | None = None


class _Writer:
    """Collects a document. Nothing in it calls itself, so depth costs no stack."""

    def __init__(self) -> None:
        self._containers = [_Container("")]
        self._too_deep: list[str] = []
        self._inline: list[str] = []
        self._open: list[_Open] = []
        self._prefix = ""
        self._verbatim: list[str] | None = None
        self._is_block = False
        self._rows: list[list[str]] | None = None
        self._tables = 0

    # ------------------------------------------------------------ what comes

    def text(self, text: str) -> None:
        if self._verbatim is not None:
            self._verbatim.append(text)
        else:
            self._inline.append(escaped(text))

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._verbatim is not None:
            if name == "br":
                self._verbatim.append("\n")
            return
        if name in _BLOCKS:
            self._start_block(name)
        elif name == "br":
            self._inline.append(_BREAK if self._rows is None and not self._prefix else " ")
        elif name == "img":
            self._image(attributes)
        elif name in _VERBATIM:
            self._verbatim, self._is_block = [], False
        elif name == "q":
            self._inline.append("“")
        elif len(self._open) > MAX_DEPTH:
            return  # to forget the beginning makes its end mean nothing
        elif name in _MARKS:
            self._open.append(_Open(name, len(self._inline), mark=_MARKS[name]))
        elif name == "a":
            self._open.append(_Open(name, len(self._inline), href=address(attributes.get("href", ""))))

    def end(self, name: str) -> None:
        if self._verbatim is not None:
            if name == "pre" if self._is_block else name in _VERBATIM:
                self._end_verbatim()
        elif name in _BLOCKS:
            self._end_block(name)
        elif name == "q":
            self._inline.append("”")
        elif name in _MARKS or name == "a":
            self._end_inline(name)

    def finished(self) -> str:
        if self._verbatim is not None:
            self._end_verbatim()
        self._flush()
        self._end_table()
        while len(self._containers) > 1:
            self._close()
        return "".join(f"{block}\n\n" for block in self._containers[0].blocks).rstrip("\n") + "\n"

    # ------------------------------------------------------------ inline

    def _image(self, attributes: dict[str, str]) -> None:
        where = address(attributes.get("src", ""))
        if where:
            self._inline.append(f"![{escaped(attributes.get('alt', '')).strip()}]({where})")

    def _end_inline(self, name: str) -> None:
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at].name == name:
                one = self._open.pop(at)
                break
        else:
            return
        inner = "".join(self._inline[one.at :])
        del self._inline[one.at :]
        for other in self._open:
            other.at = min(other.at, len(self._inline))
        words = inner.strip(" \n\\") if inner.endswith(_BREAK) else inner.strip()
        if not words or (one.mark and _MARKS_ONLY.fullmatch(words)):
            self._inline.append(inner)
            return
        before = " " if inner[:1].isspace() else ""
        after = " " if inner[-1:].isspace() else ""
        if one.mark:
            self._inline.append(f"{before}{one.mark}{words}{one.mark}{after}")
        elif one.href:
            self._inline.append(f"{before}[{words}]({one.href}){after}")
        else:
            self._inline.append(inner)

    def _end_verbatim(self) -> None:
        assert self._verbatim is not None
        text = _CONTROLS.sub("", "".join(self._verbatim).replace("\r", ""))
        self._verbatim = None
        ticks = max((len(run) for run in _TICKS.findall(text)), default=0)
        if self._is_block:
            fence = "`" * max(3, ticks + 1)
            self._add(f"{fence}\n{text.strip(chr(10))}\n{fence}")
            return
        text = _SPACES.sub(" ", text)
        if self._rows is not None or "{" in text or "|" in text:
            self._inline.append(escaped(text))
        elif text.strip():
            fence = "`" * (ticks + 1)
            space = " " if text[0] in "` " or text[-1] in "` " else ""
            self._inline.append(f"{fence}{space}{text}{space}{fence}")

    # ------------------------------------------------------------ blocks

    def _start_block(self, name: str) -> None:
        self._flush()
        if name == "pre":
            self._verbatim, self._is_block = [], True
        elif name == "hr":
            self._add("* * *")
        elif name in _HEADINGS:
            self._prefix = _HEADINGS[name]
        elif name == "table":
            self._tables += 1
            if self._tables == 1:
                self._rows = []
        elif name == "tr" and self._rows is not None and self._tables == 1:
            self._rows.append([])
        elif name in ("td", "th") and self._rows is not None and self._tables == 1:
            self._rows = self._rows or [[]]
            self._rows[-1].append("")
        elif name in _NESTING and self._rows is None:
            if len(self._containers) > MAX_DEPTH:
                self._too_deep.append(name)
            else:
                self._containers.append(_Container(name))

    def _end_block(self, name: str) -> None:
        self._flush()
        if name == "table" and self._tables:
            self._tables -= 1
            if not self._tables:
                self._end_table()
        elif name in _NESTING and self._rows is None:
            if self._too_deep:
                if self._too_deep[-1] == name:
                    self._too_deep.pop()
            elif len(self._containers) > 1 and self._containers[-1].name == name:
                self._close()

    def _flush(self) -> None:
        """End the paragraph that was going on; markup that is still open begins anew after it."""
        for one in self._open:
            one.at = 0
        inline = "".join(self._inline).strip()
        self._inline.clear()
        prefix, self._prefix = self._prefix, ""
        while inline.endswith("\\") and (len(inline) - len(inline.rstrip("\\"))) % 2:
            inline = inline[:-1].rstrip()
        if not inline:
            return
        if self._rows is not None:
            self._cell(" ".join(inline.split()))
        elif prefix:
            self._add(prefix + " ".join(_paragraph(inline).split()))
        else:
            self._add(_paragraph(inline))

    def _cell(self, inline: str) -> None:
        assert self._rows is not None
        if not self._rows or not self._rows[-1]:
            self._rows.append([""])
        row = self._rows[-1]
        row[-1] = f"{row[-1]} {inline}".strip()

    def _end_table(self) -> None:
        rows = [row for row in self._rows or () if any(row)]
        self._rows, self._tables = None, 0
        width = max((len(row) for row in rows), default=0)
        if not rows:
            return
        if width == 1 or width > 50:  # for layout, or not a table that anybody could read
            for row in rows:
                self._add("\n\n".join(_paragraph(cell) for cell in row if cell))
            return
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * width)
        self._add("\n".join(lines))

    def _add(self, block: str) -> None:
        self._containers[-1].blocks.append(block)

    def _close(self) -> None:
        """End a quote, a list or an item, and hand its blocks to what it is in, indented."""
        one = self._containers.pop()
        around = self._containers[-1]
        if one.name in ("ul", "ol"):
            around.blocks.append("\n".join(one.blocks))
            return
        inner = "\n\n".join(one.blocks)
        if one.name == "blockquote":
            if inner:
                around.blocks.append(_indented(inner, "> ", "> "))
            return
        if one.name == "li" and around.name == "ol":
            around.number += 1
            marker = f"{around.number}. "
        else:
            marker = "- " if one.name == "li" else ""
        if inner:
            around.blocks.append(_indented(inner, marker, " " * len(marker)))


_MARKS_ONLY = re.compile(r"[*~]+")


def _indented(block: str, first: str, others: str) -> str:
    return "\n".join(_prefixed(block.split("\n"), first, others))


def _prefixed(lines: list[str], first: str, others: str) -> Iterator[str]:
    for number, line in enumerate(lines):
        prefix = others if number else first
        yield prefix + line if line else prefix.rstrip()
