"""Blocks of a text export: paragraphs, the marks of a cut, template lines, and their markup."""

import re
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from archiver.model import Markup

EXCERPT_END = re.compile(
    r"(?:\[\s?(?:…|\.{3}|&hellip;|&#8230;)\s?\]|…|\.{3}|&hellip;|&#8230;)[\"'”»)\]]{0,2}\Z"
)
"""How a text ends that was cut by its publisher: `[…]`, `…`, `...`."""

_BRACKETED_CUT = re.compile(r"\[\s?(?:…|\.{3}|&hellip;|&#8230;)\s?\]")
_ANY_TAG = re.compile(r"<[^<>]{0,1000}>")
_TAG = re.compile(
    r"</?(?:p|a|br|img|div|ul|ol|li|em|strong|h[1-6]|figure|blockquote|span|b|i)\b[^<>]{0,2000}>", re.I
)

# What syndication plugins write below each entry, in the languages met so far: how it begins, how it goes on.
_POST_LINES = (
    ("The post", ("appeared first on", "first appeared on")),
    ("The article", ("appeared first on", "first appeared on")),
    ("Inlägget", ("dök först upp på", "syntes först på")),
    ("Innlegget", ("dukket først opp på", "dukket opp først på")),
    ("Indlægget", ("blev først udgivet på", "vises først på", "blev vist først på")),
    ("Artikkeli", ("julkaistiin ensimmäisen kerran", "ilmestyi ensin")),
    ("Сообщение", ("появились сначала на", "появилось сначала на", "появились сначала в")),
    ("Запись", ("впервые появилась", "появилась сначала на", "сначала опубликована на")),
    ("Запис", ("спершу з'явиться на", "спершу з’явиться на", "спочатку з'явився на", "спершу з’явився на")),
    ("Der Beitrag", ("erschien zuerst auf",)),
    ("L’article", ("est apparu en premier sur",)),
    ("L'article", ("est apparu en premier sur",)),
    ("La entrada", ("se publicó primero en", "aparece primero en", "apareció primero en")),
    ("L'articolo", ("proviene da", "sembra essere il primo su")),
    ("L’articolo", ("proviene da", "sembra essere il primo su")),
    ("O post", ("apareceu primeiro em",)),
    ("Het bericht", ("verscheen eerst op",)),
    ("Artykuł", ("pochodzi z serwisu",)),
    ("Příspěvek", ("pochází z", "se nejdříve objevil na")),
)
_SENTENCE_BEGINS = re.compile(r"(?:\A|\n|[.!?…\])»”\"’']|(?:</[a-z]{1,10}|<[a-z]{1,10}[^<>]{0,20})>)\s*\Z")
_REACH_BACK = 40
_MOST_OPENINGS = 8
_NARROWEST_WRAP, _WIDEST_WRAP = 45, 132
_LONGEST_POST_TITLE = 1200
_LONGEST_SITE_NAME = 400


def fold_space(text: str) -> str:
    """Return the text with every run of white space made one space, and none at its ends."""
    return " ".join(text.split())


def blocks(text: str) -> list[list[str]]:
    """Split at blank lines; each block is its lines, trimmed, none of them empty."""
    found: list[list[str]] = []
    block: list[str] = []
    for line in text.splitlines():
        trimmed = line.strip()
        if trimmed:
            block.append(trimmed)
        elif block:
            found.append(block)
            block = []
    if block:
        found.append(block)
    return found


def joined_where_wrapped(block: list[str]) -> list[str]:
    """Join the lines of a block that was wrapped at a width; lines that end short of it stay apart.

    A line was wrapped where the next one's first word would not have fitted into the widest line.
    """
    width = max(len(line) for line in block)
    if width > _WIDEST_WRAP:
        return block
    joined = [block[0]]
    for before, line in pairwise(block):
        first = line.partition(" ")[0]
        if len(before) >= _NARROWEST_WRAP and len(before) + 1 + len(first) > width:
            joined[-1] = f"{joined[-1]} {line}"
        else:
            joined.append(line)
    return joined


def is_cut(text: str) -> bool:
    """Tell whether the text ends in the mark of an excerpt."""
    return EXCERPT_END.search(text[-20:].rstrip()) is not None


def first_cut(text: str, *, within: int) -> int | None:
    """Return where the first bracketed mark of a cut ends, if it stands in the first `within` characters."""
    found = _BRACKETED_CUT.search(text, 0, within)
    return found.end() if found else None


def paragraphs(parts: list[list[str]]) -> Markup | None:
    """Return the blocks as HTML paragraphs, their lines parted by `<br>`; None where there are none."""
    if not parts:
        return None
    return Markup(
        value="\n".join(f"<p>{'<br>'.join(escape(line, quote=False) for line in part)}</p>" for part in parts)
    )


def markup(text: str) -> Markup | None:
    """Return a text as safe paragraphs, or as it is where its own HTML tags were kept."""
    if not text.strip():
        return None
    if _TAG.search(text, 0, 20_000):
        return Markup(value=text.strip())
    return paragraphs(blocks(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLine:
    """`The post TITLE appeared first on SITE`, found in a text."""

    start: int
    site: int
    """Where SITE begins."""
    titles: tuple[str, ...]
    """All that TITLE may be, the longest first: a title may itself begin with `The post`."""


def post_line(text: str, *, title: str = "", start: int = 0) -> PostLine | None:
    """Find the first line that a plugin wrote below an entry, from `start` on; None where there is none.

    `title` is the entry's, where it is known: it tells where a line begins in which `The post` stands twice.
    """
    best: tuple[int, str, int] | None = None
    for opening, middles in _POST_LINES:
        for middle in middles:
            place = text.find(middle, start)
            if place < 0 or (best is not None and place + len(middle) > best[2]):
                continue
            if text.rfind(opening, max(start, place - _LONGEST_POST_TITLE), place) >= 0:
                best = (place, opening, place + len(middle))
    if best is None:
        return None
    place, opening, site = best
    floor = max(start, place - _LONGEST_POST_TITLE)
    begins = [found.start() for found in re.finditer(re.escape(opening), text[floor:place])][-_MOST_OPENINGS:]
    told = [fold_space(_ANY_TAG.sub("", text[floor + begin + len(opening) : place])) for begin in begins]
    likely = [index for index, words in enumerate(told) if words == title] or [
        index
        for index, begin in enumerate(begins)
        if _SENTENCE_BEGINS.search(text[max(0, floor + begin - _REACH_BACK) : floor + begin])
    ]
    chosen = likely[-1] if likely else -1
    return PostLine(start=floor + begins[chosen], site=site, titles=tuple(told))


def without_post_line(text: str, *, title: str) -> str:
    """Return an entry's text without the line that a plugin wrote below it."""
    start = max(0, len(text) - _LONGEST_SITE_NAME - 2 * _LONGEST_POST_TITLE)
    while found := post_line(text, title=title, start=start):
        if len(text) - found.site <= _LONGEST_SITE_NAME:
            return text[: found.start].rstrip()
        start = found.site
    return text
