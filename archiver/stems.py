"""How words are folded and stemmed, the same for what is archived and for what is asked. Pure.

A word is folded (NFKC, case, marks that are no letters of their own), and stemmed by Snowball where the
text's language, or else the word's script, has a stemmer. What comes out is text with blanks between words:

- Accents and letters stay, so that exact letters are found exactly. What a word is without them stands among
  the `plain` words beside the text: `goteborg` finds Göteborg by that, and `far` finds far first, then får.
- ё is е, Russian stress marks are nothing, й is й. ғ қ ҳ ҷ ӣ ӯ ә ң ө ү ұ һ і are letters; plain г к х ч и у …
- An Uzbek o‘ or g‘ is one letter under any of its apostrophes; the tutuq belgisi is nothing (sanʼat, sanat).
  Elsewhere an apostrophe parts words (l'eau, it's), as a hyphen does.
- Writing without blanks (Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese) becomes pairs of characters.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import Stemmer

from archiver.model import Cleaned, EntryData, Terms

STEMMERS: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian",
    "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
"""Snowball's stemmers by language; not every version of the library has all of them."""

KEEP_BEGINNINGS: Final = frozenset(
    "ca cs da de en es et fi fr hu it kk ky nb nn no pl pt ro ru sv tg uz".split()  # noqa: SIM905
)
"""Languages of which a stem begins with the letter of its word, accents aside."""

LONGEST = 64
"""Characters of a word that count."""
MOST_KEPT = 30_000
"""Words of which it is remembered what they become, for a language."""

_KNOWN = frozenset(Stemmer.algorithms())
_CYRILLIC = frozenset(
    {
        "ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "tg", "mn", "tt", "ba", "cv", "uz", "os", "av", "ce",
        "sah",
    }
)  # fmt: skip
_UZBEK = frozenset({"uz", "kaa"})

_MARKS = "\u0900-\u0963\u0966-\u0dff\u0f18-\u0fbc\u1a17-\u1aff\ua8e0-\ua8ff"
_THAI = "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17dd"
_PAIRED = (
    "\u1100-\u11ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
    + _THAI
)
WORD: Final = re.compile(f"(?:[^\\W_]|[{_MARKS}{_THAI}])+")
_PLAIN_WORD = re.compile(r"[^\W_]+")
_PARTED = {code: chr(code) if chr(code).isalnum() else " " for code in range(128)}
_BEYOND_PLAIN = re.compile(f"[{_MARKS}{_THAI}]")
"""What makes words of other signs than letters and digits: without it, the simple pattern finds the same."""
_PAIRS = re.compile(f"[{_PAIRED}]+|[^{_PAIRED}]+")
_IS_PAIRED = re.compile(f"[{_PAIRED}]")
_APOSTROPHES = "'’‘ʻʼ`´′＇ʹʽʾʿ"
_UZBEK_LETTER = re.compile(r"([og])'", re.IGNORECASE)
_BETWEEN = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
_OKINA = "ʻ"

_NOTHING = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]"
)
"""Marks that are no letters once NFKC has joined what it can: stress, vowel points, tatweel, soft hyphens."""

_LETTERS = {"ё": "е", "ѐ": "е", "ѝ": "и"} | dict.fromkeys(_APOSTROPHES[1:], "'")
_TYPOGRAPHY = re.compile("[\u00a0‘’“”–—…«»•·]+")
"""What makes most English texts other than ASCII, and parts words in any text."""
_PLAIN = str.maketrans(
    {
        "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n", "ə": "a",
        "ғ": "г", "қ": "к", "ҳ": "х", "ҷ": "ч", "ә": "а", "ң": "н", "ө": "о", "ү": "у", "ұ": "у", "һ": "х",
        "і": "и", "ї": "и", "є": "е", "ґ": "г", "ў": "у", "ҕ": "г", "ҡ": "к", "ҙ": "з", "ҫ": "с", "җ": "ж",
        _OKINA: "",
    }
)  # fmt: skip
_OWN_LETTERS = frozenset("åäöøæүөұәіңғқҳҷӣӯ" + _OKINA)
_SHORT = 5
"""Below so many letters a word with other letters is another word: får is not far."""


@lru_cache(maxsize=64)
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name, 0)  # without its cache, which costs more than it saves


def primary(language: str | None) -> str | None:
    """`ru` of `ru-RU`; None for none."""
    return language.replace("_", "-").partition("-")[0].lower() or None if language else None


def is_uzbek(language: str | None) -> bool:
    """Whether an apostrophe is (part of) a letter in texts of this language."""
    return primary(language) in _UZBEK


def fold(text: str, *, uzbek: bool = False) -> str:
    """Text of which the words are folded; `uzbek`: apostrophes are (parts of) letters there."""
    if text.isascii():
        text = text.lower().replace("`", "'")
    else:
        text = unicodedata.normalize("NFKC", text).casefold()
        text = _replaced(_NOTHING.sub("", unicodedata.normalize("NFC", text)), _LETTERS)
    return _BETWEEN.sub("", _UZBEK_LETTER.sub(rf"\1{_OKINA}", text)) if uzbek else text


def _replaced(text: str, signs: Mapping[str, str]) -> str:
    """What `translate` would say: for a few signs in a long text this is many times as fast."""
    for sign, instead in signs.items():
        text = text.replace(sign, instead)
    return text


def _words(folded: str) -> list[str]:
    if folded.isascii():
        found = folded.translate(_PARTED).split()
    elif not _BEYOND_PLAIN.search(folded):
        found = _PLAIN_WORD.findall(folded)
    else:
        found = WORD.findall(folded)
    if folded.isascii() or not _IS_PAIRED.search(folded):
        is_long = max(map(len, found), default=0) > LONGEST
        return [word[:LONGEST] for word in found] if is_long else found
    words: list[str] = []
    for word in found:
        for part in _PAIRS.findall(word):
            if _IS_PAIRED.match(part):
                words += [part[at : at + 2] for at in range(len(part))]
            else:
                words.append(part[:LONGEST])
    return words


def _kind(word: str, language: str | None) -> str | None:
    """The language whose stemmer fits a word in a text of this language; None for none."""
    first = word[0]
    if "\u0400" <= first < "\u0530":
        return language if language in _CYRILLIC else "ru"
    if first < "\u0250":
        if not first.isalpha():
            return None
        return "en" if language is None or (language in _CYRILLIC and language != "uz") else language
    return language


class _Forms:
    """What words become, which is worked out once for each: texts say the same words over and over.

    Words are no longer than LONGEST and no more than MOST_KEPT of them are kept, whoever sends them.
    """

    def __init__(self, become: Callable[[Sequence[str]], Mapping[str, str]]) -> None:
        self._become = become
        self._kept: dict[str, str] = {}

    def of(self, words: Sequence[str]) -> list[str]:
        """What each of these words becomes."""
        forms = self._kept
        if new := set(words).difference(forms):
            if len(forms) + len(new) > MOST_KEPT:  # a dict of its own: another thread may read the old one
                forms, new = {}, set(words)
                self._kept = forms if len(new) <= MOST_KEPT else {}
            forms.update(self._become(list(new)))
        return [forms[word] for word in words]


def _stems_anew(words: Sequence[str], language: str | None) -> dict[str, str]:
    """Each word's stem, by the stemmer that fits it."""
    by_kind: dict[str | None, list[str]] = {}
    for word in words:
        by_kind.setdefault(_kind(word, language), []).append(word)
    stems: dict[str, str] = {}
    for kind, different in by_kind.items():
        name = STEMMERS.get(kind or "")
        stemmed = _stemmer(name).stemWords(different) if name in _KNOWN else different
        # Of some words the stemmers leave nothing; those stand for themselves.
        stems.update((word, stem or word) for word, stem in zip(different, stemmed, strict=True))
    return stems


@lru_cache(maxsize=8)
def _stems_in(language: str | None) -> _Forms:
    return _Forms(lambda words: _stems_anew(words, language))


def _stemmed(words: Sequence[str], language: str | None) -> list[str]:
    if language is not None and language not in STEMMERS and language not in _CYRILLIC:
        language = "und"  # all languages without a stemmer are alike
    return _stems_in(language).of(words)


def words_of(text: str, *, uzbek: bool = False) -> list[str]:
    """The words of a text, folded and not stemmed."""
    if not (uzbek or text.isascii()) and (bare := _TYPOGRAPHY.sub(" ", text)).isascii():
        text = bare
    return _words(fold(text, uzbek=uzbek))


def stemmed(words: Sequence[str], language: str | None) -> list[str]:
    """What `words_of` gives, as the index has it."""
    return _stemmed(words, primary(language))


def stems_of(text: str, language: str | None) -> list[str]:
    """The words of a text as the index has them, one after the other."""
    return stemmed(words_of(text, uzbek=is_uzbek(language)), language)


def terms(text: str, language: str | None) -> str:
    """The words of a text as the index has them, with blanks between."""
    return " ".join(stems_of(text, language))


@lru_cache(maxsize=1)
def _bare_letters() -> dict[int, str]:
    """What letters are without accents, for the scripts that have any."""
    bare: dict[int, str] = {}
    for first, last in ((0xC0, 0x250), (0x370, 0x530), (0x1E00, 0x2000)):
        for sign in map(chr, range(first, last)):
            apart = unicodedata.normalize("NFKD", sign)
            without = "".join(one for one in apart if not unicodedata.combining(one))
            if without != sign and sign != "й":
                bare[ord(sign)] = without
    return bare | _PLAIN


def plain(word: str) -> str:
    """A folded word without accents, in letters that every keyboard of its script has."""
    return word if word.isascii() else word.translate(_bare_letters())


def plain_of(words: Iterable[str]) -> list[str]:
    """What these words are without accents, of those that have any; each once."""
    different = set(words)
    accented = [word for word in different if not word.isascii()]
    return sorted(set(_plain_words.of(accented)) - different - {""}) if accented else []


_plain_words = _Forms(lambda words: {word: plain(word) for word in words})


def readings(text: str, languages: Iterable[str | None]) -> tuple[tuple[str, ...], ...]:
    """The ways in which typed words may stand in an index of texts in these languages, each once.

    A typed phrase is several words; so is one word with a hyphen or an apostrophe in it.
    """
    found: dict[tuple[str, ...], None] = {}
    forms = [_words(fold(text))]
    if any(sign in text for sign in _APOSTROPHES):
        forms.append(_words(fold(text, uzbek=True)))
    for words in forms:
        ends_in_pair = bool(words) and len(words) > 1 and bool(_IS_PAIRED.match(words[-1]))
        if ends_in_pair and len(words[-1]) == 1:
            words = words[:-1]  # the last sign of a run stands alone only at the end of what is written
        found[tuple(words)] = None
        for language in languages:
            found[tuple(_stemmed(words, primary(language)))] = None
    found.pop((), None)
    return tuple(found)


def is_paired(word: str) -> bool:
    """Whether a word is (one of) the signs of a writing without blanks."""
    return bool(_IS_PAIRED.match(word))


def is_plain(reading: Iterable[str]) -> bool:
    """Whether nothing in these words has an accent, so that it may have been left out."""
    return all(plain(word) == word for word in reading)


def without_accents(reading: tuple[str, ...]) -> tuple[str, ...] | None:
    """The same words in plain letters, where that hardly makes other words of them; None otherwise."""
    bare = tuple(map(plain, reading))
    if bare == reading or not all(bare):
        return None
    for word in reading:
        if len(word) < _SHORT and _OWN_LETTERS.intersection(word):
            return None
    return bare


def tag(text: str) -> str:
    """A tag as one word of the index: folded, whole."""
    words = _words(fold(text))
    return "_".join(words)[: 2 * LONGEST]


def of_entry(data: EntryData, cleaned: Cleaned) -> Terms:
    """The words that an entry is found by."""
    return of_version(
        title=data.title,
        text=cleaned.content_text,
        authors=[part for one in data.authors for part in (one.name, one.email) if part],
        subjects=[part for one in data.categories for part in (one.term, one.label) if part],
        language=cleaned.language,
    )


def of_version(
    *, title: str | None, text: str, authors: Iterable[str], subjects: Iterable[str], language: str | None
) -> Terms:
    """The words that a version of an entry is found by.

    The plain words stand there once more with `_p_` before them, as no word of a text begins: for phrases, of
    which FTS5 would else walk the lists of all their words to find that hardly any text has accents. Those of
    the title have `_t_`, those of authors `_a_`, since one may ask for these alone.
    """
    in_text, in_title = stems_of(text, language), stems_of(title or "", language)
    in_authors = stems_of(" , ".join(authors), None)
    plain_words = dict.fromkeys(plain_of([*in_text, *in_title, *in_authors]))
    marked = [f"_p_{word}" for word in plain_words]
    of_title = [f"_t_{word}" for word in plain_of(in_title)]
    of_authors = [f"_a_{word}" for word in plain_of(in_authors)]
    return Terms(
        text=" ".join(in_text),
        title=" ".join(in_title),
        authors=" ".join(in_authors),
        tags=" ".join(sorted({tag(subject) for subject in subjects} - {""})),
        plain=" ".join([*plain_words, *marked, *of_title, *of_authors]),
    )
