"""The page of one post."""

import re

import pytest

from archiver import __version__

MONDAY = "Mon, 02 Feb 2026 10:00:00 GMT"
OLDER = "Sun, 01 Feb 2026 10:00:00 GMT"


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.fixture
def shown(live, visit, items, rss_of):
    """`shown(item)`: the page of the post that a feed with this item makes."""

    def show(*given: str, address: str = "/post/1", **feed: str) -> str:
        archive = live()
        archive.replay("https://example.org/feed", rss_of(*given, **feed))
        answer = visit(archive.path)(address)
        assert answer.status == 200
        return answer.body.decode()

    return show


def test_the_title_stands_as_published_with_date_author_text_and_link(shown, items):
    more = "<dc:creator>Aida Bekova</dc:creator>"
    page = shown(items("a", "Water &amp;amp; roads", "<p>All of the text.</p>", date=MONDAY, more=more))
    assert re.search(r"<h1[^>]*>Water &amp; roads</h1>", page)
    assert "<bdi>Aida Bekova</bdi>" in page
    assert 'datetime="2026-02-02T10:00:00Z"' in page
    assert "<p>All of the text.</p>" in page
    assert 'href="https://example.org/a"' in page


def test_text_and_title_have_the_posts_language_and_direction(shown, items):
    words = "أعلنت الوزارة اليوم عن خطة جديدة لتوزيع المياه في القرى الجبلية، وقالت إن العمل سيبدأ في الربيع."
    page = shown(items("a", "خطة جديدة لتوزيع المياه", f"<p>{words}</p>", date=MONDAY), language="ar")
    assert '<h1 id="title" lang="ar" dir="rtl">' in page
    assert '<div class="text" lang="ar" dir="rtl">' in page


def test_a_post_without_a_date_says_when_it_was_seen_and_quotes_the_feed(shown, items):
    page = text_of(shown(items("a", "A title", "<p>x</p>", date="sometime in spring")))
    assert "Seen 1 Mar 2026" in page
    assert "no date that can be read; the feed says “ sometime in spring ”" in page


def test_a_date_that_lies_ahead_is_shown_with_the_feeds_own_words(shown, items):
    page = text_of(shown(items("a", "A title", "<p>x</p>", date="Mon, 02 Feb 2099 10:00:00 GMT")))
    assert "a date that lay ahead when it was seen; the feed says “ Mon, 02 Feb 2099 10:00:00 GMT ”" in page


def test_a_post_without_title_or_text_says_so(shown, items):
    assert "Without a title" in shown(items("a", None, "<p>Only words.</p>", date=MONDAY))


def test_a_post_that_is_only_a_title_says_that_the_feed_gave_no_text(shown, items):
    assert "The feed gave no text, only the title." in shown(items("a", "A title", "", date=MONDAY))


def test_files_and_tags_are_links(shown, items):
    more = (
        "<enclosure url='https://example.org/a.mp3' type='audio/mpeg' length='1500000'/>"
        "<category>Water &amp; roads</category>"
    )
    page = shown(items("a", "A title", "<p>x</p>", date=MONDAY, more=more))
    assert 'href="https://example.org/a.mp3"' in page
    assert "audio/mpeg</bdi> 1.5 MB" in page
    assert (
        'href="/search?q=tag%3A%22Water+%26+roads%22"' in page
        or "/search?q=tag%3A%22Water%20%26%20roads%22" in page
    )


def test_no_image_is_loaded_unless_it_is_asked_for(live, visit, items, rss_of):
    archive = live()
    text = "<p>x <img src='https://example.org/a.png' alt='A dam'></p>"
    archive.replay("https://example.org/feed", rss_of(items("a", "A title", text, date=MONDAY)))
    get = visit(archive.path)
    without, with_images = get("/post/1"), get("/post/1?images=yes")
    assert b"<img" not in without.body
    assert b"Image: A dam" in without.body
    assert b"/post/1?images=yes" in without.body
    assert "img-src 'self' data:;" in without.policy
    assert (
        b'<img src="https://example.org/a.png" alt="A dam" referrerpolicy="no-referrer"' in with_images.body
    )
    assert "img-src 'self' data: https: http:;" in with_images.policy
    assert "script-src" not in with_images.policy


@pytest.fixture
def edited(live, visit, items, rss_of):
    """A story of three versions, seen at 13, 14 and 15 o'clock, and taken down then."""
    archive = live()
    old = items("old", "The oldest", "<p>Stands still.</p>", date=OLDER)
    for title, text in (("First", "one old word"), ("First", "one new word"), ("Second", "one new word")):
        archive.replay(
            "https://example.org/feed", rss_of(items("a", title, f"<p>{text}</p>", date=MONDAY), old)
        )
    for number in (1, 2):
        archive.replay("https://example.org/feed", rss_of(old) + f"<!-- {number} -->")
    return visit(archive.path)


def test_versions_are_listed_with_what_changed_and_their_kept_bytes(edited):
    page = edited("/post/1").body.decode()
    assert page.index("Version 3") < page.index("Version 2") < page.index("Version 1")
    assert 'href="/post/1/diff?entry=1&amp;from=2&amp;to=3">title' in page
    assert 'href="/post/1/diff?entry=1&amp;from=1&amp;to=2">summary' in page
    assert 'href="/body/2"' in page


def test_a_withdrawn_post_says_so_with_the_fetches_that_prove_it(edited):
    page = edited("/post/1").body.decode()
    assert "<strong>Withdrawn.</strong>" in page
    assert 'href="/body/4"' in page
    assert 'href="/body/5"' in page


def test_as_of_shows_the_version_in_force_then_and_what_was_known_then(edited):
    page = edited("/post/1?as_of=2026-03-01T14:30:00Z").body.decode()
    assert re.search(r"<h1[^>]*>First</h1>", page)
    assert "<p>one new word</p>" in page
    assert "version 2 of 3" in page
    assert "Withdrawn." not in page
    assert "Version 3" not in page


def test_before_it_was_seen_a_post_is_not_there(edited):
    assert edited("/post/1?as_of=2026-02-01").status == 404


def test_what_is_no_date_is_said_and_the_newest_version_shown(edited):
    page = edited("/post/1?as_of=yesterday").body.decode()
    assert "“yesterday” is not a date" in page
    assert "<h1" in page


def test_a_version_can_be_named(edited):
    page = edited("/post/1?version=1").body.decode()
    assert "<p>one old word</p>" in page
    assert "This is version 1 of 3" in page
    assert edited("/post/1?version=9").status == 404


def test_it_says_how_to_cite_it(edited):
    page = text_of(edited("/post/1").body.decode())
    assert "http://archive.test/post/1 " in page
    assert "http://archive.test/post/1?as_of=2026-06-01T12:00:00Z" in page
    assert re.search(r"SHA-256 of the document it came in [0-9a-f]{64}", page)


def test_entries_of_other_feeds_say_why_they_are_the_same_post(live, visit, items, rss_of):
    archive = live()
    text = (
        "<p>" + "The council of the district met to speak of water and of roads and of schools. " * 4 + "</p>"
    )
    for name in ("one", "two"):
        archive.replay(
            f"https://{name}.example/", rss_of(items("a", "The council met", text, date=MONDAY), title=name)
        )
    page = visit(archive.path)("/post/1").body.decode()
    assert "Carried by 2 entries" in page
    assert "told it first" in page
    assert re.search(r"the same post by its address, \d+ % sure", page)
    assert 'href="/post/1?entry=2"' in page


def test_an_entrys_number_leads_to_its_post(edited):
    answer = edited("/entry/1")
    assert (answer.status, answer.headers["Location"]) == (303, "/post/1?entry=1")
    assert edited("/entry/77").status == 404


def test_an_unknown_post_is_a_page_that_says_so(edited):
    for address in ("/post/999", "/post/999999999999999999"):
        assert edited(address).status == 404


# ---------------------------------------------------------------- kept bytes


def test_kept_bytes_are_saved_and_never_shown(edited):
    answer = edited("/body/1")
    assert answer.body.startswith(b"<rss")
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "sandbox" in answer.policy
    assert edited("/body/1", if_none_match=answer.headers["ETag"]).status == 304
    assert edited("/body/99").status == 404


def test_the_page_ends_with_the_programs_version_and_not_with_the_posts(shown, items):
    page = shown(items("a", "Pond", "The pond is full."))
    assert text_of(page[page.index('<footer class="bottom">') :]).endswith(f"archiver {__version__}")
