"""Titles and other short texts of feeds as plain text, whatever markup their makers left in them."""

import html
import re
from collections import Counter
from collections.abc import Sequence

_INLINE_TAGS = """
a abbr acronym b bdi bdo big br cite code del dfn em font i img ins kbd mark nobr q s samp small span strike
strong sub sup tt u var wbr
"""
_BLOCK_TAGS = """
address article blockquote center dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main ol
p pre section table tbody td th thead tr ul
"""
_INLINE = frozenset(_INLINE_TAGS.split())
_BLOCK = frozenset(_BLOCK_TAGS.split())
_VOID = frozenset({"br", "hr", "img", "wbr"})
_SPACING = _BLOCK | {"br"}
_SILENT = frozenset({"script", "style"})
"""Their content is for machines."""
_FOREIGN = _SILENT | {"iframe"}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:\-]{0,39})((?:\s[^<>]*+)?/?)>")
_COMMENT = re.compile(r"<!--(?:[^\-]++|-(?!->))*+-->")
_DOCTYPE = re.compile(r"<!doctype\s[^<>]*+>", re.I)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_LONGEST = 20_000


def plain_text(markup: str, *, is_html: bool, declared: bool = False) -> str | None:
    """Fold a short text to one line of plain text; None where nothing is left.

    References are resolved once more, white space is folded, control characters are dropped. Known HTML tags
    that come in pairs (and `<br>`, `<img>`) are taken off, and so are scripts and style sheets with their
    content. `a < b`, an unknown `<word>` and a tag without its partner, as in "How <div> works", stay. Block
    tags count as markup only where the text is HTML (`is_html`). Where the publisher said so himself
    (`declared`: RFC 4287, 3.1.1), every well-formed tag and comment is markup.
    """
    text = markup[:_LONGEST]
    if "<" in text:
        if is_html and declared:
            last = text.rfind("-->") + 3  # comments that are never closed begin none
            text = _without_tags(_DOCTYPE.sub("", _COMMENT.sub("", text[:last]) + text[last:]), None)
        else:
            known = _INLINE | _BLOCK if is_html else _INLINE | {"p"}
            bare = _without_tags(text, known | _FOREIGN)
            text = bare if bare.strip() else _without_tags(text, known)  # a title may be about a script
    if "&" in text:
        text = _REFERENCE.sub(lambda match: html.unescape(match[0]), text)
    return " ".join(_CONTROLS.sub("", text).split()) or None


def _without_tags(text: str, known: frozenset[str] | None) -> str:
    """Take off the known tags that are closed; every tag, closed or not, where `known` is None."""
    tags = [match for match in _TAG.finditer(text) if known is None or match[2].lower() in known]
    taken = set(range(len(tags))) if known is None else _closed(tags)
    closings = Counter(tag[2].lower() for tag in tags if tag[1])
    pieces: list[str] = []
    end = 0
    silent = None
    for position, tag in enumerate(tags):
        name = tag[2].lower()
        if tag[1]:
            closings[name] -= 1
        if position not in taken or (silent and not (tag[1] and name == silent)):
            continue
        if silent is None:
            pieces.append(text[end : tag.start()])
        pieces.append(" " if name in _SPACING else "")
        end = tag.end()
        opens = name in _SILENT and not tag[1] and not tag[3].endswith("/") and closings[name] > 0
        silent = name if opens else None
    return "".join(pieces) + text[end:]


def _closed(tags: Sequence[re.Match[str]]) -> set[int]:
    """Which of the tags are empty elements, or have their partner."""
    taken: set[int] = set()
    waiting: dict[str, list[int]] = {}
    for position, tag in enumerate(tags):
        name = tag[2].lower()
        if name in _VOID or tag[3].endswith("/"):
            taken.add(position)
        elif not tag[1]:
            waiting.setdefault(name, []).append(position)
        elif waiting.get(name):
            taken |= {waiting[name].pop(), position}
    return taken
