"""Single entries under other keys: links that are ids and were corrected, notes that were edited."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archiver.identify import recognise

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOON = MONDAY + timedelta(hours=12, minutes=4)


def story(number, **changes):
    """A plain entry: own guid, link, title, date and text; `changes` replace or (None) remove fields."""
    fields = {
        "guid": f"https://x.kz/?p={number}",
        "url": f"https://x.kz/{number}",
        "title": f"Story number {number}",
        "published_at": MONDAY - timedelta(days=number),
        "text": " ".join(f"word{number}x{place}" for place in range(30)),
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def ids(recognition):
    return [found.known.id if found.known else None for found in recognition.entries]


def aliases(recognition):
    return [found.alias for found in recognition.entries]


def kinds(recognition):
    return [event.kind for event in recognition.events]


def linked(number, slug=None, **changes):
    """A story whose link is its id as well."""
    link = f"https://x.kz/{slug or number}"
    return story(number, guid=link, url=link, **changes)


def placed(archive):
    """The same, each with the place it had in the last document."""
    return tuple(replace(entry, position=place) for place, entry in enumerate(archive))


class TestCorrectedLinks:
    def test_one_link_that_is_the_id_is_corrected_and_nothing_else(self, document, known):
        archive = placed(known(*document(linked(1), linked(2), linked(3))))
        found = recognise(document(linked(1), linked(2, "two"), linked(3)), archive)
        assert (ids(found), aliases(found), kinds(found)) == (
            [1, 2, 3],
            [None, "reminted", None],
            ["reminted"],
        )
        assert not found.reminted
        assert "1 of 3" in found.events[0].detail

    def test_on_another_host_it_has_moved(self, document, known):
        moved = story(2, guid="https://y.kz/2", url="https://y.kz/2")
        found = recognise(document(linked(1), moved, linked(3)), known(*document(*map(linked, (1, 2, 3)))))
        assert (ids(found), aliases(found)) == ([1, 2, 3], [None, "moved", None])

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "Another"},
            {"text": "word2x0 and other words"},
            {"published_at": NOON},
            {"guid": "tag:2"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_with_anything_else_changed_it_is_new(self, document, known, change):
        archive = known(*document(linked(1), linked(2), linked(3)))
        new = linked(2, "two") | change
        assert ids(recognise(document(linked(1), new, linked(3)), archive)) == [1, None, 3]

    def test_while_the_old_one_stands_it_is_new(self, document, known):
        archive = known(*document(linked(1), linked(2)))
        found = recognise(document(linked(1), linked(2), linked(2, "two")), archive)
        assert ids(found) == [1, 2, None]

    def test_without_a_title_it_is_new(self, document, known):
        archive = known(*document(linked(1), linked(2, title=None)))
        assert ids(recognise(document(linked(1), linked(2, "two", title=None)), archive)) == [1, None]

    @pytest.mark.parametrize(("date", "known_as"), [(NOON, 2), (MONDAY, None), (None, None)])
    def test_a_short_text_needs_a_time_of_day(self, document, known, date, known_as):
        short = {"text": "No more seats", "published_at": date}
        archive = placed(known(*document(linked(1), linked(2, **short))))
        assert ids(recognise(document(linked(1), linked(2, "two", **short)), archive)) == [1, known_as]

    @pytest.mark.parametrize("date", [None, MONDAY], ids=["no dates", "one date for all"])
    def test_without_a_date_of_its_own_it_must_stand_where_the_old_one_stood(self, document, known, date):
        def of(*entries):
            return document(*(linked(*one, published_at=date) for one in entries))

        archive = placed(known(*of((1,), (2,), (3,))))
        assert ids(recognise(of((1,), (2, "two"), (3,)), archive)) == [1, 2, 3]
        assert ids(recognise(of((9,), (1,), (2, "two"), (3,)), archive)) == [None, 1, 2, 3]
        assert ids(recognise(of((2, "two"), (1,), (3,)), archive)) == [None, 1, 3]

    def test_a_repost_whose_original_rolled_off_is_new(self, document, known):
        undated = [linked(number, published_at=None) for number in (1, 2, 3)]
        archive = placed(known(*document(*undated)))
        again = linked(3, "again", published_at=None)
        assert ids(recognise(document(again, *undated[:2]), archive)) == [None, 1, 2]

    def test_entries_that_read_alike_are_not_taken_for_each_other(self, document, known):
        alike = {"title": "Closed today", "text": story(1)["text"], "published_at": MONDAY}
        archive = placed(known(*document(linked(1, **alike), linked(2, **alike), linked(3))))
        found = recognise(document(linked(1, **alike), linked(2, "two", **alike), linked(3)), archive)
        assert ids(found) == [1, None, 3]

    def test_the_next_of_a_weekly_column_is_new(self, document, known):
        column = {"title": "Weekly links", "text": story(1)["text"]}
        archive = placed(known(*document(linked(1), linked(2, **column), linked(3))))
        later = linked(4, **column, published_at=NOON)
        assert ids(recognise(document(later, linked(1), linked(3)), archive)) == [None, 1, 3]


def note(text, date=NOON):
    """An entry that has neither id, link nor title."""
    return {"text": text, "published_at": date}


NOTE = "The bridge over the river is closed to lorries until Friday because of works on its northern bank"
EDIT = "The bridge over the river is closed to lorries until Sunday because of works on its northern bank"


class TestRetellingByDate:
    def test_an_edited_note_is_known_by_its_date_and_what_is_left_of_its_text(self, document, known):
        archive = known(*document(note(NOTE), note("Snow", MONDAY)))
        found = recognise(document(note(EDIT), note("Snow", MONDAY)), archive)
        assert (ids(found), aliases(found)) == ([1, 2], ["retold", None])

    def test_so_is_a_short_one(self, document, known):
        found = recognise(
            document(note("Bridge is closed today")), known(*document(note("Bridge closed today")))
        )
        assert ids(found) == [1]

    def test_with_other_words_it_is_new(self, document, known):
        archive = known(*document(note(NOTE)))
        assert ids(recognise(document(note("Snow has come early to the mountains this year")), archive)) == [
            None
        ]

    def test_a_day_without_a_time_asks_for_more_of_the_text(self, document, known):
        archive = known(*document(note(NOTE, MONDAY)))
        assert ids(recognise(document(note(f"{NOTE} and piers", MONDAY)), archive)) == [1]
        half = " ".join([*NOTE.split()[:10], "and nobody knows for how long this is going to last"])
        assert ids(recognise(document(note(half, MONDAY)), archive)) == [None]

    def test_another_date_or_none_is_another_note(self, document, known):
        for date in (NOON + timedelta(minutes=1), None):
            archive = known(*document(note(NOTE, date)))
            assert ids(recognise(document(note(EDIT, NOON if date else None)), archive)) == [None]

    def test_where_others_have_its_date_it_must_stand_where_it_stood(self, document, known):
        snow, rain = note("Snow in the hills"), note("Rain in the plain")
        archive = placed(known(*document(snow, note(NOTE), rain)))
        longer = note(f"{NOTE} and piers")
        assert ids(recognise(document(snow, longer, rain), archive)) == [1, 2, 3]
        assert ids(recognise(document(longer, snow, rain), archive)) == [None, 1, 3]

    def test_while_the_old_note_stands_it_is_new(self, document, known):
        archive = known(*document(note(NOTE)))
        assert ids(recognise(document(note(EDIT), note(NOTE)), archive)) == [None, 1]

    def test_of_two_edited_notes_of_one_date_neither_is_known(self, document, known):
        archive = known(*document(note(NOTE), note("Snow in the hills above the town since noon")))
        edited = document(note(EDIT), note("Snow in the hills above the town since nine"))
        assert ids(recognise(edited, archive)) == [None, None]
