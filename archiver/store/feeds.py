"""The feeds table: what is followed, by whose word, and what is due."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from archiver.errors import ConfigError, NotFound
from archiver.hosts import host_of
from archiver.model import FeedForUpdate, FeedState, Moving, Pace, ParseOptions
from archiver.store import knowledge, orders, sealing, standing
from archiver.store.rows import insert_many, selected, sound, update
from archiver.times import from_text, to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """What somebody wants of a feed: an entry of the configuration, of OPML, or a command."""

    url: str
    name: str | None = None
    tags: tuple[str, ...] = ()
    interval_seconds: int | None = None
    parse: ParseOptions = field(default_factory=ParseOptions)


def follow(db: Database, wanted: Following, *, origin: str, now: datetime) -> int:
    """Add a feed, or take one up again that is known; return its id. It is due at once.

    Its history, if it has one, goes on; its failures are forgiven. A replayed document is added but not
    followed: it stays paused.
    """
    known = db.execute("SELECT id FROM feeds WHERE url = ?", [sound(wanted.url)]).fetchone()
    if known is None:
        (feed_id,) = add(db, [wanted], origin=origin, now=now)
        if origin == "replay":
            pause(db, feed_id, by="replay", now=now)
        return feed_id
    feed_id = int(known[0])
    wanted = _completed(db, feed_id, wanted)
    if origin == "replay":
        pause(db, feed_id, by="replay", now=now)
    else:
        resume(db, feed_id, now=now)
    describe(db, feed_id, wanted, origin=origin, now=now)
    return feed_id


def add(db: Database, wanted: Sequence[Following], *, origin: str, now: datetime) -> range:
    """Write feeds that nobody knew, each address once; return their ids. They are due at once."""
    at = to_text(now)
    first = int(db.execute("SELECT coalesce(max(id), 0) + 1 FROM feeds").fetchone()[0])
    ids = range(first, first + len(wanted))
    new = (
        (
            feed_id, one.url, one.url, host_of(one.url), one.name, origin, FeedState.ACTIVE.value, at,
            one.interval_seconds, options_text(one.parse), at,
        )
        for feed_id, one in zip(ids, wanted, strict=True)
    )  # fmt: skip
    insert_many(db, "feeds", _NEW, new)
    addresses = ((feed_id, one.url, at, "given") for feed_id, one in zip(ids, wanted, strict=True))
    insert_many(db, "feed_addresses", ("feed_id", "url", "since", "reason"), addresses)
    _add_tags(db, zip(ids, wanted, strict=True))
    sealing.seal_rows(db, "feeds", ids)
    return ids


_NEW = (
    "id", "url", "current_url", "host", "name", "origin", "state", "next_fetch_at",
    "configured_interval_seconds", "parse_options", "added_at",
)  # fmt: skip


def pause(db: Database, feed_id: int, *, by: str, now: datetime | None = None) -> None:
    """Ask a feed no more until it is resumed. What was archived stays. Raises NotFound."""
    row = {"state": FeedState.PAUSED, "paused_by": by, "next_fetch_at": None}
    if not update(db, "feeds", feed_id, row):
        raise NotFound(f"no feed {feed_id} in the archive")
    orders.note(db, feed_id, "pause", now=now, paused_by=by)


def resume(db: Database, feed_id: int, *, now: datetime) -> None:
    """Ask a feed again, at once, and forgive its failures. Raises NotFound.

    One that its configuration had dropped, or that was only replayed, is from now on the command's.
    """
    row = db.execute(
        "SELECT state = 'active' AND error_count = 0 FROM feeds WHERE id = ?", [feed_id]
    ).fetchone()
    if row is None:
        raise NotFound(f"no feed {feed_id} in the archive")
    if not row[0]:
        orders.note(db, feed_id, "resume", now=now)
    db.execute(
        """
        UPDATE feeds SET state = 'active', next_fetch_at = ?, error_count = 0, last_error = NULL,
            last_error_kind = NULL, failure_weight = 0, failing_since = NULL,
            origin = CASE
                WHEN origin = 'replay' OR origin = 'config' AND paused_by IN ('config', 'removed')
                THEN 'command' ELSE origin
            END,
            paused_by = NULL
        WHERE id = ?
        """,
        [to_text(now), feed_id],
    )


def find(db: Database, name: str) -> int:
    """The id of the feed that a person means: by id, address, or name. Raises NotFound, ConfigError."""
    rows = db.execute(
        """
        SELECT id, CASE :name WHEN CAST(id AS TEXT) THEN 1 WHEN url THEN 2 ELSE 3 END AS rank FROM feeds
        WHERE url = :name OR current_url = :name OR name = :name OR CAST(id AS TEXT) = :name
        ORDER BY rank, id
        """,
        {"name": sound(name)},
    ).fetchall()
    if not rows:
        raise NotFound(f"no feed {name!r} in the archive; `archiver feeds` lists them")
    meant = [row[0] for row in rows if row[1] == rows[0][1]]
    if len(meant) > 1:
        ids = ", ".join(map(str, meant))
        raise ConfigError(f"{name!r} means several feeds: {ids}; name one by its number")
    return int(meant[0])


def last_fetched_at(db: Database, url: str) -> datetime | None:
    """When the feed with this address was last fetched or replayed; None: never, or there is none."""
    row = db.execute("SELECT last_fetched_at FROM feeds WHERE url = ?", [sound(url)]).fetchone()
    return from_text(row[0]) if row and row[0] else None


def followed(db: Database) -> tuple[tuple[int, str], ...]:
    """Number and host of all feeds that are not paused, in the order in which they were added."""
    rows = db.execute("SELECT id, host FROM feeds WHERE state <> 'paused' ORDER BY id")
    return tuple(rows.fetchall())


def for_updates(db: Database, feed_ids: Iterable[int]) -> tuple[FeedForUpdate, ...]:
    """These feeds as they are now, in the order of their numbers; those that are not there are left out."""
    rows = selected(
        db,
        f"SELECT {_UPDATE_COLUMNS} FROM feeds WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id",
        [json.dumps(list(feed_ids))],
    )
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
        f"""
        SELECT feeds.*, {standing.COLUMNS},
            (SELECT json_group_array(tag) FROM feed_tags WHERE feed_id = feeds.id) AS tags,
            (SELECT count(*) FROM fetches WHERE feed_id = feeds.id AND gap = 1) AS gaps,
            (
                SELECT json_group_array(json_object('url', url, 'since', since, 'reason', reason))
                FROM (SELECT * FROM feed_addresses WHERE feed_id = feeds.id ORDER BY id)
            ) AS addresses,
            coalesce(counted.entries, 0) AS entries, coalesce(counted.withdrawn, 0) AS withdrawn,
            coalesce(counted.churning, 0) AS churning
        FROM feeds {standing.JOINS} LEFT JOIN (
            SELECT feed_id, count(*) AS entries, count(withdrawn_at) AS withdrawn, count(churn) AS churning
            FROM entries GROUP BY feed_id
        ) AS counted ON counted.feed_id = feeds.id
        WHERE :removed OR feeds.paused_by IS NOT 'removed' ORDER BY feeds.id
        """,
        {"removed": removed},
    )
    return [
        {key: value for key, value in row.items() if key != "reading"}
        | {column: json.loads(row[column]) for column in ("tags", "addresses")}
        for row in rows
    ]


_UPDATE_COLUMNS = f"""
    id, url, current_url, host, coalesce(name, title) AS name, state, etag, last_modified, body_sha256,
    format, interval_seconds, configured_interval_seconds, error_count, parse_options,
    title, site_url, language, last_whole_fetch_id,
    (SELECT started_at FROM fetches WHERE id = feeds.last_whole_fetch_id) AS last_whole_at,
    moving_to, moving_since, moving_answers, suspect_since, suspect_answers, reminted_answers, volatile_ids,
    rhythm_seconds, window_seconds, quiet_seconds, ttl_seconds, alive_at, silent_since, last_fetched_at,
    failure_weight, failing_since, last_error_kind, asked_whole_at, validators_lie, second_agent,
    EXISTS (SELECT 1 FROM aliases WHERE feed_id = feeds.id) AS has_reminted,
    EXISTS ({knowledge.concerned("feeds.id")}) AS misses_entries,
    (SELECT entries FROM marks WHERE feed_id = feeds.id) AS marks
"""


_TIMES = (
    "last_whole_at", "suspect_since", "alive_at", "silent_since", "last_fetched_at", "failing_since",
    "asked_whole_at",
)  # fmt: skip
_FLAGS = ("volatile_ids", "has_reminted", "misses_entries", "validators_lie", "second_agent")
_STATES = {state.value: state for state in FeedState}


def _for_update(row: dict[str, Any]) -> FeedForUpdate:
    """The feed of a row with these columns, which is used up."""
    take = row.pop
    to, since, answers = take("moving_to"), take("moving_since"), take("moving_answers")
    for column in _FLAGS:
        row[column] = row[column] == 1
    for column in _TIMES:
        if (text := row[column]) is not None:
            row[column] = from_text(text)
    return FeedForUpdate(
        state=_STATES[take("state")],
        parse=_options(take("parse_options")),
        moving=Moving(to=to, since=from_text(since), answers=answers) if to else None,
        pace=Pace(
            rhythm_seconds=take("rhythm_seconds"),
            window_seconds=take("window_seconds"),
            quiet_seconds=take("quiet_seconds"),
            ttl_seconds=take("ttl_seconds"),
            alive_at=take("alive_at"),
        ),
        **row,
    )


@lru_cache(maxsize=100)
def _options(text: str) -> ParseOptions:
    return ParseOptions(**json.loads(text))


@lru_cache(maxsize=100)
def options_text(options: ParseOptions) -> str:
    """How these stand in the table; what is not chosen is left out."""
    chosen = {"charset": options.charset, "kind": options.kind}
    return json.dumps({key: value for key, value in chosen.items() if value})


def describe(db: Database, feed_id: int, wanted: Following, *, origin: str, now: datetime) -> None:
    """Write what somebody wants of a known feed. Its state is another matter."""
    options = options_text(wanted.parse)
    # The last document is as unknown, if it was read under other options than these.
    told_anew = db.execute(
        """
        UPDATE feeds SET etag = NULL, last_modified = NULL, body_sha256 = NULL,
            next_fetch_at = CASE state WHEN 'paused' THEN NULL ELSE ? END
        WHERE id = ? AND parse_options <> ?
        """,
        [to_text(now), feed_id, options],
    )
    if told_anew.rowcount:
        orders.note(db, feed_id, "reread", now=now)
    row = {
        "name": wanted.name,
        "origin": origin,
        "configured_interval_seconds": wanted.interval_seconds,
        "parse_options": options,
    }
    update(db, "feeds", feed_id, row)
    db.execute("DELETE FROM feed_tags WHERE feed_id = ?", [feed_id])
    _add_tags(db, [(feed_id, wanted)])


def _completed(db: Database, feed_id: int, wanted: Following) -> Following:
    """What is wanted of a known feed, with what it has already where nothing was said."""
    row = next(iter(db.query("SELECT * FROM feeds WHERE id = ?", [feed_id])))
    tags = db.execute("SELECT tag FROM feed_tags WHERE feed_id = ? ORDER BY tag", [feed_id])
    known_options = ParseOptions(**json.loads(row["parse_options"]))
    return Following(
        url=wanted.url,
        name=wanted.name or row["name"],
        tags=wanted.tags or tuple(tag for (tag,) in tags),
        interval_seconds=wanted.interval_seconds or row["configured_interval_seconds"],
        parse=known_options if wanted.parse == ParseOptions() else wanted.parse,
    )


def _add_tags(db: Database, tagged: Iterable[tuple[int, Following]]) -> None:
    rows = [(feed_id, tag) for feed_id, wanted in tagged for tag in dict.fromkeys(wanted.tags)]
    if rows:
        insert_many(db, "feed_tags", ("feed_id", "tag"), rows)
