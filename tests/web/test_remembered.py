"""What all visitors ask: cheap answers are always fresh, dear ones are kept, and nobody waits twice."""

from collections.abc import Callable

from archiver.web.remembered import CHEAP_SECONDS, KEPT_FOR, MOST_KEPT, STALE_SECONDS, Remembered


class Time:
    """A clock that stands still unless told otherwise."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.behind: list[Callable[[], None]] = []
        self.remembered = Remembered(lambda: self, self.behind.append, elapsed=lambda: self.now)

    def ask(self, *, taking: float, name: str = "question") -> int:
        """Ask what takes so many seconds; the answer is how often it was asked in all."""

        def question(time: Time) -> int:
            time.now += taking
            time.asked += 1
            return time.asked

        return self.remembered.get(name, question)


def test_what_is_cheap_is_asked_every_time():
    time = Time()
    assert [time.ask(taking=CHEAP_SECONDS / 2) for _ in range(3)] == [1, 2, 3]


def test_what_is_dear_is_kept_in_proportion():
    time = Time()
    assert time.ask(taking=1) == 1
    time.now += KEPT_FOR - 1
    assert time.ask(taking=1) == 1
    assert time.behind == []


def test_an_old_dear_answer_goes_out_once_more_and_is_made_anew_behind():
    time = Time()
    time.ask(taking=1)
    time.now += KEPT_FOR + 1
    assert [time.ask(taking=1), time.ask(taking=1)] == [1, 1]
    assert len(time.behind) == 1
    time.behind.pop()()
    assert time.ask(taking=1) == 2


def test_a_very_old_answer_is_not_shown():
    time = Time()
    time.ask(taking=1)
    time.now += STALE_SECONDS + 1
    assert time.ask(taking=1) == 2


def test_only_so_many_answers_are_kept():
    time = Time()
    for number in range(MOST_KEPT + 1):
        time.ask(taking=1, name=str(number))
    assert time.ask(taking=1, name=str(MOST_KEPT)) == MOST_KEPT + 1
    assert time.ask(taking=1, name="0") == MOST_KEPT + 2
