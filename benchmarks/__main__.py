"""One command for all loads: `python -m benchmarks [--quick] [LOAD …]`. See docs/benchmarks.md."""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import asking, exporting, feeds, filling, floor, million, polls, scheduled
from benchmarks.programs import archiver, peers
from benchmarks.results import Row, skipped, table
from benchmarks.website import ROOT

CACHE = Path(__file__).with_name(".cache")
PEERS = ("reader", "newsboat", "sfeed")
LOADS = ("unchanged", "same", "new", "first", "scheduled", "million", "asking", "export")


def main() -> None:
    """Measure, then print the table."""
    chosen = _options()
    CACHE.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="run-", dir=CACHE))
    rows: list[Row] = []
    try:
        for name in chosen.loads or LOADS:
            rows += _measurements(chosen, scratch)[name]()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(table(rows))
    print(f"\n{_machine()}")
    if chosen.json:
        told = {"machine": _machine(), "quick": chosen.quick, "rows": [row.as_json() for row in rows]}
        chosen.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.exit(1 if any(row.met is False for row in rows) and chosen.strict else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("loads", nargs="*", metavar="LOAD", help=f"of {', '.join(LOADS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="smaller numbers: minutes instead of an hour")
    parser.add_argument("--corpus", type=Path, default=ROOT.parent / "shared" / "corpus", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, help="how often each program is run (default: 5; quick: 3)")
    parser.add_argument("--feeds", type=int, help="how many feeds the first three loads have")
    parser.add_argument("--entries", type=int, help="how many entries the large archive has")
    parser.add_argument("--at-a-time", type=int, default=8, help="workers, threads, jobs of the peers")
    parser.add_argument("--without", action="append", default=[], choices=PEERS, help="leave a peer out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--port", type=int, default=18477, help="the server's, on loopback")
    parser.add_argument("--strict", action="store_true", help="exit with 1 if a goal was not met")
    chosen = parser.parse_args()
    if unknown := set(chosen.loads) - set(LOADS):
        parser.error(f"{', '.join(sorted(unknown))}: no such load")
    chosen.rounds = chosen.rounds or (3 if chosen.quick else 5)
    return chosen


def _measurements(chosen: argparse.Namespace, scratch: Path) -> dict[str, Callable[[], list[Row]]]:
    named = zip(LOADS[:4], polls.loads(quick=chosen.quick), strict=True)
    every: dict[str, Callable[[], list[Row]]] = {
        name: partial(_poll, load, chosen, scratch) for name, load in named
    }
    every["scheduled"] = partial(
        scheduled.measure, scratch, feeds=20_000 if chosen.quick else 100_000, due=1000,
        rounds=1 if chosen.quick else 3, port=chosen.port,
    )  # fmt: skip
    entries = chosen.entries or (100_000 if chosen.quick else 1_000_000)
    every["million"] = partial(
        million.measure, scratch, CACHE, entries=entries,
        feeds=100 if chosen.quick else 200, rounds=chosen.rounds, port=chosen.port,
    )  # fmt: skip
    every["asking"] = partial(
        asking.measure, scratch, CACHE, entries=entries, each=20 if chosen.quick else 100, port=chosen.port
    )
    every["export"] = partial(_export, scratch, entries=entries, rounds=chosen.rounds)
    return every


def _export(scratch: Path, *, entries: int, rounds: int) -> list[Row]:
    archive = CACHE / f"{entries}-entries.db"
    filling.build(archive, entries)
    return exporting.measure(archive, scratch, forms=list(exporting.WANTED), rounds=rounds)


def _poll(load: polls.Load, chosen: argparse.Namespace, scratch: Path) -> list[Row]:
    documents = len(list(feeds.read(chosen.corpus))) if chosen.corpus.is_dir() else 0
    if not documents:
        return [skipped(load.name, "all", f"no feeds in {chosen.corpus} (--corpus)")]
    count = load.feeds or documents
    if chosen.feeds:
        count = min(chosen.feeds, count) if load.first else chosen.feeds
    wanted = [name for name in PEERS if name not in chosen.without]
    rows = polls.measure(
        load,
        chosen.corpus,
        archiver(scratch),
        peers(scratch, wanted, cache=CACHE, at_a_time=chosen.at_a_time),
        rounds=chosen.rounds,
        port=chosen.port,
        count=count,
    )
    return [*rows, *floor.measure(load.name, chosen.corpus, rounds=chosen.rounds)] if load.first else rows


def _machine() -> str:
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} processors, Python {platform.python_version()}, load average now {load:.1f}"


if __name__ == "__main__":
    main()
