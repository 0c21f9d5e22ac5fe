"""In which language is an entry? A label, a declaration and the text itself are heard, in that order.

Declarations are often a template's default: an English `en-US` over Russian posts. So the text overrules
what is declared, but only where there is enough of it to be sure.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from archiver.labels import language_of_label, without_label

if TYPE_CHECKING:
    from archiver.clean.language_model import LanguageModel

FEWEST_LETTERS = 20
"""Below, a text says nothing: names, numbers, a word that three languages share."""
ENOUGH_LETTERS = 100
"""From here on a text may contradict what its feed declares …"""
MANY_LETTERS = 400
"""… and from here on a label that a person wrote."""

_LIKELY = 0.6
_SURE = 0.9
_IMPROBABLE = 0.02
_LOOKED_AT = 4000

_LOOKED_FOR = """
    af am ar az ba be bg bn bs ca cs cy da de el en es et eu fa fi fo fr ga gl gu he hi hr hu hy id is it
    ja ka kk km kn ko ku ky lo lt lv mk ml mn mr ms mt my ne nl nn no pa pl ps pt ro ru si sk sl so sq sr sv
    sw ta te tg th tk tl tr tt ug uk ur uz uzs vi zh zxx
"""
LANGUAGES = frozenset(_LOOKED_FOR.split())
"""What is looked for. A choice: with all that the model knows, four short words are soon taken for Hausa."""

_COMMONNESS = {"en": 2.0, "ru": 3.0}
"""How much likelier than others before a word is read: `Права человека` is hardly ever Bulgarian."""

# What one language shares with another as far as a detector can tell, or under an older code (BCP 47, 4.1).
_SAME_AS = """
    nb:no nn:no hr:sr bs:sr sh:sr iw:he in:id ms:id prs:fa uzs:uz yue:zh wuu:zh cmn:zh fil:tl ckb:ku kmr:ku
    mo:ro arz:ar ary:ar
"""
# Codes of three letters where there is one of two (RFC 5646, 2.2.1), and countries in a language's place.
_MEANT_BY = """
    eng:en rus:ru swe:sv kaz:kk kir:ky uzb:uz tgk:tg tuk:tk ukr:uk deu:de ger:de fra:fr fre:fr spa:es fin:fi
    nor:no dan:da tur:tr kz:kk kg:ky tj:tg ua:uk cz:cs dk:da jp:ja cn:zh
"""
_SAME = dict(pair.split(":") for pair in _SAME_AS.split())
_MEANT = dict(pair.split(":") for pair in _MEANT_BY.split())
_REFUTABLE = {_SAME.get(language, language) for language in LANGUAGES} | {"se"}
"""What a text can speak against: what the model knows. `se` is Sami, but mostly meant for Swedish."""
_MEMBERS = {
    group: tuple(sorted(language for language in LANGUAGES if _SAME.get(language, language) == group))
    for group in _REFUTABLE
}
_SAYS_NOTHING = frozenset({"und", "mul", "mis", "zxx", "x", "i"})

_TAG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,6}")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|[@#]\w+")
_WORD = re.compile(r"[^\W\d_]+")
_DENSE_SCRIPTS = "\u2e80"
"""From here on a sign is a syllable or a word."""

# Letters that not every Cyrillic alphabet has, and who has them.
_TELLING = frozenset("ёыэщъьюяйіїєґўәғқңөұүһҳҷӯӣђјљњћџѕѓќҗҡҙҫ")
_ALPHABET_OF = """
    ru:ёыэщъьюяй uk:щьюяйіїєґ be:ёыэьюяйіў bg:щъьюяй mk:јљњџѕѓќ sr:ђјљњћџ kk:ёыэщъьюяйіәғқңөұүһ
    ky:ёыэщъьюяйңөү uz:ёэъьюяйўғқҳ tg:ёэъюяйғқҳҷӯӣ tt:ёыэщъьюяйәңөүһҗ ba:ёыэщъьюяйәғңөүһҡҙҫ mn:ёыэщъьюяйөү
"""
_ALPHABETS = {
    language: frozenset(letters) for language, letters in (entry.split(":") for entry in _ALPHABET_OF.split())
}


def verdict(
    title: str | None, text: str, *, declared: Sequence[str | None] = ()
) -> tuple[str | None, str | None]:
    """A BCP 47 tag and what it rests on: `label`, `declared` or `text`; (None, None) where nothing tells.

    `declared` holds declarations, the nearest first. A label (`[English]`) in the title wins over all but a
    long text. A declaration keeps its region where the text agrees, or is too short to disagree.
    """
    label = language_of_label(title or "")
    said = _Text(_sample(f"{without_label(title or '')}\n{text[:_LOOKED_AT]}"))
    if label is not None and not said.contradicts(label, least=MANY_LETTERS):
        return label, "label"
    for declaration in declared:
        tag = _tag(declaration)
        if tag is not None and not said.contradicts(tag, least=ENOUGH_LETTERS):
            return tag, "declared"
    detected = _best(said.probabilities)
    return (detected[0], "text") if detected and detected[1] >= _LIKELY else (None, None)


def detect(text: str) -> tuple[str, float] | None:
    """The likeliest language of a text and its probability; None below FEWEST_LETTERS letters."""
    return _best(_Text(_sample(text)).probabilities)


class _Text:
    """What a text says of its language, worked out when it is asked: mostly a short one need not be."""

    def __init__(self, sample: str) -> None:
        self._sample = sample

    @cached_property
    def letters(self) -> int:
        """How much there is to judge by."""
        return _letters(self._sample)

    @cached_property
    def probabilities(self) -> dict[str, float]:
        """How likely each language is; none where the text says nothing."""
        return _probabilities(self._sample) if self.letters >= FEWEST_LETTERS else {}

    def contradicts(self, tag: str, *, least: int) -> bool:
        """Whether the text is long enough, and surely in another language than `tag` says."""
        primary = _group(tag.partition("-")[0])
        if primary not in _REFUTABLE or self.letters < least:
            return False
        best = _best(self.probabilities)
        of_declared = sum(self.probabilities.get(language, 0.0) for language in _MEMBERS.get(primary, ()))
        return best is not None and best[1] >= _SURE and of_declared <= _IMPROBABLE


def _sample(text: str) -> str:
    """The beginning of a text, without addresses and handles."""
    text = text[:_LOOKED_AT]
    if "@" in text or "#" in text or "://" in text or "www." in text:
        return _ADDRESS.sub(" ", text)
    return text


def _letters(sample: str) -> int:
    """How much text there is to judge by: letters, where one of a script such as Chinese counts for three.

    Nothing is counted beyond MANY_LETTERS.
    """
    count = _count_letters(sample[: 2 * MANY_LETTERS])
    return count if count >= MANY_LETTERS else count + _count_letters(sample[2 * MANY_LETTERS :])


def _count_letters(text: str) -> int:
    if max(text, default="") < _DENSE_SCRIPTS:
        return sum(map(str.isalpha, text))
    return sum(3 if letter >= _DENSE_SCRIPTS else 1 for letter in filter(str.isalpha, text))


def _best(probabilities: dict[str, float]) -> tuple[str, float] | None:
    if not probabilities:
        return None
    highest = max(probabilities.values())
    language = max(key for key, value in probabilities.items() if value == highest)
    return None if language == "zxx" else (_plain(language), probabilities[language])


def _plain(language: str) -> str:
    return "uz" if language == "uzs" else language


def _group(language: str) -> str:
    return _SAME.get(language, language)


def _tag(declaration: str | None) -> str | None:
    """A declaration as a well-formed tag in its usual case (RFC 5646, 2.1.1); None where it says nothing."""
    given = (declaration or "").strip().replace("_", "-").split(".")[0]
    if not _TAG.fullmatch(given):
        return language_of_label(f"[{given}]") if given else None
    primary, *rest = given.split("-")
    primary = _MEANT.get(primary.lower(), primary.lower())
    if primary in _SAYS_NOTHING:
        return None
    subtags = [
        part.upper()
        if len(part) == 2
        else part.title()
        if len(part) == 4 and part.isalpha()
        else part.lower()
        for part in rest
    ]
    return "-".join([primary, *subtags])


@cache
def _model() -> "LanguageModel":
    from archiver.clean.language_model import LanguageModel  # slow to load: only for those who ask

    return LanguageModel(LANGUAGES)


def _probabilities(sample: str) -> dict[str, float]:
    """What the model thinks of a text, corrected by the alphabets that its letters rule out."""
    likely = _model().probabilities(sample)
    for language, times in _COMMONNESS.items():
        likely[language] *= times
    text = "" if sample.isascii() else sample.lower()
    present = {letter for letter in _TELLING if letter in text}
    if present:
        telling, words = _telling_words(text)
        for language, alphabet in _ALPHABETS.items():
            if present <= alphabet:
                continue
            # One foreign name in ten words is forgiven, one word in three is not.
            foreign = sum(count for letters, count in telling.items() if not letters <= alphabet)
            likely[language] *= (1 - foreign / words) ** 8
    total = sum(likely.values())
    return {language: value / total for language, value in likely.items()} if total else likely


def _telling_words(text: str) -> tuple[Counter[frozenset[str]], int]:
    """How many words have which of the telling letters, and how many words there are."""
    words = _WORD.findall(text)
    telling: Counter[frozenset[str]] = Counter()
    for word, count in Counter(words).items():
        telling[_TELLING.intersection(word)] += count
    return telling, len(words)
