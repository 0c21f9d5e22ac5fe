"""Publishers' words as our pages show them: their HTML loads nothing, breaks nothing, reads well. Pure.

`entries.content_html` is safe already. Here images become links with a label, unless they were asked for,
headings find their place below the page's own, and nh3 has the last word.
"""

import re
from html import escape, unescape

import nh3

from archiver.clean.safe_html import ATTRIBUTES, SCHEMES, TAGS, safe_html, safe_text
from archiver.records import Revision

MOST_CHARACTERS = 1_000_000
"""Of an earlier version, which is made safe when it is asked for, only the beginning is shown."""

_RELATION = "noopener noreferrer nofollow"
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_HEADING = re.compile(r"h([1-6])")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Controls, and characters that turn the text around them."""

_RIGHT_TO_LEFT_LANGUAGES = """
    ar arc arz azb bcc bqi ckb dv fa glk he iw ji khw ks lrc mzn nqo pnb prs ps sd sdh skr syr ug ur yi
"""
RIGHT_TO_LEFT = frozenset(_RIGHT_TO_LEFT_LANGUAGES.split())
_RIGHT_TO_LEFT_SCRIPTS = frozenset({"adlm", "arab", "hebr", "mand", "nkoo", "rohg", "samr", "syrc", "thaa"})
"""ISO 15924."""


def _cleaner(*, images: bool) -> nh3.Cleaner:
    attributes = {tag: set(names) for tag, names in ATTRIBUTES.items()}
    attributes["a"] |= {"class"}
    attributes["span"] = {"class"}
    attributes["div"] = {"class", "tabindex", "role", "aria-label"}
    attributes["img"] |= {"referrerpolicy", "loading"}
    return nh3.Cleaner(
        tags=set(TAGS | {"span"}) - (set() if images else {"img"}),
        attributes=attributes,
        url_schemes=set(SCHEMES["a"]),
        link_rel=_RELATION,
        strip_comments=True,
    )


_FIRST = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes=set(SCHEMES["a"]),
    link_rel=_RELATION,
    strip_comments=True,
)
_LAST = {images: _cleaner(images=images) for images in (False, True)}


def shown_html(html: str, *, images: bool = False) -> str:
    """Safe HTML for the inside of a page whose title is an `h1`; without `images` it loads nothing at all."""
    out: list[str] = []
    stack: list[str] = []
    level, position, link_begins = 1, 0, -1
    source = _FIRST.clean(_HARMFUL.sub("\ufffd", html))
    for match in _TAG.finditer(source):
        out.append(source[position : match.start()])
        position = match.end()
        closing, name, attributes = match.groups()
        if name == "img":
            out.append(_image(attributes, images=images, in_link="a" in stack))
            continue
        if closing:
            shown = stack.pop() if stack else name
            if name == "a" and not "".join(out[link_begins:]).strip():
                out.append("(link)")
            out.append(f"</{shown}>")
            if name == "table" and "table" not in stack:
                out.append("</div>")
            continue
        if heading := _HEADING.fullmatch(name):
            level = min(max(2, int(heading[1])), level + 1)
            name = f"h{level}"
        elif name == "li" and (not stack or stack[-1] not in ("ul", "ol")):
            name = "div"
        if name == "table" and "table" not in stack:
            out.append('<div class="sideways" tabindex="0" role="region" aria-label="Table">')
        out.append(f"<{name}{attributes}>")
        if name not in ("br", "hr"):
            stack.append(name)
        if name == "a":
            link_begins = len(out)
    out.append(source[position:])
    return _LAST[images].clean("".join(out))


def image_count(html: str) -> int:
    """How many images publishers' HTML would load."""
    return sum(match[2] == "img" for match in _TAG.finditer(_FIRST.clean(html)) if 'src="' in match[3])


def version_html(version: Revision) -> str:
    """Safe HTML of a version as published: of its content, or else of its summary."""
    for text, kind in ((version.content, version.content_type), (version.summary, version.summary_type)):
        if text:
            text = text[:MOST_CHARACTERS]
            return safe_text(text) if (kind or "").startswith("text/plain") else safe_html(text, version.url)
    return ""


def direction(language: str | None) -> str:
    """`rtl` or `ltr` where the language tells it, else `auto`: by the first letter."""
    parts = (language if language and _LANGUAGE.fullmatch(language) else "").lower().split("-")
    scripts = [part for part in parts[1:] if len(part) == 4 and part.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    if not parts[0]:
        return "auto"
    return "rtl" if parts[0] in RIGHT_TO_LEFT else "ltr"


def _image(source: str, *, images: bool, in_link: bool) -> str:
    given = dict(_ATTRIBUTE.findall(source))
    address = given.get("src")
    if not address:
        return ""
    if images:
        kept = "".join(f' {name}="{given.get(name, "")}"' for name in ("src", "alt"))
        size = "".join(f' {name}="{given[name]}"' for name in ("width", "height") if name in given)
        return f'<img{kept}{size} referrerpolicy="no-referrer" loading="lazy">'
    said = unescape(given.get("alt", "") or given.get("title", "")).strip()
    label = f"Image: {said[:200]}" if said else "Image"
    told = escape(label)
    if in_link:
        return f'<span class="image">{told}</span>'
    return f'<a class="image" href="{address}">{told}</a>'
