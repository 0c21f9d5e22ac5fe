"""Status codes, conditional answers and their lies, pages in the place of feeds, and what TLS can do."""

import gzip

from hostile_site.connection import Connection, http
from hostile_site.scenario import WHOLE, Query, add, played, said
from hostile_site.story import FEED, GUIDS, feed, item

G = "status"

for code in (400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 411, 413, 418, 421, 425, 426, 431, 451, 499,
500, 501, 502,
             503, 504, 505, 508, 511, 520, 522, 525, 529, 530, 599, 600, 777, 999):  # fmt: skip
    said(f"status_{code}", G, http(b"no", status=f"{code} No"), "http", "protocol")
said("status_410", G, http(b"farewell", status="410 Gone"), "gone")
for code in (201, 202, 203, 299):
    said(f"status_{code}", G, http(FEED, status=f"{code} Well"), "protocol", entries=WHOLE)
for code in (204, 205):
    said(f"status_{code}", G, f"HTTP/1.1 {code} Nothing\r\n\r\n".encode(), "protocol")
said("status_204_body", G, http(FEED, status="204 Nothing"), "protocol")
said(
    "status_206",
    G,
    http(FEED[:900], status="206 Partial Content\r\nContent-Range: bytes 0-899/2000"),
    "protocol",
)
said("status_226_unasked", G, http(FEED, status="226 IM Used\r\nIM: feed"), "protocol")
said("status_404_feed", G, http(FEED, status="404 Not Found"), "http")
said("status_500_feed", G, http(FEED, status="500 Oh"), "http")
said("status_reason_hostile", G, http(b"", status="404 \x1b[31m<script>" + "a" * 3000), "http", "protocol")
for name, patience in {
    "seconds": "120", "date": "Wed, 21 Oct 2099 07:28:00 GMT", "past": "Wed, 21 Oct 2015 07:28:00 GMT",
    "neg": "-5", "huge": "9" * 40,
    "wide": "\xb2\xb3", "list": "1, 2", "float": "1.5", "words": "soon",
    "year": "Wed, 21 Oct 99999 07:28:00 GMT", "empty": "",
    "zone": "Wed, 21 Oct 2026 07:28:00 +9999", "many": "1\r\nRetry-After: 99999999",
}.items():  # fmt: skip
    said(
        f"retry_after_{name}", G, http(b"", status="503 Busy", headers=f"Retry-After: {patience}\r\n"), "http"
    )

# ---------------------------------------------------------------- 304 and validators
VALIDATORS = 'ETag: W/"a\xe9b, c"\r\nLast-Modified: Tue, 03 Nov 2020  06:00:00 GMT\r\n'


def asks(connection: Connection) -> bool:
    return connection.header("if-none-match") is not None


said("r304_unasked", G, b"HTTP/1.1 304 Not Modified\r\n\r\n", "protocol")
said("r304_unasked_body", G, http(FEED, status="304 Not Modified"), "protocol")


@played(G, entries=WHOLE, polls=2)
def r304(connection: Connection, _: Query) -> None:
    connection.say(
        b"HTTP/1.1 304 Not Modified\r\n\r\n" if asks(connection) else http(FEED, headers=VALIDATORS)
    )


@played(G, entries=WHOLE, polls=2)
def r304body(connection: Connection, _: Query) -> None:
    status = "304 Not Modified" if asks(connection) else "200 OK"
    connection.say(http(FEED, headers=VALIDATORS, status=status))


@played(G, entries=WHOLE, polls=2)
def r304_endless(connection: Connection, _: Query) -> None:
    if not asks(connection):
        connection.say(http(FEED, headers=VALIDATORS))
        return
    connection.say(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        connection.say(b"not " * 10_000)


@played(G, entries=WHOLE, polls=2)
def r304_gzip(connection: Connection, _: Query) -> None:
    if asks(connection):
        connection.say(http(gzip.compress(FEED)[:50], status="304 Not", headers="Content-Encoding: gzip\r\n"))
    else:
        connection.say(http(FEED, headers=VALIDATORS))


@played(G, "protocol", entries=WHOLE, polls=2)
def echo_validators(connection: Connection, _: Query) -> None:
    """Validators come back byte for byte, or not at all."""
    given = connection.header("if-none-match"), connection.header("if-modified-since")
    if given == (None, None):
        connection.say(http(FEED, headers=VALIDATORS))
    elif given == ('W/"a\xe9b, c"', "Tue, 03 Nov 2020  06:00:00 GMT"):
        connection.say(b"HTTP/1.1 304 Not Modified\r\n\r\n")
    else:
        connection.say(http(b"", status="400 That Is Not What I Said"))


@played(G, entries=WHOLE | {"tag:hostile.example,2026:9"}, polls=2)
def etag_const(connection: Connection, _: Query) -> None:
    """The same ETag for another content: bytes decide, and not what is said of them."""
    more = item("tag:hostile.example,2026:9") if connection.times > 1 else ""
    connection.say(http(feed(items=more).encode(), headers='ETag: "same"\r\n'))


@played(G, entries=WHOLE, polls=2)
def etag_huge(connection: Connection, _: Query) -> None:
    connection.say(http(FEED, headers=f'ETag: "{"e" * 30_000}"\r\n'))


@played(G, entries=WHOLE, polls=2)
def cookies(connection: Connection, _: Query) -> None:
    """Nobody asked for them; the log tells whether they come back."""
    headers = "".join(f"Set-Cookie: c{n}=canary-cookie-{n}; Path=/; Max-Age=999999\r\n" for n in range(50))
    connection.say(http(feed(channel=f"<copyright>{connection.times}</copyright>").encode(), headers=headers))


@played(G, entries=WHOLE, polls=2)
def shrinks(connection: Connection, _: Query) -> None:
    """The next time there is nothing: absence is not deletion."""
    empty = b"<rss version='2.0'><channel><title>Stories</title></channel></rss>"
    connection.say(http(FEED if connection.times == 1 else empty))


@played("crowd", "http")
def storm(connection: Connection, _: Query) -> None:
    connection.say(http(b"", status="429 Too Many Requests"))


# ---------------------------------------------------------------- what comes in a feed's place
P = "pages"


def page(title: str, body: str = "", head: str = "") -> bytes:
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>".encode()
    )


said("html200", P, http(page("Page not found", "<h1>404</h1>")), "web_page")
said("portal_all", P, http(page("Wifi login", "<form action=/login><input name=room></form>")), "web_page")
said(
    "portal_meta",
    P,
    http(page("", head="<meta http-equiv=refresh content='0;url=http://10.0.0.1/login'>")),
    "web_page",
)
said("portal_511", P, http(page("Login"), status="511 Network Authentication Required"), "http")
said(
    "page_xhtml",
    P,
    http(b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'),
    "web_page",
)
said("page_frames", P, http(b"<html><frameset><frame src=a></frameset></html>"), "web_page")
JUST = page("Just a moment...", "<script>window._cf_chl_opt={}</script>")
for code in (200, 403, 429, 503):
    said(
        f"challenge_{code}", P, http(JUST, status=f"{code} Hm", headers="Server: cloudflare\r\n"), "challenge"
    )
said(
    "challenge_header",
    P,
    http(page("Hm"), status="403 No", headers="cf-mitigated: challenge\r\n"),
    "challenge",
)
said(
    "challenge_aws",
    P,
    http(b"", status="202 Ok", headers="x-amzn-waf-action: challenge\r\n"),
    "challenge",
    "empty",
)
said(
    "challenge_gzip",
    P,
    http(gzip.compress(JUST), status="403 No", headers="Content-Encoding: gzip\r\n"),
    "challenge",
)
said("challenge_in_feed", P, http(feed(channel="<x>window._cf_chl_opt</x>").encode()), entries=WHOLE)
said("empty", P, http(b""), "empty")
said("blank", P, http(b" \r\n\t" * 1000), "empty")
said("zeros", P, http(bytes(2**20)), "empty", "not_a_feed")
for name, start in {
    "png": b"\x89PNG\r\n\x1a\n", "pdf": b"%PDF-1.7\n", "zip": b"PK\x03\x04", "elf": b"\x7fELF\x02",
    "jpeg": b"\xff\xd8\xff\xe0",
    "mp3": b"ID3\x04\0", "sqlite": b"SQLite format 3\0", "pickle": b"\x80\x04\x95", "gzip": b"\x1f\x9d\x90",
    "xz": b"\xfd7zXZ\0",
}.items():  # fmt: skip
    said(f"binary_{name}", P, http(start + bytes(range(256)) * 40), "not_a_feed", "broken")
said("json_other", P, http(b'{"hello": ["world"]}'), "not_a_feed")
said(
    "json_cut",
    P,
    http(b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_te'),
    "broken",
    "not_a_feed",
)
said(
    "svg",
    P,
    http(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    "not_a_feed",
    "web_page",
)
said(
    "opml",
    P,
    http(b"<opml version='2.0'><body><outline xmlUrl='http://a.test/'/></body></opml>"),
    "not_a_feed",
)
said(
    "sitemap",
    P,
    http(b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url/></urlset>"),
    "not_a_feed",
)
said(
    "feed_without_items",
    P,
    http(b"<rss version='2.0'><channel><title>Nothing yet</title></channel></rss>"),
    entries=(),
)

# ---------------------------------------------------------------- TLS: each twin has a port of its own
T = "tls"
TWINS = (
    "good",
    "wrong_host",
    "expired",
    "unknown",
    "self_signed",
    "stall",
    "drop",
    "plain",
    "no_notify",
    "silent",
    "late",
)
add("tls_good", T, entries=WHOLE, url="https://{host}:{tls_good}/ok")
for name in ("wrong_host", "expired", "unknown", "self_signed"):
    add(f"tls_{name}", T, "tls", url=f"https://{{host}}:{{tls_{name}}}/ok")
add("tls_stall", T, "timeout", url="https://{host}:{tls_stall}/ok")
add("tls_drop", T, "tls", "reset", url="https://{host}:{tls_drop}/ok")
add("tls_plain", T, "tls", url="https://{host}:{tls_plain}/ok")
add("tls_on_http", T, "tls", "timeout", url="https://{host}:{http}/ok")
add("http_on_tls", T, "protocol", "reset", url="http://{host}:{tls_good}/ok")
add("tls_no_notify", T, entries=WHOLE, url="https://{host}:{tls_no_notify}/ok")
add("tls_no_notify_cut", T, "truncated", url="https://{host}:{tls_no_notify}/cl_long")
add(
    "tls_no_notify_unframed",
    T,
    "truncated",
    "reset",
    entries=WHOLE,
    url="https://{host}:{tls_no_notify}/ok_unframed",
)
add(
    "tls_no_notify_torn",
    T,
    "truncated",
    "reset",
    entries=GUIDS[:2],
    torn=True,
    url="https://{host}:{tls_no_notify}/close_nocl",
)
add("tls_silent", T, "timeout", url="https://{host}:{tls_silent}/ok")
add("tls_slow_handshake", T, "timeout", url="https://{host}:{tls_late}/ok")
add("tls_bomb", T, "too_large", url="https://{host}:{tls_good}/bomb_gzip")
add("tls_drip", T, "timeout", url="https://{host}:{tls_good}/drip_steady")
add("tls_to_private", T, "blocked_address", url="https://{host}:{tls_good}/to_private_secret")
add(
    "tls_downgrade",
    T,
    "blocked_address",
    "bad_scheme",
    entries=WHOLE,
    url="https://{host}:{tls_good}/to?u=http://{host}:{http}/ok",
)
add("tls_upgrade", T, entries=WHOLE, path="to?u=https://{host}:{tls_good}/ok")
add("tls_upgrade_bad", T, "tls", path="to?u=https://{host}:{tls_unknown}/ok")
