"""Whether one text is a copy of another, cut."""

from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.identify.copies import Copied, is_copy
from archiver.identify.words import body_words


def copied(one: str, other: str) -> bool:
    return is_copy(Copied(one), Copied(other))


def test_a_beginning_is_a_copy(words):
    assert copied(words(40) + " tor…", words(90))


def test_a_run_that_begins_soon_after_the_beginning_is_a_copy(words):
    assert copied(words(40), f"{words(12, 'q')} {words(40)} {words(40, 'r')}")
    assert not copied(words(40), f"{words(13, 'q')} {words(40)} {words(40, 'r')}")


def test_a_run_begins_and_ends_with_words():
    assert not copied("The rate is eight.", "The rate is eighty now.")
    assert not copied("Eight is the rate.", "Twenty-eight is the rate now.".replace("-", ""))


@pytest.mark.parametrize("at", [0, 20, 39, 59])
def test_another_word_anywhere_makes_another_text(words, at):
    told = words(60).split()
    other = [*told[:at], "other", *told[at + 1 :]]
    assert not copied(" ".join(told), " ".join(other))


@pytest.mark.parametrize("at", [1, 20, 39])
def test_a_word_more_within_a_line_makes_another_text(words, at):
    told = words(60).split()
    assert not copied(" ".join(told), " ".join([*told[:at], "more", *told[at:]]))


def test_a_line_more_in_prose_is_a_caption(words):
    caption = "the school by the river"
    assert copied(f"{words(30)}\n{words(30, 'q')}", f"{words(30)}\n{caption}\n{words(30, 'q')}")


@pytest.mark.parametrize("line", ["in Osh", "It costs 30 som", "so it is said " * 8])
def test_a_line_more_is_no_caption_if_it_is_a_place_a_number_or_long(words, line):
    assert not copied(f"{words(30)}\n{words(30, 'q')}", f"{words(30)}\n{line}\n{words(30, 'q')}")


def test_lines_that_each_text_has_of_its_own_make_two_texts(words):
    one, other = "a house by the river", "a field by the forest"
    assert not copied(f"{words(30)}\n{one}\n{words(30, 'q')}", f"{words(30)}\n{other}\n{words(30, 'q')}")


@given(st.text(st.sampled_from("ab1 \n."), max_size=60), st.text(st.sampled_from("ab1 \n."), max_size=60))
def test_which_of_two_comes_first_does_not_matter(one, other):
    assert copied(one, one) == bool(body_words(one))
    assert len(body_words(one)) == len(body_words(other)) or copied(one, other) == copied(other, one)


@pytest.mark.parametrize(
    "text", ["a\n" * 100_000, "a " * 100_000, "1 000 " * 30_000, "a" * 400_000 + " b", "http://" * 50_000]
)
def test_hostile_texts_are_compared_in_linear_time(text):
    begun = perf_counter()
    copied(text, f"b {text}")
    copied(text, text[:-3])
    assert perf_counter() - begun < 5
