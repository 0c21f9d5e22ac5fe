"""Which entries stand in which document of a feed that goes out (RFC 5005): what is full never changes.

Entries go by their numbers, which only grow. A block has 65,536 numbers; what a feed, tag or question has in
it is cut into pages of 100, and a page into parts by the size of first versions, which never change either.
So every document is found without counting what came before its block.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from archiver.query import Query
from archiver.store import Reader, search

PAGE = 100
"""Entries of a page at most."""
PART_BYTES = 700_000
"""Of published text in a part, unless one entry alone has more."""
LEAST = 20
"""So many entries the newest document has, where there are."""
_BLOCK = 65_536
_PAGES = _BLOCK // PAGE + 1
_LATELY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What goes out: one feed's entries, those of feeds with a tag, those that answer a question, or all."""

    feed_id: int | None = None
    tag: str | None = None
    question: Query | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a document stands: page and part, both from 1, the oldest first."""

    page: int
    part: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One document."""

    entry_ids: tuple[int, ...]
    """Oldest first."""
    place: Place | None
    """None: it is the newest, which changes."""
    previous: Place | None
    """Where older entries are."""
    following: Place | None = None
    """Where newer ones are, if that is full too."""


class Outgoing(Reader):
    """Read-only questions of feeds that go out."""

    def newest_leaf(self, scope: Scope, *, now: str) -> Leaf:
        """The newest entries, those with the latest dates up to now, and those that were edited lately."""
        return self._ask(_newest, scope, now)

    def leaf(self, scope: Scope, place: Place) -> Leaf | None:
        """A full document; None: there is none, or it is not full yet."""
        return self._ask(_leaf, scope, place)

    def tellers(self, numbers: Sequence[int]) -> list[tuple[int, int]]:
        """Of these entries' posts, each once: the entry that stands for it, and the first that told it."""
        return self._ask(_tellers, numbers)


def _tellers(db: Database, numbers: Sequence[int]) -> list[tuple[int, int]]:
    rows = db.execute(
        """
        SELECT posts.id, canonical_entry_id, (SELECT min(id) FROM entries AS own WHERE own.post_id = posts.id)
        FROM json_each(?) AS wanted JOIN entries ON entries.id = wanted.value
        JOIN posts ON posts.id = entries.post_id ORDER BY wanted.key
        """,
        [json.dumps(list(numbers))],
    )
    told: dict[int, tuple[int, int]] = {}
    for post_id, canonical, first in rows:
        told.setdefault(post_id, (canonical, first))
    return list(told.values())


def _newest(db: Database, scope: Scope, now: str) -> Leaf:
    last = _next_to(db, scope, 2**62, older=True)
    if last is None:
        return Leaf(entry_ids=(), place=None, previous=None)
    number = _page_of(db, scope, last)
    parts = _parts(db, scope, number)
    ids = () if _is_full(db, scope, number) else parts.pop()
    previous = Place(page=number, part=len(parts)) if parts else _last_place(db, scope, number)
    before = _parts(db, scope, previous.page)[previous.part - 1] if previous and len(ids) < LEAST else ()
    lately = (*_of_late(db, scope, now), *_edited_lately(db, scope), *before[len(ids) - LEAST :])
    beside = [entry_id for entry_id in dict.fromkeys(lately) if entry_id not in ids]
    return Leaf(entry_ids=(*_cut(db, beside)[0], *ids) if beside else ids, place=None, previous=previous)


def _leaf(db: Database, scope: Scope, place: Place) -> Leaf | None:
    parts = _parts(db, scope, place.page)
    is_last = place.part == len(parts)
    if not 1 <= place.part <= len(parts) or (is_last and not _is_full(db, scope, place.page)):
        return None
    ids = parts[place.part - 1]
    if place.part > 1:
        previous: Place | None = Place(page=place.page, part=place.part - 1)
    else:
        previous = _last_place(db, scope, place.page)
    following = Place(page=place.page, part=place.part + 1)
    if is_last:
        newer = _next_to(db, scope, ids[-1], older=False)
        following = Place(page=_page_of(db, scope, newer)) if newer else following
    others = _parts(db, scope, following.page)
    if following.part >= len(others) and not _is_full(db, scope, following.page):
        return Leaf(entry_ids=ids, place=place, previous=previous)
    known = following.part <= len(others)
    return Leaf(entry_ids=ids, place=place, previous=previous, following=following if known else None)


def _last_place(db: Database, scope: Scope, page: int) -> Place | None:
    """The last document before a page."""
    ids = _members(db, scope, page)
    before = _next_to(db, scope, ids[0], older=True) if ids else None
    if before is None:
        return None
    number = _page_of(db, scope, before)
    return Place(page=number, part=len(_parts(db, scope, number)))


# ---------------------------------------------------------------- pages


def _bounds(page: int) -> tuple[int, int, int]:
    """The numbers of entries between which a page's block lies, and the page's place in it."""
    block, place = divmod(page - 1, _PAGES)
    return block * _BLOCK, (block + 1) * _BLOCK, place


def _members(db: Database, scope: Scope, page: int) -> tuple[int, ...]:
    low, high, place = _bounds(page)
    if scope == Scope():
        low, high = low + place * PAGE, min(low + (place + 1) * PAGE, high)
        return _ids(db, scope, low, high)
    return _ids(db, scope, low, high)[place * PAGE : (place + 1) * PAGE]


def _page_of(db: Database, scope: Scope, entry_id: int) -> int:
    block = (entry_id - 1) // _BLOCK
    if scope == Scope():
        place = (entry_id - 1) % _BLOCK
    else:
        place = len(_ids(db, scope, block * _BLOCK, entry_id)) - 1
    return block * _PAGES + place // PAGE + 1


def _is_full(db: Database, scope: Scope, page: int) -> bool:
    """Whether no further entry can come into it."""
    low, high, place = _bounds(page)
    if scope == Scope():
        high = min(low + (place + 1) * PAGE, high)
    elif len(_members(db, scope, page)) == PAGE:
        return True
    (last,) = db.execute("SELECT max(id) FROM entries").fetchone()
    return bool((last or 0) >= high)


def _parts(db: Database, scope: Scope, page: int) -> list[tuple[int, ...]]:
    """A page's entries, cut where their first versions come to PART_BYTES."""
    return _cut(db, _members(db, scope, page))


def _cut(db: Database, ids: Sequence[int]) -> list[tuple[int, ...]]:
    rows = db.execute(
        """
        SELECT entry_id,
            length(CAST(coalesce(content, '') AS BLOB)) + length(CAST(coalesce(summary, '') AS BLOB))
        FROM revisions WHERE revision = 1 AND entry_id IN (SELECT value FROM json_each(?))
        """,
        [json.dumps(ids)],
    )
    sizes: dict[int, int] = dict(rows.fetchall())
    parts: list[list[int]] = []
    size = 0
    for entry_id in ids:
        own = sizes.get(entry_id, 0)
        if not parts or size + own > PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(entry_id)
        size += own
    return [tuple(part) for part in parts]


# ---------------------------------------------------------------- what belongs to a scope


def _ids(db: Database, scope: Scope, low: int, high: int) -> tuple[int, ...]:
    """The scope's entries with numbers above `low` and up to `high`, in order."""
    source, parameters = _source(db, scope)
    rows = db.execute(
        f"SELECT id FROM {source} AND id > :low AND id <= :high ORDER BY id",
        parameters | {"low": low, "high": high},
    )
    return tuple(row[0] for row in rows)


def _next_to(db: Database, scope: Scope, entry_id: int, *, older: bool) -> int | None:
    """The scope's entry before or after a number."""
    sign, order = ("<", "DESC") if older else (">", "ASC")
    parameters: dict[str, object]
    if scope.tag is not None:
        # One step into the index for each feed, instead of a walk through all of their entries.
        sql = f"""
            SELECT (
                SELECT id FROM entries WHERE entries.feed_id = feed_tags.feed_id AND id {sign} :id
                ORDER BY id {order} LIMIT 1
            ) AS id FROM feed_tags WHERE tag = :tag ORDER BY id IS NULL, id {order} LIMIT 1
        """
        parameters = {"tag": scope.tag}
    else:
        source, parameters = _source(db, scope)
        sql = f"SELECT id FROM {source} AND id {sign} :id ORDER BY id {order} LIMIT 1"
    row = db.execute(sql, parameters | {"id": entry_id}).fetchone()
    return row[0] if row else None


def _source(db: Database, scope: Scope) -> tuple[str, dict[str, object]]:
    if scope.feed_id is not None:
        return "entries WHERE feed_id = :feed_id", {"feed_id": scope.feed_id}
    if scope.tag is not None:
        feeds = "SELECT feed_id FROM feed_tags WHERE tag = :tag"
        return f"entries WHERE feed_id IN ({feeds})", {"tag": scope.tag}
    if scope.question is not None:
        answer, parameters = search.matching_entries(db, scope.question)
        return f"({answer}) WHERE 1", dict(parameters)
    return "entries WHERE 1", {}


def _of_late(db: Database, scope: Scope, now: str) -> Sequence[int]:
    """Entries by their dates: what a feed had when it was first read is numbered the newest first."""
    if scope == Scope():
        sql = "SELECT canonical_entry_id FROM posts WHERE {date} <= :now ORDER BY {date} DESC LIMIT :least"
    elif scope.feed_id is not None:
        sql = """
            SELECT id FROM entries WHERE feed_id = :feed_id AND {date} <= :now
            ORDER BY {date} DESC LIMIT :least
        """
    else:
        return ()
    parameters = {"now": now, "least": LEAST, "feed_id": scope.feed_id}
    rows = db.execute(sql.format(date="coalesce(published_at, first_seen_at)"), parameters)
    return [row[0] for row in rows]


def _edited_lately(db: Database, scope: Scope) -> Sequence[int]:
    """Entries of the scope among the last edits of the archive, at most a page of them."""
    rows = db.execute(
        "SELECT entry_id FROM revisions WHERE revision > 1 ORDER BY seen_at DESC LIMIT ?", [_LATELY]
    )
    ids = json.dumps(sorted({row[0] for row in rows}))
    source, parameters = _source(db, scope)
    found = db.execute(
        f"SELECT id FROM {source} AND id IN (SELECT value FROM json_each(:edited)) LIMIT :most",
        parameters | {"edited": ids, "most": PAGE // 4},
    )
    return [row[0] for row in found]
