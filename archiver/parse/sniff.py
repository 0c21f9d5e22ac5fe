"""What kind of document this is, told from its content; a Content-Type is never believed."""

import re
from dataclasses import dataclass

from archiver.parse.decode import wide_codec
from archiver.parse.markup import prolog

_MAGIC = (
    (b"\x89PNG", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"), (b"PK\x03\x04", "a ZIP archive"), (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed data"), (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
    (b"BZh", "bzip2-compressed data"), (b"\xfd7zXZ", "xz-compressed data"), (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"), (b"\xd0\xcf\x11\xe0", "an Office document"), (b"RIFF", "a media file"),
    (b"ID3", "an audio file"), (b"OggS", "a media file"), (b"\x7fELF", "a program"), (b"MZ\x90", "a program"),
    (b"\x00\x00\x01\x00", "an icon"), (b"wOFF", "a font"), (b"wOF2", "a font"),
    (b"SQLite format 3", "a database"),
)  # fmt: skip
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x0b\x1b\x00")

_UNREADABLE = "\ufffd".encode()

_OPENING = re.compile(r"<(?P<name>[^\W\d][\w.:\-]{0,100})(?P<attributes>[^<>]{0,20000})>")
_FEED_ROOT = re.compile(
    r"<(?:[\w\-]{1,40}:)?(?P<name>rss|RDF|feed|channel)(?P<attributes>\s[^<>]{0,20000})?>(?=\s{0,1000}<)",
    re.I,
)
_RSS_IN_RDF = re.compile(
    r"purl\.org/rss/|my\.netscape\.com/rdf|channel\.netscape\.com/rdf|<(?:[\w\-]+:)?item[\s>]", re.I
)
_JSON_START = re.compile(r"\{\s*+[\"}]|\[\s*+(?:\{|\[|\])")
_HTML_ELEMENTS = """
html head body title meta link script style base noscript frameset iframe center font div p span a b i u em
strong br hr img h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table tbody thead tr td th form input select button label
article section main header footer nav aside figure blockquote pre code small big template svg textarea
picture video audio
"""
_HTML_NAMES = frozenset(_HTML_ELEMENTS.split())
_JUNK = 8192
"""How much a server may say before the document begins: warnings of its scripting language, as a rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """The kind of a document: one of model.KINDS, or `other` with what it is in `what`."""

    kind: str
    start: int = 0
    """Where the root element begins, for `syndication`."""
    what: str = ""
    """For messages: the root element, "a PDF document" …"""
    junk: bool = False
    """Something stands before the document itself."""


def sniff_bytes(body: bytes) -> str | None:
    """Name the binary format a body is in, where it is one; None for what may be text."""
    for magic, what in _MAGIC:
        if body.startswith(magic):
            return what
    if body[4:8] == b"ftyp":
        return "a media file"
    head = body[:4096]
    if wide := wide_codec(body):  # every second byte of Cyrillic in UTF-16 is the control character 0x04
        text = head[wide[1] :].decode(wide[0], "replace")
        head = text.encode("utf-8", "replace").replace(_UNREADABLE, b"\x01")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return "binary data" if controls * 20 > len(head) else None


def sniff(text: str) -> Sniffed:
    """Tell a feed, a JSON document, a web page, other XML and plain text apart; linear.

    A feed is recognised by its root element, whatever stands before it: blank lines, comments, a DOCTYPE, the
    warnings of a script. A page that links to a feed is a page; a text that mentions `<rss>` is a text.
    """
    stripped = text.lstrip("\ufeff \t\r\n\x00")
    if _JSON_START.match(stripped):
        return Sniffed(kind="json")
    if not stripped.startswith("<"):
        return _junk_before(text) or _page_inside(stripped) or Sniffed(kind="text")
    start = prolog(text).end
    opening = _OPENING.match(text, start)
    if not opening:
        return _without_root(text, stripped)
    local = opening["name"].rpartition(":")[2].lower()
    root = _FEED_ROOT.match(text, start)
    if local in ("rss", "feed", "rdf", "channel") and (root or opening["attributes"].strip()):
        if local == "rdf" and not _RSS_IN_RDF.search(text, start, start + 500_000):
            return Sniffed(kind="other", what=f"an RDF document (<{opening['name']}>) without a feed in it")
        return Sniffed(kind="syndication", start=start)
    declared_html = "<!doctype html" in text[:start][:5000].lower() and local != "html"
    if local == "html":
        return Sniffed(kind="page", what="<html>")
    if local not in _HTML_NAMES:
        is_xml = (
            stripped.startswith("<?xml")
            or "xmlns" in opening["attributes"]
            or f"</{opening['name']}>" in text
        )
        if is_xml and not declared_html:
            return Sniffed(
                kind="other", what=f"an XML document of another kind (its root is <{opening['name']}>)"
            )
    elif local == "svg":
        return Sniffed(kind="other", what="an image (its root is <svg>)")
    found = None if declared_html else _junk_before(text)
    if found:
        return found
    if local in _HTML_NAMES or declared_html:
        return Sniffed(kind="page", what=f"<{opening['name']}>")
    return Sniffed(kind="text")


def _junk_before(text: str) -> Sniffed | None:
    """Find the root of a feed behind a little junk; one that is only mentioned has no namespace or child."""
    if "<html" in text[:_JUNK].lower():
        return None
    for root in _FEED_ROOT.finditer(text, 0, _JUNK + 20_000):
        if root.start() > _JUNK:
            return None
        name, attributes = root["name"].lower(), root["attributes"] or ""
        declared = text[: root.start()].rstrip().endswith("?>")
        says_so = "xmlns" in attributes or (name == "rss" and "version" in attributes)
        if (declared or says_so) and name != "channel" and len(text) - root.start() > root.start() / 2:
            return Sniffed(kind="syndication", start=root.start(), junk=True)
    return None


def _page_inside(text: str) -> Sniffed | None:
    """Recognise a web page that begins with something else than a tag."""
    if re.search(r"<!doctype html|<html[\s>]|<body[\s>]", text[:_JUNK], re.I):
        return Sniffed(kind="page", what="<html>")
    return None


def _without_root(text: str, stripped: str) -> Sniffed:
    """Judge markup in which no root element could be read."""
    found = _junk_before(text)
    if found:
        return found
    if re.match(r"<!doctype\s+html", stripped, re.I):
        return Sniffed(kind="page", what="<!DOCTYPE html>")
    start = prolog(text).end
    if re.match(r"<(?:[\w\-]{1,40}:)?(rss|rdf|feed)\b", text[start : start + 60], re.I):
        return Sniffed(kind="syndication", start=start)
    if stripped.startswith("<?xml") or start == len(text):
        return Sniffed(kind="other", what="a document that ends before its root element")
    return _page_inside(stripped) or Sniffed(kind="text")
