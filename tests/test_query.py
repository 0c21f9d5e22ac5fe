"""What a person types, understood; whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.query import NOTHING, All, Either, Filter, Not, Query, Term, parse, span, walk, whether

_texts = st.text(max_size=60) | st.text(
    st.sampled_from('"()|-:* ORtitle feed:lang:after:2024 changed:yes\0\ud800'), max_size=60
)


@pytest.mark.parametrize(
    ("typed", "tree"),
    [
        ("", All()),
        ("snow", Term("snow")),
        ("snow ice", All((Term("snow"), Term("ice")))),
        ('"snow ice"', Term("snow ice")),
        ("snow OR ice", Either((Term("snow"), Term("ice")))),
        ("snow | ice", Either((Term("snow"), Term("ice")))),
        ("a b OR c", All((Term("a"), Either((Term("b"), Term("c")))))),
        ("(a b) OR c", Either((All((Term("a"), Term("b"))), Term("c")))),
        ("a OR b OR c d", All((Either((Term("a"), Term("b"), Term("c"))), Term("d")))),
        ("a (b OR c)", All((Term("a"), Either((Term("b"), Term("c")))))),
        ("-snow", Not(Term("snow"))),
        ("-(a b)", Not(All((Term("a"), Term("b"))))),
        ("-(-a)", Term("a")),
        ("snow*", Term("snow", None, True)),
        ("title:snow*", Term("snow", "title", True)),
        ('AUTHOR:"A B"', Term("A B", "author")),
        ("feed:12", Filter("feed", "12")),
        ('-tag:"human rights"', Not(Filter("tag", "human rights"))),
        ("after:2024-05 before:2024", All((Filter("after", "2024-05"), Filter("before", "2024")))),
        ("changed:2024..2025", Filter("changed", "2024..2025")),
        ("((a)", Term("a")),
        ("a)", Term("a")),
        ("a ()", Term("a")),
        ("a OR", All((Term("a"), Term("OR")))),
        ("or", Term("or")),
        ("a AND b", All((Term("a"), Term("AND"), Term("b")))),
        ('title:"a b', All((Term("a", "title"), Term("b")))),
        ('-"a b', All((Not(Term("a")), Term("b")))),
        ('a "b', All((Term("a"), Term("b")))),
        ("title:", Term("title:")),
        ("10:30", Term("10:30")),
        ("https://example.org/a", All((Term("https"), Term("//example.org/a")))),
        ('" ( -', NOTHING),
    ],
)
def test_it_is_taken_as_it_looks(typed, tree):
    assert parse(typed).tree == tree


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("after:yesterday", "no date"),
        ("source:bbc", "no field source:"),
        ("changed:maybe", "neither yes nor no"),
        ("feed:\"\"", "says nothing"),
        ("...", "no word"),
        ("title: snow", "nothing right behind it"),
        ("a AND b", "looked for as a word"),
        ("a NOT b", "-word leaves out"),
        ("a b c d e f g h i j k l m n o p q", "first 16 words"),
        ("x" * 5_000, "first 4,000 characters"),
    ],
)  # fmt: skip
def test_what_was_not_taken_as_meant_is_said(typed, said):
    assert said in " ".join(parse(typed).notes)


@given(_texts)
def test_any_text_can_be_read(typed):
    parse(typed)


@given(_texts)
def test_what_is_written_reads_the_same(typed):
    query = parse(typed)
    assert parse(str(query)).tree == query.tree


@given(_texts)
def test_no_question_is_too_deep_or_too_long(typed):
    nodes = list(walk(parse(typed * 50).tree))
    assert sum(isinstance(node, Term) for node in nodes) <= 16
    assert sum(isinstance(node, Filter) for node in nodes) <= 16


@pytest.mark.parametrize(
    "typed", ["(" * 10**5, "-(" * 10**5 + "a", '"' * 10**5, "title:" * 10**5, "é" * 10**7]
)
def test_what_means_harm_is_read_as_well(typed):
    parse(typed)


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2024", ("2024-01-01T00:00:00Z", "2024-12-31T23:59:59Z")),
        ("2024-02", ("2024-02-01T00:00:00Z", "2024-02-29T23:59:59Z")),
        ("2023-02", ("2023-02-01T00:00:00Z", "2023-02-28T23:59:59Z")),
        ("2024-05-03", ("2024-05-03T00:00:00Z", "2024-05-03T23:59:59Z")),
        ("2024-05-03T10", ("2024-05-03T10:00:00Z", "2024-05-03T10:59:59Z")),
        ("2024-05-03T10:30Z", ("2024-05-03T10:30:00Z", "2024-05-03T10:30:59Z")),
        ("2023-02-29", None),
        ("0000", None),
        ("24", None),
    ],
)
def test_a_date_is_a_span_of_seconds(day, found):
    assert span(day) == found


def test_yes_no_and_when():
    assert (whether("Yes"), whether("no"), whether("2024-13"), whether("..")) == (True, False, None, None)
    assert whether("2024..") == ("2024-01-01T00:00:00Z", "9")
    assert whether("..2024") == ("", "2024-12-31T23:59:59Z")


def test_conditions_are_added_and_a_wrong_day_is_an_error():
    narrowed = Query(words="snow").narrowed(feed=3, since="2024")
    assert narrowed.tree == All((Term("snow"), Filter("feed", "3"), Filter("after", "2024")))
    assert Query(words="snow", as_of="2024-02").seen_by == "2024-02-29T23:59:59Z"
    with pytest.raises(ValueError, match="not a date"):
        Query(as_of="soon")
