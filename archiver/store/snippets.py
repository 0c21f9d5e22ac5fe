"""A few words of a text around those that were looked for, also where only their stems are the same."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from archiver import stems
from archiver.query import Node, Term, walk
from archiver.records import Snippet

WORDS = 24
"""So many words are shown."""

_READ = 4_000
"""So many words of a text are looked through at a time, for the best place among the first that have any."""

_PIECE = re.compile(r"\S+")
_JOINED = re.compile(r"[^\W_]+(?:['’‘ʻʼ`´][^\W_]+)*", re.UNICODE)
_WORDS = stems.WORD
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Sought:
    """What to mark: words as the index has them."""

    whole: frozenset[str]
    plain: frozenset[str]
    """Of words that were typed without accents, or may be written without."""
    beginnings: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.whole or self.beginnings)


def sought(tree: Node | None, languages: Iterable[str], *, field: str | None = None) -> Sought:
    """What to mark in a text, or in a title (`field="title"`)."""
    whole: set[str] = set()
    plain: set[str] = set()
    beginnings: list[str] = []
    for node in walk(tree, found_only=True) if tree is not None else ():
        if not isinstance(node, Term) or node.field not in (None, field):
            continue
        for reading in stems.readings(node.text, languages):
            whole.update(reading)
            if stems.is_plain(reading) or stems.without_accents(reading):
                plain.update(map(stems.plain, reading))
        if node.prefix:
            beginnings += [words[-1] for words in stems.readings(node.text, ())]
    return Sought(frozenset(whole), frozenset(plain), tuple(beginnings))


class Marker:
    """Finds the words that are sought in texts of one language; a word is looked at once."""

    def __init__(self, wanted: Sought, language: str | None) -> None:
        self._wanted, self._language = wanted, language
        self._known: dict[str, bool] = {}
        by_stems = language is None or (stems.primary(language) or "") in stems.KEEP_BEGINNINGS
        first = {one[0] for one in (*wanted.whole, *wanted.plain, *wanted.beginnings) if one}
        self._first = first if by_stems else None
        """What a word must begin with; None: no telling."""

    def hits(self, words: Sequence[re.Match[str]]) -> list[int]:
        """Which of these words of a text are sought: their places among them."""
        self._look_at({one[0] for one in words} - self._known.keys())
        known = self._known
        return [place for place, one in enumerate(words) if known[one[0]]]

    def _look_at(self, words: Collection[str]) -> None:
        """Learn which of these words are sought; all at once, as to call a stemmer costs the most."""
        if not words:
            return
        uzbek, together = stems.is_uzbek(self._language), "\n".join(words)
        parts = stems.words_of(together, uzbek=uzbek)
        likely = parts
        if (first := self._first) is not None:  # most words need not be stemmed
            likely = [one for one in parts if one[0] in first or stems.plain(one[0])[:1] in first]
        sought = self._sought(likely, stems.stemmed(likely, self._language))
        if not sought:
            self._known.update(dict.fromkeys(words, False))
            return
        undivided = frozenset(parts)
        for word, folded in zip(words, stems.fold(together, uzbek=uzbek).split("\n"), strict=True):
            self._known[word] = (
                folded in sought
                if folded in undivided
                else not sought.isdisjoint(stems.words_of(word, uzbek=uzbek))
            )

    def _sought(self, parts: Sequence[str], stemmed: Sequence[str]) -> set[str]:
        """Those of these words, folded, which are sought, by their stems or by how they begin."""
        wanted = self._wanted
        found = {
            part
            for part, stem in zip(parts, stemmed, strict=True)
            if stem in wanted.whole
            or (wanted.plain and (stem if stem.isascii() else stems.plain(stem)) in wanted.plain)
        }
        if beginnings := wanted.beginnings:
            found |= {
                part
                for part in parts
                if part.startswith(beginnings) or stems.plain(part).startswith(beginnings)
            }
        return found

    def whole(self, text: str) -> Snippet:
        """All of a text, with what is sought marked."""
        words = list(_JOINED.finditer(text))
        return _pieces(text, [words[place].span() for place in self.hits(words)], 0, len(text))

    def around(self, text: str) -> Snippet:
        """The part of a text that has the most of what is sought; its beginning where nothing is."""
        left = _JOINED.finditer(text)
        words = passed = list(islice(left, _READ))
        hits, is_beginning = self.hits(words), True
        while not hits and (some := list(islice(left, _READ))):
            if found := self.hits(some):
                before = passed[-WORDS:]
                words, is_beginning = [*before, *some], False
                hits = [len(before) + place for place in found]
            passed = some
        if not words:
            return Snippet()
        following = list(islice(left, WORDS))  # the best place may be at the end of what was read
        read, words = len(words), [*words, *following]
        start = _best(words, hits)
        hits += [read + place for place in self.hits(following)]
        shown = words[start : start + WORDS]
        begin = 0 if start == 0 and is_beginning else shown[0].start()
        end = len(text) if start + WORDS >= len(words) else shown[-1].end()
        marked = [words[place].span() for place in hits if start <= place < start + WORDS]
        pieces = list(_pieces(text, marked, begin, end).pieces)
        if begin:
            pieces.insert(0, ("…", False))
        if end < len(text):
            pieces.append(("…", False))
        return Snippet(pieces=_joined(pieces))


def _best(words: Sequence[re.Match[str]], hits: Sequence[int]) -> int:
    """Where to begin: with the most different words that are sought, a few words before the first."""
    told = [words[place][0].casefold() for place in hits]
    best, start = (0, 0), 0
    for at, first in enumerate(hits):
        end = bisect_left(hits, first + WORDS - 4, lo=at, hi=min(len(hits), at + WORDS))
        score = len(set(told[at:end])), end - at
        if score > best:
            best, start = score, first
    return max(0, min(start - 4, len(words) - WORDS)) if best[0] else 0


def _pieces(text: str, marks: list[tuple[int, int]], begin: int, end: int) -> Snippet:
    pieces: list[tuple[str, bool]] = []
    at = begin
    for start, stop in marks:
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[start:stop], True))
        at = stop
    if at < end:
        pieces.append((text[at:end], False))
    return Snippet(pieces=_joined(pieces))


def _joined(pieces: Iterable[tuple[str, bool]]) -> tuple[tuple[str, bool], ...]:
    """Neighbours of a kind as one piece, with each stretch of white space as one blank."""
    joined: list[tuple[str, bool]] = []
    for text, hit in pieces:
        text = _SPACE.sub(" ", text)
        if joined and joined[-1][1] == hit and not hit:
            joined[-1] = (joined[-1][0] + text, hit)
        elif text:
            joined.append((text, hit))
    return tuple(joined)
