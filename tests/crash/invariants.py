"""What must hold of an archive at any moment, and after any kill: the reliability report's I1 to I12.

`violations` looks at a copy of the dead archive (file and write-ahead log), so that the archive itself is
left for the next start exactly as the kill left it. It returns sentences; none is good news.
"""

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from archiver.identify.keys import content_sha256
from archiver.model import Category, Enclosure, EntryData, Markup, Person
from archiver.store import Reader

_LONGEST_WAIT = timedelta(seconds=20)
"""No next time may lie further ahead, by the harness's configuration."""

HURRIED = "feed-1"
"""The feed that a person resumes by command, which asks it at once whatever the server said."""

_EMPTY = {
    "I3 an entry without a revision": """
        SELECT id FROM entries WHERE id NOT IN (SELECT entry_id FROM revisions)""",
    "I3 an entry that is not in its latest version": """
        SELECT e.id FROM entries AS e
        LEFT JOIN revisions AS r ON r.entry_id = e.id AND r.revision = e.revision
        WHERE r.id IS NULL OR r.content_sha256 <> e.content_sha256
            OR e.revision <> (SELECT max(revision) FROM revisions WHERE entry_id = e.id)""",
    "I3 revisions that are not counted from 1": """
        SELECT entry_id FROM revisions GROUP BY entry_id
        HAVING min(revision) <> 1 OR max(revision) <> count(*)""",
    "I3 a post that nobody tells": """
        SELECT id FROM posts WHERE canonical_entry_id IS NULL
            OR entry_count <> (SELECT count(*) FROM entries WHERE post_id = posts.id)""",
    "I3 an entry that is known by a mark, and does not stand": """
        SELECT marks.feed_id FROM marks, json_each('["' || replace(entries, ' ', '","') || '"]') AS word
        WHERE word.value LIKE '%:%' AND NOT EXISTS (
            SELECT 1 FROM entries WHERE id = CAST(substr(word.value, 18) AS INTEGER)
                AND entries.feed_id = marks.feed_id AND present = 1)""",
    "I7 a revision without text": "SELECT id FROM revisions WHERE coalesce(content, summary, '') = ''",
    "I8 a fetch that counts new entries which are not there, or the other way round": """
        SELECT id FROM fetches WHERE entries_new <>
            (SELECT count(*) FROM revisions WHERE fetch_id = fetches.id AND revision = 1)""",
    "I8 a fetch that counts revisions which are not there, or the other way round": """
        SELECT id FROM fetches WHERE entries_revised <>
            (SELECT count(*) FROM revisions WHERE fetch_id = fetches.id AND revision > 1)""",
    "I8 a fetch row that contradicts itself": """
        SELECT id FROM fetches WHERE (outcome IN ('error', 'gone')) <> (error IS NOT NULL)
            OR (error IS NULL) <> (error_kind IS NULL)
            OR (outcome = 'not_modified') <> (status IS 304)
            OR (outcome = 'new') <> (entries_new + entries_revised > 0)
            OR (status = 200 AND body_sha256 IS NULL AND coalesce(error_kind, '') NOT IN
                ('truncated', 'reset', 'timeout'))
            OR NOT json_valid(headers) OR NOT json_valid(redirects) OR NOT json_valid(problems)
            OR (status IS NOT NULL AND headers = '[]')""",
    "I8 a body that no fetch brought": """
        SELECT sha256 FROM bodies WHERE sha256 NOT IN
            (SELECT body_sha256 FROM fetches WHERE body_sha256 IS NOT NULL)""",
    "I8 a feed that was fetched and does not know when": """
        SELECT id FROM feeds WHERE last_fetched_at IS NOT
            (SELECT started_at FROM fetches WHERE feed_id = feeds.id ORDER BY id DESC LIMIT 1)""",
    "I9 a feed without a next time": "SELECT id FROM feeds WHERE state <> 'paused' AND next_fetch_at IS NULL",
    "I11 a feed that was asked again in spite of Retry-After": """
        SELECT id FROM (
            SELECT id, status, at, lead(at) OVER (PARTITION BY feed_id ORDER BY id) AS next,
                (SELECT name FROM feeds WHERE feeds.id = feed_id) AS name,
                (SELECT CAST(json_extract(value, '$[1]') AS INTEGER) FROM json_each(headers)
                    WHERE json_extract(value, '$[0]') LIKE 'retry-after') AS patience
            FROM (SELECT *, CAST(strftime('%s', started_at) AS INTEGER) AS at FROM fetches)
        ) WHERE status = 503 AND name <> :hurried AND next - at < patience""",
    "doubled: two entries of one feed under one guid": """
        SELECT feed_id, guid FROM entries GROUP BY feed_id, guid HAVING count(*) > 1""",
    "doubled: one text twice in a row": """
        SELECT a.id FROM revisions AS a JOIN revisions AS b
            ON b.entry_id = a.entry_id AND b.revision = a.revision + 1
            AND b.content_sha256 = a.content_sha256""",
    "I12 a script that would run": """
        SELECT id FROM entries
        WHERE coalesce(content_html, '') || coalesce(summary_html, '') LIKE '%<script%'""",
}
"""Questions to which a sound archive answers with nothing."""


@dataclass
class Invariants:
    """Remembers what it saw, since much of what must hold is that nothing goes away."""

    counts: dict[str, int] = field(default_factory=dict)
    rows: dict[tuple[str, int], bytes] = field(default_factory=dict)
    bodies: set[str] = field(default_factory=set)
    logged: dict[str, int] = field(default_factory=dict)
    """How many updates of each feed the log told of, in all runs (I2)."""

    def violations(self, archive: Path, site: Any, scratch: Path, *, log: str = "") -> list[str]:
        """All that is wrong. `log` is what the program has printed since the last look."""
        for name in re.findall(r"^\S+  [a-z_]+ +(feed-\d+): ", log, re.MULTILINE):
            self.logged[name] = self.logged.get(name, 0) + 1
        found = list(_secrets(archive, site.secret, log))
        if not archive.exists():
            return found
        scratch.mkdir(exist_ok=True)
        copy = scratch / "copy.db"
        for end in ("", "-wal"):
            source = archive.with_name(archive.name + end)
            copy.with_name(copy.name + end).unlink(missing_ok=True)
            copy.with_name(copy.name + "-shm").unlink(missing_ok=True)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + end))
        db = sqlite3.connect(copy)
        try:
            found += self._of_tables(db, site)
        except sqlite3.DatabaseError as error:
            found.append(f"I1 the archive cannot be read: {error}")
        finally:
            db.close()
        return found + list(self._of_bodies(copy))

    def _of_tables(self, db: sqlite3.Connection, site: Any) -> Iterator[str]:
        if (answer := db.execute("PRAGMA integrity_check").fetchall()) != [("ok",)]:
            yield f"I1 integrity_check: {answer[:3]}"
        if answer := db.execute("PRAGMA foreign_key_check").fetchall():
            yield f"I1 foreign_key_check: {answer[:3]}"
        version, tables = db.execute(
            "SELECT user_version, (SELECT count(*) FROM sqlite_master WHERE name = 'posts_fts')"
            " FROM pragma_user_version"
        ).fetchone()
        if not tables:
            if version or db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                yield "I1 the archive is half made"
            return
        try:
            db.execute("INSERT INTO posts_fts (posts_fts, rank) VALUES ('integrity-check', 1)")
        except sqlite3.DatabaseError as error:
            yield f"I1 the full-text index differs: {error}"
        for told, question in _EMPTY.items():
            if rows := db.execute(question, {"hurried": HURRIED}).fetchmany(3):
                yield f"{told}: {rows}"
        latest = (datetime.now(UTC) + _LONGEST_WAIT).strftime("%Y-%m-%dT%H:%M:%SZ")
        if rows := db.execute("SELECT id FROM feeds WHERE next_fetch_at > ?", [latest]).fetchall():
            yield f"I9 a next time too far ahead: {rows}"
        yield from self._of_what_was(db)
        with site.lock:
            yield from self._of_the_site(db, site)

    def _of_what_was(self, db: sqlite3.Connection) -> Iterator[str]:
        """I6 and promise 2: rows stay, and those of fetches and revisions stay as they are."""
        for table in ("feeds", "fetches", "bodies", "entries", "revisions", "posts", "events"):
            count = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            if count < self.counts.get(table, 0):
                yield f"I6 {table} went from {self.counts[table]} to {count} rows"
            self.counts[table] = count
        cursor = db.cursor()
        for table in ("fetches", "revisions"):
            seen = set()
            for row in cursor.execute(f"SELECT * FROM {table}"):
                key, now = (table, row[0]), sha256(repr(row).encode()).digest()
                seen.add(key)
                if self.rows.setdefault(key, now) != now:
                    yield f"I6 row {row[0]} of {table} was changed"
            if gone := [key for key in self.rows if key[0] == table and key not in seen]:
                yield f"I6 rows are gone: {gone[:3]}"
        cursor.row_factory = sqlite3.Row
        for row in cursor.execute("SELECT * FROM revisions"):
            if content_sha256(_published(row)) != row["content_sha256"]:
                yield f"I4 revision {row['id']} is not what its hash says"

    def _of_the_site(self, db: sqlite3.Connection, site: Any) -> Iterator[str]:
        """The site's own record against the archive's: I2, I5, I8, I10, I11."""
        for name, feed in site.feeds.items():
            row = db.execute("SELECT id, etag, last_modified FROM feeds WHERE name = ?", [name]).fetchone()
            stored: set[tuple[str, str]] = set()
            fetches = 0
            if row:
                stored = set(
                    db.execute(
                        """
                        SELECT guid, coalesce(content, summary) FROM revisions
                        JOIN entries ON entries.id = entry_id WHERE feed_id = ?""",
                        [row[0]],
                    )
                )
                fetches = db.execute("SELECT count(*) FROM fetches WHERE feed_id = ?", [row[0]]).fetchone()[0]
            for validator in filter(None, row[1:] if row else ()):
                version = feed.version_of(validator)
                if version is None or version.said - stored:
                    yield f"I5 {name} has the validator {validator} of entries that are not stored"
            if missing := feed.owed - stored:
                yield f"I11 {name} claimed to have what is not stored: {sorted(missing)[:1]}"
            if made_up := stored - feed.shown:
                yield f"P2 {name} never said that: {sorted(made_up)[:1]}"
            if feed.foreign:
                yield f"I11 {name} was asked with a validator it never gave: {feed.foreign[:1]}"
            if fetches < self.logged.get(name, 0):
                yield f"I2 {name}: {self.logged[name]} updates were told of, {fetches} are stored"
            if fetches > len(feed.asked):
                yield f"I8 {name} was asked {len(feed.asked)} times, and {fetches} fetches are stored"
            if any(asked.secret != site.secret for asked in feed.asked):
                yield f"I12 {name} was asked without the configured header, so this proves nothing"

    def _of_bodies(self, copy: Path) -> Iterator[str]:
        """Every body readable, its digest right; each is read once."""
        db = sqlite3.connect(copy)
        try:
            made = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'bodies'").fetchone()[0]
            wanted = [row[0] for row in db.execute("SELECT sha256 FROM bodies")] if made else []
        except sqlite3.DatabaseError:
            return
        finally:
            db.close()
        if new := [name for name in wanted if name not in self.bodies]:
            with Reader.open(copy) as reader:
                for name in new:
                    try:
                        is_right = sha256(reader.body(name)).hexdigest() == name
                    except Exception as error:
                        yield f"I8 body {name} cannot be read: {error}"
                    else:
                        if not is_right:
                            yield f"I8 body {name} has another digest"
            self.bodies.update(new)


def lost(archive: Path, site: Any) -> list[str]:
    """I10, once all is quiet: what the site said in whole documents and the archive does not have."""
    db = sqlite3.connect(archive)
    found = []
    try:
        for name, feed in site.feeds.items():
            stored = set(
                db.execute(
                    """
                    SELECT guid, coalesce(content, summary) FROM revisions
                    JOIN entries ON entries.id = entry_id JOIN feeds ON feeds.id = feed_id
                    WHERE feeds.name = ?""",
                    [name],
                )
            )
            if missing := feed.complete - stored:
                found.append(f"I10 {name}: {len(missing)} texts are lost, such as {sorted(missing)[0]}")
    finally:
        db.close()
    return found


def _secrets(archive: Path, secret: str, log: str) -> Iterator[str]:
    if secret in log or "\x1b" in log:
        yield "I12 the log shows a secret or a control character"
    for path in archive.parent.glob(archive.name + "*") if archive.parent.is_dir() else ():
        if secret.encode() in path.read_bytes():
            yield f"I12 {path.name} holds a secret"


def _published(row: sqlite3.Row) -> EntryData:
    def markup(part: str) -> Markup | None:
        return Markup(value=row[part], type=row[f"{part}_type"]) if row[part] is not None else None

    return EntryData(
        position=0,
        title=row["title"],
        url=row["url"],
        authors=tuple(Person(**person) for person in json.loads(row["authors"])),
        published_raw=row["published_raw"],
        published_at=datetime.fromisoformat(row["published_at"]) if row["published_at"] else None,
        summary=markup("summary"),
        content=markup("content"),
        enclosures=tuple(Enclosure(**enclosure) for enclosure in json.loads(row["enclosures"])),
        categories=tuple(Category(**category) for category in json.loads(row["categories"])),
    )
