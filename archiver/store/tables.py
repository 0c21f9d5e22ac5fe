"""The tables of the first release, as the migrations that made them. Never edited: see `schema`."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("archiver")
"""All migrations in their order; `schema` adds the later ones."""


@migrations()
def m001_feeds_and_fetches(db: Database) -> None:
    """What is followed, what was asked, and what came."""
    for statement in (
        """
        CREATE TABLE bodies (
            sha256 TEXT PRIMARY KEY,
            base_sha256 TEXT REFERENCES bodies (sha256),
            step INTEGER NOT NULL DEFAULT 0,
            prefix_size INTEGER NOT NULL DEFAULT 0,
            suffix_size INTEGER NOT NULL DEFAULT 0,
            encoding TEXT NOT NULL,
            size INTEGER NOT NULL,
            data BLOB NOT NULL,
            checksum INTEGER
        ) STRICT
        """,
        """
        CREATE TABLE feeds (
            id INTEGER PRIMARY KEY,
            url TEXT NOT NULL UNIQUE,
            current_url TEXT NOT NULL,
            name TEXT,
            title TEXT,
            site_url TEXT,
            description TEXT,
            language TEXT,
            format TEXT,
            state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'failing', 'gone')),
            origin TEXT NOT NULL CHECK (origin IN ('config', 'command', 'opml', 'replay')),
            paused_by TEXT CHECK (paused_by IN ('command', 'config', 'replay', 'removed')),
            etag TEXT,
            last_modified TEXT,
            body_sha256 TEXT,
            next_fetch_at TEXT,
            interval_seconds INTEGER,
            configured_interval_seconds INTEGER,
            parse_options TEXT NOT NULL DEFAULT '{}',
            last_fetched_at TEXT,
            last_success_at TEXT,
            last_new_at TEXT,
            error_count INTEGER NOT NULL DEFAULT 0,
            last_error TEXT,
            reading TEXT,
            added_at TEXT NOT NULL,
            last_whole_fetch_id INTEGER,
            moving_to TEXT,
            moving_since TEXT,
            moving_answers INTEGER NOT NULL DEFAULT 0,
            suspect_since TEXT,
            suspect_answers INTEGER NOT NULL DEFAULT 0,
            reminted_answers INTEGER NOT NULL DEFAULT 0,
            volatile_ids INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        "CREATE INDEX feeds_due ON feeds (next_fetch_at) WHERE state <> 'paused'",
        """
        CREATE TABLE feed_tags (
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            tag TEXT NOT NULL,
            PRIMARY KEY (feed_id, tag)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE fetches (
            id INTEGER PRIMARY KEY,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            started_at TEXT NOT NULL,
            duration_ms INTEGER NOT NULL,
            request_url TEXT NOT NULL,
            final_url TEXT,
            status INTEGER,
            outcome TEXT NOT NULL
                CHECK (outcome IN ('new', 'unchanged', 'not_modified', 'error', 'gone', 'skipped')),
            error TEXT,
            error_kind TEXT,
            headers TEXT NOT NULL,
            redirects TEXT NOT NULL,
            http_version TEXT,
            reason TEXT,
            request_headers TEXT NOT NULL DEFAULT '[]',
            address TEXT,
            tls_protocol TEXT,
            certificate_sha256 TEXT,
            complete INTEGER NOT NULL DEFAULT 0,
            body_sha256 TEXT REFERENCES bodies (sha256),
            bytes_received INTEGER NOT NULL,
            entries_seen INTEGER NOT NULL,
            entries_new INTEGER NOT NULL,
            entries_revised INTEGER NOT NULL,
            gap INTEGER NOT NULL,
            gap_since TEXT,
            gap_until TEXT,
            partial INTEGER NOT NULL,
            problems TEXT NOT NULL,
            read_as TEXT,
            checksum INTEGER
        ) STRICT
        """,
        "CREATE INDEX fetches_feed ON fetches (feed_id, id)",
        "CREATE INDEX fetches_gap ON fetches (feed_id) WHERE gap = 1",
        """
        CREATE TABLE feed_addresses (
            id INTEGER PRIMARY KEY,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            url TEXT NOT NULL,
            since TEXT NOT NULL,
            reason TEXT NOT NULL CHECK (reason IN ('given', 'moved')),
            fetch_id INTEGER REFERENCES fetches (id)
        ) STRICT
        """,
        "CREATE INDEX feed_addresses_feed ON feed_addresses (feed_id, id)",
    ):
        db.execute(statement)


@migrations()
def m002_entries_and_posts(db: Database) -> None:
    """What the documents held, every version of it, and the stories that entries tell."""
    for statement in (
        """
        CREATE TABLE posts (
            id INTEGER PRIMARY KEY,
            canonical_entry_id INTEGER REFERENCES entries (id),
            title TEXT,
            url TEXT,
            published_at TEXT,
            language TEXT,
            first_seen_at TEXT NOT NULL,
            entry_count INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE INDEX posts_published ON posts (coalesce(published_at, first_seen_at))",
        """
        CREATE TABLE entries (
            id INTEGER PRIMARY KEY,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            post_id INTEGER NOT NULL REFERENCES posts (id),
            post_rule TEXT NOT NULL CHECK (post_rule IN ('first', 'url', 'title', 'text')),
            post_confidence REAL NOT NULL,
            rung TEXT NOT NULL CHECK (rung IN ('guid', 'url', 'hash')),
            key TEXT NOT NULL,
            guid TEXT,
            url TEXT,
            url_key TEXT,
            title TEXT,
            title_key TEXT NOT NULL,
            authors TEXT NOT NULL,
            published_at TEXT,
            published_raw TEXT,
            updated_at TEXT,
            updated_raw TEXT,
            date_note TEXT CHECK (date_note IN ('future', 'unreadable')),
            first_seen_at TEXT NOT NULL,
            last_seen_at TEXT NOT NULL,
            present INTEGER NOT NULL,
            missing_since TEXT,
            missing_fetch_id INTEGER REFERENCES fetches (id),
            withdrawn_at TEXT,
            withdrawn_fetch_id INTEGER REFERENCES fetches (id),
            suspect INTEGER NOT NULL DEFAULT 0,
            churn TEXT CHECK (churn IN ('numbers', 'order', 'part')),
            churn_since TEXT,
            churn_count INTEGER NOT NULL DEFAULT 0,
            churn_fetch_id INTEGER REFERENCES fetches (id),
            language TEXT,
            language_source TEXT CHECK (language_source IN ('label', 'declared', 'text')),
            is_excerpt INTEGER NOT NULL,
            summary_html TEXT,
            content_html TEXT,
            content_text TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            revision INTEGER NOT NULL,
            position INTEGER NOT NULL,
            checksum INTEGER,
            UNIQUE (feed_id, key)
        ) STRICT
        """,
        "CREATE INDEX entries_guid ON entries (feed_id, guid) WHERE guid IS NOT NULL",
        "CREATE INDEX entries_url_key ON entries (url_key) WHERE url_key IS NOT NULL",
        "CREATE INDEX entries_feed_url_key ON entries (feed_id, url_key) WHERE url_key IS NOT NULL",
        "CREATE INDEX entries_feed_title_key ON entries (feed_id, title_key) WHERE title_key <> ''",
        "CREATE INDEX entries_title_key ON entries (title_key) WHERE title_key <> ''",
        "CREATE INDEX entries_present ON entries (feed_id) WHERE present = 1",
        """
        CREATE INDEX entries_missing ON entries (feed_id)
            WHERE missing_since IS NOT NULL AND withdrawn_at IS NULL
        """,
        "CREATE INDEX entries_withdrawn ON entries (withdrawn_at) WHERE withdrawn_at IS NOT NULL",
        "CREATE INDEX entries_post ON entries (post_id)",
        """
        CREATE TABLE aliases (
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            key TEXT NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            guid TEXT,
            url TEXT,
            reason TEXT NOT NULL,
            fetch_id INTEGER NOT NULL REFERENCES fetches (id),
            PRIMARY KEY (feed_id, key)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX aliases_entry ON aliases (entry_id)",
        """
        CREATE TABLE enclosures (
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            position INTEGER NOT NULL,
            url TEXT NOT NULL,
            type TEXT,
            length INTEGER,
            PRIMARY KEY (entry_id, position)
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE categories (
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            position INTEGER NOT NULL,
            term TEXT NOT NULL,
            scheme TEXT,
            label TEXT,
            PRIMARY KEY (entry_id, position)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX categories_term ON categories (term)",
        """
        CREATE TABLE revisions (
            id INTEGER PRIMARY KEY,
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            revision INTEGER NOT NULL,
            fetch_id INTEGER NOT NULL REFERENCES fetches (id),
            seen_at TEXT NOT NULL,
            content_sha256 TEXT NOT NULL,
            title TEXT,
            authors TEXT NOT NULL,
            url TEXT,
            published_at TEXT,
            published_raw TEXT,
            updated_at TEXT,
            updated_raw TEXT,
            language TEXT,
            summary TEXT,
            summary_type TEXT,
            content TEXT,
            content_type TEXT,
            enclosures TEXT NOT NULL,
            categories TEXT NOT NULL,
            reading TEXT NOT NULL,
            checksum INTEGER,
            UNIQUE (entry_id, revision)
        ) STRICT
        """,
        """
        CREATE TABLE sketches (
            hash INTEGER NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            PRIMARY KEY (hash, entry_id)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX sketches_entry ON sketches (entry_id)",
        """
        CREATE TABLE events (
            id INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            fetch_id INTEGER NOT NULL REFERENCES fetches (id),
            entry_id INTEGER REFERENCES entries (id),
            kind TEXT NOT NULL,
            detail TEXT NOT NULL,
            earlier_fetch_id INTEGER REFERENCES fetches (id),
            checksum INTEGER
        ) STRICT
        """,
        "CREATE INDEX events_feed ON events (feed_id, id)",
        "CREATE INDEX events_entry ON events (entry_id) WHERE entry_id IS NOT NULL",
    ):
        db.execute(statement)


@migrations()
def m003_full_text(db: Database) -> None:
    """The full-text index. It holds no text of its own: the view lends it that of each canonical entry."""
    db.execute(
        """
        CREATE VIEW post_texts AS
        SELECT posts.id AS id, entries.title AS title, entries.content_text AS text
        FROM posts JOIN entries ON entries.id = posts.canonical_entry_id
        """
    )
    db.execute(
        """
        CREATE VIRTUAL TABLE posts_fts USING fts5 (
            title, text,
            content = 'post_texts', content_rowid = 'id',
            tokenize = 'unicode61 remove_diacritics 2'
        )
        """
    )


@migrations()
def m004_orders(db: Database) -> None:
    """What people ordered of a feed: the one thing that its state rests on and no fetch tells."""
    for statement in (
        """
        CREATE TABLE orders (
            id INTEGER PRIMARY KEY,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            after_fetch_id INTEGER NOT NULL,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('pause', 'resume', 'reread')),
            paused_by TEXT
        ) STRICT
        """,
        "CREATE INDEX orders_feed ON orders (feed_id, id)",
    ):
        db.execute(statement)


@migrations()
def m005_upkeep(db: Database) -> None:
    """Days sealed one to the other, and when the service last did its chores."""
    for statement in (
        """
        CREATE TABLE manifests (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind IN ('day', 'rebuilt')),
            day TEXT NOT NULL,
            closed_at TEXT NOT NULL,
            after_fetch_id INTEGER NOT NULL,
            last_fetch_id INTEGER NOT NULL,
            fetches INTEGER NOT NULL,
            bodies INTEGER NOT NULL,
            revisions INTEGER NOT NULL,
            fetches_sha256 TEXT NOT NULL,
            revisions_sha256 TEXT NOT NULL,
            previous_sha256 TEXT,
            sha256 TEXT NOT NULL UNIQUE
        ) STRICT
        """,
        "CREATE INDEX IF NOT EXISTS revisions_fetch ON revisions (fetch_id)",
        """
        CREATE TABLE chores (
            name TEXT PRIMARY KEY,
            done_at TEXT,
            tried_at TEXT NOT NULL,
            problem TEXT
        ) STRICT, WITHOUT ROWID
        """,
    ):
        db.execute(statement)
