"""An archive that reads only what is new holds the very same as one that reads every document whole."""

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.times import from_text

START = from_text("2026-02-01T12:00:00Z")


@dataclass(frozen=True)
class Post:
    """One entry as a site may write it."""

    number: int
    version: int = 0
    guid: str | None = "g"
    link: str | None = "l"
    title: str | None = "t"
    dated: bool = True
    updated: int | None = None
    extra: str = ""


@dataclass(frozen=True)
class Feed:
    """A document: its entries, and what it says for all of them."""

    posts: tuple[Post, ...] = ()
    title: str = "Example"
    language: str | None = None
    site: str = "https://example.org/"
    root: str = ""
    built: str = ""
    form: str = "rss"
    encoding: str = "utf-8"
    cut: float = 1.0
    tail: str = field(default="")

    def __bytes__(self) -> bytes:
        text = getattr(self, f"_{self.form}")()
        return text[: int(len(text) * self.cut)].encode(self.encoding, "xmlcharrefreplace")

    def _rss(self) -> str:
        language = f"<language>{self.language}</language>" if self.language else ""
        items = "\n".join(self._item(post) for post in self.posts)
        return (
            f"<?xml version='1.0' encoding='{self.encoding}'?><rss version='2.0'{self.root}><channel>"
            f"<title>{self.title}</title><link>{self.site}</link>{language}"
            f"<lastBuildDate>{self.built}</lastBuildDate>\n{items}\n{self.tail}</channel></rss>"
        )

    def _item(self, post: Post) -> str:
        guid = f"<guid isPermaLink='false'>{post.guid}{post.number}</guid>" if post.guid else ""
        link = f"<link>/{post.link}/{post.number}</link>" if post.link else ""
        title = f"<title>Story {post.title} {post.number}</title>" if post.title else ""
        date = f"<pubDate>{format_datetime(_date(post))}</pubDate>" if post.dated else ""
        text = (
            f"<![CDATA[<p>Märk: the <a href='x'>text</a> of {post.number}, in version {post.version}.</p>]]>"
        )
        return f"<item>{title}{link}{guid}{date}<description>{text}</description>{post.extra}</item>"

    def _atom(self) -> str:
        entries = "\n".join(self._entry(post) for post in self.posts)
        language = f' xml:lang="{self.language}"' if self.language else ""
        return (
            f"<feed xmlns='http://www.w3.org/2005/Atom'{language}{self.root}><title>{self.title}</title>"
            f"<link href='{self.site}'/><updated>{self.built}</updated>{entries}{self.tail}</feed>"
        )

    def _entry(self, post: Post) -> str:
        guid = f"<id>tag:{post.guid}{post.number}</id>" if post.guid else ""
        link = f"<link href='{post.link}/{post.number}'/>" if post.link else ""
        title = f"<title>Story {post.title} {post.number}</title>" if post.title else ""
        date = f"<published>{_date(post):%Y-%m-%dT%H:%M:%SZ}</published>" if post.dated else ""
        updated = START + timedelta(hours=post.number + (post.updated or 0))
        base = " xml:base='https://example.org/base/'" if post.number % 3 == 0 else ""
        return (
            f"<entry>{title}{link}{guid}{date}<updated>{updated:%Y-%m-%dT%H:%M:%SZ}</updated>"
            f"<content type='html'{base}>&lt;p&gt;The &lt;a href='x'&gt;text&lt;/a&gt; of {post.number},"
            f" in version {post.version}.&lt;/p&gt;</content>{post.extra}</entry>"
        )

    def _json(self) -> str:
        items = ", ".join(
            f'{{"id": "{post.guid}{post.number}", "url": "https://example.org/{post.link}/{post.number}",'
            f' "title": "{post.title} {post.number}",'
            f' "content_html": "<p>Text {post.number}, {post.version}</p>",'
            f' "date_published": "{_date(post):%Y-%m-%dT%H:%M:%SZ}"}}'
            for post in self.posts
        )
        return (
            f'{{"version": "https://jsonfeed.org/version/1.1", "title": "{self.title}", "items": [{items}]}}'
        )


def _date(post: Post):
    return START + timedelta(hours=post.number)


def posts(*numbers: int, **fields: object) -> tuple[Post, ...]:
    return tuple(Post(number, **fields) for number in numbers)


NINE = Feed(posts(*range(9, 0, -1)))


def after(feed: Feed, *, new: tuple[Post, ...] = (), **changes: object) -> Feed:
    """The next document: new entries on top."""
    return replace(feed, posts=(*new, *feed.posts), **changes)


def changed(feed: Feed, at: int, **fields: object) -> Feed:
    """The next document: another word in the entry at a place."""
    return replace(
        feed,
        posts=tuple(replace(p, **fields) if place == at else p for place, p in enumerate(feed.posts)),
    )


def without(feed: Feed, *places: int) -> Feed:
    """The next document: without the entries at some places."""
    return replace(feed, posts=tuple(p for place, p in enumerate(feed.posts) if place not in places))


TEN = after(NINE, new=posts(10))
ATOM = replace(NINE, form="atom")


def rewritten(pattern: bytes, by: bytes, *feeds: Feed) -> list[bytes]:
    """These documents with something else in the place of what the pattern finds."""
    return [re.sub(pattern, by, bytes(feed)) for feed in feeds]


FIVE = (NINE, TEN, without(TEN, 3), changed(TEN, 2, guid="n"), after(TEN, new=posts(11)))
LINK = b"<link>https://example.org/all</link>"

ORDINARY = {
    "a new entry on top": [NINE, TEN, after(TEN, new=posts(12, 11))],
    "a window that rolls": [NINE, without(TEN, 9), without(after(without(TEN, 9), new=posts(11)), 9)],
    "nothing new but the date of building": [NINE, replace(NINE, built="x"), replace(NINE, built="y")],
    "an edit": [NINE, changed(NINE, 3, version=1), changed(NINE, 3, version=2)],
    "an edit, and back": [NINE, changed(NINE, 3, version=1), NINE],
    "an edit of the title": [NINE, changed(NINE, 3, title="told anew")],
    "a changed date of change": [ATOM, changed(ATOM, 3, updated=7)],
    "an entry in the middle": [NINE, replace(NINE, posts=(*NINE.posts[:4], *posts(20), *NINE.posts[4:]))],
    "taken down for good": [NINE, without(NINE, 3), replace(without(NINE, 3), built="x"), NINE],
    "taken down once": [NINE, without(NINE, 3), NINE],
    "several taken down, and something new": [NINE, without(TEN, 3, 5), without(TEN, 3), TEN],
    "put in another order": [NINE, replace(NINE, posts=NINE.posts[::-1]), TEN],
    "one put on top": [NINE, replace(NINE, posts=(NINE.posts[5], *NINE.posts[:5], *NINE.posts[6:]))],
    "Atom": [replace(one, form="atom") for one in (NINE, TEN, without(TEN, 2), TEN)],
    "JSON": [replace(one, form="json") for one in (NINE, TEN, without(TEN, 2), changed(TEN, 4, version=1))],
    "without ids": [Feed(posts(*range(9, 0, -1), guid=None)), Feed(posts(*range(10, 1, -1), guid=None))],
    "without ids and links": [
        Feed(posts(*range(9, 0, -1), guid=None, link=None)),
        Feed(posts(*range(10, 1, -1), guid=None, link=None)),
    ],
    "without dates": [
        Feed(posts(*range(9, 0, -1), dated=False)),
        without(Feed(posts(*range(10, 0, -1), dated=False)), 4),
    ],
    "without dates, and one slides in while another is away": [
        without(Feed(posts(*range(9, 0, -1), dated=False)), *gone)
        for gone in ((7, 8), (2, 8), (7, 8), (5, 8))
    ],
    "in Latin 1": [replace(NINE, encoding="latin-1"), replace(TEN, encoding="latin-1")],
    "from Latin 1 to UTF-8": [replace(NINE, encoding="latin-1"), replace(TEN, built="x")],
    "declared as what it is not": [
        bytes(one).replace(b"utf-8", b"latin-1") for one in (NINE, TEN, without(TEN, 1))
    ],
}
"""What feeds do every day: after the first document none is read whole."""

UNUSUAL = {
    "the same documents twice": [NINE, NINE, TEN, TEN],
    "another language": [NINE, after(NINE, new=posts(10), language="sv"), replace(TEN, language="sv")],
    "another title": [NINE, after(NINE, new=posts(10), title="Renamed")],
    "another base": [NINE, after(NINE, new=posts(10), root=" xml:base='https://example.net/'")],
    "another site": [NINE, after(NINE, new=posts(10), site="https://example.net/")],
    "another namespace": [NINE, after(NINE, new=posts(10), root=" xmlns:dc='urn:other'")],
    "another format": [NINE, replace(TEN, form="atom"), replace(TEN, form="atom", built="x"), TEN],
    "cut short": [NINE, replace(TEN, cut=0.6), TEN, replace(TEN, cut=0.9), TEN],
    "empty": [NINE, Feed(), TEN, Feed(), Feed(), NINE],
    "all new": [NINE, Feed(posts(*range(30, 20, -1))), NINE],
    "mostly new": [NINE, after(NINE, new=posts(*range(30, 20, -1))), NINE],
    "new ids for all": [NINE, *(Feed(posts(*range(n, 0, -1), guid="n")) for n in (9, 10))],
    "a new id for one": [NINE, changed(NINE, 2, guid="n"), NINE],
    "new ids every time": [Feed(posts(*range(9, 0, -1), guid=f"n{time}")) for time in range(6)],
    "an id that is given again": [NINE, after(NINE, new=(Post(3, title="other", link="other", version=9),))],
    "a link that is given again": [NINE, after(NINE, new=(replace(Post(3, title="other"), guid="other"),))],
    "an entry twice": [NINE, after(NINE, new=posts(5)), after(NINE, new=posts(5, 10)), TEN],
    "an entry twice in other words": [NINE, after(NINE, new=posts(5, version=3)), TEN],
    "one id for all": rewritten(b"<guid.*?</guid>", b"<guid>same</guid>", *FIVE),
    "one link for all": rewritten(b"<link>/.*?</link>", LINK, *FIVE),
    "one link for all, no titles": rewritten(b"<link>/.*?</link>|<title>Story.*?</title>", LINK, *FIVE),
    "one title for all": rewritten(b"<title>Story.*?</title>", b"<title>News</title>", *FIVE),
    "one title for all, without ids and links": rewritten(
        b"<title>Story.*?</title>|<link>/.*?</link>|<guid.*?</guid>",
        b"<title>News</title>",
        *FIVE,
        changed(TEN, 2, version=1),
    ),
    "ids that are lost": [NINE, changed(NINE, 2, guid=None), changed(NINE, 2, guid=None, link=None)],
    "a counter in an entry": [changed(NINE, 2, version=number * 17) for number in range(12)],
    "a namespace that one entry declares for itself": [
        NINE,
        after(NINE, new=posts(10, extra="<x:y xmlns:x='urn:x'>z</x:y>")),
        after(TEN, new=posts(11, extra="<x:y>z</x:y>")),
    ],
    "a prefix that nobody declares": [
        NINE,
        after(NINE, new=posts(10, extra="<dc:creator>Me</dc:creator>")),
        after(TEN, new=posts(11, extra="<dc:creator>You</dc:creator>")),
    ],
    "an entry that is no sound XML": [NINE, after(NINE, new=posts(10, extra="<b>")), TEN],
    "an entry within an entry": [NINE, after(NINE, new=posts(10, extra="<item><title>In</title></item>"))],
    "something behind the entries": [
        replace(NINE, tail="<title>Late</title>"),
        replace(TEN, tail="<title>Late</title>"),
    ],
    "markup that only looks like an entry": [
        NINE,
        after(NINE, new=posts(10, extra="<!-- <item> --><x><![CDATA[</item><item>]]></x>")),
        after(TEN, new=posts(11)),
    ],
    "another site's content": [
        NINE,
        *(
            Feed(posts(*range(50, 45, -1), title="Casino", link="won"), title="Lucky", built=str(day))
            for day in range(3)
        ),
        NINE,
        TEN,
    ],
    "a web page in between": [NINE, "<html><body><p>Back soon</p></body></html>", TEN],
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_feeds_do_every_day_is_read_in_part_and_comes_to_the_same(name, two_ways):
    ways = two_ways()
    ways.live([one if isinstance(one, bytes) else bytes(one) for one in ORDINARY[name]])
    assert set(ways.reads[1:]) == {"s"}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_feeds_do_seldom_comes_to_the_same(name, two_ways):
    ways = two_ways()
    ways.live([one if isinstance(one, (bytes, str)) else bytes(one) for one in UNUSUAL[name]])
    assert ways.reads


EXTRAS = ("", "<x:y>z</x:y>", "<x:y xmlns:x='urn:x'>z</x:y>", "<b>", "<category>c</category>", "<!-- c -->")
POST = st.builds(
    Post,
    number=st.integers(1, 14),
    version=st.integers(0, 2),
    guid=st.sampled_from(["g", "g", "g", "n", None]),
    link=st.sampled_from(["l", "l", "l", "m", None]),
    title=st.sampled_from(["t", "t", "t", "u", None]),
    dated=st.sampled_from([True, True, False]),
    updated=st.sampled_from([None, None, 5]),
    extra=st.sampled_from([EXTRAS[0]] * 10 + list(EXTRAS)),
)


def _step(feed: Feed, change: tuple[str, object]) -> Feed:
    """The next document, by one change."""
    kind, value = change
    if kind == "new":
        return replace(feed, posts=(value, *feed.posts)[:12])
    if kind == "edit":
        at, post = value
        place = at % max(1, len(feed.posts))
        return replace(feed, posts=(*feed.posts[:place], post, *feed.posts[place + 1 :]))
    if kind == "remove":
        return without(feed, value % max(1, len(feed.posts)))
    if kind == "turn":
        return replace(feed, posts=(*feed.posts[value:], *feed.posts[:value]))
    return replace(feed, **{kind: value})


CHANGE = st.one_of(
    st.tuples(st.just("new"), POST),
    st.tuples(st.just("new"), POST),
    st.tuples(st.just("edit"), st.tuples(st.integers(0, 11), POST)),
    st.tuples(st.just("remove"), st.integers(0, 11)),
    st.tuples(st.just("turn"), st.integers(1, 5)),
    st.tuples(st.just("built"), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("title"), st.sampled_from(["Example", "Renamed"])),
    st.tuples(st.just("language"), st.sampled_from([None, "sv"])),
    st.tuples(st.just("form"), st.sampled_from(["rss", "rss", "atom"])),
    st.tuples(st.just("cut"), st.sampled_from([1.0, 1.0, 0.7])),
)


def _random_polls(two_ways, first, steps):
    feed = Feed(tuple(first))
    shown = [feed]
    for changes in steps:
        for change in changes:
            feed = _step(feed, change)
        shown.append(feed)
    two_ways().live([bytes(one) for one in shown])


FIRST = st.lists(POST, min_size=4, max_size=9)
STEPS = st.lists(st.lists(CHANGE, min_size=1, max_size=3), min_size=1, max_size=7)
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=10, deadline=None, suppress_health_check=QUIET)
@given(first=FIRST, steps=STEPS)
def test_whatever_a_feed_does_comes_to_the_same(first, steps, two_ways):
    _random_polls(two_ways, first, steps)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(max_examples=400, deadline=None, suppress_health_check=QUIET)
@given(first=FIRST, steps=STEPS)
def test_whatever_a_feed_does_comes_to_the_same_many_times(first, steps, two_ways):
    _random_polls(two_ways, first, steps)
