"""Search: whatever is typed is looked for, and never an error."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.store import Query
from archiver.store.search import MAX_TERMS, match_expression


@pytest.fixture
def library(archive, entry):
    """Three posts of two feeds."""
    asia = archive.follow("https://asia.example/", name="Asia", tags=("asia", "aid"))
    north = archive.follow("https://north.example/", tags=("north",))
    archive.add(asia, entry("a", text="Snow fell in Bishkek. Schools stayed shut.", published_at=None))
    archive.add(asia, entry("b", text="Schools in Osh. Snow is rare there.", title="Бишкек и Ош"))
    archive.add(north, entry("c", text="Snö föll i Göteborg, skolor stängda.", language="sv"))
    return archive


@pytest.fixture
def hits(library):
    def search(words: str, **filters: object) -> list[int]:
        with library.reader() as reader:
            return [hit["id"] for hit in reader.search(Query(words=words, **filters))]

    return search


def test_all_the_words_must_be_there(hits):
    assert sorted(hits("snow")) == [1, 2]
    assert hits("snow bishkek") == [1]
    assert hits("snow göteborg") == []


def test_case_and_accents_do_not_count(hits):
    assert hits("GOTEBORG") == hits("göteborg") == [3]
    assert hits("БИШКЕК") == [2]


def test_words_in_quotes_stand_side_by_side(hits):
    assert hits('"schools stayed"') == [1]
    assert hits('"snow schools"') == []
    assert hits('rare "schools in osh"') == [2]


def test_a_title_counts_more_than_a_text(library, entry, hits):
    library.add(1, entry("d", title="Snow", text="Nothing of it here, in this text."))
    assert hits("snow")[0] == 4


@pytest.mark.parametrize(
    "typed",
    ["", " ", '"', '""', "*", "snow*(", "NEAR(", "a AND", "NOT", "title:snow", "-snow", "^", "'", ";--", "_"],
)
def test_signs_are_no_syntax(hits, typed):
    assert isinstance(hits(typed), list)


@pytest.mark.parametrize("operator", ["AND", "OR", "NOT", "NEAR"])
def test_operators_are_words(hits, operator):
    assert hits(f"snow {operator} bishkek") == []


_typed = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from('"*()^:-+_ \0\ud800abснег'), max_size=40
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_typed)
def test_nothing_that_can_be_typed_is_an_error(library, typed):
    with library.reader() as reader:
        reader.search(Query(words=typed, tag=typed, language=typed, since=typed, until=typed))


def test_a_word_is_enough_whatever_stands_beside_it(hits):
    assert hits("bishkek !! -- ()") == [1]


def test_a_long_question_is_cut(hits):
    assert match_expression(" ".join(str(n) for n in range(99))).count('"') == 2 * MAX_TERMS
    assert hits(" ".join(["snow"] * 10_000)) != []


def test_filters(hits):
    assert hits("snow", feed_id=2) == []
    assert hits("göteborg", feed_id=2) == [3]
    assert sorted(hits("snow", tag="asia")) == [1, 2]
    assert hits("snow", tag="north") == []
    assert hits("göteborg", language="sv") == [3]
    assert hits("göteborg", language="en") == []
    assert len(hits("snow", limit=1)) == 1


def test_a_language_has_its_regions(library, entry, hits):
    library.add(1, entry("d", text="fjord", language="nb-NO"))
    assert (
        hits("fjord", language="nb") == hits("fjord", language="nb-NO") == hits("fjord", language="NB") == [4]
    )
    assert hits("fjord", language="n") == hits("fjord", language="%") == []


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2024", None, [1, 2]),  # the first was published nobody knows when, and first seen in 2026
        ("2024-05-01", "2024-05-01", [2]),
        ("2024-05", "2024-05", [2]),
        ("2024", "2024", [2]),
        ("2024-05-02", None, [1]),
        (None, "2024-04", []),
        (None, "2026-03-01", [1, 2]),
        (None, "2026-02", [2]),
        ("2024-05-01T00:00:00Z", "2024-05-01T00:00:00Z", [2]),
        ("2024-05-01T00:00:01Z", "2024-05-01T23:59:59Z", []),
    ],
)
def test_dates_are_those_of_publication_or_else_of_our_first_sight(hits, since, until, found):
    assert sorted(hits("snow", since=since, until=until)) == found


def test_a_hit_is_a_post_with_its_feeds_and_a_snippet(library, entry):
    library.add(2, entry("d", text="Snow fell in Bishkek."), post_id=1)
    with library.reader() as reader:
        [hit] = reader.search(Query(words="bishkek", tag="asia", language="en"))
    assert hit["feeds"] == ["Asia", "https://north.example/"]
    assert hit["snippet"] == "Snow fell in **Bishkek**. Schools stayed shut."
    assert (hit["id"], hit["title"], hit["entry_count"]) == (1, "Story a", 2)


def test_a_post_of_many_entries_is_one_hit(library, entry, hits):
    for number in range(5):
        library.add(2, entry(f"copy{number}", text="Snow fell in Bishkek."), post_id=1)
    assert hits("bishkek") == [1]
