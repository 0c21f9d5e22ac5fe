"""The benchmark's hand on its server: starts it, tells it which poll to show, asks what it saw."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

PAUSE = 2.5
"""Seconds between two runs: more than the spacing that a well-mannered program keeps towards a host."""

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the server saw since it was last told what to show. Times are seconds of the monotonic clock."""

    times: tuple[float, ...]
    statuses: dict[int, int]
    cpu: float
    """Seconds of processor time that the server itself took."""

    @property
    def steady_rate(self) -> float | None:
        """Requests a second in the middle four fifths: what a program does when it is once running."""
        count = len(self.times)
        if count < 20:
            return None
        low, high = count // 10, count - 1 - count // 10
        return (high - low) / max(self.times[high] - self.times[low], 1e-9)


class Website:
    """A server with so many feeds. Use as a context; leaving it ends the process."""

    def __init__(self, folder: Path, *, count: int, port: int, first: int | None = None) -> None:
        command = [sys.executable, "-m", "benchmarks.server", "--folder", folder.resolve()]
        command += ["--port", str(port), "--count", str(count)]
        command += ["--first", str(first)] if first else []
        self._port = port
        self.addresses = tuple(address(number, port) for number in range(count))
        self._process = subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            raise SystemExit(f"the benchmark's server did not start; is port {port} free? (--port)")

    def show(self, *, poll: int, validators: bool = True) -> None:
        """Show this poll (never an earlier one) from now on, and forget what was seen."""
        self._control(f"?poll={poll}&validators={'yes' if validators else 'no'}")

    def seen(self) -> Seen:
        """What was asked since `show`."""
        told = json.loads(self._control(""))
        return Seen(
            times=tuple(at for at, _ in told["log"]),
            statuses=dict(Counter(status for _, status in told["log"])),
            cpu=told["cpu"],
        )

    def ceiling(self, *, requests: int, at_a_time: int = 16) -> float:
        """Requests a second that a client gets which does nothing else, each on a connection of its own."""
        return asyncio.run(_ceiling(self.addresses, requests, at_a_time))

    def _control(self, query: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/control{query}", timeout=600) as answer:
            data = answer.read()
        assert isinstance(data, bytes)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


def address(number: int, port: int) -> str:
    """The address of a feed, on a loopback host of its own."""
    high, low = divmod(number, 250)
    return f"http://127.{1 + high // 250}.{1 + high % 250}.{1 + low}:{port}/feed/{number}"


async def _ceiling(addresses: Sequence[str], requests: int, at_a_time: int) -> float:
    waiting = [addresses[number % len(addresses)] for number in range(requests)]

    async def ask() -> None:
        while waiting:
            host, _, path = waiting.pop().removeprefix("http://").partition("/")
            name, _, port = host.partition(":")
            reader, writer = await asyncio.open_connection(name, int(port))
            writer.write(f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            await reader.read(-1)
            writer.close()

    start = time.monotonic()
    await asyncio.gather(*(ask() for _ in range(at_a_time)))
    return requests / (time.monotonic() - start)
