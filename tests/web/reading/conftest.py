"""Pages as a visitor gets them, answered in the house, and an archive of edited, odd and foreign posts."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from archiver.web.asking import Answer, Pages
from archiver.web.routes import routes

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

Get = Callable[..., Answer]


@pytest.fixture
def visit() -> Iterator[Callable[[Path], Get]]:
    """`visit(archive, base)` gives `get(address, **headers)`, which answers as the server does."""
    opened: list[Pages] = []

    def begin(archive: Path, base: str = "http://archive.test") -> Get:
        pages = Pages(archive, clock=lambda: NOW)
        opened.append(pages)

        def get(address: str, **headers: str) -> Answer:
            parts = urlsplit(address)
            for pattern, page in routes():
                match = re.match(pattern, parts.path)
                if match:
                    return asyncio.run(
                        pages.answer(
                            page,
                            path=parts.path,
                            query=parts.query,
                            values={
                                name: unquote(value)
                                for name, value in match.groupdict().items()
                                if value is not None
                            },
                            headers={name.replace("_", "-"): value for name, value in headers.items()},
                            base=base,
                        )
                    )
            raise AssertionError(f"no page {address}")

        return get

    yield begin
    for pages in opened:
        pages.close()


def item(guid: str, title: str | None, text: str, *, date: str | None = None, more: str = "") -> str:
    """An item of RSS; the text is escaped here."""
    named = f"<title>{title}</title>" if title is not None else ""
    dated = f"<pubDate>{date}</pubDate>" if date else ""
    return (
        f"<item>{named}<link>https://example.org/{guid}</link><guid isPermaLink='false'>{guid}</guid>{dated}"
        f"<description><![CDATA[{text}]]></description>{more}</item>"
    )


def channel(*items: str, title: str = "The Post", language: str = "en") -> str:
    """A document of RSS 2.0."""
    return (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
        f"<title>{title}</title><link>https://example.org/</link><language>{language}</language>"
        f"{''.join(items)}</channel></rss>"
    )


@pytest.fixture
def items() -> Callable[..., str]:
    """`items("guid", "Title", "<p>Text</p>", date=…)`: an item of RSS."""
    return item


@pytest.fixture
def rss_of() -> Callable[..., str]:
    """`rss_of(item, item, title=…, language=…)`: a document of RSS."""
    return channel


@pytest.fixture(scope="session")
def grown(tmp_path_factory) -> Path:
    """An archive of one feed with 250 entries, which no test may change."""
    from archiver.cli import cli

    folder = tmp_path_factory.mktemp("grown")
    (folder / "feed.xml").write_text(stories(250), "utf-8")
    arguments = [
        "replay",
        "--at",
        "2026-03-01T08:00:00Z",
        "--url",
        "https://example.org/feed",
        str(folder / "feed.xml"),
    ]
    with pytest.raises(SystemExit) as end:
        cli.main(["--archive", str(folder / "archive.db"), *arguments], standalone_mode=False)
    assert not end.value.code
    return folder / "archive.db"


def stories(count: int, **texts: str) -> str:
    """A document of so many stories, the newest first; `s7="…"` gives the seventh another text."""
    return channel(
        *(
            item(
                f"https://example.org/id/{number}",
                f"Story {number}",
                texts.get(f"s{number}", f"<p>Text {number}.</p>"),
                date=f"Mon, {1 + number % 28:02} Feb 2026 {number // 28:02}:00:00 GMT",
            )
            for number in range(count, 0, -1)
        )
    )


@pytest.fixture
def growing(grown, live) -> tuple[object, Callable[..., None]]:
    """A copy of that archive, and what publishes more: `publish(300, s7="…")`."""
    archive = live("growing")
    archive.path.parent.mkdir()
    shutil.copy(grown, archive.path)

    def publish(count: int, **texts: str) -> None:
        archive.replay("https://example.org/feed", stories(count, **texts))

    return archive, publish


@pytest.fixture
def serve() -> Callable[[Path], AbstractContextManager[str]]:
    """`with serve(archive) as address`: the real server on loopback."""

    @contextmanager
    def serving(archive: Path) -> Iterator[str]:
        command = [sys.executable, "-m", "archiver", "--archive", str(archive), "serve", "--port", "0"]
        process = subprocess.Popen(command, cwd=archive.parent, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            told = process.stderr.readline()
            found = re.search(r"http://\S+[0-9]", told)
            assert found, told
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=20)

    return serving
