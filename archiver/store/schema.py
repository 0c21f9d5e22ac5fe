"""The archive's tables, as migrations: each runs once, in a transaction. The first are in `tables`.

`docs/schema.md` explains every column; a test holds the two together. A released migration is never
edited: a change is a new one at the end.
"""

from sqlite_utils import Database

from archiver.hosts import host_of
from archiver.store import indexing, parts, sealing
from archiver.store.tables import migrations

__all__ = ["APPLICATION_ID", "VERSION", "definitions", "migrations", "misshapen", "version"]

APPLICATION_ID = 0x46415231
"""Marks the file as an archive of ours (`PRAGMA application_id`): "FAR1", feed archive, first format."""

VERSION = 13
"""`PRAGMA user_version` of what this program writes: the number of migrations."""


def version(db: Database) -> int:
    """How many migrations the file has had."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


Definition = tuple[bytes, bytes, bytes]
"""What `sqlite_master` says of something: its type, its table, and its SQL without needless spaces."""


def definitions() -> dict[str, Definition]:
    """Everything that the migrations make, by name."""
    made = Database(memory=True)
    try:
        migrations.apply(made)
        return _defined(made)
    finally:
        made.close()


def misshapen(db: Database) -> list[str]:
    """Tables, indexes and views that are not there, or not as the migrations make them."""
    found = _defined(db)
    return [
        name
        for name, wanted in definitions().items()
        if not name.startswith(_MADE_BY_OTHERS) and found.get(name) != wanted
    ]


_MADE_BY_OTHERS = ("posts_fts_", "revisions_fts_", "_sqlite_migrations")
"""FTS5 and sqlite-utils may define these in other words in another version."""


def _defined(db: Database) -> dict[str, Definition]:
    rows = db.execute(
        """
        SELECT name, CAST(type AS BLOB), CAST(tbl_name AS BLOB), CAST(sql AS BLOB) FROM sqlite_master
        WHERE sql IS NOT NULL
        """
    )
    return {str(name): (kind, table, b" ".join(sql.split())) for name, kind, table, sql in rows}


@migrations()
def m006_manners(db: Database) -> None:
    """Whose server each feed is on, how it publishes, and what servers asked of us."""
    for statement in (
        "ALTER TABLE feeds ADD COLUMN host TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE feeds ADD COLUMN rhythm_seconds INTEGER",
        "ALTER TABLE feeds ADD COLUMN window_seconds INTEGER",
        "ALTER TABLE feeds ADD COLUMN quiet_seconds INTEGER",
        "ALTER TABLE feeds ADD COLUMN ttl_seconds INTEGER",
        "ALTER TABLE feeds ADD COLUMN alive_at TEXT",
        "ALTER TABLE feeds ADD COLUMN silent_since TEXT",
        "ALTER TABLE feeds ADD COLUMN failing_since TEXT",
        "ALTER TABLE feeds ADD COLUMN failure_weight REAL NOT NULL DEFAULT 0",
        "ALTER TABLE feeds ADD COLUMN last_error_kind TEXT",
        "ALTER TABLE feeds ADD COLUMN asked_whole_at TEXT",
        "ALTER TABLE feeds ADD COLUMN validators_lie INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE feeds ADD COLUMN second_agent INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE fetches ADD COLUMN tls_verified INTEGER",
        "DROP INDEX feeds_due",
        "CREATE INDEX feeds_due ON feeds (next_fetch_at, id, host) WHERE state <> 'paused'",
        """
        CREATE TABLE hosts (
            host TEXT PRIMARY KEY,
            held_until TEXT,
            reason TEXT,
            refusals INTEGER NOT NULL DEFAULT 0,
            fetch_id INTEGER REFERENCES fetches (id)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE digests (
            channel TEXT PRIMARY KEY,
            last_event_id INTEGER NOT NULL,
            sent_at TEXT,
            tried_at TEXT NOT NULL,
            problem TEXT
        ) STRICT, WITHOUT ROWID
        """,
    ):
        db.execute(statement)
    for feed_id, url in db.execute("SELECT id, current_url FROM feeds").fetchall():
        db.execute("UPDATE feeds SET host = ? WHERE id = ?", [host_of(url), feed_id])


@migrations()
def m007_seals(db: Database) -> None:
    """A digest of every row, also of those that an older program wrote: as they are now."""
    db.execute(
        """
        CREATE TABLE seals (
            about TEXT NOT NULL,
            key ANY NOT NULL,
            checksum INTEGER NOT NULL,
            PRIMARY KEY (about, key)
        ) STRICT, WITHOUT ROWID
        """
    )
    sealing.seal_all(db)


@migrations()
def m008_marks(db: Database) -> None:
    """What the entries of each feed's last document are known by, so that none is read twice."""
    db.execute(
        """
        CREATE TABLE marks (
            feed_id INTEGER PRIMARY KEY REFERENCES feeds (id),
            entries TEXT NOT NULL
        ) STRICT
        """
    )


@migrations()
def m009_pages(db: Database) -> None:
    """What the pages ask: a feed's entries by date and by number, and what was edited or happened of late."""
    for statement in (
        "CREATE INDEX entries_feed ON entries (feed_id)",
        "CREATE INDEX entries_feed_date ON entries (feed_id, coalesce(published_at, first_seen_at))",
        "CREATE INDEX revisions_edited ON revisions (seen_at) WHERE revision > 1",
        "CREATE INDEX fetches_revised ON fetches (feed_id, started_at) WHERE entries_revised > 0",
        "CREATE INDEX events_kind ON events (kind, at)",
        "CREATE INDEX events_feed_kind ON events (feed_id, kind, at)",
    ):
        db.execute(statement)


@migrations()
def m010_every_version_found(db: Database) -> None:
    """The index of all versions, and the texts of those that are no longer in force."""
    db.execute(indexing.EARLIER)
    db.execute(indexing.TABLE)
    indexing.keep_earlier_texts(db)
    sealing.seal_all(db, "earlier_texts")


@migrations()
def m011_suspects(db: Database) -> None:
    """What is in doubt of a feed, which each answer that confirms its document asks, mostly in vain."""
    db.execute("CREATE INDEX entries_suspect ON entries (feed_id) WHERE suspect = 1")


@migrations()
def m012_quicker_sketches(db: Database) -> None:
    """Sketches are made of other numbers than before, which find nothing among the old ones."""
    parts.sketch_anew(db)


@migrations()
def m013_plain_words_of_phrases(db: Database) -> None:
    """The index has plain words once more, so marked that a phrase finds them without a walk."""
    indexing.fill_anew(db)
