"""Which versions answer a question, best first.

FTS5's bm25 counts, for every word of its expression, all rows that have it, and walks to the length of every
row it weighs. Of a million versions that is tenths of a second for "the" or `lang:ru`. So the expression that
finds is not the one that ranks: only words are ranked by, the most common of them only where that is cheap.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

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
_OTHER_WRITINGS = "\u0530"
"""From here on, words may have no blank before them, or an article that a stemmer takes off."""
_BETWEEN = re.compile(r"[^\w\n\u0900-\u0e7f]+")
"""What stands between words; not the vowels of Indic and Thai writing, which are no letters to `re`."""


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
        return _by_title(db, matching, found)
    expression = expression_of(db, kept, matching)
    is_the_question = matching.is_words_alone and kept == words
    if not is_the_question and _are_more(db, expression, low, high, WEIGHED):
        return _by_title(db, matching, found)
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


def _by_title(db: Database, matching: Matching, found: Sequence[int]) -> dict[int, float]:
    """Words that everything is full of: what has them in its title goes first.

    Titles are read, since FTS5 would walk all rows with these words to find those that have them there. It is
    enough that a word of the title begins like the stem.
    """
    assert matching.ranked is not None
    rows = db.execute(
        """
        SELECT one.id, one.title FROM json_each(?) JOIN revisions AS one ON one.id = json_each.value
        WHERE one.title IS NOT NULL
        """,
        [json.dumps(found)],
    ).fetchall()
    together = _BETWEEN.sub(" ", stems.fold("\n".join(" ".join(title.split()) for _, title in rows)))
    lines = together.split("\n")
    if not together.isascii():
        bare = stems.plain(together).split("\n")
        lines = [f"{one} {plain}" for one, plain in zip(lines, bare, strict=True)]
    has = _title_test(matching.ranked, matching.languages)
    return {number: 1.0 for (number, _), line in zip(rows, lines, strict=False) if has(f" {line}")}


def _title_test(node: Node, languages: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a folded title has what is asked for; of a phrase, all of its words."""
    match node:
        case Term(text):
            ways = [
                [f" {word}" if word[0] < _OTHER_WRITINGS else word for word in reading]
                for reading in stems.readings(text, languages)
            ]
            return lambda title: any(all(word in title for word in way) for way in ways)
        case All(parts) | Either(parts):
            tests = [_title_test(part, languages) for part in parts]
            decide = all if isinstance(node, All) else any
            return lambda title: decide(test(title) for test in tests)
    raise AssertionError(node)


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
    """About how many rows it takes to count those that match: all that have its words, wherever they do."""
    words = [replace(term, field=None)] if term.prefix else map(Term, stems.words_of(term.text))
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
