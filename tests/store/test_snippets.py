"""A few words of a text, around those that were looked for."""

import pytest

from archiver.query import parse
from archiver.store.snippets import WORDS, Marker, sought


def _around(text: str, words: str, language: str | None = "en") -> str:
    """The snippet, with what is marked between brackets."""
    snippet = Marker(sought(parse(words).tree, [language or "en"]), language).around(text)
    return "".join(f"[{piece}]" if hit else piece for piece, hit in snippet.pieces)


@pytest.mark.parametrize(
    ("words", "text", "language"),
    [
        ("oeuvre", "Une [œuvre] à voir", "fr"),
        ("aether", "En [æther] er let", "da"),
        ("aeble*", "Et [æbletræ] i haven", "da"),
        ("goteborg", "Hela [Göteborg] är här", "sv"),
        ("running", "She [runs] and [ran*]", "en"),
    ],
)
def test_words_are_marked_as_they_are_found(words, text, language):
    text = text.replace("[ran*]", "ran")
    assert _around(text.replace("[", "").replace("]", ""), words, language) == text


@pytest.mark.parametrize("before", [0, 10, 3_990, 4_000, 4_001, 8_000])
@pytest.mark.parametrize("after", [0, 3, 5_000])
def test_wherever_a_word_stands_as_much_of_the_text_is_shown(before, after):
    text = " ".join(["foo"] * before + ["needle"] + ["bar"] * after)
    shown = _around(text, "needle")
    assert "[needle]" in shown
    assert len(shown.replace("…", "").split()) == min(WORDS, before + 1 + after)
    assert shown.startswith("…") is (before > 4 and before + 1 + after > WORDS)


def test_where_nothing_is_found_the_beginning_is_shown():
    text = " ".join(f"w{number}" for number in range(9_000))
    assert _around(text, "needle") == " ".join(f"w{number}" for number in range(WORDS)) + "…"
