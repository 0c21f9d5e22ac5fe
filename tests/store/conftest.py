"""A real archive file under the test's hand, and builders of what goes into it."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.changes import (
    ChangeKind,
    EntryChange,
    FeedFacts,
    FeedUpdate,
    FetchRecord,
    Outcome,
    PostLink,
)
from archiver.identify.keys import key
from archiver.model import Cleaned, EntryData, FeedState, Identity, Markup, PreparedEntry, Rung
from archiver.store import Following, Reader, Store

FEED = "https://example.org/feed"

FACTS = {
    "state": FeedState.ACTIVE,
    "etag": None,
    "last_modified": None,
    "body_sha256": None,
    "interval_seconds": 3600,
    "error_count": 0,
    "last_error": None,
    "succeeded": True,
}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _entry(
    name: str = "a", *, text: str | None = None, excerpt: bool = False, **fields: object
) -> PreparedEntry:
    """An entry as `prepare` hands it over; a test that names a word finds it in title and text."""
    text = f"This is the story of {name}." if text is None else text
    derived = {
        k: fields.pop(k) for k in ("language", "title_key", "url_key", "sketch", "rung", "key") if k in fields
    }
    given = {
        "position": 0,
        "guid": f"tag:{name}",
        "url": f"https://example.org/{name}",
        "title": f"Story {name}",
        "published_at": datetime(2024, 5, 1, tzinfo=UTC),
        "published_raw": "Wed, 01 May 2024 00:00:00 GMT",
        "content": Markup(value=f"<p>{text}</p>"),
    }
    data = EntryData(**(given | fields))  # type: ignore[arg-type]
    rung, value = (Rung.GUID, data.guid) if data.guid else (Rung.URL, data.url)
    identity = {
        "rung": rung,
        "key": key(rung, value or name),
        "url_key": data.url,
        "hash_key": _digest(name),
        "content_sha256": f"1:{_digest(f'{data} {text}')}",
        "title_key": (data.title or "").lower(),
        "sketch": tuple(sorted(hash(word) >> 1 for word in set(text.split()))[:8]),
    }
    return PreparedEntry(
        data=data,
        cleaned=Cleaned(
            summary_html=None,
            content_html=f"<p>{text}</p>",
            content_text=text,
            language=derived.pop("language", "en"),  # type: ignore[arg-type]
            language_source="text",
            is_excerpt=excerpt,
        ),
        identity=Identity(**(identity | derived)),  # type: ignore[arg-type]
    )


@pytest.fixture
def entry() -> Callable[..., PreparedEntry]:
    """`entry("a", title="Other")`: what is not named has a default that depends on the first word only."""
    return _entry


class Archive:
    """An archive with its writing side open. The clock goes on an hour with each update."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self.now = path, now
        self.store = Store.open(path)

    @property
    def db(self):
        return self.store._db

    def rows(self, sql: str, *values: object) -> list[tuple]:
        return self.db.execute(sql, list(values)).fetchall()

    def value(self, sql: str, *values: object) -> object:
        return self.rows(sql, *values)[0][0]

    def column(self, sql: str, *values: object) -> list:
        return [row[0] for row in self.rows(sql, *values)]

    def follow(self, url: str = FEED, *, origin: str = "command", **wanted: object) -> int:
        return self.store.follow(Following(url=url, **wanted), origin=origin, now=self.now)  # type: ignore[arg-type]

    def apply(
        self,
        feed_id: int,
        *changes: EntryChange,
        events=(),
        facts=None,
        hold=None,
        seen=(),
        marking=None,
        **fetch: object,
    ) -> int:
        """Write an update of these changes; `facts` and `fetch` override what a plain success has."""
        self.now += timedelta(hours=1)
        record = {
            "started_at": self.now,
            "duration_ms": 20,
            "request_url": FEED,
            "outcome": Outcome.NEW,
            "status": 200,
            "entries_seen": len(changes),
            "entries_new": sum(change.kind is ChangeKind.NEW for change in changes),
        }
        facts = FACTS | {"next_fetch_at": self.now + timedelta(hours=1)} | (facts or {})
        update = FeedUpdate(
            feed_id=feed_id,
            fetch=FetchRecord(**(record | fetch)),  # type: ignore[arg-type]
            facts=FeedFacts(**facts),
            changes=changes,
            events=events,
            hold=hold,
            seen=seen,
            marking=marking,
        )
        with nullcontext() if self.db.conn.in_transaction else self.store.transaction():
            return self.store.apply(update)

    def add(self, feed_id: int, *entries: PreparedEntry, post_id: int | None = None) -> int:
        """Archive new entries, each a post of its own or all of them of one; return the last one's id."""
        link = PostLink(rule="url" if post_id else "first", confidence=1.0, post_id=post_id)
        changes = [EntryChange(kind=ChangeKind.NEW, entry=one, revision=1, link=link) for one in entries]
        self.apply(feed_id, *changes)
        return int(self.value("SELECT max(id) FROM entries"))

    def post_of(self, entry_id: int) -> int:
        return int(self.value("SELECT post_id FROM entries WHERE id = ?", entry_id))

    def change(self, feed_id: int, entry_id: int, entry: PreparedEntry | None, **change: object) -> int:
        """Apply one change to a known entry: a revision, unless `kind` says otherwise."""
        kind = change.pop("kind", ChangeKind.REVISED)
        if kind is ChangeKind.REVISED:
            change["revision"] = 1 + int(self.value("SELECT revision FROM entries WHERE id = ?", entry_id))
        return self.apply(feed_id, EntryChange(kind=kind, entry=entry, known_id=entry_id, **change))  # type: ignore[arg-type]

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        with Reader.open(self.path) as reader:
            yield reader

    def check_index(self) -> None:
        """Raise where the full-text index and the texts differ."""
        self.db.execute("INSERT INTO posts_fts (posts_fts, rank) VALUES ('integrity-check', 1)")

    def count_steps(self, work: Callable[[], object]) -> int:
        """How many steps SQLite's virtual machine takes for some work, in tens."""
        ticks = 0

        def tick() -> int:
            nonlocal ticks
            ticks += 1
            return 0

        self.db.conn.set_progress_handler(tick, 10)
        try:
            work()
        finally:
            self.db.conn.set_progress_handler(None, 0)
        return ticks


@pytest.fixture
def archive(tmp_path: Path, noon: datetime) -> Iterator[Archive]:
    archive = Archive(tmp_path / "archive.db", noon)
    yield archive
    archive.store.close()
