"""What exports cost: entries a second and memory, and what `sqlite-utils rows --csv` takes for the same rows.

    python -m benchmarks.exporting [--entries 1000000] [--rounds 3] [--formats jsonl csv]

Each export is a process of its own that writes to a file; formats and peer take turns, and the quickest round
of each counts. The archive is made once and kept in `benchmarks/.cache`.
"""

import argparse
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from archiver.export.writing import FORMATS
from benchmarks import filling
from benchmarks.results import Row, bounded, skipped, table

CACHE = Path(__file__).with_name(".cache")
LOAD = "export"
WANTED = {"jsonl": 50_000, "csv": 50_000}
"""Entries a second that the issue asks for."""
_PEER = "sqlite-utils"


def main() -> None:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exporting", description=__doc__)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--formats", nargs="+", default=list(FORMATS), choices=FORMATS)
    parser.add_argument("--archive", type=Path, help="one that is there already")
    chosen = parser.parse_args()
    archive = chosen.archive or CACHE / f"{chosen.entries}-entries.db"
    size = filling.build(archive, chosen.entries)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        rows = measure(archive, Path(scratch), forms=chosen.formats, rounds=chosen.rounds)
    print(table(rows))
    print(f"\n{size}; {os.cpu_count()} processors, load average now {os.getloadavg()[0]:.1f}")


def measure(archive: Path, scratch: Path, *, forms: list[str], rounds: int) -> list[Row]:
    """Each format, and the peer beside it, in turn."""
    commands = {form: _command(archive, form) for form in forms}
    commands[_PEER] = _peer(archive)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    megabytes: dict[str, float] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            taken, peak = _run(command, scratch / f"out.{name}")
            seconds[name].append(taken)
            megabytes[name] = max(peak, megabytes.get(name, 0))
    entries = _count(archive)
    made = []
    for form in forms:
        best = min(seconds[form])
        made.append(
            bounded(
                LOAD, f"{form}, entries a second", [entries / best], "/s", at_least=WANTED.get(form),
                detail=f"{megabytes[form]:.0f} MB at most, {best:.1f} s, "
                f"{min(seconds[_PEER]) / best:.1f} times as quick as {_PEER}",
            )
        )  # fmt: skip
    best = min(seconds[_PEER])
    made.append(
        skipped(LOAD, f"{_PEER} rows --csv", f"{entries / best:.0f} a second, {megabytes[_PEER]:.0f} MB")
    )
    return made


def _command(archive: Path, form: str) -> list[str]:
    return [sys.executable, "-m", "archiver", "--archive", str(archive), "export", "--format", form]


def _peer(archive: Path) -> list[str]:
    program = Path(sys.executable).with_name("sqlite-utils")
    return [str(program), "rows", str(archive), "entries", "--csv"]


def _run(command: list[str], out: Path) -> tuple[float, float]:
    """Seconds, and megabytes at the most."""
    begin = time.monotonic()
    with out.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    taken = time.monotonic() - begin
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    out.unlink()
    return taken, _megabytes(used)


def _megabytes(used: resource.struct_rusage) -> float:
    return used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _count(archive: Path) -> int:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM entries").fetchone()[0])


if __name__ == "__main__":
    main()
