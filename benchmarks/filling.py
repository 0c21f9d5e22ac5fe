"""Fills archives through their own front door, with documents that were prepared here, not by the parser."""

import json
import multiprocessing
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.config import ScheduleSettings
from archiver.decide import Attempt
from archiver.identify import identify
from archiver.model import (
    Cleaned,
    EntryData,
    FeedData,
    Markup,
    ParsedFeed,
    PreparedEntry,
    PreparedFeed,
    Response,
)
from archiver.pipeline import Answer, decided
from archiver.store import Store, digest
from benchmarks.feeds import START
from benchmarks.synthetic import Author, Entry, as_rss

_PER_FEED = 200
_TOGETHER = 10
"""Feeds that are written in one transaction."""

_AHEAD = 200
"""Feeds that are made before they can be written, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A made-up document, and what the parser and the cleaner would have made of it."""

    url: str
    body: bytes
    prepared: PreparedFeed


def build(path: Path, entries: int) -> str:
    """Make an archive with so many entries, unless an earlier run has; say what there is."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        raw = path.with_suffix(".building")
        for leftover in path.parent.glob(f"{raw.name}*"):
            leftover.unlink()
        start = time.monotonic()
        _fill(raw, entries)
        raw.rename(path)
        print(f"{path.name} made in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    Store.open(path).close()  # one of an earlier release is renewed
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("entries", "feeds")]
    return f"{counts[0]} entries of {counts[1]} feeds, {path.stat().st_size / 1e9:.2f} GB"


def write(store: Store, documents: Sequence[Made], *, at: datetime) -> None:
    """Archive documents in one transaction, as updates of their feeds."""
    feeds = [store.replayed(made.url, now=at) for made in documents]
    with store.transaction():
        for feed, made in zip(feeds, documents, strict=True):
            response = Response(request_url=feed.url, final_url=feed.url, status=200, body=made.body)
            attempt = Attempt(started_at=at, duration_ms=1, request_url=feed.url)
            answer = Answer(response=response, sha256=digest(made.body), read=made.prepared)
            store.apply(decided(store, feed, attempt, answer, ScheduleSettings()))


def made_of(name: str, entries: Sequence[Entry]) -> Made:
    """A document with these entries, read."""
    read = list(_read(entries))
    prepared = tuple(
        PreparedEntry(data=data, cleaned=cleaned, identity=identity)
        for (data, cleaned), identity in zip(read, identify(read), strict=True)
    )
    parsed = ParsedFeed(
        feed=FeedData(title=name), entries=tuple(data for data, _ in read), format="rss20", charset="utf-8"
    )
    return Made(
        url=f"https://{name}.example/feed",
        body=as_rss(name, entries),
        prepared=PreparedFeed(parsed=parsed, entries=prepared),
    )


def _fill(path: Path, entries: int) -> None:
    with Store.open(path) as store, multiprocessing.get_context("spawn").Pool(2) as pool:
        store._db.execute("PRAGMA synchronous = OFF")  # a benchmark's archive may be made anew
        waiting: list[Made] = []
        count = -(-entries // _PER_FEED)
        ahead = threading.Semaphore(_AHEAD)

        def seeds() -> Iterator[int]:
            for seed in range(1, 1 + count):
                ahead.acquire()
                yield seed

        try:
            for number, made in enumerate(pool.imap(_feed, seeds()), start=1):
                waiting.append(made)
                if len(waiting) == _TOGETHER or number == count:
                    write(store, waiting, at=START)
                    ahead.release(len(waiting))
                    waiting = []
                if number % 500 == 0:
                    print(f"{path.name}: {number * _PER_FEED} entries", file=sys.stderr, flush=True)
        finally:
            ahead.release(count)  # whoever hands out seeds must not wait for ever


_AUTHORS: list[Author] = []


def _feed(seed: int) -> Made:
    if not _AUTHORS:  # once a process: to collect the words takes a second
        _AUTHORS.append(Author())
    return made_of(f"site-{seed}", tuple(_AUTHORS[0].entries(seed, _PER_FEED)))


def _read(entries: Sequence[Entry]) -> Iterator[tuple[EntryData, Cleaned]]:
    for position, entry in enumerate(entries):
        yield (
            EntryData(
                position=position, guid=entry.url, url=entry.url, title=entry.title,
                published_at=entry.published_at,
                published_raw=f"{entry.published_at:%a, %d %b %Y %H:%M:%S} GMT",
                summary=Markup(value=entry.html), reading=json.dumps({"id": entry.url, "title": entry.title}),
            ),
            Cleaned(
                summary_html=entry.html, content_html=None, content_text="\n".join(entry.paragraphs),
                language=None, language_source=None, is_excerpt=False,
            ),
        )  # fmt: skip
