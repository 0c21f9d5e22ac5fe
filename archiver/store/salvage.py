"""What an archive's own rows still tell of a document whose bytes are damaged.

Not all of it: the versions that it brought, and the entries that were seen in it last. What it held besides,
unchanged, no row tells.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from archiver.errors import PARSE_KINDS, ParseError, StoreError
from archiver.model import Category, Enclosure, EntryData, FeedData, Markup, ParsedFeed, Person
from archiver.store import connect
from archiver.times import from_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A document that could not be read for a fetch, and what is left of it."""

    fetch_id: int
    feed: str
    started_at: str
    body_sha256: str
    problem: str
    entries: int = 0
    """How many were taken from the archive's rows instead."""


def told(
    archives: tuple[Path, ...], *, feed: str, started_at: str, body_sha256: str
) -> ParsedFeed | ParseError:
    """The document of a fetch, as far as the rows of these archives tell; a partial one, maybe empty.

    A fetch is found by its evidence, since its number may be another. A document that could not be read
    once, as the archive says, is the same ParseError again.
    """
    for path in archives:
        try:
            db = connect.open_any(path)
        except StoreError:
            continue
        try:
            with connect.moment(db):
                found = _told(db, feed, started_at, body_sha256)
        except StoreError:
            continue
        finally:
            db.close()
        if found is not None:
            return found
    return _document({}, ())


def _told(db: Database, feed: str, started_at: str, body_sha256: str) -> ParsedFeed | ParseError | None:
    fetches = list(
        db.query(
            """
            SELECT fetches.id AS fetch_id, fetches.feed_id, fetches.started_at, fetches.error_kind,
                fetches.error, feeds.title, feeds.site_url, feeds.description, feeds.language, feeds.format,
                feeds.reading
            FROM fetches JOIN feeds ON feeds.id = fetches.feed_id
            WHERE feeds.url = ? AND fetches.started_at = ? AND fetches.body_sha256 = ?
            ORDER BY fetches.id DESC LIMIT 1
            """,
            [feed, started_at, body_sha256],
        )
    )
    if not fetches:
        return None
    fetch = fetches[0]
    if fetch["error_kind"] in PARSE_KINDS:
        return ParseError(fetch["error_kind"], fetch["error"] or "")
    rows = db.query(
        """
        SELECT revisions.*, coalesce(alias.guid, entries.guid) AS guid
        FROM entries
        JOIN revisions ON revisions.entry_id = entries.id AND revisions.revision = (
            SELECT max(revision) FROM revisions WHERE entry_id = entries.id AND fetch_id <= :fetch_id
        )
        LEFT JOIN aliases AS alias ON alias.entry_id = entries.id AND alias.fetch_id = :fetch_id
        WHERE entries.feed_id = :feed_id AND (
            revisions.fetch_id = :fetch_id OR alias.fetch_id IS NOT NULL OR entries.last_seen_at = :started_at
        )
        GROUP BY entries.id ORDER BY entries.id
        """,
        {name: fetch[name] for name in ("fetch_id", "feed_id", "started_at")},
    )
    return _document(fetch, tuple(_entry(at, row) for at, row in enumerate(rows)))


def _document(fetch: dict[str, Any], entries: tuple[EntryData, ...]) -> ParsedFeed:
    return ParsedFeed(
        feed=FeedData(
            title=fetch.get("title"),
            site_url=fetch.get("site_url"),
            description=fetch.get("description"),
            language=fetch.get("language"),
            reading=fetch.get("reading") or "{}",
        ),
        entries=entries,
        format=fetch.get("format") or "rss20",
        charset="utf-8",
        partial=True,
        problems=("the kept bytes are damaged: this is what the archive's rows still told of the document",),
    )


def _entry(position: int, row: dict[str, Any]) -> EntryData:
    return EntryData(
        position=position,
        guid=row["guid"],
        url=row["url"],
        title=row["title"],
        authors=tuple(Person(**one) for one in json.loads(row["authors"])),
        published_at=from_text(row["published_at"]) if row["published_at"] else None,
        published_raw=row["published_raw"],
        updated_at=from_text(row["updated_at"]) if row["updated_at"] else None,
        updated_raw=row["updated_raw"],
        summary=_markup(row["summary"], row["summary_type"]),
        content=_markup(row["content"], row["content_type"]),
        base_url=row["url"],
        language=row["language"],
        enclosures=tuple(Enclosure(**one) for one in json.loads(row["enclosures"])),
        categories=tuple(Category(**one) for one in json.loads(row["categories"])),
        reading=row["reading"],
    )


def _markup(value: str | None, kind: str | None) -> Markup | None:
    return None if value is None else Markup(value=value, type=kind or "text/html")
