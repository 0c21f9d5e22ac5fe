"""Answers that take for ever: silence, drips, floods of answers that are none yet."""

import gzip
import time

from hostile_site.connection import CHUNKED, UNFRAMED, Connection, chunk, http
from hostile_site.scenario import WHOLE, Query, played
from hostile_site.story import FEED

G = "pace"


@played(G, "timeout")
def silent(connection: Connection, _: Query) -> None:
    connection.wait()


@played(G, "timeout")
def silent_in_status(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200")
    connection.wait()


@played(G, "timeout")
def silent_in_head(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\nContent-")
    connection.wait()


@played(G, "timeout")
def silent_after_head(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    connection.wait()


@played(G, "timeout")
def silent_in_body(connection: Connection, _: Query) -> None:
    connection.say(http(FEED[:500], length=len(FEED)))
    connection.wait()


@played(G, "timeout")
def silent_unframed(connection: Connection, _: Query) -> None:
    """All there, but that it does not close: nobody can know that."""
    connection.say(UNFRAMED + FEED)
    connection.wait()


@played(G, "timeout")
def silent_before_last_chunk(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED + chunk(FEED))
    connection.wait()


@played(G, entries=WHOLE)
def silent_after_all(connection: Connection, _: Query) -> None:
    """It does not close, but we know where the end is."""
    connection.say(http(FEED))
    connection.wait()


@played(G, "http")
def silent_refusal(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 500 Oh\r\nContent-Length: 500\r\n\r\n")
    connection.wait()


@played(G, entries=WHOLE)
def silent_redirect(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 500\r\n\r\n")
    connection.wait()


@played(G, "timeout")
def drip(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n")
    connection.drip(b"<" * 50_000, pause=0.1)


@played(G, "timeout")
def drip_steady(connection: Connection, _: Query) -> None:
    """Above every lowest rate; only the deadline of the whole ends it."""
    connection.say(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n")
    connection.drip(b"<" * 5_000_000, pause=0.01, size=200)


@played(G, "timeout")
def drip_head(connection: Connection, _: Query) -> None:
    connection.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 8_000, pause=0.1)


@played(G, "timeout", "protocol")
def drip_head_steady(connection: Connection, _: Query) -> None:
    connection.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 8_000, pause=0.05, size=40)


@played(G, "timeout", "reset", "protocol")
def drip_status(connection: Connection, _: Query) -> None:
    connection.drip(b"HTTP/1.1 200 " + b"very " * 8_000, pause=0.1)


@played(G, "timeout")
def drip_chunked(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED)
    while True:
        connection.say(chunk(b" "))
        time.sleep(0.1)


@played(G, "timeout", "protocol")
def drip_chunk_extension(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED + b"5;")
    connection.drip(b"x" * 60_000, pause=0.02)


@played(G, "timeout", "protocol")
def drip_trailers(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED + chunk(FEED) + b"0\r\n")
    connection.drip(b"X: y\r\n" * 10_000, pause=0.02)


@played(G, "timeout")
def drip_gzip(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    connection.drip(gzip.compress(FEED), pause=0.05)


@played(G, "http", "timeout")
def drip_refusal(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 404 Not Found\r\nContent-Length: 50000\r\n\r\n")
    connection.drip(b"<" * 50_000, pause=0.1)


@played(G, "timeout")
def drip_hops(connection: Connection, query: Query) -> None:
    """Each answer is quick enough; all together are not."""
    time.sleep(0.7)
    left = int(query.get("left", 9))
    connection.say(http(status=f"302 Found\r\nLocation: /drip_hops?left={left - 1}"))


@played(G, "timeout", "bad_encoding")
def drip_twice(connection: Connection, _: Query) -> None:
    """The second try has no time of its own."""
    time.sleep(0.9)
    connection.say(http(b"nonsense" * 50, headers="Content-Encoding: br\r\n"))


@played(G, "timeout", "protocol", alone=True)
def flood1xx(connection: Connection, _: Query) -> None:
    while True:
        connection.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 500)


@played(G, "timeout", "protocol")
def slow1xx(connection: Connection, _: Query) -> None:
    while True:
        connection.say(b"HTTP/1.1 102 Processing\r\n\r\n")
        time.sleep(0.1)


@played(G, "timeout", "protocol", "reset")
def only_100(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 100 Continue\r\n\r\n")


@played(G, entries=WHOLE)
def a_few_1xx(connection: Connection, _: Query) -> None:
    connection.say(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + http(FEED)
    )


@played(G, "protocol")
def switching(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
    connection.wait()


@played(G, entries=WHOLE)
def slow_but_honest(connection: Connection, _: Query) -> None:
    time.sleep(0.4)
    connection.drip(http(FEED), pause=0.05, size=200)
