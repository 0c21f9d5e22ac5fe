"""What the archive knows and a decision needs: the right entries, few of them, and through indexes."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from archiver.changes import ChangeKind
from archiver.identify import recognise
from archiver.identify.keys import key
from archiver.model import KnownEntry, Rung
from archiver.query import Query
from archiver.store.due import due_turns


@pytest.fixture
def feed(archive) -> int:
    return archive.follow()


@pytest.fixture
def known(archive, feed) -> Callable[..., list[str]]:
    """The names of the entries that the archive knows of a document."""

    def ask(*document, feed_id: int = feed) -> list[str]:
        return [str(one.guid).removeprefix("tag:") for one in archive.store.known_entries(feed_id, document)]

    return ask


def _leave(archive, feed):
    archive.db.execute("UPDATE entries SET present = 0 WHERE feed_id = ?", [feed])


# ---------------------------------------------------------------- entries of the feed


def test_a_known_entry_is_what_was_written(archive, feed, entry):
    one = entry("a")
    entry_id = archive.add(feed, one)
    assert archive.store.known_entries(feed, [one]) == (
        KnownEntry(
            id=entry_id,
            rung=Rung.GUID,
            key=one.identity.key,
            guid="tag:a",
            url="https://example.org/a",
            url_key="https://example.org/a",
            title="Story a",
            title_key="story a",
            published_at=datetime(2024, 5, 1, tzinfo=UTC),
            content_sha256=one.identity.content_sha256,
            content_text="This is the story of a.",
            revision=1,
            aliases=(),
            present=True,
            first_seen_at=archive.now,
        ),
    )


def test_entries_of_the_last_document_and_missing_ones_are_known_whatever_the_next_one_has(
    archive, feed, entry, known
):
    ids = {name: archive.add(feed, entry(name)) for name in ("stands", "missing", "withdrawn", "left")}
    archive.change(feed, ids["missing"], None, kind=ChangeKind.MISSING)
    archive.change(feed, ids["withdrawn"], None, kind=ChangeKind.MISSING)
    archive.change(feed, ids["withdrawn"], None, kind=ChangeKind.WITHDRAWN)
    archive.change(feed, ids["left"], None, kind=ChangeKind.LEFT)
    assert known(entry("other")) == ["stands", "missing"]
    assert [one.id for one in archive.store.missing_entries(feed)] == [ids["missing"]]


def test_a_feed_says_whether_it_misses_an_entry(archive, feed, entry):
    entry_id = archive.add(feed, entry())
    assert not archive.store.feed(feed).misses_entries
    archive.change(feed, entry_id, None, kind=ChangeKind.MISSING)
    assert archive.store.feed(feed).misses_entries
    archive.change(feed, entry_id, None, kind=ChangeKind.WITHDRAWN)
    assert not archive.store.feed(feed).misses_entries


def test_a_feed_in_which_an_entry_of_another_site_stands_misses_it_as_well(archive, feed, entry):
    entry_id = archive.add(feed, entry())
    archive.change(feed, entry_id, entry(), kind=ChangeKind.SEEN, suspect=True)
    assert archive.store.feed(feed).misses_entries
    archive.change(feed, entry_id, None, kind=ChangeKind.LEFT)
    assert not archive.store.feed(feed).misses_entries


@pytest.mark.parametrize(
    "changed",
    [
        {"url": "https://example.org/moved", "title": "Other"},
        {"guid": "tag:new", "title": "Other"},
        {"guid": None, "title": "Other"},
    ],
    ids=["by its guid", "by its url", "by its url, having lost its guid"],
)
def test_an_entry_that_left_long_ago_is_known(archive, feed, entry, known, changed):
    archive.add(feed, entry("a"))
    _leave(archive, feed)
    assert known(entry("a", **changed)) == ["a"]
    assert known(entry("b")) == []


def test_an_entry_is_known_by_its_hash_key(archive, feed, entry, known):
    hashed = entry("a", guid=None, url=None, rung=Rung.HASH)
    hashed_key = f"hash:{hashed.identity.hash_key[:32]}"
    archive.add(feed, entry("a", rung=Rung.HASH, key=hashed_key, url_key=None))
    _leave(archive, feed)
    assert known(hashed) == ["a"]


def test_an_entry_is_known_by_its_further_names(archive, feed, entry, known):
    entry_id = archive.add(feed, entry("a"))
    again = entry("new", guid="tag:new")
    archive.change(feed, entry_id, again, kind=ChangeKind.SEEN, alias="reminted")
    _leave(archive, feed)
    assert known(again) == ["a"]
    assert archive.store.known_entries(feed, [again])[0].aliases == (again.identity.key,)


def test_of_the_further_names_those_are_told_that_the_document_uses(archive, feed, entry):
    entry_id = archive.add(feed, entry("a"))
    for number in range(9):
        archive.change(feed, entry_id, entry(f"new{number}"), kind=ChangeKind.SEEN, alias="reminted")
    told = archive.store.known_entries(feed, [entry("new3"), entry("a")])
    assert [one.aliases for one in told] == [(entry("new3").identity.key,)]


def test_entries_of_other_feeds_are_not_known(archive, feed, entry, known):
    other = archive.follow("https://other.example/")
    archive.add(other, entry("a"))
    assert known(entry("a")) == []
    assert known(entry("a"), feed_id=other) == ["a"]


def test_the_key_of_a_lower_rung_is_known_although_the_url_has_changed_since(archive, feed, entry, known):
    """An entry falls to its URL's key where its guid is shared; an old one may have that key still."""
    old = entry("a", guid=None, url="https://example.org/old", title="Old")
    entry_id = archive.add(feed, old)
    archive.change(feed, entry_id, entry("a", guid=None, url="https://example.org/new", title="Old"))
    _leave(archive, feed)
    fallen = entry("b", guid="tag:shared", url="https://example.org/old")
    assert key(Rung.URL, "https://example.org/old") == old.identity.key
    found = archive.store.known_entries(feed, [fallen])
    assert [one.id for one in found] == [entry_id]


def test_an_entry_that_falls_to_a_known_key_is_recognised_and_not_written_twice(archive, feed, entry):
    archive.add(
        feed, entry("first", guid="tag:shared", url="https://example.org/1", title="One", text="one " * 30)
    )
    archive.add(feed, entry("old", guid=None, url="https://example.org/2", title="Two", text="two " * 30))
    archive.change(
        feed, 2, entry("old", guid=None, url="https://example.org/2-moved", title="Two", text="two " * 30)
    )
    later = datetime(2025, 1, 1, tzinfo=UTC)
    fallen = entry(
        "x",
        guid="tag:shared",
        url="https://example.org/2",
        title="Three",
        text="three " * 30,
        published_at=later,
    )
    recognition = recognise([fallen], archive.store.known_entries(feed, [fallen]))
    assert [found.known and found.known.id for found in recognition.entries] == [2]


@pytest.mark.parametrize("shared", ["guid", "url"])
def test_a_guid_or_url_that_thousands_share_brings_the_newest_few(archive, feed, entry, known, shared):
    same = {shared: "https://example.org/all"}
    many = [entry(str(n), key=f"hash:{n}", rung=Rung.HASH, **same) for n in range(300)]
    archive.add(feed, *many)
    _leave(archive, feed)
    found = archive.store.known_entries(feed, [entry("new", **same)])
    assert [one.id for one in found] == list(range(285, 301))


def test_a_url_that_thousands_of_other_feeds_share_costs_nothing(archive, feed, entry):
    def ask():
        archive.store.known_entries(feed, [entry("new", url_key="https://example.org/all")])

    few = archive.count_steps(ask)
    other = archive.follow("https://other.example/")
    archive.add(other, *(entry(str(n), url_key="https://example.org/all") for n in range(2000)))
    assert archive.count_steps(ask) <= few * 1.5


# ---------------------------------------------------------------- candidates of a post


@pytest.fixture
def candidates(archive) -> Callable[..., list[int]]:
    return lambda one: [found.entry_id for found in archive.store.candidates(one)]


def test_a_candidate_is_what_was_written(archive, feed, entry):
    entry_id = archive.add(feed, entry("a"))
    [found] = archive.store.candidates(entry("a"))
    assert (found.entry_id, found.post_id, found.feed_id) == (entry_id, archive.post_of(entry_id), feed)
    assert (found.title, found.url_key, found.language) == ("Story a", "https://example.org/a", "en")
    assert found.published_at == datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "shares",
    [{"url_key": "https://example.org/a"}, {"title_key": "story a"}, {"sketch": (42,)}],
    ids=["url", "title", "sketch"],
)
def test_candidates_of_all_feeds_are_found_by_one_thing_that_they_share(
    archive, feed, entry, candidates, shares
):
    archive.add(feed, entry("a", sketch=(41, 42)))
    other = archive.follow("https://other.example/")
    archive.add(other, entry("a", sketch=(42, 43)))
    unlike = {"url_key": None, "title_key": "", "sketch": ()}
    assert candidates(entry("z", **(unlike | shares))) == [1, 2]
    assert candidates(entry("z", **unlike)) == []


def test_what_everybody_shares_brings_the_newest_few(archive, feed, entry, candidates):
    many = [entry(str(n), url_key="u", title_key="t", sketch=(1, 2, 3, 4)) for n in range(300)]
    archive.add(feed, *many)
    assert candidates(entry("x", url_key="u", title_key="t", sketch=(1, 2, 3, 4))) == list(range(285, 301))


# ---------------------------------------------------------------- indexes


LARGE = ("entries", "sketches", "aliases", "fetches", "revisions", "feeds", "posts", "events", "enclosures")


@pytest.mark.parametrize("analysed", [False, True])
def test_no_question_of_an_update_reads_a_whole_table(archive, feed, entry, analysed):
    archive.add(feed, *(entry(str(n)) for n in range(30)))
    if analysed:
        archive.db.execute("ANALYZE")
    asked: list[str] = []
    archive.db.conn.set_trace_callback(asked.append)
    with archive.store.transaction():
        archive.store.known_entries(feed, [entry("1"), entry("new")])
        archive.store.missing_entries(feed)
        archive.store.candidates(entry("1"))
    due_turns(archive.db, now=archive.now, limit=5, beside={1})
    archive.store.feed(feed)
    archive.store.replayed("https://example.org/feed", now=archive.now)
    archive.add(feed, entry("new"))
    archive.change(feed, 1, entry("1", title="x"), alias="moved")
    archive.change(feed, 1, entry("1", title="x"), kind=ChangeKind.SEEN)
    archive.change(feed, 1, None, kind=ChangeKind.MISSING)
    archive.store.pause(feed)
    archive.db.conn.set_trace_callback(None)
    explained = 0
    for sql in asked:
        if sql.lstrip().startswith(("SELECT", "UPDATE", "INSERT", "DELETE")) and "s_fts" not in sql:
            plan = [row[3] for row in archive.db.execute(f"EXPLAIN QUERY PLAN {sql}")]
            scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in LARGE]
            ordered = [step for step in scans if "USING INDEX feeds_due" not in step]
            assert not ordered, (sql, plan)
            explained += 1
    assert explained > 25


def test_a_question_of_an_index_needs_no_other_way(archive, entry, feed):
    """The guard above can fail: a question without an index is a scan."""
    plan = [
        row[3] for row in archive.db.execute("EXPLAIN QUERY PLAN SELECT id FROM entries WHERE title = 'x'")
    ]
    assert plan == ["SCAN entries"]


def test_search_and_knowledge_agree_on_what_is_there(archive, feed, entry):
    archive.add(feed, entry("a"))
    with archive.reader() as reader:
        assert [hit.post.id for hit in reader.search(Query(words="story")).items] == [1]
