"""Feeds that go out: valid Atom, complete through prev-archive, stable; a copy made of them is the same."""

import io
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import feedparser
import pytest
from lxml import etree

from archiver.store import Following, outgoing
from archiver.store.outgoing import Outgoing, Place, Scope

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
FIXTURES = sorted((Path(__file__).parents[3] / "data" / "fixtures").glob("*.txt"))

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_IRI = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_ONCE_IN_FEED = {
    "id": True,
    "title": True,
    "updated": True,
    "subtitle": False,
    "generator": False,
    "logo": False,
}
_ONCE_IN_ENTRY = {
    "id": True,
    "title": True,
    "updated": True,
    "published": False,
    "content": False,
    "summary": False,
}


def problems(document: bytes) -> list[str]:
    """What breaks the rules of RFC 4287, section 4, in a sentence each."""
    feed = etree.fromstring(document)
    found = _counted(feed, _ONCE_IN_FEED) + _alternates(feed)
    if feed.tag != f"{ATOM}feed":
        found.append("the document is no feed")
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    found += [f"two entries have the id {one}" for one in {one for one in ids if ids.count(one) > 1}]
    for entry in entries:
        found += _counted(entry, _ONCE_IN_ENTRY) + _alternates(entry)
        source = entry.find(f"{ATOM}source")
        holders = [entry, feed] if source is None else [entry, source]
        if not any(holder.find(f"{ATOM}author") is not None for holder in holders):
            found.append("an entry has no author")
        links = [link.get("rel", "alternate") for link in entry.findall(f"{ATOM}link")]
        if entry.find(f"{ATOM}content") is None and "alternate" not in links:
            found.append("an entry has neither content nor an alternate link")
    for element in feed.iter(f"{ATOM}published", f"{ATOM}updated"):
        if not _DATE.fullmatch(element.text or ""):
            found.append(f"{element.text} is no date of RFC 3339")
    for element in feed.iter(f"{ATOM}id"):
        if not _IRI.fullmatch(element.text or ""):
            found.append(f"{element.text} is no IRI")
    for element in feed.iter(f"{ATOM}link"):
        if not _IRI.fullmatch(element.get("href") or ""):
            found.append(f"{element.get('href')} is no address")
    for element in feed.iter(f"{ATOM}category"):
        if not element.get("term"):
            found.append("a category has no term")
    for element in feed.iter(f"{ATOM}author"):
        if element.find(f"{ATOM}name") is None:
            found.append("an author has no name")
    for element in feed.iter(f"{ATOM}title", f"{ATOM}summary", f"{ATOM}content", f"{ATOM}subtitle"):
        if element.get("type", "text") in ("text", "html") and len(element):
            found.append(f"{element.tag} has elements")
    return found


def _counted(element, once: dict[str, bool]) -> list[str]:
    counts = {name: len(element.findall(ATOM + name)) for name in once}
    return [
        f"{element.tag} has {count} of {name}"
        for name, count in counts.items()
        if count > 1 or (count == 0 and once[name])
    ]


def _alternates(element) -> list[str]:
    kinds = [
        (link.get("type"), link.get("hreflang"))
        for link in element.findall(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    ]
    return ["two alternate links of one kind"] if len(kinds) != len(set(kinds)) else []


def links_of(document: bytes) -> dict[str, str]:
    return {link.get("rel"): link.get("href") for link in etree.fromstring(document).findall(f"{ATOM}link")}


def titles_of(document: bytes) -> list[str]:
    return [title.text for title in etree.fromstring(document).findall(f"{ATOM}entry/{ATOM}title")]


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def walked(get, address: str) -> list[bytes]:
    """A feed's documents, the newest first."""
    documents = []
    waiting: str | None = address
    while waiting:
        answer = get(waiting)
        assert answer.status == 200
        assert answer.content_type.startswith("application/atom+xml")
        assert problems(answer.body) == []
        documents.append(answer.body)
        older = links_of(answer.body).get("prev-archive")
        waiting = path_of(older) if older else None
    return documents


@pytest.mark.parametrize("address", ["/out/all.atom", "/out/feed/1.atom", "/out/search.atom?q=story"])
def test_the_documents_together_have_every_post_and_are_valid(grown, visit, address):
    documents = walked(visit(grown), address)
    assert len(documents) == 3
    assert {title for one in documents for title in titles_of(one)} == {f"Story {n}" for n in range(1, 251)}
    assert all(len(titles_of(one)) == 100 for one in documents[1:])
    for one in documents:
        read = feedparser.parse(io.BytesIO(one))
        assert not read.bozo
        assert len(read.entries) == len(titles_of(one))


def test_full_documents_are_archives_with_links_both_ways_and_to_the_newest(grown, visit):
    newest, second, first = walked(visit(grown), "/out/all.atom")
    assert etree.fromstring(newest).find(f"{HISTORY}archive") is None
    for one in (first, second):
        assert etree.fromstring(one).find(f"{HISTORY}archive") is not None
        assert links_of(one)["current"] == "http://archive.test/out/all.atom"
    assert links_of(first)["next-archive"] == links_of(second)["self"]
    assert "prev-archive" not in links_of(first)
    assert "next-archive" not in links_of(second)


def test_a_full_document_stays_the_same_to_the_byte_while_the_archive_grows(growing, visit):
    archive, publish = growing
    get = visit(archive.path)
    before = get("/out/feed/1.atom?page=1")
    second = get("/out/feed/1.atom?page=2")
    publish(320)
    assert get("/out/feed/1.atom?page=1").body == before.body
    assert get("/out/feed/1.atom?page=1", if_none_match=before.headers["ETag"]).status == 304
    assert titles_of(get("/out/feed/1.atom?page=2").body) == titles_of(second.body)
    assert len(walked(get, "/out/feed/1.atom")) == 4


def test_an_edit_shows_in_the_newest_document_and_in_its_archive(growing, visit):
    archive, publish = growing
    publish(250, s245="<p>Edited text.</p>")
    newest, *_, oldest = walked(visit(archive.path), "/out/all.atom")
    for one in (newest, oldest):
        assert b"Edited text." in one
    assert re.search(rb"Story 245</title>\s*<updated>2026-03-01T13", oldest)


def test_the_newest_document_begins_with_the_latest_date(grown, visit):
    # A feed that is read for the first time has its newest entry numbered first.
    dates = re.findall(rb"<published>(.+?)</published>", visit(grown)("/out/all.atom").body)
    assert dates[0] == b"2026-02-28T07:00:00Z"
    assert dates == sorted(dates, reverse=True)


def test_a_document_that_is_not_full_yet_or_not_there_is_no_archive(grown, visit):
    get = visit(grown)
    for address in (
        "/out/all.atom?page=3",
        "/out/all.atom?page=99",
        "/out/feed/9.atom",
        "/out/tag/none.atom",
    ):
        assert get(address).status == 404


def test_who_has_a_document_gets_no_second_one(growing, visit):
    archive, publish = growing
    get = visit(archive.path)
    answer = get("/out/all.atom")
    etag, changed = answer.headers["ETag"], answer.headers["Last-Modified"]
    again = get("/out/all.atom", if_none_match=f'W/{etag}, "other"')
    assert (again.status, again.body) == (304, b"")
    assert get("/out/all.atom", if_modified_since=changed).status == 304
    assert get("/out/all.atom", if_modified_since="nonsense").status == 200
    publish(251)
    assert get("/out/all.atom", if_none_match=etag, if_modified_since=changed).status == 200


def test_the_way_leads_through_all_blocks_of_numbers_and_back(growing, visit, monkeypatch):
    archive, _ = growing
    monkeypatch.setattr(outgoing, "PAGE", 10)
    monkeypatch.setattr(outgoing, "_BLOCK", 64)
    monkeypatch.setattr(outgoing, "_PAGES", 7)
    archive.order(
        lambda store, now: store.follow(
            Following(url="https://example.org/feed", tags=("valley",)), origin="command", now=now
        )
    )
    get = visit(archive.path)
    for address in ("/out/all.atom", "/out/feed/1.atom", "/out/tag/valley.atom", "/out/search.atom?q=text"):
        newest, *archives = walked(get, address)
        assert {title for one in (newest, *archives) for title in titles_of(one)} == {
            f"Story {number}" for number in range(1, 251)
        }
        assert sum(len(titles_of(one)) for one in archives) > 220
        addresses = [links_of(one)["self"] for one in archives]
        assert [links_of(one).get("next-archive") for one in archives] == [None, *addresses[:-1]]


@pytest.mark.parametrize("scope", [Scope(), Scope(feed_id=1), Scope(tag="valley")])
def test_no_document_is_found_by_looking_through_a_table(grown, scope):
    archive = Outgoing.open(grown)
    asked: list[str] = []
    archive._db.conn.set_trace_callback(asked.append)
    archive.newest_leaf(scope, now="2026-06-01T00:00:00Z")
    archive.leaf(scope, Place(page=1))
    archive._db.conn.set_trace_callback(None)
    plans = [
        step[3]
        for sql in asked
        if sql.lstrip().startswith("SELECT")
        for step in archive._db.conn.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]
    archive.close()
    walks = [plan for plan in plans if re.match(r"SCAN (entries|posts|revisions)\b", plan)]
    assert [plan for plan in walks if "INDEX revisions_edited" not in plan] == []


def test_long_entries_are_spread_over_parts_of_a_page(live, visit, items, rss_of):
    archive = live()
    long = "<p>" + "A sentence of some words that goes on. " * 4000 + "</p>"
    archive.replay(
        "https://example.org/feed", rss_of(*(items(f"a{n}", f"Story {n}", f"{n} {long}") for n in range(12)))
    )
    documents = walked(visit(archive.path), "/out/feed/1.atom")
    assert len(documents) == 3
    assert all(len(one) < 1_500_000 for one in documents)
    assert {title for one in documents for title in titles_of(one)} == {f"Story {n}" for n in range(12)}


def test_a_tag_has_the_posts_of_its_feeds(live, visit, rss):
    archive = live()
    archive.order(
        lambda store, now: store.follow(
            Following(url="https://one.example/feed", tags=("aid & more",)), origin="command", now=now
        )
    )
    archive.replay("https://one.example/feed", rss("a", "b"))
    archive.replay("https://two.example/feed", rss("c"))
    (document,) = walked(visit(archive.path), "/out/tag/aid%20%26%20more.atom")
    assert sorted(titles_of(document)) == ["Story a", "Story b"]


def test_a_subject_that_is_no_tag_of_a_feed_has_the_posts_with_it(live, visit, items, rss_of):
    archive = live()
    archive.replay(
        "https://one.example/feed",
        rss_of(
            items("a", "Story a", "One.", more="<category>Human rights</category>"),
            items("b", "Story b", "Two."),
        ),
    )
    (document,) = walked(visit(archive.path), "/out/tag/human%20rights.atom")
    assert titles_of(document) == ["Story a"]


def test_older_documents_are_also_the_next_pages(grown, visit):
    for one in walked(visit(grown), "/out/all.atom"):
        assert links_of(one).get("next") == links_of(one).get("prev-archive")


def test_a_post_keeps_its_id_when_a_better_text_of_another_feed_stands_for_it(live, visit, items, rss_of):
    archive = live()
    long = "The council of the district met to speak of water and of roads and of schools. " * 6
    date = "Mon, 02 Feb 2026 10:00:00 GMT"
    archive.replay(
        "https://one.example/feed",
        rss_of(items("https://one.example/1", "The council met", long[:300] + " […]", date=date)),
    )
    get = visit(archive.path)
    (before,) = walked(get, "/out/all.atom")
    other = items("https://two.example/1", "The council met", long, date=date).replace(
        "example.org/https://two.example/1", "example.org/https://one.example/1"
    )
    archive.replay("https://two.example/feed", rss_of(other))
    (after,) = walked(get, "/out/all.atom")
    assert before != after
    ids = [etree.fromstring(one).findtext(f"{ATOM}entry/{ATOM}id") for one in (before, after)]
    assert ids == ["https://one.example/1"] * 2
    assert len(titles_of(after)) == 1


# ---------------------------------------------------------------- others read them

POSTS = """
    SELECT posts.title, posts.url, posts.published_at, entries.content_text,
        (SELECT group_concat(url || ' ' || coalesce(type, '') || ' ' || coalesce(length, '')) FROM enclosures
            WHERE entry_id = entries.id),
        (SELECT group_concat(term || ' ' || coalesce(scheme, '')) FROM categories WHERE entry_id = entries.id)
    FROM posts JOIN entries ON entries.id = posts.canonical_entry_id
"""


@pytest.fixture
def original(live, items, rss_of):
    """The fixtures, and a feed with all that an entry may have, edited once."""
    archive = live("original")
    for path in FIXTURES:
        archive.replay(f"https://fixtures.example/{path.stem}", path.read_bytes())
    more = (
        "<enclosure url='https://example.org/a.mp3' type='audio/mpeg' length='1500000'/>"
        "<category domain='https://example.org/subjects'>Water &amp; roads</category>"
        "<category>Школы</category>"
        "<dc:creator>Aida Bekova</dc:creator>"
    )
    for text in ("old", "new"):
        archive.replay(
            "https://example.org/feed",
            rss_of(
                items("https://example.org/id/1", "With everything", f"<p>Some <b>{text}</b> text.</p>",
                      date="Mon, 02 Feb 2026 10:00:00 GMT", more=more),
                items("no-iri", "Without a date", "<p>Undated.</p>"),
                items("https://example.org/id/3", None, "Only words.", date="Sun, 01 Feb 2026 10:00:00 GMT"),
            ),
        )  # fmt: skip
    return archive


def test_a_copy_made_through_all_documents_over_http_has_the_same_posts(original, live, serve):
    fetched = []
    with serve(original.path) as address:
        waiting = f"{address}/out/all.atom"
        while waiting:
            with urlopen(waiting) as answer:
                fetched.append(answer.read())
            waiting = links_of(fetched[-1]).get("prev-archive")
        if shutil.which("newsboat"):
            assert unread(f"{address}/out/all.atom", original.path.parent) == len(titles_of(fetched[0]))
    copy = live("copy")
    for document in reversed(fetched):
        assert copy.replay("http://archive.test/out/all.atom", document).error is None
    assert len(original.rows("SELECT * FROM posts")) == 41
    assert sorted(copy.rows(POSTS), key=repr) == sorted(original.rows(POSTS), key=repr)


def unread(url: str, folder: Path) -> int:
    """How many unread posts newsboat finds behind an address."""
    (folder / "urls").write_text(f"{url}\n")
    (folder / "config").touch()
    where = [f"--url-file={folder}/urls", f"--cache-file={folder}/cache", f"--config-file={folder}/config"]
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    told = ""
    for command in ("reload", "print-unread"):
        told = subprocess.run(
            ["newsboat", *where, "-x", command],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
    return int(told.split()[0])


def test_a_copy_of_a_feed_has_the_same_entries_under_the_feeds_own_ids(original, live, visit):
    get = visit(original.path)
    columns = "title, url, published_at, content_text, authors, language"
    for feed_id in range(1, 7):
        copy = live(f"copy{feed_id}")
        for document in reversed(walked(get, f"/out/feed/{feed_id}.atom")):
            copy.replay("http://archive.test/feed", document)
        of_feed = f"FROM entries WHERE feed_id = {feed_id}"
        assert sorted(copy.rows(f"SELECT {columns} FROM entries"), key=repr) == sorted(
            original.rows(f"SELECT {columns} {of_feed}"), key=repr
        )
        published = original.rows(f"SELECT guid {of_feed} AND guid LIKE 'http%'")
        assert set(published) <= set(copy.rows("SELECT guid FROM entries"))
