"""A question as SQL: an expression for FTS5 (`expressions`), and conditions on what its rows stand for.

Words, and filters that the index has words for (`facts`), go into one expression, which FTS5 answers by
walking its lists side by side. What it cannot know, as it changes after a version was written (withdrawn,
edits, tags of very many feeds) or is finer than a day, becomes a condition beside it. Values are bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archiver import stems
from archiver.query import All, Either, Filter, Node, Not, Query, Term, walk, whether
from archiver.store import asking_feeds, indexing
from archiver.store.beginnings import Common
from archiver.store.expressions import Compiling, expression, span_of

MANY_FEEDS = 300
"""Of more feeds than these, as a tag may have, the index is not asked one by one."""


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


def matching(db: Database, query: Query, *, is_exact: bool = False) -> Matching:
    """How to find what answers a question. Unless it `is_exact`, only common words of short beginnings do."""
    languages = _languages(db, query.tree)
    work = Compiling(db, query, languages, is_exact)
    tree = query.tree
    parts = tree.parts if isinstance(tree, All) else (tree,)
    inside = [part for part in parts if not any(_is_outside(db, node) for node in walk(part))]
    outside = [part for part in parts if part not in inside]
    conditions = [_condition(work, part) for part in outside]
    # A day is as fine as the index knows it: the rest is a condition, but it may look at that day alone.
    inside += [part for part in outside if isinstance(part, Filter) and part.field in ("after", "before")]
    if query.seen_by is not None:
        inside.append(Filter("seen", query.seen_by))
    match = None
    if inside or not conditions:
        work.parameters["q_match"] = match = expression(work, All(tuple(inside)))
    ranked = _words_of(tree)
    work.parameters["q_seen_by"] = query.seen_by
    return Matching(
        match=match,
        conditions=tuple(conditions),
        parameters=work.parameters,
        ranked=ranked,
        is_words_alone=match is not None and not conditions and ranked == tree and query.seen_by is None,
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
    return expression(Compiling(db, Query(), found.languages, beginnings=found.beginnings), node)


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


def _condition(work: Compiling, node: Node) -> str:
    """A tree as a condition on `{id}`."""
    if not any(_is_outside(work.db, inner) for inner in walk(node)):
        bound = work.bind(expression(work, node))
        return "+{id} IN (SELECT rowid FROM revisions_fts WHERE revisions_fts MATCH " + bound + ")"
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


def _outside(work: Compiling, name: str, value: str) -> str:
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


def _withdrawn(work: Compiling, asked: bool | tuple[str, str] | None) -> str:
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


def _changed(work: Compiling, asked: bool | tuple[str, str] | None) -> str:
    """Edits that were seen in a span of time, by the day that is asked for."""
    first, last = asked if isinstance(asked, tuple) else ("", "9")
    last = min(last, work.query.seen_by or "9")
    return f"""+{{id}} IN (
        SELECT id FROM revisions WHERE entry_id IN (
            SELECT entry_id FROM revisions
            WHERE revision > 1 AND seen_at BETWEEN {work.bind(first)} AND {work.bind(last)}
        )
    )"""
