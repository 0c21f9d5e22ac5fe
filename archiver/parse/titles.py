"""Titles and other short texts of feeds as plain text, whatever markup their makers left in them."""

import html
import re

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
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,15})((?:\s[^<>]*+)?/?)>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_LONGEST = 20_000


def plain_text(markup: str, *, is_html: bool) -> str | None:
    """Fold a short text to one line of plain text; None where nothing is left.

    Known HTML tags that come in pairs (and `<br>`, `<img>`) are taken off, references are resolved once more,
    white space is folded, control characters are dropped. `a < b`, an unknown `<word>` and a tag without its
    partner, as in "How <div> works", stay. Block tags count as markup only where the text is declared HTML.
    """
    text = markup[:_LONGEST]
    if "<" in text:
        text = _without_tags(text, _INLINE | _BLOCK if is_html else _INLINE | {"p"})
    if "&" in text:
        text = _REFERENCE.sub(lambda match: html.unescape(match[0]), text)
    return " ".join(_CONTROLS.sub("", text).split()) or None


def _without_tags(text: str, known: frozenset[str]) -> str:
    tags = [match for match in _TAG.finditer(text) if match[2].lower() in known]
    taken: dict[int, str] = {}
    waiting: dict[str, list[int]] = {}
    for position, tag in enumerate(tags):
        name = tag[2].lower()
        if name in _VOID or tag[3].endswith("/"):
            taken[position] = name
        elif not tag[1]:
            waiting.setdefault(name, []).append(position)
        elif waiting.get(name):
            taken[waiting[name].pop()] = taken[position] = name
    pieces: list[str] = []
    end = 0
    for position, tag in enumerate(tags):
        if position in taken:
            pieces.append(text[end : tag.start()])
            pieces.append(" " if taken[position] in _SPACING else "")
            end = tag.end()
    return "".join(pieces) + text[end:]
