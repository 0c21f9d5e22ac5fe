"""The model's copy says what the model says, and is done without where it cannot be had."""

import pytest

from archiver.clean.language_model import LanguageModel

LANGUAGES = frozenset({"en", "sv", "ru"})
TEXTS = ("A few words of plain English.", "Några ord på vanlig svenska.", "Несколько простых слов.")


def verdicts() -> list[dict[str, float]]:
    model = LanguageModel(LANGUAGES)
    return [model.probabilities(text) for text in TEXTS]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "archiver"


def test_a_copy_is_kept_that_says_the_same_and_a_damaged_one_is_replaced(cache):
    first = verdicts()
    (copy,) = cache.iterdir()
    whole = copy.read_bytes()
    assert verdicts() == first
    copy.write_bytes(whole[:-9] + b"\0" + whole[-8:])
    assert verdicts() == first
    assert copy.read_bytes() == whole
    assert [max(found, key=found.get) for found in first] == ["en", "sv", "ru"]


def test_what_a_copy_holds_is_used_where_it_lies(cache):
    made, kept = LanguageModel(LANGUAGES), LanguageModel(LANGUAGES)
    for name in ("_rows", "_features", "_priors"):
        assert getattr(kept, name).flags.aligned
        assert getattr(kept, name).base is not None
        assert (getattr(kept, name) == getattr(made, name)).all()


def test_where_no_copy_can_be_kept_there_is_none(cache):
    cache.parent.write_text("a file where a folder should be")
    assert len(verdicts()) == len(TEXTS)
