"""Redirects: round in circles, without an end, to where nobody may go; and names that lead there."""

from hostile_site.connection import Connection, http
from hostile_site.scenario import WHOLE, Query, add, played, said

G = "ways"
SECRET = "127.9.9.9"
"""An address of this machine that listens too, and that the archiver was not allowed to ask."""


def go(location: str, status: str = "302 Found") -> bytes:
    if max(location, default="") > "\xff":
        location = location.encode().decode("latin-1")
    return http(status=f"{status}\r\nLocation: {location}")


@played(G, entries=WHOLE)
def to(connection: Connection, query: Query) -> None:
    connection.say(go(query.get("u", "/ok"), f"{query.get('status', 302)} Go"))


for status in (301, 302, 303, 307, 308):
    add(f"redirect_{status}", G, entries=WHOLE, path=f"to?status={status}&u=/ok")
add("redirect_300", G, "protocol", "http", path="to?status=300&u=/ok")
add("redirect_305", G, "protocol", "http", path="to?status=305&u=/ok")
add("redirect_elsewhere", G, entries=WHOLE, path="to?u=http://elsewhere.test:{http}/ok")


@played(G, entries=WHOLE)
def chain(connection: Connection, query: Query) -> None:
    left = int(query.get("left", 5))
    connection.say(go(f"/chain?left={left - 1}" if left else "/ok"))


add("chain_long", G, "too_many_redirects", path="chain?left=40")


@played(G, "redirect_loop")
def loop(connection: Connection, query: Query) -> None:
    connection.say(go(f"/loop?at={'b' if query.get('at') == 'a' else 'a'}"))


@played(G, "redirect_loop")
def selfloop(connection: Connection, _: Query) -> None:
    connection.say(go(connection.target))


@played(G, "too_many_redirects", "bad_url")
def loop_growing(connection: Connection, query: Query) -> None:
    connection.say(go(f"/loop_growing?n={int(query.get('n', 0)) + 1}"))


@played(G, "too_many_redirects", "bad_url", "protocol")
def loop_doubling(connection: Connection, _: Query) -> None:
    connection.say(go(f"/loop_doubling?{connection.target[1:] * 2}"))


@played(G, "redirect_loop", "too_many_redirects")
def loop_fragment(connection: Connection, _: Query) -> None:
    connection.say(go(f"/loop_fragment#{connection.times}"))


said("noloc", G, http(status="302 Found"), "protocol")
said("emptyloc", G, go(""), "protocol", "redirect_loop")
said("twoloc", G, go("/ok\r\nLocation: http://10.0.0.1/"), "protocol", "blocked_address", entries=WHOLE)
said("longloc", G, go("/" + "a" * 50_000), "protocol", "bad_url")
said("longloc_90k", G, go("/" + "a" * 90_000), "protocol", "bad_url")
said(
    "u8loc",
    G,
    "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /ok?q=вести\r\n\r\n".encode(),
    entries=WHOLE,
)
said("latinloc", G, go("/ok?q=\xe9\xff"), entries=WHOLE)
said("spaceloc", G, go("/ok?q=a b"), entries=WHOLE)
for number, bad in enumerate(
    ("http://[::1", "http://", "http:///", "//", "http://:80/", "http://a b/", "http://host:99999/",
    "http://host:x/",
     "http://host:-1/", "http://%00/", "http://xn--/", "http://a..b/", f"http://{'a' * 64}.test/",
     "http://\x01/",
     f"http://{'a.' * 200}test/", "http://[v1.a]/", "http://①②.☃☃..test/", "http://-/", "http://*/",
     "http://[]/",
     "http://exa%mple.test/", "http://user@:80/", "http://\xff.test/", "http://a\\@b/", "///", "http://\\/")
):  # fmt: skip
    said(f"badloc_{number}", G, go(bad), "bad_url", "dns", "connect", "blocked_address")
for scheme in (
    "file:///etc/passwd", "ftp://a.test/", "gopher://a.test/_x", "data:text/xml,<rss/>",
    "javascript:alert(1)",
    "mailto:a@b.test", "about:blank", "ldap://a.test/", "dict://a.test:11211/stat", "jar:http://a.test!/",
    "ws://a.test/",
    "feed://a.test/", "unix:/run/x.sock", "HTTPSX://a.test/", "view-source:http://a.test/",
    "blob:http://a.test/x",
):  # fmt: skip
    said(f"to_{scheme.partition(':')[0].lower()}", G, go(scheme), "bad_scheme", "bad_url")

# ---------------------------------------------------------------- where nobody may go
PRIVATE = {
    "10": "10.0.0.1", "172": "172.16.0.1", "192": "192.168.1.1", "cgnat": "100.64.0.1", "zero": "0.0.0.0",
    "null": "0",
    "secret": SECRET, "metadata": "169.254.169.254", "azure": "168.63.129.16", "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255", "reserved": "240.0.0.1", "test_net": "192.0.2.1", "bench": "198.18.0.1",
    "decimal": "2131298569", "hex": "0x7f090909", "octal": "0177.011.011.011", "short": "127.592137",
    "hex_parts": "0x7f.9.9.9",
    "dot": f"{SECRET}.", "encoded": "127%2e9%2e9%2e9", "wide": "１２７.９.９.９", "circled": "①②⑦.⑨.⑨.⑨",
    "v6": "[::1]", "v6_any": "[::]", "v6_long": "[0:0:0:0:0:0:0:1]", "mapped": f"[::ffff:{SECRET}]",
    "mapped_hex": "[::ffff:7f09:909]",
    "compatible": f"[::{SECRET}]", "nat64": "[64:ff9b::7f09:909]", "nat64_own": "[64:ff9b:1::7f09:909]",
    "6to4": "[2002:7f09:909::1]",
    "teredo": "[2001::80f6:f6f6]", "link_local": "[fe80::1]", "zone": "[fe80::1%25lo]",
    "unique": "[fc00::1]", "site_local": "[fec0::1]",
    "v6_doc": "[2001:db8::1]", "v6_multicast": "[ff02::1]", "isatap": "[2001:db8::5efe:127.9.9.9]",
}  # fmt: skip
REFUSALS = ("blocked_address", "dns", "bad_url")
for name, host in PRIVATE.items():
    location = f"http://{host}:{{http}}/ok"

    def send(connection: Connection, _: Query, host: str = host) -> None:
        connection.say(go(f"http://{host}:{connection.port}/ok"))

    add(f"to_private_{name}", G, *REFUSALS, play=send)
    add(f"private_{name}", G, *REFUSALS, url=location)
for port in (22, 25, 6379, 9200, 11211):
    said(f"to_port_{port}", G, go(f"http://127.0.0.1:{port}/ok"), "blocked_address")
said("to_port_0", G, go("http://127.0.0.1:0/ok"), "blocked_address", "bad_url", "connect")


@played(G, *REFUSALS)
def chain_to_private(connection: Connection, query: Query) -> None:
    left = int(query.get("left", 3))
    at = f"/chain_to_private?left={left - 1}" if left else f"http://{SECRET}:{connection.port}/ok"
    connection.say(go(at, "307 Go"))


@played(G, *REFUSALS)
def to_private_name(connection: Connection, _: Query) -> None:
    connection.say(go(f"http://private-name.test:{connection.port}/ok"))


@played(G, *REFUSALS)
def to_private_with_login(connection: Connection, _: Query) -> None:
    connection.say(go(f"http://elsewhere.test@{SECRET}:{connection.port}/ok"))


@played(G, entries=WHOLE)
def x_origin(connection: Connection, _: Query) -> None:
    """What was meant for one must not be told another."""
    connection.say(go(f"http://other-origin.test:{connection.port}/ok"))


@played(G, entries=WHOLE)
def x_port(connection: Connection, _: Query) -> None:
    """Another port of the same host is another origin too."""
    connection.say(go(f"http://x-port.test:{connection.other_port}/ok"))


# ---------------------------------------------------------------- names (the archiver's resolver knows them)
N = "names"
OK = "http://{host}:{http}/ok"
add("name_rebind", N, *REFUSALS, entries=WHOLE, url=OK)
add("name_rebind_hops", N, *REFUSALS, entries=WHOLE, path="to?u=http://name-rebind-hops.test:{http}/to?u=/ok")
add("name_mixed", N, "blocked_address", url=OK)
add("name_mixed_last", N, "blocked_address", url=OK)
add("name_private", N, "blocked_address", url=OK)
add("name_nat64", N, "blocked_address", url=OK)
add("name_mapped", N, "blocked_address", url=OK)
add("name_v6", N, "blocked_address", url=OK)
add("name_zone", N, "blocked_address", "dns", url=OK)
add("name_slow", N, "dns_hiccup", "timeout", url=OK)
add("name_dead", N, "dns", url=OK)
add("name_hiccup", N, "dns_hiccup", url=OK)
add("name_broken", N, "dns_hiccup", "dns", url=OK)
add("name_empty", N, "dns", url=OK)
add("name_nonsense", N, "dns", url=OK)
add("name_refused", N, "connect", url=OK)
add("name_first_dead", N, entries=WHOLE, url=OK)
add("name_thousand", N, entries=WHOLE, url=OK)
add("name_dot", N, entries=WHOLE, url="http://name-dot.test.:{http}/ok")
add("name_underscore", N, entries=WHOLE, url="http://under_score.test:{http}/ok")
add("name_upper", N, entries=WHOLE, url="http://NAME-UPPER.Test:{http}/ok")
add("name_idn", N, entries=WHOLE, url="http://вести.test:{http}/ok")
add("name_login", N, entries=WHOLE, url="http://user:pass@name-login.test:{http}/ok")
for number, host in enumerate(
    ("xn--", "a..b", "a" * 64 + ".test", ".test", "☃.test", "xn--a.test", "xn--0.test", "%00.test",
    "a" * 300, "-a-.test", "*.test", "..")
):  # fmt: skip
    add(f"name_bad_{number}", N, "bad_url", "dns", entries=WHOLE, url=f"http://{host}:{{http}}/ok")
for number in range(12):
    add(f"name_slow_{number}", N, "dns_hiccup", "timeout", url=OK)
