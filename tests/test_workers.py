"""Documents are read in processes that can be killed; slow ones keep nobody waiting but each other."""

import asyncio
import errno
import os
import threading
from dataclasses import replace
from multiprocessing import resource_tracker

import pytest
from pebble.pool.process import WorkerManager

from archiver import workers as workers_module
from archiver.errors import ParseError
from archiver.model import ParseOptions, PreparedFeed
from archiver.packing import whole
from archiver.prepare import prepare
from archiver.workers import SLOW_BYTES, Workers

WORDS = 6_000


def document(*texts: str) -> bytes:
    items = "".join(
        f"<item><guid>{n}</guid><description>{text}</description></item>" for n, text in enumerate(texts)
    )
    return f"<rss version='2.0'><channel><title>Example</title>{items}</channel></rss>".encode()


def slow(texts: int = 60) -> bytes:
    """Seconds of work, below the size that is taken for slow unseen. No word comes twice: those are quick."""
    words = [f"w{number:x}" for number in range(texts * WORDS)]
    body = document(*(" ".join(words[at : at + WORDS]) for at in range(0, len(words), WORDS)))
    assert len(body) < SLOW_BYTES
    return body


def at(name: str) -> ParseOptions:
    return ParseOptions(url=f"https://{name}.example/feed")


def test_small_documents_do_not_wait_for_slow_ones_which_are_understood_all_the_same():
    async def read() -> tuple[int, list[int]]:
        with Workers(2, quick_seconds=0.4) as workers:
            monsters = [asyncio.create_task(workers.prepare(slow(), at(f"slow{n}"))) for n in range(3)]
            await asyncio.sleep(0)
            small = [workers.prepare(document("Short."), at(f"small{n}")) for n in range(20)]
            await asyncio.gather(*small)
            waiting = sum(not one.done() for one in monsters)
            return waiting, [len(found.entries) for found in await asyncio.gather(*monsters)]

    waiting, entries = asyncio.run(read())
    assert waiting > 0
    assert entries == [60, 60, 60]


def test_what_becomes_of_a_large_document_arrives_as_it_is():
    body = document("A short one.", "x" * SLOW_BYTES)

    async def read() -> PreparedFeed:
        with Workers(1) as workers:
            return await workers.prepare(body, at("large"))

    found, there = asyncio.run(read()), prepare(body, at("large"))
    assert tuple(map(whole, found.entries)) == there.entries
    assert replace(found, parsed=there.parsed, entries=there.entries) == there
    assert replace(found.parsed, entries=there.parsed.entries) == there.parsed


def test_a_document_that_takes_too_long_is_given_up_and_the_next_one_is_read():
    async def read() -> int:
        with Workers(1, time_limit_seconds=0.3, quick_seconds=0.2) as workers:
            for name in ("slow", "slow"):
                with pytest.raises(ParseError, match="not understood within"):
                    await workers.prepare(slow(), at(name))
            return len((await workers.prepare(document("Short."), at("small"))).entries)

    assert asyncio.run(read()) == 1


def test_a_helper_of_multiprocessing_that_is_ended_while_the_pool_starts_costs_no_document(monkeypatch):
    tracker = resource_tracker._resource_tracker
    send, broken = tracker._send, []

    def once_broken(*message: str) -> None:
        if not broken:
            broken.append(message)
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        send(*message)

    async def read() -> int:
        with Workers(1) as workers:
            return len((await workers.prepare(document("Short."), at("small"))).entries)

    monkeypatch.setattr(tracker, "_send", once_broken)
    assert asyncio.run(read()) == 1
    assert broken


def test_others_go_on_while_the_pool_begins_also_where_who_asked_first_gives_up(monkeypatch):
    create, begins, went_on = WorkerManager.create_workers, threading.Event(), threading.Event()

    def once_others_went_on(manager: WorkerManager) -> None:
        begins.set()
        assert went_on.wait(10), "the event loop stands still"
        create(manager)

    monkeypatch.setattr(WorkerManager, "create_workers", once_others_went_on)

    async def read() -> int:
        with Workers(1) as workers:
            reading = [
                asyncio.create_task(workers.prepare(document("Short."), at(f"small{n}"))) for n in range(3)
            ]
            assert await asyncio.to_thread(begins.wait, 10)
            reading[0].cancel()
            await asyncio.sleep(0.01)
            went_on.set()
            return sum([len((await one).entries) for one in reading[1:]])

    assert asyncio.run(read()) == 2


def test_a_pool_that_could_not_begin_is_begun_anew_for_the_next_document(monkeypatch):
    begin = workers_module._begin_pool

    def too_many_processes(_: object) -> None:
        monkeypatch.setattr(workers_module, "_begin_pool", begin)
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(workers_module, "_begin_pool", too_many_processes)

    async def read() -> int:
        with Workers(1) as workers:
            with pytest.raises(BlockingIOError):
                await workers.prepare(document("Short."), at("small"))
            return len((await workers.prepare(document("Short."), at("small"))).entries)

    assert asyncio.run(read()) == 1
