"""The page of answers, in all its forms."""

import csv
import io
import json
import re

import pytest
from lxml import etree


@pytest.fixture
def get(grown, visit):
    return visit(grown)


def test_answers_show_the_words_marked_with_date_and_feed(get):
    page = get("/search?q=text+245").body.decode()
    assert "1 post" in page
    assert "<mark>245</mark>" in page
    assert 'href="/feed/1"><bdi>The Post</bdi>' in page


def test_pages_go_on_from_the_last_answer_and_have_each_post_once(get):
    titles, address = [], "/search?q=story&order=newest"
    for _ in range(13):
        page = get(address).body.decode()
        titles += re.findall(r'<h3><a href="(/post/\d+)"', page)
        following = re.search(r'<a href="([^"]+)" rel="next">', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert address == ""
    assert len(titles) == len(set(titles)) == 250


def test_facets_narrow_and_are_taken_away_again(get):
    page = get("/search?q=story").body.decode()
    assert re.search(r'href="/search\?q=story&amp;year=2026">\s*<bdi>2026</bdi>', page)
    narrowed = get("/search?q=story&year=2026&feed=1").body.decode()
    assert 'href="/search?q=story&amp;feed=1">Year: <bdi>2026</bdi>' in narrowed
    assert 'href="/search?q=story&amp;year=2026">Feed: <bdi>The Post</bdi>' in narrowed


@pytest.mark.parametrize(
    "address",
    [
        "/search?q=%22stray+quote+OR+(",
        "/search?q=nothing:ofthekind",
        "/search?q=story&as_of=yesterday",
        "/search?q=story&year=soon",
        "/search?q=story&page=nonsense",
        "/search?q=story&feed=nobody",
        "/search?q=" + "x+" * 3000,
        "/search?q=%00%ff%ed%a0%80",
    ],
)
def test_whatever_is_asked_there_is_an_answer(get, address):
    answer = get(address)
    assert answer.status == 200
    assert b'class="notes"' in answer.body or b"Nothing found" in answer.body


def test_nothing_found_helps_on(get):
    page = get("/search?q=zzz").body.decode()
    assert "Nothing found" in page
    assert '<details class="help" open>' in page


def test_json_has_the_same_answers_and_the_way_on(get):
    told = json.loads(get("/search.json?q=story").body)
    assert len(told["posts"]) == 20
    assert told["posts"][0]["address"].startswith("http://archive.test/post/")
    assert {"id", "title", "url", "published_at", "snippet", "feeds"} <= told["posts"][0].keys()
    following = json.loads(get(told["next"].removeprefix("http://archive.test")).body)
    assert not {post["id"] for post in told["posts"]} & {post["id"] for post in following["posts"]}


def test_csv_is_for_spreadsheets_and_safe_in_them(live, visit, items, rss_of):
    archive = live()
    archive.replay("https://example.org/feed", rss_of(items("a", "=cmd()", "<p>dangerous</p>")))
    answer = visit(archive.path)("/search.csv?q=dangerous")
    (row,) = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
    assert row["title"] == "'=cmd()"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_atom_has_the_page_of_answers(get):
    answer = get("/search.atom?q=text+245")
    feed = etree.fromstring(answer.body)
    titles = [title.text for title in feed.findall("{*}entry/{*}title")]
    assert titles == ["Story 245"]


def test_the_pages_of_answers_as_atom_lead_from_one_to_the_next(get):
    titles: list[str] = []
    address = "/search.atom?q=story"
    while address:
        feed = etree.fromstring(get(address).body)
        titles += [title.text for title in feed.findall("{*}entry/{*}title")]
        links = {link.get("rel"): link.get("href") for link in feed.findall("{*}link")}
        address = links.get("next", "").removeprefix("http://archive.test")
    assert sorted(titles) == sorted(f"Story {number}" for number in range(1, 251))


def test_every_form_and_the_whole_feed_is_announced(get):
    page = get("/search?q=story&lang=en").body.decode()
    for kind, address in (
        ("application/json", "/search.json?q=story&amp;lang=en"),
        ("text/csv", "/search.csv?q=story&amp;lang=en"),
        ("application/atom+xml", "/search.atom?q=story&amp;lang=en"),
        ("application/atom+xml", "/out/search.atom?q=story&amp;lang=en"),
    ):
        assert f'<link rel="alternate" type="{kind}" href="{address}"' in page
