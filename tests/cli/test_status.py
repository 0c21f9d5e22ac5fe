"""`status`: how the archive and each feed are, worst first."""

import sqlite3

import pytest


@pytest.fixture
def followed(archiver, tmp_path):
    """The command line over four feeds that were added; `followed(sql…)` changes the archive's rows."""
    (tmp_path / "config.yaml").write_text("feeds: [file:a.xml]\n")
    (tmp_path / "a.xml").write_text("<rss version='2.0'><channel><title>A</title></channel></rss>")
    archiver("run", "--once")

    def change(*statements: str):
        connection = sqlite3.connect(tmp_path / "data" / "archive.db")
        for url in ("b", "c", "d"):
            connection.execute(
                "INSERT OR IGNORE INTO feeds (url, current_url, origin, added_at, state, last_fetched_at)"
                " VALUES (?1, ?1, 'command', '2026-01-01T00:00:00Z', 'active', '2026-01-01T00:00:00Z')",
                [f"https://{url}.example/feed"],
            )
        for sql in statements:
            connection.execute(sql)
        connection.commit()
        connection.close()
        return archiver

    return change


def test_every_feed_has_its_word_and_its_reason_in_json(followed):
    archiver = followed("UPDATE feeds SET state = 'gone' WHERE id = 3")
    found = archiver("status", "--json").json
    [gone] = [row for row in found["feed_list"] if row["id"] == 3]
    assert gone["health"] == "gone"
    assert gone["why"].startswith("its server says that it is gone for good")
    assert (found["health"]["gone"], found["health"]["fine"]) == (1, 3)


def test_the_worst_stand_first(followed):
    archiver = followed(
        "UPDATE feeds SET silent_since = '2026-01-01T00:00:00Z' WHERE id = 2",
        "UPDATE feeds SET state = 'failing', error_count = 4, last_error = 'no address' WHERE id = 4",
    )
    assert [row["id"] for row in archiver("status", "--json").json["feed_list"]] == [4, 2, 1, 3]
    told = archiver("status").out
    assert (
        "https://d.example/feed: failed 4 times in a row, and never answered with a document: no address"
        in told
    )


def test_problems_leaves_out_what_is_well_and_says_how_many(followed):
    archiver = followed("UPDATE feeds SET state = 'gone' WHERE id = 3")
    told = archiver("status", "--problems")
    assert "c.example" in told.out
    assert "b.example" not in told.out
    assert "and 3 feeds without a problem" in told.out
    assert [row["id"] for row in archiver("status", "--problems", "--json").json["feed_list"]] == [3]


def test_the_totals_say_how_feeds_are_and_how_late_the_latest_is(followed):
    archiver = followed("UPDATE feeds SET next_fetch_at = '2020-01-01T00:00:00Z' WHERE id = 2")
    assert ", 1 due, the latest for " in archiver("status").out
    found = archiver("status", "--json").json
    assert (found["due"], found["due_since"]) == (1, "2020-01-01T00:00:00Z")
    assert found["late_seconds"] > 86400


def test_failed_chores_and_digests_are_told(followed):
    archiver = followed(
        "INSERT INTO chores VALUES ('backup', NULL, '2026-03-01T12:00:00Z', 'no room')",
        "INSERT INTO digests VALUES ('mail', 0, NULL, '2026-03-01T12:00:00Z', 'no route')",
    )
    told = archiver("status").out
    assert "backup   failed at 2026-03-01T12:00:00Z: no room" in told
    assert "digest   by mail failed at 2026-03-01T12:00:00Z: no route" in told
    assert archiver("status", "--json").json["digests"][0]["problem"] == "no route"


def test_the_libraries_that_read_strangers_bytes_are_named(followed):
    archiver = followed()
    assert {"SQLite", "expat", "OpenSSL", "libxml2"} == set(archiver("status", "--json").json["versions"])
    assert "\nwith     SQLite " in archiver("status").out


def test_names_and_reasons_are_safe_to_show(followed):
    archiver = followed(
        "UPDATE feeds SET state = 'failing', name = 'A' || char(27) || '[2J', last_error = 'x' || char(13)"
        " WHERE id = 2"
    )
    told = archiver("status").out
    assert "\\x1b[2J" in told
    assert "\x1b" not in told
    assert "\r" not in told


def test_secrets_of_addresses_are_not_told(followed):
    archiver = followed(
        "UPDATE feeds SET current_url = 'https://u:pw@b.example/feed?token=hush' WHERE id = 2"
    )
    assert "hush" not in archiver("status").out
    assert "pw@" not in archiver("status").out
