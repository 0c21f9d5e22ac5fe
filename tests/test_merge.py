"""Merge: two archives in one, without loss or doubles, whichever takes in the other."""

import shutil
import sqlite3
from datetime import timedelta

import pytest

from archiver.config import ScheduleSettings
from archiver.errors import ConfigError, SchemaError, StoreError
from archiver.merge import merge
from archiver.model import ParseOptions
from archiver.store import Following, Reader

A, B, C = (f"https://example.org/{name}" for name in "abc")


@pytest.fixture
def merged(noon):
    """Let one archive take in another."""

    def run(ours, theirs, **options):
        return merge(
            ours.path,
            theirs.path,
            schedule=ScheduleSettings(),
            now=noon,
            step=lambda done, total: None,
            **options,
        )

    return run


@pytest.fixture
def two(live, site, rss):
    """Two machines that followed some of the same feeds, on some of the same days."""
    ours, theirs = live("ours"), live("theirs")
    feed = site.serve("/feed", rss("c", "b", "a"), headers={"ETag": '"1"'})
    ours.update(feed)
    theirs.now += timedelta(minutes=30)
    theirs.update(feed)
    ours.update(feed)  # 304
    site.serve("/feed", rss("d", "c", "b", "a", texts={"b": "edited"}), headers={"ETag": '"2"'})
    theirs.update(feed)
    site.serve("/feed", rss("d", "c", "a", texts={"a": "seen by one only"}))
    ours.update(feed)
    site.serve("/feed", rss("e", "d", "c", "a"))
    for archive in (theirs, ours, theirs):
        archive.update(feed)
    site.serve("/feed", "no", status=503)
    theirs.update(feed)
    ours.update(site.serve("/ours", rss("a", "z", title="Ours")))
    theirs.update(site.serve("/theirs", rss("y", "b", "a", title="Theirs")))
    ours.update(site.origin + "/nothing")
    theirs.replay("file:///shared", rss("s", "r"))
    ours.replay("file:///shared", rss("t", "s"))
    theirs.order(
        lambda store, now: store.follow(
            Following(url=feed, name="Their name", tags=("b", "c")), origin="command", now=now
        )
    )
    ours.order(
        lambda store, now: store.follow(
            Following(url=feed, name="Our name", tags=("a", "b")), origin="command", now=now
        )
    )
    return ours, theirs


FETCHES = """
    SELECT feeds.url, started_at, request_url, status, outcome, fetches.body_sha256, entries_seen,
        entries_new, entries_revised, gap, partial, error, headers
    FROM fetches JOIN feeds ON feeds.id = feed_id ORDER BY fetches.id
"""

ENTRIES = """
    SELECT feeds.url, key, guid, entries.url, entries.title, content_text, content_sha256, revision, present,
        first_seen_at, last_seen_at, missing_since, withdrawn_at, entries.language, post_rule, (
            SELECT min(other_feed.url || ' ' || other.key) FROM entries AS other
            JOIN feeds AS other_feed ON other_feed.id = other.feed_id WHERE other.post_id = entries.post_id
        )
    FROM entries JOIN feeds ON feeds.id = feed_id ORDER BY feeds.url, key
"""

REVISIONS = """
    SELECT feeds.url, key, revisions.revision, seen_at, revisions.content_sha256, revisions.title,
        coalesce(content, summary)
    FROM revisions JOIN entries ON entries.id = entry_id JOIN feeds ON feeds.id = feed_id
    ORDER BY feeds.url, key, revisions.revision
"""

FEEDS = """
    SELECT url, current_url, title, state, paused_by, format, etag, body_sha256, last_fetched_at, error_count,
        added_at, parse_options,
        (SELECT group_concat(tag) FROM (SELECT tag FROM feed_tags WHERE feed_id = feeds.id ORDER BY tag))
    FROM feeds ORDER BY url
"""

POSTS = "SELECT title, url, published_at, language, first_seen_at, entry_count FROM posts ORDER BY 1, 2, 3"

ADDRESSES = """
    SELECT feeds.url, feed_addresses.url, since, reason
    FROM feed_addresses JOIN feeds ON feeds.id = feed_id ORDER BY feeds.url, since
"""

EVENTS = """
    SELECT feeds.url, at, kind, detail FROM events JOIN feeds ON feeds.id = feed_id ORDER BY events.id
"""

SEEN = """
    SELECT DISTINCT coalesce(entries.guid, entries.url), revisions.content_sha256
    FROM revisions JOIN entries ON entries.id = entry_id
"""

BODIES = "SELECT sha256, size FROM bodies ORDER BY sha256"


def account(archive) -> dict[str, list[tuple]]:
    """All that an archive says, but for its numbers."""
    questions = (FEEDS, ADDRESSES, FETCHES, ENTRIES, REVISIONS, POSTS, EVENTS, BODIES)
    return {question.split("FROM")[-1].strip(): archive.rows(question) for question in questions}


def check(archive) -> None:
    """What holds of every archive."""
    assert archive.rows("PRAGMA integrity_check") == [("ok",)]
    assert archive.rows("PRAGMA foreign_key_check") == []
    db = sqlite3.connect(archive.path)
    db.execute("INSERT INTO posts_fts (posts_fts, rank) VALUES ('integrity-check', 1)")
    db.close()
    with Reader.open(archive.path) as reader:
        for (sha256,) in archive.rows("SELECT sha256 FROM bodies"):
            assert reader.body(sha256)


def copy_of(archive, name):
    """The same archive in another place."""
    path = archive.path.parent.with_name(name) / "archive.db"
    path.parent.mkdir()
    shutil.copy(archive.path, path)
    return type(archive)(path, archive.workers, archive.now)


def test_either_way_round_the_same_comes_out(two, merged):
    ours, theirs = two
    our_copy = copy_of(ours, "again")
    merged(ours, theirs)
    merged(theirs, our_copy)
    one, other = account(ours), account(theirs)
    for question, rows in one.items():
        assert rows == other[question], question
    for archive in (ours, theirs):
        check(archive)


def test_all_that_either_has_ever_seen_is_there(two, merged):
    ours, theirs = two
    seen = {*ours.rows(SEEN), *theirs.rows(SEEN)}
    bodies = {*ours.rows(BODIES), *theirs.rows(BODIES)}
    fetches = len(ours.rows(FETCHES)) + len(theirs.rows(FETCHES))
    done = merged(ours, theirs)
    assert set(ours.rows(SEEN)) == seen
    assert set(ours.rows(BODIES)) == bodies
    assert len(ours.rows(FETCHES)) == fetches
    assert done.comparison.tables["fetches"] == (fetches - done.brought.fetches, fetches)


def test_both_histories_of_a_feed_become_one_in_the_order_of_time(two, merged, site):
    ours, theirs = two
    merged(ours, theirs)
    times = [row[1] for row in ours.rows(FETCHES) if row[0] == f"{site.origin}/feed"]
    assert times == sorted(times)
    assert len(times) == 9
    versions = ours.rows(REVISIONS)
    texts = [row[6] for row in versions if row[0] == f"{site.origin}/feed" and row[5] == "Story b"]
    assert texts == ["<p>All of story b.</p>", "edited"]


def test_the_other_archive_is_only_read(two, merged):
    ours, theirs = two
    before = theirs.path.read_bytes()
    merged(ours, theirs)
    assert theirs.path.read_bytes() == before


def test_a_copy_of_itself_and_what_was_merged_before_change_nothing(two, merged):
    ours, theirs = two
    original = copy_of(ours, "original")
    before = ours.path.read_bytes()
    assert merged(ours, original).brought.nothing
    assert ours.path.read_bytes() == before
    merged(ours, theirs, keep=False)
    before, files = ours.path.read_bytes(), sorted(ours.path.parent.iterdir())
    for other in (theirs, original):
        assert merged(ours, other).brought.nothing
    assert ours.path.read_bytes() == before
    assert sorted(ours.path.parent.iterdir()) == files


def test_our_names_stand_and_tags_are_united(two, merged, site):
    ours, theirs = two
    merged(ours, theirs)
    [(feed_id, name)] = ours.rows(f"SELECT id, name FROM feeds WHERE url = '{site.origin}/feed'")
    assert name == "Our name"
    assert ours.rows(f"SELECT tag FROM feed_tags WHERE feed_id = {feed_id}") == [("a",), ("b",), ("c",)]


def test_a_feed_that_one_follows_and_the_other_only_replayed_is_followed(live, rss, merged):
    for first, second in (("one", "two"), ("three", "four")):
        follows, replays = live(first), live(second)
        follows.order(lambda store, now: store.follow(Following(url=A), origin="command", now=now))
        replays.replay(A, rss("a"))
        ours, theirs = (follows, replays) if first == "one" else (replays, follows)
        merged(ours, theirs)
        assert ours.rows("SELECT state, paused_by, origin FROM feeds") == [("active", None, "command")]
        assert merged(ours, theirs).brought.nothing


def test_of_pause_and_resumption_the_later_counts(live, merged):
    ours, theirs = live("ours"), live("theirs")
    for archive in (ours, theirs):
        archive.order(lambda store, now: store.follow(Following(url=A), origin="command", now=now))
    theirs.order(lambda store, now: store.pause(1, now=now))
    ours.order(lambda store, now: store.pause(1, now=now))
    ours.order(lambda store, now: store.resume(1, now=now))
    again = copy_of(ours, "again")
    merged(ours, theirs)
    merged(theirs, again)
    assert ours.rows(FEEDS) == theirs.rows(FEEDS)
    assert ours.rows("SELECT state FROM feeds") == [("active",)]


def test_how_a_feed_is_read_is_said_by_who_asked_last(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    told = {ours: "iso8859-2", theirs: "cp1252"}
    for archive, charset in told.items():
        wanted = Following(url=A, parse=ParseOptions(charset=charset))
        archive.order(lambda store, now, wanted=wanted: store.follow(wanted, origin="command", now=now))
        archive.replay(A, rss("a", texts={"a": "Łódź"}).encode("iso8859-2"))
    theirs.replay(A, rss("b", "a"))
    again = copy_of(ours, "again")
    merged(ours, theirs)
    merged(theirs, again)
    assert account(ours) == account(theirs)
    assert ours.rows("SELECT parse_options FROM feeds") == [('{"charset": "cp1252"}',)]


def test_a_document_replayed_twice_in_a_second_stays_twice(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    ours.replay(A, rss("a"))
    ours.now -= timedelta(hours=1)
    ours.replay(A, rss("a"))
    theirs.replay(B, rss("b"))
    merged(ours, copy_of(theirs, "again"))
    assert [row[0] for row in ours.rows(FETCHES)] == [A, A, B]
    merged(theirs, ours)
    assert [row[0] for row in theirs.rows(FETCHES)] == [A, A, B]


def test_bodies_that_rest_on_each_other_otherwise_in_the_two_are_all_readable(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    texts = [rss(*"fedcba"[n:], texts={"a": f"edition {n} " + "of a long text " * 200}) for n in range(6)]
    for text in texts[:5]:
        ours.replay(A, text)
    for text in reversed(texts):
        theirs.replay(A, text)
    merged(ours, theirs)
    assert ours.rows("SELECT count(*) FROM bodies") == [(6,)]
    check(ours)


def test_an_empty_archive_takes_in_everything(two, merged, live):
    ours, _ = two
    empty = live("empty")
    merged(empty, ours)
    assert empty.rows(SEEN) == ours.rows(SEEN)
    check(empty)


def test_the_archive_itself_is_refused(live, rss, merged):
    ours = live()
    ours.replay(A, rss("a"))
    with pytest.raises(ConfigError, match="this is the archive itself"):
        merged(ours, ours)


def test_a_newer_archive_and_a_foreign_file_are_refused_and_nothing_is_touched(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    for archive in (ours, theirs):
        archive.replay(A, rss("a"))
    db = sqlite3.connect(theirs.path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    before, files = ours.path.read_bytes(), sorted(ours.path.parent.iterdir())
    with pytest.raises(SchemaError, match="newer program"):
        merged(ours, theirs)
    theirs.path.write_bytes(b"Dear Sir or Madam" * 100)
    with pytest.raises(StoreError, match="not a SQLite file"):
        merged(ours, theirs)
    assert ours.path.read_bytes() == before
    assert sorted(ours.path.parent.iterdir()) == files


def test_an_archive_in_use_can_be_taken_in(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    ours.replay(A, rss("a"))
    theirs.replay(B, rss("b"))
    held = sqlite3.connect(theirs.path, isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    held.execute("UPDATE feeds SET name = 'not yet'")
    try:
        merged(ours, theirs)
    finally:
        held.close()
    assert ours.rows("SELECT url, name FROM feeds") == [(A, None), (B, None)]


def test_what_a_server_confirmed_is_what_it_had_sent_though_another_came_between(live, site, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    first = rss("b", "a")
    feed = site.serve("/feed", first, headers={"ETag": '"1"'})
    ours.update(feed)
    theirs.now += timedelta(minutes=30)
    site.serve("/feed", rss("c", "b", "a", texts={"a": "changed"}), headers={"ETag": '"2"'})
    theirs.update(feed)
    site.serve("/feed", first, headers={"ETag": '"1"'})
    assert ours.update(feed).outcome == "not_modified"
    merged(ours, theirs)
    versions = [row[6] for row in ours.rows(REVISIONS) if row[5] == "Story a"]
    assert versions == ["<p>All of story a.</p>", "changed", "<p>All of story a.</p>"]
    check(ours)


def test_feeds_of_the_other_s_configuration_are_followed_on_though_ours_does_not_name_them(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    ours.replay(A, rss("a"))
    ours.order(lambda store, now: store.sync([Following(url=B)], now=now))
    theirs.order(lambda store, now: store.sync([Following(url=A), Following(url=C)], now=now))
    theirs.replay(C, rss("c"))
    merged(ours, theirs)
    ours.order(lambda store, now: store.sync([Following(url=B)], now=now))
    feeds = dict(ours.rows("SELECT url, state || ' ' || origin FROM feeds"))
    assert feeds == {A: "active command", B: "active config", C: "active command"}


# ---------------------------------------------------------------- damage


def damage(archive, fetch_id: int) -> str:
    """Turn the kept bytes of a fetch to nothing, in the file itself; return their name."""
    db = sqlite3.connect(archive.path)
    sha256, data = db.execute(
        "SELECT sha256, data FROM bodies WHERE sha256 = (SELECT body_sha256 FROM fetches WHERE id = ?)",
        [fetch_id],
    ).fetchone()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    raw = archive.path.read_bytes()
    assert raw.count(data) == 1
    archive.path.write_bytes(raw.replace(data, bytes(len(data))))
    return sha256


def test_a_body_that_is_damaged_in_one_archive_is_taken_from_the_other(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    for archive in (ours, theirs):
        archive.replay(A, rss("b", "a"))
    theirs.replay(B, rss("c"))
    damage(ours, 1)
    with pytest.raises(StoreError, match=r"^fetch 1: .* is damaged"):
        merged(ours, theirs)
    done = merged(ours, theirs, despite_damage=True)
    assert (done.brought.mended, done.lost) == (1, ())
    with Reader.open(ours.path) as reader:
        assert [reader.body(name) for (name,) in ours.rows("SELECT sha256 FROM bodies ORDER BY sha256")]
    check(ours)


def test_that_all_is_here_already_is_not_said_over_a_damaged_body(live, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    for archive in (ours, theirs):
        archive.replay(A, rss("b", "a"))
    assert merged(ours, theirs).brought.nothing
    name = damage(ours, 1)
    before = ours.path.read_bytes()
    with pytest.raises(StoreError, match=f"^body {name} is damaged here; .* go on --despite-damage"):
        merged(ours, theirs)
    assert ours.path.read_bytes() == before
    assert merged(ours, theirs, despite_damage=True).brought.mended == 1
    damage(ours, 1)
    damage(theirs, 1)
    with pytest.raises(StoreError, match=f"^body {name} is damaged here; .* restore the archive"):
        merged(ours, theirs, despite_damage=True)


def test_feeds_of_which_one_moved_to_where_the_other_is_asked_are_named(live, site, rss, merged):
    ours, theirs = live("ours"), live("theirs")
    new = site.serve("/new", rss("b", "a"))
    old = site.serve("/old", status=301, headers={"Location": "/new"})
    for _ in range(6):
        ours.now += timedelta(days=2)
        ours.update(old)
    theirs.update(new)
    assert merged(ours, theirs).same == ((old, new),)
    ours.order(lambda store, now: store.pause(store.find_feed(old), now=now))
    third = live("third")
    third.update("http://127.0.0.1:2/feed")
    assert merged(ours, third).same == ()


@pytest.mark.parametrize("ours_is_damaged", [True, False])
def test_of_a_body_that_is_damaged_what_the_rows_tell_is_kept_in_a_merge(live, rss, merged, ours_is_damaged):
    damaged, other = live("damaged"), live("other")
    damaged.replay(A, rss("b", "a"))
    other.now += timedelta(minutes=30)
    other.replay(A, rss("c", "b", "a"))
    name = damage(damaged, 1)
    ours, theirs = (damaged, other) if ours_is_damaged else (other, damaged)
    done = merged(ours, theirs, despite_damage=True)
    assert [(lost.feed, lost.body_sha256, lost.entries) for lost in done.lost] == [(A, name, 2)]
    rows = "SELECT title, first_seen_at FROM entries ORDER BY title"
    assert [title for title, _ in ours.rows(rows)] == ["Story a", "Story b", "Story c"]
    assert ours.rows(rows)[0][1] < ours.rows(rows)[2][1]
    assert ours.rows("PRAGMA foreign_key_check") == []
    assert {lost.body_sha256 for lost in done.lost} <= {
        row[0] for row in ours.rows("SELECT sha256 FROM bodies")
    }
