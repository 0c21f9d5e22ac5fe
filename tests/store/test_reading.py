"""What people ask: posts, entries, versions, totals."""

import pytest

from archiver.changes import ChangeKind, Event
from archiver.errors import NotFound
from archiver.model import Category, Enclosure, FeedData, FeedState, Person


@pytest.fixture
def feed(archive) -> int:
    return archive.follow(name="Example")


def test_a_post_has_its_entries_and_the_one_that_stands_for_it_is_first(archive, feed, entry):
    one = archive.add(feed, entry("a", text="short"))
    two = archive.add(feed, entry("b", text="a longer one"), post_id=1)
    with archive.reader() as reader:
        post = reader.post(1)
    assert [found["id"] for found in post["entries"]] == [two, one]
    assert (post["title"], post["canonical_entry_id"]) == ("Story b", two)


def test_an_entry_has_its_feed_and_all_its_parts(archive, feed, entry):
    parts = {
        "authors": (Person(name="Aida"),),
        "enclosures": (Enclosure(url="u", type="t", length=1),),
        "categories": (Category(term="aid"),),
    }
    entry_id = archive.add(feed, entry("a", **parts))
    with archive.reader() as reader:
        found = reader.entry(entry_id)
    assert (found["feed"], found["feed_url"], found["authors"]) == (
        "Example",
        "https://example.org/feed",
        ["Aida"],
    )
    assert found["enclosures"] == [{"url": "u", "type": "t", "length": 1}]
    assert found["categories"] == [{"term": "aid", "scheme": None, "label": None}]
    assert "title_key" not in found


def test_a_feed_without_a_name_is_called_by_its_title_or_address(archive, entry):
    feed_id = archive.follow("https://example.org/other")
    entry_id = archive.add(feed_id, entry())
    with archive.reader() as reader:
        assert reader.entry(entry_id)["feed"] == "https://example.org/other"
        archive.apply(feed_id, facts={"described": FeedData(title="Its title")})
        assert reader.entry(entry_id)["feed"] == "Its title"


def test_versions_come_oldest_first_with_the_fetch_that_brought_them(archive, feed, entry):
    entry_id = archive.add(feed, entry("a", title="One"))
    archive.apply(feed, body=b"the second document")
    archive.change(feed, entry_id, entry("a", title="Two"))
    with archive.reader() as reader:
        versions = reader.revisions(entry_id)
        assert reader.revisions(99) == []
    assert [(row["revision"], row["title"], row["fetch_id"]) for row in versions] == [
        (1, "One", 1),
        (2, "Two", 3),
    ]
    assert versions[0]["fetched_at"] == "2026-03-01T13:00:00Z"
    assert (versions[0]["authors"], versions[0]["reading"]) == ([], {})


@pytest.mark.parametrize("ask", ["post", "entry", "body"])
def test_what_is_not_there_is_not_found(archive, ask):
    with archive.reader() as reader, pytest.raises(NotFound, match=r"no .* 99 in the archive"):
        getattr(reader, ask)("99" if ask == "body" else 99)


def test_totals_count_everything(archive, feed, entry):
    archive.follow("https://example.org/paused")
    archive.store.pause(2)
    one = archive.add(feed, entry("a"), entry("b"))
    archive.change(feed, one, entry("b", title="x"))
    archive.change(feed, 1, None, kind=ChangeKind.WITHDRAWN)
    archive.apply(feed, gap=True, body=b"12345" * 100, facts={"state": FeedState.FAILING})
    with archive.reader() as reader:
        totals = reader.totals(now=archive.now)
        later = reader.totals(now=archive.now.replace(hour=23))
    assert totals.pop("stored_bytes") < 100
    assert totals == {
        "feeds": 2,
        "due": 0,
        "due_since": None,
        "posts": 2,
        "entries": 2,
        "revisions": 3,
        "withdrawn": 1,
        "churning": 0,
        "suspect": 0,
        "moved": 0,
        "fetches": 4,
        "gaps": 1,
        "bodies": 1,
        "body_bytes": 500,
        "states": {"failing": 1, "paused": 1},
    }
    assert later["due"] == 1


def test_events_come_newest_first(archive, feed):
    for number in range(3):
        archive.apply(feed, events=(Event(kind="gap", detail=str(number)),))
    with archive.reader() as reader:
        assert [(event["detail"], event["feed"]) for event in reader.events(limit=2)] == [
            ("2", "Example"),
            ("1", "Example"),
        ]


def test_feeds_are_listed_with_tags_and_counts(archive, feed, entry):
    archive.follow("https://example.org/other", tags=("b", "a"))
    archive.add(feed, entry("a"), entry("b"))
    with archive.reader() as reader:
        listed = reader.feeds()
    assert [(row["id"], row["tags"], row["entries"]) for row in listed] == [(1, [], 2), (2, ["a", "b"], 0)]
    assert "reading" not in listed[0]


def test_entries_and_posts_of_some_feeds_are_counted(archive, feed, entry):
    other = archive.follow("https://example.org/other")
    archive.add(feed, entry("a"), entry("b"))
    archive.add(other, entry("c"), post_id=1)
    assert archive.store.counts_of_feeds([feed]) == (2, 2)
    assert archive.store.counts_of_feeds([feed, other]) == (3, 2)
    assert archive.store.counts_of_feeds([]) == (0, 0)
