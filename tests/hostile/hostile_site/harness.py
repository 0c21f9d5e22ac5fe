"""Runs hostile server, healthy server and archiver, each a process of its own; gathers the evidence."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hostile_site.scenario import Scenario

HERE = Path(__file__).parent.parent
HEALTHY = 10
STORM = 20
"""Feeds of one server that refuses all of them."""
CANARY = "canary-never-show-me"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the archiver is configured with: small, since it is the limits that are tested."""

    total_seconds: float = 3.0
    worker_seconds: float = 5.0
    body_bytes: int = 20 * 2**20


@dataclass(kw_only=True)
class Evidence:
    """All that is known of a run."""

    scenarios: Sequence[Scenario]
    limits: Limits
    ports: dict[str, int]
    status: int
    report: dict[str, Any]
    told: str
    """What the archiver logged."""
    log: list[dict[str, Any]]
    """What the hostile server was asked."""
    healthy: list[dict[str, Any]]
    """What the healthy ones were."""
    orphans: list[int]
    has_secret: bool
    """The archive holds a secret of the configuration."""
    seconds: float = 0.0


@dataclass(kw_only=True)
class Harness:
    """Runs scenarios in a folder, one run after the other."""

    folder: Path
    runs: int = field(default=0)

    def run(
        self,
        phases: Sequence[tuple[int, Sequence[Scenario]]],
        *,
        limits: Limits = Limits(),
        defect: str | None = None,
        last_resort: float = 90.0,
    ) -> Evidence:
        """Let the archiver follow what these scenarios serve, beside healthy feeds, until each was asked.

        One phase comes after the other, each of so many at once; of one at a time the memory is measured.
        """
        self.runs += 1
        folder = self.folder / f"run-{self.runs}"
        folder.mkdir()
        with _servers(folder) as (ports, healthy):
            order = {
                "phases": [
                    {"at_once": at_once, "names": [one.name for one in scenarios]}
                    for at_once, scenarios in phases
                ],
                "ports": ports,
                "last_resort": last_resort,
                "archive": str(folder / "archive.db"),
                "authority": str(folder / "hostile.pem"),
                "workers": 2,
                "worker_seconds": limits.worker_seconds,
                "healthy": [f"http://127.0.0.{2 + n}:{healthy['http']}/healthy" for n in range(HEALTHY)],
                "crowd": [f"http://storm.test:{ports['http']}/storm?feed={n}" for n in range(STORM)],
                "settings": {
                    "contact": "https://ngo.example/hostile",
                    "connect_timeout": 2.0,
                    "read_timeout": 1.0,
                    "total_timeout": limits.total_seconds,
                    "max_body_bytes": limits.body_bytes,
                    "allowed_networks": ["127.0.0.0/24"],
                    "per_host_spacing": 0.02,
                    "concurrency": 1000,
                },
            }
            began = time.monotonic()
            status, report, orphans = _archive(folder, order, defect)
            seconds = time.monotonic() - began
        return Evidence(
            scenarios=[one for _, scenarios in phases for one in scenarios],
            limits=limits,
            ports=ports,
            status=status,
            report=report,
            told=(folder / "told").read_text(),
            log=_lines(folder / "hostile.log"),
            healthy=_lines(folder / "healthy.log"),
            orphans=orphans,
            has_secret=any(CANARY.encode() in file.read_bytes() for file in folder.glob("archive.db*")),
            seconds=seconds,
        )


@contextmanager
def _servers(folder: Path) -> Iterator[list[dict[str, int]]]:
    """The hostile server and the healthy one; they end with their stdin. Gives the ports of each."""
    programs = [
        subprocess.Popen(
            [
                *(sys.executable, str(HERE / "server.py"), "0", *addresses),
                *("--log", f"{folder / name}.log", "--authority", f"{folder / name}.pem"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
        )
        for name, addresses in (
            ("hostile", ("127.0.0.1", "127.9.9.9", "::1")),
            ("healthy", tuple(f"127.0.0.{2 + n}" for n in range(HEALTHY))),
        )
    ]
    try:
        yield [json.loads(program.stdout.readline()) for program in programs if program.stdout is not None]
    finally:
        for program in programs:
            program.kill()
            program.communicate()


def _archive(
    folder: Path, order: dict[str, Any], defect: str | None
) -> tuple[int, dict[str, Any], list[int]]:
    """Run the archiver's side; return its exit status, its report, and processes that outlived it."""
    (folder / "order.json").write_text(json.dumps(order))
    environment = dict(os.environ)
    if defect:
        path = [str(HERE / "broken_build"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(path), "ARCHIVER_DEFECT": defect}
    with (folder / "told").open("w") as told, (folder / "report.json").open("w") as report:
        program = subprocess.Popen(
            [sys.executable, str(HERE / "archiving.py"), str(folder / "order.json")],
            stdout=report,
            stderr=told,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            program.wait(240)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
    deadline = time.monotonic() + 5
    while (orphans := _group(program.pid)) and time.monotonic() < deadline:
        time.sleep(0.02)
    if orphans:
        os.killpg(program.pid, signal.SIGKILL)
    text = (folder / "report.json").read_text()
    return program.returncode, json.loads(text) if text else {}, orphans


def _group(leader: int) -> list[int]:
    """The processes of a group that live."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(group) == leader and state != "Z":
            found.append(int(stat.parent.name))
    return found


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]
