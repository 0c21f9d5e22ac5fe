"""How well bytes read in an encoding: what tells windows-1251 from KOI8-R, and Swedish from Russian.

Pure arithmetic on a bounded sample; knows letters of the languages that single bytes can carry.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

USUAL = (
    "cp1252", "cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866", "cp1250", "iso8859-2",
    "cp1254", "iso8859-15", "kz1048",
)  # fmt: skip
"""Codecs that are tried on any document, the likelier ones first: the first of equals wins."""

_DECLARED_BONUS = 0.2
_PRIOR = {"cp1252": 0.05, "cp1251": 0.02, "kz1048": -0.02}
_RELATED = {"koi8-r": "koi8-u", "cp1251": "kz1048"}
"""Who declares the one often means the other, which differs in a few letters only."""
_WORD = re.compile(rb"[A-Za-z0-9\x80-\xff]+")

_CYRILLIC = dict.fromkeys("оеаинтсрвлкмдпу", 1.1) | dict.fromkeys("яыьгзбчйх", 0.9)
_CYRILLIC |= dict.fromkeys("жшюцщэфъё", 0.5) | dict.fromkeys("іїєў", 0.6) | dict.fromkeys("әғқңөұүһ", 0.6)
_CYRILLIC |= dict.fromkeys("ҷӣӯҳ", 0.6) | dict.fromkeys("ђћџљњјѓќѕґ", 0.3)
_LATIN = dict.fromkeys("åäöéüèàáóíçñæêâôîßúãõ", 1.0) | dict.fromkeys("ąćęłńśźżčěřšžůý", 0.9)
_LATIN |= dict.fromkeys("ùûëïœ", 0.7) | dict.fromkeys("øòőűăş", 0.75) | dict.fromkeys("ďťňľĺŕ", 0.4)
_LATIN |= dict.fromkeys("ţđþðÿğıì", 0.25)
_TURKISH = dict.fromkeys("ığşçöüâîû", 1.0)
_COMMON_SIGNS = frozenset("“”‘’„«»–—…•·№§©®™°€£\xa0‹›¿¡")
_PAIR_LISTS = """
ст но то на ен ов ни ра во ко не по ро пр ре го ал ли ос ер ан ол ат ом од ор ка от ет та ия ит те ве ла
ел ло ва ес де ис да за об ти ри он ас ин ле ск ии ны ый ой ых их ог му тв ил тр ди че ще ме ма ци ац ию
ви бы ру ки нн ар ам дн со се мо зн чт ак до пе
қа ға ғы ңі өз ұр қо құ ағ ақ оқ ең бұ үн ұй өң нғ лғ рғ рқ лқ үк мү мұ тұ қт дә әд ұқ рұ әк өт өн
ың ің ге ты ті ды ді ық ік бі ір жә ән үш ұл
ня ий ії ві пі ій ні ся її їх їн єт ює ає дь іс із ід лі рі ці їв
ја је ји ју ој ај иј ње ља њи ња ћи ће ќе ѓа
"""
_PAIRS = frozenset(_PAIR_LISTS.split())
"""Letters that often stand together: Russian, then Kazakh, Ukrainian, Serbian and Macedonian."""
_LONE = frozenset("авикосуяіеж")
"""Letters that are words."""
_VOWELS = frozenset("аеиоуыэюяёіїєәөүұӣӯ")


@dataclass(frozen=True, slots=True)
class Sample:
    """Words with bytes above 127, counted: all that a choice of encoding needs to see."""

    words: tuple[tuple[bytes, int], ...]

    @classmethod
    def of(cls, lines: Iterable[bytes], *, limit: int) -> "Sample":
        """Take words from the lines that have bytes above 127 until `limit` bytes have been seen."""
        counts: Counter[bytes] = Counter()
        seen = 0
        for line in lines:
            if line.isascii():
                continue
            for word in _WORD.finditer(line):
                if not word[0].isascii():
                    counts[word[0][:80]] += 1
                    seen += len(word[0])
                    if seen > limit:
                        return cls(tuple(counts.items()))
        return cls(tuple(counts.items()))


def rank(sample: Sample, declared: Iterable[str] = ()) -> str:
    """The codec in which the sample reads best; a declared one wins unless another is clearly better."""
    favoured = [name for name in declared if not name.startswith("utf-")]
    favoured += [_RELATED[name] for name in favoured if name in _RELATED]
    scores = {}
    for codec in dict.fromkeys((*favoured, *USUAL)):
        bonus = _DECLARED_BONUS if codec in favoured else 0.0
        scores[codec] = score(sample, codec) + bonus + _PRIOR.get(codec, 0.0)
    return max(scores, key=lambda codec: scores[codec])


def score(sample: Sample, codec: str) -> float:
    """How well the sample reads in a codec, per byte above 127: about 1 for good text, below 0 for noise."""
    total = 0.0
    high = 0
    latin_letters = _TURKISH if codec == "cp1254" else _LATIN
    for word, count in sample.words:
        text = word.decode(codec, "replace")
        total += _word_score(text, latin_letters) * count
        high += sum(byte > 127 for byte in word) * count
    return total / high if high else 0.0


def _word_score(text: str, latin_letters: dict[str, float]) -> float:
    """Add up what speaks for and against a word, its ASCII letters only as neighbours of the others."""
    total = 0.0
    before = " "
    cyrillic = latin = other = ascii_letters = 0
    for position, char in enumerate(text):
        lower = char.lower()
        if char.isascii():
            ascii_letters += char.isalpha()
        elif lower in _CYRILLIC:
            cyrillic += 1
            total += _CYRILLIC[lower]
        elif lower in latin_letters:
            latin += 1
            total += latin_letters[lower]
        elif char.isalpha():
            other += 1
            total += 0.6 if ord(char) > 0x36F and not "\u0400" <= char <= "\u052f" else -0.8
        elif char in _COMMON_SIGNS:
            glued = before.isalnum() and text[position + 1 : position + 2].isalnum()
            total += -1.0 if glued and char not in "’‘\xa0—–·" else 1.1 if char in "¿¡" else 0.6
        else:
            total -= 4.0 if char < "\xa0" or char == "\ufffd" or "\u2500" <= char <= "\u25ff" else 1.5
        if not char.isascii() and char.isalpha():
            total += _pair_score(before, char, lower)
        elif char.isascii() and char.isupper() and before.islower() and not before.isascii():
            total -= 0.5
        if not char.isascii() and char.isalpha() and text[position + 1 : position + 2].isdecimal():
            total -= 0.5
        before = char
    if cyrillic and (ascii_letters or latin):
        total -= 1.5 * (cyrillic + latin)
    if cyrillic == 1 == len(text) and text.lower() not in _LONE:
        total -= 1.0
    if latin > 2 and latin > 2 * ascii_letters:
        total -= 1.2 * latin
    if other and (cyrillic or latin or ascii_letters):
        total -= other
    return total


def _pair_score(before: str, char: str, lower: str) -> float:
    """Judge a letter beside the one before it: case that flips inside a word, pairs that languages like."""
    total = 0.0
    if char != lower:
        total -= 2.0 if before.islower() else 0.15
    elif before.isupper() and before.lower() in _CYRILLIC and lower in _CYRILLIC:
        total += 0.05
    if before.lower() in _CYRILLIC and lower in _CYRILLIC:
        first = before.lower()
        if first + lower in _PAIRS:
            total += 0.5
        elif (first in _VOWELS) == (lower in _VOWELS):
            total -= 0.25
        if lower in "ьъы" and first in _VOWELS:
            total -= 1.0
    elif lower in "ьъы" and before == " ":
        total -= 1.0
    return total
