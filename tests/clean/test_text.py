import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.clean import html_to_text

CASES = {
    "paragraphs_are_lines": ("<p>Первый абзац.</p><p>Второй</p>", "Первый абзац.\nВторой"),
    "inline_tags_do_not_split_words": ("сло<b>во</b> <i>и</i> де<em>л</em>о", "слово и дело"),
    "a_script_within_a_word_does_not_split_it": ("сло<script>x()</script>во", "слово"),
    "a_comment_within_a_word_does_not_split_it": ("сло<!-- more -->во", "слово"),
    "an_image_stands_between_words": ("до<img src=x alt='кот'>после", "до после"),
    "an_embedded_video_stands_between_words": ("до<iframe src=x>нет</iframe>после", "до после"),
    "br_ends_a_line": ("one<br>two<br/>three", "one\ntwo\nthree"),
    "list_items_are_lines": ("<ul><li>one<li>two</ul><ol><li>three</li></ol>", "one\ntwo\nthree"),
    "text_beside_blocks_is_a_line_of_its_own": ("intro<div>block</div>outro", "intro\nblock\noutro"),
    "text_after_an_unopened_end_tag_is_not_glued": ("one</p>two", "one\ntwo"),
    "a_row_is_a_line_of_cells": (
        "<table><tr><th>Year<th>Sum<tr><td>2020</td><td>a  b</td></tr></table>",
        "Year\tSum\n2020\ta b",
    ),
    "definitions": ("<dl><dt>term<dd>meaning</dl>", "term\nmeaning"),
    "headings_quotes_and_figures": (
        "<h2>Head</h2><blockquote>said</blockquote><figure><img src=x><figcaption>cap</figcaption></figure>",
        "Head\nsaid\ncap",
    ),
    "hr_parts_lines": ("one<hr>two", "one\ntwo"),
    "pre_keeps_its_lines": ("<pre>def f():\n    pass</pre>", "def f():\npass"),
    "newlines_elsewhere_are_white_space": ("<p>one\ntwo\r\n\tthree</p>", "one two three"),
    "blank_lines_part_text_without_tags": ("one\ntwo\n \nthree &amp; four", "one two\nthree & four"),
    "text_without_tags": ("Привет, мир", "Привет, мир"),
    "an_address_alone": ("https://example.org/a", "https://example.org/a"),
    "a_file_name_alone": ("notes.txt", "notes.txt"),
    "an_xml_declaration": ('<?xml version="1.0"?><p>text</p>', "text"),
    "references_are_decoded_once": ("&lt;b&gt; &amp;amp; &#1078;&eacute;", "<b> &amp; жé"),
    "nbsp_zero_width_space_and_soft_hyphen": (
        "a&nbsp;&nbsp;b сло&shy;во сло&#8203;во \ufeff",
        "a b слово слово",
    ),
    "joiners_spell_words_and_stay": ("می‌خواهم", "می‌خواهم"),
    "nul_and_controls_go": ("a\0b\x08c\x0bd", "abc d"),
    "code_styles_and_controls_go": (
        "a<style>b{}</style><noscript>c</noscript><template>d</template><select><option>e</select>"
        "<textarea>f</textarea><object>g</object><svg><text>h</text></svg><math><mi>i</mi></math>"
        "<title>j</title>",
        "a",
    ),
    "cdata_marks_go": ("<![CDATA[<p>one</p>]]>", "one"),
    "stray_cdata_ends_go": ("<p>one]]&gt;</p>]]><p>two</p>]]>", "one\ntwo"),
    "no_empty_lines": ("<p></p><p> &nbsp; </p><div><br><br></div>x<p></p>", "x"),
    "a_document_goes_on_after_its_end": ("<html><head><title>t</title></head><body>a</body></html>b", "ab"),
    "an_open_comment_hides_nothing": ("one <!-- two <p>three</p>", "one two\nthree"),
    "an_open_drawing_hides_nothing": ("one <svg><path d=''> <p>three</p>", "one\nthree"),
    "a_torn_tag_at_the_end_goes": ("<p>one</p><p>two <a hre", "one\ntwo"),
    "a_torn_attribute_at_the_end_goes": ("<p>one <a href='https://e.org/very lo", "one"),
    "less_than_is_text": ("if 1 < 2 and a <b then", "if 1 < 2 and a <b then"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("html", "text"), CASES.values(), ids=CASES)
def test_html_becomes_text(html, text):
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "marker",
        "<div>" * 60_000 + "</div>" * 60_000 + "marker",
        "".join(f"<b {number}>" for number in range(9_000)) + "marker",
        "<!--" * 50_000 + "marker",
        "<table><tr><td>" * 10_000 + "marker",
        "<![CDATA[" * 20_000 + "marker",
        "<" * 200_000 + "marker",
        "<a b='" * 50_000 + "marker",
        "<svg>" * 30_000 + "marker",
        "<![" * 50_000 + "marker",
        "слово " * 2_000_000 + "marker",
    ],
    ids=[
        "open divs", "closed divs", "formatting", "comments", "tables", "cdata", "less than",
        "quotes", "svg", "bogus",
        "long",
    ],
)  # fmt: skip
def test_no_shape_of_markup_loses_the_text_behind_it(html):
    assert "marker" in html_to_text(html)


@pytest.mark.parametrize("depth", [200, 254, 255, 256, 1_000, 20_000])
def test_text_at_any_depth_is_found_inside_and_after(depth):
    html = "<p>before" + "<div>" * depth + "inside" + "</div>" * depth + "after"
    assert html_to_text(html) == "before\ninside\nafter"


@given(st.text())
def test_any_text_gives_lines_that_are_folded_and_never_empty(html):
    text = html_to_text(html)
    assert text == "" or all(line and line == " ".join(line.split(" ")).strip() for line in text.split("\n"))
    assert "\0" not in text


word = st.text(alphabet="abcåäöжңқў0123", min_size=1, max_size=6)
inline = st.sampled_from(["b", "i", "em", "span", "a", "strong", "font"])
block = st.sampled_from(["p", "div", "h2", "blockquote", "section", "article"])


@given(st.lists(st.tuples(block, st.lists(st.tuples(word, inline, word), min_size=1)), min_size=1))
def test_words_are_neither_glued_nor_split(blocks):
    html, lines = "", []
    for name, words in blocks:
        html += f"<{name}>" + " ".join(f"{a}<{tag}>{b}</{tag}>" for a, tag, b in words) + f"</{name}>"
        lines.append(" ".join(a + b for a, _, b in words))
    assert html_to_text(html) == "\n".join(lines)


@given(
    st.lists(
        st.one_of(word, st.sampled_from(["<p>", "</p>", "<b>", "</i>", "<li>", "<td>", "<table>", "<div>"]))
    )
)
def test_no_markup_is_left_and_no_word_lost(pieces):
    text = html_to_text(" ".join(pieces))
    assert "<" not in text
    assert text.split() == re.sub(r"<[^>]*>", " ", " ".join(pieces)).split()
