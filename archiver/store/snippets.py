"""A few words of a text around those that were looked for, also where only their stems are the same."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from archiver import stems
from archiver.query import Node, Term, walk
from archiver.records import Snippet

WORDS = 24
"""So many words are shown."""

_READ = 4_000
"""So many words of a text are looked through for the best place, then the first place is taken."""

_TOGETHER = 256
"""So many words of a text are stemmed with one call."""

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

    def places(self, text: str) -> Iterator[tuple[int, int, bool]]:
        """Where words begin and end, and whether they are sought."""
        found = _JOINED.finditer(text)
        while some := list(islice(found, _TOGETHER)):
            self._look_at({one[0] for one in some} - self._known.keys())
            for one in some:
                yield one.start(), one.end(), self._known[one[0]]

    def _look_at(self, words: Collection[str]) -> None:
        """Learn which of these words are sought; all at once, as to call a stemmer costs the most."""
        if not words:
            return
        uzbek, together = stems.is_uzbek(self._language), "\n".join(words)
        parts = stems.words_of(together, uzbek=uzbek)
        sought = {
            part
            for part, stem in zip(parts, stems.stems_of(together, self._language), strict=True)
            if self._is_sought(part, stem)
        }
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

    def _is_sought(self, folded: str, stem: str) -> bool:
        wanted = self._wanted
        if stem in wanted.whole or (wanted.plain and stems.plain(stem) in wanted.plain):
            return True
        beginnings = wanted.beginnings
        return bool(beginnings) and (
            folded.startswith(beginnings) or stems.plain(folded).startswith(beginnings)
        )

    def whole(self, text: str) -> Snippet:
        """All of a text, with what is sought marked."""
        return _pieces(text, [(a, b) for a, b, hit in self.places(text) if hit], 0, len(text))

    def around(self, text: str) -> Snippet:
        """The part of a text that has the most of what is sought; its beginning where nothing is."""
        words: list[tuple[int, int, bool]] = []
        first = None
        for place in self.places(text):
            words.append(place)
            if place[2] and first is None:
                first = len(words) - 1
            if first is not None and len(words) >= max(_READ, first + WORDS):
                break
        start = self._best(text, words)
        shown = words[start : start + WORDS]
        if not shown:
            return Snippet()
        begin = 0 if start == 0 else shown[0][0]
        end = len(text) if start + WORDS >= len(words) else shown[-1][1]
        snippet = _pieces(text, [(a, b) for a, b, hit in shown if hit], begin, end)
        pieces = list(snippet.pieces)
        if begin:
            pieces.insert(0, ("…", False))
        if end < len(text):
            pieces.append(("…", False))
        return Snippet(pieces=_joined(pieces))

    def _best(self, text: str, words: list[tuple[int, int, bool]]) -> int:
        """Where to begin: with the most different words that are sought, a few words before the first."""
        hits = [(number, text[a:b].casefold()) for number, (a, b, hit) in enumerate(words) if hit]
        best, start = (0, 0), 0
        for at, (number, _) in enumerate(hits):
            inside = [word for place, word in hits[at : at + WORDS] if place < number + WORDS - 4]
            score = len(set(inside)), len(inside)
            if score > best:
                best, start = score, number
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
