"""Listings: titles and excerpts in turn, and what else stands between them."""

import io
import textwrap
from datetime import UTC, datetime

import feedparser
import pytest
from bs4 import BeautifulSoup

from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import text, text_listing

LONG = (
    "In spring we travelled with eleven friends to a town in the south and met people who told us "
    + "much " * 9
)


def read(document: str) -> ParsedFeed:
    return text_listing.read(document, charset="utf-8", options=ParseOptions())


def titles(document: str) -> list[str | None]:
    return [entry.title for entry in read(document).entries]


@pytest.mark.parametrize("mark", ["[…]", "...", "…", "[...]"])
def test_titles_and_excerpts_alternate(mark):
    parsed = read(f"Five days\n\n{LONG}{mark}\n\nA new intern\n\n{LONG}{mark}")
    assert [entry.title for entry in parsed.entries] == ["Five days", "A new intern"]
    assert all(entry.summary and entry.summary.value.endswith(f"{mark}</p>") for entry in parsed.entries)
    assert all(entry.content is None and entry.guid is None and entry.url is None for entry in parsed.entries)
    assert parsed.feed.title is None


def test_two_titles_in_a_row_are_an_entry_without_a_text_and_the_next():
    parsed = read(
        f"One\n\n{LONG}[…]\n\nHorseback riding\n\nBeing an intern\n\n{LONG}[…]\n\nLast\n\n{LONG}[…]"
    )
    assert [(entry.title, entry.summary is not None) for entry in parsed.entries] == [
        ("One", True),
        ("Horseback riding", False),
        ("Being an intern", True),
        ("Last", True),
    ]


def test_a_title_may_end_in_a_sign_or_in_quotation_marks():
    document = f"Who are we?\n\n{LONG}[…]\n\n“They are wrong”\n\n{LONG}[…]\n\nLola joins us!\n\n{LONG}[…]"
    assert titles(document) == ["Who are we?", "“They are wrong”", "Lola joins us!"]


def test_a_whole_short_post_among_cut_ones_is_a_text():
    document = (
        f"One\n\n{LONG}[…]\n\nTwo\n\nThe office is closed until the first of May.\n\nThree\n\n{LONG}[…]"
    )
    assert titles(document) == ["One", "Two", "Three"]


def test_a_label_becomes_the_language_and_stays_in_the_title():
    entry = read(f"[Englsih] New intern\n\n{LONG}[…]\n\nNy praktikant\n\n{LONG}[…]").entries[0]
    assert (entry.title, entry.language) == ("[Englsih] New intern", "en")


def test_addresses_dates_and_read_more_lines_belong_to_the_title_above():
    document = "".join(
        f"{title}\nhttps://site.example/{number}\n{number} May 2024\n\n{LONG}[…]\n\nRead more »\n\n"
        for number, title in enumerate(["First", "Second"], 1)
    )
    first, second = read(document).entries
    assert (first.title, first.url, first.published_raw) == ("First", "https://site.example/1", "1 May 2024")
    assert (second.title, second.published_at) == ("Second", datetime(2024, 5, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    "control", ["Läs mer", "Читать далее", "Continue reading “Five days”", "Page 2 of 3"]
)
def test_controls_are_dropped(control):
    assert titles(f"One\n\n{LONG}[…]\n\n{control}\n\nTwo\n\n{LONG}[…]") == ["One", "Two"]


def test_numbers_before_titles_are_dropped():
    assert titles(f"1. One\n\n{LONG}[…]\n\n2. Two\n\n{LONG}[…]") == ["One", "Two"]


def test_a_text_wrapped_at_a_width_is_one_paragraph():
    wrapped = textwrap.fill(f"{LONG}[…]", width=72)
    entries = read(f"One\n\n{wrapped}\n\nTwo\n\n{wrapped}").entries
    assert [entry.summary and entry.summary.value for entry in entries] == [f"<p>{LONG}[…]</p>"] * 2


@pytest.mark.parametrize(
    "document",
    [
        "One title\n\n" + "\n\n".join([LONG.strip() + "."] * 5),
        f"# Project\n\n{LONG}...\n\n## Install\n\n{LONG}...",
        "only\n\nshort\n\nlines\n\nhere",
        LONG,
    ],
)
def test_a_page_is_no_listing(document):
    with pytest.raises(ParseError):
        read(document)


def test_listings_made_of_real_feeds_come_out(corpus):
    expected = found = 0
    for number, path in enumerate(sorted(corpus.glob("*.xml"))[::3]):
        pairs = []
        mark = (" […]", "...")[number % 2]
        for entry in feedparser.parse(io.BytesIO(path.read_bytes()), sanitize_html=False).entries[:10]:
            source = entry.content[0].value if "content" in entry else entry.get("summary", "")
            words = BeautifulSoup(f"<p>{source[:5000]}", "lxml").get_text(" ").split()
            title = " ".join(BeautifulSoup(f"<p>{entry.get('title', '')}", "lxml").get_text().split())
            if title and len(words) > 55 and not title.endswith("..."):
                pairs.append((title, " ".join(words[:55]) + mark))
        if len(pairs) < 3:
            continue
        document = "\n\n".join(f"{title}\n\n{excerpt}" for title, excerpt in pairs)
        parsed = text.read(document, charset="utf-8", options=ParseOptions())
        expected += 1
        found += [entry.title for entry in parsed.entries] == [title for title, _ in pairs]
    assert expected > 12
    assert found >= expected - 1
