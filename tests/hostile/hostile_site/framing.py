"""Answers that are not framed as RFC 9112 has it: lengths, chunks, heads, ends."""

import time

from hostile_site.connection import CHUNKED, UNFRAMED, Connection, chunk, http
from hostile_site.scenario import WHOLE, Query, played, said
from hostile_site.story import FEED, whole_before

HALF = len(FEED) // 2
G = "framing"


def head(*lines: str, status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *lines, "", ""]).encode("latin-1")


said("ok", G, http(FEED), entries=WHOLE)
said("ok_chunked", G, CHUNKED + chunk(FEED[:100]) + chunk(FEED[100:]) + b"0\r\n\r\n", entries=WHOLE)
said("ok_unframed", G, UNFRAMED + FEED, entries=WHOLE)

# ---------------------------------------------------------------- Content-Length
said("cl_long", G, http(FEED, length=len(FEED) + 500, headers='ETag: "half"\r\n'), "truncated")
said(
    "cl_short", G, http(FEED, length=HALF, headers='ETag: "half"\r\n'), entries=whole_before(HALF), torn=True
)
said("cl_zero", G, http(FEED, length=0), "empty")
said("cl_neg", G, http(FEED, length=-5), "protocol")
said("cl_two", G, head(f"Content-Length: {len(FEED)}", "Content-Length: 9") + FEED, "protocol")
said("cl_twice", G, head(*[f"Content-Length: {len(FEED)}"] * 2) + FEED, "protocol", entries=WHOLE)
said("cl_list", G, http(FEED, length=f"{len(FEED)}, {len(FEED)}"), "protocol", entries=WHOLE)
said("cl_plus", G, http(FEED, length=f"+{len(FEED)}"), "protocol")
said("cl_letters", G, http(FEED, length="many"), "protocol")
said("cl_hex", G, http(FEED, length=hex(len(FEED))), "protocol")
said("cl_empty", G, http(FEED, length=""), "protocol", "truncated", entries=WHOLE)
said("cl_huge", G, http(FEED, length=10**20), "too_large", "protocol")
said("cl_overflow", G, http(FEED, length=2**64 + len(FEED)), "too_large", "protocol")
said("cl_terabyte", G, http(FEED, length=10**12), "too_large")
said(
    "cl_and_te",
    G,
    head("Content-Length: 5", "Transfer-Encoding: chunked") + chunk(FEED) + b"0\r\n\r\n",
    "protocol",
    entries=WHOLE,
)
said(
    "te_and_cl",
    G,
    head("Transfer-Encoding: chunked", "Content-Length: 100000") + chunk(FEED) + b"0\r\n\r\n",
    "protocol",
    entries=WHOLE,
)
said("te_gzip", G, head("Transfer-Encoding: gzip, chunked") + chunk(FEED) + b"0\r\n\r\n", "protocol")
said("te_unknown", G, head("Transfer-Encoding: xchunked") + FEED, "protocol")
said(
    "te_twice",
    G,
    head(*["Transfer-Encoding: chunked"] * 2) + chunk(FEED) + b"0\r\n\r\n",
    "protocol",
    entries=WHOLE,
)

# ---------------------------------------------------------------- chunks
said("chunk_cut", G, CHUNKED + b"%x\r\n" % len(FEED) + FEED[:HALF], "truncated")
said("chunk_nofinal", G, CHUNKED + chunk(FEED), "truncated")
said("chunk_half_final", G, CHUNKED + chunk(FEED) + b"0\r\n", "truncated", entries=WHOLE)
said("chunk_letters", G, CHUNKED + b"zz\r\n" + FEED, "protocol")
said("chunk_neg", G, CHUNKED + b"-5\r\n" + FEED, "protocol")
said("chunk_huge", G, CHUNKED + b"f" * 17 + b"\r\n" + FEED, "protocol")
said("chunk_wide", G, CHUNKED + b"7fffffffffffffff\r\n" + FEED, "protocol", "too_large", "truncated")
said("chunk_without_break", G, CHUNKED + b"5\r\nabcdefgh\r\n0\r\n\r\n", "protocol")
said("chunk_zeros", G, CHUNKED + b"0" * 3000 + chunk(FEED) + b"0\r\n\r\n", "protocol", entries=WHOLE)
said("chunkext", G, CHUNKED + chunk(FEED, b';a=b;c="d"') + b"0;last\r\n\r\n", entries=WHOLE)
said("trailers", G, CHUNKED + chunk(FEED) + b"0\r\nETag: late\r\nX: y\r\n\r\n", entries=WHOLE)
said(
    "trailer_coding",
    G,
    CHUNKED + chunk(FEED) + b"0\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n",
    "protocol",
    entries=WHOLE,
)


@played(G, "protocol", "timeout", alone=True)
def chunkext_flood(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED)
    while True:
        connection.say(chunk(b"<", b";" + b"x" * 8000))


@played(G, "protocol", "timeout", alone=True)
def chunkext_endless(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED + b"5;")
    while True:
        connection.say(b"x" * 8000)


@played(G, "protocol", "timeout", alone=True)
def trailers_flood(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED + chunk(FEED) + b"0\r\n")
    while True:
        connection.say(b"X-Trailer: y\r\n" * 500)


@played(G, entries=WHOLE)
def onebyte_chunks(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED + b"".join(chunk(bytes([byte])) for byte in FEED) + b"0\r\n\r\n")


@played(G, "protocol", "timeout", "too_large", alone=True)
def onebyte_chunks_endless(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED)
    while True:
        connection.say(chunk(b" ") * 5000)


# ---------------------------------------------------------------- heads
many = [f"X-Field-{number}: {number}" for number in range(5000)]
said("headers_many_honest", G, head(*many[:200], f"Content-Length: {len(FEED)}") + FEED, entries=WHOLE)
said(
    "header_long_honest", G, head("X: " + "y" * 20_000, f"Content-Length: {len(FEED)}") + FEED, entries=WHOLE
)
said("hugeheader", G, head("X: " + "y" * 300_000) + FEED, "protocol")
said("manyheaders", G, head(*many) + FEED, "protocol")
said("manyheaders_same", G, head(*["X: y"] * 5000) + FEED, "protocol")
said("cookies_huge", G, head(*[f"Set-Cookie: c{n}={'v' * 3500}" for n in range(60)]) + FEED, "protocol")
said("nulhdr", G, head("X: a\0b", f"Content-Length: {len(FEED)}") + FEED, "protocol")
said("header_name_nul", G, head("X\0Y: a", f"Content-Length: {len(FEED)}") + FEED, "protocol")
said(
    "header_escape",
    G,
    head("X: \x1b[31mred\x07", f"Content-Length: {len(FEED)}") + FEED,
    "protocol",
    entries=WHOLE,
)
said("header_latin", G, head("X: \xe9\xff", f"Content-Length: {len(FEED)}") + FEED, entries=WHOLE)
said("header_without_colon", G, head("Nonsense", f"Content-Length: {len(FEED)}") + FEED, "protocol")
said(
    "header_empty_name", G, head(": value", f"Content-Length: {len(FEED)}") + FEED, "protocol", entries=WHOLE
)
said(
    "header_space_before_colon",
    G,
    head("X : y", f"Content-Length : {len(FEED)}") + FEED,
    "protocol",
    entries=WHOLE,
)
said(
    "header_fold",
    G,
    head("X: y", " folded", f"Content-Length: {len(FEED)}") + FEED,
    "protocol",
    entries=WHOLE,
)
said("header_lf", G, http(FEED).replace(b"\r\n", b"\n"), "protocol", entries=WHOLE)
said("header_cr", G, http(FEED).replace(b"\r\n", b"\r"), "protocol", "reset")


@played(G, "protocol", alone=True)
def endless_headers(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.say(b"X-Field: y\r\n" * 500)


@played(G, "protocol", alone=True)
def endless_header(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.say(b"y" * 8000)


@played(G, "protocol", alone=True)
def endless_status_line(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 200 ")
    while True:
        connection.say(b"very " * 1000)


# ---------------------------------------------------------------- what is no answer, and ends
said("closenow", G, b"", "reset")
said("close_in_status", G, b"HTTP/1.1 20", "reset", "protocol")
said("close_in_head", G, b"HTTP/1.1 200 OK\r\nContent-", "reset", "protocol", "truncated")
said("close_in_body", G, http(FEED[:HALF], length=len(FEED)), "truncated")
said("close_nocl", G, UNFRAMED + FEED[:HALF], entries=whole_before(HALF), torn=True)
said("http09", G, FEED, "protocol")
said("garbage", G, bytes(range(256)) * 20, "protocol")
said("zeros_for_head", G, bytes(5000), "protocol")
said("banner_ssh", G, b"SSH-2.0-OpenSSH_9.6\r\n", "protocol")
said("banner_smtp", G, b"220 mail.example ESMTP\r\n", "protocol")
said("tls_bytes", G, b"\x15\x03\x01\x00\x02\x02\x28", "protocol")
said("http2", G, b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18), "protocol")
said("request_for_answer", G, b"GET / HTTP/1.1\r\nHost: you\r\n\r\n", "protocol")
said("status_icy", G, head(status="ICY 200 OK") + FEED, "protocol", entries=WHOLE)
said("status_short", G, head(f"Content-Length: {len(FEED)}", status="HTTP/1.1 200") + FEED, entries=WHOLE)
said("status_http10", G, head(status="HTTP/1.0 200 OK") + FEED, entries=WHOLE)
said("status_http37", G, head(status="HTTP/3.7 200 OK") + FEED, "protocol", entries=WHOLE)
said("status_long_number", G, head(status="HTTP/1.1 2000 OK") + FEED, "protocol")
said("status_neg", G, head(status="HTTP/1.1 -20 OK") + FEED, "protocol")
said("status_zero", G, head(status="HTTP/1.1 000 OK") + FEED, "protocol")
said("two_answers", G, http(FEED) + http(b"<rss/>"), entries=WHOLE)
said("garbage_after", G, http(FEED) + b"\0\xff" * 5000, entries=WHOLE)


@played(G, "reset", "truncated")
def rst(connection: Connection, _: Query) -> None:
    connection.say(http(FEED[:HALF], length=len(FEED)))
    time.sleep(0.05)
    connection.reset()


@played(G, "reset")
def rst_at_once(connection: Connection, _: Query) -> None:
    connection.reset()


@played(G, "reset", "truncated", entries=whole_before(HALF), torn=True)
def rst_unframed(connection: Connection, _: Query) -> None:
    connection.say(UNFRAMED + FEED[:HALF])
    time.sleep(0.05)
    connection.reset()


@played(G, entries=WHOLE)
def in_small_pieces(connection: Connection, _: Query) -> None:
    connection.drip(http(FEED), pause=0.001, size=7)
