"""Feed discovery: what a page names, in the order of worth, and where feeds usually stand."""

import pytest

from archiver.parse.discover import FoundFeed, feed_links, well_known

BASE = "https://site.example/blog/page"


def urls(document: str) -> list[str]:
    return [feed.url for feed in feed_links(document, BASE)]


@pytest.mark.parametrize(
    "media", ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"]
)
def test_an_alternate_link_of_a_feeds_type_is_found(media):
    found = feed_links(f"<link rel='alternate' type='{media}' title='News' href='/feed/'>", BASE)
    assert found == (FoundFeed(url="https://site.example/feed/", title="News", type=media),)


def test_feeds_of_comments_come_last():
    document = (
        "<link rel=alternate type=application/rss+xml title='Site » Comments Feed' href=/comments/feed/>"
        "<link rel=alternate type=application/rss+xml title='Site » Feed' href=/feed/>"
    )
    assert urls(document) == ["https://site.example/feed/", "https://site.example/comments/feed/"]


def test_anchors_that_look_like_feeds_come_after_links():
    document = (
        "<a href='rss.xml'>RSS</a><a href='/about'>About</a><a href='/?feed=rss2'>x</a>"
        "<link rel=alternate type=application/atom+xml href=/atom.xml>"
    )
    assert urls(document) == [
        "https://site.example/atom.xml",
        "https://site.example/blog/rss.xml",
        "https://site.example/?feed=rss2",
    ]


def test_an_address_is_named_once():
    document = "<link rel=alternate type=application/rss+xml href=/feed/><a href=/feed/>RSS</a>"
    assert urls(document) == ["https://site.example/feed/"]


@pytest.mark.parametrize(
    "link",
    [
        "<link rel=alternate type=application/rss+xml href='file:///etc/passwd'>",
        "<link rel=alternate type=application/json href='/wp-json/wp/v2/pages/2'>",
        "<link rel=alternate type='application/json+oembed' href='/oembed?format=json'>",
        "<link rel=alternate hreflang=sv href='/sv/'>",
        "<link rel=stylesheet type=text/xml href='/a.xml'>",
        "<a href='javascript:feed()'>feed</a>",
        "<a href='/feedback'>feedback</a>",
    ],
)
def test_what_is_no_feed_is_not_named(link):
    assert urls(link) == []


def test_a_base_element_counts():
    document = (
        "<base href='https://other.example/x/'><link rel=alternate type=application/rss+xml href='rss'>"
    )
    assert urls(document) == ["https://other.example/x/rss"]


def test_a_feed_scheme_is_understood():
    assert urls("<a href='feed://site.example/rss'>RSS</a>") == ["https://site.example/rss"]


def test_the_usual_addresses_are_tried_in_the_pages_folder_and_then_at_the_root():
    tried = well_known("https://site.example/blog/")
    assert tried[:2] == ("https://site.example/blog/feed/", "https://site.example/blog/rss.xml")
    assert tried[7:9] == ("https://site.example/feed/", "https://site.example/rss.xml")
    assert len(set(tried)) == len(tried) == 14


def test_at_the_root_each_address_is_tried_once():
    assert well_known("https://site.example") == (
        "https://site.example/feed/",
        "https://site.example/rss.xml",
        "https://site.example/atom.xml",
        "https://site.example/feed.xml",
        "https://site.example/index.xml",
        "https://site.example/rss",
        "https://site.example/?feed=rss2",
    )


def test_nothing_is_tried_where_there_is_no_site():
    assert well_known("file:///etc/passwd") == ()
