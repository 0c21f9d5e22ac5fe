r"""Rows as CSV (RFC 4180), in UTF-8, safe to open in a spreadsheet.

What publishers wrote is in quotes; numbers, times and words of our own need none. NULL is nothing at all
between two commas, an empty text is `""`. Nested values are JSON. Lines end in CR LF; line breaks within
texts stay as they are.

Two things are written otherwise than they were, and `read_cell` undoes both:

- A text that a spreadsheet might take for a formula gets an apostrophe in front: one that begins, after
  white space, quotes and what cannot be seen, with `=`, `+`, `-`, `@`, their full-width forms or `|`;
  with a tab or a line break; or with an apostrophe of its own.
- A control character other than tab and line break is written `\u0001`, so is the backslash of a text
  that has a backslash, `u` and four hexadecimal digits already: `\u005C`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from archiver.export.columns import Column, Kind, Origin
from archiver.store import Row

BOM = b"\xef\xbb\xbf"
"""In front of the file for Excel, which else takes UTF-8 for the encoding of its country."""

_MAYBE_FORMULA = re.compile(
    r"['\t\r\n]|[\s\"'`´‘’“”„«»\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff]*[=+\-@|＝＋－＠﹦﹢﹣﹫−]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\\(?=u[0-9A-Fa-f]{4})")
_CONTROL_BYTES = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_WRITTEN = re.compile(r"\\u([0-9A-Fa-f]{4})")
_HARMLESS = frozenset("<[{0123456789 abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - {" "}


def csv_lines(
    pages: Iterable[list[Row]], columns: Sequence[str], *, texts: frozenset[str], bom: bool = False
) -> Iterator[bytes]:
    """The head, then a chunk of whole lines for each page. `texts` are the columns that may hold any text."""
    yield (BOM if bom else b"") + ",".join(f'"{name}"' for name in columns).encode() + b"\r\n"
    quoted = [name in texts for name in columns]
    often_the_same = [name in _OFTEN_THE_SAME for name in columns]
    for page in filter(None, pages):
        chunk = _lines(page, quoted, often_the_same, _safe)
        if _may_need_escapes(chunk):
            chunk = _lines(page, quoted, often_the_same, _escaped)
        yield chunk


def _lines(
    page: list[Row], quoted: Sequence[bool], often_the_same: Sequence[bool], write: Callable[[str], str]
) -> bytes:
    """A page, made column by column: what all its cells have in common is decided once, not for each."""
    forms: list[str] = []
    filled: list[Iterable[object]] = []
    for values, is_quoted, is_often_the_same in zip(
        zip(*page, strict=True), quoted, often_the_same, strict=True
    ):
        missing = values.count(None)
        if missing == len(values):
            forms.append("")
            continue
        forms.append('"%s"' if is_quoted and not missing else "%s")
        if is_quoted and not missing and write is _safe and _are_as_written(values):
            filled.append(values)
        elif is_quoted:
            written = _once_each(values, write) if is_often_the_same else write
            filled.append(
                ["" if value is None else f'"{written(value)}"' for value in values]
                if missing
                else map(written, values)
            )
        else:
            filled.append(["" if value is None else value for value in values] if missing else values)
    line = ",".join(forms) + "\r\n"
    if not filled:
        return line.encode() * len(page)
    return "".join(map(line.__mod__, zip(*filled, strict=True))).encode()


def _are_as_written(values: Sequence[str]) -> bool:
    """Whether nothing in these texts is for `_safe` to change; for all at once, which costs a fraction."""
    return {text[:1] for text in values} <= _HARMLESS and '"' not in "".join(values)


def _once_each(values: Iterable[str | None], write: Callable[[str], str]) -> Callable[[str], str]:
    return {value: write(value) for value in set(values) if value is not None}.__getitem__


_OFTEN_THE_SAME = frozenset({"feed", "feed_url", "authors", "enclosures", "categories"})
_PLAIN_KINDS = frozenset({Kind.NUMBER, Kind.SHARE, Kind.FLAG, Kind.TIME, Kind.DIGEST})


def texts_of(columns: Sequence[Column]) -> frozenset[str]:
    """The columns that may hold a publisher's words; of the others we know that they need no quotes."""
    ours = {
        column.name
        for column in columns
        if column.origin is not Origin.PUBLISHER and column.kind is Kind.WORD
    }
    return frozenset(column.name for column in columns if column.kind not in _PLAIN_KINDS) - ours


def _may_need_escapes(chunk: bytes) -> bool:
    # A backslash alone is looked for first, since that takes a tenth of the time.
    return (b"\\" in chunk and b"\\u" in chunk) or len(chunk.translate(None, _CONTROL_BYTES)) != len(chunk)


def cell(text: str) -> str:
    """A text as it stands in the file, quotes included."""
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """A text between its quotes."""
    return _safe(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04X}", text))


def _safe(text: str) -> str:
    """The same of a text in which nothing must be escaped."""
    if text[:1] not in _HARMLESS and _MAYBE_FORMULA.match(text):
        text = "'" + text
    return text.replace('"', '""')


def read_cell(text: str) -> str:
    """The text that a cell stands for, once a reader of CSV has taken the quotes off."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text.removeprefix("'"))
