"""Search: one hit for each post, best or newest first, a page at a time; facets; counts."""

import base64
import json
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlite_utils import Database

from archiver import records, stems
from archiver.errors import ConfigError
from archiver.query import All, Query
from archiver.store import past, ranking
from archiver.store.matching import IN_FORCE_BEFORE, Matching, matching, matching_entries
from archiver.store.snippets import Marker, Sought, sought
from archiver.urls import redact

__all__ = ["count", "facets", "hits", "matching_entries"]

SHOWN_BY_RANK = 1_000
"""So many posts may be paged through best first; who wants all takes the newest first, or a stream."""

_AT_ONCE = 200
_COUNTED_AT_ONCE = 1_000
_MOST_FACETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cursor:
    """Where a page ended. `last`: the newest version when the first page was asked for."""

    last: int
    shown: tuple[int, ...] = ()
    """Best first: the posts on the pages before."""
    date: str | None = None
    """Newest first: the date and the number of the last post."""
    post_id: int = 0

    def written(self) -> str:
        gaps, before = [], 0
        for number in sorted(self.shown):
            gaps.append(number - before)
            before = number
        told = json.dumps([self.last, gaps, self.date, self.post_id], separators=(",", ":"))
        return base64.urlsafe_b64encode(zlib.compress(told.encode(), 9)).decode().rstrip("=")


def _read_cursor(text: str) -> _Cursor:
    """Raises ConfigError."""
    try:
        packed = base64.urlsafe_b64decode(text[:8_000] + "=" * (-len(text) % 4))
        last, gaps, date, post_id = json.loads(zlib.decompressobj().decompress(packed, 20_000))
        shown, before = [], 0
        for gap in gaps:
            before += int(gap)
            shown.append(before)
        if date is not None and not isinstance(date, str):
            raise ValueError("no date")
        numbers = (int(last), int(post_id), *shown)
        if any(not -(2**63) <= number < 2**63 for number in numbers):
            raise ValueError("no number of ours")
    except (ValueError, TypeError, zlib.error, RecursionError) as error:
        raise ConfigError(f"{text[:40]!r} does not lead to a page of answers") from error
    return _Cursor(last=int(last), shown=tuple(shown), date=date, post_id=int(post_id))


@dataclass(frozen=True, slots=True)
class _Answer:
    """A post, by the entry and version in which it was found."""

    post_id: int
    entry_id: int
    version: int
    score: float | None


def hits(
    db: Database, query: Query, *, limit: int, cursor: str | None, order: str
) -> records.Page[records.Hit]:
    """A page of posts that answer a question. Raises ConfigError for a cursor that is none."""
    limit = max(1, limit)
    found = matching(db, query)
    at = _read_cursor(cursor) if cursor else _Cursor(last=_last(db))
    if order == "newest" or found.ranked is None:
        return _newest_first(db, query, found, at, limit)
    best = ranking.ranked(db, found, last=at.last)
    wanted = limit + 1
    if len(best.versions) <= _COUNTED_AT_ONCE and not best.only_newest:
        wanted = len(best.versions) + 1
    answers = _answers(db, query, best.versions, at, wanted)
    page = answers[:limit]
    shown = (*at.shown, *(one.post_id for one in page))
    following = len(answers) > limit and len(shown) < SHOWN_BY_RANK
    notes = list(found.notes)
    if len(answers) > limit and not following:
        notes.append(f"best first ends here, after {len(shown):,} posts; newest first has the others too")
    if best.only_newest:
        notes.append(f"very many posts have this; only the newest {ranking.RANKED:,} versions were ranked")
    return records.Page(
        items=_told(db, query, found, page),
        next=_Cursor(last=at.last, shown=shown).written() if following else None,
        total=len(answers) + len(at.shown) if wanted > len(best.versions) and not best.only_newest else None,
        note="; ".join(notes) or None,
    )


def _newest_first(
    db: Database, query: Query, found: Matching, at: _Cursor, limit: int
) -> records.Page[records.Hit]:
    notes = list(found.notes)
    total = None
    if query.tree == All() and query.seen_by is None:
        answers = _newest_of_all(db, at, limit + 1)
        total = int(db.execute("SELECT count(*) FROM posts").fetchone()[0])
    else:
        versions, only_newest = ranking.newest(db, found, last=at.last, most=ranking.LISTED)
        if only_newest:
            notes.append(
                f"very many posts have this; only those that came last are shown, {ranking.LISTED:,}"
            )
        everything = _answers(
            db, query, [(number, None) for number in versions], _Cursor(last=at.last), len(versions)
        )
        if not only_newest:
            total = len(everything)
        dates = past.dates(db, [one.post_id for one in everything], seen_by=query.seen_by)
        everything.sort(key=lambda one: (dates[one.post_id], one.post_id), reverse=True)
        if at.date is not None:
            everything = [
                one for one in everything if (dates[one.post_id], one.post_id) < (at.date, at.post_id)
            ]
        answers = everything[: limit + 1]
    page = answers[:limit]
    following = None
    if len(answers) > limit:
        final = page[-1].post_id
        date = past.dates(db, [final], seen_by=query.seen_by)[final]
        following = _Cursor(last=at.last, date=date, post_id=final).written()
    return records.Page(
        items=_told(db, query, found, page), next=following, total=total, note="; ".join(notes) or None
    )


def _last(db: Database) -> int:
    return int(db.execute("SELECT coalesce(max(id), 0) FROM revisions").fetchone()[0])


def _newest_of_all(db: Database, at: _Cursor, limit: int) -> list[_Answer]:
    date = "coalesce(posts.published_at, posts.first_seen_at)"
    after = f"WHERE {date} <= :date AND ({date} < :date OR posts.id < :post_id)" if at.date else ""
    rows = db.execute(
        f"""
        SELECT posts.id, canonical_entry_id, revisions.id FROM posts
        JOIN entries ON entries.id = canonical_entry_id
        JOIN revisions ON revisions.entry_id = entries.id AND revisions.revision = entries.revision
        {after} ORDER BY {date} DESC, posts.id DESC LIMIT :limit
        """,
        {"date": at.date, "post_id": at.post_id, "limit": limit},
    )
    return [_Answer(post, entry, version, None) for post, entry, version in rows]


def _answers(
    db: Database, query: Query, versions: Sequence[tuple[int, float | None]], at: _Cursor, limit: int
) -> list[_Answer]:
    """The first so many posts, each by the best of its versions that stand, without those already shown."""
    answers: list[_Answer] = []
    known = set(at.shown)
    for start in range(0, len(versions), _AT_ONCE):
        some = versions[start : start + _AT_ONCE]
        standing = {
            number: (entry_id, post_id)
            for number, entry_id, post_id in db.execute(
                f"""
                SELECT one.id, one.entry_id, entries.post_id
                FROM json_each(:q_numbers) JOIN revisions AS one ON one.id = json_each.value
                JOIN entries ON entries.id = one.entry_id WHERE {IN_FORCE_BEFORE}
                """,
                {
                    "q_numbers": json.dumps([number for number, _ in some]),
                    "q_last": at.last,
                    "q_seen_by": query.seen_by,
                },
            )
        }
        for number, score in some:
            entry_id, post_id = standing.get(number, (0, 0))
            if not entry_id or post_id in known:
                continue
            known.add(post_id)
            answers.append(_Answer(post_id, entry_id, number, score))
            if len(answers) >= limit:
                return answers
    return answers


# ---------------------------------------------------------------- what is shown of an answer


def _told(db: Database, query: Query, found: Matching, answers: Sequence[_Answer]) -> tuple[records.Hit, ...]:
    in_title = sought(found.ranked, found.languages, field="title")
    in_text = sought(found.ranked, found.languages)
    posts = past.posts(db, [one.post_id for one in answers], seen_by=query.seen_by)
    feeds = _feeds(db, [one.post_id for one in answers], seen_by=query.seen_by)

    @cache  # the texts of a page share most of their words
    def marker(wanted: Sought, language: str | None) -> Marker:
        return Marker(wanted, language)

    told = []
    for one in answers:
        post = posts[one.post_id]
        entry_id, version = one.entry_id, one.version
        if found.ranked is None:  # nothing was looked for in a text: the post speaks for itself
            entry_id = post.canonical_entry_id
            version = past.version_of(db, entry_id, seen_by=query.seen_by)
        language, text = past.text_of(db, version)
        told.append(
            records.Hit(
                post=post,
                feeds=feeds[one.post_id],
                title=marker(in_title, post.language).whole(post.title or ""),
                snippet=marker(in_text, language).around(text),
                score=one.score,
                entry_id=entry_id,
            )
        )
    return tuple(told)


def _feeds(
    db: Database, post_ids: Sequence[int], *, seen_by: str | None
) -> dict[int, tuple[records.FeedRef, ...]]:
    """The feeds that carried posts, in the order in which they did."""
    found: dict[int, dict[int, records.FeedRef]] = {post_id: {} for post_id in post_ids}
    for post_id, feed_id, name in db.execute(
        """
        SELECT post_id, feeds.id, coalesce(feeds.name, feeds.title, feeds.url)
        FROM json_each(:ids) JOIN entries ON entries.post_id = json_each.value
        JOIN feeds ON feeds.id = entries.feed_id
        WHERE :seen_by IS NULL OR first_seen_at <= :seen_by ORDER BY entries.id
        """,
        {"ids": json.dumps(list(post_ids)), "seen_by": seen_by},
    ):
        found[post_id].setdefault(feed_id, records.FeedRef(id=feed_id, name=redact(name)))
    return {post_id: tuple(feeds.values()) for post_id, feeds in found.items()}


# ---------------------------------------------------------------- how answers are spread


def count(db: Database, query: Query) -> int:
    """How many posts answer a question, exactly."""
    if query.tree == All() and query.seen_by is None:
        return int(db.execute("SELECT count(*) FROM posts").fetchone()[0])
    entries, parameters = matching_entries(db, query)
    return int(
        db.execute(
            f"SELECT count(DISTINCT post_id) FROM entries WHERE id IN ({entries})", parameters
        ).fetchone()[0]
    )


def facets(db: Database, query: Query) -> records.Facets:
    """How the posts that answer are spread over feeds, tags, languages, years; of very many, the newest."""
    found, last = matching(db, query), _last(db)
    versions, only_newest = ranking.newest(db, found, last=last, most=ranking.SPREAD)
    rows = db.execute(
        f"""
        SELECT entries.post_id, entries.feed_id, entries.id, entries.language,
            substr(coalesce(one.published_at, entries.first_seen_at), 1, 4)
        FROM json_each(:q_numbers) JOIN revisions AS one ON one.id = json_each.value
        JOIN entries ON entries.id = one.entry_id WHERE {IN_FORCE_BEFORE}
        """,
        {"q_numbers": json.dumps(versions), "q_last": last, "q_seen_by": query.seen_by},
    ).fetchall()
    by_feed: dict[int, set[int]] = {}
    by_language: dict[str, set[int]] = {}
    by_year: dict[str, set[int]] = {}
    for post_id, feed_id, _, language, year in rows:
        by_feed.setdefault(feed_id, set()).add(post_id)
        if language:
            by_language.setdefault(stems.primary(language) or language, set()).add(post_id)
        by_year.setdefault(year, set()).add(post_id)
    names = {
        number: redact(name)
        for number, name in db.execute("SELECT id, coalesce(name, title, url) FROM feeds").fetchall()
        if number in by_feed
    }
    note = f"of the newest {ranking.SPREAD:,}" if only_newest else None
    return records.Facets(
        feeds=_counted({str(number): posts for number, posts in by_feed.items()}, names),
        tags=_tags(db, rows, by_feed),
        languages=_counted(by_language, {}),
        years=tuple(
            records.Facet(value=year, label=year, count=len(posts))
            for year, posts in sorted(by_year.items(), reverse=True)
        ),
        note=note,
    )


def _tags(
    db: Database, rows: Iterable[Sequence[Any]], by_feed: dict[int, set[int]]
) -> tuple[records.Facet, ...]:
    """The tags of feeds, and the subjects that publishers gave, which a question takes for the same."""
    by_tag: dict[str, set[int]] = {}
    labels: dict[str, str] = {}
    posts = {row[2]: row[0] for row in rows}
    given = [
        (tag, by_feed[feed_id])
        for feed_id, tag in db.execute("SELECT feed_id, tag FROM feed_tags")
        if feed_id in by_feed
    ]
    given += [
        (term, {posts[entry_id]})
        for entry_id, term in db.execute(
            "SELECT entry_id, term FROM json_each(?) JOIN categories ON entry_id = json_each.value",
            [json.dumps(list(posts))],
        )
    ]
    for tag, found in given:
        folded = stems.tag(tag)
        if folded:
            labels.setdefault(folded, tag)
            by_tag.setdefault(folded, set()).update(found)
    return _counted({labels[folded]: found for folded, found in by_tag.items()}, {})


def _counted(found: dict[str, set[int]], names: dict[int, str]) -> tuple[records.Facet, ...]:
    most = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))[:_MOST_FACETS]
    return tuple(
        records.Facet(value=value, label=names.get(int(value), value) if names else value, count=len(posts))
        for value, posts in most
    )


def numbers(db: Database, query: Query, *, of: str) -> Sequence[int]:
    """All entries or posts (`of="post"`) that answer a question, in order, as a compact array."""
    entries, parameters = matching_entries(db, query)
    column = "post_id" if of == "post" else "id"
    sql = f"SELECT DISTINCT {column} FROM entries WHERE id IN ({entries}) ORDER BY {column}"
    if query.tree == All() and query.seen_by is None:
        sql, parameters = f"SELECT id FROM {'posts' if of == 'post' else 'entries'} ORDER BY id", {}
    return array("q", (row[0] for row in db.execute(sql, parameters)))
