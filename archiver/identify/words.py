"""Texts as folded words, and how much of one text another contains."""

import re
import unicodedata
from collections.abc import Sequence

SHINGLE = 4
"""Words in a shingle."""
MOST_WORDS = 20_000
"""Of a longer text only this many words are compared."""
MOST_CHARACTERS = MOST_WORDS * 40
"""And only this many characters are looked at."""

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
FOOTNOTE = re.compile(r"\[\d{1,3}\]")
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
    words = folded_words(FOOTNOTE.sub(" ", text))
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
    text = FOOTNOTE.sub(" ", text[:MOST_CHARACTERS])
    telling = (word for word in _TOKEN.findall(text) if word[0].isupper() or has_digit(word))
    return set(folded_words(" ".join(telling)))


def has_digit(word: str) -> bool:
    """Whether some sign of a word is one."""
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
