"""Texts as folded words; how much of one text another contains, and whether it is a copy of it, cut."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

SHINGLE = 4
"""Words in a shingle."""
MOST_WORDS = 20_000
"""Of a longer text only this many words are compared."""
MOST_CHARACTERS = MOST_WORDS * 40
"""And only this many characters are looked at."""
_BEFORE = 12
"""Words that may stand before the beginning of a copy: a place and a date, a kicker."""
_FEW = 30
"""Words that a copy may have lost with captions."""
_PROSE = 40
"""Texts with fewer words are copies word for word or not at all."""

# Runs of marks and signs without a letter carry no words, and sorting thousands of combining marks into
# canonical order takes quadratic time.
_LETTERLESS = re.compile(r"[^\w\s!-~]{31,}")
_INSIDE_WORDS = re.compile("['’‘ʻʼ`´ʹ\u00ad\u200b\u200c\u200d\u2060\ufeff]")
# Chinese and Japanese put no blanks between words, so each of their signs counts as one. The vowels of Indic
# and South-East Asian scripts are marks, which `\w` leaves out.
_IDEOGRAPHS = r"\u2e80-\u303b\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_MARKS = (
    r"\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0981-\u0e4e\u0eb1-\u0ece"
    r"\u0f71-\u0f84\u102b-\u103e"
)
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|(?:[^\W_{_IDEOGRAPHS}]|[{_MARKS}])+")
# All but the breve of й and ў, which are letters of their own.
_ACCENT = re.compile(r"[\u0300-\u0305\u0307-\u036f]|(?<![\u0400-\u052f])\u0306")
# Most texts have none of the signs above, nor any that join with a neighbour when normalised: their letters
# can be folded one by one, and their words have one simple pattern.
_PLAIN = re.compile(
    r"[\x00-\u02ff\u0400-\u0482\u048a-\u052f\u2000-\u2bff\ufe00-\ufe0f\ufffd\U0001f300-\U0001faff]*"
)
_PLAIN_WORD = re.compile(r"[^\W_]+")
_ASCII_WORDS: dict[int, str | None] = {
    code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)
}
_TYPOGRAPHY = re.compile("[\u00a0“”–—…«»•·]+")
"""What makes most English texts other than ASCII, and parts words in any text."""
_ASCII_WORDS |= dict.fromkeys(map(ord, "'`"))
_EXCERPT_MARK = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|→)\Z")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_LINK = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+|(?<!\S)@\w+")
_MINUS = re.compile(r"(?<![^\s(])[-−–](?=\d)")
_SIGNS = str.maketrans(
    {"%": " percent ", "$": " dollar ", "€": " euro ", "£": " pound ", "₽": " rouble ", "₸": " tenge "}
)
_TOKEN = re.compile(r"\w+")
_READ_ON = frozenset({("читать", "далее"), ("continue", "reading"), ("read", "more"), ("las", "mer")})


def folded_words(text: str) -> list[str]:
    """The words of a text without case, accents, punctuation and quotes; `ё` is `е`, but `й` is not `и`."""
    bare = text if text.isascii() else _TYPOGRAPHY.sub(" ", text.replace("’", "").replace("‘", ""))
    if bare.isascii():
        return bare.translate(_ASCII_WORDS).split()
    text = unicodedata.normalize("NFKC", _LETTERLESS.sub(" ", text)).casefold()
    text = _INSIDE_WORDS.sub("", text)
    if _PLAIN.fullmatch(text):
        return _PLAIN_WORD.findall(_ACCENTED.sub(_bare, text))
    return _WORD.findall(_without_accents(text))


def _without_accents(text: str) -> str:
    return unicodedata.normalize("NFC", _ACCENT.sub("", unicodedata.normalize("NFD", text)))


_BARE = {
    letter: bare
    for letter in map(chr, (*range(0x80, 0x300), *range(0x400, 0x530)))
    if (bare := _without_accents(letter)) != letter
}
_ACCENTED = re.compile(f"[{''.join(_BARE)}]")


def _bare(letter: re.Match[str]) -> str:
    return _BARE[letter[0]]


def body_words(text: str) -> list[str]:
    """The folded words of a text without footnotes' marks, the mark of a cut, and the word that it tore."""
    text = text[:MOST_CHARACTERS].rstrip()
    marked = _EXCERPT_MARK.search(text) is not None
    words = folded_words(_FOOTNOTE.sub(" ", text))
    if tuple(words[-2:]) in _READ_ON:
        del words[-2:]
        marked = True
    if marked and words:
        words.pop()
    return words[:MOST_WORDS]


def particulars(text: str) -> set[str]:
    """The folded names and numbers of a text: words with a capital or a digit, wherever they stand.

    They are what differs between two stories that were written from one template.
    """
    text = _FOOTNOTE.sub(" ", text[:MOST_CHARACTERS])
    telling = (word for word in _TOKEN.findall(text) if word[0].isupper() or _has_digit(word))
    return set(folded_words(" ".join(telling)))


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    """All runs of SHINGLE words; none where there are fewer."""
    return set(zip(*(words[at:] for at in range(SHINGLE)), strict=False))


def containment(one: Sequence[str], other: Sequence[str]) -> float:
    """The share (0 to 1) of the shorter text's shingles that the longer one has.

    A text of fewer than two shingles' worth of words is contained wholly or not at all: where the longer
    begins with it.
    """
    shorter, longer = sorted((one, other), key=len)
    if not shorter:
        return 0.0
    if len(shorter) < 2 * SHINGLE:
        return float(list(longer[: len(shorter)]) == list(shorter))
    parts = shingles(shorter)
    return len(parts & shingles(longer)) / len(parts)


def is_copy(one: str, other: str) -> bool:
    """Whether the shorter of two texts is the longer one, cut.

    That is an unbroken run of its words, which begins near its beginning. Punctuation, case, hyphens, blanks
    and footnotes' marks do not count, nor do links and handles that one of them has lost; of prose, one may
    lack a few lines of the other, as feeds leave out captions. A single other word makes it another text.
    Linear in time.
    """
    if bool(_LINK.search(one[:MOST_CHARACTERS])) != bool(_LINK.search(other[:MOST_CHARACTERS])):
        one, other = _LINK.sub(" ", one[:MOST_CHARACTERS]), _LINK.sub(" ", other[:MOST_CHARACTERS])
    texts = sorted(
        ((_lines(text), _may_be_torn(text)) for text in (one, other)), key=lambda text: _size(text[0])
    )
    (shorter, torn), (longer, _) = texts
    if not shorter:
        return False
    return _is_run(shorter, longer, torn=torn) or (
        _size(shorter) >= _PROSE and (_is_run_of_lines(shorter, longer) or _has_lines_more(shorter, longer))
    )


def _lines(text: str) -> list[list[str]]:
    """The words that `body_words` finds, by line, with signs that make another number, as words."""
    text = _MINUS.sub(" minus ", text[:MOST_CHARACTERS]).translate(_SIGNS)
    left = len(body_words(text))
    lines, last = [], ""
    for line in text.splitlines():
        words = folded_words(_FOOTNOTE.sub(" ", line))[:left]
        left -= len(words)
        for at, word in enumerate(words):
            if word[0].isdigit() and last[-1:].isdigit() and len(word) != 3:  # not the `000` of `1 000`
                words[at] = f".{word}"
            last = word
        if words:
            lines.append(words)
    return lines


def _size(lines: Sequence[Sequence[str]]) -> int:
    return sum(map(len, lines))


def _may_be_torn(text: str) -> bool:
    """Whether a text without a mark of it may have been cut within its last word."""
    return text[-1:].isalpha() and len(text) < MOST_CHARACTERS


def _is_run(shorter: Sequence[Sequence[str]], longer: Sequence[Sequence[str]], *, torn: bool) -> bool:
    # Words are joined, so that `e-mail` is `email` and `1 000` is `1000`; a run begins and ends with words.
    run, whole = _joined(shorter), _joined(longer)
    starts = [0, *accumulate(len(word) for line in longer for word in line)]
    borders = set(starts)
    for start in starts[: _BEFORE + 1]:
        if whole.startswith(run, start):
            end = start + len(run)
            if end in borders:
                return True
            after = len(starts) - 1 - bisect_right(starts, end)
            if torn and len(shorter[-1][-1]) > 1 and _size(shorter) >= _FEW and after >= 5:
                return True
    return False


def _joined(lines: Iterable[Sequence[str]]) -> str:
    return "".join(word for line in lines for word in line)


def _is_run_of_lines(shorter: Sequence[Sequence[str]], longer: Sequence[Sequence[str]]) -> bool:
    """Whether the longer text without a few lines begins with the shorter one."""
    run, at, more = _joined(shorter), 0, []
    for line in longer:
        part, left = "".join(line), len(run) - at
        if run.startswith(part, at):
            at += len(part)
        elif left <= len(part) and part.startswith(run[at:]):
            at = len(run) if left in accumulate(map(len, line)) else at
            break
        else:
            more.append(line)
            if not _are_captions(more, _size(shorter)):
                return False
        if at == len(run):
            break
    return at == len(run) and _is_prose(shorter) and _is_prose(longer)


def _has_lines_more(shorter: Sequence[Sequence[str]], longer: Sequence[Sequence[str]]) -> bool:
    """Whether the longer text begins with the shorter one without a few of its lines."""
    whole, at, more = _joined(longer), 0, []
    for number, line in enumerate(shorter, 1):
        part = "".join(line)
        if whole.startswith(part, at):
            at += len(part)
        else:
            more.append(line)
            if number == len(shorter) or not _are_captions(more, _size(shorter)):
                return False
    return at in {0, *accumulate(len(word) for line in longer for word in line)} and _is_prose(shorter)


def _are_captions(lines: Sequence[Sequence[str]], of: int) -> bool:
    """Whether lines that one text has more are few and short, and none of them may be an item of a list."""
    return (
        len(lines) <= 4
        and _size(lines) <= min(_FEW, of // 4)
        and all(len(line) >= 3 and not any(map(_has_digit, line)) for line in lines)
    )


def _is_prose(lines: Sequence[Sequence[str]]) -> bool:
    return _size(lines) >= 10 * len(lines)
