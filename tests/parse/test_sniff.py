"""Kinds of documents, told by their content."""

import pytest

from archiver.parse.sniff import sniff, sniff_bytes

FEEDS = {
    "rss": '<rss version="2.0"><channel>',
    "rss in capitals": '<RSS version="0.91"><CHANNEL>',
    "bare rss": "<rss><channel><title>x</title>",
    "atom": '<feed xmlns="http://www.w3.org/2005/Atom"><title/>',
    "prefixed atom": '<atom:feed xmlns:atom="http://www.w3.org/2005/Atom"><atom:title/>',
    "rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item/>',
    "cdf": '<CHANNEL HREF="http://example.org/"><ITEM/>',
    "byte order mark": '\ufeff<?xml version="1.0"?><rss version="2.0"><channel>',
    "blank lines": '\n\n \r\n<?xml version="1.0"?>\n<rss version="2.0"><channel>',
    "comments": '<!-- <html> --><?xml-stylesheet href="x"?><!-- a --><rss version="2.0"><channel>',
    "doctype": '<!DOCTYPE rss [<!ENTITY a "]>">]><rss version="0.91"><channel>',
    "declaration closed like a tag": '<?xml version="1.0"><rss version="2.0"><channel>',
    "warnings": "<br />\n<b>Warning</b>: mysql in <b>/x.php</b><br />\n"
    '<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>',
    "plain warning": 'Notice: index in x.php\n<rss version="2.0"><channel><title>x</title></channel></rss>',
}
PAGES = {
    "html5": '<!DOCTYPE html><html><link rel="alternate" type="application/rss+xml" href="/feed">',
    "xhtml": '<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html xmlns="http://www.w3.org/1999/xhtml"><body/>',
    "fragment": "<div><p>Hello</p></div>",
    "script first": "<script>var a = 1;</script><html><body>",
    "feed sample inside": '<html><body><pre><rss version="2.0"><channel></channel></rss></pre></body></html>',
    "text before": "Loading…\n<html><body>x</body></html>",
    "doctype alone": "<!DOCTYPE html>\nhello",
}
TEXTS = {
    "words": "Civil Society Archives https://example.org/ News Mon, 03 Mar 2025 14:48:48 +0000",
    "mention": "The <rss> element holds one <channel>, says the standard.\n" * 3,
    "mention first": "<rss> is how a feed begins, and <channel> follows.",
    "label": "[English] A story about water\n\nText […]\n\nnext",
    "brace": "{curly} beginnings",
    "arrow": "<- back to the list",
}
OTHERS = {
    "urlset": '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url/></urlset>',
    "opml": '<opml version="2.0"><body/></opml>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><title>a</title></svg>',
    "foaf:Person": '<?xml version="1.0"?><foaf:Person xmlns:foaf="http://xmlns.com/foaf/0.1/"/>',
    "rdf:RDF": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description/></rdf:RDF>',
}


@pytest.mark.parametrize("text", FEEDS.values(), ids=FEEDS)
def test_a_feed_is_known_by_its_root_whatever_stands_before_it(text: str) -> None:
    sniffed = sniff(text)
    assert sniffed.kind == "syndication"
    assert text[sniffed.start :].lower().startswith(("<rss", "<feed", "<atom:feed", "<rdf:rdf", "<channel"))


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
def test_html_is_a_page_even_where_it_speaks_of_feeds(text: str) -> None:
    assert sniff(text).kind == "page"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_plain_text_is_text(text: str) -> None:
    assert sniff(text).kind == "text"


@pytest.mark.parametrize(("name", "text"), OTHERS.items(), ids=OTHERS)
def test_other_xml_is_named_by_its_root(name: str, text: str) -> None:
    sniffed = sniff(text)
    assert sniffed.kind == "other"
    assert f"<{name}>" in sniffed.what


@pytest.mark.parametrize("text", ['{"version": "https://jsonfeed.org/version/1"}', " {}", '[{"a": 1}]', "[]"])
def test_json_is_json(text: str) -> None:
    assert sniff(text).kind == "json"


@pytest.mark.parametrize("text", ["<rss version=", "<?xml version='1.0'?><feed xmlns", "<rdf:RDF"])
def test_a_feed_cut_within_its_root_is_still_one(text: str) -> None:
    assert sniff(text).kind == "syndication"


@pytest.mark.parametrize(
    "body",
    [
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"\x00\x00\x00\x18ftypmp42",
        b"\x01\x02" * 50,
    ],
)
def test_binary_formats_are_named(body: bytes) -> None:
    assert sniff_bytes(body)


@pytest.mark.parametrize(
    "body", [b"<rss>", "Привет".encode("koi8-r"), "<rss>".encode("utf-16"), b"a\x00b text", b""]
)
def test_text_in_any_encoding_is_not_binary(body: bytes) -> None:
    assert sniff_bytes(body) is None


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["Жаңы окуу жылы башталды. Баары даяр.", "Оқу жылы 2025. <b>Бәрі</b> дайын."]
)
def test_cyrillic_in_wide_unicode_is_not_binary(text: str, codec: str) -> None:
    assert sniff_bytes(text.encode(codec)) is None
    assert sniff_bytes(("\ufeff" + text).encode(codec)) is None


def test_letters_alone_after_a_byte_order_mark_are_not_binary() -> None:
    assert sniff_bytes("\ufeffПривет".encode("utf-16-le")) is None


def test_control_characters_after_a_byte_order_mark_are_binary() -> None:
    assert sniff_bytes(("\ufeff" + "\x01\x02" * 50).encode("utf-16-le"))


@pytest.mark.parametrize(
    "piece", ["<", "<!--", "<?xml>", "<!DOCTYPE ", "<!DOCTYPE [", "<rss ", "[", "{", "\n", "<a x="]
)
def test_hostile_beginnings_are_read_in_linear_time(piece: str) -> None:
    assert sniff(piece * 200_000).kind
