"""HTML pages asked for on purpose: one entry from what a page says of itself."""

from datetime import UTC, datetime

import pytest

from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import page

PARAGRAPHS = "".join(
    f"<p>Paragraph {n} tells at some length what happened in the valley.</p>" for n in range(6)
)
MENU = "<nav>" + "<a href='/x'>Menu entry</a> " * 30 + "</nav>"


def read(document: str, url: str = "https://site.example/a/page") -> ParsedFeed:
    return page.read(document, charset="utf-8", options=ParseOptions(url=url, kind="page"))


def test_title_address_date_author_and_language_come_from_the_pages_own_words():
    parsed = read(
        "<html lang='sv-SE'><head><title>T | Site</title><meta property='og:title' content='Om oss'>"
        "<meta property='og:site_name' content='Site'><meta name='author' content='Anna Berg'>"
        "<link rel='canonical' href='/b'>"
        "<meta property='article:published_time' content='2024-05-01T10:00:00+02:00'>"
        f"</head><body>{MENU}<article>{PARAGRAPHS}</article></body></html>"
    )
    (entry,) = parsed.entries
    assert (entry.title, entry.url, entry.language) == ("Om oss", "https://site.example/b", "sv-SE")
    assert entry.published_at == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert [person.name for person in entry.authors] == ["Anna Berg"]
    assert (parsed.feed.title, parsed.format) == ("Site", "page")


def test_without_metadata_heading_and_asked_address_serve():
    (entry,) = read(f"<h1>Heading</h1>{PARAGRAPHS}").entries
    assert (entry.title, entry.url) == ("Heading", "https://site.example/a/page")


@pytest.mark.parametrize("wrap", ["<article>{}</article>", "<main>{}</main>", "<div id='c'>{}</div>"])
def test_the_main_block_is_kept_as_markup_without_the_menu(wrap):
    (entry,) = read(
        f"<title>T</title>{MENU}<div>{wrap.format(PARAGRAPHS)}</div><footer>Foot</footer>"
    ).entries
    assert entry.content is not None
    assert entry.content.value.count("<p>") == 6
    assert "Menu entry" not in entry.content.value
    assert "Foot" not in entry.content.value


def test_the_date_of_linked_data_is_read():
    linked = (
        '{"@graph": [{"@type": "NewsArticle", "datePublished": "2024-05-01", "author": {"name": "Anna"}}]}'
    )
    (entry,) = read(
        f"<title>T</title><script type='application/ld+json'>{linked}</script>{PARAGRAPHS}"
    ).entries
    assert (entry.published_raw, entry.authors[0].name) == ("2024-05-01", "Anna")


def test_an_unreadable_date_keeps_its_words_and_invents_none():
    (entry,) = read(f"<title>T</title><time datetime='soon'>x</time>{PARAGRAPHS}").entries
    assert (entry.published_at, entry.published_raw) == (None, "soon")


@pytest.mark.parametrize(
    "document", ["", "<html></html>", "<?xml version='1.0'?><html></html>", "<script>x</script>"]
)
def test_a_page_that_says_nothing_is_an_error(document):
    with pytest.raises(ParseError):
        read(document)


@pytest.mark.parametrize(
    "document",
    [
        "<div>" * 30_000 + "words that are here" + "</div>" * 30_000,
        "<p><b><i>" * 10_000 + "words",
        "<title>" + "<" * 50_000,
        "<a href=x>" * 20_000,
        "<title>T</title><script type='application/ld+json'>" + "[" * 50_000 + "</script>words",
        "\x00\ud800<p>words and words</p>",
    ],
)
def test_hostile_markup_is_read_or_refused(document):
    try:
        entries = len(read(document).entries)
    except ParseError:
        return
    assert entries == 1
