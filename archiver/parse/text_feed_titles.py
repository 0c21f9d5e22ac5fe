"""Where a title begins in a flattened feed, when remains of the entry before it stand glued to it.

What helps, best first: the plugin's `The post TITLE appeared first on …` in the same entry, a line of its
own, and the link's slug, which WordPress makes from the folded title.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import unquote, urlsplit

from archiver.parse.text_blocks import fold_space

_FEED_ADDRESS = re.compile(
    r"https?://\S{1,2000}?(?:/feed(?:/atom|/rss2?)?/?|[?&]feed=[\w-]{1,20}(?:&\S{0,99})?)(?=\s|\Z)"
)
_NUMBERS = re.compile(r"(?:\s{1,99}\d{1,12}(?=\s|\Z)){1,2}")
_SLUG_END = re.compile(r"\.(?:html?|php|aspx?)$", re.I)
_WORD = re.compile(r"[^\W_]+(?:['’‘ʼ`´][^\W_]+)*")
_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´")
_LONGEST_TITLE = 2000
_MOST_WORDS = 40
_MOST_BEGINNINGS = 12
_LONGEST_SAMPLE = 3000
_SMALL_WORDS = frozenset({"the", "and", "for", "with", "from", "how", "why", "what", "when", "who"})
_BLOCK_END = re.compile(
    r"(?:</?(?:p|div|ul|ol|blockquote|figure|h[1-6]|table|pre|section|article|iframe|script|style)\b[^<>]{0,500}>"
    r"|<(?:br|hr|img)\b[^<>]{0,1000}>|-->)",
    re.I,
)
_FILE_NAME = re.compile(
    r"\w_\w|\w\.(?:jpe?g|png|gif|webp)\b|(?<!\S)(?:img|dsc[nf]?|pxl|mvi|p)-?\d{3}|\d{6}"
    r"|(?<!\S)(?=[a-z0-9-]{10,80}(?!\S))(?:[a-z]{1,20}-?\d{1,20}-?){2}",
    re.I,
)
_PICTURES = frozenset({"So", "Sk", "Mn", "Cf"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The ground a title stands on: the text between two entries, and what is known of the later one."""

    ground: str
    """From the last sure end of the entry before, to the link."""
    bounded: bool
    """Whether that end was seen; otherwise the entry before may run into the title."""
    slug: tuple[str, ...]
    told: tuple[str, ...] = ()
    """What the title may be as a plugin's line repeats it, the longest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remains:
    """What is known to stand between an entry's certain end and the next title: parts of media elements."""

    words: frozenset[str] = frozenset()
    """Folded words that stand before half of the titles and that their slugs do not know."""
    files: bool = False
    """Names of files stand there."""
    captions: bool = False
    """Other words stand there as well, behind those that are known."""


def end_of_remains(text: str, *, link: str, numbers: frozenset[str], has_body: bool) -> tuple[int, bool]:
    """Return where an entry's remains end (`]]>`, comment feed, numbers), and whether such an end was seen.

    `numbers` are those in the entry's addresses: some sites repeat the post's number below it. An entry
    without a text (`has_body`) ends where it begins.
    """
    mark = text.rfind("]]>")
    place = mark + 3 if mark >= 0 else 0
    counts = 0
    for found in _FEED_ADDRESS.finditer(text, place):
        follows = not text[place : found.start()].strip() and (place > 0 or not has_body)
        if follows or _is_feed_of(found.group(), link=link):
            place, counts = found.end(), 1  # the number of comments follows their feed
    if not place and has_body:
        place = _end_of_markup(text)
    if not place:
        place = max(_after_number(text, number) for number in numbers) if numbers else 0
    bounded = place > 0 or not has_body
    if below := _NUMBERS.match(text, place):
        ends = [(found.group(), found.end()) for found in re.finditer(r"\d+", below.group())]
        if len(ends) > counts and ends[counts][0] in numbers:
            counts += 1
        if counts:
            place += ends[min(counts, len(ends)) - 1][1]
    return place, bounded


def _end_of_markup(text: str) -> int:
    """Where the last block of HTML ends that was kept as it is; 0 unless little more than a title follows.

    A single tag may be what the title is about.
    """
    ends = list(_BLOCK_END.finditer(text, max(0, len(text) - _LONGEST_TITLE)))
    if len(ends) < 2 and not (ends and ends[0].group().startswith(("</", "--"))):
        return 0
    return ends[-1].end() if len(text[ends[-1].end() :].split()) <= _MOST_WORDS else 0


def _after_number(text: str, number: str) -> int:
    """Where the post's number that stands alone near the end ends; 0 where it does not."""
    pattern = re.compile(rf"(?<!\S){number}(?=\s)")
    ends = [found.end() for found in pattern.finditer(text, max(0, len(text) - _LONGEST_TITLE))]
    return ends[-1] if ends and len(text[ends[-1] :].split()) <= _MOST_WORDS else 0


def _is_feed_of(address: str, *, link: str) -> bool:
    path, _, query = link.partition("://")[2].partition("/")[2].partition("#")[0].partition("?")
    return (bool(path.rstrip("/")) and path.rstrip("/") in address) or (bool(query) and query in address)


def slug_words(link: str) -> tuple[str, ...]:
    """Return the folded words of the last telling part of an address's path."""
    try:
        path = urlsplit(link).path
    except ValueError:
        return ()
    for segment in reversed(path[-_LONGEST_TITLE:].split("/")):
        words = _folded(_SLUG_END.sub("", unquote(segment)))
        if any(not word.isdigit() for word in words):
            return tuple(words[:_MOST_WORDS])
    return ()


def titles(places: Sequence[Place], *, below: str) -> list[str]:
    """Return the title that stands at the end of each place; empty where none does.

    `below` is what stands below the last entry's certain end. No title is there, so it shows what may stand
    before the others; where it is empty, nothing does.
    """
    remains = _remains(places, below)
    return [_title(place, remains=remains if index else _Remains()) for index, place in enumerate(places)]


def leading_title(ground: str, slug: Sequence[str]) -> tuple[str, str]:
    """Part a title from the description below it: the first line, or what the slug covers."""
    first, _, rest = ground.strip().partition("\n")
    if rest.strip() or len(first.split()) <= len(slug) + 3:
        return fold_space(first), rest.strip()
    words = _words(first[:_LONGEST_TITLE])[: len(slug) * 2 + 4]
    place = last = 0
    for wanted in slug:
        match = next((index for index, (word, _) in enumerate(words[place:], place) if word == wanted), None)
        if match is not None:
            place, last = match + 1, words[match][1]
    end = first.find(" ", last) if last else -1
    return (first[:end], first[end:].strip()) if end > 0 else (fold_space(first), "")


def _title(place: Place, *, remains: _Remains) -> str:
    flat, sure = _line(place)
    for told in place.told:
        if found := _tail_like(flat, told):
            return found
    words = _folded(flat)
    if sure and words[:1] == list(place.slug[:1]) and words and words[0] not in remains.words:
        return flat
    cut = _from_slug(flat, place.slug)
    if not sure:
        return cut or _last_sentence(flat)
    rest = _after_remains(flat, remains, cut=cut)
    if rest is None:
        return cut if cut and len(words) > _MOST_WORDS else flat
    if cut and len(cut) > len(rest):
        return cut  # the title begins with a word of the remains
    return cut if cut and (remains.captions or _FILE_NAME.search(rest[: len(rest) - len(cut)])) else rest


def _line(place: Place) -> tuple[str, bool]:
    """The last line, or all lines where the title itself runs over them; and whether it is sure."""
    ground = place.ground[-_LONGEST_TITLE:].strip()
    flat = fold_space(ground)
    if "\n" not in ground:
        return flat, place.bounded
    last = fold_space(ground.rpartition("\n")[2])
    words = _folded(flat)
    begins_well = place.bounded and bool(place.slug) and words[:1] == [place.slug[0]]
    if begins_well and _in_order(words, place.slug) > _in_order(_folded(last), place.slug):
        return flat, True
    return last, True


def _remains(places: Sequence[Place], below: str) -> _Remains:
    """What stands before the titles and is none of theirs."""
    sample = _folded(below[:_LONGEST_SAMPLE])
    if not sample or len(below) > _LONGEST_SAMPLE:
        return _Remains()
    before: Counter[str] = Counter()
    for place in places[1:]:
        flat, sure = _line(place)
        if not sure:
            continue
        cut = _from_slug(flat, place.slug)
        words = _folded(flat)
        foreign = set(_folded(flat[: len(flat) - len(cut)]) if cut else words[:1]) - _SMALL_WORDS
        before.update(foreign.union(takewhile(sample.__contains__, words)))
    own = set(_folded(places[0].ground[:_LONGEST_TITLE])) if places else set()
    words_before = frozenset(
        word
        for word, count in before.items()
        if (count > 1 or word in sample)
        and count * 2 >= len(places) - 1
        and (word in sample or word not in own)
    )
    known = [set(_folded(token)) <= words_before for token in below.split()]
    behind = below.split()[len(known) - known[::-1].index(True) if any(known) else 0 :]
    return _Remains(
        words=words_before,
        files=_FILE_NAME.search(below) is not None,
        captions=any(not _FILE_NAME.search(token) for token in behind),
    )


def _after_remains(flat: str, remains: _Remains, *, cut: str | None) -> str | None:
    """What follows the remains and the names of files before a title; None where there are none.

    `cut` is where the slug would have the title begin: a known word before it has only remains before itself.
    """
    before = _words(flat[: len(flat) - len(cut)]) if cut else []
    last = next((place for word, place in reversed(before) if word in remains.words), None)
    rest = flat if last is None else flat[last:].partition(" ")[2]
    met = last is not None
    while rest:
        first, _, more = rest.partition(" ")
        words = set(_folded(first))
        known = words <= remains.words or (remains.files and _FILE_NAME.search(first))
        if not words or not known or not more:
            break
        rest, met = more, True
    return rest if met else None


def _tail_like(flat: str, told: str) -> str | None:
    """The end of the text that has the words of a told title; as the text has it."""
    if flat.endswith(told):
        return told
    wanted, words = _folded(told), _words(flat)
    if not wanted or [word for word, _ in words[-len(wanted) :]] != wanted:
        return None
    return _from_word(flat, words[-len(wanted)][1])


def _from_slug(flat: str, slug: Sequence[str]) -> str | None:
    """Cut before the word from which most of the slug's words follow in order; the latest such place."""
    words = _words(flat)[-_MOST_WORDS * 2 :]
    folded = [word for word, _ in words]
    best, best_score = None, 0
    begins = [index for index, word in enumerate(folded) if slug and word == slug[0]]
    for index in begins[-_MOST_BEGINNINGS:]:
        score = _in_order(folded[index:], slug)
        if score >= best_score:
            best, best_score = words[index][1], score
    if best is None or best_score * 10 < len(slug) * 6:
        return None
    return _from_word(flat, best)


def _from_word(flat: str, place: int) -> str:
    """The text from a word on, with quotation marks, brackets and pictographs before it."""
    while True:
        while place > 0 and not flat[place - 1].isspace():
            place -= 1
        before = flat[:place].rstrip().rpartition(" ")[2]
        if not before or not all(unicodedata.category(sign) in _PICTURES for sign in before):
            return flat[place:]
        place = len(flat[:place].rstrip())


def _in_order(words: Sequence[str], slug: Sequence[str]) -> int:
    """Count the slug's words that are met, in order, in the words."""
    met = place = 0
    for wanted in slug:
        if wanted in words[place:]:
            place = words.index(wanted, place) + 1
            met += 1
    return met


def _last_sentence(flat: str) -> str:
    cut = max(flat.rfind(mark, 0, -1) for mark in (". ", "! ", "? ", "… ", "] "))
    return flat[cut + 2 :] if cut >= 0 else flat


def _folded(text: str) -> list[str]:
    return [word for word, _ in _words(text)]


def _words(text: str) -> list[tuple[str, int]]:
    """The words without case, accents and apostrophes, as a slug has them, and where they begin."""
    return [(_fold(found.group()), found.start()) for found in _WORD.finditer(text)]


def _fold(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.translate(_APOSTROPHES).casefold())
    return "".join(character for character in plain if not unicodedata.combining(character))
