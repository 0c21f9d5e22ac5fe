"""The one writing thread: what waits together is committed together, and fails alone."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from archiver.errors import ArchiveBusy
from archiver.store import Following, Packed, Reader, Store, digest
from archiver.writer import Writer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def follow(noon) -> Callable[[str], Callable[[Store], int]]:
    """A piece of writing: a feed is added inside the transaction that there is."""

    def build(name: str) -> Callable[[Store], int]:
        def work(store: Store) -> int:
            assert store._db.conn.in_transaction
            if name == "bad":
                raise ValueError("this one cannot be written")
            row = ("https://example.org/" + name, "https://example.org/" + name, "command", "2026-03-01")
            store._db.execute(
                "INSERT INTO feeds (url, current_url, origin, added_at) VALUES (?, ?, ?, ?)", row
            )
            return len(name)

        return work

    return build


def _stored(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    try:
        return [row[0].rpartition("/")[2] for row in connection.execute("SELECT url FROM feeds ORDER BY url")]
    finally:
        connection.close()


async def _together(path: Path, *works: Callable[[Store], int]) -> tuple[list[object], list[str], int]:
    """Let these wait together: their results, what another connection sees, and the number of commits."""
    said: list[str] = []
    async with Writer(path) as writer:
        await writer.run(lambda store: store._db.conn.set_trace_callback(said.append))
        results = await asyncio.gather(*(writer.write(work) for work in works), return_exceptions=True)
        stored = _stored(path)
        await writer.run(lambda store: store._db.conn.set_trace_callback(None))
    return results, stored, said.count("COMMIT")


def test_each_gets_its_own_result_when_it_is_there_for_everybody(path, follow):
    results, stored, _ = asyncio.run(_together(path, *map(follow, ("a", "bb", "ccc"))))
    assert results == [1, 2, 3]
    assert stored == ["a", "bb", "ccc"]


def test_a_question_does_not_wait_for_what_is_being_written(path, follow):
    async def asked_meanwhile() -> list[int]:
        async with Writer(path) as writer:
            begun, go_on = asyncio.Event(), asyncio.Event()
            loop = asyncio.get_running_loop()

            def long(store: Store) -> None:
                follow("a")(store)
                loop.call_soon_threadsafe(begun.set)
                asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

            writing = asyncio.ensure_future(writer.write(long))
            await begun.wait()
            counted = [len(await writer.ask(Reader.feeds))]
            go_on.set()
            await writing
            return [*counted, len(await writer.ask(Reader.feeds))]

    assert asyncio.run(asked_meanwhile()) == [0, 1]


def test_what_waits_together_shares_a_transaction(path, follow):
    async def waiting_behind_something_long() -> int:
        said: list[str] = []
        async with Writer(path) as writer:
            begun, go_on = asyncio.Event(), asyncio.Event()
            loop = asyncio.get_running_loop()

            def long(store: Store) -> None:
                loop.call_soon_threadsafe(begun.set)
                asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
                store._db.conn.set_trace_callback(said.append)

            held = asyncio.create_task(writer.run(long))
            await begun.wait()
            writes = [asyncio.create_task(writer.write(follow(str(n)))) for n in range(20)]
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(held, *writes)
            await writer.run(lambda store: store._db.conn.set_trace_callback(None))
        return said.count("COMMIT")

    assert asyncio.run(waiting_behind_something_long()) == 1
    assert len(_stored(path)) == 20


def test_one_that_fails_costs_nobody_else_anything(path, follow):
    results, stored, _ = asyncio.run(_together(path, *map(follow, ("a", "bad", "c"))))
    assert results[0] == results[2] == 1
    assert isinstance(results[1], ValueError)
    assert stored == ["a", "c"]


def test_all_that_wait_for_an_archive_that_another_program_holds_give_up_together(path, follow, monkeypatch):
    begun: list[Store] = []
    transaction = Store.transaction

    def counted(store: Store) -> AbstractContextManager[None]:
        begun.append(store)
        store._db.execute("PRAGMA busy_timeout = 0")
        return transaction(store)

    async def held() -> list[object]:
        async with Writer(path) as writer:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(Store, "transaction", counted)
            go_on = threading.Event()
            first = asyncio.create_task(writer.run(lambda store: go_on.wait()))
            works = [asyncio.create_task(writer.write(follow(name))) for name in ("a", "b", "c")]
            await asyncio.sleep(0)
            go_on.set()
            await first
            results = await asyncio.gather(*works, return_exceptions=True)
            other.close()
            return list(results)

    assert [type(result) for result in asyncio.run(held())] == [ArchiveBusy] * 3
    assert len(begun) == 1


def test_a_caller_that_goes_away_leaves_its_writing_done(path, follow):
    async def scenario() -> None:
        async with Writer(path) as writer:
            task = asyncio.create_task(writer.write(follow("a")))
            await asyncio.sleep(0)
            task.cancel()
            assert await writer.write(follow("b")) == 1

    asyncio.run(scenario())
    assert _stored(path) == ["a", "b"]


def test_a_feed_may_be_written_in_its_own_transaction_as_before(path, noon):
    async def scenario() -> int:
        async with Writer(path) as writer:
            return await writer.run(
                lambda store: store.follow(Following(url="https://example.org/x"), origin="command", now=noon)
            )

    assert asyncio.run(scenario()) == 1


DOCUMENT = b"".join(b"<item><title>Story %d</title></item>" % number for number in range(1000))


def _packed(path: Path, follow, body: bytes, *, before: Callable[[], object] = lambda: None) -> Packed | None:
    async def scenario() -> Packed | None:
        async with Writer(path) as writer:
            await writer.write(follow("a"))
            before()
            return await writer.pack(1, digest(body), body)

    return asyncio.run(scenario())


def test_a_body_is_packed_beside_the_thread_that_writes(path, follow):
    packed = _packed(path, follow, DOCUMENT)
    assert packed is not None
    assert packed.row.sha256 == digest(DOCUMENT)
    assert len(packed.row.data) < len(DOCUMENT) / 10
    assert not path.with_name(path.name + "-wal").exists()  # who wrote was the last to close


def test_a_small_body_is_left_to_the_thread_that_writes(path, follow):
    assert _packed(path, follow, b"<rss/>") is None


def test_where_the_archive_cannot_be_read_nothing_is_packed(path, follow):
    moved = path.with_name("elsewhere")
    assert _packed(path, follow, DOCUMENT, before=lambda: path.rename(moved)) is None
