"""From bytes to text: which character encoding a document is in, whatever it says of itself."""

import codecs
import re
from dataclasses import dataclass

from archiver.parse.plausibility import Sample, rank

_LABELS = {
    "utf-8": "utf-8", "utf-16": "utf-16", "utf-16-le": "utf-16", "utf-16-be": "utf-16",
    "utf-32": "utf-32", "utf-32-le": "utf-32", "utf-32-be": "utf-32", "ascii": "windows-1252",
    "iso8859-1": "windows-1252", "cp1252": "windows-1252",
    **{f"iso8859-{part}": f"iso-8859-{part}" for part in (*range(2, 12), 13, 14, 15, 16)},
    **{f"cp125{digit}": f"windows-125{digit}" for digit in "01345678"},
    "koi8-r": "koi8-r", "koi8-u": "koi8-u", "koi8-t": "koi8-t", "cp866": "cp866", "cp855": "cp855",
    "cp437": "cp437", "cp850": "cp850", "cp852": "cp852", "cp874": "cp874", "tis-620": "cp874",
    "kz1048": "kz1048", "ptcp154": "ptcp154", "mac-cyrillic": "mac-cyrillic", "mac-roman": "mac-roman",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030",
    "big5": "big5hkscs", "big5hkscs": "big5hkscs",
    "shift_jis": "cp932", "cp932": "cp932", "euc_jp": "euc_jp", "iso2022_jp": "iso2022_jp",
    "euc_kr": "cp949", "cp949": "cp949",
}  # fmt: skip
"""Python's names of the codecs that we let documents choose, and the one that we decode with.

Anything else (punycode, unicode_escape, undefined …) is an attack or a joke. Where the web means a larger
encoding by a name (WHATWG Encoding Standard), the larger one is taken.
"""

_WIDE = frozenset({"gb18030", "big5hkscs", "cp932", "euc_jp", "cp949"})
"""East Asian encodings: their strict decoding fails on almost anything else, which is proof enough."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAME = r"\s{0,8}=\s{0,8}[\"']?\s{0,8}([A-Za-z0-9][A-Za-z0-9._\-]{0,39})"
_XML_DECLARATION = re.compile((r"<\?xml[^>]{0,400}?\bencoding" + _NAME).encode(), re.I)
_HTML_META = re.compile((r"<meta[^>]{0,200}?\bcharset" + _NAME).encode(), re.I)
_HTTP_CHARSET = re.compile(r"\bcharset" + _NAME, re.I)
_HIGH_BYTES = bytes(range(1, 7))
"""Of Latin with accents, Greek, Cyrillic, Armenian, Hebrew and Arabic letters in UTF-16."""
_HEAD = 4096
_SAMPLE = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A document as text; `charset` is the encoding's name on the web, `problems` are sentences."""

    text: str
    charset: str
    problems: tuple[str, ...] = ()


def codec_for(name: str | None) -> str | None:
    """The codec to decode with where a document names an encoding; None for a name that is not allowed."""
    try:
        known = codecs.lookup((name or "").strip()).name
    except (LookupError, ValueError, UnicodeError):
        return None
    label = _LABELS.get(known.lower())
    if label in (None, "utf-16", "utf-32"):
        return label and known
    return codecs.lookup(label).name


def decode(body: bytes, *, charset: str | None = None, content_type: str | None = None) -> Decoded:
    """Decode a document; never raises.

    The order: what a person said (`charset`), a byte order mark, the pattern of NULs in UTF-16 and UTF-32,
    valid UTF-8 whatever else is declared, the encodings declared (XML, then HTTP, then an HTML meta element)
    weighed with the usual ones by how the text reads. A document that is UTF-8 but for a few bytes stays
    UTF-8. Whatever was overruled or mended is told in `problems`.
    """
    problems: tuple[str, ...] = ()
    if charset:
        decoded = _as_told(body, charset)
        if decoded:
            return decoded
        problems = (f"The charset {charset!r} is none we know, so it was found out from the bytes.",)
    found = _wide_unicode(body) or _narrow(body.removeprefix(codecs.BOM_UTF8), content_type)
    return Decoded(text=found.text, charset=found.charset, problems=problems + found.problems)


def _as_told(body: bytes, charset: str) -> Decoded | None:
    codec = codec_for(charset)
    if not codec:
        return None
    if codec == "utf-8":
        body = body.removeprefix(codecs.BOM_UTF8)
    return _lossy(body, codec)


def _lossy(body: bytes, codec: str) -> Decoded:
    """Decode, with U+FFFD and a problem for what cannot be."""
    label = _label(codec)
    try:
        return Decoded(text=body.decode(codec).removeprefix("\ufeff"), charset=label)
    except (UnicodeDecodeError, UnicodeError):
        text = body.decode(codec, "replace").removeprefix("\ufeff")
        problem = f"Some bytes are not {label}; they became U+FFFD."
        return Decoded(text=text, charset=label, problems=(problem,))


def _label(codec: str) -> str:
    return _LABELS.get(codecs.lookup(codec).name.lower(), codec)


def wide_codec(body: bytes) -> tuple[str, int] | None:
    """Tell UTF-16 and UTF-32 by their byte order mark, or by how their high bytes repeat.

    Returns the codec and the mark's length; None for encodings whose ASCII is one byte a letter.
    """
    for mark, codec in _BOMS[1:]:
        if body.startswith(mark):
            return codec, len(mark)
    head = body[:_HEAD]
    if 0 not in head or len(head) < 4:
        return None
    length = len(head) // 4
    planes = [head[offset : length * 4 : 4] for offset in range(4)]
    nuls = [plane.count(0) / length for plane in planes]
    if min(nuls[:2]) > 0.7 and nuls[3] < 0.2 and _are_high_bytes(planes[2]):
        return "utf-32-be", 0
    if min(nuls[2:]) > 0.7 and nuls[0] < 0.2 and _are_high_bytes(planes[1]):
        return "utf-32-le", 0
    even, odd = planes[0] + planes[2], planes[1] + planes[3]
    if _are_high_bytes(even) and odd.count(0) < len(odd) * 0.1:
        return "utf-16-be", 0
    if _are_high_bytes(odd) and even.count(0) < len(even) * 0.1:
        return "utf-16-le", 0
    return None


def _are_high_bytes(half: bytes) -> bool:
    """Whether they may be the high bytes of UTF-16: NULs for ASCII, and those of one script beside it."""
    ascii_letters = half.count(0)
    scripts = max(half.count(script) for script in _HIGH_BYTES)
    return ascii_letters * 20 > len(half) and (ascii_letters + scripts) * 20 > len(half) * 17


def _wide_unicode(body: bytes) -> Decoded | None:
    """Read UTF-16 or UTF-32, with or without their byte order mark."""
    found = wide_codec(body)
    return _lossy(body[found[1] :], found[0]) if found else None


def _narrow(body: bytes, content_type: str | None) -> Decoded:
    """Read anything whose ASCII is one byte a letter."""
    declared = _declared(body, content_type)
    if b"\x1b" in body and "iso2022_jp" in declared:
        return _lossy(body, "iso2022_jp")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(body, declared)
    problems = _mojibake(text)
    if text.isascii() or not declared or declared[0] == "utf-8":
        return Decoded(text=text, charset="utf-8", problems=problems)
    told = f"Declared as {_label(declared[0])}, but the bytes are UTF-8."
    return Decoded(text=text, charset="utf-8", problems=(told, *problems))


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """The codecs that the document and its answer name, the likelier right ones first."""
    head = body[:_HEAD].lstrip()
    xml = _XML_DECLARATION.search(head)
    http = _HTTP_CHARSET.search(content_type or "")
    meta = _HTML_META.search(head)
    names = (xml and xml[1].decode("ascii"), http and http[1], meta and meta[1].decode("ascii"))
    return list(dict.fromkeys(codec for codec in map(codec_for, names) if codec))


def _not_utf8(body: bytes, declared: list[str]) -> Decoded:
    """Read bytes that are not valid UTF-8 as a whole."""
    lenient = body.decode("utf-8", "replace")
    bad = lenient.count("\ufffd") - body.count(b"\xef\xbf\xbd")
    good = len(lenient) - len(lenient.encode("ascii", "ignore")) - bad
    if good >= bad:
        return _rescued(body, declared)
    for codec in declared:
        if codec in _WIDE:
            try:
                return Decoded(text=body.decode(codec), charset=_label(codec))
            except UnicodeDecodeError:
                pass
    best = rank(_sample(body), declared)
    read = _lossy(body, best)
    problems = read.problems
    if declared and declared[0] != best:
        told = f"Declared as {_label(declared[0])}, but the bytes read as {read.charset}."
        problems = (told, *problems)
    return Decoded(text=read.text, charset=read.charset, problems=problems)


def _rescued(body: bytes, declared: list[str]) -> Decoded:
    """Read UTF-8 with a few wrong bytes line by line, so that one bad line costs no other."""
    lines = body.splitlines(keepends=True)
    foreign = [line for line in lines if not _is_utf8(line) and _mostly_foreign(line)]
    others = [codec for codec in declared if codec != "utf-8"]
    codec = rank(Sample.of(foreign, limit=_SAMPLE), others)
    text: list[str] = []
    for line in lines:
        if _is_utf8(line):
            text.append(line.decode("utf-8"))
        elif _mostly_foreign(line):
            text.append(line.decode(codec, "replace"))
        else:
            text.append(line.decode("utf-8", "replace"))
    problem = "Some bytes are not UTF-8 and were mended line by line."
    return Decoded(text="".join(text), charset="utf-8", problems=(problem,))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _mostly_foreign(line: bytes) -> bool:
    """Whether a line has more bytes that are not UTF-8 than characters that are."""
    lenient = line.decode("utf-8", "replace")
    bad = lenient.count("\ufffd")
    return bad > len(lenient) - len(lenient.encode("ascii", "ignore")) - bad


def _sample(body: bytes) -> Sample:
    """The lines that say anything about the encoding: those with bytes above 127, up to a bound."""
    return Sample.of(body.splitlines(), limit=_SAMPLE)


def _mojibake(text: str) -> tuple[str, ...]:
    """Notice UTF-8 that was once read as windows-1251 and written again; it is told, never changed."""
    head = text[:20_000]
    if not any(sign in head for sign in "РСÐÑ"):
        return ()
    words = [word for word in re.findall(r"[^\x00-\x7f]{8,60}", head) if word[0] in "РСÐÑ"][:50]
    if len(words) < 5:
        return ()
    again = 0
    for word in words:
        for codec in ("cp1251", "cp1252"):
            try:
                again += len(word.encode(codec).decode("utf-8")) > 2
                break
            except UnicodeError:
                pass
    if again * 10 < len(words) * 9:
        return ()
    return ("The text looks as if UTF-8 had been read as something else and encoded again; it is kept so.",)
