"""A question as SQL: the expression for FTS5, and conditions on what its rows stand for.

Words, and filters that the index has words for (`facts`), go into one expression, which FTS5 answers by
walking its lists side by side. What it cannot know, as it changes after a version was written (withdrawn,
edits, tags of very many feeds) or is finer than a day, becomes a condition beside it. Values are bound.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from archiver import stems
from archiver.query import All, Either, Filter, Node, Not, Query, Term, span, walk, whether
from archiver.store import asking_feeds, indexing
from archiver.store.beginnings import Common, common
from archiver.store.rows import sound

MANY_FEEDS = 300
"""Of more feeds than these, as a tag may have, the index is not asked one by one."""

EVERYTHING = "(facts : any)"
NOTHING = "(facts : none)"
_SCOPES = {None: "{text title authors}", "title": "title", "author": "authors"}
_PLAIN_MARKS = {None: "", "title": "t_", "author": "a_"}
_BEGINNINGS = 4


@dataclass(slots=True, kw_only=True)
class Matching:
    """How to find the versions that answer a question. `{id}` stands for a version's number."""

    match: str | None
    """For FTS5; None: conditions alone say it."""
    conditions: tuple[str, ...]
    parameters: dict[str, Any]
    ranked: Node | None
    """The words by which some answers are better than others."""
    is_words_alone: bool
    """Nothing else was asked for, so that all that have these words answer."""
    languages: tuple[str, ...]
    beginnings: dict[str, Common | None]
    """What was found to look for in the place of beginnings that too much of the archive has."""
    notes: tuple[str, ...]

    def source(self, *, further: Sequence[str] = ()) -> str:
        """`FROM … WHERE …`, with the version's number as `found.id`."""
        if self.match is None:
            return self._where("FROM (SELECT id FROM revisions) AS found", "found.id", further)
        table = "FROM (SELECT rowid AS id FROM revisions_fts WHERE revisions_fts MATCH :q_match) AS found"
        return self._where(table, "found.id", further)

    def _where(self, table: str, number: str, further: Sequence[str]) -> str:
        conditions = [each.format(id=number) for each in (*self.conditions, *further)]
        return f"{table} WHERE {' AND '.join(conditions)}" if conditions else table


_STANDS = """EXISTS (
    SELECT 1 FROM revisions AS version WHERE version.id = {id} AND NOT EXISTS (
        SELECT 1 FROM revisions AS later
        WHERE later.entry_id = version.entry_id AND later.revision > version.revision
    )
)"""
_STOOD = """EXISTS (
    SELECT 1 FROM revisions AS version
    WHERE version.id = {id} AND version.seen_at <= :q_seen_by AND NOT EXISTS (
        SELECT 1 FROM revisions AS later
        WHERE later.entry_id = version.entry_id AND later.revision > version.revision
            AND later.seen_at <= :q_seen_by
    )
)"""


def in_force(query: Query) -> str:
    """The condition that a version is the one in force, now or on the day that is asked for."""
    return _STOOD if query.seen_by is not None else _STANDS


IN_FORCE_BEFORE = """
    (:q_seen_by IS NULL OR one.seen_at <= :q_seen_by) AND NOT EXISTS (
        SELECT 1 FROM revisions AS later
        WHERE later.entry_id = one.entry_id AND later.revision > one.revision
            AND later.id <= :q_last AND (:q_seen_by IS NULL OR later.seen_at <= :q_seen_by)
    )
"""
"""The same of the version `one` among those up to `:q_last`, so that later pages answer from the archive of
the first."""


@dataclass(slots=True)
class _Compiling:
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


def matching(db: Database, query: Query, *, is_exact: bool = False) -> Matching:
    """How to find what answers a question. Unless it `is_exact`, only common words of short beginnings do."""
    languages = _languages(db, query.tree)
    work = _Compiling(db, query, languages, is_exact)
    tree = query.tree
    parts = tree.parts if isinstance(tree, All) else (tree,)
    inside = [part for part in parts if not any(_is_outside(db, node) for node in walk(part))]
    outside = [part for part in parts if part not in inside]
    conditions = [_condition(work, part) for part in outside]
    # A day is as fine as the index knows it: the rest is a condition, but it may look at that day alone.
    inside += [part for part in outside if isinstance(part, Filter) and part.field in ("after", "before")]
    if query.seen_by is not None:
        inside.append(Filter("seen", query.seen_by))
    expression = None
    if inside or not conditions:
        expression = _expression(work, All(tuple(inside)))
        work.parameters["q_match"] = expression
    ranked = _words_of(tree)
    work.parameters["q_seen_by"] = query.seen_by
    return Matching(
        match=expression,
        conditions=tuple(conditions),
        parameters=work.parameters,
        ranked=ranked,
        is_words_alone=expression is not None and not conditions and ranked == tree and query.seen_by is None,
        languages=languages,
        beginnings=work.beginnings,
        notes=(*query.notes, *dict.fromkeys(work.notes)),
    )


def matching_entries(db: Database, query: Query) -> tuple[str, dict[str, Any]]:
    """SQL for the numbers (`id`) of all entries that answer a question, and its parameters (`q_…`)."""
    found = matching(db, query, is_exact=True)
    sql = f"""
        SELECT answering.entry_id AS id FROM revisions AS answering
        WHERE answering.id IN (SELECT found.id {found.source(further=[in_force(query)])})
    """
    return sql, found.parameters


def expression_of(db: Database, node: Node, found: Matching) -> str:
    """The expression for some of the words of a question."""
    return _expression(_Compiling(db, Query(), found.languages, beginnings=found.beginnings), node)


def _words_of(node: Node) -> Node | None:
    """The tree without filters and without what must not be."""
    match node:
        case Term():
            return node
        case All(parts) | Either(parts):
            kept = tuple(part for part in map(_words_of, parts) if part is not None)
            if isinstance(node, Either) and len(kept) < len(parts):
                return None if not kept else Either(kept) if len(kept) > 1 else kept[0]
            return None if not kept else type(node)(kept) if len(kept) > 1 else kept[0]
    return None


def _languages(db: Database, tree: Node) -> tuple[str, ...]:
    """The languages whose stemmers may have been at work on what is asked for."""
    asked = {
        stems.primary(node.value) or ""
        for node in (tree.parts if isinstance(tree, All) else (tree,))
        if isinstance(node, Filter) and node.field == "lang"
    }
    among = asked & stems.STEMMERS.keys() if asked else stems.STEMMERS.keys()
    # Texts of an unknown language are stemmed by their script.
    return tuple(dict.fromkeys((*indexing.languages(db, sorted(among)), "ru", "en")))


# ---------------------------------------------------------------- what the index knows


def _expression(work: _Compiling, node: Node, *, negated: bool = False) -> str:
    match node:
        case Term():
            return _term(work, node, negated=negated)
        case Filter():
            return _filter(work, node)
        case Not(part):
            return f"({EVERYTHING} NOT {_expression(work, part, negated=True)})"
        case Either(parts):
            ways = [_expression(work, part, negated=negated) for part in parts]
            return f"({' OR '.join(ways) or NOTHING})"
        case All(parts):
            wanted = [_expression(work, one, negated=negated) for one in parts if not isinstance(one, Not)]
            unwanted = [_expression(work, one.part, negated=True) for one in parts if isinstance(one, Not)]
            told = f"({' AND '.join(wanted) or EVERYTHING})"
            for each in unwanted:
                told = f"({told} NOT {each})"
            return told


def _quoted(words: Sequence[str]) -> str:
    return '"' + " ".join(words) + '"'


def _term(work: _Compiling, term: Term, *, negated: bool) -> str:
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
    plain = [f"plain : {_quoted([(mark or 'p_') + word])}" for word in reading]
    each = [_with_or_without(word, scope, mark) for word in reading]
    return f"(({' OR '.join(plain)}) AND {' AND '.join(each)})"


def _with_or_without(word: str, scope: str, mark: str, *, star: str = "") -> str:
    """A word with or without accents, as one list where that can be: FTS5 reads and counts each of two."""
    if not mark:
        return f"{scope.removesuffix('}')} plain}} : {_quoted([word])}{star}"
    return f"({scope} : {_quoted([word])}{star} OR plain : {_quoted([mark + word])}{star})"


def _beginnings(work: _Compiling, text: str, scope: str, mark: str, *, negated: bool) -> Iterator[str]:
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


def _filter(work: _Compiling, asked: Filter) -> str:
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


# ---------------------------------------------------------------- what it does not know


def _is_outside(db: Database, node: Node) -> bool:
    if not isinstance(node, Filter):
        return False
    if node.field == "withdrawn":
        return True
    if node.field == "changed":
        return not isinstance(whether(node.value), bool)
    if node.field == "after":
        return not span_of(node.value)[0].endswith("T00:00:00Z")
    if node.field == "before":
        return not span_of(node.value)[1].endswith("T23:59:59Z")
    return node.field == "tag" and len(asking_feeds.tagged(db, node.value)) > MANY_FEEDS


def _condition(work: _Compiling, node: Node) -> str:
    """A tree as a condition on `{id}`."""
    if not any(_is_outside(work.db, inner) for inner in walk(node)):
        expression = work.bind(_expression(work, node))
        return "+{id} IN (SELECT rowid FROM revisions_fts WHERE revisions_fts MATCH " + expression + ")"
    match node:
        case Not(part):
            return f"NOT {_condition(work, part)}"
        case All(parts):
            return f"({' AND '.join(_condition(work, part) for part in parts)})"
        case Either(parts):
            return f"({' OR '.join(_condition(work, part) for part in parts)})"
        case Filter(name, value):
            return _outside(work, name, value)
    raise AssertionError(node)


def _outside(work: _Compiling, name: str, value: str) -> str:
    match name:
        case "withdrawn":
            return _withdrawn(work, whether(value))
        case "changed":
            return _changed(work, whether(value))
        case "tag":
            tags = work.bind(stems.tag(value))
            feeds = work.bind(asking_feeds.as_json(asking_feeds.tagged(work.db, value)))
            return f"""(
                EXISTS (
                    SELECT 1 FROM revisions AS one JOIN entries AS its ON its.id = one.entry_id
                    WHERE one.id = {{id}} AND its.feed_id IN (SELECT value FROM json_each({feeds}))
                ) OR +{{id}} IN (
                    SELECT rowid FROM revisions_fts WHERE revisions_fts MATCH 'tags : "' || {tags} || '"'
                )
            )"""
    sign, bound = (">=", span_of(value)[0]) if name == "after" else ("<=", span_of(value)[1])
    return f"""EXISTS (
        SELECT 1 FROM revisions AS one JOIN entries AS its ON its.id = one.entry_id
        WHERE one.id = {{id}} AND coalesce(one.published_at, its.first_seen_at) {sign} {work.bind(bound)}
    )"""


def _withdrawn(work: _Compiling, asked: bool | tuple[str, str] | None) -> str:
    """Taken down by now, or by the day that is asked for: yes, no, or when."""
    first, last = asked if isinstance(asked, tuple) else ("", "9")
    begin, end = work.bind(first), work.bind(last)
    if work.query.seen_by is None:
        entries = f"""
            SELECT id FROM entries WHERE withdrawn_at IS NOT NULL AND withdrawn_at BETWEEN {begin} AND {end}
        """
    else:
        entries = f"""
            SELECT entry_id FROM (
                SELECT entry_id, kind, at, max(id) FROM events
                WHERE kind IN ('withdrawn', 'returned') AND at <= :q_seen_by GROUP BY entry_id
            ) WHERE kind = 'withdrawn' AND at BETWEEN {begin} AND {end}
        """
    told = f"+{{id}} IN (SELECT id FROM revisions WHERE entry_id IN ({entries}))"
    return f"NOT {told}" if asked is False else told


def _changed(work: _Compiling, asked: bool | tuple[str, str] | None) -> str:
    """Edits that were seen in a span of time, by the day that is asked for."""
    first, last = asked if isinstance(asked, tuple) else ("", "9")
    last = min(last, work.query.seen_by or "9")
    return f"""+{{id}} IN (
        SELECT id FROM revisions WHERE entry_id IN (
            SELECT entry_id FROM revisions
            WHERE revision > 1 AND seen_at BETWEEN {work.bind(first)} AND {work.bind(last)}
        )
    )"""
