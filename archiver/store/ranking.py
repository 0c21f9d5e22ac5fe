"""Which versions answer a question, best first.

FTS5's bm25 counts, for every word of its expression, all rows that have it, and walks to the length of every
row it weighs. Of a million versions that is tenths of a second for "the" or `lang:ru`. So the expression that
finds is not the one that ranks: only words are ranked by, the most common of them only where that is cheap.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from archiver import stems
from archiver.query import All, Either, Node, Term, walk
from archiver.store.matching import Matching, expression_of

RANKED = 1_000
"""So many versions are weighed, the newest; who asks for a word that more have is told so."""

SPREAD = 2_000
"""Of so many versions it is told how they are spread over feeds, tags, languages and years."""

LISTED = 4_000
"""So many versions are put in the order of their dates, those that came last."""

WEIGHED = 4_000
"""So many rows may be weighed for those that are ranked: filters leave out the others."""

COUNTED = 150_000
"""So many rows may be counted for the words of a question: about 12 ms."""

WEIGHTS = "1.0, 6.0, 2.0, 2.0, 0.4, 0.0"
"""Of text, title, authors, tags, plain words, facts."""

_PROBE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Numbers of versions that answer, in force or not."""

    versions: tuple[tuple[int, float | None], ...]
    """With how well they do: more is better."""
    only_newest: bool
    """More do; these are the newest of them."""


def newest(db: Database, matching: Matching, *, last: int, most: int) -> tuple[list[int], bool]:
    """The newest versions that answer, up to number `last`, newest first; and whether there are more."""
    rows = db.execute(
        f"""
        SELECT found.id {matching.source(further=["{id} <= :q_last"])}
        ORDER BY found.id DESC LIMIT {most + 1}
        """,
        matching.parameters | {"q_last": last},
    ).fetchall()
    return [row[0] for row in rows[:most]], len(rows) > most


def ranked(db: Database, matching: Matching, *, last: int) -> Found:
    """The versions that answer, best first; among equals the newest."""
    found, only_newest = newest(db, matching, last=last, most=RANKED)
    if matching.ranked is None or not found:
        return Found(versions=tuple((number, None) for number in found), only_newest=only_newest)
    scores = _scores(db, matching, found, are_many=only_newest)
    ordered = sorted(found, key=lambda number: (-scores.get(number, 0.0), -number))
    return Found(
        versions=tuple((number, scores.get(number, 0.0)) for number in ordered), only_newest=only_newest
    )


def _scores(db: Database, matching: Matching, found: Sequence[int], *, are_many: bool) -> dict[int, float]:
    """How well versions answer; those that are not in it do so least."""
    words = matching.ranked
    assert words is not None
    low, high = min(found), max(found)
    # A beginning that very many have is that of thousands of words, and to weigh each costs most of all.
    terms = [node for node in walk(words) if isinstance(node, Term) and not (are_many and node.prefix)]
    kept = _only(words, _cheap(db, terms, matching))
    if kept is None:
        return _by_title(db, matching, low, high)
    expression = expression_of(db, kept, matching)
    is_the_question = matching.is_words_alone and kept == words
    if not is_the_question and _are_more(db, expression, low, high, WEIGHED):
        return _by_title(db, matching, low, high)
    return dict(
        db.execute(
            f"""
            SELECT rowid, -bm25(revisions_fts, {WEIGHTS}) FROM revisions_fts
            WHERE revisions_fts MATCH ? AND rowid BETWEEN ? AND ?
            """,
            [expression, low, high],
        ).fetchall()
    )


def _cheap(db: Database, terms: Iterable[Term], matching: Matching) -> set[Term]:
    """The rarest of these words, as many as may be counted."""
    spread = {term: _spread(db, term, matching) for term in dict.fromkeys(terms)}
    budget, cheap = COUNTED, set()
    for term in sorted(spread, key=lambda one: spread[one]):
        budget -= spread[term]
        if budget < 0:
            break
        cheap.add(term)
    return cheap


def _are_more(db: Database, expression: str, low: int, high: int, most: int) -> bool:
    """Whether more rows than that match between two numbers."""
    row = db.execute(
        """
        SELECT 1 FROM revisions_fts WHERE revisions_fts MATCH ? AND rowid BETWEEN ? AND ? LIMIT 1 OFFSET ?
        """,
        [expression, low, high, most],
    ).fetchone()
    return row is not None


def _by_title(db: Database, matching: Matching, low: int, high: int) -> dict[int, float]:
    """Words that everything is full of: what has them in its title goes first."""
    assert matching.ranked is not None
    expression = expression_of(db, _in_title(matching.ranked), matching)
    rows = db.execute(
        """
        SELECT rowid FROM revisions_fts WHERE revisions_fts MATCH ? AND rowid BETWEEN ? AND ?
        ORDER BY rowid DESC LIMIT ?
        """,
        [expression, low, high, RANKED],
    )
    return {row[0]: 1.0 for row in rows}


def _in_title(node: Node) -> Node:
    match node:
        case Term(text, _, prefix):
            return Term(text, "title", prefix)
        case All(parts):
            return All(tuple(map(_in_title, parts)))
        case Either(parts):
            return Either(tuple(map(_in_title, parts)))
    return node


def _only(node: Node, kept: set[Term]) -> Node | None:
    """The tree with these words alone; an alternative of which one is missing says nothing."""
    match node:
        case Term():
            return node if node in kept else None
        case Either(parts):
            return node if all(_only(part, kept) for part in parts) else None
        case All(parts):
            left = tuple(one for one in (_only(part, kept) for part in parts) if one is not None)
            return All(left) if left else None
    return None


def _spread(db: Database, term: Term, matching: Matching) -> int:
    """About how many rows it takes to count those that match: of a phrase all that have its words."""
    words = [term] if term.prefix else [Term(word, term.field) for word in stems.words_of(term.text)]
    return sum(_estimated(db, expression_of(db, word, matching)) for word in dict.fromkeys(words))


def _estimated(db: Database, expression: str) -> int:
    """About how many rows match: as many in all as among the newest."""
    row = db.execute(
        f"""
        SELECT rowid FROM revisions_fts WHERE revisions_fts MATCH ?
        ORDER BY rowid DESC LIMIT 1 OFFSET {_PROBE}
        """,
        [expression],
    ).fetchone()
    if row is None:
        return _PROBE
    (last,) = db.execute("SELECT max(id) FROM revisions").fetchone()
    return int(_PROBE * last / max(1, last - row[0]))
