"""What the two processes say to each other arrives as it was said."""

import asyncio
import pickle
import socket
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.askers.link import LARGE_BYTES, Came, Drop, Go, Link, Message, Said
from archiver.errors import FetchError
from archiver.model import Connection, Hop, Response

SIZES = st.sampled_from([0, 1, LARGE_BYTES - 1, LARGE_BYTES, 3 * LARGE_BYTES, 20 * LARGE_BYTES + 7])


def known_of_a_failure() -> FetchError:
    """A failure of which all is known that can be."""
    error = FetchError(
        "http",
        "the server answered 500",
        status=500,
        headers=(("Server", "x"),),
        body=b"half of it",
        final_url="https://b.example/",
        redirects=(Hop(url="https://a.example/", status=301, location="/"),),
    )
    error.complete = True
    error.request_headers = (("User-Agent", "us"),)
    error.connection = Connection(address="192.0.2.1:443", tls_protocol="TLSv1.3", verified=True)
    error.http_version, error.reason, error.second_agent = "HTTP/1.1", "Oh", True
    return error


def test_a_failure_survives_the_way_with_all_that_is_known():
    sent = known_of_a_failure()
    came = pickle.loads(pickle.dumps(sent))
    assert type(came) is FetchError
    assert str(came) == str(sent)
    assert vars(came) == vars(sent)


def exchanged(messages: list[Message]) -> list[Message]:
    async def run() -> list[Message]:
        ours, theirs = socket.socketpair()
        came: list[Message] = []
        all_came, gone = asyncio.Event(), asyncio.Event()

        def take(message: Message) -> None:
            came.append(message)
            if len(came) == len(messages):
                all_came.set()

        loop = asyncio.get_running_loop()
        _, one = await loop.create_connection(lambda: Link(take, lambda: None), sock=ours)
        await loop.create_connection(lambda: Link(take, gone.set), sock=theirs)
        for message in messages:
            one.say(message)
        await asyncio.wait_for(all_came.wait(), 20)
        one.end()
        await asyncio.wait_for(gone.wait(), 20)  # an end that closes is heard at the other
        return came

    return asyncio.run(run())


def answer(number: int, size: int) -> Came:
    return Came(
        number, Response(request_url="u", final_url="u", status=200, body=bytes([number % 251]) * size)
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(SIZES, min_size=1, max_size=6))
def test_answers_large_and_small_arrive_whole_and_in_order(sizes):
    said: list[Message] = []
    for number, size in enumerate(sizes):
        said += [answer(number, size), Go(number), Said("a", 20, "é" * size, None)]
    assert exchanged(said) == said


@pytest.mark.parametrize("size", [10, 3 * LARGE_BYTES])
def test_what_came_before_a_failure_arrives_with_it(size):
    error = FetchError("truncated", "it broke off", body=b"b" * size)
    came, last = exchanged([Came(7, error), Drop(7)])
    assert came.what.body == b"b" * size
    assert last == Drop(7)


def test_times_and_names_stay_what_they_are():
    response = Response(
        request_url="u",
        final_url="v",
        status=304,
        headers=(("ETag", '"\xe9"'),),
        redirects=(Hop(url="u", status=302, connection=Connection(address="[::1]:80")),),
        complete=False,
    )
    assert exchanged([Came(1, response)]) == [Came(1, response)]
    assert datetime(2026, 1, 1, tzinfo=UTC) == pickle.loads(pickle.dumps(datetime(2026, 1, 1, tzinfo=UTC)))
