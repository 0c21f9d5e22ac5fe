"""`/metrics` and `/healthz`: what they say, and how little else the server does."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from archiver import monitor, vitals
from archiver.askers.askers import AskerEnded
from archiver.changes import FetchRecord, Outcome
from archiver.config import MonitorSettings
from archiver.errors import ConfigError
from archiver.metrics import Metrics
from archiver.monitor import Monitor
from archiver.pipeline import Updated
from archiver.store import Following, Store
from archiver.vitals import Pulse, Vitals
from archiver.writer import Writer


class Bench:
    """A monitor on a free port, over an archive with two feeds, of a service that the test plays."""

    def __init__(self, path: Path, noon) -> None:
        self.path, self.now = path, noon
        self.metrics, self.vitals = Metrics(), Vitals()
        self.pulse = Pulse(last_tick_ago=1.0, under_way=2)
        self.answer: Callable[[], Awaitable[None]] | None = None
        with Store.open(path) as store:
            for name in ("a", "b"):
                store.follow(Following(url=f"https://{name}.example/feed"), origin="command", now=noon)

    def write(self, sql: str) -> None:
        connection = sqlite3.connect(self.path)
        try:
            connection.execute(sql)
            connection.commit()
        finally:
            connection.close()

    def serving(self, work: Callable[[int], Awaitable[object]], *, busy: threading.Event | None = None):
        """Run `work` with the port at which it is served."""

        async def run() -> object:
            async with Writer(self.path) as writer:
                self.vitals.watch(lambda: self.pulse, writer, tick_seconds=5, answer=self.answer)
                served = Monitor(
                    MonitorSettings(port=0),
                    archive=self.path,
                    metrics=self.metrics,
                    vitals=self.vitals,
                    clock=lambda: self.now,
                )
                async with served:
                    held = asyncio.create_task(writer.run(lambda store: busy.wait(30))) if busy else None
                    await asyncio.sleep(0)  # so that the writer is busy by now, if it is to be
                    try:
                        return await work(served.port)
                    finally:
                        if held is not None:
                            busy.set()
                            await held

        return asyncio.run(run())

    def get(self, path: str, **served: object) -> tuple[int, str]:
        status, _, body = self.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(), **served)
        return status, body

    def ask(self, request: bytes, **served: object) -> tuple[int, str, str]:
        async def work(port: int) -> bytes:
            return await exchange(port, request)

        head, _, body = self.serving(work, **served).decode().partition("\r\n\r\n")
        return int(head.split(" ")[1]), head, body

    def healthz(self, **served: object) -> tuple[int, dict[str, object]]:
        status, body = self.get("/healthz", **served)
        return status, json.loads(body)

    def measured(self) -> dict[str, float]:
        """Every sample of `/metrics`: `name{label=value}`."""
        status, body = self.get("/metrics")
        assert status == 200
        return {
            sample.name
            + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(body)
            for sample in family.samples
        }


async def exchange(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        return await asyncio.wait_for(reader.read(), 30)
    finally:
        writer.close()


@pytest.fixture
def bench(tmp_path, noon) -> Bench:
    return Bench(tmp_path / "archive.db", noon)


# ---------------------------------------------------------------- metrics


def test_fetches_are_counted_by_what_became_of_them(bench, feed_row, noon):
    for outcome, kind, duration in (
        (Outcome.NEW, None, 40),
        (Outcome.ERROR, "dns", 3000),
        (Outcome.ERROR, "dns", 100_000),
    ):
        fetch = FetchRecord(
            started_at=noon,
            duration_ms=duration,
            request_url="x",
            outcome=outcome,
            error_kind=kind,
            bytes_received=100,
            entries_new=3,
            entries_revised=1,
        )
        bench.metrics.count(Updated(feed=feed_row(), fetch=fetch))
    measured = bench.measured()
    assert measured["archiver_fetches_total{error_kind=}{outcome=new}"] == 1
    assert measured["archiver_fetches_total{error_kind=dns}{outcome=error}"] == 2
    assert measured["archiver_fetch_duration_seconds_bucket{le=0.05}"] == 1
    assert measured["archiver_fetch_duration_seconds_bucket{le=5.0}"] == 2
    assert measured["archiver_fetch_duration_seconds_bucket{le=+Inf}"] == 3
    assert measured["archiver_fetch_duration_seconds_sum"] == pytest.approx(103.04)
    assert measured["archiver_fetched_bytes_total"] == 300
    assert (measured["archiver_entries_new_total"], measured["archiver_entries_revised_total"]) == (9, 3)


def test_feeds_are_told_by_health_and_by_lateness(bench, noon):
    bench.write("UPDATE feeds SET state = 'failing' WHERE id = 1")
    bench.now = noon + timedelta(hours=3)
    measured = bench.measured()
    assert measured["archiver_feeds{health=failing}"] == 1
    assert measured["archiver_feeds{health=fine}"] == 1
    assert measured["archiver_feeds{health=gone}"] == 0
    assert (measured["archiver_feeds_due"], measured["archiver_feeds_overdue"]) == (2, 2)
    assert measured["archiver_longest_lateness_seconds"] == 3 * 3600
    assert measured["archiver_archive_bytes"] > 10_000


def test_the_service_tells_its_pulse(bench, noon):
    measured = bench.measured()
    assert measured["archiver_updates_under_way"] == 2
    assert measured["archiver_last_tick_timestamp_seconds"] == noon.timestamp() - 1


def test_chores_and_digests_that_failed_are_counted(bench):
    bench.write("INSERT INTO chores VALUES ('backup', NULL, '2026-03-01T12:00:00Z', 'no room')")
    bench.write("INSERT INTO digests VALUES ('mail', 0, NULL, '2026-03-01T12:00:00Z', 'no route')")
    measured = bench.measured()
    assert (measured["archiver_failed_chores"], measured["archiver_failed_digests"]) == (1, 1)


def test_the_documented_names_are_those_that_are_served(bench):
    documented = (Path(__file__).parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")
    ends = ("_bucket", "_sum", "_count")
    served = {name.partition("{")[0] for name in bench.measured()}
    served = {next((name.removesuffix(end) for end in ends if name.endswith(end)), name) for name in served}
    missing = {name for name in served if f"`{name}" not in documented}
    assert not missing


def test_an_archive_that_is_gone_leaves_the_counters(bench):
    metrics = Metrics()
    metrics.refresh(Path("/no/such/archive.db"), bench.now)
    assert "archiver_updates_under_way" in metrics.text(bench.pulse, bench.now)


# ---------------------------------------------------------------- health


def test_a_service_that_works_is_healthy(bench):
    status, told = bench.healthz()
    assert (status, told["status"], told["problems"]) == (200, "ok", [])
    assert (told["last_tick_seconds_ago"], told["updates_under_way"]) == (1.0, 2)


def test_a_loop_that_no_longer_looks_for_due_feeds_is_not(bench):
    bench.pulse = Pulse(last_tick_ago=500.0)
    status, told = bench.healthz()
    assert (status, told["problems"]) == (503, ["the service has not looked for due feeds for 500 seconds"])


def test_an_update_that_could_not_be_written_is_told_until_one_could(bench):
    bench.pulse = Pulse(last_tick_ago=1.0, trouble="database or disk is full")
    status, told = bench.healthz()
    assert (status, told["problems"]) == (
        503,
        ["the last update could not be written: database or disk is full"],
    )


def test_a_writer_that_does_not_answer_is_told(bench, monkeypatch):
    monkeypatch.setattr(vitals, "WRITER_SECONDS", 0.2)
    status, told = bench.healthz(busy=threading.Event())
    assert status == 503
    assert told["problems"][0].startswith("the writer has been busy")


def test_a_process_that_asks_and_does_not_answer_is_told_and_the_watchdog_hears_nothing(bench, monkeypatch):
    async def never() -> None:
        await asyncio.Event().wait()

    async def is_alive(port: int) -> bool:
        return await bench.vitals.is_alive()

    monkeypatch.setattr("archiver.vitals.ASKING_SECONDS", 0.05)
    bench.answer = never
    status, told = bench.healthz()
    assert status == 503
    assert told["problems"] == ["the process that asks has been busy for 0 seconds"]
    assert not bench.serving(is_alive)


def test_a_process_that_asks_and_ended_is_no_problem_since_another_follows(bench):
    async def ended() -> None:
        raise AskerEnded("the process that asks was ended")

    bench.answer = ended
    assert bench.healthz()[0] == 200


def test_an_archive_that_was_taken_away_is_told(bench):
    async def work(port: int) -> bytes:
        await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")
        for name in ("archive.db", "archive.db-wal", "archive.db-shm"):
            (bench.path.parent / name).unlink(missing_ok=True)
        return await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n")

    assert bench.serving(work).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize(
    ("name", "done_at", "status"),
    [
        ("backup", "'2026-03-01T11:00:00Z'", 200),
        ("backup", "'2026-02-20T11:00:00Z'", 503),
        ("backup", "NULL", 503),
        ("scrub", "'2026-03-01T11:00:00Z'", 503),
    ],
)
def test_a_chore_that_failed_badly_is_a_problem_and_any_failure_is_told(bench, name, done_at, status):
    bench.write(f"INSERT INTO chores VALUES ('{name}', {done_at}, '2026-03-01T12:00:00Z', 'no room')")
    found, told = bench.healthz()
    assert found == status
    assert told["failed_chores"][0]["problem"] == "no room"


def test_between_two_services_it_waits_a_while(bench, monkeypatch):
    bench.vitals.leave()
    assert asyncio.run(bench.vitals.problems()) == []
    monkeypatch.setattr(vitals, "CHANGING_SECONDS", -1.0)
    assert asyncio.run(bench.vitals.problems())[0].startswith("no service runs since")


def test_the_watchdog_hears_of_a_loop_and_a_writer_that_live_not_of_a_full_disk(bench, monkeypatch):
    monkeypatch.setattr(vitals, "WRITER_SECONDS", 0.2)

    async def is_alive(port: int) -> bool:
        return await bench.vitals.is_alive()

    assert bench.serving(is_alive)
    assert not bench.serving(is_alive, busy=threading.Event())
    bench.pulse = Pulse(last_tick_ago=1.0, trouble="database or disk is full")
    assert bench.serving(is_alive)
    bench.pulse = Pulse(last_tick_ago=500.0)
    assert not bench.serving(is_alive)


# ---------------------------------------------------------------- a small surface


def test_the_content_types_are_those_that_readers_expect(bench):
    for path, kind in (("/metrics", "text/plain"), ("/healthz", "application/json")):
        _, head, _ = bench.ask(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        assert f"Content-Type: {kind}" in head


def test_head_gets_the_same_without_a_body(bench):
    status, head, body = bench.ask(b"HEAD /healthz HTTP/1.1\r\n\r\n")
    assert (status, body) == (200, "")
    assert "Content-Length: " in head


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET / HTTP/1.1", 404),
        (b"GET /metrics/../healthz HTTP/1.1", 404),
        (b"GET /healthz?verbose HTTP/1.1", 200),
        (b"POST /healthz HTTP/1.1", 405),
        (b"DELETE /metrics HTTP/1.1", 405),
        (b"\x16\x03\x01", 400),
        (b"GET /healthz", 400),
        (b"GET /healthz HTTP/2", 400),
    ],
)
def test_all_else_is_refused(bench, request_line, status):
    assert bench.ask(request_line + b"\r\n\r\n")[0] == status


def test_a_request_without_an_end_is_cut_off_by_its_size(bench):
    assert bench.ask(b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * 5000)[0] == 400


def test_a_request_that_never_comes_is_given_up_and_others_are_served(bench, monkeypatch):
    monkeypatch.setattr(monitor, "REQUEST_SECONDS", 0.2)

    async def work(port: int) -> tuple[bytes, bytes]:
        slow = asyncio.create_task(exchange(port, b"GET /hea"))
        return await exchange(port, b"GET /healthz HTTP/1.1\r\n\r\n"), await slow

    quick, slow = bench.serving(work)
    assert quick.startswith(b"HTTP/1.1 200")
    assert slow == b""


def test_of_too_many_at_a_time_the_last_are_turned_away(bench, monkeypatch):
    monkeypatch.setattr(monitor, "MAX_CONNECTIONS", 2)

    async def work(port: int) -> bytes:
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        try:
            return await exchange(port, b"")
        finally:
            for _, writer in waiting:
                writer.close()

    assert bench.serving(work).startswith(b"HTTP/1.1 503")


def test_a_port_that_is_taken_is_a_mistake_in_one_sentence(bench):
    async def work(port: int) -> str:
        other = Monitor(
            MonitorSettings(port=port),
            archive=bench.path,
            metrics=bench.metrics,
            vitals=bench.vitals,
            clock=lambda: bench.now,
        )
        with pytest.raises(ConfigError) as caught:
            async with other:
                pass
        return str(caught.value)

    assert bench.serving(work).startswith("monitor: cannot listen on 127.0.0.1 port ")
