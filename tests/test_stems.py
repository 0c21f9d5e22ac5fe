"""Words are folded and stemmed the same, whatever is remembered of them."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archiver import stems

LANGUAGES = (None, "en", "ru", "sv", "uz", "kk", "de", "zh", "hi", "tlh")
SEEDS = Path(__file__).parents[1] / "data" / "fixtures"
SIGNS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from(" \t\n_-.’‘ʻʼ'´`′“”…«»\u00a0\u00ad\u0301eéöøßŋœğışЁёйїңғқ漢字かなไทยहिंदीकि"),
)
TEXTS = st.text(SIGNS, max_size=80)


@given(TEXTS, st.sampled_from(LANGUAGES))
def test_what_is_remembered_is_what_would_be_worked_out_anew(text, language):
    words = stems.words_of(text, uzbek=stems.is_uzbek(language))
    anew = stems._stems_anew(words, stems.primary(language))
    assert stems.stems_of(text, language) == [anew[word] for word in words]


@given(TEXTS)
@example("Ꭰ")  # Cherokee, of which the large letters are the folded ones
def test_the_quick_ways_find_the_words_that_the_general_one_finds(text):
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    folded = stems._NOTHING.sub("", folded).translate(str.maketrans({"ё": "е", "ѐ": "е", "ѝ": "и"}))
    folded = folded.translate(str.maketrans(dict.fromkeys(stems._APOSTROPHES, "'")))
    found = (
        "".join(stems.WORD.findall(folded))
        if not text.isascii()
        else "".join(re.findall("[^\\W_]+", text.lower()))
    )
    paired = stems._IS_PAIRED.search(folded)
    if not paired and len(max(stems.WORD.findall(folded), key=len, default="")) <= stems.LONGEST:
        assert "".join(stems.words_of(text)) == found


@given(TEXTS)
def test_plain_words_are_those_that_differ_without_their_accents(text):
    words = stems.words_of(text)
    bare = {stems.plain(word) for word in words if stems.plain(word) != word}
    assert stems.plain_of(words) == sorted(bare - {"", *words})


def test_no_more_words_are_kept_than_allowed(monkeypatch):
    monkeypatch.setattr(stems, "MOST_KEPT", 100)
    forms = stems._Forms(lambda words: {word: word.upper() for word in words})
    for round_number in range(20):
        words = [f"w{round_number}x{number}" for number in range(30)]
        assert forms.of(words) == [word.upper() for word in words]
        assert len(forms._kept) <= 100
    many = [f"m{number}" for number in range(500)]
    assert forms.of(many) == [word.upper() for word in many]
    assert len(forms._kept) <= 100


@pytest.mark.parametrize("language", ["tlh", "sw", "zh", "x" * 50])
def test_languages_without_a_stemmer_share_what_is_kept(language):
    stems.stems_of("a word", "und")
    before = stems._stems_in.cache_info().currsize
    assert stems.stems_of("Running бегущие", language) == ["running", *stems.stems_of("бегущие", "ru")]
    assert stems._stems_in.cache_info().currsize <= before + 1  # Russian's, at most


def test_a_word_counts_by_its_first_characters_only():
    assert stems.stems_of("é" + "x" * 999, "tlh") == ["é" + "x" * (stems.LONGEST - 1)]


@pytest.mark.parametrize("language", sorted(stems.KEEP_BEGINNINGS))
def test_where_beginnings_are_kept_a_stem_begins_like_its_word(language):
    texts = [seed.read_text("utf-8", "replace") for seed in SEEDS.iterdir()]
    words = sorted({word for text in texts for word in stems.words_of(text)})
    assert len(words) > 500
    found = zip(words, stems.stemmed(words, language), strict=True)
    assert [pair for pair in found if stems.plain(pair[0][0]) != stems.plain(pair[1][0])] == []
