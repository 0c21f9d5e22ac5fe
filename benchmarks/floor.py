"""What the first archiving of a corpus takes at least: its documents read, and prepared, and nothing else.

No server, no archive, no start: as many processes as there are processors, which are ready before the clock
runs and throw away what they find. Who is quicker than this does not read what we read.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from archiver.errors import ParseError
from archiver.model import ParseOptions
from archiver.parse import parse
from archiver.prepare import prepare
from benchmarks import feeds
from benchmarks.results import Row, bounded

_PARTS: dict[str, tuple[Callable[[bytes, ParseOptions], object], str]] = {
    "reading alone": (parse, "feedparser and what is before it"),
    "reading, cleaning, recognising": (prepare, "all that workers do"),
}


def measure(load: str, corpus: Path, *, rounds: int) -> list[Row]:
    """A row for each part of the work."""
    documents = sorted(map(bytes, feeds.read(corpus)), key=len, reverse=True)
    processes = os.cpu_count() or 1
    rows = []
    # The largest first, one at a time to each: neither is idle at the end.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("forkserver")) as pool:
        for part, (_, what) in _PARTS.items():
            list(pool.map(_do, [part] * len(documents), documents))  # whatever is loaded late, is loaded
            seconds = []
            for _ in range(rounds):
                start = time.monotonic()
                list(pool.map(_do, [part] * len(documents), documents))
                seconds.append(time.monotonic() - start)
            rows.append(bounded(load, f"  {part}", seconds, "s", detail=f"{what}, in {processes} processes"))
    return rows


def _do(part: str, document: bytes) -> None:
    try:
        _PARTS[part][0](document, ParseOptions())
    except ParseError:
        return
