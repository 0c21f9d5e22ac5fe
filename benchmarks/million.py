"""The load of an archive with a million entries: what one more costs there, and what in an empty archive.

The large archive is made once and kept beside the benchmark; every run adds a little to it.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from archiver.store import Store
from benchmarks import filling
from benchmarks.feeds import START
from benchmarks.programs import Archiver, archiver
from benchmarks.results import Row, bounded
from benchmarks.synthetic import Author
from benchmarks.website import PAUSE, Website

LOAD = "million entries"
_ENTRIES = 50
"""In each of the feeds that are updated."""


@dataclass(slots=True)
class Figures:
    """What the rounds came to, in milliseconds an update."""

    whole: list[float] = field(default_factory=list)
    running: list[float] = field(default_factory=list)
    writing: list[float] = field(default_factory=list)


def measure(
    scratch: Path, cache: Path, *, entries: int, feeds: int, rounds: int, port: int, pause: float = PAUSE
) -> list[Row]:
    """Updates of feeds with 50 entries, one of them new, in turn in the large archive and in an empty one."""
    path = cache / f"{entries}-entries.db"
    size = filling.build(path, entries)
    _say(f"{LOAD}: {size}")
    archives = (archiver(scratch, name="large", archive=path), archiver(scratch, name="small"))
    figures = {program.name: Figures() for program in archives}
    author = Author()
    texts = scratch / "texts-of-fifty"
    texts.mkdir()
    (texts / "feed.xml").write_bytes(author.document(0, _ENTRIES))

    def fetch(program: Archiver, poll: int, own: Figures) -> None:
        time.sleep(pause)
        website.show(poll=poll)
        before = program.kept() if program.archive.exists() else 0
        taken, new = program.update(), program.kept() - before
        own.whole.append(1000 * taken / feeds)
        own.running.append(1000 / (website.seen().steady_rate or feeds / taken))
        _say(f"  {program.name}: {taken:.2f} s, {new} new")
        if new not in (feeds, _ENTRIES * feeds):
            _say(f"  NOTE: {new} new entries where {feeds} were shown")

    def write(program: Archiver, poll: int, own: Figures) -> None:
        own.writing.append(_writing(program.archive, author, poll, feeds))

    with Website(texts, count=feeds, port=port) as website:
        for program in archives:
            program.begin(website.addresses)
        _take_turns(path, archives, figures, rounds, fetch)
    _take_turns(path, archives, figures, rounds, write)
    large, small = figures["large"], figures["small"]
    return [
        _row("an update costs, whole process", large.whole, small.whole, f"of {feeds} updates together"),
        _row("an update costs, once running", large.running, small.running, size),
        _row("its transaction alone", large.writing, small.writing, "to look up, decide and write, synced"),
    ]


def _take_turns(
    path: Path,
    archives: tuple[Archiver, Archiver],
    figures: dict[str, Figures],
    rounds: int,
    work: Callable[[Archiver, int, Figures], None],
) -> None:
    """One round unmeasured, then so many, each a poll further and with the order turned round.

    The archive outlives this run, and no poll may come twice.
    """
    counter = path.with_suffix(f".{work.__name__}.json")
    poll = int(json.loads(counter.read_text())["poll"]) if counter.exists() else 0
    for number in range(-1, rounds):
        poll += 1
        counter.write_text(json.dumps({"poll": poll}))
        for program in archives if number % 2 == 0 else reversed(archives):
            work(program, poll, Figures() if number < 0 else figures[program.name])


def _writing(archive: Path, author: Author, poll: int, feeds: int) -> float:
    """Milliseconds that a transaction takes which archives a document of 50 entries, one of them new."""
    taken = []
    with Store.open(archive) as store:
        for feed in range(feeds):
            name = f"fifty-{feed}"
            entries = [
                entry
                for number in range(poll, max(0, poll - _ENTRIES), -1)
                for entry in author.entries(10**6 * (feed + 1) + number, 1)
            ]
            made = filling.made_of(name, [*entries, *author.entries(-feed, _ENTRIES)][:_ENTRIES])
            start = time.perf_counter()
            filling.write(store, [made], at=START + timedelta(hours=poll))
            taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(taken)


def _row(what: str, large: list[float], small: list[float], detail: str) -> Row:
    ratios = [ours / empty for ours, empty in zip(large, small, strict=True)]
    each = f"{statistics.median(large):.2f} ms against {statistics.median(small):.2f} ms; {detail}"
    return bounded(LOAD, what, ratios, "times", at_most=1.3, detail=each)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
