"""OPML in and out: what is taken from a stranger's list, what is not, and that nothing changes on the way."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ConfigError
from archiver.export.opml import OpmlFeed, OpmlReading, read_opml, write_opml

NOON = datetime(2024, 5, 6, 12, 0, tzinfo=UTC)


def opml(outlines: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    return f'{head}<opml version="1.0"><head/><body>{outlines}</body></opml>'.encode()


def test_a_feed_has_its_address_and_title():
    reading = read_opml(
        opml('<outline type="rss" text="Вести" xmlUrl="https://ngo.example/feed?a=1&amp;b=2"/>')
    )
    assert reading == OpmlReading(feeds=(OpmlFeed(url="https://ngo.example/feed?a=1&b=2", title="Вести"),))


def test_the_titles_of_all_folders_around_a_feed_are_its_tags():
    reading = read_opml(
        opml(
            '<outline text="NGO"><outline title="Central Asia" text="x">'
            '<outline text="In" xmlUrl="http://a.example/"/></outline></outline>'
            '<outline text="Out" xmlUrl="http://b.example/"/>'
        )
    )
    assert [feed.tags for feed in reading.feeds] == [("NGO", "Central Asia"), ()]


def test_categories_are_tags_between_commas_and_slashes():
    reading = read_opml(opml('<outline category="/ngo/osh, news ,," xmlUrl="http://a.example/"/>'))
    assert reading.feeds[0].tags == ("ngo", "osh", "news")


def test_a_feed_in_two_folders_is_one_feed_with_both_tags():
    reading = read_opml(
        opml(
            '<outline text="A"><outline text="F" xmlUrl="http://a.example/"/></outline>'
            '<outline text="B"><outline text="F" xmlUrl="http://a.example/"/></outline>'
        )
    )
    assert reading.feeds == (OpmlFeed(url="http://a.example/", title="F", tags=("A", "B")),)


@pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "XMLURL", "xmlURL"])
def test_attributes_are_known_in_any_case(name):
    assert read_opml(opml(f'<OUTLINE TITLE="T" {name}="http://a.example/"/>')).feeds[0].title == "T"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "FILE:x",
        "feed://a.example/",
        "javascript:alert(1)",
        "http://",
        "a.example",
        "//a.example/",
    ],
)
def test_only_web_addresses_are_taken_and_others_are_named(url):
    reading = read_opml(opml(f'<outline xmlUrl="{url}"/><outline xmlUrl="http://a.example/"/>'))
    assert [feed.url for feed in reading.feeds] == ["http://a.example/"]
    assert reading.problems == (f"{url} is left out: only http and https addresses are taken",)


def test_a_login_is_not_repeated_in_a_problem():
    reading = read_opml(opml('<outline xmlUrl="ftp://me:secret@a.example/feed"/>'))
    assert "secret" not in reading.problems[0]


def test_a_bare_ampersand_in_an_address_is_kept():
    reading = read_opml(opml('<outline text="Q&A" xmlUrl="http://a.example/?p=1&q=2&copy=3"/>'))
    assert reading == OpmlReading(feeds=(OpmlFeed(url="http://a.example/?p=1&q=2&copy=3", title="Q&A"),))


def test_a_list_cut_in_half_yields_the_feeds_before_the_cut_and_says_so():
    whole = opml('<outline xmlUrl="http://a.example/"/>\n<outline xmlUrl="http://b.example/"/>')
    reading = read_opml(whole[: whole.index(b"b.example")])
    assert [feed.url for feed in reading.feeds] == ["http://a.example/"]
    assert "line 2 is not proper XML" in reading.problems[0]


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-16"])
def test_a_declared_encoding_is_honoured(encoding):
    text = opml('<outline text="Вести" xmlUrl="http://a.example/"/>', head="").decode()
    document = f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode(encoding)
    assert read_opml(document).feeds[0].title == "Вести"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"hello",
        b'{"feeds": []}',
        b"<html><body/></html>",
        b"\0" * 99,
        b"<rss><opml/></rss>",
    ],
)
def test_what_is_no_opml_is_one_sentence(data):
    with pytest.raises(ConfigError, match="this is not OPML"):
        read_opml(data)


def test_entities_are_refused_with_the_doctype_that_declares_them():
    doctype = '<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(ConfigError, match="DOCTYPE"):
        read_opml(opml('<outline text="&a;" xmlUrl="http://a.example/"/>', head=doctype))


@pytest.mark.parametrize(
    ("data", "limit"),
    [
        (opml('<outline text="a">' * 100), "64 deep"),
        (opml('<outline text="a">' * 100_000), "64 deep"),
        (opml('<outline xmlUrl="http://a.example/"/>' * 20_001), "20,000 outlines"),
        (b" " * (20 * 2**20 + 1), "20 MiB"),
    ],
    ids=["deep", "very deep", "long", "large"],
)
def test_what_is_too_large_is_refused(data, limit):
    with pytest.raises(ConfigError, match=limit):
        read_opml(data)


def test_a_list_is_written_with_a_folder_for_the_first_tag_and_categories_for_the_others():
    feed = OpmlFeed(url="https://a.example/?b&c", title='<A> "b"', tags=("ngo", "osh", "news"))
    written = write_opml([feed], "Мои ленты", NOON.astimezone(timezone(timedelta(hours=6)))).decode()
    assert written == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<opml version="2.0">\n'
        "  <head>\n"
        "    <title>Мои ленты</title>\n"
        "    <dateCreated>Mon, 06 May 2024 12:00:00 GMT</dateCreated>\n"
        "  </head>\n"
        "  <body>\n"
        '    <outline text="ngo" title="ngo">\n'
        '      <outline type="rss" text="&lt;A&gt; &quot;b&quot;" title="&lt;A&gt; &quot;b&quot;"'
        ' xmlUrl="https://a.example/?b&amp;c" category="osh,news"/>\n'
        "    </outline>\n"
        "  </body>\n"
        "</opml>\n"
    )


def test_files_logins_and_secret_parameters_are_not_written():
    addresses = (
        "file:///srv/feed.xml",
        "http://me:secret@a.example/feed",
        "http://b.example/?token=secret&a=1",
    )
    written = write_opml([OpmlFeed(url=url) for url in addresses], "t", NOON)
    kept = [feed.url for feed in read_opml(written).feeds]
    assert kept == ["http://a.example/feed", "http://b.example/?token=…&a=1"]


words = st.text(min_size=1).map(lambda text: " ".join(text.split())).filter(bool)
xml_words = words.filter(lambda text: all(c.isprintable() or c == "\u00a0" for c in text))
addresses = st.builds(
    "{}://{}.example/{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["a", "b-c", "центр"]),
    st.text("abc?&=%/;+#'\"<>Ж"),
)


@given(
    st.lists(
        st.builds(
            OpmlFeed,
            url=addresses,
            title=st.none() | xml_words,
            tags=st.lists(xml_words, max_size=4, unique=True).map(tuple),
        ),
        unique_by=lambda feed: feed.url,
    )
)
def test_what_was_written_is_read_again(feeds):
    reading = read_opml(write_opml(feeds, "List", NOON))
    assert reading.problems == ()
    read = {feed.url: (feed.title, set(feed.tags)) for feed in reading.feeds}
    assert read == {feed.url: (feed.title, set(feed.tags)) for feed in feeds}


@given(
    st.lists(st.builds(OpmlFeed, url=addresses, title=st.text(), tags=st.lists(st.text()).map(tuple))),
    st.text(),
)
def test_any_text_can_be_written(feeds, title):
    written = write_opml(feeds, title, NOON)
    assert {feed.url for feed in read_opml(written).feeds} == {feed.url for feed in feeds}


@given(st.binary() | st.binary().map(lambda data: b"<opml>" + data))
def test_any_bytes_are_a_list_or_an_error(data):
    with suppress(ConfigError):
        assert isinstance(read_opml(data), OpmlReading)
