"""What the service makes of held hosts, redirects, restarts and commands by hand."""

import asyncio
import itertools
import sqlite3
from contextlib import contextmanager
from dataclasses import replace

import pytest

from archiver.agenda import Agenda
from archiver.errors import StoreError
from archiver.store import Reader, updates
from tests.manners.conftest import _Readers, _Writer

HOUR, DAY = 3600.0, 86400.0


def rows(world, sql: str) -> list[tuple]:
    connection = sqlite3.connect(world.path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def refusing(world, *, patience: float | None = 5 * HOUR, until: float = HOUR, **habits) -> list[str]:
    world.host("site.example", refusing=lambda now: now < until, patience=patience, **habits)
    return [world.feed(f"http://site.example/{n}") for n in range(3)]


def many_sites(world, count: int, *, seconds: float) -> list[str]:
    """So many feeds, each on a host of its own that takes so long to answer."""
    for n in range(count):
        world.host(f"site{n}.example", seconds=seconds)
    return [world.feed(f"http://site{n}.example/{n}") for n in range(count)]


async def by_hand(world, *feed_ids: int):
    async with world.service() as service:
        await service.update([(feed_id, "site.example") for feed_id in feed_ids])
        return service.tally


def test_by_hand_a_held_host_is_not_asked_and_one_row_says_until_when_and_why(world):
    async def live() -> None:
        await world.follow(refusing(world))
        await world.serve(60)
        asked = len(world.web.log)
        before = rows(world, "SELECT error_count, last_fetched_at, next_fetch_at FROM feeds WHERE id = 2")
        tally = await by_hand(world, 2)
        assert (tally.feeds, tally.skipped, tally.failed) == (1, 1, 0)
        assert len(world.web.log) == asked == 1
        after = rows(world, "SELECT error_count, last_fetched_at, next_fetch_at FROM feeds WHERE id = 2")
        assert before == after

    world.run(live)
    assert rows(world, "SELECT outcome, error FROM fetches WHERE feed_id = 2") == [
        (
            "skipped",
            "site.example is left alone until 2026-01-05 11:00:04 UTC: its server answered 429"
            " and asked for patience",
        )
    ]


def test_by_hand_feeds_of_a_host_that_refuses_meanwhile_are_skipped_and_the_command_ends(world):
    async def live() -> None:
        await world.follow(refusing(world))
        tally = await by_hand(world, 1, 2, 3)
        assert (tally.failed, tally.skipped) == (1, 2)

    world.run(live)
    assert [line.status for line in world.web.log] == [429]


def test_the_service_writes_nothing_of_feeds_that_only_wait(world):
    async def live() -> None:
        await world.follow(refusing(world))
        await world.serve(4 * HOUR)

    world.run(live)
    assert rows(world, "SELECT feed_id, status FROM fetches") == [(1, 429)]
    assert rows(world, "SELECT host, held_until, refusals, fetch_id FROM hosts") == [
        ("site.example", "2026-01-05T11:00:04Z", 1, 1)
    ]


def test_an_answer_is_written_down_as_the_end_of_the_refusals(world):
    async def live() -> None:
        await world.follow(refusing(world))
        await world.serve(9 * HOUR)

    world.run(live)
    assert rows(world, "SELECT host, held_until, reason, refusals FROM hosts") == [
        ("site.example", None, None, 0)
    ]


def test_refusals_without_a_time_hold_longer_each_time(world):
    async def live() -> None:
        await world.follow(refusing(world, patience=None))
        await world.serve(HOUR)

    world.run(live)
    times = [line.began for line in world.web.log]
    waits = [later - before for before, later in itertools.pairwise(times)]
    assert [round(wait / 60) for wait in waits[:2]] == [1, 2], "three feeds, then each waits by itself"


def test_once_does_not_wait_for_hosts_that_are_held(world):
    async def live() -> None:
        await world.follow(refusing(world))
        async with world.service() as service:
            await service.run_once()
        assert world.loop.passed < 60

    world.run(live)
    assert len(world.web.log) == 1


def test_a_feed_that_is_sent_on_to_a_held_host_is_skipped_until_that_is_over(world):
    feeds = refusing(world)
    world.host("away.example")
    feeds.append(world.feed("http://away.example/feed", leads_to=feeds[0]))

    async def live() -> None:
        await world.follow(feeds[:1])
        await world.serve(60)
        await world.follow(feeds[:1] + feeds[3:])
        await world.serve(60)

    world.run(live)
    assert world.rude() == []
    skipped = rows(world, "SELECT outcome, error_kind FROM fetches WHERE feed_id = 2")
    assert skipped == [("skipped", None)]
    assert rows(world, "SELECT next_fetch_at, error_count, state FROM feeds WHERE id = 2") == [
        ("2026-01-05T11:00:04Z", 0, "active")
    ]


def test_a_host_that_several_feeds_cannot_reach_is_left_alone_a_little(world):
    world.host("site.example", down=lambda now: now < 1000, refused=True)
    feeds = [world.feed(f"http://site.example/{n}") for n in range(6)]

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(HOUR)

    world.run(live)
    times = [line.began for line in world.web.log]
    assert times[2] < 10
    assert 299 < times[3] - times[2] < 310
    assert 599 < times[4] - times[3] < 610


@pytest.mark.parametrize("waits_for", ["its host's turn", "a place"])
def test_a_feed_that_was_paused_while_it_waited_is_not_asked(world, waits_for):
    if waits_for == "a place":
        world.settings = replace(world.settings, concurrency=1)
        feeds = many_sites(world, 3, seconds=10)
    else:
        world.host("site.example", seconds=10)
        feeds = [world.feed(f"http://site.example/{n}") for n in range(3)]

    async def live() -> None:
        await world.follow(feeds)
        async with world.service() as service:
            serving = asyncio.create_task(service.serve())
            await asyncio.sleep(5)
            await service._writer.run(lambda store: store.pause(2))
            await asyncio.sleep(60)
            service.stop()
            await serving

    world.run(live)
    assert [line.url[-1] for line in world.web.log] == ["0", "2"]


def test_the_archive_is_not_asked_anew_for_each_feed(world, monkeypatch):
    world.settings = replace(world.settings, concurrency=1)
    feeds = many_sites(world, 40, seconds=0.01)
    asked: list[int] = []
    read = Reader.for_updates
    monkeypatch.setattr(Reader, "for_updates", lambda self, ids: asked.append(len(ids)) or read(self, ids))

    async def live() -> None:
        await world.follow(feeds)
        async with world.service() as service:
            await service.run_once()

    world.run(live)
    assert len(world.web.log) == sum(asked) == 40
    assert len(asked) < 8


def test_after_a_wait_for_places_no_more_are_asked_in_a_second_than_allowed(world):
    world.settings = replace(world.settings, concurrency=2)
    feeds = many_sites(world, 30, seconds=0.02)
    for n in range(2):
        world.host(f"site{n}.example", seconds=20)

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(90, per_second=1)

    world.run(live)
    assert len(world.web.log) == 30
    assert world.most_in_a_second() == 1


def test_those_that_have_waited_longest_are_asked_first_however_slow_the_others_are(world):
    world.settings = replace(world.settings, concurrency=1)
    feeds = many_sites(world, 60, seconds=3)

    async def live() -> None:
        await world.follow(feeds)
        with sqlite3.connect(world.path) as db:
            db.execute("UPDATE feeds SET next_fetch_at = '2026-01-01T00:00:00Z' WHERE id > 57")
        db.close()
        async with world.service() as service:
            await service.run_once()

    world.run(live)
    assert [line.url for line in world.web.log] == [*feeds[57:], *feeds[:57]]


@pytest.mark.parametrize("ways", ["once", "serve"])
def test_nobody_is_asked_any_more_once_the_service_has_failed(world, monkeypatch, ways):
    world.settings = replace(world.settings, concurrency=4)
    feeds = many_sites(world, 60, seconds=0.1)
    under_way: list[int] = []
    look = Agenda.look

    async def failing(agenda, *, beside) -> None:
        if world.web.log:
            under_way.append(len(world.web.log))
            raise StoreError("disk I/O error")
        await look(agenda, beside=beside)

    monkeypatch.setattr(Agenda, "look", failing)

    async def live() -> None:
        await world.follow(feeds)
        async with world.service() as service:
            with pytest.raises(StoreError, match="disk I/O error"):
                await (service.run_once() if ways == "once" else service.serve())
            await asyncio.sleep(10)

    world.run(live)
    assert [len(world.web.log)] == under_way
    assert rows(world, "SELECT count(*) FROM fetches") == [(under_way[0],)]


@pytest.mark.parametrize("ways", ["once", "by hand"])
def test_the_rest_between_two_requests_survives_a_restart(world, ways):
    world.host("site.example", seconds=3)
    feeds = [world.feed(f"http://site.example/{n}") for n in range(2)]

    async def live() -> None:
        for number in (1, 2):
            await world.follow(feeds[:number])
            if ways == "once":
                async with world.service() as service:
                    await service.run_once()
            else:
                await by_hand(world, number)

    world.run(live)
    assert len(world.web.log) == 2
    assert world.rude() == []


@pytest.mark.parametrize(("opening", "first"), [(0, 2), (1.5, 2), (9, 9)])
def test_what_opening_takes_counts_towards_the_rest_before_the_first_request(world, opening, first):
    feed = world.feed("http://site.example/feed")
    world.host("site.example")

    async def live() -> None:
        await world.follow([feed])
        async with world.service() as service:
            await asyncio.sleep(opening)
            asyncio.get_running_loop().call_later(20, service.stop)
            await service.serve()

    world.run(live)
    (line,) = world.web.log
    assert first <= line.began < first + 0.1


def test_so_many_feeds_that_are_sent_on_to_one_host_do_not_stop_the_others(world):
    world.host("hub.example", seconds=5)
    feeds = []
    for n in range(70):
        world.host(f"site{n}.example")
        target = world.feed(f"http://hub.example/{n}")
        feeds.append(world.feed(f"http://site{n}.example/feed", leads_to=target))
    for n in range(70):
        world.host(f"well{n}.example")
        feeds.append(world.feed(f"http://well{n}.example/feed"))

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(HOUR)

    world.run(live)
    assert world.rude() == []
    hosts = world.by_host()
    assert max(hosts[f"well{n}.example"][0].began for n in range(70)) < 60
    assert {line.url for line in hosts["hub.example"]} == {f"http://hub.example/{n}" for n in range(70)}


@contextmanager
def disk_full(world, monkeypatch, *, until: float, code: int = sqlite3.SQLITE_FULL):
    """Nothing can be written before that time."""
    apply = updates.apply

    def fails(*arguments, **options):
        if world.loop.passed < until:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = code
            raise error
        return apply(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("archiver.store.updates.apply", fails)
        yield


def test_what_no_disk_takes_is_written_when_it_does_and_nobody_is_asked_anew_for_it(world, monkeypatch):
    world.host("well.example")
    feeds = [*refusing(world), world.feed("http://well.example/feed", every=DAY)]

    async def live() -> None:
        await world.follow(feeds)
        with disk_full(world, monkeypatch, until=0.9 * HOUR):
            await world.serve(0.95 * HOUR)

    world.run(live)
    assert world.rude() == []
    assert sorted((line.host, line.status) for line in world.web.log) == [
        ("site.example", 429),
        ("well.example", 200),
    ]
    assert rows(
        world, "SELECT outcome, started_at < '2026-01-05T06:01:00Z' FROM fetches ORDER BY feed_id"
    ) == [
        ("error", 1),
        ("new", 1),
    ]


@pytest.mark.parametrize(("until", "written"), [(0.5 * HOUR + 10, 1), (DAY, 0)])
def test_what_waits_for_room_on_the_disk_is_tried_once_more_at_the_end(world, monkeypatch, until, written):
    world.host("well.example")

    async def live() -> None:
        await world.follow([world.feed("http://well.example/feed", every=DAY)])
        with disk_full(world, monkeypatch, until=until):
            await world.serve(0.5 * HOUR + 20)
        assert world.loop.passed < 0.5 * HOUR + 25, "nobody waits for the next minute"

    world.run(live)
    assert len(world.web.log) == 1
    assert rows(world, "SELECT count(*) FROM fetches") == [(written,)]


def test_no_more_servers_are_asked_for_what_cannot_be_written_than_at_a_time(world, monkeypatch):
    feeds = []
    for number in range(100):
        world.host(f"site{number}.example")
        feeds.append(world.feed(f"http://site{number}.example/feed"))

    async def live() -> None:
        await world.follow(feeds)
        with disk_full(world, monkeypatch, until=HOUR):
            await world.serve(0.9 * HOUR)
            assert len(world.web.log) == world.settings.concurrency
            await world.serve(0.5 * HOUR)

    world.run(live)
    assert rows(world, "SELECT count(*), min(outcome), max(outcome) FROM fetches") == [(100, "new", "new")]


def test_a_damaged_archive_makes_nobody_be_asked_more_often(world, monkeypatch):
    world.host("well.example")

    async def live() -> None:
        await world.follow([world.feed("http://well.example/feed", every=HOUR)])
        with disk_full(world, monkeypatch, until=DAY, code=sqlite3.SQLITE_CORRUPT):
            await world.serve(12 * HOUR)

    world.run(live)
    assert 12 <= len(world.web.log) <= 26, "at its rhythm, and not every minute"


def test_an_archive_that_cannot_even_be_read_makes_nobody_be_asked_more_often(world, monkeypatch):
    world.host("well.example")

    def fails(*arguments):
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    async def live() -> None:
        await world.follow([world.feed("http://well.example/feed", every=HOUR)])
        with monkeypatch.context() as patch:
            patch.setattr("archiver.store.knowledge.known_entries", fails)
            await world.serve(12 * HOUR)

    world.run(live)
    assert 12 <= len(world.web.log) <= 26, "at its rhythm, and not every minute"


def test_an_answer_that_takes_long_to_read_does_not_end_what_the_server_asked_for_meanwhile(
    world, monkeypatch
):
    feeds = refusing(world, until=HOUR)
    world.web.hosts["site.example"].refusing = lambda now: 5 < now < HOUR
    world.host("away.example")
    feeds.insert(0, world.feed("http://away.example/feed", leads_to=world.feed("http://site.example/long")))

    async def live() -> None:
        await world.follow(feeds)
        with reading_for(monkeypatch, seconds=30):
            await world.serve(HOUR)
        await world.serve(HOUR)  # another process, which knows what is written down

    world.run(live)
    assert [line.status for line in world.web.log][:4] == [302, 200, 200, 429]
    assert world.rude() == []


@contextmanager
def reading_for(monkeypatch, *, seconds: float):
    """Every document takes so long to read."""
    prepare = _Readers.prepare

    async def slowly(self, *told):
        await asyncio.sleep(seconds)
        return await prepare(self, *told)

    with monkeypatch.context() as patch:
        patch.setattr(_Readers, "prepare", slowly)
        yield


def test_what_a_server_asks_for_holds_before_it_is_written_down(world, monkeypatch):
    world.host("asked.example", refusing=lambda now: now < HOUR, patience=5 * HOUR)
    feeds = []
    for n in range(5):
        world.host(f"site{n}.example")
        target = world.feed(f"http://asked.example/{n}")
        feeds.append(world.feed(f"http://site{n}.example/feed", leads_to=target))
    write = _Writer.write

    async def slowly(self, work):
        await asyncio.sleep(10)
        return await write(self, work)

    async def live() -> None:
        await world.follow(feeds)
        with monkeypatch.context() as patch:
            patch.setattr(_Writer, "write", slowly)
            await world.serve(HOUR)

    world.run(live)
    assert [line.status for line in world.by_host()["asked.example"]] == [429]


def test_who_sends_us_on_to_a_host_that_is_held_again_and_again_is_not_asked_each_time(world):
    world.host("site.example", refusing=lambda now: now < 2 * HOUR, patience=60)
    world.host("away.example")
    held = [world.feed(f"http://site.example/{n}") for n in range(30)]
    feeds = [*held, world.feed("http://away.example/feed", leads_to=held[0])]

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(2 * HOUR)

    world.run(live)
    times = [line.began for line in world.by_host()["away.example"]]
    assert all(later - before >= 900 for before, later in itertools.pairwise(times))
