"""Entries as Atom: valid, stable, and enough to make a copy with the same posts."""

import io
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import archiver
from archiver.export.atom import (
    AtomEntry,
    Meta,
    Source,
    archive_id,
    entries_by_number,
    feed_chunks,
    feed_document,
    is_iri,
)
from archiver.store import Reader

ATOM = "{http://www.w3.org/2005/Atom}"
META = Meta(id=archive_id("test"), title="A & B", updated="2024-05-01T10:00:00Z")
START = datetime(2024, 6, 1, tzinfo=UTC)


def entry(**values) -> AtomEntry:
    about = {"id": "urn:x:1", "title": "T", "updated": "2024-05-01T10:00:00Z", "told": {"id": 1}}
    return AtomEntry(**about | values)


def read(document: bytes) -> etree._Element:
    return etree.fromstring(document)


hostile = st.one_of(
    st.sampled_from(
        ["]]>", "<x>", "&", "&amp;", '"', "'", "\x00", "\x0b", "\x1f", "\ufffe", "\r\n", "\t", " a ", "😀"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


def as_xml(text: str) -> str:
    """What XML 1.0 can hold of a text."""
    return "".join(
        one
        if one in "\t\n\r" or " " <= one <= "\ud7ff" or "\ue000" <= one <= "\ufffd" or one > "\uffff"
        else "\ufffd"
        for one in text
    )


@settings(deadline=None)
@given(title=hostile, text=hostile, name=hostile, guid=hostile)
def test_whatever_texts_hold_they_are_read_back(title, text, name, guid):
    about = entry(
        title=title,
        content_html=text,
        authors=[name],
        categories=[{"term": name, "scheme": name, "label": title}],
        enclosures=[{"url": guid, "type": name, "length": 1}],
        url=guid,
        source=Source(url=guid, title=title),
        told={"guid": guid},
    )
    [found] = read(feed_document(META, [about])).iter(f"{ATOM}entry")
    assert (found.findtext(f"{ATOM}title") or "") == as_xml(title)
    assert (found.findtext(f"{ATOM}content") or "") == as_xml(text)
    assert [one.findtext(f"{ATOM}name") for one in found.findall(f"{ATOM}author")] == (
        [as_xml(name)] if name.strip() else []
    )
    assert [one.get("term") for one in found.findall(f"{ATOM}category")] == ([as_xml(name)] if name else [])
    assert found[-1].get("guid") == as_xml(guid)
    assert all(is_iri(link.get("href")) for link in found.iter(f"{ATOM}link"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("https://example.org/?p=1", True),
        ("tag:example.org,2024:1", True),
        ("urn:uuid:1", True),
        ("http://пример.рф/ё", True),
        ("12", False),
        ("", False),
        ("/a", False),
        ("https://a b", False),
        ("https://", False),
        ("javascript:alert(1)", False),
        ("https://a/<", False),
        ("https://a/%zz", False),
        ("data:text/html,1", False),
        ("https://a\x00", False),
    ],
)
def test_an_id_is_taken_as_it_is_where_it_is_an_iri(text, answer):
    assert is_iri(text) is answer


def test_dates_that_nobody_gave_are_not_made_up():
    document = feed_document(META, [entry(published=None)])
    assert b"<published>" not in document
    assert b"<updated>2024-05-01T10:00:00Z</updated>" in document


def test_two_entries_with_the_same_id_get_different_ones_that_stay_the_same():
    twice = [entry(told={"id": 1}), entry(told={"id": 2})]
    ids = [one.findtext(f"{ATOM}id") for one in read(feed_document(META, twice)).iter(f"{ATOM}entry")]
    assert len(set(ids)) == 2
    assert feed_document(META, twice) == feed_document(META, twice)


def test_links_and_marks_of_rfc_5005():
    links = {"self": "https://a.example/?page=2&x", "prev-archive": "https://a.example/1"}
    meta = Meta(id="urn:x:f", title="T", updated="2024-05-01T10:00:00Z", archive=True)
    found = feedparser.parse(io.BytesIO(feed_document(meta, [], links)))
    assert {one["rel"]: one["href"] for one in found.feed.links} == links
    assert b"<fh:archive/>" in feed_document(meta, [], links)


def test_in_chunks_it_is_the_same_document():
    two = [entry(id="urn:x:1"), entry(id="urn:x:2")]
    assert b"".join(feed_chunks(META, [two[:1], two[1:]])) == feed_document(META, two)


def item(number: int, words: str, *, guid: str = "", link: bool = True, more: str = "") -> str:
    guid = guid or f"https://example.org/?p={number}"
    return (
        f"<item><guid isPermaLink='false'>{guid}</guid>"
        f"{f'<link>https://example.org/{number}</link>' if link else ''}"
        f"<title>Story number {number}</title><dc:creator>Aida</dc:creator>{more}<description>"
        f"&lt;p&gt;{words} &lt;b&gt;{number}&lt;/b&gt; and more of it&lt;/p&gt;</description></item>"
    )


def rss(*items: str) -> str:
    return (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Example</title>"
        f"<language>en</language>{''.join(items)}</channel></rss>"
    )


DATED = "<pubDate>01 May 2024 10:00:00 GMT</pubDate><category>aid</category>"
FILE = "<enclosure url='https://example.org/a.mp3' type='audio/mpeg' length='12'/>"
POSTS = """
    SELECT posts.title, posts.url, posts.published_at, posts.language, content_text, authors,
        (SELECT group_concat(url) FROM enclosures WHERE entry_id = entries.id),
        (SELECT group_concat(term) FROM categories WHERE entry_id = entries.id)
    FROM posts JOIN entries ON entries.id = canonical_entry_id ORDER BY 1
"""


def test_a_copy_made_through_it_has_the_same_posts(told, tmp_path):
    told.fetch(
        "https://example.org/feed",
        rss(
            item(1, "Civil society in Bishkek", more=DATED + FILE),
            item(2, "A text without a date"),
            item(3, "Without a link", link=False),
            item(4, "With another kind of id", guid="4 of 4"),
        ),
        START,
    )
    told.fetch("https://other.example/feed", rss(item(1, "Civil society in Bishkek", more=DATED)), START)
    out = io.BytesIO()
    with archiver.open(told) as opened:
        opened.export(out, "atom")
        wanted = [tuple(row.values()) for row in opened.sql(POSTS)]
    copy = type(told)(tmp_path / "copy.db").fetch(
        "https://archive.example/all.atom", out.getvalue().decode(), START
    )
    with archiver.open(copy) as opened:
        assert [tuple(row.values()) for row in opened.sql(POSTS)] == wanted
        assert len(wanted) == 4


def test_ids_of_the_feed_stay_where_they_can(told):
    told.fetch("https://example.org/feed", rss(item(1, "One"), item(2, "Two", guid="no iri")), START)
    told.fetch("https://other.example/feed", rss(item(1, "One")), START)
    with Reader.open(told.path) as reader:
        found = entries_by_number(reader, [3, 2, 1, 99])
    assert found[2].id == "https://example.org/?p=1"
    assert all(one.id.startswith("urn:uuid:") for one in found[:2])
    assert [one.told["guid"] for one in found] == [
        "https://example.org/?p=1",
        "no iri",
        "https://example.org/?p=1",
    ]


def test_an_edit_makes_it_newer(told):
    told.fetch("https://example.org/feed", rss(item(1, "One", more=DATED)), START)
    told.fetch("https://example.org/feed", rss(item(1, "Quite other", more=DATED)), START + timedelta(days=1))
    with Reader.open(told.path) as reader:
        [found] = entries_by_number(reader, [1])
    assert (found.published, found.updated) == ("2024-05-01T10:00:00Z", "2024-06-02T00:00:00Z")
