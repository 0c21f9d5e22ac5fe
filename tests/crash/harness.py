"""Starts the real program, kills it in every way there is, looks at what is left, and starts it again."""

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PLACES = (
    "before_commit", "after_commit_before_ack", "after_body", "after_fetch_row", "after_entry", "mid_index",
    "before_feed_row", "write", "before_fetch", "after_answer", "after_prepare", "after_start",
    "before_close", "mid_drain", "before_commit+", "before_close+",
)  # fmt: skip
"""Failpoints of the service, each in turn; at `+` it dies a few milliseconds later, in SQLite's own work."""

_ONCE = ("before_close", "mid_drain")
"""Failpoints that a process passes once, when it is asked to end."""

_LAST_RESORT = 40.0
"""Seconds after which a kill that did not come at its failpoint is done by hand."""

_LINE = re.compile(r"^\S+  (new|unchanged|not_modified|error|gone|skipped) +(feed-\d+): ")
_CONFIG = """\
archive: archive.db
log: text
fetch: {{contact: "https://example.org/crash", concurrency: 4, total_timeout: 20s, per_host_spacing: 0s,
  allowed_networks: [127.0.0.1]}}
schedule: {{interval: 1s, min_interval: 1s, max_interval: 2s, tick: 1s}}
feeds:
{feeds}
"""


class Program:
    """One running `archiver` in a process group of its own, its log read line by line."""

    def __init__(
        self, folder: Path, site: Any, *arguments: str, failpoints: str = "", defect: str | None = None
    ) -> None:
        environment = os.environ | {"ARCHIVER_FAILPOINTS": failpoints}
        if defect:
            path = [
                str(Path(__file__).with_name("broken_build")),
                *filter(None, [os.environ.get("PYTHONPATH")]),
            ]
            environment |= {"PYTHONPATH": os.pathsep.join(path), "ARCHIVER_DEFECT": defect}
        self.site, self.lines = site, []
        self.updates = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "archiver", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.append(line)
            if told := _LINE.match(line):
                self.updates += 1
                self.site.acknowledge(told[2], understood=told[1] not in ("error", "gone"))

    def group(self) -> list[int]:
        """The processes of the group that live: the program and its workers."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            except (OSError, ValueError):
                continue
            if int(group) == self.pid and state != "Z":
                found.append(int(stat.parent.name))
        return found

    def kill(self, number: int = signal.SIGKILL) -> None:
        """To the one process, as the kernel does when memory runs out: its workers must go by themselves."""
        if self.process.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """The exit status; None where it still runs after so long."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return self.process.returncode

    def end(self) -> list[int]:
        """See that nothing is left of it; return the processes that outlived it and had to be killed."""
        self.process.wait()
        deadline = time.monotonic() + 10
        while (left := self.group()) and time.monotonic() < deadline:
            time.sleep(0.02)
        if left:
            os.killpg(self.pid, signal.SIGKILL)
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return left


@dataclass
class Harness:
    """A rehearsal: one archive, one site, many deaths."""

    folder: Path
    site: Any
    invariants: Any
    chance: random.Random
    defect: str | None = None
    found: list[str] = field(default_factory=list)
    programs: list[Program] = field(default_factory=list)
    deaths: Counter[str] = field(default_factory=Counter)
    """How often it died how: `random`, or the name of the failpoint; SIGTERM and the others beside them."""

    def __post_init__(self) -> None:
        headers = f"{{X-Secret: {self.site.secret}}}"
        feeds = "\n".join(
            f"  - {{url: '{self.site.origin}/{name}', name: {name}, headers: {headers}}}"
            for name in self.site.feeds
        )
        (self.folder / "config.yaml").write_text(_CONFIG.format(feeds=feeds))

    @property
    def archive(self) -> Path:
        return self.folder / "archive.db"

    @property
    def kills(self) -> int:
        return sum(count for how, count in self.deaths.items() if how not in ("SIGTERM", "worker"))

    @property
    def kills_at_failpoints(self) -> int:
        return self.kills - self.deaths["random"] - self.deaths["SIGSTOP"]

    def start(self, *arguments: str, failpoints: str = "") -> Program:
        program = Program(
            self.folder, self.site, *(arguments or ("run",)), failpoints=failpoints, defect=self.defect
        )
        self.programs.append(program)
        return program

    def close(self) -> None:
        """End what a broken-off test left running."""
        for program in self.programs:
            if program.process.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)
                program.end()

    def serve(self, failpoints: str = "") -> Program:
        self.site.begin_run()
        return self.start(failpoints=failpoints)

    def kill_at(self, place: str, passing: int) -> None:
        """Let it run until it ends itself at a failpoint."""
        name, later, _ = place.partition("+")
        delay = f"+{self.chance.randrange(1, 8)}" if later else ""
        passing = 1 if name in _ONCE else passing
        program = self.serve(f"{name}=kill:{passing}{delay}")
        if name in _ONCE:
            self._until_updates(program, self.chance.randrange(1, 8))
            if name == "mid_drain":
                self._until_asked(program)
            program.kill(signal.SIGTERM)
        status = program.wait(_LAST_RESORT)
        if status is None:
            program.kill()
        elif status == 0:  # it had nothing left to drain
            self.deaths["SIGTERM"] += 1
        self._look(program, place if status == -signal.SIGKILL else "random" if status is None else None)
        if status not in (None, 0, -signal.SIGKILL):
            self.found.append(f"{place}: ended with {status}: {program.log[-500:]}")

    def fill_disk_at(self, place: str, passing: int) -> None:
        """Let the disk be full once: it says so, loses nothing, and carries on with the other feeds."""
        program = self.serve(f"{place}=full:{passing}")
        self._until(lambda: "the disk is full" in program.log, program)
        told = program.updates
        self._until_updates(program, told + 4)
        if program.process.poll() is None:
            if program.updates < told + 4:
                self.found.append(f"S4 after a full disk it did not carry on: {program.log[-800:]}")
            program.kill()
        elif program.process.returncode != 2 or program.log.count("\n") != 1:  # it had not even begun
            self.found.append(
                f"S4 on a full disk it ended with {program.process.returncode}: {program.log[-800:]}"
            )
        self._look(program, None)

    def kill_command(self, place: str, *command: str) -> None:
        """Let a command end itself at a failpoint, where no service runs."""
        program = self.start(*command, failpoints=f"{place}=kill:1")
        status = program.wait(60)
        program.kill()
        if status != -signal.SIGKILL:
            self.found.append(f"`{' '.join(command)}` ended with {status}: {program.log[-800:]}")
        self._look(program, place)

    def finish(self, *command: str) -> None:
        """Run a command to its end, which must be a good one."""
        program = self.start(*command)
        status = program.wait(60)
        program.kill()
        if status != 0:
            self.found.append(f"`{' '.join(command)}` ended with {status}: {program.log[-800:]}")
        self._look(program, None)

    def kill_workers(self) -> None:
        """Each of its workers dies in its second document: the service replaces it, and goes on."""
        program = self.serve("mid_prepare=kill:2")
        self._until_updates(program, 8)
        if program.updates < 8:
            self.found.append(f"P5 without its workers it did not go on: {program.log[-800:]}")
        program.kill()
        program.process.wait()
        self._look(program, "random")

    def kill_at_random(self) -> None:
        """Kill it at any moment, or stop it in one of the rarer ways."""
        program = self.serve()
        if self.chance.random() < 0.3:  # while it starts
            time.sleep(self.chance.uniform(0.05, 1.2))
        else:
            self._until_updates(program, self.chance.randrange(0, 12))
            time.sleep(self.chance.uniform(0, 0.3))
        if program.process.poll() is not None:
            self._look(program, None)
            self.found.append(f"it ended by itself: {program.log[-500:]}")
            return
        how = self.chance.choices(("random", "SIGTERM", "SIGSTOP", "worker"), (80, 10, 5, 5))[0]
        if how == "SIGTERM":
            serves = "archiving into" in program.log  # before that, it ends as any program does
            program.kill(signal.SIGTERM)
            status = program.wait(20)
            if status != 0 and (serves or status not in (-signal.SIGTERM, 128 + signal.SIGTERM)):
                self.found.append(f"S20 after SIGTERM it ended with {status}: {program.log[-500:]}")
        elif how == "SIGSTOP":
            program.kill(signal.SIGSTOP)
            time.sleep(1)
            program.kill(signal.SIGCONT)
            time.sleep(self.chance.uniform(0, 0.5))
        elif how == "worker":
            if workers := [pid for pid in program.group() if pid != program.pid]:
                os.kill(self.chance.choice(workers), signal.SIGKILL)
                self.deaths["worker"] += 1
            self._until_updates(program, program.updates + 5)
            how = "random"
        program.kill()
        program.process.wait()
        self._look(program, how)

    def beside(self, *commands: Sequence[str]) -> None:
        """Run commands beside the service, each of which must succeed, then kill the service."""
        program = self.serve()
        self._until_updates(program, 3)
        broken_off = self.start("backup", "half.db", failpoints="mid_backup=kill:1")
        if broken_off.wait(60) != -signal.SIGKILL or (self.folder / "half.db").exists():
            self.found.append(f"S16 a backup that was broken off: {broken_off.log[-500:]}")
        broken_off.end()
        self.deaths["mid_backup"] += 1
        for command in commands:
            other = self.start(*command)
            if other.wait(60) != 0:
                other.kill()
                self.found.append(f"`{' '.join(command)}` beside the service: {other.log[-500:]}")
            other.end()
        second = self.start("run")
        if second.wait(30) != 2 or f"process {program.pid}" not in second.log:
            second.kill()
            self.found.append(f"S14 a second instance was not refused: {second.log[-500:]}")
        second.end()
        program.kill()
        program.process.wait()
        self._look(program, "random")

    def converge(self, *, seconds: float = 60) -> None:
        """Let the site be quiet and the archive catch up, then compare the two."""
        with self.site.lock:
            self.site.quiet = True
            for feed in self.site.feeds.values():
                feed.settled = 0
        program = self.serve()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and program.process.poll() is None:
            with self.site.lock:
                # Two more answers: the archive asks again only after the first is stored.
                if all(
                    len(feed.asked) and feed.settled and feed.acknowledged > 1
                    for feed in self.site.feeds.values()
                ):
                    break
            time.sleep(0.05)
        else:
            self.found.append(f"it does not come to rest: {program.log[-800:]}")
        program.kill(signal.SIGTERM)
        status = program.wait(20)
        program.kill()
        self._look(program, None)
        if status != 0:
            self.found.append(f"S20 after SIGTERM it ended with {status}: {program.log[-500:]}")

    def _look(self, program: Program, how: str | None) -> None:
        """Count the death, see that no process outlived it, and check the archive."""
        if left := program.end():
            self.found.append(f"orphans: {len(left)} processes outlived the service by ten seconds")
        if how:
            self.deaths[how] += 1
        if "Traceback" in program.log:
            self.found.append(f"P5 a traceback: {program.log[-2000:]}")
        when = f"after death {sum(self.deaths.values())} ({how}): "
        self.found += [
            when + one
            for one in self.invariants.violations(
                self.archive, self.site, self.folder / "scratch", log=program.log
            )
        ]

    def _until_updates(self, program: Program, enough: int) -> None:
        self._until(lambda: program.updates >= enough, program)

    def _until_asked(self, program: Program) -> None:
        """Until a request is being answered."""
        before = self._requests()
        self._until(lambda: self._requests() > before, program)

    def _requests(self) -> int:
        return sum(len(feed.asked) for feed in self.site.feeds.values())

    @staticmethod
    def _until(reached: Callable[[], bool], program: Program) -> None:
        deadline = time.monotonic() + _LAST_RESORT
        while not reached() and program.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.003)
