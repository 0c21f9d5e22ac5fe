"""What titles say of stories: series, parts, and the labels and site names that a copy's title wears."""

import re
from collections.abc import Iterable, Sequence

from archiver.identify.keys import title_key
from archiver.identify.words import particulars

_SHORT_TITLE = 3
_SERIES_TITLE = 5
_LONG_TITLE = 8
_LEAST_OF_A_NAME = 4
_MOST = 1000

_NUMBER_WORDS = frozenset(
    """
    i ii iii iv v vi vii viii ix x one two three four five six seven eight nine ten first second third fourth
    fifth sixth seventh eighth ninth tenth last final part del teil en ett tva tre fyra fem sex sju atta nio
    tio forsta andra tredje fjarde femte sjatte sista часть глава бөлүм бөлім qism
    один два три четыре пять шесть семь первый первая вторая второй третья третий четвертая четвертый пятая
    пятый шестая последняя последний
    """.split()  # noqa: SIM905 - readable as prose
)
# Words, and beginnings of words, by which a title names a series, every part of which may bear it.
_SERIES_WORDS = frozenset(
    """
    day week month weekend live today tonight tomorrow yesterday morning evening rate rates brief job jobs
    vacancy vacancies hiring list court status alert alerts episode show letter notes prices fixtures
    день дня недели неделю неделя месяц месяца суд сегодня завтра вчера эфир
    idag imorgon morgon kvall dagens veckans manadens vecka bon lista lediga
    """.split()  # noqa: SIM905 - readable as prose
)
_SERIES = tuple(
    """
    daily weekly monthly annual digest bulletin newsletter news briefing update forecast weather horoscope
    prayer sermon homily recipe puzzle quiz result score standing schedule agenda timetable obituar interview
    podcast edition roundup recap highlight minutes diary listing calendar opening devotion
    ежеднев еженед ежемес ежегод дайджест новост сводк бюллетен рассылк погод прогноз курс валют гороскоп
    молитв проповед рецепт итог результат расписан афиш ваканс некролог интервью обзор хроник
    трансляц турнир календар
    daglig veckovis nyhet vader prognos kurs horoskop predikan recept resultat schema dodsruna minnesord
    avsnitt sammanfattning kalender andakt
    жаңалық жаңылык kunlik yangilik obhavo
    """.split()  # noqa: SIM905 - readable as prose
)
# A new version of a story that says so is told as another one.
_REVISED = (
    "correct",
    "clarif",
    "updat",
    "retract",
    "исправ",
    "уточн",
    "обновл",
    "опроверж",
    "ratt",
    "uppdater",
)
_BREAK = re.compile(r"\s*([|•»«])\s*|\s+([–—·-])\s+|(:)\s+")


def is_series(key: str) -> bool:
    """Whether a title (its key) may be that of many stories: `The weekly interview`, `Weather in Osh`.

    A longer title is one story's, unless two of its words say otherwise.
    """
    words = key.split()
    if len(words) > _LONG_TITLE:
        return False
    telling = sum(word in _SERIES_WORDS or word.startswith(_SERIES) for word in words)
    return telling >= (1 if len(words) <= _SERIES_TITLE else 2)


def is_short(key: str) -> bool:
    """Whether a title (its key) has so few words that strangers may choose it."""
    return len(key.split()) < _SHORT_TITLE


def numbering(key: str) -> list[str]:
    """What tells the parts of a series apart, in a title's key."""
    return sorted(w for w in key.split() if w in _NUMBER_WORDS or any(sign.isdigit() for sign in w))


def dressing(one: str, other: str) -> str:
    """The mark (`|`, `-`, `:`) with which one title adds a label or a site's name to the other, else nothing.

    `Camps on human rights | Central Asia Groups`, `Video: Camps on human rights`. What follows a colon is no
    name of a site, and a bare title has four words at least.
    """
    if max(len(one), len(other)) > _MOST:
        return ""
    short, long = sorted((one, other), key=lambda title: len(title_key(title)))
    bare = title_key(short)
    breaks = list(_BREAK.finditer(long))
    if len(bare.split()) < _LEAST_OF_A_NAME or not breaks:
        return ""
    for found in breaks[-3:]:  # `Title | Section | Site`
        mark = _mark(found)
        if mark != ":" and title_key(long[: found.start()]) == bare and _is_dress(long[found.end() :]):
            return mark
    found = breaks[0]
    if title_key(long[found.end() :]) == bare and _is_dress(long[: found.start()]):
        return _mark(found)
    return ""


def _mark(found: re.Match[str]) -> str:
    mark = next(filter(None, found.groups()))
    return mark if mark == ":" else "|" if mark in "|•»«·" else "-"


def _is_dress(text: str) -> bool:
    key = title_key(text)
    return (
        len(key.split()) <= 6 and not numbering(key) and not any(w.startswith(_REVISED) for w in key.split())
    )


def is_about(title: str, words: Sequence[str]) -> bool:
    """Whether a text (its words) speaks of what a title names: each name and number, and most long words."""
    telling = [word for word in title_key(title).split() if len(word) >= _LEAST_OF_A_NAME]
    there = set(words)
    return bool(telling) and particulars(title) <= there and 2 * _count(telling, there) > len(telling)


def _count(words: Iterable[str], there: set[str]) -> int:
    return sum(word in there for word in words)
