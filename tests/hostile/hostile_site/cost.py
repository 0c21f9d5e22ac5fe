"""What it costs: memory, processes, open files, and how long nobody else was served. From /proc."""

import asyncio
import contextlib
import os
import time
from pathlib import Path


def memory(pid: int | str, field: str) -> int:
    """VmRSS or VmHWM of a process in KiB; 0 where it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1])
    return 0


def forget_peak(pid: int | str) -> None:
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def descendants() -> list[int]:
    """Processes below this one."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                parents.setdefault(int(parent), []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return sorted(found)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


class Watch:
    """Looks all the time: how long the loop was busy, how much memory the workers took."""

    def __init__(self) -> None:
        self.busy = 0.0
        """The most seconds of computing for which nothing else could happen."""
        self.workers = 0
        """The most memory of a worker, in KiB."""
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        count = 0
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.01)
            self.busy = max(self.busy, time.thread_time() - before)
            count += 1
            if count % 10 == 0:
                self.workers = max([self.workers, *(memory(pid, "VmHWM") for pid in descendants())])

    def end(self) -> None:
        self._task.cancel()
