"""Publishers' HTML and languages as our pages show them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.web.shown import direction, image_count, shown_html


def test_an_image_becomes_a_link_with_its_label_and_nothing_is_loaded():
    shown = shown_html('<p>A <img src="https://example.org/a.png" alt="A yurt"></p>')
    assert "<img" not in shown
    assert ">Image: A yurt</a>" in shown
    assert 'href="https://example.org/a.png"' in shown


def test_an_image_in_a_link_becomes_a_label_of_the_link():
    shown = shown_html('<a href="https://example.org/a"><img src="https://example.org/a.png"></a>')
    assert shown.count("<a ") == 1
    assert '<span class="image">Image</span></a>' in shown


def test_images_that_were_asked_for_come_without_telling_where_from():
    shown = shown_html('<img src="https://example.org/a.png" onerror="x()">', images=True)
    assert 'referrerpolicy="no-referrer"' in shown
    assert 'alt=""' in shown
    assert "onerror" not in shown


def test_headings_find_their_place_below_the_title():
    shown = shown_html("<h1>A</h1><h4>B</h4><h6>C</h6><h2>D</h2>")
    assert shown == "<h2>A</h2><h3>B</h3><h4>C</h4><h2>D</h2>"


def test_a_stray_list_item_is_no_list_item():
    assert shown_html("<li>one</li>") == "<div>one</div>"
    assert shown_html("<ul><li>one</li></ul>") == "<ul><li>one</li></ul>"


def test_a_link_without_words_gets_one():
    assert "(link)</a>" in shown_html('<p><a href="https://example.org/"> </a></p>')


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)" style="position:fixed;inset:0" class="page" id="main">x</p>',
        '<a href="javascript:alert(1)">x</a><a href="data:text/html,x">x</a>',
        '<svg onload="alert(1)"><image href="https://evil.example/"></svg>',
        '<iframe src="https://evil.example/"></iframe><meta http-equiv="refresh" content="0">',
        '<form action="https://evil.example/"><input name="q"><button>x</button></form>',
        '<img alt="<img>" src="https://evil.example/a.png" srcset="https://evil.example/b.png 2x">',
        "<img alt='\"><script>alert(1)</script>' src='https://evil.example/'>",
        '<video src="https://evil.example/v"></video><link rel="stylesheet" href="https://evil.example/">',
        "</div></main></body><p>x",
    ],
)
def test_nothing_hostile_is_left(hostile):
    shown = shown_html(hostile)
    for sign in (
        "<script",
        "onclick=",
        "onload",
        "style=",
        "id=",
        "javascript:",
        "data:",
        "<svg",
        "<iframe",
        "<meta",
        "<form",
        "<input",
        "<img",
        "<video",
        "<link",
        "srcset",
        "</main",
        "</body",
    ):
        assert sign not in shown


@given(st.text(alphabet="<>/\"'= aimgspnhr12lu&;", max_size=200))
def test_showing_what_was_shown_changes_nothing(text):
    once = shown_html(text)
    assert (
        shown_html(once).replace(' class="image"', "") == once.replace(' class="image"', "")
        or "image" in once
    )


def test_images_are_counted():
    assert image_count('<img src="https://example.org/a"><img alt="none"><p>img</p>') == 1


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ar", "rtl"), ("he-IL", "rtl"), ("ur", "rtl"), ("uz-Arab", "rtl"), ("ar-Latn", "ltr"), ("ru", "ltr"),
     ("kk-Cyrl", "ltr"), (None, "auto"), ('"><script>', "auto")],
)  # fmt: skip
def test_the_direction_is_the_languages(language, expected):
    assert direction(language) == expected


def test_characters_that_turn_the_text_around_are_shown_as_none():
    assert shown_html("<p>a\u202eb\u2067c\x07</p>") == "<p>a\ufffdb\ufffdc\ufffd</p>"
    assert shown_html("<p>\u05d0\u200f</p>") == "<p>\u05d0\u200f</p>"
