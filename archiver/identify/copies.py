"""Whether one text is a copy of another, cut: an unbroken run of its words from near its beginning."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate

from archiver.identify.words import FOOTNOTE, MOST_CHARACTERS, body_words, folded_words, has_digit

_BEFORE = 12
"""Words that may stand before the beginning of a copy: a place and a date, a kicker."""
_FEW = 30
"""Words that a copy may have lost with captions."""
_PROSE = 40
"""Texts with fewer words are copies word for word or not at all."""

_LINK = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+|(?<!\S)@\w+")
_MINUS = re.compile(r"(?<![^\s(])[-−–](?=\d)")
_SIGNS = str.maketrans(
    {"%": " percent ", "$": " dollar ", "€": " euro ", "£": " pound ", "₽": " rouble ", "₸": " tenge "}
)


class Copied:
    """A text as copies are told by: its words, line by line. What was looked at once is kept."""

    def __init__(self, text: str) -> None:
        self._text = text[:MOST_CHARACTERS]

    @cached_property
    def has_links(self) -> bool:
        """Whether there are links or handles in it."""
        return _LINK.search(self._text) is not None

    @cached_property
    def without_links(self) -> "Copied":
        """The same text without them."""
        return Copied(_LINK.sub(" ", self._text))

    @cached_property
    def lines(self) -> Sequence[Sequence[str]]:
        """The words that `body_words` finds, by line, with signs that make another number, as words."""
        text = _MINUS.sub(" minus ", self._text).translate(_SIGNS)
        left = len(body_words(text))
        lines, last = [], ""
        for line in text.splitlines():
            words = folded_words(FOOTNOTE.sub(" ", line))[:left]
            left -= len(words)
            for at, word in enumerate(words):
                if word[0].isdigit() and last[-1:].isdigit() and len(word) != 3:  # not the `000` of `1 000`
                    words[at] = f".{word}"
                last = word
            if words:
                lines.append(words)
        return lines

    @cached_property
    def size(self) -> int:
        """How many words there are."""
        return _size(self.lines)

    @cached_property
    def joined(self) -> str:
        """All words without a blank, so that `e-mail` is `email` and `1 000` is `1000`."""
        return "".join(word for line in self.lines for word in line)

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where in `joined` each word begins, and where the last one ends."""
        return [0, *accumulate(len(word) for line in self.lines for word in line)]

    @cached_property
    def borders(self) -> frozenset[int]:
        """The same, to ask whether a place is one of them."""
        return frozenset(self.starts)

    @property
    def may_be_torn(self) -> bool:
        """Whether it may have been cut within its last word without a mark that says so."""
        return self._text[-1:].isalpha() and len(self._text) < MOST_CHARACTERS

    @cached_property
    def is_prose(self) -> bool:
        """Whether its lines are mostly sentences."""
        return self.size >= 10 * len(self.lines)


def is_copy(one: Copied, other: Copied) -> bool:
    """Whether the shorter of two texts is the longer one, cut.

    That is an unbroken run of its words, which begins near its beginning. Punctuation, case, hyphens, blanks
    and footnotes' marks do not count, nor do links and handles that one of them has lost; of prose, one may
    lack a few lines of the other, as feeds leave out captions. A single other word makes it another text.
    Linear in time.
    """
    if one.has_links != other.has_links:
        one, other = one.without_links, other.without_links
    shorter, longer = sorted((one, other), key=lambda text: text.size)
    if not shorter.lines:
        return False
    return _is_run(shorter, longer) or (
        shorter.size >= _PROSE and (_is_run_of_lines(shorter, longer) or _has_lines_more(shorter, longer))
    )


def _size(lines: Iterable[Sequence[str]]) -> int:
    return sum(map(len, lines))


def _is_run(shorter: Copied, longer: Copied) -> bool:
    # A run begins and ends with words.
    run, whole, starts = shorter.joined, longer.joined, longer.starts
    for start in starts[: _BEFORE + 1]:
        if whole.startswith(run, start):
            end = start + len(run)
            if end in longer.borders:
                return True
            after = len(starts) - 1 - bisect_right(starts, end)
            is_torn = shorter.may_be_torn and len(shorter.lines[-1][-1]) > 1
            if is_torn and shorter.size >= _FEW and after >= 5:
                return True
    return False


def _is_run_of_lines(shorter: Copied, longer: Copied) -> bool:
    """Whether the longer text without a few lines begins with the shorter one."""
    run, at, more = shorter.joined, 0, []
    for line in longer.lines:
        part, left = "".join(line), len(run) - at
        if run.startswith(part, at):
            at += len(part)
        elif left <= len(part) and part.startswith(run[at:]):
            at = len(run) if left in accumulate(map(len, line)) else at
            break
        else:
            more.append(line)
            if not _are_captions(more, shorter.size):
                return False
        if at == len(run):
            break
    return at == len(run) and shorter.is_prose and longer.is_prose


def _has_lines_more(shorter: Copied, longer: Copied) -> bool:
    """Whether the longer text begins with the shorter one without a few of its lines."""
    whole, at, more = longer.joined, 0, []
    for number, line in enumerate(shorter.lines, 1):
        part = "".join(line)
        if whole.startswith(part, at):
            at += len(part)
        else:
            more.append(line)
            if number == len(shorter.lines) or not _are_captions(more, shorter.size):
                return False
    return at in longer.borders and shorter.is_prose


def _are_captions(lines: Sequence[Sequence[str]], of: int) -> bool:
    """Whether lines that one text has more are few and short, and none of them may be an item of a list."""
    return (
        len(lines) <= 4
        and _size(lines) <= min(_FEW, of // 4)
        and all(len(line) >= 3 and not any(map(has_digit, line)) for line in lines)
    )
