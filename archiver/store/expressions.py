"""The words of a question, and filters that the index has words for, as one expression for FTS5."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from archiver import stems
from archiver.query import All, Either, Filter, Node, Not, Query, Term, span, whether
from archiver.store import asking_feeds, indexing
from archiver.store.beginnings import Common, common
from archiver.store.rows import sound

EVERYTHING = "(facts : any)"
NOTHING = "(facts : none)"
_SCOPES = {None: "{text title authors}", "title": "title", "author": "authors"}
_PLAIN_MARKS = {None: "", "title": "_t_", "author": "_a_"}
_BEGINNINGS = 4


@dataclass(slots=True)
class Compiling:
    """A question on its way to SQL: what it is asked of, and what was bound, found and noted by now."""

    db: Database
    query: Query
    languages: tuple[str, ...]
    is_exact: bool = False
    """All words of a beginning are looked for, whatever that takes."""
    beginnings: dict[str, Common | None] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def bind(self, value: object) -> str:
        """A name for a value."""
        name = f"q_{len(self.parameters)}"
        self.parameters[name] = sound(value) if isinstance(value, str) else value
        return f":{name}"

    def common(self, beginning: str) -> Common | None:
        """Of a beginning that is too much for FTS5 the words that are looked for; None: all are."""
        if self.is_exact:
            return None
        if beginning not in self.beginnings:
            self.beginnings[beginning] = common(self.db, beginning, self.languages)
        words = self.beginnings[beginning]
        if words is not None:
            self.notes.append(f"very many words begin with {beginning}; only the most common were looked for")
        return words


def expression(work: Compiling, node: Node, *, negated: bool = False) -> str:
    """A tree as FTS5 is asked for it; of what must not be (`negated`), only the exact letters."""
    match node:
        case Term():
            return _term(work, node, negated=negated)
        case Filter():
            return _filter(work, node)
        case Not(part):
            return f"({EVERYTHING} NOT {expression(work, part, negated=True)})"
        case Either(parts):
            ways = [expression(work, part, negated=negated) for part in parts]
            return f"({' OR '.join(ways) or NOTHING})"
        case All(parts):
            wanted = [expression(work, one, negated=negated) for one in parts if not isinstance(one, Not)]
            unwanted = [expression(work, one.part, negated=True) for one in parts if isinstance(one, Not)]
            told = f"({' AND '.join(wanted) or EVERYTHING})"
            for each in unwanted:
                told = f"({told} NOT {each})"
            return told


def _quoted(words: Sequence[str]) -> str:
    return '"' + " ".join(words) + '"'


def _term(work: Compiling, term: Term, *, negated: bool) -> str:
    """All the ways in which the words may stand in the index; of what must not be, only the exact letters."""
    scope, mark = _SCOPES[term.field], _PLAIN_MARKS[term.field]
    ways: dict[str, None] = {}
    for reading in stems.readings(term.text, work.languages):
        if len(reading) == 1 and stems.is_paired(reading[0]) and len(reading[0]) == 1:
            ways[f"{scope} : {_quoted(reading)} *"] = None
            continue
        if negated or not stems.is_plain(reading) or len(reading) > 1:
            ways[f"{scope} : {_quoted(reading)}"] = None
        if negated:
            continue
        bare = stems.without_accents(reading)
        if bare is not None:
            ways[f"{scope} : {_quoted(bare)}"] = None
        if stems.is_plain(reading):
            ways[_plainly(reading, scope, mark)] = None
    if term.prefix:
        for way in _beginnings(work, term.text, scope, mark, negated=negated):
            ways[way] = None
    return f"({' OR '.join(ways) or NOTHING})"


def _plainly(reading: Sequence[str], scope: str, mark: str) -> str:
    """Words with accents where they were typed without: of several, at least one, and not side by side."""
    if len(reading) == 1:
        return _with_or_without(reading[0], scope, mark)
    plain = [f"plain : {_quoted([(mark or '_p_') + word])}" for word in reading]
    each = [_with_or_without(word, scope, mark) for word in reading]
    return f"(({' OR '.join(plain)}) AND {' AND '.join(each)})"


def _with_or_without(word: str, scope: str, mark: str, *, star: str = "") -> str:
    """A word with or without accents, as one list where that can be: FTS5 reads and counts each of two."""
    if not mark:
        return f"{scope.removesuffix('}')} plain}} : {_quoted([word])}{star}"
    return f"({scope} : {_quoted([word])}{star} OR plain : {_quoted([mark + word])}{star})"


def _beginnings(work: Compiling, text: str, scope: str, mark: str, *, negated: bool) -> Iterator[str]:
    """Words that begin so. The index has stems, which may be shorter than the beginning itself."""
    for typed in stems.readings(text, ()):
        instead = None if negated else work.common(typed[-1])
        if instead is not None:
            yield from (f"{scope} : {_quoted([*typed[:-1], word])}" for word in instead.words)
            if len(typed) == 1 and stems.is_plain(typed):
                yield from (f"plain : {_quoted([mark + word])}" for word in instead.plain)
            continue
        if len(typed) == 1 and stems.is_plain(typed):
            yield _with_or_without(typed[0], scope, mark, star=" *")
        else:
            yield f"{scope} : {_quoted(typed)} *"
        if len(typed) == 1:
            word = typed[0]
            for shorter in range(max(4, len(word) - _BEGINNINGS), len(word)):
                yield f"{scope} : {_quoted([word[:shorter]])}"


def _filter(work: Compiling, asked: Filter) -> str:
    value = asked.value
    match asked.field:
        case "feed":
            feeds = asking_feeds.meant(work.db, value)
            if not feeds:
                work.notes.append(f"no feed is called {value!r}")
            return _any_of(f"feed{number}" for number in feeds)
        case "tag":
            feeds = asking_feeds.tagged(work.db, value)
            ways = [_any_of(f"feed{number}" for number in feeds)] if feeds else []
            folded = stems.tag(value)
            if folded:
                ways.append(f"tags : {_quoted([folded])}")
            return f"({' OR '.join(ways) or NOTHING})"
        case "lang":
            words = list(indexing.language_words(value))
            return _any_of(words[-1:])
        case "after":
            return _since(work.db, span_of(value)[0])
        case "before":
            return _any_of(days("p", "0000-01-01", span_of(value)[1]))
        case "seen":
            return _any_of(days("s", "1900-01-01", value))
        case "changed":
            return "(facts : changed)" if whether(value) else f"({EVERYTHING} NOT facts : changed)"
    raise AssertionError(asked)


def _since(db: Database, first: str) -> str:
    """All days from this one on.

    Of what is still to come whole decades, and whole thousands of years, are looked for as one beginning:
    FTS5 opens a list for each word that it is asked for, and hardly any post is dated so.
    """
    newest = db.execute("SELECT seen_at FROM revisions ORDER BY id DESC LIMIT 1").fetchone()
    year = int(max(first, newest[0] if newest else "")[:4])
    ways: dict[str, None] = {}
    for word in days("p", first, "9999-12-31"):
        if word[1] == "y" and int(word[2:6]) // 10 > year // 10:
            ways[f"{_quoted([word[:5]])} *"] = None
        elif word[1] == "c" and int(word[2:4]) // 10 > year // 1000:
            ways[f"{_quoted([word[:3]])} *"] = None
        else:
            ways[_quoted([word])] = None
    return f"(facts : ({' OR '.join(ways)}))"


def span_of(value: str) -> tuple[str, str]:
    """First and last second of a date that the question has been found to be one."""
    found = span(value)
    assert found is not None
    return found


def _any_of(words: Iterator[str] | Sequence[str]) -> str:
    told = " OR ".join(_quoted([word]) for word in words)
    return f"(facts : ({told}))" if told else f"({NOTHING})"


def days(begins: str, first: str, last: str) -> Iterator[str]:
    """The few words that cover all days from the first to the last: whole centuries, years, months, days."""
    year, month, day = int(first[:4]), int(first[5:7]), int(first[8:10])
    end = int(last[:4]), int(last[5:7]), int(last[8:10])
    while (year, month, day) <= end:
        if (month, day) == (1, 1) and year % 100 == 0 and (year + 99, 12, 31) <= end:
            yield f"{begins}c{year // 100:02}"
            year += 100
        elif (month, day) == (1, 1) and (year, 12, 31) <= end:
            yield f"{begins}y{year:04}"
            year += 1
        elif day == 1 and ((year, month, 31) <= end or (year, month) < end[:2] or end[2] >= _LAST[month]):
            yield f"{begins}m{year:04}{month:02}"
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        else:
            yield f"{begins}d{year:04}{month:02}{day:02}"
            day += 1
            if day > 31:
                day = 1
                year, month = (year + 1, 1) if month == 12 else (year, month + 1)


_LAST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
