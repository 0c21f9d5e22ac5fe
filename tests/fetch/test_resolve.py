"""Names to addresses: judged, kept for a moment, asked once at a time, none waiting for another."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence

import pytest

from archiver.errors import FetchError
from archiver.fetch.guard import Guard
from archiver.fetch.resolve import Resolver

pytestmark = pytest.mark.anyio

PUBLIC = "93.184.216.34"


class Names:
    """A name server under the test's hand; it keeps what it was asked."""

    def __init__(self, **answers: Sequence[str] | Exception | threading.Event) -> None:
        self.answers, self.asked = answers, list[str]()

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        answer = self.answers.get(host, (PUBLIC,))
        if isinstance(answer, threading.Event):
            answer.wait(10)
            return (PUBLIC,)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def resolver() -> Callable[..., Resolver]:
    def build(names: Names, **more: object) -> Resolver:
        return Resolver(Guard(), look_up=names, **more)  # type: ignore[arg-type]

    return build


async def refusal(resolver: Resolver, host: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await resolver.addresses(host, 443)
    return caught.value


async def test_a_name_is_asked_once_and_its_answer_kept_for_a_minute(resolver):
    names, clock = Names(), Clock()
    asking = resolver(names, clock=clock)
    assert await asking.addresses("a", 443) == (PUBLIC,)
    clock.now += 59
    await asking.addresses("a", 443)
    assert names.asked == ["a"]
    clock.now += 2
    await asking.addresses("a", 443)
    assert names.asked == ["a", "a"]


async def test_a_failure_is_kept_for_half_a_minute(resolver):
    names, clock = Names(a=socket.gaierror(socket.EAI_AGAIN, "")), Clock()
    asking = resolver(names, clock=clock)
    for _ in range(2):
        error = await refusal(asking, "a")
        assert (error.kind, str(error)) == ("dns_hiccup", "the name a could not be looked up just now")
    clock.now += 31
    names.answers.clear()
    assert await asking.addresses("a", 443) == (PUBLIC,)
    assert names.asked == ["a", "a"]


async def test_many_who_ask_for_one_name_wait_for_one_answer(resolver):
    names = Names(a=threading.Event())
    asking = resolver(names)
    waiting = [asyncio.create_task(asking.addresses("a", 443)) for _ in range(20)]
    assert await asking.addresses("b", 443) == (PUBLIC,)  # nobody waits for another's name
    names.answers["a"].set()
    assert await asyncio.gather(*waiting) == [(PUBLIC,)] * 20
    assert sorted(names.asked) == ["a", "b"]


async def test_names_that_sleep_keep_nobody_waiting_and_are_given_up(resolver):
    sleep = threading.Event()
    names = Names(**{f"dead{number}": sleep for number in range(30)})
    asking = resolver(names, patience=0.3)
    dead = [asyncio.create_task(refusal(asking, f"dead{number}")) for number in range(30)]
    assert await asyncio.gather(*(asking.addresses(f"live{n}", 443) for n in range(10))) == [(PUBLIC,)] * 10
    assert {str(error).partition("up ")[2] for error in await asyncio.gather(*dead)} == {"within 0.3 seconds"}
    await asking.aclose()
    sleep.set()


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        (socket.gaierror(socket.EAI_NONAME, ""), "dns", "the name a has no address"),
        ((), "dns", "the name a has no address"),
        (OSError("?"), "dns_hiccup", "the name a could not be looked up just now"),
        (UnicodeError("?"), "dns", "the name a has no address"),
        (("nonsense",), "dns", "the name a has no address"),
    ],
)
async def test_a_name_without_an_address_and_a_server_without_an_answer_are_told_apart(
    resolver, answer, kind, sentence
):
    error = await refusal(resolver(Names(a=answer)), "a")
    assert (error.kind, str(error)) == (kind, sentence)


async def test_every_answer_is_judged_not_only_those_that_are_tried(resolver):
    many = tuple(f"93.184.216.{number}" for number in range(20))
    assert await resolver(Names(a=many)).addresses("a", 443) == many[:4]
    assert (await refusal(resolver(Names(a=(*many, "10.0.0.1"))), "a")).kind == "blocked_address"


async def test_an_address_is_its_own_answer(resolver):
    names = Names()
    assert await resolver(names).addresses("93.184.216.34", 443) == (PUBLIC,)
    assert await resolver(names).addresses("2606:2800::1", 443) == ("2606:2800::1",)
    assert (await refusal(resolver(names), "::1")).kind == "blocked_address"
    assert names.asked == []
