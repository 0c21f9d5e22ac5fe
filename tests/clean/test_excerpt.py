import pytest

from archiver.clean.excerpt import SHORT, is_excerpt


@pytest.mark.parametrize(
    "text",
    [
        "I am […]",
        "I am [...]",
        "I am […].",
        "I am […] ",
        "I am (more…)",
        "I am (more...)",
        "I am [ … ]",
        "I am [&hellip;]",
    ],
)
def test_a_mark_of_a_cut_is_certain_in_any_text(text):
    assert is_excerpt("word " * SHORT + text, linked_on=False, is_only_text=False)


@pytest.mark.parametrize("text", ["and strengthening...", "and…", "of this group....", "and… »"])
def test_an_ellipsis_is_a_cut_in_a_short_text_and_in_the_only_one(text):
    assert is_excerpt(text, linked_on=False, is_only_text=False)
    assert is_excerpt("word " * SHORT + text, linked_on=False, is_only_text=True)


def test_an_ellipsis_after_a_long_text_that_has_a_summary_beside_it_is_rhetoric():
    assert not is_excerpt("word " * SHORT + "and then…", linked_on=False, is_only_text=False)


@pytest.mark.parametrize(
    "text", ["A whole text.", "He said […] and left.", "one … two", "“No!”", "Why?..."[:-3]]
)
def test_a_text_that_ends_otherwise_is_whole(text):
    assert not is_excerpt(text, linked_on=False, is_only_text=True)


def test_a_link_to_the_rest_makes_any_text_an_excerpt():
    assert is_excerpt("A sentence.", linked_on=True, is_only_text=False)


def test_an_empty_text_is_no_excerpt():
    assert not is_excerpt("", linked_on=True, is_only_text=True)
