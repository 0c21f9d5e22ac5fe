"""Publishers' HTML made safe to show: an allow-list of tags and attributes, absolute addresses, bounded size.

Two steps. `_balanced` reads the markup in one linear pass and writes it again, well nested and of known
depth, with nothing in it that two parsers could read differently. nh3 then decides what is safe, and mends
the structure the way browsers do. Without the first step nh3 is quadratic in depth, and unclosed
formatting elements can make its output a thousand times its input.
"""

import re
from collections import Counter
from html import escape, unescape
from urllib.parse import urlsplit

import nh3

from archiver.clean.text import BLOCKS, DROPPED, html_to_text, mended, plain_lines
from archiver.urls import resolve

MAX_DEPTH = 512
"""Open elements; what browsers stop at. Deeper markup is shown as its text."""
MAX_CHARACTERS = 2 * 1024 * 1024

_TAG_NAMES = """
    a abbr b blockquote br caption cite code dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i
    img ins kbd li ol p pre q s samp small strong sub sup table tbody td tfoot th thead time tr u ul var
"""
TAGS = frozenset(_TAG_NAMES.split())
ATTRIBUTES: dict[str, frozenset[str]] = {
    "a": frozenset({"href", "title"}),
    "img": frozenset({"src", "alt", "title", "width", "height"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan"}),
    "time": frozenset({"datetime"}),
}
SCHEMES = {"a": frozenset({"http", "https", "mailto"}), "img": frozenset({"http", "https"})}

NEW_NAMES = {"strike": "s", "tt": "code", "dir": "ul", "menu": "ul", "image": "img"}
NEW_NAMES |= dict.fromkeys(("listing", "plaintext", "xmp"), "pre")
NEW_NAMES |= dict.fromkeys(BLOCKS - TAGS - {"body", "html", "option", "optgroup", *NEW_NAMES}, "div")
_VOID = frozenset({"br", "hr", "img"})

_TABLE_PARTS = frozenset({"caption", "td", "th", "tr", "thead", "tbody", "tfoot"})
IMPLIED_ENDS: dict[str, frozenset[str]] = {
    **{name: frozenset({"p"}) for name in (TAGS & BLOCKS) - {"br"}},
    "li": frozenset({"p", "li"}),
    "dt": frozenset({"p", "dt", "dd"}),
    "dd": frozenset({"p", "dt", "dd"}),
    "td": frozenset({"p", "td", "th", "caption"}),
    "th": frozenset({"p", "td", "th", "caption"}),
    "tr": frozenset({"p", "td", "th", "tr", "caption"}),
    **{name: frozenset({"p"}) | _TABLE_PARTS for name in ("thead", "tbody", "tfoot")},
}
"""What a start tag ends by itself where it stands innermost (HTML, 13.1.2.4 Optional tags)."""

# Possessive throughout, so that a tag without an end costs one look at the rest of the text, not many.
_TAG = re.compile(
    r"""</?([a-zA-Z][^\s/>]*+)"""
    r"""((?:[\s/]++|=?+[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)?+|=)*+)>"""
)
_ATTRIBUTE = re.compile(r"""([^\s/>=]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))""")
_COMMENT_END = re.compile(r"--!?>")
_NUMBER = re.compile(r"[0-9]{1,5}%?")
_BLOCK_NAMES = "|".join(sorted(TAGS & BLOCKS))
_STRAY_CDATA_END = re.compile(rf"\]\]&gt;\s*+(?=\Z|\]\]&gt;|</?(?:{_BLOCK_NAMES})[ >])")
_STRAY_CDATA_END_AFTER_BLOCK = re.compile(rf"(</(?:{_BLOCK_NAMES})>\s*+)(?:\]\]&gt;\s*+)++")
_CONTROL_OR_SPACE = "".join(map(chr, range(0x21)))

_SOUND_ADDRESS = re.compile(
    r"https?://[a-zA-Z0-9-]{1,60}(?:\.[a-zA-Z0-9-]{1,60}){1,3}(?:[/?][\w/~!$&'()*+,;=:@%?#.\-]*+)?"
)
"""What resolving leaves as it is: most addresses."""
_SPECIAL = re.compile('[&\u00a0"<>]')
_ESCAPED = {"&": "&amp;", "\u00a0": "&nbsp;", '"': "&quot;", "<": "&lt;", ">": "&gt;"}
_WRITTEN = {tag: tuple(sorted(names)) for tag, names in ATTRIBUTES.items()}
_REL = "noopener noreferrer nofollow"
_RELATION = f' rel="{_REL}"'

_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes=set(SCHEMES["a"]),
    clean_content_tags=set(DROPPED),
    link_rel=_REL,
    strip_comments=True,
)


def settled(balanced: str) -> str | None:
    """Balanced markup in a browser's spelling if there is nothing to clean away or to mend in it, else None.

    Cleaning such markup again changes nothing, so one round is enough.
    """
    if "]]&gt;" in balanced or len(balanced) > MAX_CHARACTERS:
        return None
    return balanced if _CLEANER.clean(balanced) == balanced else None


def safe_html(html: str, base_url: str | None) -> str:
    """Allow-listed HTML with absolute links and images; cleaning it again changes nothing.

    Markup nested deeper than MAX_DEPTH, or that grows beyond twice its size and 64 KiB, or is longer than
    MAX_CHARACTERS, is shown as its plain text.
    """
    limit = min(2 * len(html) + 64 * 1024, MAX_CHARACTERS)
    result = html
    # A browser's repairs can need repair: misnested tables and links take a second round to settle.
    for _ in range(4):
        before, balanced = result, _balanced(result, base_url)
        if balanced is None or len(balanced) > limit:
            break
        result = _STRAY_CDATA_END.sub("", _CLEANER.clean(balanced))
        result = _STRAY_CDATA_END_AFTER_BLOCK.sub(r"\1", result).strip()
        if len(result) > limit:
            break
        if result == before:
            return result
    return safe_text(html_to_text(html))


def safe_text(text: str) -> str:
    """Plain text as safe HTML: blank lines part paragraphs, or every line is one where there are none.

    What exceeds MAX_CHARACTERS is left out, for no one reads it on a page, and the text is kept elsewhere.
    """
    blocks = text[: MAX_CHARACTERS // 2].replace("\r\n", "\n").replace("\r", "\n").strip().split("\n\n")
    if len(blocks) == 1:
        blocks = blocks[0].split("\n")
    paragraphs, size = [], 0
    for lines in map(plain_lines, blocks):
        paragraph = f"<p>{'<br>'.join(escape(line, quote=False) for line in lines)}</p>"
        size += len(paragraph)
        if lines and size <= MAX_CHARACTERS:
            paragraphs.append(paragraph)
    return "".join(paragraphs)


def _balanced(html: str, base_url: str | None) -> str | None:
    """The markup with known tags only, every one of them closed in order; None where it nests too deep."""
    html = mended(html)
    out: list[str] = []
    stack: list[str] = []
    open_tags: Counter[str] = Counter()
    unending: set[str] = set()
    position = 0
    in_line = False

    def close_innermost() -> None:
        name = stack.pop()
        open_tags[name] -= 1
        out.append(f"</{name}>")

    while True:
        start = html.find("<", position)
        text = html[position:] if start < 0 else html[position:start]
        out.append(text)
        in_line = in_line or bool(text.strip())
        if start < 0:
            break
        following = html[start + 1 : start + 3]
        if following[:1] in {"!", "?"} or (following[:1] == "/" and not following[1:].isalpha()):
            end = _comment_end(html, start)
            if end is None:
                out.append(html[start:].replace("<", "&lt;"))
                break
            position = end
            continue
        match = _TAG.match(html, start)
        if match is None:
            if following.lstrip("/")[:1].isascii() and following.lstrip("/")[:1].isalpha():
                out.append(
                    html[start:].replace("<", "&lt;")
                )  # cut within a tag: what follows is text at best
                break
            out.append("&lt;")
            position = start + 1
            continue
        position = match.end()
        given = match[1].lower()
        name = NEW_NAMES.get(given, given)
        if following[0] == "/":
            if open_tags[name]:
                while stack[-1] != name:
                    close_innermost()
                close_innermost()
            elif name == "br" or (name == "p" and in_line):
                out.append("<br>")
            in_line = in_line and name not in BLOCKS
            continue
        if given in DROPPED and given not in unending:
            content_end = _content_end(html, given, position)
            if content_end is None and given in {"script", "style"}:
                break
            if content_end is None:
                unending.add(given)
            else:
                position = content_end
            continue
        if name not in TAGS:
            continue
        while stack and stack[-1] in IMPLIED_ENDS.get(name, ()):
            close_innermost()
        kept = attributes(name, match[2], base_url) if name in ATTRIBUTES else ""
        out.append(f"<{name}{kept}>")
        in_line = in_line and name not in BLOCKS
        if name not in _VOID:
            stack.append(name)
            open_tags[name] += 1
            if len(stack) > MAX_DEPTH:
                return None
    while stack:
        close_innermost()
    return "".join(out)


def _comment_end(html: str, start: int) -> int | None:
    """Where a comment, a declaration or what else is read as a comment ends (HTML, 13.2.5.42)."""
    if html.startswith("<!--", start):
        if html.startswith((">", "->"), start + 4):
            return html.index(">", start) + 1
        match = _COMMENT_END.search(html, start + 4)
        return match.end() if match else None
    end = html.find(">", start)
    return end + 1 if end >= 0 else None


def _content_end(html: str, name: str, position: int) -> int | None:
    match = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE | re.ASCII).search(html, position)
    end = html.find(">", match.end()) if match else -1
    return end + 1 if end >= 0 else None


def attributes(name: str, source: str, base_url: str | None) -> str:
    """The allowed attributes, the first of each name, written so that every parser reads them alike."""
    found: dict[str, str] = {}
    for key, double, single, bare in _ATTRIBUTE.findall(source):
        found.setdefault(key.lower(), double or single or bare)
    if name == "img" and unescape(found.get("src", "data:")).strip().lower().startswith("data:"):
        # Pages that load images late keep the address elsewhere.
        found["src"] = found.get("data-src") or found.get("data-lazy-src") or found.get("data-original") or ""
    kept = []
    for key in _WRITTEN[name]:
        value = found.get(key)
        if value is None:
            continue
        if "&" in value:
            value = unescape(value)
        if key in {"href", "src"}:
            value = _address(value or "", base_url, SCHEMES[name])
        elif key in {"width", "height", "colspan", "rowspan"} and not _NUMBER.fullmatch(value or ""):
            value = None
        if value is not None:
            kept.append(f' {key}="{_SPECIAL.sub(_escaped, value)}"')
    return "".join(kept) + _RELATION if name == "a" else "".join(kept)


def _escaped(sign: re.Match[str]) -> str:
    return _ESCAPED[sign[0]]


def _address(value: str, base_url: str | None, schemes: frozenset[str]) -> str | None:
    """An absolute address of an allowed scheme, stripped the way browsers do (WHATWG URL, 4.4)."""
    if _SOUND_ADDRESS.fullmatch(value) and "/." not in value:
        return value
    url = value.strip(_CONTROL_OR_SPACE).translate({0x09: None, 0x0A: None, 0x0D: None})
    absolute = resolve(base_url, url) if url else None
    if absolute is None:
        return None
    try:
        scheme = urlsplit(absolute).scheme.lower()
    except ValueError:
        return None
    return absolute if scheme in schemes else None
