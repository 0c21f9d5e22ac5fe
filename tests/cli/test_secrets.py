"""Secrets, one in every place that holds one: sent to whom they are for, and shown nowhere."""

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


@pytest.fixture
def configured(site, rss, tmp_path, monkeypatch) -> None:
    for place in PLACES:
        monkeypatch.setenv(place, canary(place))

    def secret(url: str) -> str:
        return url.replace("http://", f"http://me:{canary('USERINFO')}@")

    query = f"?token={canary('QUERY')}"
    there = secret(site.serve(f"/there{query}", rss("b")))
    (tmp_path / "config.yaml").write_text(
        CONFIG.format(
            good=secret(site.serve(f"/good{query}", rss("a"))),
            refused=secret(site.serve(f"/refused{query}", "You may not", status=401)),
            moved=secret(site.serve(f"/moved{query}", status=301, headers={"Location": there})),
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


def test_the_list_of_feeds_goes_out_without_secrets(archiver, configured):
    archiver("run", "--once")
    assert found_in(archiver("feeds", "export").out) == []
