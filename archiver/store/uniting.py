"""Two archives' feeds, fetches and bodies in one file, with one log in the order of time.

What comes out does not depend on which of the two takes in the other, but for numbers and for names: where
both name a feed, ours stands. Everything else is derived afterwards.

A fetch is known by its evidence: feed, time, request, answer, digest. One that both have is there once; one
that an archive has several times, as by a file replayed twice in a second, stays as often.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from archiver.errors import FETCH_KINDS, StoreError
from archiver.store import bodies, connect
from archiver.store.connect import transaction
from archiver.store.copying import DERIVED_OF_FETCHES, columns
from archiver.store.sealing import seal_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What another archive had that ours had not."""

    feeds: int
    fetches: int
    bodies: int
    words: int
    """Tags, names, orders and the like: what people said of feeds that both have."""
    mended: int = 0
    """Bodies that were damaged here and whole there."""

    @property
    def nothing(self) -> bool:
        """Whether all of it was here already."""
        return not (self.feeds or self.fetches or self.bodies or self.words or self.mended)


def unite(db: Database, other: Path, *, despite_damage: bool = False) -> Brought:
    """Take in what `other`, an archive of the same schema, has and `db` has not.

    With `despite_damage`, also bodies that are damaged there, as they are; and damaged ones here are mended.
    """
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.conn.create_function("fingerprint", -1, _fingerprint, deterministic=True)
    db.execute("ATTACH ? AS theirs", [f"{other.absolute().as_uri()}?mode=ro"])
    try:
        with transaction(db):
            brought = Brought(
                mended=_mend_bodies(db, other) if despite_damage else 0,
                bodies=_take_bodies(db, other, despite_damage=despite_damage),
                feeds=_take_feeds(db),
                words=_take_words(db) + _take_orders(db),
                fetches=_take_fetches(db),
            )
            seal_all(db, "feeds", "fetches")
    finally:
        db.execute("DETACH theirs")
    db.execute("PRAGMA foreign_keys = ON")
    return brought


def askings(db: Database) -> tuple[tuple[str, ...], ...]:
    """Feeds that are asked at one address, where one of them has moved to; each group by their addresses."""
    rows = db.execute(
        """
        SELECT group_concat(url, char(10)) FROM (SELECT * FROM feeds WHERE state <> 'paused' ORDER BY id)
        GROUP BY current_url HAVING count(*) > 1 ORDER BY min(id)
        """
    ).fetchall()
    return tuple(tuple(urls.split("\n")) for (urls,) in rows)


# ---------------------------------------------------------------- bodies


def _mend_bodies(db: Database, other: Path) -> int:
    """Replace bodies that are damaged here by theirs, if they are whole there."""
    mended = 0
    theirs = connect.open_any(other)
    try:
        for (sha256,) in db.execute(
            "SELECT sha256 FROM main.bodies JOIN theirs.bodies AS their USING (sha256) ORDER BY bodies.rowid"
        ).fetchall():
            try:
                bodies.load(db, sha256)
            except StoreError:
                with suppress(StoreError):
                    bodies.mend(db, sha256, bodies.load(theirs, sha256))
                    mended += 1
    finally:
        theirs.close()
    return mended


def _take_bodies(db: Database, other: Path, *, despite_damage: bool) -> int:
    """Copy bodies as they are stored; one whose base is stored otherwise here is packed anew."""
    names = ", ".join(columns(db, "bodies"))
    copied = db.execute(
        f"""
        INSERT INTO main.bodies ({names})
        SELECT {names} FROM theirs.bodies AS their
        WHERE NOT EXISTS (SELECT 1 FROM main.bodies AS our WHERE our.sha256 = their.sha256)
            AND NOT EXISTS (
                SELECT 1 FROM main.bodies AS our JOIN theirs.bodies AS base USING (sha256)
                WHERE our.sha256 = their.base_sha256
                    AND (our.base_sha256 IS NOT base.base_sha256 OR our.step <> base.step)
            )
        ORDER BY rowid
        """
    ).rowcount
    rest = db.execute(
        "SELECT sha256 FROM theirs.bodies WHERE sha256 NOT IN (SELECT sha256 FROM main.bodies) ORDER BY rowid"
    ).fetchall()
    theirs = connect.open_any(other)
    try:
        for (sha256,) in rest:
            try:
                bodies.save(db, bodies.load(theirs, sha256))
            except StoreError:
                if not despite_damage:
                    raise
                db.execute(
                    f"INSERT INTO main.bodies ({names}) SELECT {names} FROM theirs.bodies WHERE sha256 = ?",
                    [sha256],
                )
    finally:
        theirs.close()
    return int(copied) + len(rest)


# ---------------------------------------------------------------- feeds


def _take_feeds(db: Database) -> int:
    """Add their feeds after ours, and learn which of theirs is which of ours (`temp.feed_map`)."""
    names = [name for name in columns(db, "feeds") if name != "id"]
    listed = ", ".join(names)
    db.execute(
        """
        CREATE TEMP TABLE feed_map AS
        SELECT their.id AS their_id, our.id AS our_id, our.id AS id, their.url AS url
        FROM theirs.feeds AS their LEFT JOIN main.feeds AS our ON our.url = their.url
        """
    )
    db.execute("CREATE UNIQUE INDEX temp.feed_map_their ON feed_map (their_id)")
    taken = db.execute(
        f"""
        INSERT INTO main.feeds ({listed})
        SELECT {listed} FROM theirs.feeds WHERE id IN (SELECT their_id FROM feed_map WHERE our_id IS NULL)
        ORDER BY id
        """
    ).rowcount
    db.execute("UPDATE feed_map SET id = (SELECT id FROM main.feeds WHERE url = feed_map.url)")
    # Their configuration is not ours, which does not name them, and would pause them at the next look.
    db.execute(
        """
        UPDATE main.feeds SET origin = 'command' WHERE origin = 'config'
            AND id IN (SELECT id FROM feed_map WHERE our_id IS NULL)
        """
    )
    db.execute(
        """
        INSERT INTO main.feed_addresses (feed_id, url, since, reason)
        SELECT feed_map.id, their.url, since, reason
        FROM theirs.feed_addresses AS their JOIN temp.feed_map ON feed_map.their_id = their.feed_id
        WHERE our_id IS NULL AND reason = 'given' ORDER BY their.id
        """
    )
    return int(taken)


_BOTH = """
    FROM temp.feed_map JOIN main.feeds AS our ON our.id = feed_map.our_id
    JOIN theirs.feeds AS their ON their.id = feed_map.their_id
"""


def _take_words(db: Database) -> int:
    """Unite what people said of feeds that both have: ours first, tags together, the earlier beginning.

    How documents are read decides what they say, so there the one who asked last is right, on either side.
    """
    tags = db.execute(
        """
        INSERT OR IGNORE INTO main.feed_tags (feed_id, tag)
        SELECT feed_map.id, tag FROM theirs.feed_tags JOIN temp.feed_map ON feed_map.their_id = feed_id
        """
    ).rowcount
    rows = db.execute(
        f"""
        SELECT our.id, coalesce(our.name, their.name), min(our.added_at, their.added_at),
            coalesce(our.configured_interval_seconds, their.configured_interval_seconds),
            CASE
                WHEN their.parse_options = '{{}}' THEN our.parse_options
                WHEN our.parse_options = '{{}}' THEN their.parse_options
                WHEN coalesce(our.last_fetched_at, '') > coalesce(their.last_fetched_at, '')
                    THEN our.parse_options
                WHEN coalesce(our.last_fetched_at, '') < coalesce(their.last_fetched_at, '')
                    THEN their.parse_options
                ELSE max(our.parse_options, their.parse_options)
            END
        {_BOTH}
        """
    ).fetchall()
    changed = 0
    for feed_id, *words in rows:
        changed += db.execute(
            """
            UPDATE main.feeds SET name = ?1, added_at = ?2, configured_interval_seconds = ?3,
                parse_options = ?4
            WHERE id = ?5 AND (name IS NOT ?1 OR added_at <> ?2 OR configured_interval_seconds IS NOT ?3
                OR parse_options <> ?4)
            """,
            [*words, feed_id],
        ).rowcount
    db.execute(
        """
        UPDATE main.feed_addresses SET since = feeds.added_at FROM main.feeds AS feeds
        WHERE feeds.id = feed_id AND reason = 'given' AND since > feeds.added_at
        """
    )
    return int(tags) + changed + _agree_on_pauses(db)


def _agree_on_pauses(db: Database) -> int:
    """Where one follows a feed and the other does not: the later order counts, a mere replay never."""
    last = "(SELECT max(at) FROM {}.orders WHERE feed_id = {}.id AND paused_by IS NOT 'replay')"
    rows = db.execute(
        f"""
        SELECT our.id, their.id, our.paused_by, their.paused_by,
            coalesce({last.format("main", "our")}, ''), coalesce({last.format("theirs", "their")}, '')
        {_BOTH} WHERE (our.state = 'paused') <> (their.state = 'paused')
        """
    ).fetchall()
    changed = 0
    for our_id, their_id, our_pause, their_pause, our_last, their_last in rows:
        if our_pause == "replay" or (
            their_pause != "replay" and (their_last, their_pause is None) > (our_last, our_pause is None)
        ):
            names = "state, paused_by, next_fetch_at, interval_seconds"
            db.execute(
                f"""
                UPDATE main.feeds SET ({names}) = (SELECT {names} FROM theirs.feeds WHERE id = ?1),
                    origin = (
                        SELECT CASE WHEN their.origin = 'config' AND feeds.origin <> 'config'
                            THEN 'command' ELSE their.origin END
                        FROM theirs.feeds AS their WHERE id = ?1
                    )
                WHERE id = ?2
                """,
                [their_id, our_id],
            )
            changed += 1
    return changed


def _take_orders(db: Database) -> int:
    """Unite the orders. That a feed began as a replay counts only where both say so, else one followed it."""
    began_as_replay = "SELECT feed_id FROM {}.orders WHERE kind = 'pause' AND paused_by = 'replay'"
    db.execute(
        f"""
        DELETE FROM main.orders WHERE kind = 'pause' AND paused_by = 'replay' AND feed_id IN (
            SELECT our_id FROM feed_map WHERE their_id NOT IN ({began_as_replay.format("theirs")})
        )
        """
    )
    return int(
        db.execute(
            f"""
            INSERT INTO main.orders (feed_id, after_fetch_id, at, kind, paused_by)
            SELECT feed_map.id, 0, their.at, their.kind, their.paused_by
            FROM theirs.orders AS their JOIN temp.feed_map ON feed_map.their_id = their.feed_id
            WHERE NOT (
                their.kind = 'pause' AND their.paused_by IS 'replay' AND feed_map.our_id IS NOT NULL
                AND feed_map.our_id NOT IN ({began_as_replay.format("main")})
            ) AND NOT EXISTS (
                SELECT 1 FROM main.orders AS our WHERE our.feed_id = feed_map.id AND our.at = their.at
                    AND our.kind = their.kind AND our.paused_by IS their.paused_by
            )
            """
        ).rowcount
    )


# ---------------------------------------------------------------- fetches


def _take_fetches(db: Database) -> int:
    """Unite the logs in the order of time, and number fetches and orders anew."""
    evidence = [name for name in columns(db, "fetches") if name not in DERIVED_OF_FETCHES | {"id", "feed_id"}]
    kinds = ", ".join(f"'{kind}'" for kind in sorted(FETCH_KINDS))
    told = f"""
        fingerprint({", ".join(evidence)},
            CASE WHEN error_kind IN ({kinds}) THEN error_kind || ' ' || error END, outcome = 'skipped')
    """
    db.execute(
        f"""
        CREATE TEMP TABLE lineup AS
        SELECT *,
            row_number() OVER (PARTITION BY side, feed_id, evidence ORDER BY old_id) AS occurrence,
            row_number() OVER (PARTITION BY side, feed_id, started_at ORDER BY old_id) AS place
        FROM (
            SELECT 0 AS side, id AS old_id, feed_id, started_at, {told} AS evidence FROM main.fetches
            UNION ALL
            SELECT 1, their.id, feed_map.id, started_at, {told}
            FROM theirs.fetches AS their JOIN temp.feed_map ON feed_map.their_id = their.feed_id
        )
        """
    )
    db.execute("CREATE INDEX temp.lineup_same ON lineup (feed_id, evidence, occurrence)")
    db.execute(
        """
        UPDATE lineup SET place = (
            SELECT min(place) FROM lineup AS same WHERE same.feed_id = lineup.feed_id
                AND same.evidence = lineup.evidence AND same.occurrence = lineup.occurrence
        )
        """
    )
    db.execute(
        """
        DELETE FROM lineup WHERE side = 1 AND EXISTS (
            SELECT 1 FROM lineup AS same WHERE same.side = 0 AND same.feed_id = lineup.feed_id
                AND same.evidence = lineup.evidence AND same.occurrence = lineup.occurrence
        )
        """
    )
    taken = _number(db, "SELECT count(*) FROM lineup WHERE side = 1")
    db.execute(
        """
        CREATE TEMP TABLE numbering AS
        SELECT side, old_id, lineup.feed_id, started_at, row_number() OVER (
            ORDER BY started_at, feeds.url, place, evidence, occurrence
        ) AS id
        FROM lineup JOIN main.feeds AS feeds ON feeds.id = lineup.feed_id
        """
    )
    db.execute("CREATE INDEX temp.numbering_time ON numbering (started_at, id)")
    _renumber_fetches(db)
    _renumber_orders(db)
    return taken


def _renumber_fetches(db: Database) -> None:
    names = ", ".join(name for name in columns(db, "fetches") if name not in ("id", "feed_id"))
    values = ", ".join(f"log.{name}" for name in columns(db, "fetches") if name not in ("id", "feed_id"))
    sources = " UNION ALL ".join(
        f"""
        SELECT numbering.id AS id, numbering.feed_id AS feed_id, {values}
        FROM temp.numbering JOIN {schema}.fetches AS log ON log.id = numbering.old_id
        WHERE numbering.side = {side}
        """
        for side, schema in enumerate(("main", "theirs"))
    )
    db.execute(f"CREATE TABLE main.united AS {sources}")
    db.execute("DELETE FROM main.fetches")
    db.execute(
        f"INSERT INTO main.fetches (id, feed_id, {names}) SELECT id, feed_id, {names} FROM united ORDER BY id"
    )
    db.execute("DROP TABLE main.united")


def _renumber_orders(db: Database) -> None:
    """Put every order before the first fetch that did not begin earlier."""
    db.execute(
        """
        CREATE TEMP TABLE united_orders AS
        SELECT row_number() OVER (ORDER BY at, feeds.url, kind, orders.paused_by) AS id, feed_id, at, kind,
            orders.paused_by AS paused_by,
            coalesce((
                SELECT numbering.id FROM temp.numbering WHERE started_at < at
                ORDER BY started_at DESC, numbering.id DESC LIMIT 1
            ), 0) AS after_fetch_id
        FROM main.orders AS orders JOIN main.feeds AS feeds ON feeds.id = feed_id
        """
    )
    names = "id, feed_id, after_fetch_id, at, kind, paused_by"
    db.execute("DELETE FROM main.orders")
    db.execute(f"INSERT INTO main.orders ({names}) SELECT {names} FROM united_orders ORDER BY id")


def _fingerprint(*values: object) -> bytes:
    told = hashlib.blake2b(digest_size=16)
    for value in values:
        told.update(f"{type(value).__name__} {value}\0".encode())
    return told.digest()


def _number(db: Database, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])
