"""What titles say: series, parts, and what a copy's title has more than the original's."""

from time import perf_counter

import pytest

from archiver.identify.keys import title_key
from archiver.identify.titles import dressing, is_about, is_series, is_short, numbering


class TestSeries:
    @pytest.mark.parametrize(
        "title",
        [
            "The weekly interview",
            "News of the day",
            "Weather in Osh",
            "Погода на сегодня",
            "Дайджест новостей",
            "Dagens väder",
            "Prognoser för veckan",
        ],
    )
    def test_a_few_words_that_return_are_a_series(self, title):
        assert is_series(title_key(title))

    @pytest.mark.parametrize(
        "title",
        [
            "",
            "Fem dagar i Osh, Kirgizistan",
            "Village decides to build a new school",
            "Coming home from Kyrgyzstan – three months later",
            "Daily bread is dearer than ever in the mountain villages",
        ],
    )
    def test_a_title_that_says_much_is_one_story(self, title):
        assert not is_series(title_key(title))

    def test_two_words_are_short(self):
        assert is_short("new school")
        assert not is_short("our new school")


class TestNumbering:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Our way, part one", "Our way, part two"),
            ("Del II", "Del III"),
            ("Часть первая", "Часть вторая"),
            ("Days 2017", "Days 2018"),
        ],
    )
    def test_parts_are_told_apart(self, one, other):
        assert numbering(title_key(one)) != numbering(title_key(other))


class TestDressing:
    @pytest.mark.parametrize(
        ("title", "mark"),
        [
            ("A new school is built | Village News", "|"),
            ("A new school is built » News » Our Village", "|"),
            ("A new school is built – Village News", "-"),
            ("Video: A new school is built", ":"),
        ],
    )
    def test_a_label_or_the_name_of_a_site(self, title, mark):
        assert dressing(title, "A new school is built") == mark
        assert dressing("A new school is built", title) == mark

    @pytest.mark.parametrize(
        "title",
        [
            "A new school is built",
            "A senior new school is built",
            "A new school is built: the story",
            "A new school is built – part two",
            "Correction: A new school is built",
            "Rättelse: A new school is built",
            "A new school is built | and all that came after it in the village",
        ],
    )
    def test_anything_else_makes_another_title(self, title):
        assert dressing(title, "A new school is built") == ""

    def test_a_few_words_are_no_bare_title(self):
        assert dressing("Voices of Osh | Aizada", "Voices of Osh") == ""

    def test_long_titles_cost_nothing(self):
        begun = perf_counter()
        assert dressing(" " * 1_000_000 + "|", " - " * 300_000) == ""
        assert perf_counter() - begun < 0.1


class TestAbout:
    TEXT = ("sixty", "young", "people", "from", "osh", "met", "at", "camps", "on", "human", "rights")

    @pytest.mark.parametrize("title", ["Sixty people at camps", "Osh: young people met"])
    def test_a_title_whose_names_the_text_has(self, title):
        assert is_about(title, self.TEXT)

    @pytest.mark.parametrize("title", ["Young people met in Talas", "", "With Anna", "60 people met"])
    def test_a_title_with_another_name(self, title):
        assert not is_about(title, self.TEXT)
