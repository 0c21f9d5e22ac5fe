"""Feeds that are cut, broken or odd: what is whole comes out, what is torn does not."""

import json
from collections.abc import Callable

import pytest

from archiver.errors import ParseError
from archiver.model import EntryData, Markup, ParsedFeed, ParseOptions
from archiver.parse import parse, syndication
from archiver.parse.sniff import sniff

NAMESPACES = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'


def read(text: str, *, url: str = "") -> ParsedFeed:
    return syndication.read(text, charset="utf-8", options=ParseOptions(url=url), start=sniff(text).start)


def rss(*items: str, head: str = "<title>T</title><link>http://x.org/</link>") -> str:
    body = f"<channel>{head}{''.join(items)}</channel>"
    return f'<?xml version="1.0"?>\n<rss version="2.0" {NAMESPACES}>{body}</rss>'


def item(number: int, more: str = "") -> str:
    return (
        f"<item><title>Title {number}</title><link>http://x.org/{number}</link>"
        f'<guid isPermaLink="false">g{number}</guid>{more}</item>'
    )


def rss_of_five() -> str:
    texts = ["<![CDATA[<p>a </item> b</p>]]>", "a &amp;lt;/item&gt;", "<![CDATA[ ]] > ]]]>", "", "end"]
    return rss(*(item(n, f"<description>{text}</description>") for n, text in enumerate(texts)))


def atom_of_five() -> str:
    entries = "".join(
        f'<entry><id>i{n}</id><title>T{n}</title><link href="http://x.org/{n}"/>'
        f"<updated>2026-01-0{n + 1}T00:00:00Z</updated>"
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{n}</p></div></content></entry>'
        for n in range(5)
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><link href="http://x.org/"/>{entries}</feed>'


def rdf_of_five() -> str:
    items = "".join(
        f'<item rdf:about="http://x.org/{n}"><title>T{n}</title><link>http://x.org/{n}</link></item>'
        for n in range(5)
    )
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<channel rdf:about="http://x.org/"><title>T</title><link>http://x.org/</link><items><rdf:Seq>'
        f'<rdf:li rdf:resource="http://x.org/0"/></rdf:Seq></items></channel>{items}</rdf:RDF>'
    )


@pytest.mark.parametrize("make", [rss_of_five, atom_of_five, rdf_of_five])
def test_a_document_cut_anywhere_never_yields_a_torn_entry(make: Callable[[], str]) -> None:
    text = make()
    whole = read(text).entries
    assert len(whole) == 5
    counts = set()
    for cut in range(sniff(text).start + 1, len(text.rstrip())):
        try:
            parsed = read(text[:cut])
        except ParseError:
            continue
        assert parsed.partial
        assert parsed.problems
        assert parsed.entries == whole[: len(parsed.entries)]
        counts.add(len(parsed.entries))
    assert counts == {0, 1, 2, 3, 4, 5}


def test_a_feed_that_only_lacks_its_end_has_all_entries_and_is_partial() -> None:
    parsed = read(rss(item(1), item(2)).removesuffix("</rss>"))
    assert [entry.guid for entry in parsed.entries] == ["g1", "g2"]
    assert parsed.partial


def test_a_cut_before_anything_of_the_feed_is_broken() -> None:
    with pytest.raises(ParseError) as caught:
        read('<rss version="2.0"><channel><title>Half a ti')
    assert caught.value.kind == "broken"


def test_a_cut_in_the_head_keeps_what_is_known_of_the_feed() -> None:
    parsed = read('<rss version="2.0"><channel><title>Known</title><image><url>http://x.org/a.png</url><ti')
    assert parsed.feed.title == "Known"
    assert parsed.entries == ()
    assert parsed.partial


def test_junk_after_the_document_is_left_out_and_told() -> None:
    parsed = read(rss(item(1)) + '<script src="/x.js"></script>')
    assert len(parsed.entries) == 1
    assert len(parsed.problems) == 1
    assert not parsed.partial


def test_entries_behind_the_end_of_the_document_are_not_lost() -> None:
    assert [entry.guid for entry in read(rss(item(1)) + rss(item(2))).entries] == ["g1", "g2"]


@pytest.mark.parametrize(
    "damage",
    [
        "<description>a<br>b</description>",
        "<description><p>never closed</description>",
        '<x a="1" a="2"/>',
        "<description>1 < 2 & 3</description>",
        "<unbound:thing>x</unbound:thing>",
        "<description>\x00\x1b[31m</description>",
        "<description>&#xD800;&#1114112;&nosuch;</description>",
        '<textInput/><media:thumbnail url="x"/>',
        "<geo:lat>north</geo:lat><georss:point>x y</georss:point>",
    ],
)
def test_one_bad_entry_never_costs_the_others(damage: str) -> None:
    entries = read(rss(item(1), item(2, damage), item(3))).entries
    assert [(entry.guid, entry.url, entry.title) for entry in entries] == [
        (f"g{n}", f"http://x.org/{n}", f"Title {n}") for n in (1, 2, 3)
    ]


def test_items_that_are_never_closed_are_all_found() -> None:
    parsed = read(rss("<item><title>a</title>", "<item><title>b</title>", item(3)))
    assert [entry.title for entry in parsed.entries] == ["a", "b", "Title 3"]


def test_cdata_is_not_mended() -> None:
    parsed = read(
        rss(item(1, "<content:encoded><![CDATA[a &nbsp; & b < c &amp; &#xD800;]]></content:encoded>"))
    )
    assert parsed.entries[0].content == Markup(value="a &nbsp; & b < c &amp; &#xD800;")


def test_a_guid_that_is_no_url_is_no_link() -> None:
    parsed = read(
        rss("<item><title>a</title><guid>4711</guid></item>", "<item><guid>http://x.org/9</guid></item>")
    )
    assert [(entry.guid, entry.url) for entry in parsed.entries] == [
        ("4711", None),
        ("http://x.org/9", "http://x.org/9"),
    ]


def test_a_guid_stays_the_same_wherever_the_feed_is_fetched() -> None:
    text = rss("<item><title>a</title><guid>1</guid></item>")
    assert read(text, url="https://a.example/feed").entries[0].guid == "1"


@pytest.mark.parametrize(
    ("link", "head", "url", "expected"),
    [
        ("/a", "<link>http://x.org/b/</link>", "", "http://x.org/a"),
        ("a", "<link>/b/</link>", "https://y.org/feed", "https://y.org/b/a"),
        ("/a", "", "https://y.org/feed", "https://y.org/a"),
        ("/a", "", "file:///tmp/feed.xml", "/a"),
        ("b/2.html", "", "file:///tmp/feed.xml", "b/2.html"),
        ("?p=3", "<link>/blog/</link>", "", "?p=3"),
        ("b/2.html", "<link>/blog/</link>", "", "b/2.html"),
        ("javascript:alert(1)", "", "", None),
        ("https://x.org/s p/ä", "", "", "https://x.org/s p/ä"),
        (" \n https://x.org/one\n/two ", "", "", "https://x.org/one/two"),
        ("  http://x.org/a?b=1&amp;c=2#d ", "", "", "http://x.org/a?b=1&c=2#d"),
    ],
)
def test_links_are_resolved_as_far_as_the_document_allows(
    link: str, head: str, url: str, expected: str | None
) -> None:
    parsed = read(
        rss(f"<item><title>a</title><link>{link}</link></item>", head=f"<title>T</title>{head}"), url=url
    )
    assert parsed.entries[0].url == expected


def test_the_registered_address_of_alternate_names_an_atom_link() -> None:
    text = atom_of_five().replace(
        '<link href="http://x.org/0"/>',
        '<link rel="http://www.iana.org/assignments/relation/alternate" href="http://x.org/0"/>',
    )
    assert read(text).entries[0].url == "http://x.org/0"


def test_an_atom_title_declared_html_loses_all_its_tags() -> None:
    text = atom_of_five().replace(
        "<title>T0</title>", '<title type="html">&lt;script&gt;x()&lt;/script&gt;Safe</title>'
    )
    assert read(text).entries[0].title == "Safe"


def test_the_date_of_a_zone_that_nobody_knows_is_not_read() -> None:
    (entry,) = read(rss(item(1, "<pubDate>Fri, 14 Mar 2025 10:00:00 Mars/Olympus</pubDate>"))).entries
    assert (entry.published_at, entry.published_raw) == (None, "Fri, 14 Mar 2025 10:00:00 Mars/Olympus")


def test_summary_and_content_are_kept_apart() -> None:
    entry = read(
        rss(
            item(
                1,
                "<description>short</description><content:encoded>&lt;p&gt;long&lt;/p&gt;</content:encoded>",
            )
        )
    ).entries[0]
    assert entry.summary == Markup(value="short")
    assert entry.content == Markup(value="<p>long</p>")


def test_a_content_without_summary_is_not_repeated_as_one() -> None:
    entry = read(rss(item(1, "<content:encoded>long</content:encoded>"))).entries[0]
    assert entry.summary is None
    assert entry.content == Markup(value="long")


def test_a_second_text_that_repeats_the_first_is_left_out() -> None:
    entry = read(
        rss(item(1, "<description>same</description><content:encoded>same</content:encoded>"))
    ).entries[0]
    assert entry.summary == Markup(value="same")
    assert entry.content is None


@pytest.mark.parametrize(
    ("elements", "published", "raw"),
    [
        ("<pubDate>Mon, 02 Feb 2026 00:00:00 GMT</pubDate>", 2, "Mon, 02 Feb 2026 00:00:00 GMT"),
        ('<d:date xmlns:d="http://purl.org/dc/elements/1.1/">2026-02-03</d:date>', 3, "2026-02-03"),
        ("<pubDate>soon</pubDate>", None, "soon"),
        ("<pubDate>2026-02-30</pubDate>", None, "2026-02-30"),
        ("<pubDate>2026-02</pubDate>", None, "2026-02"),
        ("", None, None),
    ],
)
def test_dates_are_read_or_kept_as_words_but_never_invented(
    elements: str, published: int | None, raw: str | None
) -> None:
    entry = read(rss(item(1, elements))).entries[0]
    assert (entry.published_at.day if entry.published_at else None) == published
    assert entry.published_raw == raw
    assert entry.updated_at is None


def test_an_atom_entry_that_was_only_updated_has_no_date_of_publication() -> None:
    entry: EntryData = read(atom_of_five()).entries[2]
    assert entry.published_at is None
    assert entry.updated_at is not None
    assert entry.updated_at.day == 3


def test_an_atom_entry_keeps_its_link_where_it_is_no_html() -> None:
    text = atom_of_five().replace(
        '<link href="http://x.org/0"/>', '<link type="application/pdf" href="http://x.org/0"/>'
    )
    assert read(text).entries[0].url == "http://x.org/0"


def test_the_reading_has_what_no_column_has_but_not_the_texts() -> None:
    more = (
        '<slash:comments xmlns:slash="http://purl.org/rss/1.0/modules/slash/">7</slash:comments>'
        "<description>words words</description><pubDate>Mon, 02 Feb 2026 00:00:00 GMT</pubDate>"
    )
    reading = json.loads(read(rss(item(1, more))).entries[0].reading)
    assert reading["slash_comments"] == "7"
    assert reading["published_parsed"] == "2026-02-02T00:00:00Z"
    assert "words" not in json.dumps(reading)


def test_the_entities_of_a_doctype_are_resolved_but_never_blow_up() -> None:
    bomb = "".join(f'<!ENTITY b{n} "&a;&a;&a;">' for n in range(9))
    head = f'<!DOCTYPE rss [<!ENTITY a "{"x" * 90}"><!ENTITY uni "Universität">{bomb}]>'
    body = item(1, f"<description>&uni; {'&a;' * 100_000}&b8;</description>")
    entry = read(head + rss(body).removeprefix('<?xml version="1.0"?>\n')).entries[0]
    assert entry.summary is not None
    assert entry.summary.value.startswith("Universität xxx")
    assert len(entry.summary.value) < 1_500_000


HOSTILE = {
    "unclosed tags": "<a>" * 20_000,
    "bare <": "<" * 200_000,
    "bare &": "&" * 200_000,
    "cdata": "<![CDATA[" * 20_000,
    "comments": "<!--" * 20_000,
    "instructions": "<?x " * 20_000,
    "quotes": '<a b="' * 20_000,
    "attributes": "<x " + " ".join(f'a{n}="1"' for n in range(20_000)) + "/>",
    "author": f"<author>{'a' * 65_536}</author>",
    "author in cdata": f"<author><![CDATA[{'a' * 65_536}]]></author>",
    "items": "<item>" * 20_000,
    "ends": "</item>" * 20_000,
    "references": "&#9999999999999999999999999;" * 5_000,
    "style": f"<description>&lt;p style='{'a' * 65_536}'&gt;</description>",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("damage", HOSTILE.values(), ids=HOSTILE)
def test_hostile_markup_ends_soon_and_keeps_the_entry_before_it(damage: str) -> None:
    entries = read(rss(item(1), item(2, damage))).entries
    assert entries[0].guid == "g1"


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("joe@site.museum (Joe Doe)", "Joe Doe", "joe@site.museum"),
        ("Joe Doe &lt;joe@site.media&gt;", "Joe Doe", "joe@site.media"),
        ("joe@site.example", None, "joe@site.example"),
        ("Joe Doe", "Joe Doe", None),
    ],
)
def test_an_author_is_told_from_an_address_whatever_its_domain(written, name, email):
    item = f"<item><title>A</title><author>{written}</author></item>"
    document = f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>"
    [author] = parse(document.encode(), ParseOptions()).entries[0].authors
    assert (author.name, author.email) == (name, email)
