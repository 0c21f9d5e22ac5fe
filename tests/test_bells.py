"""Bells ring at intervals in the event loop's thread, also after somebody has set the clock."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from archiver.bells import Bells
from archiver.clock import Clock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Wrong:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds) + self.ahead


@pytest.fixture
def wrong() -> Wrong:
    return Wrong()


@pytest.fixture
def bells(wrong) -> Bells:
    return Bells(Clock(now=wrong.now, elapsed=lambda: wrong.seconds))


def test_a_bell_rings_again_and_again_in_the_thread_of_the_loop_until_it_is_over(bells):
    rung: list[threading.Thread] = []
    thrice = asyncio.Event()

    def ring() -> None:
        rung.append(threading.current_thread())
        if len(rung) == 3:
            thrice.set()

    async def listen() -> int:
        with bells.ringing({ring: 0.02}):
            async with asyncio.timeout(10):
                await thrice.wait()
        before = len(rung)
        await asyncio.sleep(0.1)
        return before

    assert asyncio.run(listen()) == len(rung)
    assert set(rung) == {threading.main_thread()}


@pytest.mark.parametrize(
    ("step", "was_set", "told"),
    [
        (timedelta(seconds=2), False, ""),
        (timedelta(seconds=-2), False, ""),
        (timedelta(minutes=2), True, ""),
        (timedelta(hours=1), True, "the clock was set forward by 1:00:00"),
        (timedelta(hours=-1), True, "the clock was set back by 1:00:00"),
    ],
)
def test_a_clock_that_was_set_is_noticed_once_and_told_of_if_it_was_by_much(
    bells, wrong, caplog, step, was_set, told
):
    assert not bells.clock_was_set()
    wrong.seconds += 86_400
    assert not bells.clock_was_set()
    wrong.ahead = step
    assert bells.clock_was_set() is was_set
    assert not bells.clock_was_set()
    assert [record.getMessage() for record in caplog.records] == ([told] if told else [])


def test_after_the_clock_was_set_back_a_bell_rings_as_soon_as_ever(bells, wrong):
    rung = asyncio.Event()

    async def listen() -> None:
        bells.clock_was_set()
        with bells.ringing({rung.set: 0.5}):
            # As where the clock goes back by a day: the next time to ring is that far off.
            ((job, _),) = bells._jobs
            job.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))
            wrong.ahead = -timedelta(days=1)
            assert bells.clock_was_set()
            async with asyncio.timeout(10):
                await rung.wait()

    asyncio.run(listen())
