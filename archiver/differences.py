"""What differs between two versions of an entry: fields, and their words as data to print or show. Pure."""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from archiver.clean import html_to_text

COMPARED = (
    "title",
    "authors",
    "url",
    "published_at",
    "published_raw",
    "summary",
    "content",
    "enclosures",
    "categories",
)
MOST_CHARACTERS = 500_000
"""Of longer fields only the beginning is compared."""
_MOST_STEPS = 400_000
"""What comparing two texts may cost, in words looked at; what is left then counts as replaced whole."""


class Kind(StrEnum):
    """What became of a run of words."""

    SAME = "same"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words in a row that stayed, went, or came. A word at the end of a line has its line break with it."""

    kind: Kind
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that differs."""

    column: str
    pieces: tuple[Piece, ...]
    """All of the field's words in order, what went before what came in its place."""
    note: str | None = None
    """A sentence, where the words do not tell all: other markup, or too much to compare."""

    @property
    def in_words(self) -> bool:
        """Whether words differ, and not only the markup."""
        return any(piece.kind is not Kind.SAME for piece in self.pieces)


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The columns of `revisions` in which two versions of an entry differ."""
    return [column for column in COMPARED if _compared(column, old[column]) != _compared(column, new[column])]


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields that differ, word by word. The cost is bounded whatever a publisher wrote."""
    return tuple(_difference(column, old, new) for column in changed_fields(old, new))


def words_compared(old: Sequence[str], new: Sequence[str]) -> tuple[tuple[Piece, ...], bool]:
    """What stayed, went and came between two texts, and whether they could be compared to the end."""
    matches, whole = _matches([word.rstrip("\n") for word in old], [word.rstrip("\n") for word in new])
    matches = _worth_telling(matches, len(old), len(new))
    pieces: list[Piece] = []

    def add(kind: Kind, words: Sequence[str]) -> None:
        if words:
            pieces.append(Piece(kind=kind, words=tuple(words)))

    i = j = 0
    for start, begin, length in (*matches, (len(old), len(new), 0)):
        add(Kind.OUT, old[i:start])
        add(Kind.IN, new[j:begin])
        i, j = start + length, begin + length
        add(Kind.SAME, new[begin:j])
    return tuple(pieces), whole


def _difference(column: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Difference:
    before, cut_before = _words(_in_order(column, old, old), is_html=_is_html(column, old))
    after, cut_after = _words(_in_order(column, old, new), is_html=_is_html(column, new))
    pieces, whole = words_compared(before, after)
    note = None
    if cut_before or cut_after:
        note = f"only the first {MOST_CHARACTERS:,} characters were compared"
    elif not whole:
        note = "too much is different to compare all of it word by word"
    elif all(piece.kind is Kind.SAME for piece in pieces):
        note = "the words are the same, the markup is another"
    return Difference(column=column, pieces=pieces, note=note)


def _compared(column: str, value: object) -> object:
    """What of a column counts: categories are a set, whose order says nothing."""
    if column == "categories" and isinstance(value, list):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    return value


def _in_order(column: str, old: Mapping[str, Any], row: Mapping[str, Any]) -> object:
    """A column's value; of categories those first that the older version had, in its order."""
    value = row[column]
    if column != "categories" or not isinstance(value, list):
        return value
    place = {json.dumps(one, sort_keys=True): number for number, one in enumerate(old[column])}
    return sorted(value, key=lambda one: place.get(json.dumps(one, sort_keys=True), len(place)))


def _is_html(column: str, row: Mapping[str, Any]) -> bool:
    """Whether a column holds markup; titles and the like are plain text, whatever signs are in them."""
    if column not in ("summary", "content"):
        return False
    return not str(row.get(f"{column}_type") or "").lower().startswith("text/plain")


def _words(value: object, *, is_html: bool) -> tuple[list[str], bool]:
    """A field's words, those at the end of a line with the break; whether it was cut."""
    if isinstance(value, list):
        parts = [
            " ".join(str(part) for part in one.values() if part is not None)
            for one in value
            if isinstance(one, dict)
        ]
        text = "; ".join(parts)
    else:
        text = str(value or "")
    cut = len(text) > MOST_CHARACTERS
    text = text[:MOST_CHARACTERS]
    words: list[str] = []
    for line in (html_to_text(text) if is_html else text).split("\n"):
        if found := line.split():
            words += [*found[:-1], f"{found[-1]}\n"]
    if words:
        words[-1] = words[-1].rstrip("\n")
    return words, cut


# ------------------------------------------------ comparing, in time that is bounded whatever the words are


def _matches(a: list[str], b: list[str]) -> tuple[list[tuple[int, int, int]], bool]:
    """Runs of equal words as (place in `a`, place in `b`, length), in order; whether all was looked at.

    Words that each text has once part the texts ("patience"), between them the shortest edit is looked for
    (Myers 1986). difflib takes quadratic time and more on texts that repeat themselves.
    """
    found: list[tuple[int, int, int]] = []
    steps, whole = _MOST_STEPS, True
    waiting = [(0, len(a), 0, len(b))]
    while waiting:
        low, high, left, right = waiting.pop()
        start, begin = low, left
        while start < high and begin < right and a[start] == b[begin]:
            start, begin = start + 1, begin + 1
        end, stop = high, right
        while end > start and stop > begin and a[end - 1] == b[stop - 1]:
            end, stop = end - 1, stop - 1
        found += [(low, left, start - low), (end, stop, high - end)]
        if start == end or begin == stop:
            continue
        steps -= end - start + stop - begin
        if steps < 0:
            whole = False
            continue
        anchors = _anchors(a, b, start, end, begin, stop)
        if anchors:
            for i, j in [*anchors, (end, stop)]:
                waiting.append((start, i, begin, j))
                start, begin = i, j
            continue
        runs, cost = _shortest(a[start:end], b[begin:stop], min(steps, _MOST_STEPS // 4))
        steps -= cost
        whole = whole and runs is not None
        found += [(start + i, begin + j, length) for i, j, length in runs or ()]
    return _joined(sorted(run for run in found if run[2])), whole


def _joined(runs: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    joined: list[tuple[int, int, int]] = []
    for i, j, length in runs:
        if joined and joined[-1][0] + joined[-1][2] == i and joined[-1][1] + joined[-1][2] == j:
            joined[-1] = (*joined[-1][:2], joined[-1][2] + length)
        else:
            joined.append((i, j, length))
    return joined


def _worth_telling(runs: list[tuple[int, int, int]], old: int, new: int) -> list[tuple[int, int, int]]:
    """Without the odd `and` or `the` that both versions of a rewritten sentence have."""
    kept: list[tuple[int, int, int]] = []
    i = j = 0
    for number, (start, begin, length) in enumerate(runs):
        after = runs[number + 1] if number + 1 < len(runs) else (old, new, 0)
        before = max(start - i, begin - j)
        following = max(after[0] - start, after[1] - begin) - length
        if 3 * length > min(before, following):
            kept.append((start, begin, length))
            i, j = start + length, begin + length
    return kept


def _anchors(
    a: list[str], b: list[str], start: int, end: int, begin: int, stop: int
) -> list[tuple[int, int]]:
    """Places of words that stand once in either stretch, as many as are in the same order in both."""
    once = Counter(a[start:end])
    also = Counter(b[begin:stop])
    there = {b[j]: j for j in range(begin, stop) if also[b[j]] == 1}
    pairs = [(i, there[a[i]]) for i in range(start, end) if once[a[i]] == 1 and a[i] in there]
    # The longest increasing sequence, by patience sorting.
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1], ends[pile : pile + 1] = [j], [number]
    chain: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _shortest(a: list[str], b: list[str], most: int) -> tuple[list[tuple[int, int, int]] | None, int]:
    """The equal runs of the shortest edit of `a` into `b`, and what it cost; None if that is over `most`."""
    furthest, trace, cost = {1: 0}, [], 0
    for edits in range(len(a) + len(b) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (
                diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
            )
            x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            while x < len(a) and 0 <= x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x, cost = x + 1, cost + 1
            furthest[diagonal] = x
            if diagonal == len(a) - len(b) and x >= len(a):
                return _walked_back(trace, len(a), len(b)), cost
        cost += 2 * edits + 1
        if cost > most:
            break
    return None, cost


def _walked_back(trace: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int, int]]:
    runs = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        down = diagonal == -edits or (
            diagonal != edits and furthest.get(diagonal - 1, -1) < furthest.get(diagonal + 1, -1)
        )
        before = diagonal + 1 if down else diagonal - 1
        x_before = furthest.get(before, 0) if edits else 0
        y_before = x_before - before if edits else 0
        length = min(x - x_before, y - y_before) if edits else x
        if length:
            runs.append((x - length, y - length, length))
        x, y = x_before, y_before
    return runs
