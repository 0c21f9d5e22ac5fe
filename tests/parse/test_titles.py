"""Titles as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.parse.titles import plain_text


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("  two \n\t words\xa0here ", "two words here"),
        ("It&#8217;s", "It’s"),
        ("Q&amp;A", "Q&A"),
        ("AT&T & co", "AT&T & co"),
        ("a < b > c", "a < b > c"),
        ("How <div> works", "How <div> works"),
        ("The <b> element", "The <b> element"),
        ("<b>bold</b> and <em>em <i>deep</i></em>", "bold and em deep"),
        ("сло<b>во</b>", "слово"),
        ("one<br/>two<br>three", "one two three"),
        ('<a href="x">link</a>', "link"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<script>alert(1)</script>Safe", "Safe"),
        ("<style>a { b: c }</style>Safe", "Safe"),
        ('<iframe src="x"></iframe> here', "here"),
        ("The <script> element", "The <script> element"),
        ("vector<int>", "vector<int>"),
        ("a\x00b\x1b[31m", "ab[31m"),
        ("Hello\u202eevil", "Hello\u202eevil"),
        ("<div>x</div>", "<div>x</div>"),
        (" <b> </b> ", None),
        ("", None),
    ],
)
def test_a_title_is_folded_to_plain_text(markup: str, expected: str | None) -> None:
    assert plain_text(markup, is_html=False) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<div>a</div><p>b</p>", "a b"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("How <div> works", "How <div> works"),
    ],
)
def test_html_loses_its_blocks_as_well(markup: str, expected: str) -> None:
    assert plain_text(markup, is_html=True) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<script>x('<b>')</script>Safe", "Safe"),
        ("Safe <script\n>x()</script\n>and <style>y</style>sound", "Safe and sound"),
        ("An open <script> hides nothing", "An open hides nothing"),
        ("<video controls>v</video> Clip", "v Clip"),
        ("<svg></svg> Icon", "Icon"),
        ("<my-label>New</my-label> here", "New here"),
        ('a<embed src="x"><link rel="y">b', "ab"),
        ("<!DOCTYPE html><!-- <b> -->Plain", "Plain"),
        ("never <!-- closed", "never <!-- closed"),
        ("1 < 2 > 0", "1 < 2 > 0"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
    ],
)
def test_where_html_is_declared_every_tag_is_markup(markup: str, expected: str) -> None:
    assert plain_text(markup, is_html=True, declared=True) == expected


@given(st.text(alphabet="<>/ab&;#123 \n\"='", max_size=60), st.booleans())
def test_any_markup_gives_one_line(markup: str, is_html: bool) -> None:
    text = plain_text(markup, is_html=is_html)
    assert text is None or (text == " ".join(text.split()) and text)


def test_many_tags_are_read_in_linear_time() -> None:
    assert plain_text("<b>" * 100_000 + "</i>" * 100_000, is_html=True)


@pytest.mark.parametrize("piece", ["<!--", "<script>", "<!doctype ", "<a ", "</script "])
def test_hostile_titles_are_read_in_linear_time(piece: str) -> None:
    assert plain_text("x" + piece * 100_000, is_html=True, declared=True)
