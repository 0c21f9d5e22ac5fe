"""The process that asks brings what a Fetcher here would, and is nobody's burden when it ends."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from archiver.askers.askers import AskerEnded
from archiver.askers.begun import begin
from archiver.errors import FetchError, HostHeld
from archiver.fetch import Fetcher
from archiver.logs import JsonFormatter
from archiver.model import FetchOptions, FetchRequest, Response

pytestmark = pytest.mark.anyio


async def outcome(fetcher, url: str, **more: object) -> Response | dict[str, object]:
    try:
        return await fetcher.fetch(FetchRequest(url=url, **more))
    except FetchError as error:
        return {"message": str(error)} | vars(error)


async def until(happened) -> None:
    """Wait for another process; a minute is only for a machine with much else to do."""
    async with asyncio.timeout(60):
        while not happened():  # noqa: ASYNC110 (of a process there is no event)
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether a process does anything yet; one that is dead and not yet buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# ------------------------------------------------------------ what it brings


async def test_every_outcome_is_what_a_fetcher_here_would_bring(askers, settings, site, tmp_path):
    file = tmp_path / "feed.xml"
    file.write_bytes(b"<rss/>")
    asked = [
        (site.serve("/feed", b"<rss/>" * 50_000, headers={"ETag": '"1"', "X-A": "\xe9"}), {}),
        (
            site.serve("/known", b"<rss/>", headers={"ETag": '"1"'}),
            {"etag": '"1"', "last_modified": "yesterday"},
        ),
        (site.serve("/moved", status=301, headers={"Location": "/feed"}), {}),
        (site.serve("/loop", status=302, headers={"Location": "/loop"}), {}),
        (site.serve("/gone", b"no more", status=410), {}),
        (site.serve("/torn", b"<rss>", length=1000), {}),
        (site.serve("/private", b"<rss/>"), {"headers": (("X-Key", "top-secret"),)}),
        (site.origin + "/nothing", {"options": FetchOptions(authorization="Bearer top-secret")}),
        (site.origin.replace("127.0.0.1", "127.0.0.2"), {}),
        ("ftp://example.org/", {}),
        ("http://", {}),
        ("http://me:you@", {}),
        (file.as_uri(), {"allow_file": True}),
        (file.as_uri(), {}),
    ]
    async with Fetcher(settings) as here:
        for url, more in asked:
            # `Date` tells the second.
            expected, got = [await outcome(one, url, **more) for one in (here, askers)]
            if isinstance(expected, Response):
                expected, got = (replace(one, headers=undated(one.headers)) for one in (expected, got))
            else:
                expected, got = (one | {"headers": undated(one["headers"])} for one in (expected, got))
            assert got == expected, url


def undated(headers) -> tuple[tuple[str, str], ...]:
    return tuple(one for one in headers if one[0] != "Date")


async def test_many_are_asked_side_by_side(askers, site):
    gate = threading.Event()
    slow = [site.serve(f"/slow/{n}", b"slow", hold=gate) for n in range(5)]
    waiting = [asyncio.create_task(outcome(askers, url)) for url in slow]
    quick = await outcome(askers, site.serve("/quick", b"quick"))
    assert quick.body == b"quick"
    assert not any(task.done() for task in waiting)
    gate.set()
    assert [one.body for one in await asyncio.gather(*waiting)] == [b"slow"] * 5


# ------------------------------------------------------------ manners


async def test_a_redirect_takes_the_turn_of_the_next_host_when_it_has_given_back_its_own(askers, turns, site):
    there = site.serve("/feed", b"<rss/>").replace("127.0.0.1", "localhost")
    url = site.serve("/moved", status=302, headers={"Location": there})
    turns.closed["localhost"] = asyncio.Event()
    task = asyncio.create_task(outcome(askers, url))
    await until(lambda: "localhost waits" in turns.taken)
    assert turns.taken == ["127.0.0.1 begins", "127.0.0.1 ends", "localhost waits"]
    assert [path for path, _ in site.requests] == ["/moved"]
    turns.closed["localhost"].set()
    assert (await task).body == b"<rss/>"
    assert turns.taken[3:] == ["localhost begins", "localhost ends"]


async def test_every_request_to_the_same_host_takes_a_turn_too(askers, turns, site):
    site.serve("/feed", b"<rss/>")
    await outcome(askers, site.serve("/moved", status=302, headers={"Location": "/feed"}))
    assert turns.taken == ["127.0.0.1 begins", "127.0.0.1 ends"] * 2


async def test_a_host_that_is_left_alone_is_not_asked_and_its_fetch_ends_there(askers, turns, site):
    turns.held = {"127.0.0.1"}
    with pytest.raises(HostHeld):
        await askers.fetch(FetchRequest(url=site.serve("/feed", b"<rss/>")))
    assert not site.requests


async def test_a_redirect_to_a_host_that_is_left_alone_ends_the_fetch_in_both_processes(
    asking, settings, turns, site
):
    askers = asking(replace(settings, concurrency=1))
    there = site.serve("/feed", b"<rss/>").replace("127.0.0.1", "localhost")
    url = site.serve("/moved", status=302, headers={"Location": there})
    turns.held = {"localhost"}
    with pytest.raises(HostHeld) as raised:
        await askers.fetch(FetchRequest(url=url))
    assert raised.value.host == "localhost"
    # The one that may be asked at a time is not waited for by the fetch that ended.
    assert (await outcome(askers, site.origin + "/feed")).body == b"<rss/>"


# ------------------------------------------------------------ when somebody ends


async def test_a_fetch_that_is_cancelled_is_cancelled_there_and_gives_its_turn_back(
    odd, asking, turns, caplog
):
    askers = asking(make=odd)
    task = asyncio.create_task(askers.fetch(FetchRequest(url="http://a.example/dropped")))
    await askers.fetch(FetchRequest(url="http://b.example/warn"))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: "dropped there too" in caplog.text)
    assert turns.taken.count("a.example ends") == 1


async def test_a_process_that_is_killed_costs_what_was_under_way_and_is_replaced(askers, turns, site, caplog):
    gate = threading.Event()
    url = site.serve("/slow", b"slow", hold=gate)
    task = asyncio.create_task(askers.fetch(FetchRequest(url=url)))
    await until(lambda: site.requests)
    first = askers.pid
    os.kill(first, signal.SIGKILL)
    with pytest.raises(AskerEnded):
        await task
    gate.set()
    assert turns.taken == ["127.0.0.1 begins", "127.0.0.1 ends"]
    assert (await outcome(askers, url)).body == b"slow"
    assert askers.pid != first
    assert "the process that asks has ended (-9)" in caplog.text


async def test_one_that_dies_before_it_was_told_anything_is_replaced_too(asking, site):
    begun = begin()
    begun.process.kill()
    begun.process.wait()
    askers = asking(begun=begun)
    url = site.serve("/feed", b"<rss/>")
    with pytest.raises(AskerEnded):
        await askers.fetch(FetchRequest(url=url))
    assert (await outcome(askers, url)).body == b"<rss/>"


async def test_closing_leaves_no_process(askers, site):
    await outcome(askers, site.serve("/feed", b"<rss/>"))
    pid = askers.pid
    await askers.aclose()
    assert not is_alive(pid)
    with pytest.raises(AskerEnded):
        await askers.fetch(FetchRequest(url=site.origin))


async def test_signals_of_the_terminal_do_not_end_it(askers, site):
    url = site.serve("/feed", b"<rss/>")
    await outcome(askers, url)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(askers.pid, number)
    pid = askers.pid
    assert (await outcome(askers, url)).body == b"<rss/>"
    assert askers.pid == pid


async def test_it_ends_when_the_program_is_killed():
    code = (
        "import sys, time; from archiver.askers.begun import begin; "
        "print(begin().process.pid, flush=True); time.sleep(60)"
    )
    program = subprocess.Popen(  # noqa: ASYNC220 (there is nobody to keep waiting)
        [sys.executable, "-c", code], stdout=subprocess.PIPE
    )
    pid = int(program.stdout.readline())
    assert is_alive(pid)
    program.kill()
    program.wait()
    program.stdout.close()
    await until(lambda: not is_alive(pid))


async def answers_until_late(askers) -> None:
    while True:
        async with asyncio.timeout(0.5):
            await askers.answer()


async def test_its_answer_shows_that_its_loop_goes_round(odd, asking):
    askers = asking(make=odd)
    await askers.answer()  # there is none yet, which is nothing to worry about
    await askers.fetch(FetchRequest(url="http://a.example/warn"))
    await askers.answer()
    task = asyncio.create_task(askers.fetch(FetchRequest(url="http://a.example/hang")))
    with pytest.raises(TimeoutError):
        await answers_until_late(askers)
    os.kill(askers.pid, signal.SIGKILL)
    with pytest.raises(AskerEnded):
        await task


async def test_a_failure_that_was_told_is_not_kept_there_until_somebody_looks_for_garbage(odd, asking, site):
    askers = asking(make=odd)
    await askers.fetch(FetchRequest(url="http://a.example/hoard"))
    await outcome(askers, site.serve("/torn", b"<rss>", length=1000))
    assert (await askers.fetch(FetchRequest(url="http://a.example/kept"))).body == b"0"


# ------------------------------------------------------------ what it must not have, and what it has to say


async def test_it_has_nothing_open_but_its_end_of_the_socket(odd, asking, tmp_path):
    with (tmp_path / "archive.db").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        told = await asking(make=odd).fetch(FetchRequest(url="http://a.example/open"))
    places = [place for place in told.body.decode().splitlines() if place.startswith("/")]
    assert not [place for place in places if str(tmp_path) in place]
    assert told.body.count(b"socket:") <= 4  # ours, two of its loop's own, what stderr may be


async def test_secrets_stand_neither_in_its_arguments_nor_in_its_environment(odd, asking):
    options = FetchOptions(authorization="Bearer top-secret", cookies=(("a", "top-secret"),))
    request = FetchRequest(url="http://me:top-secret@a.example/secrets", options=options)
    told = await asking(make=odd).fetch(request)
    assert b"archiver.askers" in told.body
    assert b"top-secret" not in told.body


async def test_its_words_are_logged_here_with_their_traceback_and_without_secrets(odd, asking, caplog):
    await asking(make=odd).fetch(FetchRequest(url="http://a.example/log"))
    (record,) = [record for record in caplog.records if record.name == "archiver.fetch"]
    assert record.levelno == logging.ERROR
    line = JsonFormatter(secrets=["pass-word-1"]).format(record)
    assert "odd: https://example.org/" in line
    assert "ValueError" in line
    assert "pass-word-1" not in line


async def test_its_warnings_are_logged_here(odd, asking, caplog):
    await asking(make=odd).fetch(FetchRequest(url="http://a.example/warn"))
    assert "UserWarning: this is odd" in caplog.text


async def test_a_fault_of_our_own_is_raised_as_one(odd, asking):
    with pytest.raises(RuntimeError, match="nobody thought of it") as raised:
        await asking(make=odd).fetch(FetchRequest(url="http://a.example/break"))
    assert "Traceback" in raised.value.__notes__[0]


# ------------------------------------------------------------ memory


def peak(pid: int | str) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def forget_peak(pid: int | str) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def test_the_largest_document_costs_both_processes_less_than_eighty_megabytes(askers, settings, site):
    await outcome(askers, site.serve("/small", b"<rss/>"))
    url = site.serve("/large", b"<rss>".ljust(settings.max_body_bytes, b"x"))
    processes = ("self", askers.pid)
    for pid in processes:
        forget_peak(pid)
    before = sum(map(peak, processes))
    assert len((await outcome(askers, url)).body) == settings.max_body_bytes
    assert sum(map(peak, processes)) - before < 80e6
