"""Anybody's SQL: it reads everything but what feeds are asked with that is secret, and writes nothing."""

import sqlite3
from collections.abc import Iterator

import pytest

from archiver.store.guarded import open_guarded

SECRET = "https://me:canary7@example.org/feed?token=canary8"


@pytest.fixture
def guarded(archive) -> Iterator[sqlite3.Connection]:
    archive.store.replayed(SECRET, now=archive.now)
    archive.store._db.execute("UPDATE feeds SET moving_to = url")
    connection = open_guarded(archive.path)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM feeds",
        "SELECT * FROM main.feeds",
        "SELECT * FROM feed_addresses",
        "SELECT * FROM main.feed_addresses",
        "SELECT group_concat(url || current_url || moving_to) FROM main.feeds",
        "SELECT group_concat(hex(url)) FROM main.feeds",
        "SELECT url FROM main.feeds INDEXED BY sqlite_autoindex_feeds_1 ORDER BY url",
        "WITH feeds AS (SELECT url FROM main.feeds) SELECT * FROM feeds",
        "SELECT (SELECT url FROM main.feeds AS f WHERE f.id = feeds.id) FROM main.feeds",
        "SELECT address_without_secrets('feeds', 'url', id) FROM main.feeds",
        "SELECT count(*) FROM main.feeds WHERE url LIKE '%canary%'",
        "SELECT * FROM main.feeds WHERE instr(current_url, 'canary7')",
    ],
)
def test_no_question_brings_the_secrets_of_addresses_out(guarded, sql):
    told = repr(guarded.execute(sql).fetchall())
    assert "canary" not in told
    assert b"canary".hex().upper() not in told
    assert "(1,)" not in told


def test_addresses_are_there_without_their_secrets(guarded):
    (url, current, moving), *_ = guarded.execute("SELECT url, current_url, moving_to FROM feeds").fetchall()
    assert url.startswith("https://example.org/feed")
    assert url == current == moving


def test_columns_stay_what_they_were(guarded):
    shown = [row[1] for row in guarded.execute("PRAGMA temp.table_info(feeds)")]
    assert shown == [row[1] for row in guarded.execute("PRAGMA main.table_info(feeds)")]


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM feeds",
        "UPDATE main.feeds SET name = 'x'",
        "CREATE TABLE x (y)",
        "CREATE TEMP TABLE x AS SELECT 1",
        "ATTACH ':memory:' AS other",
        "PRAGMA user_version = 3",
        "DROP VIEW temp.feeds",
    ],
)
def test_nothing_can_be_written(guarded, sql):
    with pytest.raises(sqlite3.Error):
        guarded.execute(sql)


def test_what_a_service_writes_meanwhile_is_seen_at_once(guarded, archive):
    before = guarded.execute("SELECT count(*) FROM feeds").fetchone()[0]
    archive.store.replayed("https://other.example/feed", now=archive.now)
    assert guarded.execute("SELECT count(*) FROM feeds").fetchone()[0] == before + 1
