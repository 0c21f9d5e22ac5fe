"""Orderly markup is read in one pass, and the pass says what the tree and the cleaning say."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver.clean.boilerplate import is_furniture
from archiver.clean.orderly import read_orderly
from archiver.clean.safe_html import safe_html, settled
from archiver.clean.text import lines_of, parse

BASE = "https://site.example/blog/post"
TAGS = """
    a abbr address article aside audio b big blockquote br caption center cite code col colgroup dd del
    details div dl dt em figcaption figure font footer form h1 h2 h3 h4 header hr i iframe img ins kbd li
    link main mark math meta nav noscript object ol p picture pre q s samp script section select
    small source span strike strong style sub summary sup svg table tbody td textarea tfoot th thead
    time title tr tt u ul var video wbr
""".split()  # noqa: SIM905 - readable as prose
ENCLOSING = [name for name in TAGS if name not in {"br", "col", "hr", "img", "link", "meta", "source", "wbr"}]
ATTRIBUTES = [
    ' class="sharedaddy"',
    " class='x more-link'",
    ' class="a&amp;b"',
    ' href="/rel?a=1&amp;b=2"',
    ' href="https://site.example/a/b?c=d&e=f#g"',
    ' href="javascript:alert(1)"',
    ' href=bare title="“q” \' &quot; &lt;"',
    ' src="https://site.example/a b.png" alt="x > y"',
    ' SRC="data:image/gif;base64,AA" data-src="/late.jpg"',
    ' title="a\u00a0b"',
    ' width=10% height="x"',
    " hidden",
    ' title="b class=sharedaddy"',
    " Class=sharedaddy",
    ' data-code="<b>x</b>"',
    ' title="x > y"',
    " title='say \"x'",
    " href=https://site.example/?a=1&amp;b=2/",
    ' href="x"title="y"',
    "/",
    " /",
]
TEXTS = [
    "words and more",
    " ",
    "\n",
    "\n\n",
    "\t",
    "a < b",
    "x > y",
    "]]>",
    "&amp;",
    "&lt;p&gt;",
    "&nbsp;",
    "\u00a0",
    "&#8217;",
    "&#128;",
    "&#10;",
    "&notit;",
    "&copy 2026",
    "AT&T",
    "&Tab;",
    "\u200b",
    "\u00ad",
    "\r\n",
    "Read more »",
    "ж",
    "🙂",
    "\x1e",
    "<!-- a comment -->",
    "<!---->",
    "<!-->",
    "<?php ?>",
    '<?xml version="1.0" x="a>b"?>',
    "<![CDATA[",
    "</p>",
    "</img>",
    "<b",
]

attributes = st.sampled_from(["", "", "", *ATTRIBUTES])


def element(children):
    def written(name, attribute, inside):
        return f"<{name}{attribute}>{inside}</{name}>"

    return st.builds(written, st.sampled_from(ENCLOSING), attributes, children)


pieces = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(TEXTS),
    st.builds(
        lambda name, attribute: f"<{name}{attribute}>", st.sampled_from(["br", "hr", *TAGS]), attributes
    ),
)
fragments = st.recursive(
    pieces,
    lambda inner: st.one_of(element(inner), st.lists(inner, max_size=4).map("".join)),
    max_leaves=12,
)


def as_the_tree_has_it(html):
    soup = parse(html)
    links = soup.find_all("a")
    heading = soup.find(["h1", "h2", "h3"])
    return (
        lines_of(soup, is_furniture),
        links[-1].get_text().split() if links else [],
        any("more-link" in link.get_attribute_list("class") for link in links),
        heading.get_text().split() if heading is not None else None,
    )


def as_one_pass_has_it(orderly):
    heading = orderly.heading.split() if orderly.heading is not None else None
    return orderly.lines, orderly.last_link.split(), orderly.leads_on, heading


@given(fragments)
@example("<p>One</p>\n<p>Two<br />three</p>")
@example('<p>Text <a class="more-link" href="/x">Continue <b>reading</b></a></p>')
@example('<div class="sharedaddy"><h3>Share</h3><a href="/t">Tweet</a></div><h2>Later</h2>')
@example("<pre>\n a\n  b\n</pre>")
@example("One\n\nTwo\nstill two")
def test_what_is_orderly_reads_the_same_in_one_pass_and_as_a_tree(html):
    orderly = read_orderly(html, BASE)
    if orderly is not None:
        assert as_one_pass_has_it(orderly) == as_the_tree_has_it(html)


@given(fragments)
@example("<table><tr><td>x</td></tr></table>")
@example('<a href="/a"><span><a href="/b">x</a></span></a>')
@example("<p><font><div>x</div></font></p>")
def test_what_is_settled_at_once_is_what_cleaning_settles_on(html):
    orderly = read_orderly(html, BASE)
    html_at_once = settled(orderly.balanced) if orderly is not None else None
    if html_at_once is not None:
        assert html_at_once == safe_html(html, BASE)


def test_every_element_in_every_other_is_read_as_the_tree_has_it():
    for outer, inner in itertools.product(ENCLOSING, TAGS):
        html = f"<div>0<{outer}>a<{inner}>b</{inner}>c</{outer}>d</div>e"
        orderly = read_orderly(html, None)
        if orderly is not None:
            assert as_one_pass_has_it(orderly) == as_the_tree_has_it(html), html


@pytest.mark.parametrize(
    "html",
    [
        "",
        "Nothing but a text, with an &amp; in it.",
        "<p>A paragraph with <em>emphasis</em>, <a href='/x'>a link</a>&nbsp;and&#8230; a break.<br/></p>",
        '<!-- wp:image --><figure class="wp-image"><img src="/a.jpg" alt=""/></figure><!-- /wp:image -->',
        "<ul><li>One</li><li>Two<ol><li>Three</li></ol></li></ul>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>",
        '<p>A film: <iframe src="https://video.example/1"></iframe></p><script>let a = 1</script>',
        '<table><colgroup><col width="9" /> <col></colgroup><tbody><tr><td>x</td></tr></tbody></table>',
        '<?xml version="1.0"?><div data-decimals="2"data-uid="x">A rating</div>',
        '<picture><source srcset="a.webp"><img src="/a.jpg"></picture><svg><path d="M0"/></svg>',
    ],
)
def test_what_blog_software_writes_is_orderly(html):
    assert read_orderly(html, BASE) is not None


@pytest.mark.parametrize(
    "html",
    [
        "<p>One<p>Two",
        "<b>bold <i>both</b> italic</i>",
        "<p>unclosed",
        "stray</div>",
        "a < b",
        "<p>torn <a href=",
        "<p><div>a block in a paragraph</div></p>",
        "<unknown>x</unknown>",
        "<script>if (a < b) c()</script>",
        "<svg><title>words</title></svg>",
        "&#0; and &#150;",
        "form\x0cfeed",
        "<div>" * 200 + "deep" + "</div>" * 200,
    ],
)
def test_what_a_parser_would_have_to_mend_is_left_to_parsers(html):
    assert read_orderly(html, BASE) is None


@pytest.mark.parametrize(
    "html",
    [
        "<" * 500_000,
        "<a" * 250_000,
        "<a " + "b=" * 250_000 + ">",
        "<!--" + "-" * 500_000,
        "<svg>" * 100_000,
        "<span>" * 99 + "<b></b>" * 50_000,
        "&" * 500_000,
        "&#" * 250_000,
    ],
    ids=len,
)
def test_a_monstrous_fragment_costs_one_look(html):
    orderly = read_orderly(html, BASE)
    assert orderly is None or len(orderly.balanced) < 20 * len(html)
