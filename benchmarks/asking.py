"""What answers cost in a large archive: searches, pages, and the memory of the program that serves them.

Questions are made of the words of the archive's own posts, as common and as rare as those are in them.
"""

import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.error import URLError
from urllib.parse import quote_plus

import archiver
from benchmarks import filling
from benchmarks.results import Row, bounded
from benchmarks.scheduled import resident
from benchmarks.synthetic import Author, Entry

LOAD = "asking"
SEARCH_MS, PAGE_MS = 50, 100
"""What 19 of 20 answers may take, says the issue."""
_WARM = 3
"""Answers of each kind that are not counted, as of a program that has just begun."""
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of question, and how to make one from the words of a post and of its title."""

    name: str
    made: Callable[[Sequence[str], Sequence[str], Random], str]


KINDS = (
    Kind("a word", lambda text, _, chance: chance.choice(text)),
    Kind("two words", lambda text, _, chance: " ".join(chance.sample(text, 2))),
    Kind("three words", lambda text, _, chance: " ".join(chance.sample(text, 3))),
    Kind("a phrase", lambda text, _, chance: f'"{" ".join(_neighbours(text, chance))}"'),
    Kind("OR", lambda text, _, chance: " OR ".join(chance.sample(text, 2))),
    Kind("without", lambda text, _, chance: " -".join(chance.sample(text, 2))),
    Kind("a beginning", lambda text, _, chance: f"{chance.choice(text)[:4]}*"),
    Kind("title:", lambda _, title, chance: f"title:{chance.choice(title)}"),
    Kind("after:", lambda text, _, chance: f"{chance.choice(text)} after:2024"),
    Kind("feed:", lambda text, _, chance: f"{chance.choice(text)} feed:{chance.randint(1, 400)}"),
)


def measure(scratch: Path, cache: Path, *, entries: int, each: int, port: int) -> list[Row]:
    """Searches in this process, then pages of `archiver serve`, so many of each kind."""
    path = cache / f"{entries}-entries.db"
    size = filling.build(path, entries)
    print(f"{LOAD}: {size}", file=sys.stderr, flush=True)
    author, feeds = Author(), max(entries // 200, 1)
    return [
        *_searches(path, author, feeds, each, size),
        *_pages(scratch, path, author, entries, each, port),
    ]


# ---------------------------------------------------------------- searches


def _searches(path: Path, author: Author, feeds: int, each: int, size: str) -> list[Row]:
    taken: dict[str, list[float]] = {}
    with archiver.open(path) as archive:
        for kind in KINDS:
            asked = _questions(kind, author, feeds, each + _WARM)
            taken[kind.name] = [_milliseconds(lambda one=one: archive.search(one)) for one in asked][_WARM:]
    every = [one for some in taken.values() for one in some]
    worst = max(taken, key=lambda name: _p95(taken[name]))
    detail = f"median {statistics.median(every):.1f} ms of {len(every)}; {size}"
    return [
        bounded(LOAD, "search, p95", [_p95(every)], "ms", at_most=SEARCH_MS, detail=detail),
        bounded(LOAD, f"search, p95 of {worst}", [_p95(taken[worst])], "ms", detail="the slowest kind"),
    ]


def _questions(kind: Kind, author: Author, feeds: int, count: int) -> list[str]:
    chance = Random(kind.name)
    return [_question(kind, _post(author, feeds, chance), chance) for _ in range(count)]


def _question(kind: Kind, post: Entry, chance: Random) -> str:
    text = " ".join(post.paragraphs).replace(".", "").lower().split()
    return kind.made(text, post.title.lower().split(), chance)


def _post(author: Author, feeds: int, chance: Random) -> Entry:
    return next(iter(author.entries(chance.randint(1, feeds), 1)))


def _neighbours(words: Sequence[str], chance: Random) -> Sequence[str]:
    at = chance.randrange(len(words) - 1)
    return words[at : at + 2]


# ---------------------------------------------------------------- pages


def _pages(scratch: Path, path: Path, author: Author, entries: int, each: int, port: int) -> list[Row]:
    rows: list[Row] = []
    with _served(scratch, path, port) as (base, pid):
        first = 0.0
        for name, addresses in _addresses(author, entries, each + _WARM).items():
            taken = [_milliseconds(lambda one=one: _get(base + one)) for one in addresses][_WARM:]
            detail = f"median {statistics.median(taken):.1f} ms of {len(taken)}"
            rows.append(bounded(LOAD, f"{name}, p95", [_p95(taken)], "ms", at_most=PAGE_MS, detail=detail))
            first = first or resident(pid)
        last = resident(pid)
    after = f"{first / 1e6:.0f} MB after the pages of the first kind"
    rows.append(bounded(LOAD, "memory of the server", [last / 1e6], "MB", detail=after))
    return rows


def _addresses(author: Author, entries: int, count: int) -> dict[str, list[str]]:
    """By kind of page, so many addresses."""
    chance, feeds = Random(1), max(entries // 200, 1)
    asked = [quote_plus(one) for one in _questions(KINDS[1], author, feeds, count)]
    feed_ids = [chance.randint(1, feeds) for _ in range(count)]
    post_ids = [chance.randint(1, entries) for _ in range(count)]
    older = [chance.randint(1, max(entries // 100 - 1, 1)) for _ in range(count)]
    return {
        "home": ["/"] * count,
        "all feeds": ["/feeds"] * count,
        "changes": ["/changes"] * count,
        "a feed": [f"/feed/{one}" for one in feed_ids],
        "a log of fetches": [f"/feed/{one}/fetches" for one in feed_ids],
        "a post": [f"/post/{one}" for one in post_ids],
        "search page": [f"/search?q={one}" for one in asked],
        "search as JSON": [f"/search.json?q={one}" for one in asked],
        "newest as Atom": ["/out/all.atom"] * count,
        "older as Atom": [f"/out/all.atom?page={one}" for one in older],
        "a feed as Atom": [f"/out/feed/{one}.atom" for one in feed_ids],
    }


@contextmanager
def _served(scratch: Path, path: Path, port: int) -> Iterator[tuple[str, int]]:
    """The address of the pages, and the number of the process that serves them."""
    command = [sys.executable, "-m", "archiver", "--archive", str(path), "serve", "--port", str(port)]
    with (scratch / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        base = f"http://127.0.0.1:{port}"
        try:
            _wait(base, process)
            yield base, process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=_PATIENCE)


def _wait(base: str, process: subprocess.Popen[bytes]) -> None:
    begun = time.monotonic()
    while True:
        try:
            _get(base + "/feeds?words=nothing")
        except URLError:
            if process.poll() is not None or time.monotonic() > begun + _PATIENCE:
                raise
            time.sleep(0.1)
        else:
            return


def _get(address: str) -> None:
    with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
        answer.read()


# ---------------------------------------------------------------- figures


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - start)


def _p95(values: Sequence[float]) -> float:
    """What 19 of 20 values do not exceed."""
    return sorted(values)[max(0, -(-len(values) * 19 // 20) - 1)]
