"""Monstrous documents; of each the five ordinary items beside the monster are mostly still to be archived."""

from collections.abc import Callable

from hostile_site.connection import UNFRAMED, Connection, http
from hostile_site.scenario import WHOLE, Query, add, played
from hostile_site.story import FEED, GUIDS, WORDS, feed, item, text, whole_before

G = "documents"
XML = "<?xml version='1.0' encoding='utf-8'?>"
MORE = "tag:hostile.example,2026:monster"
AND_MORE = frozenset({MORE})


def document(
    name: str, make: Callable[[], str | bytes], *kinds: str, headers: str = "", **more: object
) -> None:
    """Add a document; it is made when it is asked for."""

    def play(connection: Connection, _: Query) -> None:
        body = make()
        data = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        connection.say(http(data, headers=headers))

    more = {"entries": WHOLE, "may": AND_MORE} | more
    if more.get("torn"):
        headers += 'ETag: "half"\r\n'
    add(name, G, *kinds, play=play, **more)


def monster(description: str) -> str:
    """An item more, with this in its description."""
    return f"<item><title>Monster</title><guid>{MORE}</guid><description>{description}</description></item>"


def with_monster(description: str) -> Callable[[], str]:
    return lambda: feed(items=monster(description))


# ---------------------------------------------------------------- entities
LAUGHS = "<!DOCTYPE rss [<!ENTITY l0 'ha'>" + "".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)
) + "]>"  # fmt: skip
document("laughs", lambda: feed(start=XML + LAUGHS, items=monster("&l9;")))
document("laughs_title", lambda: feed(start=XML + LAUGHS, channel="<copyright>&l9;</copyright>"))
document("laughs_attribute", lambda: feed(start=XML + LAUGHS, items=monster("<a href='&l9;'/>")))
document("laughs_self", lambda: feed(start=XML + "<!DOCTYPE rss [<!ENTITY a '&a;'>]>", items=monster("&a;")))
document(
    "laughs_round",
    lambda: feed(start=XML + "<!DOCTYPE rss [<!ENTITY a '&b;'><!ENTITY b '&a;'>]>", items=monster("&a;")),
)
document(
    "quadblow",
    lambda: feed(start=f"{XML}<!DOCTYPE rss [<!ENTITY a '{'a' * 100_000}'>]>", items=monster("&a;" * 20_000)),
)
document(
    "quadblow_attributes",
    lambda: feed(start=f"{XML}<!DOCTYPE rss [<!ENTITY a '{'a' * 50_000}'>]>", items="<x y='&a;'/>" * 5000),
)
FILE = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
document("xxe_file", lambda: feed(start=XML + FILE, items=monster("&x;")))
document(
    "xxe_http",
    lambda: feed(
        start=XML + FILE.replace("file:///etc/passwd", "http://127.9.9.9/leak"), items=monster("&x;")
    ),
)
document(
    "xxe_parameter",
    lambda: feed(start=XML + "<!DOCTYPE rss [<!ENTITY % p SYSTEM 'http://127.9.9.9/leak'> %p;]>"),
)
document("xxe_dtd", lambda: feed(start=XML + "<!DOCTYPE rss SYSTEM 'http://127.9.9.9/leak'>"))
document("xxe_dev", lambda: feed(start=XML + FILE.replace("/etc/passwd", "/dev/zero"), items=monster("&x;")))
document(
    "xinclude",
    with_monster(
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd' parse='text'/>"
    ),
)
document("stylesheet", lambda: feed(start=XML + "<?xml-stylesheet href='http://127.9.9.9/leak'?>"))
document("undef_ent", with_monster("&nosuch; &nbsp; &eacute; &;"))
document("unesc_amp", with_monster("Fish & chips &copy & &&& a&b=c"))
document("ent_flood", with_monster("&a;" * 200_000), "crashed", slow=True)
document("ent_unended", with_monster("&a" * 200_000), "crashed", slow=True)
document("ent_long", with_monster(f"&{'a' * 1_000_000};"))
document("charref_flood", with_monster("&#9;" * 200_000))

# ---------------------------------------------------------------- a body that is something else
document("body_is_path", lambda: "/etc/passwd", "not_a_feed", "broken", entries=None)
document("body_is_url", lambda: "http://127.9.9.9/leak", "not_a_feed", "broken", entries=None)
document("body_is_file_url", lambda: "file:///etc/passwd", "not_a_feed", "broken", entries=None)
document("one_byte", lambda: "<", "not_a_feed", "broken", "web_page", entries=None)
document("open_forever", lambda: "<" * 500_000, "not_a_feed", "broken", "web_page", "crashed", entries=None)

# ---------------------------------------------------------------- depth
document("deepxml", lambda: feed(end="<a>" * 100_000), "broken", "crashed")
document("deepxml_closed", lambda: feed(end="<a>" * 50_000 + "</a>" * 50_000), "broken", "crashed", slow=True)
document("deepxml_items", lambda: feed(end="<item>" * 20_000), "broken", "crashed", slow=True)
document("deep_first", lambda: feed(channel="<a>" * 20_000), "broken", "crashed", slow=True)
document("deep_html", with_monster("&lt;div&gt;" * 50_000), "crashed", slow=True)
document("deep_html_b", with_monster("<![CDATA[" + "<b>" * 50_000 + "x]]>"), "crashed", slow=True)
document(
    "deep_html_mixed",
    with_monster("<![CDATA[" + "<b><i><a>" * 10_000 + "</b></i></a>" * 10_000 + "]]>"),
    "crashed",
    slow=True,
)
document(
    "deep_xhtml",
    with_monster("<div xmlns='http://www.w3.org/1999/xhtml'>" + "<p>" * 20_000 + "</p>" * 20_000 + "</div>"),
    "broken",
    "crashed",
    slow=True,
)
document("deep_tables", with_monster("<![CDATA[" + "<table><tr><td>" * 5_000 + "]]>"), "crashed", slow=True)
document(
    "deep_json",
    lambda: '{"version": "https://jsonfeed.org/version/1.1", "items": ' + "[" * 200_000,
    "broken",
    "not_a_feed",
    "crashed",
    entries=None,
)
document("deepxml_million", lambda: feed(end="<a>" * 1_000_000), "broken", "crashed", slow=True)
document("div100k", with_monster("<![CDATA[" + "<div>" * 100_000 + "]]>"), "crashed", slow=True)
document("fmt_amp", with_monster("<![CDATA[" + "<p>" + "<b><i><u><s>" * 40 + "<p>x" * 3_000 + "]]>"))
document(
    "fmt_amp_attributes",
    with_monster("<![CDATA[" + "".join(f"<font a{n}=1>" for n in range(200)) + "<p>x" * 1_000 + "]]>"),
)
document("adoption", with_monster("<![CDATA[" + "<a><div>" * 3_000 + "</a>" * 3_000 + "]]>"))

# ---------------------------------------------------------------- length
document("big_description", with_monster(WORDS * 20_000), alone=True)
document("big_title", lambda: feed(items=monster("x").replace("Monster", "M" * 2_000_000)), alone=True)
document("big_tag_name", lambda: feed(end=f"<{'a' * 2_000_000}/>"), "broken")
document("big_attribute", lambda: feed(end=f"<a b='{'c' * 2_000_000}'/>"), "broken")
document("big_comment", lambda: feed(end=f"<!--{'c' * 3_000_000}-->"))
document("big_cdata", with_monster(f"<![CDATA[{'c ' * 1_500_000}]]>"), alone=True, slow=True)
document("big_pi", lambda: feed(end=f"<?a {'b' * 2_000_000}?>"))
document("big_guid", lambda: feed(items=monster("x").replace(MORE, "g" * 1_000_000)))
document(
    "big_date",
    lambda: feed(items=monster("x").replace("<guid>", f"<pubDate>{'1' * 1_000_000}</pubDate><guid>")),
)
document(
    "big_link",
    lambda: feed(
        items=monster("x").replace("<guid>", f"<link>http://a.test/{'b/../' * 200_000}</link><guid>")
    ),
)
document("big_namespace", lambda: feed(end=f"<a xmlns='{'n' * 1_000_000}'/>"))


@played(G, "too_large", alone=True)
def feed50M(connection: Connection, _: Query) -> None:  # noqa: N802 - the report's own name
    start, end = feed().split("</channel>")
    connection.say(UNFRAMED + start.encode())
    for _number in range(2_000):
        connection.say(b"<item><description>" + b"w " * 13_000 + b"</description></item>")
    connection.say(b"</channel>" + end.encode())


document(
    "feed18M",
    lambda: feed(end=f"<item><description>{'w ' * 13_000}</description></item>" * 690),
    "crashed",
    "too_large",
    slow=True,
    alone=True,
)
document(
    "feed18M_html",
    lambda: feed(end=f"<item><description><![CDATA[{f'<p>{WORDS}</p>' * 60}]]></description></item>" * 3_500),
    "crashed",
    "too_large",
    slow=True,
    alone=True,
)
document(
    "items100k",
    lambda: feed(end="<item><title>t</title></item>" * 100_000),
    "crashed",
    "too_large",
    slow=True,
)
document(
    "items5k",
    lambda: feed(end="".join(f"<item><title>t{n}</title><guid>g{n}</guid></item>" for n in range(5_000))),
    slow=True,
)
document(
    "items50k_unique",
    lambda: feed(end="".join(f"<item><title>t{n}</title><guid>g{n}</guid></item>" for n in range(50_000))),
    "crashed",
    slow=True,
)
document(
    "categories100k",
    lambda: feed(items=monster("x").replace("<guid>", "<category>c</category>" * 100_000 + "<guid>")),
    "crashed",
    slow=True,
)
document("links100k", with_monster("<![CDATA[" + "<a href='/x'>l</a>" * 50_000 + "]]>"), "crashed", slow=True)
document(
    "enclosures50k",
    lambda: feed(
        items=monster("x").replace(
            "<guid>", "<enclosure url='http://a.test/x' length='9'/>" * 50_000 + "<guid>"
        )
    ),
    "crashed",
    slow=True,
)
document(
    "attrs100k",
    lambda: feed(end="<a " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>"),
    "broken",
    "crashed",
)
document("attrs_same", lambda: feed(end="<a " + "b='1' " * 50_000 + "/>"), "broken", "crashed")
document(
    "attrs_html",
    with_monster("<![CDATA[<p " + " ".join(f"a{n}" for n in range(100_000)) + ">x]]>"),
    slow=True,
)
document(
    "namespaces100k",
    lambda: feed(end="<a " + " ".join(f"xmlns:n{n}='u{n}'" for n in range(30_000)) + "/>"),
    "broken",
    "crashed",
)
document(
    "tags_unique",
    lambda: feed(
        items=monster("x").replace("<guid>", "".join(f"<t{n}>x</t{n}>" for n in range(30_000)) + "<guid>")
    ),
    "crashed",
    slow=True,
)

# ---------------------------------------------------------------- what makes regular expressions sweat
document("style_long", with_monster(f'<![CDATA[<p style="{"a" * 64_000}">x</p>]]>'))
document("style_url", with_monster(f'<![CDATA[<p style="{"url(" * 16_000}">x</p>]]>'))
document("style_escapes", with_monster("<![CDATA[<p style='" + "\\" * 64_000 + "'>x</p>]]>"))
document(
    "author_redos",
    lambda: feed(items=monster("x").replace("<guid>", f"<author>{'a' * 64_000}</author><guid>")),
    "crashed",
)
document(
    "author_parens",
    lambda: feed(items=monster("x").replace("<guid>", f"<author>{'(' * 64_000}</author><guid>")),
    "crashed",
)
document(
    "author_mails",
    lambda: feed(items=monster("x").replace("<guid>", f"<author>{'a@b.' * 16_000}</author><guid>")),
    "crashed",
)
document("doctype_many", lambda: feed(start=XML + "<!DOCTYPE\n" * 40_000), "broken", "not_a_feed")
document(
    "doctype_unended",
    lambda: XML + "<!DOCTYPE rss [" + "<!ENTITY a 'b'>" * 30_000,
    "broken",
    "not_a_feed",
    entries=None,
)
document("ws_many", lambda: feed(start="\n" * 300_000))
document("ws_inside", lambda: feed(start=XML + "\n" * 300_000, end=" \n" * 300_000))
document("ws_in_tag", lambda: feed(end=f"<a{' ' * 300_000}/>"))
document(
    "xmldecl", lambda: feed(start="<?xml version='1.0' " + "encoding='" * 30_000), "broken", "not_a_feed"
)
document("xmldecl_many", lambda: feed(start=XML * 20_000))
document("comments_open", lambda: feed(end="<!--" * 50_000), "broken")
document("comments_html", with_monster("<![CDATA[" + "<!--" * 50_000 + "]]>"))
document("cdata_open", lambda: feed(end="<![CDATA[" * 50_000), "broken")
document("brackets", with_monster("<![CDATA[" + "<![" * 50_000 + "]]>"))
document("lt_flood", with_monster("<![CDATA[" + "<" * 200_000 + "]]>"))
document("quotes", with_monster("<![CDATA[" + "<a href='" * 50_000 + "]]>"))
document(
    "date_words",
    lambda: feed(items=monster("x").replace("<guid>", f"<pubDate>{'Mon, ' * 20_000}</pubDate><guid>")),
)
document(
    "url_dots", lambda: feed(items=monster("x").replace("<guid>", f"<link>{'../' * 100_000}</link><guid>"))
)
document(
    "links_relative",
    lambda: feed(
        channel=f"<a xml:base='{'x/' * 5_000}'>",
        items=monster("<![CDATA[" + "<a href='y'>z</a>" * 2_000 + "]]>"),
        end="</a>",
    ),
)
document("regex_dots", with_monster("." * 200_000 + "!"))
document("spaces_in_text", with_monster("a" + " " * 500_000 + "b"))
document("one_word", with_monster("a" * 1_000_000))
document(
    "titles_same",
    lambda: feed(end="<item><title>Same</title><link>http://a.test/</link></item>" * 3_000),
    slow=True,
)

# ---------------------------------------------------------------- truncations
for tenth in range(1, 20):
    size = len(FEED) * tenth // 20
    whole = whole_before(size)
    document(
        f"truncated_{tenth}",
        lambda size=size: FEED[:size],
        *(() if whole else ("broken", "not_a_feed")),
        entries=whole,
        may=(),
        torn=True,
    )  # type: ignore[misc]
document(
    "truncated_in_tag", lambda: FEED[: FEED.rfind(b"</item>") + 3], entries=WHOLE - {GUIDS[4]}, torn=True
)
document("truncated_last_tag", lambda: FEED[:-6], entries=WHOLE, torn=True)
document(
    "truncated_in_cdata",
    lambda: feed(end=monster("<![CDATA[" + text(GUIDS[0]))).partition("]]>")[0][:-60],
    entries=WHOLE,
    torn=True,
    may=(),
)
document(
    "truncated_utf8",
    lambda: feed(end=monster("вести")).encode().partition("сти".encode())[0] + b"\xd1",
    entries=WHOLE,
    torn=True,
    may=(),
)
document(
    "item_opened",
    lambda: feed(end=item("tag:hostile.example,2026:9")[:-30]),
    "broken",
    may={"tag:hostile.example,2026:9"},
)
