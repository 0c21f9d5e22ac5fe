"""Builders that every room's tests share: values with defaults, so that a test names only what matters."""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from archiver.changes import FetchRecord
from archiver.clean import clean
from archiver.config import FetchSettings, ScheduleSettings
from archiver.errors import NotFound
from archiver.fetch import Fetcher
from archiver.identify import identify
from archiver.model import (
    EntryData,
    FeedForUpdate,
    FeedState,
    KnownEntry,
    Markup,
    PreparedEntry,
)
from archiver.pipeline import Pipeline, Updated
from archiver.store import Following, Store
from archiver.workers import Workers
from archiver.writer import Writer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

LOOPBACK = FetchSettings(allowed_networks=("127.0.0.1",), per_host_spacing=0)
"""Sites of tests are on this machine, where the guard lets nobody go unasked."""


@pytest.fixture
def noon() -> datetime:
    """The time at which tests take place unless they say otherwise."""
    return NOON


@pytest.fixture
def feed_row() -> Callable[..., FeedForUpdate]:
    """A feed as the archive hands it out for an update."""

    def build(**columns: object) -> FeedForUpdate:
        defaults = {
            "id": 1,
            "url": "https://example.org/feed",
            "current_url": "https://example.org/feed",
            "state": FeedState.ACTIVE,
            "format": "rss20",
        }
        return FeedForUpdate(**(defaults | columns))  # type: ignore[arg-type]

    return build


@pytest.fixture
def document() -> Callable[..., tuple[PreparedEntry, ...]]:
    """Entries of one document, cleaned and identified by the real rooms; each is named by one letter or word.

    `document("a", "b")` has two entries, the newest first, each with its own guid, link, title, text, date.
    A dict overrides fields of EntryData: `document({"name": "a", "title": "Changed"})`.
    """

    def build(*names: str | dict[str, object]) -> tuple[PreparedEntry, ...]:
        entries = []
        for position, given in enumerate(names):
            fields = dict(given) if isinstance(given, dict) else {"name": given}
            name = str(fields.pop("name", position))
            defaults = {
                "guid": f"tag:example.org,2026:{name}",
                "url": f"https://example.org/{name}",
                "title": f"Story {name}",
                "published_at": datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=-position),
                "published_raw": "some day",
                "content": Markup(value=f"<p>This is the long text of the story called {name}.</p>"),
            }
            entries.append(EntryData(position=position, **(defaults | fields)))  # type: ignore[arg-type]
        cleaned = [clean(entry) for entry in entries]
        identities = identify(list(zip(entries, cleaned, strict=True)))
        return tuple(
            PreparedEntry(data=data, cleaned=one, identity=identity)
            for data, one, identity in zip(entries, cleaned, identities, strict=True)
        )

    return build


@pytest.fixture
def known_from() -> Callable[..., tuple[KnownEntry, ...]]:
    """The archive's knowledge of a document's entries, as if it had been archived an hour ago."""

    def build(entries: tuple[PreparedEntry, ...], **columns: object) -> tuple[KnownEntry, ...]:
        return tuple(
            KnownEntry(
                **(
                    {
                        "id": 100 + entry.data.position,
                        "rung": entry.identity.rung,
                        "key": entry.identity.key,
                        "guid": entry.data.guid,
                        "url": entry.data.url,
                        "url_key": entry.identity.url_key,
                        "title": entry.data.title,
                        "title_key": entry.identity.title_key,
                        "published_at": entry.data.published_at,
                        "content_sha256": entry.identity.content_sha256,
                        "content_text": entry.cleaned.content_text,
                        "revision": 1,
                        "aliases": (),
                        "present": True,
                        "first_seen_at": NOON - timedelta(hours=1),
                    }
                    | columns
                )  # type: ignore[arg-type]
            )
            for entry in entries
        )

    return build


@dataclass
class Page:
    """What the site answers at one address."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hold: threading.Event | None = None
    """The answer waits until this is set: a slow server under the test's hand, and no sleep."""
    length: int | None = None
    """What the server says that the body has, before it closes; None: the truth."""


@dataclass
class Site:
    """A real web server on loopback, whose pages the test writes and whose requests it can read."""

    origin: str
    pages: dict[str, Page] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def serve(self, path: str, body: bytes | str = b"", **page: object) -> str:
        """Put a page there; return its address."""
        raw = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(body=raw, **page)  # type: ignore[arg-type]
        return self.origin + path


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server on a free loopback port; to those who know a page's `ETag` it answers 304."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            served.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            page = served.pages.get(self.path, Page(status=404, body=b"not here"))
            if page.hold is not None:
                page.hold.wait(30)
            etag = page.headers.get("ETag")
            known = etag is not None and self.headers.get("If-None-Match") == etag
            self.send_response(304 if known else page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            if not known:
                self.send_header("Content-Length", str(page.length or len(page.body)))
            self.end_headers()
            self.close_connection = self.close_connection or page.length is not None
            if not known:
                self.wfile.write(page.body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Site(origin=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        for page in served.pages.values():
            if page.hold is not None:
                page.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def rss() -> Callable[..., str]:
    """An RSS 2.0 document of named stories, newest first: `rss("c", "b", "a", texts={"b": "changed"})`."""

    def build(*names: str, title: str = "Example", texts: dict[str, str] | None = None) -> str:
        told = texts or {}
        items = "".join(
            f"<item><title>Story {escape(name)}</title><link>https://example.org/{escape(name)}</link>"
            f"<guid isPermaLink='false'>{escape(name)}</guid>"
            f"<pubDate>{format_datetime(NOON - timedelta(days=30) + timedelta(hours=ord(name[0])))}</pubDate>"
            f"<description>{escape(told.get(name, f'<p>All of story {name}.</p>'))}</description></item>"
            for name in names
        )
        return f"<rss version='2.0'><channel><title>{escape(title)}</title>{items}</channel></rss>"

    return build


class Live:
    """An archive that lives through a script: a real file and real workers; an hour passes with each step."""

    def __init__(self, path: Path, workers: Workers, now: datetime) -> None:
        self.path, self.workers, self.now = path, workers, now

    def update(self, url: str) -> FetchRecord:
        """Follow a feed, if it is not yet, and fetch it."""
        return self._run(lambda pipeline, writer: self._update(pipeline, writer, url))

    def replay(self, url: str, body: bytes | str, *, kind: str | None = None) -> FetchRecord:
        """Replay a document, as if it had come now."""
        raw = body.encode() if isinstance(body, str) else body
        return self._run(lambda pipeline, writer: pipeline.replay(url, raw, kind=kind, at=self.now))

    def order(self, work: Callable[[Store, datetime], object]) -> None:
        """Let a person do something to the archive, such as `store.pause(1, now=now)`."""
        self.now += timedelta(hours=1)
        with Store.open(self.path) as store:
            work(store, self.now)

    async def _update(self, pipeline: Pipeline, writer: Writer, url: str) -> Updated:
        def feed(store: Store) -> FeedForUpdate:
            try:
                return store.feed(store.find_feed(url))
            except NotFound:
                return store.feed(store.follow(Following(url=url), origin="command", now=self.now))

        return await pipeline.update(await writer.run(feed))

    def _run(self, work: Callable[[Pipeline, Writer], Awaitable[Updated]]) -> FetchRecord:
        self.now += timedelta(hours=1)

        async def run() -> Updated:
            async with Writer(self.path) as writer, Fetcher(LOOPBACK) as fetcher:
                pipeline = Pipeline(
                    writer=writer,
                    fetcher=fetcher,
                    workers=self.workers,
                    schedule=ScheduleSettings(),
                    headers={},
                    clock=lambda: self.now,
                )
                return await work(pipeline, writer)

        return asyncio.run(run()).fetch

    def rows(self, sql: str) -> list[tuple]:
        """Ask the file."""
        db = sqlite3.connect(self.path)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def tables(self) -> dict[str, list[tuple]]:
        """All that the file holds, table by table; of the index what it finds, not how SQLite packs it."""
        names = [
            name
            for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            if not name.startswith(("posts_fts_", "revisions_fts_"))
        ]
        found = {name: sorted(self.rows(f"SELECT * FROM {name}"), key=repr) for name in names}
        return found | {"schema": self.rows("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 2")}


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """One worker process for the whole run: to start one takes longer than most tests."""
    with Workers(1) as pool:
        yield pool


@pytest.fixture
def live(tmp_path: Path, workers: Workers) -> Callable[..., Live]:
    """`live("ours")`: an archive of that name to live through a script, from NOON on."""

    def begin(name: str = "archive", *, now: datetime = NOON, workers: Workers = workers) -> Live:
        return Live(tmp_path / name / "archive.db", workers, now)

    return begin
