"""What an archive says of a scripted feed that it followed, to be compared with the site's own ledger."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from archiver.config import FetchSettings, ScheduleSettings
from archiver.fetch import Fetcher
from archiver.pipeline import Pipeline
from archiver.store import Following
from archiver.workers import Workers
from archiver.writer import Writer

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


_BUT_MARKS = {
    "marks": "WHERE false",
    "seals": "WHERE about NOT IN ('marks', '_sqlite_migrations')",
    "_sqlite_migrations": "WHERE false",
}
"""What two archives with the same story differ in: what they know entries by, and when they were made."""


class Account:
    """What an archive says of a site's feed, in the words of the ledger."""

    def __init__(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        self.events = connection.execute(
            """
            SELECT events.at, events.kind, entries.title, earlier.started_at, fetches.gap_since
            FROM events JOIN fetches ON fetches.id = events.fetch_id
            LEFT JOIN entries ON entries.id = events.entry_id
            LEFT JOIN fetches AS earlier ON earlier.id = events.earlier_fetch_id
            ORDER BY events.id
            """
        ).fetchall()
        self.revisions = connection.execute(
            """
            SELECT entries.id, revisions.seen_at, revisions.title,
                coalesce(revisions.content, revisions.summary)
            FROM revisions JOIN entries ON entries.id = revisions.entry_id
            ORDER BY entries.id, revisions.revision
            """
        ).fetchall()
        self.fetches = connection.execute("SELECT count(*) FROM fetches").fetchone()[0]
        self.feed = connection.execute("SELECT title, current_url, suspect_since FROM feeds").fetchone()
        self.aliases = connection.execute("SELECT count(*) FROM aliases").fetchone()[0]
        self.churning = connection.execute("SELECT count(*) FROM entries WHERE churn IS NOT NULL").fetchone()[
            0
        ]
        self.kinds = {kind for _, kind, *_ in self.events}
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '*s_fts_*'"
        ).fetchall()
        self.tables = {
            name: connection.execute(f"SELECT * FROM {name} {_BUT_MARKS.get(name, '')}").fetchall()
            for (name,) in names
        }
        connection.close()

    def lines(self) -> list[str]:
        """The events that a ledger has too."""
        lines = []
        for at, kind, title, earlier, gap_since in self.events:
            line = f"{_day(at)} {kind}"
            if kind == "withdrawn":
                line += f" {title.split()[1]}, missing on {_day(earlier)}"
            elif kind == "returned":
                line += f" {title.split()[1]}"
            elif kind == "gap":
                line += f" since {_day(gap_since)}"
            elif kind not in ("failing", "gone", "recovered", "suspect", "itself_again", "moved"):
                continue
            lines.append(line)
        return lines

    def versions(self) -> dict[str, list[tuple[int, str, str]]]:
        """Of each entry: day, title and text of its versions; a second entry of a post is named `a (2)`."""
        names: dict[int, str] = {}
        versions: dict[str, list[tuple[int, str, str]]] = {}
        for entry_id, seen_at, title, content in self.revisions:
            if entry_id not in names:
                name = title if title.startswith("Casino") else title.split()[1]
                count = sum(other.split(" (")[0] == name for other in names.values())
                names[entry_id] = f"{name} ({count + 1})" if count else name
            text = content.partition("</p>")[0].removeprefix("<p>")
            told = versions.setdefault(names[entry_id], [])
            if not told or told[-1][1:] != (title, text):
                told.append((_day(seen_at), title, text))
        return versions


def _day(at: str) -> int:
    return (datetime.fromisoformat(at) - START).days


@dataclass
class Played:
    """Both accounts of one script."""

    ledger: Any
    account: Account

    def disagreements(self) -> list[str]:
        """Every line that one has and the other has not; none is what we want."""
        told = dict(self.account.versions())
        foreign = {name for name in told if name.startswith("Casino")}
        found = [f"foreign: {name}" for name in foreign ^ self.ledger.foreign]
        own = {name: versions for name, versions in told.items() if name not in foreign}
        truth, ours = self.ledger.lines, self.account.lines()
        found += [f"not told: {line}" for line in truth if line not in ours]
        found += [f"not true: {line}" for line in ours if line not in truth]
        for name in sorted(own.keys() | self.ledger.versions.keys()):
            one, other = self.ledger.versions.get(name), own.get(name)
            if one != other:
                found.append(f"{name}: truly {one}, archived {other}")
        return found


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    with Workers(1) as pool:
        yield pool


@pytest.fixture
def play(tmp_path: Path, workers: Workers, scripted: SimpleNamespace) -> Callable[..., Played]:
    """Let a script happen to a site, and an archive follow it, asking once a day."""

    def run(script: Mapping[int, str], *, days: int = 40, by_marks: bool = True, **site: object) -> Played:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        played = scripted.Site(script, **site)
        asyncio.run(_follow(path, played, days, workers, scripted.ADDRESS, by_marks=by_marks))
        return Played(played.ledger, Account(path))

    return run


class Web(httpx.AsyncBaseTransport):
    """The web, on which there is this one site."""

    def __init__(self, site: Any) -> None:
        self.site = site

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.site.answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=Sent(answer.content))


class Sent(httpx.AsyncByteStream):
    """Bytes on their way."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content


async def _follow(
    path: Path, site: Any, days: int, workers: Workers, address: str, *, by_marks: bool
) -> None:
    fetcher = Fetcher(FetchSettings(), transport=lambda: Web(site))
    async with Writer(path) as writer, fetcher:
        await writer.run(lambda store: store.sync([Following(url=address)], now=site.now()))
        pipeline = Pipeline(
            writer=writer,
            fetcher=fetcher,
            workers=workers,
            schedule=ScheduleSettings(),
            headers={},
            clock=site.now,
            elapsed=lambda: 0.0,
            by_marks=by_marks,
        )
        for day in range(days):
            site.live(day)
            feed = await writer.run(lambda store: store.feed(1))
            await pipeline.update(feed)
            site.record()
