"""Mend a feed's XML in linear time, so that a strict parser reads it: characters, references, stray signs.

Never touches what stands in CDATA sections, except for characters that XML forbids everywhere.
"""

import html.entities
import re
from dataclasses import dataclass

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CONTROL_BYTES = bytes([*range(9), 11, 12, *range(14, 32)])
_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos);)(?:#(?P<decimal>[0-9]{1,7});|#[xX](?P<hex>[0-9A-Fa-f]{1,6});"
    r"|(?P<huge>#[xX]?[0-9A-Fa-f]{1,20});|(?P<name>[A-Za-z][A-Za-z0-9_]{0,31});)?"
)
"""Any but XML's own. Every pattern here begins with one sign, which is what makes a search quick."""
_TOKEN = re.compile(
    r"<(?:(?P<cdata>!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?)"
    r"|(?P<comment>!--(?:[^\-]++|-(?!->))*+(?:-->)?)|(?P<instruction>\?(?:[^?]++|\?(?!>))*+(?:\?>)?)"
    r"|(?P<name>/?[^\W\d][\w.:\-]*+)(?P<attributes>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>"
    r"|)"
)
_PREFIXED_ATTRIBUTE = re.compile(r"\s([^\W\d][\w.\-]*):[\w.\-]+\s*=")
_ENTITY = re.compile(
    r"<!ENTITY\s{1,20}(\w{1,40})\s{1,20}(?:\"([^\"&%<]{0,100}|&#\w{1,8};)\"|'([^'&%<]{0,100})')\s*>"
)
_BLANK = re.compile("[\\s\ufeff\\x00]*+")
_SUBSET_END = re.compile(r"\]\s*+>")
_DECLARATION = re.compile(r"<\?xml\s(?:[^<>]*+>|[^>]{0,400}?\?>|[^<>]*+)")
_ONE_PERSON = frozenset({"author", "creator", "managingeditor", "webmaster", "name", "email"})
_LONGEST_NAME = 1000
_MOST_ATTRIBUTES = 200

KNOWN_PREFIXES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "georss": "http://www.georss.org/georss",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xlink": "http://www.w3.org/1999/xlink",
}
"""What feeds mean by prefixes that they forget to declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prolog:
    """What stands before the root element: where it ends, and the harmless entities that it declares."""

    end: int
    entities: dict[str, str]


def prolog(text: str) -> Prolog:
    """Skip white space, XML declaration, processing instructions, comments and DOCTYPE; linear, any input."""
    position = 0
    entities: dict[str, str] = {}
    while True:
        position = _end(_BLANK, text, position)
        if text.startswith("<?", position):
            # A declaration may be closed like a tag, or not at all; other instructions may hold anything.
            end = _end(_DECLARATION, text, position) or text.find("?>", position) + 2
        elif text.startswith("<!--", position):
            end = text.find("-->", position) + 3
        elif text[position : position + 9].upper() == "<!DOCTYPE":
            end, declared = _doctype(text, position)
            entities |= declared
        else:
            return Prolog(end=position, entities=entities)
        if end <= position:
            return Prolog(end=len(text), entities=entities)
        position = end


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Where a match that begins at `position` ends; 0 for none."""
    match = pattern.match(text, position)
    return match.end() if match else 0


def _doctype(text: str, start: int) -> tuple[int, dict[str, str]]:
    """Find the end of a DOCTYPE with its internal subset (XML 1.0, 2.8); 0 where it has none."""
    close = text.find(">", start)
    bracket = text.find("[", start, close)
    if close < 0 or bracket < 0:
        return close + 1, {}
    end = _SUBSET_END.search(text, bracket)
    if not end:
        return 0, {}
    subset = text[bracket : min(end.start(), bracket + 20_000)]
    return end.end(), {match[1]: match[2] or match[3] or "" for match in _ENTITY.finditer(subset)}


def drop_forbidden(text: str) -> str:
    """Take out the characters that XML 1.0 forbids (2.2)."""
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError:  # surrogates
        return _FORBIDDEN.sub("", text)
    if len(data.translate(None, _CONTROL_BYTES)) == len(data) and b"\xef\xbf\xbe" not in data:
        return text if b"\xef\xbf\xbf" not in data else text.replace("\uffff", "")
    return _FORBIDDEN.sub("", text)


class _Mender:
    """One pass over one document; keeps what the pass learns."""

    def __init__(self, text: str, entities: dict[str, str]) -> None:
        self.text = text
        self.entities = entities
        self.last_close = text.rfind(">")
        self.budget = len(text) + 10_000
        self.prefixes: set[str] = set()
        self.declared: set[str] = {"xml", "xmlns"}
        self.root_at: int | None = None
        self.pieces: list[str] = []

    def run(self) -> str:
        position, names_person = 0, False
        for token in _TOKEN.finditer(self.text):
            between = self.text[position : token.start()]
            if names_person and len(between) > _LONGEST_NAME:
                between = between[:_LONGEST_NAME]
            if between:
                self.pieces.append(self.characters(between))
            position = token.end()
            kind = token.lastgroup
            name = token["name"] if kind == "attributes" else ""
            if kind == "cdata":
                self.pieces.append(self.section(token[0], names_person=names_person))
                continue
            names_person = bool(name) and name.rpartition(":")[2].lower() in _ONE_PERSON
            if name:
                self.pieces.append(self.tag(name, token["attributes"]))
            elif kind is None:
                self.pieces.append(self.stray(token.start()))
        self.pieces.append(self.characters(self.text[position:]))
        self.declare_prefixes()
        return "".join(self.pieces)

    def section(self, section: str, *, names_person: bool) -> str:
        """Keep a CDATA section; only a person's name of absurd length, which stalls the parser, is cut."""
        if names_person and len(section) > _LONGEST_NAME and section.endswith("]]>"):
            return section[:_LONGEST_NAME].rstrip("]") + "]]>"
        return section

    def stray(self, position: int) -> str:
        """Escape a `<` that opens nothing; one that the end of the document cut off stays as it is."""
        return "&lt;" if position < self.last_close else "<"

    def tag(self, name: str, attributes: str) -> str:
        if ":" in name:
            self.prefixes.add(name.removeprefix("/").partition(":")[0])
        if self.root_at is None:
            self.root_at = len(self.pieces)
        if not attributes:
            return f"<{name}>"
        if ":" in attributes:
            for prefix in _PREFIXED_ATTRIBUTE.findall(attributes):
                self.prefixes.add(prefix)
            for declared in re.findall(r"\sxmlns:([\w.\-]+)\s*=", attributes):
                self.declared.add(declared)
        if attributes.count("=") > _MOST_ATTRIBUTES:
            attributes = "/" if attributes.endswith("/") else ""
        if "&" in attributes:
            attributes = self.references(attributes)
        return f"<{name}{attributes}>"

    def characters(self, text: str) -> str:
        if "]]>" in text:
            text = text.replace("]]>", "]]&gt;")
        return self.references(text) if "&" in text else text

    def references(self, text: str) -> str:
        return _REFERENCE.sub(self.reference, text)

    def reference(self, match: re.Match[str]) -> str:
        """Turn one reference into what a strict parser takes; what is none becomes `&amp;`."""
        kind = match.lastgroup
        if kind in ("decimal", "hex"):
            code = int(match["decimal"] or match["hex"], 10 if kind == "decimal" else 16)
            return f"&#{code};" if _is_xml_character(code) else "\ufffd"
        if kind == "huge":
            return "\ufffd"
        if kind == "name":
            known = html.entities.html5.get(match["name"] + ";")
            if known is not None:
                return known.replace("&", "&amp;").replace("<", "&lt;")
            own = self.entities.get(match["name"])
            if own is not None and len(own) <= self.budget:
                self.budget -= len(own)
                return own
        return "&amp;" + match[0][1:]

    def declare_prefixes(self) -> None:
        """Declare on the root element the prefixes that the document uses without saying what they mean."""
        missing = sorted(self.prefixes - self.declared)[:50]
        if not missing:
            return
        at = self.root_at
        if at is None:
            return
        names = {
            prefix: KNOWN_PREFIXES.get(prefix.lower(), f"urn:x-undeclared:{prefix}") for prefix in missing
        }
        declarations = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in names.items())
        root = re.match(r"<[^\s/>]+", self.pieces[at])
        if root:
            self.pieces[at] = root[0] + declarations + self.pieces[at][root.end() :]


def _is_xml_character(code: int) -> bool:
    return (
        code in (9, 10, 13)
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )


def mend(text: str, entities: dict[str, str] | None = None) -> str:
    """Make a document, from its root element on, fit for a strict parser.

    Forbidden characters and comments go; references to characters that XML forbids become U+FFFD; HTML's
    named references become characters; bare `&`, `<` and `]]>` are escaped; undeclared prefixes get a
    namespace. Tags that do not match stay as they are.
    """
    return _Mender(drop_forbidden(text), entities or {}).run()
