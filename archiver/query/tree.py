"""What a question is made of: words and filters, and how they belong together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

WORD_FIELDS = ("title", "author")
FILTER_FIELDS = ("feed", "tag", "lang", "after", "before", "changed", "withdrawn")

_DATE = re.compile(
    r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])"
    r"(?:T([01][0-9]|2[0-3])(?::?([0-5][0-9])(?::?([0-5][0-9]))?)?Z?)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or several that stand side by side."""

    text: str
    field: str | None = None
    """`title` or `author`; None: anywhere."""
    prefix: bool = False
    """Words that begin so."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What else must be true: one of FILTER_FIELDS and its value, as typed."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """What must be, all of it. Without parts: everything."""

    parts: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """What must be, one of it."""

    parts: tuple["Node", ...]


Node = Term | Filter | Not | All | Either

NOTHING = Either(())
"""What signs without a word ask for."""


def span(text: str) -> tuple[str, str] | None:
    """The first and the last second of a day, month, year or time (UTC); None for what is no date."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (None if part is None else int(part) for part in match.groups())
    try:
        first = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=UTC)
    except ValueError:
        return None
    begin = first.isoformat(timespec="seconds")[:19] + "Z"
    end = f"{begin[:4]}-12-31T23:59:59Z"
    if month is not None:
        last = 31 if month in (1, 3, 5, 7, 8, 10, 12) else 30
        if month == 2:
            assert year is not None
            last = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
        end = f"{begin[:7]}-{last:02}T23:59:59Z"
    for known, kept, rest in (
        (day, 10, "T23:59:59Z"),
        (hour, 13, ":59:59Z"),
        (minute, 16, ":59Z"),
        (second, 19, "Z"),
    ):
        if known is not None:
            end = begin[:kept] + rest
    return begin, end


def whether(value: str) -> bool | tuple[str, str] | None:
    """What `changed:` and `withdrawn:` ask: yes, no, or when (first and last second); None for neither."""
    folded = value.strip().lower()
    if folded in ("yes", "no"):
        return folded == "yes"
    begin, dots, end = value.strip().partition("..")
    if not dots:
        return span(begin)
    first, last = span(begin) if begin else ("", ""), span(end) if end else ("9", "9")
    if first is None or last is None or not (begin or end):
        return None
    return first[0], last[1]


def walk(node: Node, *, found_only: bool = False) -> Iterator[Node]:
    """Every part of a tree; with `found_only` not what is under a Not."""
    yield node
    match node:
        case Not(part):
            if not found_only:
                yield from walk(part)
        case All(parts) | Either(parts):
            for part in parts:
                yield from walk(part, found_only=found_only)


_PLAIN = re.compile(r"[^\W_]+", re.UNICODE)


def written(node: Node, *, outermost: bool = False) -> str:
    """A tree as a person would type it; reading that gives the same tree."""
    match node:
        case Term(text, name, prefix):
            plain = _PLAIN.fullmatch(text) and text != "OR"
            told = (text if plain else '"' + text.replace('"', " ") + '"') + ("*" if prefix else "")
            return f"{name}:{told}" if name else told
        case Filter(name, value):
            return f'{name}:"' + value.replace('"', " ") + '"'
        case Not(part):
            return f"-{written(part)}"
        case All(parts):
            told = " ".join(written(part) for part in parts)
            return told if outermost else f"({told})"
        case Either(parts):
            told = " OR ".join(written(part) for part in parts) or '""'
            return told if outermost else f"({told})"
