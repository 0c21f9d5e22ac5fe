"""Folded words, and how much of one text another contains."""

from time import perf_counter
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.identify.sketch import sketch
from archiver.identify.words import body_words, containment, folded_words, particulars


class TestFolding:
    # An ideograph at the end keeps a text from being taken for a plain one, which is folded in a simpler way.
    @given(st.text(max_size=60))
    def test_a_plain_text_folds_as_any_text_does(self, text):
        assert [*folded_words(text), "\u4e00"] == folded_words(f"{text} \u4e00")

    @given(st.text(alphabet="aåÅéñøßЖёЁйЙўїґ’'`´‘ -–…«»_0²½™ǅﬁ\u0306\u0308\u00ad\ufeff🙂", max_size=30))
    def test_a_text_in_latin_or_cyrillic_letters_folds_as_any_text_does(self, text):
        assert [*folded_words(text), "\u4e00"] == folded_words(f"{text} \u4e00")

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("«Ёлка» — 2018!", "елка 2018"),
            ("Don’t", "don't"),
            ("O‘zbekiston", "Oʻzbekiston"),
            ("CAFÉ Malmö", "cafe\u0301 malmo"),
            ("ﬁ Ⅳ", "FI IV"),
            ("сло\u00adво", "слово"),
            ("STRASSE", "straße"),
        ],
    )
    def test_spellings_of_the_same_words_fold_alike(self, one, other):
        assert folded_words(one) == folded_words(other)

    @pytest.mark.parametrize(
        ("one", "other"),
        [("май", "маи"), ("ўн", "ун"), ("қар", "кар"), ("2017", "2018"), ("कि", "कु"), ("part 1", "part 2")],
    )
    def test_different_words_stay_different(self, one, other):
        assert folded_words(one) != folded_words(other)

    def test_each_ideograph_is_a_word(self):
        assert folded_words("中亚2018年") == ["中", "亚", "2018", "年"]

    @pytest.mark.parametrize(
        "text", ["\u0327\u0301" * 200_000, "a\u0301" * 200_000, "—" * 400_000, "a" * 400_000, "'" * 400_000]
    )
    def test_hostile_text_takes_linear_time(self, text):
        begun = perf_counter()
        folded_words(text)
        body_words(text)
        particulars(text)
        assert perf_counter() - begun < 2


class TestBody:
    @pytest.mark.parametrize("mark", [" […]", "...", " [...]", "…", " Читать далее", " Continue reading →"])
    def test_the_mark_of_a_cut_and_the_word_before_it_are_no_text(self, mark):
        assert body_words(f"one two three tor{mark}") == ["one", "two", "three"]

    def test_a_whole_text_keeps_its_last_word(self):
        assert body_words("One two three.") == ["one", "two", "three"]

    def test_footnote_marks_are_no_numbers_of_the_text(self):
        assert body_words("Central Asia.[1] In 2018") == ["central", "asia", "in", "2018"]


class TestContainment:
    def test_an_excerpt_is_wholly_contained_in_its_text(self, words):
        whole = words(300)
        assert containment(body_words(whole[:400] + " […]"), body_words(whole)) == 1.0

    def test_unrelated_texts_share_nothing(self, words):
        assert containment(words(100, "a").split(), words(100, "b").split()) == 0.0

    def test_a_few_words_are_contained_only_as_a_beginning(self):
        assert containment(["thank", "you"], ["thank", "you", "all"]) == 1.0
        assert containment(["thank", "you"], ["we", "thank", "you"]) == 0.0

    def test_no_text_is_contained_in_nothing(self):
        assert containment([], ["a"]) == containment([], []) == 0.0

    @given(st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30))
    def test_it_is_a_share_and_symmetric_for_texts_of_one_length(self, one, other):
        assert 0.0 <= containment(one, other) <= 1.0
        assert containment(one, one) == float(bool(one))


class TestParticulars:
    def test_names_and_numbers_tell_one_advert_from_the_next(self):
        assert particulars("we seek a cook in Osh for 3 months") == {"osh", "3"}


class TestSketch:
    def test_an_excerpt_and_its_whole_text_share_a_number(self, words):
        whole = words(500)
        assert set(sketch(folded_words(whole[:330] + "..."))) & set(sketch(folded_words(whole)))

    def test_a_copy_with_another_opening_shares_a_number(self, words):
        assert set(sketch(words(300).split())) & set(sketch(words(60, "q").split() + words(300).split()))

    def test_short_texts_have_none(self, words):
        assert sketch(words(11).split()) == ()

    def test_the_numbers_are_few_signed_and_the_same_in_every_process(self):
        numbers = sketch(folded_words("The quick brown fox jumps over the lazy dog, and then it sleeps."))
        assert numbers[0] == -8932881231052988026
        assert 4 <= len(numbers) <= 8
        assert all(-(2**63) <= number < 2**63 for number in numbers)

    @given(st.lists(st.sampled_from(["a", "ab", "ö", "жук", "\ud800", "x"]), min_size=12, max_size=90))
    def test_the_numbers_are_those_of_the_plain_formula(self, words):
        wrap = 2**64 - 1
        hashes = [crc32(word.encode("utf-8", "replace")) for word in words]
        numbers = []
        for at in range(len(hashes) - 3):
            number = 0
            for one in hashes[at : at + 4]:
                number = (number * 0x9E3779B97F4A7C15 + one) & wrap
            number = ((number ^ number >> 30) * 0xBF58476D1CE4E5B9) & wrap
            number = ((number ^ number >> 27) * 0x94D049BB133111EB) & wrap
            number ^= number >> 31
            numbers.append(number - 2**64 if number >= 2**63 else number)
        least = {*sorted(set(numbers))[:4], *sorted(set(numbers[:37]))[:4]}
        assert sketch(words) == tuple(sorted(least))
