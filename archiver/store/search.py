"""Full-text search over posts. What a person types is searched for; it is never an error of syntax."""

import json
import re
from dataclasses import dataclass
from typing import Any

from sqlite_utils import Database

from archiver.store.rows import sound
from archiver.urls import redact

MAX_TERMS = 16
"""Ranking many terms costs out of proportion (reliability report, O15)."""

_TERM = re.compile(r'"([^"]*)"|(\S+)')
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for. Dates are UTC texts as the archive has them, or their beginnings (`2024-05`)."""

    words: str
    feed_id: int | None = None
    tag: str | None = None
    language: str | None = None
    since: str | None = None
    until: str | None = None
    limit: int = 20


def match_expression(words: str) -> str | None:
    """FTS5 syntax that finds all of these words and "phrases", whatever else was typed; None for no word."""
    terms = []
    for phrase, word in _TERM.findall(sound(words)):
        term = phrase or word
        if _WORD.search(term):
            terms.append('"' + term.replace('"', " ") + '"')
    return " ".join(terms[:MAX_TERMS]) or None


def search(db: Database, query: Query) -> list[dict[str, Any]]:
    """One hit per post, best first: the post's columns, the feeds that carried it, and a `snippet`."""
    match = match_expression(query.words)
    if match is None:
        return []
    rows = db.query(
        """
        WITH best AS MATERIALIZED (
            SELECT posts.id AS id, bm25(posts_fts, 4.0, 1.0) AS badness
            FROM posts_fts JOIN posts ON posts.id = posts_fts.rowid
            WHERE posts_fts MATCH :match
                AND (:feed_id IS NULL OR EXISTS (
                    SELECT 1 FROM entries WHERE post_id = posts.id AND feed_id = :feed_id
                ))
                AND (:tag IS NULL OR EXISTS (
                    SELECT 1 FROM entries JOIN feed_tags USING (feed_id)
                    WHERE post_id = posts.id AND tag = :tag
                ))
                AND (:language IS NULL OR lower(language) = :language
                    OR substr(lower(language), 1, length(:language) + 1) = :language || '-')
                AND (:since IS NULL OR coalesce(published_at, first_seen_at) >= :since)
                AND (:until IS NULL
                    OR substr(coalesce(published_at, first_seen_at), 1, length(:until)) <= :until)
            ORDER BY badness, posts.id DESC LIMIT :limit
        )
        SELECT posts.*,
            (
                SELECT snippet(posts_fts, 1, '**', '**', '…', 24) FROM posts_fts
                WHERE posts_fts MATCH :match AND rowid = best.id
            ) AS snippet,
            (
                SELECT json_group_array(DISTINCT coalesce(feeds.name, feeds.title, feeds.url))
                FROM entries JOIN feeds ON feeds.id = entries.feed_id WHERE entries.post_id = posts.id
            ) AS feeds
        FROM best JOIN posts USING (id) ORDER BY badness, posts.id DESC
        """,
        {
            "match": match,
            "feed_id": query.feed_id,
            "tag": _sound(query.tag),
            "language": _sound(query.language and query.language.lower()),
            "since": _sound(query.since),
            "until": _sound(query.until),
            "limit": query.limit,
        },
    )
    return [row | {"feeds": [redact(feed) for feed in json.loads(row["feeds"])]} for row in rows]


def _sound(text: str | None) -> str | None:
    return None if text is None else sound(text)
