"""A whole text at once gives what py3langid's own walk through the bytes gives."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from archiver.clean.language import LANGUAGES
from archiver.clean.language_model import LanguageModel


@pytest.fixture(scope="module")
def ours():
    return LanguageModel(LANGUAGES)


@pytest.fixture(scope="module")
def theirs():
    library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    library.set_languages(LANGUAGES & set(library.labels))
    return library


def assert_alike(ours, theirs, text):
    expected = dict(theirs.rank(text))
    found = ours.probabilities(text)
    assert found.keys() == expected.keys()
    assert all(abs(found[language] - expected[language]) < 0.01 for language in expected)


@pytest.mark.parametrize(
    "text",
    [
        "Fem dagar i Osh, Kirgizistan: en resa med många möten.",
        "Алматыда наразылық шарасы өтті, оған жүздеген адам қатысты.",
        "IN CAPITALS ONLY, FROM THE FIRST TO THE LAST LETTER",
        "Cafe\u0301 with a combining accent",
        "Короткий текст. " * 300,
        "中亚的人权",
        "",
        "a",
        "\x00\x01\x02",
    ],
)
def test_probabilities_are_those_of_the_library(ours, theirs, text):
    assert_alike(ours, theirs, text)


@settings(max_examples=50)
@given(text=st.text(max_size=200))
def test_any_text_is_judged_as_the_library_does(ours, theirs, text):
    assert_alike(ours, theirs, text)
