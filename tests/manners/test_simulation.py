"""Weeks of a service among hundreds of feeds, under a clock of its own, judged by the log of the servers."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

HOUR, DAY = 3600.0, 86400.0
WEEK = 7 * DAY
PLATFORMS = ("wordpress.com", "substack.com", "github.io", "blogspot.com")


def between(first: float, last: float):
    """A time of trouble."""
    return lambda now: first <= now < last


def always(now: float) -> bool:
    return True


def populate(world) -> list[str]:
    """Some sixty servers with all kinds of habits, and three hundred feeds on them."""
    feeds = []
    for number in range(12):
        name = f"site{number}.example"
        world.host(name, seconds=0.05 + number % 4)
        feeds += [world.feed(f"http://{'www.' * (n % 2)}{name}/{n}", every=DAY * (1 + n)) for n in range(6)]
    for number in range(40):
        name = f"blog{number}.{PLATFORMS[number % len(PLATFORMS)]}"
        world.host(name)
        feeds += [world.feed(f"https://{name}/feed", every=HOUR * (8 + 5 * number))]
    world.host("busy.example", seconds=1)
    feeds += [world.feed(f"http://www.busy.example/{n}", every=DAY) for n in range(80)]

    world.host("impatient.example", refusing=between(HOUR, DAY), patience=5 * HOUR)
    world.host("dated.example", refusing=between(DAY, 2 * DAY), patience=3 * HOUR, as_date=True, status=503)
    world.host("silent.example", refusing=between(2 * DAY, 4 * DAY))
    world.host("overloaded.example", refusing=lambda now: now % DAY < 2 * HOUR, status=503)
    world.host("forever.example", refusing=always, patience=30 * DAY)
    world.host("maintained.example", refusing=between(0, 3 * DAY), patience=2 * DAY, status=404)
    world.host("dead.example", down=always, refused=True)
    world.host("tired.example", down=between(3 * DAY, 5 * DAY))
    for name in ("impatient", "dated", "silent", "overloaded", "forever", "maintained", "dead", "tired"):
        feeds += [world.feed(f"http://{name}.example/{n}") for n in range(8)]

    world.host("old.example")
    world.host("new.example")
    world.host("shortener.example", refusing=between(4 * DAY, 5 * DAY), patience=6 * HOUR)
    for n in range(10):
        away, back = world.feed(f"http://old.example/to/{n}"), world.feed(f"http://new.example/to/{n}")
        feeds.append(world.feed(f"http://new.example/{n}", leads_to=away))
        feeds.append(world.feed(f"http://old.example/{n}", leads_to=back))
        target = world.feed(f"http://shortener.example/{n}", leads_to=f"http://busy.example/moved/{n}")
        world.feed(f"http://busy.example/moved/{n}")
        feeds.append(world.feed(f"http://site{n}.example/short", leads_to=target))
        feeds.append(world.feed(f"http://site{n}.example/old/", leads_to=f"http://site{n}.example/0"))
    return feeds


@pytest.mark.parametrize(
    ("days", "requests"),
    [(2, 1_000), pytest.param(28, 10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])],
)
def test_days_with_stops_and_a_night_off_are_polite_to_everybody(world, days, requests):
    feeds = populate(world)
    pauses = []

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(days / 3 * DAY, per_second=5)
        await world.serve(HOUR + 0.7, per_second=5)  # started anew at once, in the middle of everything
        pauses.append(world.loop.passed)
        await asyncio.sleep(14 * HOUR)
        pauses.append(world.loop.passed)
        await world.serve(days * DAY - world.loop.passed, per_second=5)

    world.run(live)
    log = world.web.log
    assert len(log) > requests
    assert world.rude() == []

    first_hour_after = [line for line in log if pauses[1] <= line.began < pauses[1] + HOUR]
    assert len(first_hour_after) > 100, "the night off left a backlog"
    assert world.most_in_a_second() <= 10, "five updates, and each may be sent on"

    silence = world.longest_silence()
    patient = ("http://forever.example/", "http://maintained.example/")  # one request, and all have to wait
    asked = [url for url in feeds if not url.startswith(patient)]
    assert max(silence[url] for url in asked) < 9 * DAY
    assert {f"http://{line.host}/" for line in log} >= set(patient)
    healthy = [url for url in feeds if ".com/" in url or ".io/" in url]
    assert max(silence[url] for url in healthy) < 2 * DAY

    served: dict[str, set[str | None]] = {}
    for line in log:
        if line.etag is not None and line.url in world.web.every:
            assert line.etag in served[line.url]
        if line.status == 200:
            version = int(line.ended / world.web.every[line.url])
            served.setdefault(line.url, set()).add(f'"{version}"')
    again = [line for line in log if line.host.endswith(".com") and line.began > DAY]
    assert sum(line.etag is not None for line in again) > 0.8 * len(again)
    assert Counter(line.status for line in log)[304] > requests / 3


@pytest.mark.slow
def test_whatever_happens_every_feed_is_asked_at_least_monthly(world):
    troubles = {
        "gone": {"refusing": always, "status": 410},
        "forbidden": {"refusing": always, "status": 403},
        "refusing": {"refusing": always, "patience": 30 * DAY},
        "down": {"down": always},
        "dead": {"down": always, "refused": True},
        "well": {},
    }
    feeds = []
    for name, habits in troubles.items():
        world.host(f"{name}.example", **habits)
        feeds += [world.feed(f"http://{name}.example/{n}") for n in range(4)]

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(65 * DAY)

    world.run(live)
    assert world.rude() == []
    assert max(world.longest_silence()[url] for url in feeds) < 32 * DAY


@pytest.mark.slow
def test_a_clock_that_is_set_wrong_and_right_again_stops_nothing_and_storms_nobody(world):
    world.host("site.example")
    feeds = [world.feed(f"http://site.example/{n}") for n in range(20)]

    async def live() -> None:
        await world.follow(feeds)
        for days in (0, -40, 0, 400, 0):
            world.ahead = timedelta(days=days)
            async with world.service(requests_per_second=5) as service:
                serving = asyncio.create_task(service.serve())
                await asyncio.sleep(DAY)
                world.ahead += timedelta(days=3)
                await asyncio.sleep(DAY)
                world.ahead -= timedelta(days=3)
                await asyncio.sleep(2 * DAY)
                service.stop()
                await serving

    world.run(live)
    assert world.rude() == []
    assert max(world.longest_silence().values()) < 7 * DAY
    assert len(world.web.log) < 20 * 20 * 24


@pytest.mark.slow
def test_ten_thousand_feeds_of_one_host_do_not_keep_the_others_from_being_asked(world):
    world.host("crowd.example")
    feeds = [world.feed(f"http://crowd.example/{n}") for n in range(10_000)]
    for n in range(20):
        world.host(f"small{n}.example")
        feeds.append(world.feed(f"http://small{n}.example/"))

    async def live() -> None:
        await world.follow(feeds)
        await world.serve(5 * 60)

    world.run(live)
    hosts = world.by_host()
    assert world.rude() == []
    assert len(hosts["crowd.example"]) > 100
    assert max(hosts[f"small{n}.example"][0].began for n in range(20)) < 60


def test_feeds_that_are_sent_on_to_each_others_hosts_do_not_wait_for_each_other_for_ever(world):
    world.host("one.example", seconds=3)
    world.host("two.example", seconds=3)
    feeds = []
    for n in range(20):
        for here, there in (("one", "two"), ("two", "one")):
            target = world.feed(f"http://{there}.example/story/{n}")
            feeds.append(world.feed(f"http://{here}.example/{n}", leads_to=target))

    async def live() -> None:
        await world.follow(feeds)
        async with world.service() as service:
            await service.run_once()

    world.run(live)
    assert world.rude() == []
    assert len(world.done) == len(feeds)


def test_a_hold_survives_a_restart(world):
    world.host("refusing.example", refusing=between(0, HOUR), patience=3 * HOUR)
    feeds = [world.feed(f"http://refusing.example/{n}") for n in range(5)]

    async def live() -> None:
        await world.follow(feeds)
        for _ in range(8):
            await world.serve(HOUR)

    world.run(live)
    assert world.rude() == []
    assert [line.status for line in world.web.log].count(429) == 1
    assert {line.url for line in world.web.log} == set(feeds)
