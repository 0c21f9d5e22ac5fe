"""Secrets, one in every place that holds one: sent to whom they are for, and shown nowhere."""

import base64
import json
import logging
import sqlite3
import zlib

import pytest

CONFIG = """
archive: data/archive.db
fetch: {{allowed_networks: [127.0.0.1], per_host_spacing: 0s}}
feeds:
  - url: {good}
    headers: {{X-Key: "${{HEADER}}"}}
    auth: {{user: me, password: "${{PASSWORD}}"}}
    cookies: {{session: "${{COOKIE}}"}}
  - url: {refused}
    token: ${{TOKEN}}
  - url: {moved}
    token: ${{TOKEN}}
  - url: {looping}
  - url: {nowhere}
    token: ${{TOKEN}}
  - url: {echoing}
    headers: {{X-Key: "${{HEADER}}", Accept: application/rss+xml}}
    token: ${{TOKEN}}
    cookies: {{session: "${{COOKIE}}"}}
  - url: {echoing_login}
    auth: {{user: me, password: "${{PASSWORD}}"}}
  - url: {proxied}
    proxy: http://me:${{PROXY}}@127.0.0.1:2
"""

PLACES = ("HEADER", "PASSWORD", "COOKIE", "TOKEN", "PROXY", "USERINFO", "QUERY")
_ADDRESS_OF_A_FEED = {
    ("feeds", "url"),
    ("feeds", "current_url"),
    ("feed_addresses", "url"),
    ("orders", "url"),
}
"""How a feed is asked cannot be known without its address, with all that is in it."""


def canary(place: str) -> str:
    return f"canary{place.lower()}7"


def echo(query: str, *, etag: str, **own: str) -> dict[str, str]:
    """The header of a server that says again what it was told."""
    there = f"http://me:{canary('USERINFO')}@127.0.0.1/{query}"
    return {
        "Content-Type": "application/rss+xml",
        "ETag": etag,
        "Link": f'</here{query}>; rel="self", <{there}&p=2>; rel=next',
        "Content-Location": f"/here{query}",
        "Refresh": f"0; url=/here{query}",
        "X-Address": f"/here{query}",
    } | {f"X-{name}": value for name, value in own.items()}


@pytest.fixture
def configured(site, rss, tmp_path, monkeypatch) -> None:
    for place in PLACES:
        monkeypatch.setenv(place, canary(place))

    def secret(url: str) -> str:
        return url.replace("http://", f"http://me:{canary('USERINFO')}@")

    query = f"?token={canary('QUERY')}"
    bearer = echo(
        query,
        etag='W/"a, b"',
        Authorization=f"Bearer {canary('TOKEN')}",
        Said="; ".join(canary(place) for place in ("HEADER", "COOKIE", "TOKEN")),
    )
    login = base64.b64encode(f"me:{canary('PASSWORD')}".encode()).decode()
    basic = echo(query, etag=f'"{canary("PASSWORD")}"', Authorization=f"Basic {login}")
    there = secret(site.serve(f"/there{query}", rss("b")))
    (tmp_path / "config.yaml").write_text(
        CONFIG.format(
            good=secret(site.serve(f"/good{query}", rss("a"))),
            refused=secret(site.serve(f"/refused{query}", "You may not", status=401)),
            moved=secret(site.serve(f"/moved{query}", status=301, headers={"Location": there})),
            looping=secret(site.serve(f"/loop{query}", status=302, headers={"Location": f"/loop{query}"})),
            nowhere=secret(
                site.serve(
                    f"/nowhere{query}", status=302, headers={"Location": f"ftp://x/{canary('TOKEN')}{query}"}
                )
            ),
            echoing=secret(site.serve(f"/echoing{query}", rss("c"), headers=bearer)),
            echoing_login=secret(site.serve(f"/echoing_login{query}", rss("d"), headers=basic)),
            proxied=secret(f"http://127.0.0.1/proxied{query}"),
        )
    )


def found_in(text: str) -> list[str]:
    return [place for place in PLACES if canary(place) in text]


def test_secrets_are_sent_to_whom_they_are_for(archiver, configured, site):
    archiver("run", "--once")
    sent = dict(site.requests)
    good, refused = (sent[f"/{path}?token={canary('QUERY')}"] for path in ("good", "refused"))
    assert good["x-key"] == canary("HEADER")
    assert good["cookie"] == f"session={canary('COOKIE')}"
    assert good["authorization"].startswith("Basic ")
    assert refused["authorization"] == f"Bearer {canary('TOKEN')}"


def test_secrets_are_shown_nowhere(archiver, configured, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    ran = archiver("run", "--once")
    assert ran.status == 1
    shown = [ran.out, ran.err, caplog.text]
    for command in (
        ("fetch", "--json"),
        ("status",),
        ("status", "--json"),
        ("search", "story", "--json"),
        ("show", "1", "--history"),
        ("verify",),
        ("feeds",),
        ("feeds", "add", f"http://me:{canary('USERINFO')}@127.0.0.1:2/?key={canary('QUERY')}"),
        ("export", "--format", "warc", "--output", "out.warc", "--json"),
    ):
        ran = archiver(*command)
        assert ran.out + ran.err, command
        shown += [ran.out, ran.err]
    assert [line for text in shown for line in text.splitlines() if found_in(line)] == []
    assert found_in(unpacked((tmp_path / "out.warc").read_bytes())) == []


def unpacked(data: bytes) -> str:
    """A file of gzip members, or a plain one."""
    text = b""
    while data.startswith(b"\x1f\x8b"):
        stream = zlib.decompressobj(31)
        text += stream.decompress(data)
        data = stream.unused_data
    return (text + data).decode("latin-1")


def test_the_archive_holds_no_secret_but_in_the_addresses_of_feeds(archiver, configured, tmp_path):
    archiver("run", "--once")
    db = sqlite3.connect(tmp_path / "data" / "archive.db")
    try:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        told = {
            (table, column): found_in(
                "\n".join(str(value) for (value,) in db.execute(f'SELECT "{column}" FROM "{table}"'))
            )
            for table in tables
            for _, column, *_ in db.execute(f'PRAGMA table_info("{table}")')
        }
    finally:
        db.close()
    assert len(told) > 100
    assert {place: found for place, found in told.items() if found and place not in _ADDRESS_OF_A_FEED} == {}


def test_of_an_answer_that_echoes_secrets_all_else_is_kept_to_the_byte(archiver, configured, tmp_path):
    archiver("run", "--once")
    db = sqlite3.connect(tmp_path / "data" / "archive.db")
    try:
        told = {
            address.rpartition("/")[2].partition("?")[0]: dict(json.loads(headers))
            for address, headers in db.execute(
                "SELECT request_url, headers FROM fetches WHERE headers IS NOT NULL"
            )
        }
    finally:
        db.close()
    assert told["loop"]["Location"] == "/loop?token=…"
    assert told["nowhere"]["Location"] == "ftp://x/(withheld)?token=…"
    echoed = told["echoing"]
    assert echoed["Content-Type"] == "application/rss+xml"
    assert echoed["ETag"] == 'W/"a, b"'
    assert echoed["Link"] == '</here?token=…>; rel="self", <http://127.0.0.1/?token=…&p=2>; rel=next'
    assert echoed["Content-Location"] == "/here?token=…"
    assert echoed["Refresh"] == "0; url=/here?token=…"
    assert echoed["X-Address"] == "/here?token=(withheld)"
    assert echoed["X-Authorization"] == "(withheld)"
    assert echoed["X-Said"] == "(withheld); (withheld); (withheld)"
    assert told["echoing_login"]["X-Authorization"] == "(withheld)"
    assert told["echoing_login"]["ETag"] == '"(withheld)"'


def test_an_etag_that_echoed_a_secret_is_not_sent_back(archiver, configured, site):
    archiver("run", "--once")
    archiver("fetch")
    asked = [(path, headers.get("if-none-match")) for path, headers in site.requests]
    assert [etag for path, etag in asked if path.startswith("/echoing?")] == [None, 'W/"a, b"']
    assert [etag for path, etag in asked if path.startswith("/echoing_login?")] == [None, None]


def test_the_list_of_feeds_goes_out_without_secrets(archiver, configured):
    archiver("run", "--once")
    assert found_in(archiver("feeds", "export").out) == []
