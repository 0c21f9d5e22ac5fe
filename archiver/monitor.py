"""`/metrics` for Prometheus, `/healthz` for whoever restarts what is stuck; see `docs/operations.md`.

One small HTTP server in the service's own loop: if the loop hangs, so does the answer, which is one too. It
takes GET and HEAD only, reads no body, and is bounded in size, time and number of connections.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archiver.config import MonitorSettings
from archiver.errors import ArchiverError, ConfigError
from archiver.metrics import CONTENT_TYPE, Metrics
from archiver.store import Reader
from archiver.times import from_text
from archiver.vitals import Vitals

MAX_REQUEST_BYTES = 8192
REQUEST_SECONDS = 5.0
ANSWER_SECONDS = 60.0
MAX_CONNECTIONS = 16

UNDONE_SECONDS = 2 * 86400
"""A chore that fails, and was not done for so long, has failed badly; so has a scrub that finds damage."""

log = logging.getLogger(__name__)

_STATUS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    503: "Service Unavailable",
}


class Monitor:
    """The server, from `async with` on. Raises ConfigError where it cannot listen."""

    def __init__(
        self,
        settings: MonitorSettings,
        *,
        archive: Path,
        metrics: Metrics,
        vitals: Vitals,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._archive = archive
        self._metrics = metrics
        self._vitals = vitals
        self._clock = clock
        self._server: asyncio.Server | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await asyncio.start_server(self._accept, host, port, limit=MAX_REQUEST_BYTES)
        except OSError as error:
            raise ConfigError(
                f"monitor: cannot listen on {host} port {port}: {error.strerror or error}; choose another"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in tuple(self._answering):
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            with suppress(ConnectionError, TimeoutError):
                answer = await self._answer(reader)
                async with asyncio.timeout(REQUEST_SECONDS):
                    writer.write(answer)
                    await writer.drain()
        except Exception:
            log.exception("a question of the monitor failed by our own fault")
        finally:
            self._answering.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        if len(self._answering) > MAX_CONNECTIONS:
            return _http(503, "too many questions at a time\n")
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.LimitOverrunError, asyncio.IncompleteReadError):
            return _http(400, "not a request that can be answered here\n")
        parts = head.split(b"\r\n", 1)[0].split(b" ")
        if len(parts) != 3 or not parts[2].startswith(b"HTTP/1."):
            return _http(400, "not a request that can be answered here\n")
        method, path = parts[0], parts[1].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _http(405, "GET only\n", "Allow: GET, HEAD\r\n")
        async with asyncio.timeout(ANSWER_SECONDS):
            if path == b"/healthz":
                answer = await self._healthz()
            elif path == b"/metrics":
                answer = _http(200, await self._exposed(), content_type=CONTENT_TYPE)
            else:
                answer = _http(404, "there are /metrics and /healthz\n")
        return answer if method == b"GET" else answer[: answer.index(b"\r\n\r\n") + 4]

    async def _exposed(self) -> str:
        await asyncio.to_thread(self._metrics.refresh, self._archive, self._clock())
        return self._metrics.text(self._vitals.pulse(), self._clock())

    async def _healthz(self) -> bytes:
        problems = await self._vitals.problems()
        chores: list[dict[str, Any]] = []
        try:
            failed, chores = await asyncio.to_thread(self._failed_chores)
            problems += failed
        except ArchiverError as error:
            problems.append(f"the archive cannot be read: {error}")
        pulse = self._vitals.pulse()
        told = {
            "status": "failing" if problems else "ok",
            "problems": problems,
            "last_tick_seconds_ago": None if pulse.last_tick_ago is None else round(pulse.last_tick_ago, 1),
            "updates_under_way": pulse.under_way,
            "failed_chores": chores,
        }
        body = json.dumps(told, ensure_ascii=False) + "\n"
        return _http(503 if problems else 200, body, content_type="application/json")

    def _failed_chores(self) -> tuple[list[str], list[dict[str, Any]]]:
        """What went badly wrong, and everything that went wrong."""
        now = self._clock()
        with Reader.open(self._archive) as reader:
            chores = reader.chores_that_failed()
        return list(_badly(chores, now)), chores


def _badly(chores: list[dict[str, Any]], now: datetime) -> Iterator[str]:
    for chore in chores:
        done = from_text(chore["done_at"]) if chore["done_at"] else None
        if chore["name"] == "scrub" or done is None or (now - done).total_seconds() > UNDONE_SECONDS:
            yield f"{chore['name']}: {chore['problem']}"


def _http(
    status: int, body: str, headers: str = "", *, content_type: str = "text/plain; charset=utf-8"
) -> bytes:
    data = body.encode()
    head = (
        f"HTTP/1.1 {status} {_STATUS[status]}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(data)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        f"{headers}Connection: close\r\n\r\n"
    )
    return head.encode("latin-1") + data
