"""Archives that update, replay and export as the program does, with a clock under the test's hand."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archiver import decide
from archiver.config import FetchSettings, ScheduleSettings
from archiver.consult import consult
from archiver.export.warc import write_warc
from archiver.fetch import Fetcher
from archiver.model import ParseOptions, Response
from archiver.pipeline import Pipeline
from archiver.prepare import prepare
from archiver.replay import Replayed, documents, replay_all
from archiver.store import Chosen, Following, Reader, Store, digest
from archiver.times import to_text
from archiver.workers import Workers
from archiver.writer import Writer

SETTINGS = FetchSettings(allowed_networks=("127.0.0.1",), per_host_spacing=0)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as pool:
        yield pool


FEED = "https://example.org/feed"


class Archive:
    """An archive file; its clock goes on an hour with each update."""

    def __init__(self, path: Path, workers: Workers, now: datetime) -> None:
        self.path, self.workers, self.now = path, workers, now

    @contextlib.asynccontextmanager
    async def _pipeline(self):
        async with Writer(self.path) as writer, Fetcher(SETTINGS) as fetcher:
            yield (
                writer,
                Pipeline(
                    writer=writer,
                    fetcher=fetcher,
                    workers=self.workers,
                    schedule=ScheduleSettings(),
                    headers={},
                    clock=lambda: self.now,
                ),
            )

    def update(self, *urls: str) -> None:
        """Follow these feeds, if that is not so yet, and update them one after another."""

        async def work() -> None:
            self.now += timedelta(hours=1)
            async with self._pipeline() as (writer, pipeline):
                for url in urls:
                    known = await writer.run(lambda store: {row[0] for row in store.known_feeds()})
                    if url not in known:
                        wanted = Following(url=url, tags=("news",))
                        await writer.run(lambda store: store.follow(wanted, origin="command", now=self.now))  # noqa: B023
                    feed = await writer.run(lambda store: store.feed(store.find_feed(url)))  # noqa: B023
                    await pipeline.update(feed)

        asyncio.run(work())

    def replay(self, *paths: Path, max_bytes: int = 2**20) -> Replayed:
        """Replay files."""

        async def work() -> Replayed:
            async with self._pipeline() as (writer, pipeline):
                found = documents(paths, url=None)
                return await replay_all(
                    pipeline, writer, found, at=None, max_bytes=max_bytes, report=lambda updated: None
                )

        return asyncio.run(work())

    def export(self, path: Path, **chosen: object) -> Path:
        """Write the archive as a WARC file."""
        with Reader.open(self.path) as reader, path.open("wb") as out:
            write_warc(
                reader,
                out,
                Chosen(**chosen),  # type: ignore[arg-type]
                at=to_text(self.now),
                filename=path.name,
                gzip=path.suffix == ".gz",
            )
        return path

    def log(self) -> list[dict[str, object]]:
        """The fetches, with secrets as they may be shown."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute("SELECT * FROM fetches ORDER BY id")]
        return [
            {
                k: v.replace("secret", "…") if isinstance(v, str) else v
                for k, v in r.items()
                if k != "checksum"
            }
            for r in rows
        ]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture
def make_archive(tmp_path, workers, noon) -> Callable[[str], Archive]:
    return lambda name: Archive(tmp_path / f"{name}.db", workers, noon)


class Crawl:
    """A WARC file as another crawler writes it, record by record."""

    def __init__(self, *, packed: bool = True, version: str = "1.0") -> None:
        self.out = BytesIO()
        self.writer = WARCWriter(self.out, gzip=packed, warc_version=version)
        self.starts: list[int] = []

    def add(
        self,
        kind: str,
        uri: str,
        body: bytes | str = b"",
        *,
        at: str = "2024-05-01T10:00:00Z",
        status: str = "200 OK",
        protocol: str = "HTTP/1.1",
        headers: dict[str, str] | None = None,
        http: bool = True,
        **fields: str,
    ) -> "Crawl":
        raw = body.encode() if isinstance(body, str) else body
        self.starts.append(self.out.tell())
        record = self.writer.create_warc_record(
            uri,
            kind,
            payload=BytesIO(raw) if raw else None,
            length=len(raw),
            http_headers=StatusAndHeaders(status, list((headers or {}).items()), protocol=protocol)
            if http
            else None,
            warc_headers_dict={"WARC-Date": at}
            | {name.replace("_", "-"): value for name, value in fields.items()},
        )
        self.writer.write_record(record)
        return self

    def response(self, body: bytes | str = b"", uri: str = FEED, **more: object) -> "Crawl":
        return self.add("response", uri, body, **more)  # type: ignore[arg-type]

    @property
    def data(self) -> bytes:
        return self.out.getvalue()

    def save(self, path: Path, data: bytes | None = None) -> Path:
        path.write_bytes(self.data if data is None else data)
        return path


@pytest.fixture
def new_crawl() -> type[Crawl]:
    """A new WARC file, to be filled."""
    return Crawl


@pytest.fixture
def warc(tmp_path) -> Path:
    return tmp_path / "crawl.warc.gz"


class Told:
    """An archive that is told documents, without workers or network: one fetch each."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fetch(self, url: str, document: str, at: datetime, *, name: str | None = None) -> "Told":
        """Archive a document as the answer of this feed at this time."""
        body = document.encode()
        with Store.open(self.path) as store:
            feed_id = store.follow(Following(url=url, name=name, tags=("news",)), origin="command", now=at)
            feed = store.feed(feed_id)
            attempt = decide.Attempt(started_at=at, duration_ms=20, request_url=feed.url)
            response = Response(request_url=feed.url, final_url=feed.url, status=200, body=body)
            with store.transaction():
                read = prepare(body, ParseOptions(url=feed.url))
                known = consult(store, feed, response, digest(body), read)
                store.apply(decide.understood(feed, attempt, known, ScheduleSettings()))
        return self

    def __fspath__(self) -> str:
        return str(self.path)


@pytest.fixture
def told(tmp_path) -> Told:
    """An empty archive that can be told documents."""
    return Told(tmp_path / "told.db")
