"""The archive for programs: what `archiver.open` gives, and its sentences where it cannot."""

import dataclasses
import json
import sqlite3

import pytest

import archiver
from archiver.errors import ConfigError, NotFound, SchemaError, StoreError
from archiver.records import as_row


@pytest.fixture
def opened(live, rss):
    """An archive of one feed, fetched twice; its second story was edited."""
    made = live()
    made.replay("https://example.org/feed", rss("b", "a"))
    made.replay("https://example.org/feed", rss("c", "b", "a", texts={"b": "<p>Other words of story b.</p>"}))
    with archiver.open(made.path) as archive:
        yield archive


def test_everything_can_be_asked(opened):
    assert [post.title for post in opened.posts()] == ["Story b", "Story a", "Story c"]
    [hit] = opened.search("words").items
    assert (hit.post.title, hit.snippet.marked()) == ("Story b", "Other **words** of story b.")
    entry = opened.entry(hit.entry_id)
    assert (entry.revision, entry.feed, entry.published_at.tzinfo is not None) == (2, "Example", True)
    assert [one.id for one in opened.entries_of(hit.post.id)] == [entry.id]
    assert [one.content or one.summary for one in opened.revisions(entry.id)] == [
        "<p>All of story b.</p>",
        "<p>Other words of story b.</p>",
    ]
    assert opened.feed("https://example.org/feed") == opened.feed(1) == opened.feeds()[0]
    assert opened.events(feed_id=1) == opened.events(entry_id=entry.id) == ()
    assert opened.count("story") == 3
    assert list(opened.sql("SELECT count(*) AS n FROM posts WHERE id > ?", [1])) == [{"n": 2}]


def test_the_log_is_read_in_pages_and_bodies_byte_for_byte(opened):
    page = opened.fetches(1, limit=1)
    assert page.items[0].entries_revised == 1
    older = opened.fetches(1, limit=1, cursor=page.next)
    assert (older.next, older.items[0].entries_new) == (None, 2)
    assert b"Other words" in opened.body(page.items[0].id)
    with pytest.raises(ConfigError, match="page of fetches"):
        opened.fetches(1, cursor="x")


def test_records_are_columns_for_a_data_frame_and_rows_for_json(opened):
    rows = [dataclasses.asdict(post) for post in opened.posts()]
    assert list(rows[0])[:3] == ["id", "canonical_entry_id", "title"]
    told = json.loads(json.dumps([as_row(entry) for entry in opened.entries("title:a")]))
    assert told[0]["published_at"].endswith("Z")
    assert told[0]["authors"] == []


def test_it_cannot_write(opened):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        list(opened.sql("DELETE FROM posts"))


@pytest.mark.parametrize("ask", ["post", "entry", "entries_of", "revisions", "feed", "body"])
@pytest.mark.parametrize("number", [99, -1, 2**63, 10**30])
def test_what_is_not_there_is_said_in_a_sentence(opened, ask, number):
    with pytest.raises(NotFound, match="no "):
        getattr(opened, ask)(number)


def test_a_file_that_is_no_archive_is_said_in_a_sentence(tmp_path):
    with pytest.raises(StoreError, match="no archive"):
        archiver.open(tmp_path / "archive.db")
    with pytest.raises(StoreError, match="no archive"):
        archiver.open(str(tmp_path))
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(SchemaError, match="not an archive"):
        archiver.open(other)


def test_an_archive_of_a_newer_program_is_said_in_a_sentence(live, rss):
    made = live()
    made.replay("https://example.org/feed", rss("a"))
    connection = sqlite3.connect(made.path)
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(SchemaError, match="newer program"):
        archiver.open(made.path)
