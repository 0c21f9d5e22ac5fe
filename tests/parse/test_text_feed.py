"""Flattened feeds: what stood in an RSS 2.0 document is found again in its text."""

import html
import io
from datetime import UTC, datetime

import feedparser
import pytest

from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import text_feed
from archiver.parse.dates import read_date

CHANNEL = "Site News https://site.example A daily word Mon, 03 Mar 2025 14:48:48 +0000 en-US hourly 2 "
GENERATOR = "https://wordpress.org/?v=6.8.3 "


def read(document: str) -> ParsedFeed:
    return text_feed.read(document, charset="utf-8", options=ParseOptions())


def item(number: int, title: str, *, slug: str, below: str = "") -> str:
    return (
        f"{title} https://site.example/2024/{slug}/ Wed, 06 Nov 2024 11:54:4{number} +0000 "
        f"https://site.example/?p=10{number} Summary {number} goes […]\n\n]]>\nText {number} begins.\n\n"
        f"And ends.\n\n]]>\n{below}"
    )


def test_the_channel_is_read_from_the_line_before_the_entries():
    feed = read(CHANNEL + GENERATOR + item(1, "One", slug="one")).feed
    assert (feed.title, feed.site_url, feed.description) == (
        "Site News",
        "https://site.example",
        "A daily word",
    )
    assert (feed.language, feed.generator) == ("en-US", GENERATOR.strip())
    assert (feed.updated_at, feed.update_seconds) == (datetime(2025, 3, 3, 14, 48, 48, tzinfo=UTC), 1800)


def test_an_entry_has_title_link_date_guid_summary_and_paragraphs():
    (entry,) = read(CHANNEL + GENERATOR + item(1, "One & only", slug="one-only")).entries
    assert (entry.title, entry.url) == ("One & only", "https://site.example/2024/one-only/")
    assert (entry.guid, entry.published_raw) == (
        "https://site.example/?p=101",
        "Wed, 06 Nov 2024 11:54:41 +0000",
    )
    assert entry.published_at == datetime(2024, 11, 6, 11, 54, 41, tzinfo=UTC)
    assert entry.summary is not None
    assert entry.summary.value == "<p>Summary 1 goes […]</p>"
    assert entry.content is not None
    assert entry.content.value == "<p>Text 1 begins.</p>\n<p>And ends.</p>"


def test_signs_of_markup_in_a_text_are_escaped():
    (entry,) = read(CHANNEL + item(1, "One", slug="one").replace("And ends", "a < b & c")).entries
    assert entry.content is not None
    assert "a &lt; b &amp; c" in entry.content.value


@pytest.mark.parametrize(
    "image", ["", "https://site.example/i-32x32.png Site News https://site.example 32 32 ", "59724355 "]
)
def test_the_channels_image_and_number_are_not_of_the_first_title(image):
    assert read(CHANNEL + GENERATOR + image + item(1, "2024 in review", slug="2024-in-review")).entries[
        0
    ].title == ("2024 in review")


def test_the_comment_feed_and_its_count_are_not_of_the_next_title():
    below = "https://site.example/2024/one/feed/ 3 "
    parsed = read(CHANNEL + item(1, "One", slug="one", below=below) + item(2, "10 things", slug="10-things"))
    assert [entry.title for entry in parsed.entries] == ["One", "10 things"]


def test_the_posts_number_below_it_is_not_of_the_next_title():
    below = "https://site.example/2024/one/feed/ 3 101 "
    parsed = read(CHANNEL + item(1, "One", slug="one", below=below) + item(2, "Two", slug="two"))
    assert parsed.entries[1].title == "Two"


def test_names_of_media_before_a_title_are_told_from_it_by_the_slug():
    document = CHANNEL + "".join(
        item(number, f"Some {word} story", slug=f"some-{word}-story", below=f"IMG_00{number} annalee ")
        for number, word in enumerate(["red", "blue", "green"], 1)
    )
    assert [entry.title for entry in read(document.replace("\nIMG", " IMG")).entries] == [
        "Some red story",
        "Some blue story",
        "Some green story",
    ]


def test_a_title_of_more_words_than_its_slug_stays_whole():
    document = CHANNEL + item(1, "One", slug="one") + item(2, "How the new bazaar was won", slug="new-bazaar")
    assert read(document).entries[1].title == "How the new bazaar was won"


def test_comments_link_creator_and_categories_stand_between():
    document = (
        f"{CHANNEL}{GENERATOR}One https://site.example/one/ https://site.example/one/#respond Anna Berg "
        "Wed, 06 Nov 2024 11:54:41 GMT Culture Long reads https://site.example/?p=7 Text."
    )
    (entry,) = read(document).entries
    assert (entry.url, entry.guid) == ("https://site.example/one/", "https://site.example/?p=7")
    assert [person.name for person in entry.authors] == ["Anna Berg"]
    assert '"categories": "Culture Long reads"' in entry.reading


@pytest.mark.parametrize("guid", ["4321 at https://site.example", "tag:site.example,2024:1", "urn:uuid:1-2"])
def test_a_guid_need_not_be_an_address(guid):
    document = f"{CHANNEL}{GENERATOR}One https://site.example/one Wed, 06 Nov 2024 11:54:41 GMT {guid} Text."
    assert read(document).entries[0].guid == guid


def test_a_single_text_is_the_summary_where_it_was_cut_and_else_the_content():
    head = "One https://site.example/one Wed, 06 Nov 2024 11:54:41 GMT https://site.example/one "
    cut, whole = (
        read(f"{CHANNEL}{head}Goes on […]\n]]>").entries + read(f"{CHANNEL}{head}It ends.\n]]>").entries
    )
    assert (cut.summary is not None, cut.content) == (True, None)
    assert (whole.summary, whole.content is not None) == (None, True)


def test_the_plugins_line_is_taken_off_both_texts():
    line = "The post One appeared first on Site News.\n\n]]>"
    (entry,) = read(CHANNEL + item(1, "One", slug="one").replace("]]>", line)).entries
    assert entry.summary is not None
    assert entry.content is not None
    assert "appeared" not in entry.summary.value + entry.content.value


def test_a_text_that_ends_inside_an_entry_is_partial_and_the_torn_entry_held_back():
    whole = CHANNEL + item(1, "One", slug="one") + item(2, "Two", slug="two")
    parsed = read(whole[:-40])
    assert (parsed.partial, [entry.title for entry in parsed.entries]) == (True, ["One"])


def test_a_text_that_ends_inside_its_only_entry_is_partial():
    whole = CHANNEL + item(1, "One", slug="one").replace("begins.", "word " * 40)
    parsed = read(whole[:-20])
    assert (parsed.partial, parsed.entries) == (True, ())


def test_a_text_that_ends_in_the_head_of_an_entry_is_partial_with_all_before_it():
    whole = CHANNEL + item(1, "One", slug="one") + item(2, "Two", slug="two")
    parsed = read(whole + "Three https://site.example/2024/thr")
    assert (parsed.partial, [entry.title for entry in parsed.entries]) == (True, ["One", "Two"])


def test_a_channel_without_entries_is_an_empty_feed():
    parsed = read(CHANNEL + GENERATOR)
    assert (parsed.feed.title, parsed.entries) == ("Site News", ())


def test_a_date_before_link_and_guid_belongs_to_them():
    document = CHANNEL + "".join(
        f"{title} Wed, 06 Nov 2024 11:54:41 +0000 https://site.example/{slug} "
        f"https://site.example/{slug} Text. "
        for title, slug in (("One", "one"), ("Two", "two"), ("Three", "three"))
    )
    assert [entry.url for entry in read(document).entries] == [
        "https://site.example/one",
        "https://site.example/two",
        "https://site.example/three",
    ]


def test_elements_glued_together_are_parted():
    document = CHANNEL + "".join(
        f"{title}https://site.example/{slug}/Wed, 06 Nov 2024 11:54:41 +0000https://site.example/{slug}/Text.\n\n]]>\n"
        for title, slug in (("One", "one"), ("Two", "two"))
    )
    parsed = read(document)
    assert [(entry.title, entry.guid) for entry in parsed.entries] == [
        ("One", "https://site.example/one/"),
        ("Two", "https://site.example/two/"),
    ]


def test_prose_with_addresses_and_dates_is_no_feed():
    with pytest.raises(ParseError):
        read(
            "See https://site.example/a for more, as written on Mon, 03 Mar 2025 14:48:48 +0000 by somebody."
        )


def bare(*titles: tuple[str, str]) -> str:
    """A feed of descriptions that vanished in the flattening: a title follows the guid before it."""
    return f"{CHANNEL}{GENERATOR}" + "".join(
        f"{title} https://site.example/{slug}/ 09 Mar 2025 11:54:4{number} +0000 "
        f"https://site.example/?p=10{number} "
        for number, (title, slug) in enumerate(titles)
    )


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The lake has dried up", "lake-dried-up"),
        ("On learning to wait", "learning-wait"),
        ("They left. We stayed.", "they-left-we-stayed"),
        ("U.S. visas, and what they cost", "us-visas-cost"),
        ("№7. Водопровод", "водопровод"),
        ("… and so on", "and-so-on"),
        ("What <br> is for", "what-br-is-for"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_where_no_text_follows_a_guid_all_that_stands_there_is_the_next_title(title, slug, place):
    titles = [("Hello", "hello"), ("Goodbye", "goodbye")]
    titles.insert(place, (title, slug))
    found = read(bare(*titles)).entries
    assert [entry.title for entry in found] == [
        " ".join(plain.replace("<br>", " ").split()) for plain, _ in titles
    ]


def test_a_bare_entry_among_others_lends_its_guid_no_word_of_the_next_title():
    document = bare(("One", "one"), ("No rain. No snow.", "snow")) + item(3, "Three", slug="three")
    assert [entry.title for entry in read(document).entries] == ["One", "No rain. No snow.", "Three"]


def test_an_address_and_a_date_within_a_text_are_no_entry():
    text = "Come to https://meet.example/j/1 Date: 10 March 2025 14:00 (Osh time). All are welcome."
    document = item(1, "One", slug="one").replace("Summary 1 goes", text).replace("And ends", text)
    entries = read(CHANNEL + document + item(2, "Two", slug="two")).entries
    assert [(entry.title, entry.guid) for entry in entries] == [
        ("One", "https://site.example/?p=101"),
        ("Two", "https://site.example/?p=102"),
    ]


@pytest.mark.parametrize(
    "date", ["Mon, 03 Mar 2025 14:48:48 +0000, as planned", "Mon, 03 Mar 2025 14:48:48 +0000"]
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_line_of_the_sites_own_address_and_a_date_is_no_entry_where_entries_have_guids(date, number):
    items = [item(1, "One", slug="one"), item(2, "Two", slug="two")]
    items[number - 1] = items[number - 1].replace("And ends.", f"https://site.example/x/ {date}\n\nAnd ends.")
    assert [entry.title for entry in read(CHANNEL + "".join(items)).entries] == ["One", "Two"]


def test_a_line_of_address_and_date_in_every_text_is_no_entry():
    items = [
        item(number, word, slug=word.lower()).replace(
            "And ends.", "https://site.example/x/ Mon, 03 Mar 2025 14:48:48 +0000\n\nAnd ends."
        )
        for number, word in enumerate(["One", "Two", "Three"], 1)
    ]
    assert [entry.title for entry in read(CHANNEL + "".join(items)).entries] == ["One", "Two", "Three"]


def test_an_entry_without_guid_stays_among_entries_with_guids():
    second = item(2, "Two", slug="two").replace("https://site.example/?p=102 ", "")
    document = CHANNEL + item(1, "One", slug="one") + second + item(3, "Three", slug="three")
    assert [(entry.title, entry.guid) for entry in read(document).entries][1] == ("Two", None)


@pytest.mark.parametrize("title", ["The post that never came", "Who reads the post? The post office does"])
@pytest.mark.parametrize("place", [1, 2])
def test_a_title_that_has_the_plugins_first_words_stays_whole(title, place):
    titles = ["Hello", "Goodbye", "Again"]
    titles[place] = title
    document = CHANNEL + "".join(
        item(number, name, slug=f"s-{number}").replace(
            "]]>", f"The post {name} appeared first on Site News.\n\n]]>"
        )
        for number, name in enumerate(titles)
    )
    entries = read(document).entries
    assert [entry.title for entry in entries] == titles
    assert not any(
        "The post" in text.value for entry in entries for text in (entry.summary, entry.content) if text
    )


@pytest.mark.parametrize("place", [0, 1])
def test_an_address_within_a_title_is_part_of_it(place):
    items = [item(1, "One", slug="one"), item(2, "Two", slug="two")]
    items[place] = item(place + 1, "Why https://other.example counts", slug="why-other-example-counts")
    entries = read(CHANNEL + GENERATOR + "".join(items)).entries
    assert len(entries) == 2
    assert entries[place].title == "Why https://other.example counts"


def test_a_word_that_most_titles_begin_with_is_theirs_where_nothing_stands_below_the_last_entry():
    document = CHANNEL + "".join(
        item(number, f"Reader letters from {name}", slug=f"letters-from-{name.lower()}")
        for number, name in enumerate(["Osh", "Naryn", "Talas"], 1)
    )
    assert [entry.title for entry in read(document).entries] == [
        "Reader letters from Osh",
        "Reader letters from Naryn",
        "Reader letters from Talas",
    ]


def test_only_the_name_of_a_file_is_taken_off_a_title_whose_slug_was_edited():
    document = CHANNEL + "".join(
        item(number, title, slug=slug, below=f"IMG_123{number} ")
        for number, (title, slug) in enumerate(
            [("Hi", "hi"), ("Going over to Rust", "rust"), ("My 5 odd tools", "tools")]
        )
    )
    entries = read(document.replace("\nIMG", " IMG")).entries
    assert [entry.title for entry in entries] == ["Hi", "Going over to Rust", "My 5 odd tools"]


@pytest.mark.parametrize(
    "title", ["Привет всем", "Hello there.", "www.example.org is back", "100 days", "“Quoted”"]
)
def test_a_feed_without_white_space_between_its_elements_is_parted(title):
    slug = {"100 days": "100-days"}.get(title, "x")
    document = (
        f"Newshttps://site.example/WordsMon, 03 Mar 2025 14:48:48 +0000en-US hourly 1 {GENERATOR.strip()}"
        + "".join(
            f"{name}https://site.example/{place}/https://site.example/{place}/#respond"
            f"Mon, 03 Mar 2025 14:48:48 +0000https://site.example/?p={number}Text.\n\n]]>https://site.example/{place}/feed/1{number}"
            for number, (name, place) in enumerate([(title, slug), ("Resebrev", "resebrev")])
        )
    )
    entries = read(document).entries
    assert [(entry.title, entry.url) for entry in entries] == [
        (title, f"https://site.example/{slug}/"),
        ("Resebrev", "https://site.example/resebrev/"),
    ]


def test_a_tag_that_a_title_is_about_does_not_end_the_comment_feed_before_it():
    below = "https://site.example/2024/one/feed/ 6 "
    document = CHANNEL + item(1, "One", slug="one", below=below).replace("]]>", "")
    parsed = read(document + item(2, "What <hr> does", slug="what-hr-does").replace("]]>", ""))
    assert parsed.entries[1].title == "What does"


def test_the_channel_is_no_entry_where_an_old_generator_follows_the_date():
    document = (
        CHANNEL.replace("hourly 2", "hourly1") + "http://wordpress.org/?v=2.9.2 " + item(1, "One", slug="one")
    )
    assert [entry.title for entry in read(document).entries] == ["One"]


@pytest.mark.parametrize("style", ["blocks", "one-line", "line-per-text", "kept", "no-marks"])
def test_real_wordpress_feeds_come_out_of_their_flattened_text(style, corpus, flatten):
    expected = found = right_titles = 0
    for path in sorted(corpus.glob("*.xml")):
        body = path.read_bytes()
        if b"https://wordpress.org/?v=" not in body[:8000] and b"http://wordpress.com/" not in body[:8000]:
            continue
        original = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
        if not original.version.startswith("rss"):
            continue
        parsed = read(flatten(body.decode("utf-8", "replace"), style=style))
        assert len(parsed.entries) == len(original.entries), path.name
        assert not parsed.partial
        for entry, source in zip(parsed.entries, original.entries, strict=True):
            expected += 1
            assert entry.url == source.link
            assert entry.published_at == read_date(source.published)
            found += entry.guid == source.id
            right_titles += entry.title == " ".join(html.unescape(source.title).split())
    assert expected > 200
    assert found >= expected - 1  # one entry of the corpus has an empty guid
    assert right_titles >= expected * 0.97
