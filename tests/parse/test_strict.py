"""Texts that are handed on whole read as feedparser reads them piece by piece."""

import io
import warnings
from pathlib import Path
from xml.sax import SAXException

import feedparser
import pytest

from archiver.parse import strict
from archiver.parse.strict import read_strictly

CASES = Path(__file__).parent / "cases"
SOUND = ["atom03", "atom10_xhtml", "rss10", "rss20"]
WRITTEN = {
    "windows-1252": "<rss><channel><item><title>a &#147;b&#148; \u0085 ж</title></item></channel></rss>",
    "UTF-8 twice": "<rss><channel><item><title>mÃ¶te</title></item></channel></rss>",
    "lines and references": "<rss><channel><item><description>&lt;p&gt;a\nb\n&amp;amp; c&lt;/p&gt;\n"
    "<![CDATA[<b>d</b>\n]]> e</description></item></channel></rss>",
    "XHTML": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title type="text">T</title>'
    '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">\n<p>a &lt; b</p>\n c </div>\n</content>'
    "</entry></feed>",
    "inline markup": "<rss><channel><item><description>a <b>b</b> c</description></item></channel></rss>",
    "languages and bases": '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="sv" xml:base="http://a.example/">'
    '<entry xml:lang="en_US"><title>T</title><link href="b"/><summary type="html">s</summary>'
    '<content type="html">&lt;p&gt;c&lt;/p&gt;</content></entry></feed>',
    "categories, some of them twice": '<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>'
    '<category>a</category><category domain="d">a</category><category>a</category><category term="a"/>'
    "<item><category>a</category><category>b</category><category>b</category><category/><category>c</category>"
    '<itunes:category text="a"><itunes:category text="a"/></itunes:category></item>'
    '<category>b</category><category domain="d">a</category><category domain="d"></category>'
    '<category domain="d">e</category><category domain="d">e</category></channel></rss>',
    "extensions": '<rss xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<channel><item><media:group><media:content url="http://a.example/b.jpg"/></media:group>'
    "<dc:creator>A</dc:creator><dc:creator>B</dc:creator><category>c\n</category></item></channel></rss>",
}


def as_feedparser_reads(source):
    parsed = feedparser.parse(
        io.BytesIO(source),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    assert not parsed["bozo"]
    return parsed["feed"], parsed["entries"], parsed["version"]


def as_plain(reading):
    with warnings.catch_warnings():  # feedparser's aliases warn when they are looked at
        warnings.simplefilter("ignore")
        return repr(reading)


@pytest.mark.parametrize("name", SOUND)
def test_a_document_reads_the_same(name):
    source = (CASES / f"{name}.xml").read_bytes()
    _, _, undeclared = source.partition(b"?>")
    assert as_plain(read_strictly(undeclared.strip())) == as_plain(as_feedparser_reads(source))


@pytest.mark.parametrize("name", WRITTEN)
def test_what_texts_may_have_in_them_reads_the_same(name):
    source = WRITTEN[name].encode()
    assert as_plain(read_strictly(source)) == as_plain(as_feedparser_reads(source))


@pytest.mark.parametrize("source", [b"", b"<rss>", b"<rss><a></b></rss>", b"<rss>&undeclared;</rss>"])
def test_unsound_xml_is_not_read(source):
    with pytest.raises(SAXException):
        read_strictly(source)


def test_a_feed_with_very_many_categories_has_them_all():
    told = "".join(f"<category>c{number}</category>" for number in range(50_000)) * 2
    feed, _, _ = read_strictly(f"<rss><channel>{told}<item><title>T</title></item></channel></rss>".encode())
    assert [tag["term"] for tag in feed["tags"]] == [f"c{number}" for number in range(50_000)]


def test_what_was_learned_of_names_holds_for_the_same_namespaces_only():
    told = [
        ('xmlns:a="http://search.yahoo.com/mrss/"', "x"),
        ('xmlns:a="http://purl.org/dc/elements/1.1/"', "a:x"),
        ('xmlns:a="urn:x" xmlns:b="urn:x"', "b:x"),
        ('xmlns:b="urn:x" xmlns:a="urn:x"', "b:x"),
    ]
    for declared, name in told * 2:
        item = f'<a:title {name}="1">b</a:title>'
        source = f"<rss {declared}><channel><item>{item}</item></channel></rss>".encode()
        assert as_plain(read_strictly(source)) == as_plain(as_feedparser_reads(source))


def test_little_is_remembered_of_publishers_who_invent_names():
    strict._meanings.cache_clear()
    names = [f"n{number}" for number in range(strict.MOST_NAMES + 50)] + ["long" * strict.LONGEST_NAME]
    items = "".join(f"<{name} a{name}='1'>b</{name}>" for name in names)
    declared = " ".join(f"xmlns:p{number}='urn:{number}'" for number in range(2_000))
    read_strictly(f"<rss><channel><item>{items}</item></channel></rss>".encode())
    known = strict._meanings(())
    assert len(known.tags) == len(known.attributes) == strict.MOST_NAMES
    assert max(map(len, known.tags)) <= strict.LONGEST_NAME
    read_strictly(f"<rss {declared}><channel><item>{items}</item></channel></rss>".encode())
    assert strict._meanings.cache_info().currsize <= 64
