"""Which fields differ between two versions of an entry, and which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.differences import Kind, changed_fields, differences, words_compared


def version(**columns):
    empty = {
        "title": "A story",
        "authors": [],
        "url": "https://example.org/a",
        "published_at": None,
        "published_raw": None,
        "summary": None,
        "content": None,
        "enclosures": [],
        "categories": [],
    }
    return empty | columns


def told(old: str, new: str) -> list[tuple[str, str]]:
    pieces, _ = words_compared(old.split(), new.split())
    return [(piece.kind, " ".join(piece.words)) for piece in pieces]


def test_equal_versions_differ_in_nothing():
    assert differences(version(), version()) == ()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("title", "Another"),
        ("authors", [{"name": "Aida", "email": None, "url": None}]),
        ("url", "https://example.org/b"),
        ("published_at", "2026-01-01T00:00:00Z"),
        ("content", "<p>Text</p>"),
        ("enclosures", [{"url": "https://example.org/a.mp3", "type": None, "length": None}]),
        ("categories", [{"term": "Asia", "scheme": None, "label": None}]),
    ],
)
def test_every_published_field_is_compared(column, value):
    (found,) = differences(version(), version(**{column: value}))
    assert found.column == column
    assert found.in_words


def test_the_order_of_categories_is_no_difference():
    one, two = ({"term": term, "scheme": None, "label": None} for term in ("one", "two"))
    assert changed_fields(version(categories=[one, two]), version(categories=[two, one])) == []


def test_words_that_went_stand_before_those_that_came_in_their_place():
    assert told("one old word", "one new word") == [
        ("same", "one"),
        ("out", "old"),
        ("in", "new"),
        ("same", "word"),
    ]


def test_an_added_sentence_is_told_as_added_and_nothing_else():
    old = "The council met in Osh . It said no ."
    new = "The council met in Osh . It was late . It said no ."
    assert [kind for kind, _ in told(old, new)] == ["same", "in", "same"]


def test_a_rewritten_sentence_is_told_as_one_change_though_both_have_an_and():
    assert told(
        "start alpha beta gamma and delta epsilon zeta end", "start one two three and four five six end"
    ) == [
        ("same", "start"),
        ("out", "alpha beta gamma and delta epsilon zeta"),
        ("in", "one two three and four five six"),
        ("same", "end"),
    ]


def test_line_breaks_travel_with_the_words_and_are_no_difference():
    (found,) = differences(
        version(content="<p>One two</p><p>three</p>"), version(content="<p>One two</p><p>four</p>")
    )
    assert [piece.words for piece in found.pieces] == [("One", "two\n"), ("three",), ("four",)]


def test_signs_of_markup_in_a_title_are_words():
    (found,) = differences(version(title="a < b"), version(title="a < b <script>"))
    assert [(piece.kind, piece.words) for piece in found.pieces] == [
        ("same", ("a", "<", "b")),
        ("in", ("<script>",)),
    ]


def test_a_plain_text_is_compared_as_it_stands():
    (found,) = differences(
        version(content="<a>", content_type="text/plain"), version(content="<b>", content_type="text/plain")
    )
    assert found.in_words


def test_other_markup_around_the_same_words_is_said_in_a_sentence():
    (found,) = differences(version(content="<p>Same</p>"), version(content="<div><b>Same</b></div>"))
    assert not found.in_words
    assert found.note == "the words are the same, the markup is another"


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e\n"]), max_size=40),
    st.lists(st.sampled_from(["a", "b", "c", "d", "e\n"]), max_size=40),
)
def test_what_stayed_and_went_is_the_old_text_and_what_stayed_and_came_the_new(old, new):
    pieces, whole = words_compared(old, new)
    assert whole
    without_breaks = [word.rstrip("\n") for word in old]
    assert [
        word.rstrip("\n") for piece in pieces if piece.kind is not Kind.IN for word in piece.words
    ] == without_breaks
    assert [word for piece in pieces if piece.kind is not Kind.OUT for word in piece.words] == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["a", "b"] * 60_000, ["b", "b", "a"] * 40_000),
        ([f"w{n % 300}" for n in range(100_000)], [f"w{n * 7 % 300}" for n in range(100_000)]),
        ([f"w{n}" for n in range(100_000)], [f"w{n}" for n in range(100_000, 0, -1)]),
        (["x"] * 100_000 + ["y"], ["y"] + ["x"] * 100_000),
    ],
    ids=["two words", "300 words", "turned round", "moved"],
)
def test_texts_made_to_be_slow_to_compare_take_no_time_to_speak_of(old, new):
    # difflib takes hours; the run's time limit would tell.
    pieces, _ = words_compared(old, new)
    assert [word for piece in pieces if piece.kind is not Kind.OUT for word in piece.words] == new


def test_what_is_too_different_to_compare_is_told_as_replaced_and_said_to_be():
    old = ["a", "b", "c"] * 20_000
    new = [word for word in reversed(old) for _ in range(2)]
    pieces, whole = words_compared(old, new)
    assert not whole
    assert [word for piece in pieces if piece.kind is not Kind.IN for word in piece.words] == old


def test_of_a_very_long_field_the_beginning_is_compared_and_that_is_said():
    long = "<p>" + "word " * 200_000
    (found,) = differences(version(content=long), version(content=long.replace("word", "other", 1)))
    assert found.note == "only the first 500,000 characters were compared"
