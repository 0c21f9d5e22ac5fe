BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'archiver','m001_feeds_and_fetches','2026-11-21 11:26:12.970507+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'archiver','m002_entries_and_posts','2026-11-21 11:26:12.971632+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'archiver','m003_full_text','2026-11-21 11:26:12.972053+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'archiver','m004_orders','2026-11-21 11:26:12.972264+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'archiver','m005_upkeep','2026-11-21 11:26:12.972497+00:00');
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
        ;
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
        ;
INSERT INTO "bodies" VALUES('b1cb464ca78634d4c3617a86e57f92b2bc96fb98f932b08784afc7b66a3e3980',NULL,0,0,0,'zstd',191,X'28B52FFD20BFFD03008247181A80A96DC0C7DE6B524021CDD066C067396372427FF89206135C0FC7BC6676FB6173504695704965AF5C8431B91D99B2EAA0998057F77288948A4C63551BECE8925428BF0476DE8EBA12885138D4CEFE29A68416E477004EE0182495BCB830CCFB0A00202B420F0306CA47240CFBB99C828702C59A4A60A5550A36F5',-3745752044988185697);
INSERT INTO "bodies" VALUES('617fa1d3787a8258f23d8c5f6735b7adf32cdae7fa2fc839fbc8ba56c780a8e1','b1cb464ca78634d4c3617a86e57f92b2bc96fb98f932b08784afc7b66a3e3980',1,139,49,'plain',192,X'4D6F7265',-3135212666382385877);
CREATE TABLE categories (
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            position INTEGER NOT NULL,
            term TEXT NOT NULL,
            scheme TEXT,
            label TEXT,
            PRIMARY KEY (entry_id, position)
        ) STRICT, WITHOUT ROWID
        ;
CREATE TABLE chores (
            name TEXT PRIMARY KEY,
            done_at TEXT,
            tried_at TEXT NOT NULL,
            problem TEXT
        ) STRICT, WITHOUT ROWID
        ;
CREATE TABLE enclosures (
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            position INTEGER NOT NULL,
            url TEXT NOT NULL,
            type TEXT,
            length INTEGER,
            PRIMARY KEY (entry_id, position)
        ) STRICT, WITHOUT ROWID
        ;
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
        ;
INSERT INTO "entries" VALUES(1,1,1,'first',1.0,'guid','guid:ca978112ca1bbdcafac231b39a23dc4d','a','https://example.org/a','example.org/a','Story a','story a','[]',NULL,NULL,NULL,NULL,NULL,'2026-03-01T12:00:00Z','2026-03-01T13:00:00Z',1,NULL,NULL,NULL,NULL,0,NULL,NULL,0,NULL,NULL,NULL,0,'More of story a.',NULL,'More of story a.','1:77993bfdd1681eff949da5cf3527f761dc98e5db4c536d0a2992a005f608b410',2,0,-3202879427154284534);
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
        ;
CREATE TABLE feed_addresses (
            id INTEGER PRIMARY KEY,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            url TEXT NOT NULL,
            since TEXT NOT NULL,
            reason TEXT NOT NULL CHECK (reason IN ('given', 'moved')),
            fetch_id INTEGER REFERENCES fetches (id)
        ) STRICT
        ;
INSERT INTO "feed_addresses" VALUES(1,1,'https://example.org/feed','2026-03-01T12:00:00Z','given',NULL);
CREATE TABLE feed_tags (
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            tag TEXT NOT NULL,
            PRIMARY KEY (feed_id, tag)
        ) STRICT, WITHOUT ROWID
        ;
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
        ;
INSERT INTO "feeds" VALUES(1,'https://example.org/feed','https://example.org/feed',NULL,'Example',NULL,NULL,NULL,'rss20','active','command',NULL,NULL,NULL,'617fa1d3787a8258f23d8c5f6735b7adf32cdae7fa2fc839fbc8ba56c780a8e1','2026-03-01T14:02:59Z',3600,NULL,'{}','2026-03-01T13:00:00Z','2026-03-01T13:00:00Z','2026-03-01T12:00:00Z',0,NULL,'{"title": "Example", "title_detail": {"base": "", "language": null, "type": "text/plain", "value": "Example"}}','2026-03-01T12:00:00Z',2,NULL,NULL,0,NULL,0,0,0);
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
        ;
INSERT INTO "fetches" VALUES(1,1,'2026-03-01T12:00:00Z',20,'https://example.org/feed','https://example.org/feed',200,'new',NULL,NULL,'[]','[]',NULL,NULL,'[]',NULL,NULL,NULL,1,'b1cb464ca78634d4c3617a86e57f92b2bc96fb98f932b08784afc7b66a3e3980',191,1,1,0,0,NULL,NULL,0,'[]',NULL,-8870810571698644369);
INSERT INTO "fetches" VALUES(2,1,'2026-03-01T13:00:00Z',20,'https://example.org/feed','https://example.org/feed',200,'new',NULL,NULL,'[]','[]',NULL,NULL,'[]',NULL,NULL,NULL,1,'617fa1d3787a8258f23d8c5f6735b7adf32cdae7fa2fc839fbc8ba56c780a8e1',192,1,0,1,0,NULL,NULL,0,'[]',NULL,4086254944459418978);
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
        ;
INSERT INTO "manifests" VALUES(1,'day','2026-03-01','2026-04-01T12:00:00Z',0,2,2,2,2,'60d488788580221e40cdb21d5e35db6f479a959c4a571c1f35801da30f8d0d97','88f5505f6919b81785212a9ec4e1b13f73191ee2ca0287760dc0200782b72e01',NULL,'b64f7ed2bd94724a217dca84728fa68807b5e6d9a3a1f8416ed4cf2765b6e68d');
CREATE TABLE orders (
            id INTEGER PRIMARY KEY,
            feed_id INTEGER NOT NULL REFERENCES feeds (id),
            after_fetch_id INTEGER NOT NULL,
            at TEXT NOT NULL,
            kind TEXT NOT NULL CHECK (kind IN ('pause', 'resume', 'reread')),
            paused_by TEXT
        ) STRICT
        ;
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
        ;
INSERT INTO "posts" VALUES(1,1,'Story a','https://example.org/a',NULL,NULL,'2026-03-01T12:00:00Z',1);
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
        ;
INSERT INTO "revisions" VALUES(1,1,1,1,'2026-03-01T12:00:00Z','1:5a0a9875ede84f9e3608376fd27b6495eddf7dd22b8b5927d4c3a94182efb1ea','Story a','[]','https://example.org/a',NULL,NULL,NULL,NULL,NULL,'All of story a.','text/html',NULL,NULL,'[]','[]','{"guidislink": true, "id": "a", "link": "https://example.org/a", "links": [{"href": "https://example.org/a", "rel": "alternate", "type": "text/html"}], "summary_detail": {"base": "", "language": null, "type": "text/html"}, "title": "Story a", "title_detail": {"base": "", "language": null, "type": "text/plain", "value": "Story a"}}',-7172787485149786710);
INSERT INTO "revisions" VALUES(2,1,2,2,'2026-03-01T13:00:00Z','1:77993bfdd1681eff949da5cf3527f761dc98e5db4c536d0a2992a005f608b410','Story a','[]','https://example.org/a',NULL,NULL,NULL,NULL,NULL,'More of story a.','text/html',NULL,NULL,'[]','[]','{"guidislink": true, "id": "a", "link": "https://example.org/a", "links": [{"href": "https://example.org/a", "rel": "alternate", "type": "text/html"}], "summary_detail": {"base": "", "language": null, "type": "text/html"}, "title": "Story a", "title_detail": {"base": "", "language": null, "type": "text/plain", "value": "Story a"}}',-6857612626459094892);
CREATE TABLE sketches (
            hash INTEGER NOT NULL,
            entry_id INTEGER NOT NULL REFERENCES entries (id),
            PRIMARY KEY (hash, entry_id)
        ) STRICT, WITHOUT ROWID
        ;
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX feeds_due ON feeds (next_fetch_at) WHERE state <> 'paused';
CREATE INDEX fetches_feed ON fetches (feed_id, id);
CREATE INDEX fetches_gap ON fetches (feed_id) WHERE gap = 1;
CREATE INDEX feed_addresses_feed ON feed_addresses (feed_id, id);
CREATE INDEX posts_published ON posts (coalesce(published_at, first_seen_at));
CREATE INDEX entries_guid ON entries (feed_id, guid) WHERE guid IS NOT NULL;
CREATE INDEX entries_url_key ON entries (url_key) WHERE url_key IS NOT NULL;
CREATE INDEX entries_feed_url_key ON entries (feed_id, url_key) WHERE url_key IS NOT NULL;
CREATE INDEX entries_feed_title_key ON entries (feed_id, title_key) WHERE title_key <> '';
CREATE INDEX entries_title_key ON entries (title_key) WHERE title_key <> '';
CREATE INDEX entries_present ON entries (feed_id) WHERE present = 1;
CREATE INDEX entries_missing ON entries (feed_id)
            WHERE missing_since IS NOT NULL AND withdrawn_at IS NULL
        ;
CREATE INDEX entries_withdrawn ON entries (withdrawn_at) WHERE withdrawn_at IS NOT NULL;
CREATE INDEX entries_post ON entries (post_id);
CREATE INDEX aliases_entry ON aliases (entry_id);
CREATE INDEX categories_term ON categories (term);
CREATE INDEX sketches_entry ON sketches (entry_id);
CREATE INDEX events_feed ON events (feed_id, id);
CREATE INDEX events_entry ON events (entry_id) WHERE entry_id IS NOT NULL;
CREATE VIEW post_texts AS
        SELECT posts.id AS id, entries.title AS title, entries.content_text AS text
        FROM posts JOIN entries ON entries.id = posts.canonical_entry_id;
CREATE INDEX orders_feed ON orders (feed_id, id);
CREATE INDEX revisions_fetch ON revisions (fetch_id);
COMMIT;
CREATE VIRTUAL TABLE posts_fts USING fts5 (
            title, text,
            content = 'post_texts', content_rowid = 'id',
            tokenize = 'unicode61 remove_diacritics 2'
        );
INSERT INTO posts_fts (posts_fts) VALUES ('rebuild');
PRAGMA application_id = 1178686001;
PRAGMA user_version = 5;
