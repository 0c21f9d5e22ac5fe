"""What an update writes: every kind of change, in one transaction."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from archiver.changes import ChangeKind, EntryChange, Event, Outcome, PostLink
from archiver.model import Category, Connection, Enclosure, FeedData, FeedState, Hop, Person
from archiver.store import digest
from archiver.times import to_text

FIRST = PostLink(rule="first", confidence=1.0)


@pytest.fixture
def feed(archive) -> int:
    return archive.follow()


def _row(archive, table: str, row_id: int = 1) -> dict:
    return next(iter(archive.db.query(f"SELECT * FROM {table} WHERE id = ?", [row_id])))


# ---------------------------------------------------------------- the fetch


def test_every_attempt_is_one_row_in_fetches(archive, feed):
    fetch_id = archive.apply(
        feed,
        outcome=Outcome.ERROR,
        status=503,
        error="the server said 503",
        error_kind="http",
        headers=(("Retry-After", "9"), ("Retry-After", "10")),
        redirects=(
            Hop(url="https://example.org/old", status=301),
            Hop(
                url="https://example.org/older",
                status=302,
                location="/new",
                connection=Connection(
                    address="192.0.2.1:443", tls_protocol="TLSv1.2", certificate_sha256="0b", verified=True
                ),
            ),
        ),
        request_headers=(("Authorization", "(withheld)"),),
        connection=Connection(
            address="[2001:db8::1]:443", tls_protocol="TLSv1.3", certificate_sha256="0a", verified=False
        ),
        http_version="HTTP/1.1",
        reason="Service Unavailable",
        complete=True,
        final_url="https://example.org/new",
        gap=True,
        partial=True,
        problems=("one entry was left out",),
        bytes_received=12,
        body=b"unavailable!",
    )
    row = _row(archive, "fetches", fetch_id)
    assert row.pop("checksum") is not None
    assert row == {
        "id": fetch_id,
        "feed_id": feed,
        "started_at": to_text(archive.now),
        "duration_ms": 20,
        "request_url": "https://example.org/feed",
        "final_url": "https://example.org/new",
        "status": 503,
        "outcome": "error",
        "error": "the server said 503",
        "error_kind": "http",
        "headers": '[["Retry-After", "9"], ["Retry-After", "10"]]',
        "redirects": '[{"url": "https://example.org/old", "status": 301},'
        ' {"url": "https://example.org/older", "status": 302, "location": "/new", "address": "192.0.2.1:443",'
        ' "tls_protocol": "TLSv1.2", "certificate_sha256": "0b", "tls_verified": true}]',
        "http_version": "HTTP/1.1",
        "reason": "Service Unavailable",
        "request_headers": '[["Authorization", "(withheld)"]]',
        "address": "[2001:db8::1]:443",
        "tls_protocol": "TLSv1.3",
        "certificate_sha256": "0a",
        "complete": 1,
        "body_sha256": digest(b"unavailable!"),
        "bytes_received": 12,
        "entries_seen": 0,
        "entries_new": 0,
        "entries_revised": 0,
        "gap": 1,
        "gap_since": None,
        "gap_until": None,
        "partial": 1,
        "problems": '["one entry was left out"]',
        "read_as": None,
        "tls_verified": 0,
    }
    with archive.reader() as reader:
        assert reader.body(row["body_sha256"]) == b"unavailable!"


def test_a_body_that_is_known_is_named_and_not_kept_again(archive, feed):
    archive.apply(feed, body=b"the document")
    archive.apply(feed, outcome=Outcome.UNCHANGED, body_sha256=digest(b"the document"))
    archive.apply(feed, body=b"the document")
    assert archive.column("SELECT body_sha256 FROM fetches") == [digest(b"the document")] * 3
    assert archive.value("SELECT count(*) FROM bodies") == 1


# ---------------------------------------------------------------- the feed


def test_a_success_moves_the_times_of_the_feed(archive, feed, entry):
    archive.add(feed, entry())
    first = to_text(archive.now)
    archive.apply(feed)
    second = to_text(archive.now)
    archive.apply(
        feed, facts={"succeeded": False, "error_count": 1, "last_error": "no"}, outcome=Outcome.ERROR
    )
    row = _row(archive, "feeds")
    assert (row["last_new_at"], row["last_success_at"], row["last_fetched_at"]) == (
        first,
        second,
        to_text(archive.now),
    )
    assert (row["error_count"], row["last_error"]) == (1, "no")


def test_what_a_document_says_of_its_feed_stands_until_the_next_one(archive, feed):
    described = FeedData(title="T", site_url="S", description="D", language="ky", reading='{"a": 1}')
    archive.apply(feed, facts={"described": described, "format": "atom10"})
    archive.apply(feed, outcome=Outcome.NOT_MODIFIED)
    row = _row(archive, "feeds")
    assert [row[c] for c in ("title", "site_url", "description", "language", "format", "reading")] == [
        *("T", "S", "D", "ky", "atom10", '{"a": 1}')
    ]


def test_a_feed_that_was_paused_meanwhile_stays_paused(archive, feed, entry):
    archive.store.pause(feed)
    archive.add(feed, entry())
    row = _row(archive, "feeds")
    assert (row["state"], row["next_fetch_at"], row["last_fetched_at"]) == (
        "paused",
        None,
        to_text(archive.now),
    )


@pytest.mark.parametrize("state", [FeedState.ACTIVE, FeedState.FAILING, FeedState.GONE])
def test_the_state_and_the_next_time_are_the_decisions(archive, feed, state):
    archive.apply(feed, facts={"state": state, "next_fetch_at": archive.now + timedelta(days=9)})
    row = _row(archive, "feeds")
    assert (row["state"], row["next_fetch_at"]) == (state, "2026-03-10T12:00:00Z")


# ---------------------------------------------------------------- new and revised


def test_a_new_entry_is_a_row_a_revision_and_a_post(archive, feed, entry):
    entry_id = archive.add(
        feed, entry("a", authors=(Person(name="Aida", email="a@example.org"), Person(url="u")))
    )
    row = _row(archive, "entries", entry_id)
    assert (row["guid"], row["title"], row["published_at"]) == ("tag:a", "Story a", "2024-05-01T00:00:00Z")
    assert (row["revision"], row["present"], row["rung"], row["post_rule"]) == (1, 1, "guid", "first")
    assert row["first_seen_at"] == row["last_seen_at"] == to_text(archive.now)
    assert json.loads(row["authors"]) == ["Aida", "u"]
    revision = _row(archive, "revisions")
    assert (revision["entry_id"], revision["revision"], revision["fetch_id"]) == (entry_id, 1, 1)
    assert (revision["content"], revision["content_type"]) == ("<p>This is the story of a.</p>", "text/html")
    assert json.loads(revision["authors"])[0] == {"name": "Aida", "email": "a@example.org", "url": None}
    post = _row(archive, "posts")
    assert (post["canonical_entry_id"], post["title"], post["entry_count"]) == (entry_id, "Story a", 1)


def test_a_revision_is_added_and_the_entry_follows_it(archive, feed, entry):
    entry_id = archive.add(feed, entry("a", text="At first."))
    first = _row(archive, "revisions")
    archive.change(feed, entry_id, entry("a", text="Then.", title="Other", url="https://example.org/moved"))
    assert archive.rows("SELECT revision, title, content FROM revisions ORDER BY id") == [
        (1, "Story a", "<p>At first.</p>"),
        (2, "Other", "<p>Then.</p>"),
    ]
    assert _row(archive, "revisions") == first
    row = _row(archive, "entries", entry_id)
    assert (row["revision"], row["title"], row["content_text"]) == (2, "Other", "Then.")
    assert row["url_key"] == "https://example.org/moved"
    assert row["content_sha256"] == archive.value("SELECT content_sha256 FROM revisions WHERE revision = 2")
    assert row["first_seen_at"] < row["last_seen_at"] == to_text(archive.now)


def test_an_entry_that_was_only_seen_writes_no_revision(archive, feed, entry):
    entry_id = archive.add(feed, entry("a"))
    before = _row(archive, "entries", entry_id)
    later = datetime(2024, 6, 1, tzinfo=UTC)
    archive.change(feed, entry_id, entry("a", position=3, updated_at=later, title="x"), kind=ChangeKind.SEEN)
    moved = {"last_seen_at": to_text(archive.now), "position": 3, "updated_at": "2024-06-01T00:00:00Z"}
    assert _row(archive, "entries", entry_id) == before | moved
    assert archive.value("SELECT count(*) FROM revisions") == 1


def test_enclosures_and_categories_are_those_of_the_latest_version(archive, feed, entry):
    one = Enclosure(url="https://example.org/1.mp3", type="audio/mpeg", length=7)
    two = Enclosure(url="https://example.org/2.mp3")
    entry_id = archive.add(feed, entry("a", enclosures=(one, two), categories=(Category(term="aid"),)))
    assert archive.rows("SELECT position, url, type, length FROM enclosures") == [
        (0, one.url, "audio/mpeg", 7),
        (1, two.url, None, None),
    ]
    changed = entry(
        "a", title="x", enclosures=(two,), categories=(Category(term="b", scheme="s", label="l"),) * 2
    )
    archive.change(feed, entry_id, changed)
    assert archive.rows("SELECT position, url FROM enclosures") == [(0, two.url)]
    assert archive.rows("SELECT term, scheme, label FROM categories") == [("b", "s", "l")] * 2
    assert json.loads(archive.value("SELECT enclosures FROM revisions WHERE revision = 1"))[0]["length"] == 7


def test_the_sketch_is_that_of_the_latest_version(archive, feed, entry):
    entry_id = archive.add(feed, entry("a", sketch=(5, -(2**63), 5)))
    assert archive.column("SELECT hash FROM sketches") == [-(2**63), 5]
    archive.change(feed, entry_id, entry("a", sketch=(7,)))
    assert archive.column("SELECT hash FROM sketches") == [7]


def test_an_odd_date_is_noted(archive, feed, entry):
    change = EntryChange(kind=ChangeKind.NEW, entry=entry(), revision=1, link=FIRST, date_note="future")
    archive.apply(feed, change)
    assert archive.column("SELECT date_note FROM entries") == ["future"]


# ---------------------------------------------------------------- absence and return


def test_the_way_of_an_entry_that_is_taken_down_and_comes_back(archive, feed, entry):
    entry_id = archive.add(feed, entry())
    columns = "SELECT present, missing_since, withdrawn_at FROM entries"
    archive.change(feed, entry_id, None, kind=ChangeKind.MISSING)
    missing_since = to_text(archive.now)
    assert archive.rows(columns) == [(0, missing_since, None)]
    archive.change(feed, entry_id, None, kind=ChangeKind.WITHDRAWN)
    assert archive.rows(columns) == [(0, missing_since, to_text(archive.now))]
    archive.change(feed, entry_id, entry(), kind=ChangeKind.RETURNED)
    assert archive.rows(columns) == [(1, None, None)]
    assert archive.value("SELECT count(*) FROM revisions") == 1


def test_an_entry_that_returns_changed_continues_its_revisions(archive, feed, entry):
    entry_id = archive.add(feed, entry())
    archive.change(feed, entry_id, None, kind=ChangeKind.WITHDRAWN)
    archive.change(feed, entry_id, entry(title="Back"), kind=ChangeKind.RETURNED, revision=2)
    assert archive.rows("SELECT present, withdrawn_at, revision, title FROM entries") == [
        (1, None, 2, "Back")
    ]
    assert archive.column("SELECT revision FROM revisions") == [1, 2]


def test_an_entry_that_rolled_off_is_no_longer_present_and_not_missing(archive, feed, entry):
    entry_id = archive.add(feed, entry())
    archive.change(feed, entry_id, None, kind=ChangeKind.LEFT)
    assert archive.rows("SELECT present, missing_since, withdrawn_at FROM entries") == [(0, None, None)]


# ---------------------------------------------------------------- posts, aliases, events


def test_new_entries_may_share_the_post_of_one_above_them(archive, feed, entry):
    links = [
        FIRST,
        PostLink(rule="url", confidence=0.9, same_as=0),
        PostLink(rule="url", confidence=0.8, same_as=1),
    ]
    entries = [entry(name, position=at) for at, name in enumerate("abc")]
    pairs = zip(entries, links, strict=True)
    archive.apply(feed, *(EntryChange(kind=ChangeKind.NEW, entry=e, revision=1, link=k) for e, k in pairs))
    assert archive.rows("SELECT post_id, post_rule, post_confidence FROM entries") == [
        (1, "first", 1.0),
        (1, "url", 0.9),
        (1, "url", 0.8),
    ]
    assert archive.column("SELECT entry_count FROM posts") == [3]
    archive.check_index()


def test_a_further_key_is_remembered_with_its_reason(archive, feed, entry):
    entry_id = archive.add(feed, entry("a"))
    again = entry("a", guid="tag:new", url="https://new.example/")
    fetch_id = archive.change(feed, entry_id, again, kind=ChangeKind.SEEN, alias="moved")
    assert archive.rows("SELECT feed_id, key, entry_id, guid, url, reason, fetch_id FROM aliases") == [
        (feed, again.identity.key, entry_id, "tag:new", "https://new.example/", "moved", fetch_id)
    ]
    archive.change(feed, entry_id, again, kind=ChangeKind.SEEN, alias="retold")
    assert archive.column("SELECT reason FROM aliases") == ["moved"]


def test_a_further_key_names_the_entry_that_was_recognised_last(archive, feed, entry):
    one, two = archive.add(feed, entry("a")), archive.add(feed, entry("b"))
    shared = entry("x")
    archive.change(feed, one, shared, kind=ChangeKind.SEEN, alias="reminted")
    archive.change(feed, two, shared, kind=ChangeKind.SEEN, alias="reminted")
    assert archive.column("SELECT entry_id FROM aliases") == [two]


def test_an_entry_may_have_a_key_that_is_another_ones_further_name(archive, feed, entry):
    entry_id = archive.add(feed, entry("a"))
    archive.change(feed, entry_id, entry("x"), kind=ChangeKind.SEEN, alias="reminted")
    archive.add(feed, entry("x"))
    known = archive.store.known_entries(feed, [entry("x")])
    assert {one.key for one in known} == {entry("a").identity.key, entry("x").identity.key}


def test_events_are_written_with_the_time_of_the_fetch(archive, feed, entry):
    entry_id = archive.add(feed, entry())
    events = (Event(kind="gap", detail="a gap"), Event(kind="withdrawn", detail="gone", entry_id=entry_id))
    fetch_id = archive.apply(feed, events=events)
    assert archive.rows("SELECT at, feed_id, fetch_id, entry_id, kind, detail FROM events") == [
        (to_text(archive.now), feed, fetch_id, None, "gap", "a gap"),
        (to_text(archive.now), feed, fetch_id, entry_id, "withdrawn", "gone"),
    ]
