"""The load of a hundred thousand feeds of which a thousand are due: picking them, memory, and the start."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver import times
from archiver.store import Following, Reader, Store
from benchmarks.programs import Archiver, archiver
from benchmarks.results import Row, bounded
from benchmarks.synthetic import Author
from benchmarks.website import Website, address

LOAD = "scheduled"
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What one start of the service came to."""

    first_request: float
    """Seconds from the start of the process to its first request."""
    last_request: float
    megabytes: float
    """The most memory of the service's own process (resident)."""
    all_megabytes: float
    """With its workers; what they share is counted once where the kernel tells (PSS)."""


def measure(scratch: Path, *, feeds: int, due: int, rounds: int, port: int) -> list[Row]:
    """Three starts of `archiver run`, and how long the archive takes to name what is due."""
    texts = scratch / "texts"
    texts.mkdir()
    (texts / "feed.xml").write_bytes(Author().document(1, 10))
    addresses = [address(number, port) for number in range(feeds)]
    detail = f"{feeds} feeds, {due} due"
    rows: list[Row] = []
    with Website(texts, count=due, port=port) as website:
        kept = archiver(scratch, name="kept")
        kept.begin([])
        _fill(kept.archive, addresses)
        _schedule(kept.archive, due)
        rows.extend(_picking(kept.archive, due, detail))
        listed = archiver(scratch, name="listed", archive=kept.archive)
        listed.begin(addresses)
        for service, where in ((kept, "in the archive"), (listed, "in config.yaml as well")):
            starts = []
            for _ in range(rounds):
                _schedule(service.archive, due)
                starts.append(_start(service, website, due))
            rows.extend(_rows(starts, f"{detail}; feeds {where}"))
        fresh = archiver(scratch, name="fresh")
        starts = []
        for _ in range(rounds):
            fresh.begin(addresses)
            starts.append(_start(fresh, website, 1))
        rows.extend(_rows(starts, f"{feeds} feeds in config.yaml, all due; the very first start"))
    return rows


def _rows(starts: Sequence[Start], detail: str) -> list[Row]:
    least = min(starts, key=lambda start: start.last_request)
    note = f"{detail}; all due ones asked after {least.last_request:.1f} s"
    most = [start.all_megabytes for start in starts]
    return [
        bounded(
            LOAD, "start to first request", [one.first_request for one in starts], "s", at_most=5, detail=note
        ),
        bounded(LOAD, "memory", [one.megabytes for one in starts], "MB", at_most=400, detail=detail),
        bounded(LOAD, "memory with workers", most, "MB", detail=detail),
    ]


def _fill(archive: Path, addresses: Sequence[str]) -> None:
    """An archive that follows these feeds by a command's word, so that no configuration has to name them."""
    with Store.open(archive) as store:
        store.sync([Following(url=one) for one in addresses], now=datetime.now(UTC))
    with closing(sqlite3.connect(archive)) as db, db:
        db.execute("UPDATE feeds SET origin = 'command'")


def _schedule(archive: Path, due: int) -> None:
    """The first ones are due now, the others at some time of the next day."""
    now = datetime.now(UTC)
    just_now = [times.to_text(now - timedelta(seconds=second)) for second in range(60)]
    later = [times.to_text(now + timedelta(minutes=10 + minute)) for minute in range(24 * 60)]
    with closing(sqlite3.connect(archive)) as db, db:
        ids = [row[0] for row in db.execute("SELECT id FROM feeds ORDER BY id")]
        db.executemany(
            "UPDATE feeds SET next_fetch_at = ?, interval_seconds = 3600 WHERE id = ?",
            [
                (just_now[at % 60] if at < due else later[at % len(later)], feed)
                for at, feed in enumerate(ids)
            ],
        )


def _picking(archive: Path, due: int, detail: str) -> list[Row]:
    """To name all that are due, and to read as well what their updates need."""
    named, read = [], []
    with Reader.open(archive) as reader:
        for _ in range(21):
            start = time.perf_counter()
            picked = reader.due_turns(now=datetime.now(UTC), limit=due, per_host=1).feeds
            named.append(1000 * (time.perf_counter() - start))
            reader.for_updates(number for number, _ in picked)
            read.append(1000 * (time.perf_counter() - start))
            if len(picked) != due:
                raise SystemExit(f"{len(picked)} feeds were picked where {due} are due")
    return [
        bounded(LOAD, "due ones picked", named, "ms", at_most=50, detail=detail),
        bounded(LOAD, "  and read for their updates", read, "ms", at_most=50, detail=detail),
    ]


def _start(service: Archiver, website: Website, expected: int) -> Start:
    """Start the service, wait until it has asked for what is due, and stop it."""
    website.show(poll=0)
    with (service.folder / "output").open("wb") as output:
        begun = time.monotonic()
        process = subprocess.Popen(
            [*service.start(), "run"], cwd=service.folder, env=os.environ | service.environment,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        own = everything = 0.0
        times_seen: tuple[float, ...] = ()
        try:
            while len(times_seen) < expected and time.monotonic() < begun + _PATIENCE:
                if process.poll() is not None:
                    break
                own = max(own, resident(process.pid))
                everything = max(everything, sum(map(_proportional, _family(process.pid))))
                time.sleep(0.25)
                times_seen = website.seen().times
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    if not times_seen:
        said = (service.folder / "output").read_text("utf-8", "replace")
        raise SystemExit(f"the service asked for nothing:\n{said[-2000:]}")
    if len(times_seen) < expected:
        print(f"  NOTE: {len(times_seen)} requests in {_PATIENCE:g} s", file=sys.stderr, flush=True)
    return Start(
        first_request=times_seen[0] - begun,
        last_request=times_seen[-1] - begun,
        megabytes=own / 1e6,
        all_megabytes=everything / 1e6,
    )


def _family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found.extend(int(child) for child in _read(task).split())
    return found


def resident(pid: int) -> float:
    """Bytes of memory that a process has."""
    return _bytes(_read(Path(f"/proc/{pid}/status")), "VmRSS:")


def _proportional(pid: int) -> float:
    return _bytes(_read(Path(f"/proc/{pid}/smaps_rollup")), "Pss:") or resident(pid)


def _bytes(text: str, key: str) -> float:
    line = next((line for line in text.splitlines() if line.startswith(key)), "")
    return 1024.0 * int(line.split()[1]) if line else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError:  # the process is gone
        return ""
