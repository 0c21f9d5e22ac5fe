"""The benchmark's documents: real feeds that grow by one sound entry a poll, the same for every program."""

import json
from pathlib import Path

import pytest
from lxml import etree

from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import parse
from benchmarks import feeds

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Hills</title>
<lastBuildDate>Mon, 05 May 2025 10:00:00 GMT</lastBuildDate>
<item><title>First &#8217;snow&#8217; over mountain valleys</title><link>https://example.org/a?x=1</link>
<guid isPermaLink="false"><![CDATA[https://example.org/?p=1]]></guid>
<pubDate>Mon, 05 May 2025 10:00:00 GMT</pubDate>
<description>
<![CDATA[<p class="wide">Shepherds bring their flocks &amp; families home.</p>]]></description></item>
<item><title>Market prices rising again</title><link>https://example.org/b</link><guid>two</guid>
<pubDate>Sun, 04 May 2025 10:00:00 GMT</pubDate>
<description>&lt;b&gt;Bread&lt;/b&gt; costs twice what summer harvests promised.</description></item>
</channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Hills</title><id>urn:hills</id>
<updated>2025-05-05T10:00:00Z</updated>
<entry><title>Winter comes early</title><id>urn:a</id><link href="https://example.org/a"/>
<updated>2025-05-05T10:00:00Z</updated>
<content type="html">&lt;p&gt;Snow falls everywhere&lt;/p&gt;</content></entry>
<entry><title>Summer comes late</title><id>urn:b</id><link href="https://example.org/b"/>
<updated>2025-05-04T10:00:00Z</updated><summary>Grass grows slowly</summary></entry></feed>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Hills",
        "items": [
            {"id": "a", "url": "https://example.org/a", "content_text": "winter comes early here"},
            {"id": "b", "url": "https://example.org/b", "content_text": "summer comes late there"},
        ],
    }
).encode()


@pytest.fixture(params=[RSS, ATOM, JSON], ids=["rss", "atom", "json"])
def document(request: pytest.FixtureRequest, tmp_path: Path) -> feeds.Document:
    (tmp_path / "feed").write_bytes(request.param)
    (tmp_path / "notes.md").write_text("# no feed")
    (found,) = feeds.read(tmp_path)
    return found


def entries(document: feeds.Document) -> ParsedFeed:
    return parse(bytes(document), ParseOptions(url="https://example.org/feed"))


def test_the_next_poll_has_one_new_entry_at_the_top_and_the_last_one_rolled_off(
    document: feeds.Document,
) -> None:
    before, after = entries(document), entries(document.grown(1))
    assert [one.guid for one in after.entries[1:]] == [one.guid for one in before.entries[:-1]]
    assert after.entries[0].guid not in {one.guid for one in before.entries}
    assert after.entries[0].url not in {one.url for one in before.entries}


def test_a_new_entry_is_dated_by_its_poll(document: feeds.Document) -> None:
    first, second = (entries(document.grown(poll)).entries[0] for poll in (1, 2))
    dates = [first.published_at or first.updated_at, second.published_at or second.updated_at]
    assert dates == [feeds.START.replace(hour=1), feeds.START.replace(hour=2)]


def test_every_program_is_shown_the_same_at_the_same_poll(document: feeds.Document) -> None:
    assert bytes(document.grown(1).grown(2)) == bytes(document.grown(1).grown(2))
    assert bytes(document.grown(1)) != bytes(document.grown(2))


def test_a_copy_has_the_same_words_in_another_order_and_ids_of_its_own(document: feeds.Document) -> None:
    own, copied = entries(document).entries, entries(document.copy(1)).entries
    assert {one.guid for one in own}.isdisjoint(one.guid for one in copied)
    assert len(own) == len(copied)
    assert document.copy(0) is document


@pytest.mark.parametrize("markup", [RSS, ATOM], ids=["rss", "atom"])
def test_markup_and_references_survive_the_new_order_of_words(markup: bytes, tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(markup)
    (document,) = feeds.read(tmp_path)
    for poll in range(1, 20):
        document = document.grown(poll)
        etree.fromstring(bytes(document))  # raises where it is not well-formed


def test_a_feed_with_one_entry_keeps_it_beside_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(RSS)
    (document,) = feeds.read(tmp_path)
    assert len(document.first(1).grown(1).entries) == 2


def test_as_many_feeds_as_wanted_are_made_of_the_documents_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(RSS)
    (tmp_path / "b").write_bytes(ATOM)
    made = [bytes(one) for one in feeds.spread(list(feeds.read(tmp_path)), 5)]
    assert len(set(made)) == 5
