"""Language labels in titles: which brackets are one, and the title without it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.labels import language_of_label, without_label


@pytest.mark.parametrize(
    ("title", "language", "rest"),
    [
        ("[English] Lola joins!", "en", "Lola joins!"),
        ("(English) Coming home", "en", "Coming home"),
        ("[EN] News", "en", "News"),
        ("News (EN)", "en", "News"),
        ("Hej [Svenska]", "sv", "Hej"),
        ("(RU) Новости", "ru", "Новости"),
        ("[Рус] Новости", "ru", "Новости"),
        ("[Қазақша] Жаңалық", "kk", "Жаңалық"),
        ("[Кыргызча]: Жаңылык", "ky", "Жаңылык"),
        ("[O‘zbekcha] Yangilik", "uz", "Yangilik"),
        ("[in English] Notes", "en", "Notes"),
        ("Rapport (på engelska)", "en", "Rapport"),
        ("[на русском языке] Отчёт", "ru", "Отчёт"),
        ("[KZ] Жаңалық", "kk", "Жаңалық"),
    ],
)
def test_a_label_names_the_language_and_can_be_taken_off(title, language, rest):
    assert (language_of_label(title), without_label(title)) == (language, rest)


@pytest.mark.parametrize("typo", ["Englsih", "Engish", "Enlgish", "Swedsih", "Rusian"])
def test_a_misspelt_label_is_understood(typo):
    assert language_of_label(f"[{typo}] Title") in {"en", "sv", "ru"}


@pytest.mark.parametrize(
    "title",
    [
        "(English breakfast) in Osh",
        "[Video] Five days",
        "A trip (Germany)",
        "(Russia) after the vote",
        "Jobs (IT)",
        "Almaty (KZ)",
        "London (UK)",
        "Talk (no)",
        "English for all",
        "[2] Notes",
        "[] Empty",
        "(Russians) and others",
        "",
    ],
)
def test_other_brackets_are_the_titles_own(title):
    assert (language_of_label(title), without_label(title)) == (None, title)


def test_a_label_of_two_languages_names_neither_and_is_still_a_label():
    assert (language_of_label("[EN/RU] Report"), without_label("[EN/RU] Report")) == (None, "Report")


def test_a_title_that_is_nothing_but_a_label_is_kept():
    assert without_label("[English]") == "[English]"


@given(st.text(max_size=200))
def test_taking_a_label_off_never_leaves_nothing(title):
    assert bool(without_label(title)) == bool(title)
