"""The one door: any bytes give a ParsedFeed or a ParseError, and the right one."""

import html
import io
import json
import re
import warnings
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import PARSE_KINDS, ParseError
from archiver.model import KINDS, ParsedFeed, ParseOptions
from archiver.parse import MOST_ENTRIES, parse

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
CASES = sorted((Path(__file__).parent / "cases").glob("*.xml"))
FORMATS = (
    "rss090 rss091 rss092 rss093 rss094 rss10 rss20 atom03 atom10 cdf json1 json11 text-feed text-listing "
    "text-page page"
)
PIECES = [
    b"<rss version='2.0'>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"</channel>",
    b"</rss>", b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"</entry>", b"<link href='",
    b"<guid>", b"<![CDATA[", b"]]>", b"&amp;", b"&#xD800;", b"&nbsp;", b"<!--",
    b"<?xml version='1.0' encoding='koi8-r'?>", b"<!DOCTYPE", b"<html>",
    b'{"version":"https://jsonfeed.org/version/1","items":[', b'{"id":', b"\xef\xbb\xbf", b"\x00",
    b"\xff\xfe", b"\xe9", b"Mon, 03 Mar 2025 14:48:48 GMT", b"https://x.org/", b"\n\n",
    b"<georss:point>", b"<media:content", b"<source>", b"<itunes:explicit>", b"<psc:chapter>",
    b"<pubDate>", b"text", b">", b"'", b"<image>", b"<textInput>", b"<name>",
]  # fmt: skip


def outcome(body: bytes, kind: str | None = None) -> ParsedFeed | ParseError:
    try:
        return parse(body, ParseOptions(kind=kind, url="https://x.org/feed"))
    except ParseError as error:
        return error


def check(result: ParsedFeed | ParseError) -> None:
    if isinstance(result, ParseError):
        assert result.kind in PARSE_KINDS
        assert str(result)
    else:
        assert result.format in FORMATS.split()
        assert [entry.position for entry in result.entries] == list(range(len(result.entries)))


@given(st.binary(max_size=400), st.sampled_from([None, *KINDS]))
def test_any_bytes_give_a_feed_or_a_parse_error(body: bytes, kind: str | None) -> None:
    check(outcome(body, kind))


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join), st.sampled_from([None, *KINDS]))
@settings(max_examples=300)
def test_any_pieces_of_feeds_give_a_feed_or_a_parse_error(body: bytes, kind: str | None) -> None:
    check(outcome(body, kind))


@given(st.data())
@settings(max_examples=200)
def test_a_feed_with_bytes_changed_gives_a_feed_or_a_parse_error(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(CASES)).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from(PIECES))
        )
    check(outcome(bytes(body)))


@pytest.mark.parametrize("body", [b"", b" \n\t", b"\xef\xbb\xbf", b"\xff\xfe", b"\x00\x00"])
def test_nothing_is_empty(body: bytes) -> None:
    result = outcome(body)
    assert isinstance(result, ParseError)
    assert result.kind == "empty"


def test_a_web_page_says_so_and_says_what_to_do() -> None:
    result = outcome(b"<!DOCTYPE html><html><body><p>Just a moment</p></body></html>")
    assert isinstance(result, ParseError)
    assert result.kind == "web_page"
    assert "https://x.org/feed" in str(result)
    assert "parse.kind: page" in str(result)


@pytest.mark.parametrize(
    "body", [b"\x89PNG\r\n\x1a\n\x00", b'{"openapi": "3"}', b"<urlset></urlset>", b"%PDF-1.7 x"]
)
def test_other_documents_are_no_feed(body: bytes) -> None:
    result = outcome(body)
    assert isinstance(result, ParseError)
    assert result.kind == "not_a_feed"


def test_of_far_too_many_entries_those_at_both_ends_are_read_and_the_document_proves_nothing() -> None:
    items = [{"id": str(number), "content_text": "x"} for number in range(MOST_ENTRIES + 2)]
    body = json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": "All", "items": items}
    ).encode()
    feed = parse(body, ParseOptions())
    found = [int(entry.guid or "") for entry in feed.entries]
    half = MOST_ENTRIES // 2
    assert found == [*range(half), *range(half + 2, MOST_ENTRIES + 2)]
    assert [entry.position for entry in feed.entries] == found
    assert feed.partial
    assert feed.problems == ("The document has 5,002 entries: the first and the last 2,500 were archived.",)


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel><title>Known</title><item><guid>1</guid><description>Half a wo",
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "Known", "items": [{"id": "1", "con',
    ],
    ids=["rss", "json"],
)
def test_a_document_that_breaks_off_before_its_first_entry_ends_is_broken(body: bytes) -> None:
    result = outcome(body)
    assert isinstance(result, ParseError)
    assert (result.kind, str(result)) == (
        "broken",
        "https://x.org/feed breaks off before its first entry ends.",
    )


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'><channel><title>Mine</title>"
        b"<atom:link rel='self' href='https://x.kz/feed?key=S3CRET&amp;page=1'/></channel></rss>",
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "Mine",'
        b' "feed_url": "https://x.kz/feed?key=S3CRET&page=1", "items": []}',
    ],
    ids=["rss", "json"],
)
def test_what_a_feed_says_of_its_own_address_is_kept_without_the_secret_in_it(body: bytes) -> None:
    reading = parse(body, ParseOptions()).feed.reading
    assert reading is not None
    assert "https://x.kz/feed?key=…&page=1" in reading
    assert "S3CRET" not in reading


def test_a_person_names_the_charset() -> None:
    body = "<rss version='2.0'><channel><title>Дом</title></channel></rss>".encode("koi8-r")
    assert parse(body, ParseOptions(charset="koi8-r")).feed.title == "Дом"


def test_a_body_that_names_a_file_opens_none(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<rss version='2.0'><channel><title>secret</title></channel></rss>")
    result = outcome(str(secret).encode(), "syndication")
    assert isinstance(result, ParseError)


def folded(title: str | None) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", title or "")).split())


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not here")
def test_every_entry_that_feedparser_finds_in_real_feeds_is_there() -> None:
    differences = []
    for path in sorted(CORPUS.glob("*.xml")):
        body = path.read_bytes()
        theirs = feedparser.parse(io.BytesIO(body), sanitize_html=False)
        ours = parse(body, ParseOptions())
        assert (path.name, len(ours.entries)) == (path.name, len(theirs.entries))
        for entry, expected in zip(ours.entries, theirs.entries, strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                moment = expected.get("published_parsed") or expected.get("updated_parsed")
            date = datetime(*moment[:6], tzinfo=UTC) if moment and moment.tm_year > 1 else None
            wanted = (
                (expected.get("id") or "").strip() or None,
                (expected.get("link") or "").strip() or None,
                folded(expected.get("title")),
                date,
            )
            found = (entry.guid, entry.url, folded(entry.title), entry.published_at or entry.updated_at)
            if wanted != found:
                differences.append((path.name, wanted, found))
    assert differences == []
