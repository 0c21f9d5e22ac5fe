"""Texts as folded words, and how much of one text another contains. What counts as the same word is settled here."""

import re
import unicodedata
from collections.abc import Sequence

SHINGLE = 4
"""Words in a shingle."""
MOST_WORDS = 20_000
"""Of a longer text only this many words are compared."""

# Runs of marks and signs without a letter carry no words, and sorting thousands of combining marks
# into canonical order takes quadratic time.
_LETTERLESS = re.compile(r"[^\w\s!-~]{31,}")
_INSIDE_WORDS = dict.fromkeys(map(ord, "'’‘ʻʼ`´ʹ\u00ad\u200b\u200c\u200d\u2060\ufeff"))
# Chinese and Japanese put no blanks between words, so each of their signs is one; the marks in the second
# branch are vowels of Indic and South-East Asian scripts, which `\w` leaves out.
_WORD = re.compile(
    r"[\u2e80-\u303b\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|(?:[^\W_\u2e80-\u303b\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|[\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0900-\u0963\u0981-\u0e4e\u0eb1-\u0ece\u0f71-\u0f84\u102b-\u103e])+"
)
_EXCERPT_MARK = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|→)\Z")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_NAME_OR_NUMBER = re.compile(r"\w+")
_READ_ON = frozenset(
    {("читать", "далее"), ("continue", "reading"), ("read", "more"), ("las", "mer"), ("толук", "окуу")}
)


def folded_words(text: str) -> list[str]:
    """The words of a text without case, accents, punctuation and quotes; `ё` is `е`, but `й` is not `и`."""
    text = unicodedata.normalize("NFKC", _LETTERLESS.sub(" ", text)).casefold().translate(_INSIDE_WORDS)
    if not text.isascii():
        text = _without_accents(text)
    return _WORD.findall(text)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    if not any("\u0300" <= character <= "\u036f" for character in decomposed):
        return text
    kept: list[str] = []
    base = ""
    for character in decomposed:
        if not "\u0300" <= character <= "\u036f":
            base = character
            kept.append(character)
        elif character == "\u0306" and "\u0400" <= base <= "\u052f":
            kept.append(character)  # й and ў are letters of their own
    return unicodedata.normalize("NFC", "".join(kept))


def body_words(text: str) -> list[str]:
    """The folded words of an entry's text without footnote marks, the mark of a cut, and the word that it may have torn."""
    text = text[: MOST_WORDS * 40].rstrip()
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
    text = _FOOTNOTE.sub(" ", text[: MOST_WORDS * 40])
    telling = (word for word in _NAME_OR_NUMBER.findall(text) if word[0].isupper() or _has_digit(word))
    return set(folded_words(" ".join(telling)))


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def shingles(words: Sequence[str]) -> set[str]:
    """All runs of SHINGLE words; none where there are fewer."""
    return {" ".join(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}


def containment(one: Sequence[str], other: Sequence[str]) -> float:
    """The share (0 to 1) of the shorter text's shingles that the longer one has.

    A text of fewer than two shingles' worth of words is contained wholly or not at all: where the longer begins with it.
    """
    shorter, longer = sorted((one, other), key=len)
    if not shorter:
        return 0.0
    if len(shorter) < 2 * SHINGLE:
        return float(list(longer[: len(shorter)]) == list(shorter))
    parts = shingles(shorter)
    return len(parts & shingles(longer)) / len(parts)
