"""The feeds table: what is followed, by whose word, and what is due."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.errors import ConfigError, NotFound
from archiver.model import FeedForUpdate, FeedState, ParseOptions
from archiver.store.rows import insert
from archiver.times import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What somebody wants of a feed: an entry of the configuration, of OPML, or a command."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    interval_seconds: int | None = None
    parse: ParseOptions = field(default_factory=ParseOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What meeting the configuration changed: addresses of feeds."""

    added: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()
    resumed: tuple[str, ...] = ()


def follow(db: Database, wanted: Following, *, origin: str, now: datetime) -> int:
    """Add a feed, or take one up again that is known; return its id. It is due at once.

    Its history, if it has one, goes on. A replayed document is added but not followed: it stays paused.
    """
    known = db.execute("SELECT id FROM feeds WHERE url = ?", [wanted.url]).fetchone()
    paused_by = "replay" if origin == "replay" else None
    row: dict[str, Any] = {
        "name": wanted.name,
        "state": FeedState.PAUSED if paused_by else FeedState.ACTIVE,
        "origin": origin,
        "paused_by": paused_by,
        "next_fetch_at": None if paused_by else to_text(now),
        "configured_interval_seconds": wanted.interval_seconds,
        "parse_options": _parse_options_text(wanted.parse),
    }
    if known:
        feed_id = int(known[0])
        _reread_if_told_otherwise(db, feed_id, wanted.parse)
        db.table("feeds").update(feed_id, row)
    else:
        new = row | {"url": wanted.url, "current_url": wanted.url, "added_at": to_text(now)}
        feed_id = insert(db, "feeds", new)
    _set_tags(db, feed_id, wanted.tags)
    return feed_id


def sync(db: Database, wanted: Sequence[Following], *, now: datetime) -> Synced:
    """Let the configuration's feeds meet the stored ones.

    New ones are added; those that left are paused; those that came back go on. A pause that a command
    ordered is a person's word and stands.
    """
    added, paused, resumed = [], [], []
    stored = {row["url"]: row for row in db.query("SELECT id, url, origin, state, paused_by FROM feeds")}
    for following in wanted:
        row = stored.get(following.url)
        if row is None:
            follow(db, following, origin="config", now=now)
            added.append(following.url)
        elif row["origin"] != "config" or row["paused_by"] in ("config", "replay", "removed"):
            follow(db, following, origin="config", now=now)
            resumed.append(following.url)
        else:
            _reread_if_told_otherwise(db, row["id"], following.parse)
            db.table("feeds").update(
                row["id"],
                {
                    "name": following.name,
                    "configured_interval_seconds": following.interval_seconds,
                    "parse_options": _parse_options_text(following.parse),
                },
            )
            _set_tags(db, row["id"], following.tags)
    kept = {following.url for following in wanted}
    for url, row in stored.items():
        if row["origin"] == "config" and url not in kept and row["state"] != FeedState.PAUSED:
            pause(db, row["id"], by="config")
            paused.append(url)
    return Synced(added=tuple(added), paused=tuple(paused), resumed=tuple(resumed))


def pause(db: Database, feed_id: int, *, by: str) -> None:
    """Ask a feed no more until it is resumed. What was archived stays."""
    db.table("feeds").update(feed_id, {"state": FeedState.PAUSED, "paused_by": by, "next_fetch_at": None})


def resume(db: Database, feed_id: int, *, now: datetime) -> None:
    """Ask a paused feed again, at once. One that its configuration had dropped is now the command's."""
    db.execute(
        """
        UPDATE feeds SET state = 'active', next_fetch_at = ?,
            origin = CASE WHEN paused_by IN ('config', 'replay') THEN 'command' ELSE origin END,
            paused_by = NULL
        WHERE id = ?
        """,
        [to_text(now), feed_id],
    )


def find(db: Database, name: str) -> int:
    """The id of the feed that a person means: by id, address, or name. Raises NotFound, or ConfigError."""
    rows = db.execute(
        """
        SELECT id, coalesce(name, title, url) FROM feeds
        WHERE url = :name OR current_url = :name OR name = :name OR CAST(id AS TEXT) = :name
        """,
        {"name": name},
    ).fetchall()
    if not rows:
        raise NotFound(f"no feed {name!r} in the archive; `archiver feeds` lists them")
    if len(rows) > 1:
        ids = ", ".join(str(row[0]) for row in rows)
        raise ConfigError(f"{name!r} means several feeds: {ids}; name one by its number")
    return int(rows[0][0])


def due(db: Database, *, now: datetime, limit: int, beside: Iterable[int] = ()) -> tuple[FeedForUpdate, ...]:
    """The feeds whose time has come, longest waiting first, without those that are under way."""
    rows = db.query(
        f"""
        SELECT {_UPDATE_COLUMNS} FROM feeds
        WHERE state <> 'paused' AND next_fetch_at <= ? AND id NOT IN (SELECT value FROM json_each(?))
        ORDER BY next_fetch_at, id LIMIT ?
        """,
        [to_text(now), json.dumps(sorted(beside)), limit],
    )
    return tuple(_for_update(row) for row in rows)


def followed(db: Database) -> tuple[FeedForUpdate, ...]:
    """All feeds that are not paused, in the order in which they were added."""
    rows = db.query(f"SELECT {_UPDATE_COLUMNS} FROM feeds WHERE state <> 'paused' ORDER BY id")
    return tuple(_for_update(row) for row in rows)


def for_update(db: Database, feed_id: int) -> FeedForUpdate:
    """One feed, due or not. Raises NotFound."""
    rows = list(db.query(f"SELECT {_UPDATE_COLUMNS} FROM feeds WHERE id = ?", [feed_id]))
    if not rows:
        raise NotFound(f"no feed {feed_id} in the archive")
    return _for_update(rows[0])


def listed(db: Database, *, removed: bool = False) -> list[dict[str, Any]]:
    """Every feed with its columns, tags and counts, in the order in which they were added."""
    rows = db.query(
        """
        SELECT feeds.*,
            (SELECT json_group_array(tag) FROM feed_tags WHERE feed_id = feeds.id) AS tags,
            (SELECT count(*) FROM entries WHERE feed_id = feeds.id) AS entries
        FROM feeds WHERE :removed OR paused_by IS NOT 'removed' ORDER BY id
        """,
        {"removed": removed},
    )
    return [
        {key: value for key, value in row.items() if key != "reading"} | {"tags": json.loads(row["tags"])}
        for row in rows
    ]


_UPDATE_COLUMNS = """
    id, url, current_url, state, etag, last_modified, body_sha256, format, interval_seconds,
    configured_interval_seconds, error_count, parse_options
"""


def _for_update(row: Mapping[str, Any]) -> FeedForUpdate:
    values = dict(row)
    options = json.loads(values.pop("parse_options"))
    state = FeedState(values.pop("state"))
    return FeedForUpdate(**values, state=state, parse=ParseOptions(**options))


def _parse_options_text(options: ParseOptions) -> str:
    chosen = {"charset": options.charset, "kind": options.kind}
    return json.dumps({key: value for key, value in chosen.items() if value})


def _reread_if_told_otherwise(db: Database, feed_id: int, options: ParseOptions) -> None:
    """Forget that the last document is known, where it was read under other options than these."""
    db.execute(
        """
        UPDATE feeds SET etag = NULL, last_modified = NULL, body_sha256 = NULL
        WHERE id = :id AND parse_options <> :options
        """,
        {"id": feed_id, "options": _parse_options_text(options)},
    )


def _set_tags(db: Database, feed_id: int, tags: Sequence[str]) -> None:
    db.execute("DELETE FROM feed_tags WHERE feed_id = ?", [feed_id])
    db.table("feed_tags").insert_all({"feed_id": feed_id, "tag": tag} for tag in dict.fromkeys(tags))
