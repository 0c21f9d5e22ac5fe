"""Safe HTML as Markdown, judged by a reader of CommonMark: the same words, and nothing smuggled in."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from archiver.clean.safe_html import safe_html, safe_text
from archiver.export.commonmark import text_to_markdown, to_markdown
from archiver.export.markdown import front_matter

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
READER.validateLink = lambda url: True  # so that what is no link is so by what we wrote


def rendered(markdown: str) -> str:
    return READER.render(markdown)


def words(html: str) -> str:
    import html as standard

    alts = re.sub(r'<img[^>]*alt="([^"]*)"[^>]*>', r" \1 ", html)
    return " ".join(re.sub(r"[“”]", "", standard.unescape(re.sub(r"<[^>]*>", " ", alts))).split())


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One</p><p>Two <b>bold </b>and <em>so</em></p>", "One\n\nTwo **bold** and *so*\n"),
        ("<h2>A<br>title</h2>", "## A title\n"),
        ("<p>a<br>b</p>", "a\\\nb\n"),
        ('<p><a href="https://e.org/a_(b)">li[n]k</a></p>', "[li\\[n\\]k](https://e.org/a_%28b%29)\n"),
        ('<p>!<img src="https://e.org/i.png" alt="x"></p>', "\\!![x](https://e.org/i.png)\n"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b\n"),
        ("<ol><li>a<ul><li>b</li></ul></li></ol>", "1. a\n\n   - b\n"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b\n"),
        ("<pre>a\n```\n b</pre>", "````\na\n```\n b\n````\n"),
        ("<p><code>a`b</code></p>", "``a`b``\n"),
        ("<hr>", "* * *\n"),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
            "| a | b |\n| --- | --- |\n| 1 | 2 |\n",
        ),
        ("1. no list<br># no head<br>- no", "1\\. no list\\\n\\# no head\\\n\\- no\n"),
        ("", "\n"),
    ],
)
def test_html_becomes(html, markdown):
    assert to_markdown(html) == markdown


SMUGGLED = [
    "[x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "![x](data:text/html,1)",
    "[a]: javascript:alert(1)\n[a]",
    "<script>alert(1)</script>",
    "&lt;script&gt;",
    "`code`",
    "***",
    "# head",
    "1. one",
    "> quote",
    "    code",
    "~~~",
    "a\n===",
    "| a |\n| - |",
    "{{ site }}",
    "{% include x %}",
    "\\",
    "\\\\",
    "*a*",
    "_a_",
    "<!-- x -->",
    "&amp;",
    "&#60;",
    "[",
    "]",
    "](",
    "!",
    "www.example.org",
    "$x$",
    "+ a",
    "- a",
    ": a",
]
pieces = st.one_of(st.sampled_from(SMUGGLED), st.text(max_size=12))


@settings(deadline=None)
@given(parts=st.lists(pieces, max_size=5))
def test_text_stays_text(parts):
    safe = safe_text(" ".join(parts))
    html, meant = rendered(to_markdown(safe)), words(safe)
    assert re.findall(r"<(?!/?p>|br />)[^>]*>", html) == []
    assert words(html) == words(rendered(text_to_markdown(meant))) == meant


TAGS = [
    "p",
    "b",
    "em",
    "a",
    "ul",
    "ol",
    "li",
    "blockquote",
    "h2",
    "pre",
    "code",
    "table",
    "tr",
    "td",
    "th",
    "del",
    "q",
    "div",
]


@st.composite
def markup(draw):
    made = []
    for _ in range(draw(st.integers(0, 8))):
        tag = draw(st.sampled_from([*TAGS, "br", "img", "hr"]))
        about = draw(
            st.sampled_from(
                [
                    "",
                    ' href="https://e.org/) [x](javascript:1)"',
                    ' href="javascript:alert(1)"',
                    ' src="https://e.org/i"',
                    ' src="https://e.org/&quot;)" alt="](javascript:1)"',
                ]
            )
        )
        made.append(f"<{tag}{about}>" + draw(pieces).replace("<", "&lt;"))
        if draw(st.booleans()):
            made.append(f"</{tag}>")
    return "".join(made)


@settings(deadline=None)
@given(html=markup())
def test_markup_makes_no_link_but_to_the_web_and_no_html(html):
    tokens = READER.parse(to_markdown(safe_html(html, None)))
    inner = [one for token in tokens for one in (token, *(token.children or ()))]
    assert not {token.type for token in inner} & {"html_block", "html_inline"}
    for token in inner:
        target = (
            token.attrGet("href")
            if token.type == "link_open"
            else token.attrGet("src")
            if token.type == "image"
            else None
        )
        assert target is None or str(target).startswith(("https://", "http://", "mailto:"))


@pytest.mark.parametrize(
    "tag", ["blockquote", "ul><li", "b", "a href='https://e.org/'", "table><tr><td", "q"]
)
def test_depth_costs_neither_stack_nor_room(tag):
    html = safe_html(f"<{tag}>x " * 5_000, None)
    assert len(to_markdown(html)) < 3 * len(html)


@settings(deadline=None)
@given(
    values=st.dictionaries(
        st.sampled_from(["title", "url", "authors"]),
        st.none() | st.text() | st.integers() | st.lists(st.text()),
    )
)
def test_front_matter_is_read_back_by_yaml(values):
    written = front_matter(values)
    begin, body, end = written.split("---\n", 1)[0], written[4:-4], written[-4:]
    assert (begin, end) == ("", "---\n")
    assert (yaml.safe_load(body) or {}) == values


@pytest.mark.parametrize(
    "title",
    [
        "---",
        "a\n---\nb: c",
        "a: b",
        "'",
        '"',
        "#",
        "yes",
        "2024-05-01",
        "!!python/object",
        "\x85",
        "\u2028",
        "\ufeffa",
        "{a: b}",
    ],
)
def test_a_hostile_title_stays_a_title(title):
    [head] = yaml.safe_load_all(front_matter({"title": title}).removesuffix("---\n"))
    assert head == {"title": title}
