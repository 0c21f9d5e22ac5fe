"""Documents cut into raw entries: the rest reads as if they had been there, or else there is no cut."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import marks
from archiver.marks import Standing
from archiver.model import ParseOptions
from archiver.parse import read, syndication
from archiver.parse.cut import cut_json, cut_xml
from archiver.parse.decode import decode
from archiver.parse.sniff import sniff

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
OPTIONS = ParseOptions(url="https://example.org/feed")
ITEMS = tuple(
    f"<item><title>Story {name}</title><link>/{name}</link><guid>{name}</guid></item>" for name in "abc"
)


def rss(*items: str, head: str = "<title>Example</title>", root: str = "", tail: str = "") -> str:
    return f"<rss version='2.0'{root}><channel>{head}{''.join(items)}{tail}</channel></rss>"


def parts(text: str) -> list[str] | None:
    cut = cut_xml(text, 0)
    return None if cut is None else [text[begin:end] for begin, end in cut.spans]


def known(text: str, *positions: int) -> str:
    """What the entries at these places are known by."""
    raw = read(text.encode(), OPTIONS).raw
    assert raw is not None
    standing = Standing(id=1, position=0, published_at=None, updated_at=None)
    return marks.written(raw.context, [(raw.marks[at], standing) for at in positions])


def test_each_entry_is_cut_out_with_its_own_tags():
    assert parts(rss(*ITEMS)) == list(ITEMS)


@pytest.mark.parametrize(
    "extra",
    ["<![CDATA[</item><item>]]>", "<!-- </item> -->", "<?php </item> ?>", "<itemized/>", "&lt;/item&gt;"],
)
def test_what_only_looks_like_the_end_of_an_entry_is_none(extra):
    item = ITEMS[0].replace("</item>", f"<description>{extra}</description></item>")
    assert parts(rss(item, ITEMS[1])) == [item, ITEMS[1]]


@pytest.mark.parametrize(
    "text",
    [
        rss(ITEMS[0], "<item/>", ITEMS[1]),
        rss(ITEMS[0].replace("</item>", "<entry/></item>")),
        rss(ITEMS[0].replace("</item>", f"{ITEMS[1]}</item>")),
        rss(ITEMS[0], "<x:item>prefixed</x:item>"),
        rss(ITEMS[0], "<ITEM>in capitals</ITEM>"),
        rss(ITEMS[0], "<language>en</language>", ITEMS[1]),
        rss(ITEMS[0], tail="<title>Late</title>"),
        rss(ITEMS[0], tail="<![CDATA[never closed"),
        rss(ITEMS[0], tail="<item><title>cut short"),
        rss(*ITEMS)[:-20],
        rss(),
        "<x:feed xmlns:x='http://www.w3.org/2005/Atom'><x:entry/></x:feed>",
    ],
)
def test_entries_that_are_not_plainly_side_by_side_at_the_end_are_not_cut(text):
    assert parts(text) is None


def test_a_document_with_entities_of_its_own_is_not_cut():
    text = f"<!DOCTYPE rss [<!ENTITY own 'mine'>]>{rss(*ITEMS)}"
    assert cut_xml(text, text.index("<rss")) is None


def test_the_items_of_a_json_feed_are_cut_where_they_stand_in_one_place():
    text = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"}, {"id": "2"}]}'
    cut = cut_json(text)
    assert [text[begin:end] for begin, end in cut.spans] == ['{"id": "1"}', '{"id": "2"}']
    assert cut.with_only({1}) == text.replace('{"id": "1"}, ', "")
    assert cut_json(text[:-1]) is None
    assert cut_json('{"items": [{"id": "1"}], "title": "T", "items": [{"id": "2"}]}') is None


def test_only_what_nobody_knows_is_read_and_keeps_its_place():
    text = rss(*ITEMS)
    found = read(text.encode(), OPTIONS, known(text, 0, 2))
    whole = read(text.encode(), OPTIONS)
    assert found.parsed == replace(whole.parsed, entries=whole.parsed.entries[1:2])
    assert [at for at, _ in found.seen] == [0, 2]
    assert found.raw.marks == whole.raw.marks[1:2]


@pytest.mark.parametrize(
    "next_one",
    [
        rss(*ITEMS, head="<title>Renamed</title>"),
        rss(*ITEMS, head="<title>Example</title><language>sv</language>"),
        rss(*ITEMS, head="<title>Example</title><link>https://example.net/</link>"),
        rss(*ITEMS, root=" xml:base='https://example.net/'"),
        rss(*ITEMS, root=" xmlns:dc='urn:other'"),
        rss(*ITEMS).replace("2.0", "0.91"),
        rss(*ITEMS, ITEMS[0]),
        rss(*ITEMS, "<item><dc:creator>Me</dc:creator></item>"),
        rss(*ITEMS, "<item><b></item>"),
        rss(*ITEMS)[:-10],
        rss(ITEMS[0], *(ITEMS[1].replace("b", name) for name in "defg")),
    ],
    ids=range(11),
)
def test_a_document_that_is_not_as_it_was_is_read_whole(next_one):
    found = read(next_one.encode(), OPTIONS, known(rss(*ITEMS), 0, 1, 2))
    assert found == read(next_one.encode(), OPTIONS)
    assert found.seen == ()


def test_a_document_from_another_address_is_read_whole():
    text = rss(*ITEMS)
    elsewhere = replace(OPTIONS, url="https://example.net/feed")
    assert read(text.encode(), elsewhere, known(text, 0, 1, 2)).seen == ()


@pytest.mark.parametrize(
    "item",
    ["<item><b></item>", "<item><dc:creator>Me</dc:creator></item>", ITEMS[0].replace("<guid>", "<guid")],
)
def test_nothing_is_to_be_known_of_a_document_that_had_to_be_mended_by_guessing(item):
    assert read(rss(*ITEMS, item).encode(), OPTIONS).raw is None


def test_an_entrys_base_is_not_that_of_the_next():
    entries = "".join(
        f"<entry><id>{n}</id><title>t</title><content type='html'{base}>&lt;a href='x'&gt;</content></entry>"
        for n, base in ((1, " xml:base='https://example.org/one'"), (2, ""))
    )
    text = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entries}</feed>"
    bases = [entry.base_url for entry in syndication.read(text, charset="utf-8", options=OPTIONS).entries]
    assert bases == ["https://example.org/one", "https://example.org/feed"]


PIECES = ["<item>", "</item>", "<item/>", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "<b>", "</b>", "&"]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_stands_between_a_cut_changes_nothing_in_how_entries_read(middle):
    text = rss(ITEMS[0], f"<item><title>t{middle}</title></item>", ITEMS[1])
    whole = read(text.encode(), OPTIONS)
    if whole.raw is None:
        return
    for at in range(len(whole.raw.marks)):
        others = [place for place in range(len(whole.raw.marks)) if place != at]
        found = read(text.encode(), OPTIONS, known(text, *others))
        if found.seen:
            assert found.parsed.entries == whole.parsed.entries[at : at + 1]
            assert found.parsed.feed == whole.parsed.feed


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.xml")), ids=lambda path: path.stem)
def test_every_entry_of_a_real_feed_reads_alone_as_it_does_among_all(path):
    decoded = decode(path.read_bytes())
    start = sniff(decoded.text).start
    cut = cut_xml(decoded.text, start)
    whole = syndication.read(decoded.text, charset=decoded.charset, options=OPTIONS, start=start)
    for at in range(len(cut.marks)):
        alone = syndication.read(cut.with_only({at}), charset=decoded.charset, options=OPTIONS, start=start)
        assert replace(alone.entries[0], position=at) == whole.entries[at]
        assert alone.feed == whole.feed
