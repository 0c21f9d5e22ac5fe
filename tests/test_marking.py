"""Which entries may be known by their marks next time, and what has to do with them."""

from dataclasses import replace

import pytest

from archiver import marks
from archiver.changes import ChangeKind, EntryChange
from archiver.identify import recognise
from archiver.marking import is_entangled, marking
from archiver.marks import Standing
from archiver.model import Raw, SeenEntry


@pytest.fixture
def marked(document, known_from):
    """The places of those entries of a document that are marked, in the light of what is known."""

    def run(*names, known=(), changes=(), seen=()):
        entries = document(*names)
        raw = Raw(context="context", marks=tuple(f"mark{entry.data.position}" for entry in entries))
        found = recognise(entries, known).entries
        return [one.position for one in marking(raw, found, known, changes, seen).entries]

    return run


def test_entries_that_stand_for_themselves_are_marked_in_their_order(marked, document, known_from):
    assert marked("a", "b", "c") == [0, 1, 2]
    assert marked("a", "b", "c", known=known_from(document("b"))) == [0, 1, 2]
    assert marked({"guid": None}, {"guid": None, "url": None}) == [0, 1]


def test_of_entries_with_one_id_none_is_marked(marked):
    assert marked({"name": "a", "guid": "same"}, {"name": "b", "guid": "same"}, "c") == [2]


def test_entries_with_one_link_are_marked_only_if_they_have_ids_and_titles(marked):
    url = "https://example.org/all"
    assert marked({"name": "a", "url": url}, {"name": "b", "url": url}) == [0, 1]
    assert marked({"name": "a", "url": url}, {"name": "b", "url": url, "title": None}) == []
    assert marked({"name": "a", "url": url, "guid": None}, {"name": "b", "url": url, "guid": None}) == []


def test_an_entry_that_is_known_by_an_alias_is_not_marked(marked, document, known_from):
    (known,) = known_from(document("a"))
    other = replace(known, key="guid:other", aliases=(known.key,))
    assert marked("a", "b", known=(other,)) == [1]


def test_an_entry_whose_id_an_older_one_has_is_not_marked(marked, document, known_from):
    (known,) = known_from(document({"name": "x", "guid": None}))
    other = replace(known, guid="tag:example.org,2026:a", present=False)
    assert 0 not in marked("a", "b", known=(other,))


def test_churn_is_not_marked(marked, document, known_from):
    known = known_from(document("a", "b"))
    churn = EntryChange(kind=ChangeKind.SEEN, known_id=known[0].id, churn="numbers")
    assert marked("a", "b", known=known, changes=[churn]) == [1]


def test_entries_with_the_same_markup_are_not_marked(document):
    entries = document("a", "b", "c")
    found = recognise(entries, ()).entries
    told = marking(Raw(context="c", marks=("x", "x", "y")), found, (), (), ())
    assert [one.mark for one in told.entries] == ["y"]


def test_those_that_were_seen_stay_marked_at_their_new_places(marked):
    seen = SeenEntry(id=7, mark="m", position=0, now_at=5, published_at=None, updated_at=None)
    assert marked("a", seen=[seen]) == [0, 5]


def test_nothing_is_marked_where_the_document_cannot_be_cut(document):
    found = recognise(document("a"), ()).entries
    assert marking(None, found, (), (), ()).entries == ()


@pytest.mark.parametrize(
    ("new", "entangled"),
    [
        ({"name": "b"}, False),
        ({"name": "b", "title": "Story a"}, False),
        ({"name": "b", "url": "https://example.org/a"}, False),
        ({"name": "b", "url": "https://example.org/a", "title": "Story a"}, True),
        ({"name": "b", "url": "https://example.org/a", "guid": None}, True),
        ({"name": "b", "guid": "tag:example.org,2026:a"}, True),
        ({"name": "b", "guid": None, "url": None, "title": "Story a"}, True),
    ],
)
def test_what_is_new_is_entangled_by_id_key_and_link_and_not_by_a_title_alone(
    document, known_from, new, entangled
):
    known = known_from(document("a"))
    assert is_entangled(document(new), known, {known[0].id}, limit=16) is entangled
    assert is_entangled(document(new), known, set(), limit=16) is False


def test_what_is_new_under_an_alias_is_entangled(document, known_from):
    new = document("b")
    known = known_from(document("a"), aliases=(new[0].identity.key,))
    assert is_entangled(new, known, {known[0].id}, limit=16)


def test_a_title_that_more_have_than_were_looked_at_is_entangled(document, known_from):
    new = document({"name": "b", "guid": None, "url": None, "title": "Story a"})
    known = known_from(document(*({"name": str(n), "title": "Story a"} for n in range(16))))
    assert is_entangled(new, known, set(), limit=16)


def test_marks_are_read_as_they_were_written(noon):
    standing = Standing(id=7, position=3, published_at=noon, updated_at=None)
    text = marks.written("context", [("mark", standing)])
    assert marks.read(text).entries == {"mark": standing}
    assert marks.known(text) == ("context", frozenset({"mark"}))
