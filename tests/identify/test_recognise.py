"""Which entries of a document the archive knows, though ids, addresses and texts change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.identify import recognise

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


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


class TestByKey:
    def test_what_is_known_is_recognised_wherever_it_stands(self, document, known):
        archive = known(*document(story(1), story(2)))
        found = recognise(document(story(3), story(2, title="Edited"), story(1)), archive)
        assert (ids(found), aliases(found), kinds(found)) == ([None, 2, 1], [None] * 3, [])

    def test_an_alias_is_as_good_as_the_key_and_not_remembered_twice(self, document, known):
        renamed = document(story(1, guid="new"))
        archive = known(*document(story(1)), aliases=(renamed[0].identity.key,))
        found = recognise(renamed, archive)
        assert (ids(found), aliases(found)) == ([1], [None])

    def test_an_entrys_own_key_goes_before_the_alias_of_another(self, document, known):
        both = document(story(1, guid="new"), story(1))
        archive = known(both[1], aliases=(both[0].identity.key,))
        found = recognise(both, archive)
        assert ids(found) == [None, 1]
        assert [entry.duplicate for entry in found.entries] == [True, False]

    def test_the_same_entry_twice_in_a_document_counts_once(self, document):
        found = recognise(document(story(1), story(1), story(2)), ())
        assert [entry.duplicate for entry in found.entries] == [False, True, False]


class TestSharedIds:
    @pytest.mark.parametrize("same", list(product([True, False], repeat=3)))
    def test_a_guid_is_another_posts_only_where_link_title_and_date_all_differ(self, document, known, same):
        first = story(1, guid="g", text="a b c d")
        changed = story(2, guid="g", text="e f g h")
        now = changed | {
            name: first[name]
            for name, kept in zip(("url", "title", "published_at"), same, strict=True)
            if kept
        }
        found = recognise(document(now), known(*document(first)))
        assert ids(found) == ([1] if any(same) else [None])
        assert kinds(found) == ([] if any(same) else ["shared_guid"])

    @pytest.mark.parametrize("field", ["url", "title", "published_at"])
    def test_an_absent_field_proves_nothing(self, document, known, field):
        found = recognise(document(story(2, guid="g", **{field: None})), known(*document(story(1, guid="g"))))
        assert ids(found) == [1]

    def test_a_rewritten_entry_that_keeps_its_text_keeps_its_guid(self, document, known):
        text = story(1)["text"]
        found = recognise(document(story(2, guid="g", text=text)), known(*document(story(1, guid="g"))))
        assert ids(found) == [1]

    def test_a_feed_that_numbers_its_entries_by_place_loses_none(self, document, known):
        """Guids 1, 2, 3 from the top; each document pushes the older entries one guid down."""
        archive = known(*document(*(story(n, guid=str(place)) for place, n in enumerate((7, 6, 5), 1))))
        now = document(*(story(n, guid=str(place)) for place, n in enumerate((8, 7, 6), 1)))
        found = recognise(now, archive)
        assert ids(found) == [None, 1, 2]
        assert found.entries[0].entry.identity.rung == "url"
        assert kinds(found) == ["shared_guid"]

    def test_one_guid_for_all_is_no_guid_in_later_documents_either(self, document, known):
        archive = known(*document(story(1, guid="feed"), story(2, guid="feed")))
        found = recognise(document(story(3, guid="feed")), archive)
        assert ids(found) == [None]
        assert found.entries[0].entry.identity.rung == "url"

    def test_an_entry_whose_guid_is_doubled_for_once_is_known_by_its_url(self, document, known):
        archive = known(*document(story(1, guid="g"), story(2)))
        found = recognise(document(story(1, guid="g"), story(3, guid="g"), story(2)), archive)
        assert ids(found) == [1, None, 2]

    def test_the_first_holder_of_a_guid_that_is_shared_by_now_keeps_it(self, document, known):
        first = known(*document(story(1, guid="g")))
        second = known(*document(story(2, guid="g"), story(3, guid="g")))
        archive = first + tuple(replace(entry, id=entry.id + 1) for entry in second)
        assert ids(recognise(document(story(1, guid="g", text="Edited")), archive)) == [1]
        assert ids(recognise(document(story(3, guid="g")), archive)) == [3]


class TestOtherRungs:
    def test_a_feed_that_begins_to_give_ids_keeps_its_entries(self, document, known):
        archive = known(*document(story(1, guid=None), story(2, guid=None, url=None)))
        found = recognise(document(story(1), story(2, url="https://x.kz/new")), archive)
        assert (ids(found), aliases(found)) == ([1, 2], ["reminted", "reminted"])

    def test_a_feed_that_stops_giving_ids_keeps_its_entries(self, document, known):
        archive = known(*document(story(1), story(2)))
        found = recognise(document(story(1, guid=None), story(2, guid=None, url=None)), archive)
        assert (ids(found), aliases(found)) == ([1, 2], ["reminted", "reminted"])

    def test_an_url_that_two_entries_of_the_document_share_recognises_neither(self, document, known):
        archive = known(*document(story(1, guid=None)))
        both = document(story(2, url="https://x.kz/1"), story(3, url="https://x.kz/1"))
        assert ids(recognise(both, archive)) == [None, None]

    def test_fractions_of_a_second_that_the_archive_does_not_keep_are_no_difference(self, document, known):
        precise = MONDAY + timedelta(microseconds=123456)
        archive = known(*document(story(1, published_at=precise)))
        found = recognise(document(story(1, guid=None, url=None, published_at=precise)), archive)
        assert ids(found) == [1]


class TestReminting:
    def test_guids_that_went_to_https_at_once_are_aliases_and_nothing_is_revised(self, document, known):
        old = [story(n, guid=f"http://x.kz/{n}", url=f"http://x.kz/{n}") for n in range(20)]
        new = [story(n, guid=f"https://x.kz/{n}", url=f"https://x.kz/{n}") for n in range(20)]
        archive = known(*document(*old))
        found = recognise(document(*new), archive)
        assert ids(found) == list(range(1, 21))
        assert set(aliases(found)) == {"reminted"}
        assert kinds(found) == ["reminted"]
        assert "20 of 20" in found.events[0].detail
        assert all(
            entry.entry.identity.content_sha256 == was.content_sha256
            for entry, was in zip(found.entries, archive, strict=True)
        )

    def test_a_site_that_moved_to_another_host_keeps_its_entries(self, document, known):
        archive = known(*document(*(story(n) for n in range(5))))
        moved = [story(n, guid=f"n{n}", url=f"https://new.kz/{n}/{n}") for n in range(5)]
        found = recognise(document(*moved), archive)
        assert (ids(found), set(aliases(found))) == ([1, 2, 3, 4, 5], {"moved"})

    def test_new_permalinks_on_the_same_host_keep_the_entries(self, document, known):
        archive = known(*document(*(story(n) for n in range(5))))
        found = recognise(
            document(*(story(n, guid=f"n{n}", url=f"https://x.kz/n/{n}") for n in range(5))), archive
        )
        assert (ids(found), set(aliases(found))) == ([1, 2, 3, 4, 5], {"reminted"})

    def test_entries_without_guid_follow_their_site_to_another_host(self, document, known):
        archive = known(*document(*(story(n, guid=None) for n in range(3))))
        found = recognise(
            document(*(story(n, guid=None, url=f"https://y.kz/{n}") for n in range(3))), archive
        )
        assert (ids(found), set(aliases(found))) == ([1, 2, 3], {"moved"})

    def test_new_entries_may_come_along(self, document, known):
        archive = known(*document(*(story(n) for n in range(4))))
        new = document(story(9), *(story(n, guid=f"n{n}") for n in range(4)))
        assert ids(recognise(new, archive)) == [None, 1, 2, 3, 4]

    def test_less_than_half_is_no_reminting(self, document, known):
        archive = known(*document(story(1), story(2)))
        new = document(story(1, guid="a"), story(2, guid="b"), *(story(n) for n in range(10, 13)))
        found = recognise(new, archive)
        assert (ids(found), kinds(found)) == ([None] * 5, [])

    def test_one_entry_among_others_under_a_new_id_stays_new(self, document, known):
        archive = known(*document(story(1), story(2)))
        assert ids(recognise(document(story(1, guid="a"), story(2)), archive)) == [None, 2]

    def test_the_only_entry_of_a_document_may_be_reminted(self, document, known):
        found = recognise(document(story(1, guid="a")), known(*document(story(1))))
        assert (ids(found), aliases(found)) == ([1], ["reminted"])

    def test_entries_that_still_stand_are_not_reminted(self, document, known):
        archive = known(*document(story(1), story(2)))
        new = document(story(1), story(2), story(1, guid="a"), story(2, guid="b"))
        assert ids(recognise(new, archive)) == [1, 2, None, None]

    def test_entries_that_left_the_feed_long_ago_are_not_reminted(self, document, known):
        archive = known(*document(story(1), story(2)), present=False)
        assert ids(recognise(document(story(1, guid="a"), story(2, guid="b")), archive)) == [None, None]

    def test_tomorrows_bulletins_at_todays_addresses_are_new(self, document, known):
        def bulletins(day):
            return document(
                *(
                    story(n, guid=f"{day}-{n}", title="Weather", published_at=MONDAY + timedelta(days=day))
                    for n in range(5)
                )
            )

        assert ids(recognise(bulletins(1), known(*bulletins(0)))) == [None] * 5

    def test_an_undated_series_of_one_title_is_not_taken_for_one_entry(self, document, known):
        one = story(
            1,
            title="Weather in Osh",
            published_at=None,
            text="Clear all day, at night 3 to 5 degrees, wind 2 m/s",
        )
        two = story(
            2,
            title="Weather in Osh",
            published_at=None,
            text="Rain all day, at night 1 to 2 degrees, wind 9 m/s",
        )
        assert ids(recognise(document(two), known(*document(one)))) == [None]


class TestRetelling:
    def test_an_edited_entry_without_id_and_url_is_known_by_its_title(self, document, known):
        archive = known(
            *document({"title": "A walk in Osh", "text": "first words"}, {"title": "B", "text": "x"})
        )
        found = recognise(document({"title": "A walk in Osh", "text": "other words"}), archive)
        assert (ids(found), aliases(found)) == ([1], ["retold"])

    @pytest.mark.parametrize("doubled", ["document", "archive"])
    def test_a_title_that_two_entries_have_identifies_neither(self, document, known, doubled):
        one, two = {"title": "News", "text": "a"}, {"title": "News", "text": "b"}
        new, newer = {"title": "News", "text": "c"}, {"title": "News", "text": "d"}
        archive = known(*document(one, two) if doubled == "archive" else document(one))
        found = recognise(document(new) if doubled == "archive" else document(new, newer), archive)
        assert set(ids(found)) == {None}

    def test_another_date_is_another_entry(self, document, known):
        archive = known(*document({"title": "News", "text": "a", "published_at": MONDAY}))
        later = {"title": "News", "text": "b", "published_at": MONDAY + timedelta(days=1)}
        assert ids(recognise(document(later), archive)) == [None]

    def test_entries_without_a_title_are_not_retold(self, document, known):
        assert ids(recognise(document({"text": "b"}), known(*document({"text": "a"})))) == [None]

    def test_an_entry_that_is_no_longer_there_is_not_retold(self, document, known):
        archive = known(*document({"title": "News", "text": "a"}), present=False)
        assert ids(recognise(document({"title": "News", "text": "b"}), archive)) == [None]


some_entries = st.lists(
    st.builds(
        story,
        st.integers(1, 4),
        guid=st.sampled_from([None, "a", "b", "c", "d"]),
        url=st.sampled_from([None, "https://x.kz/", "https://x.kz/1", "https://x.kz/2", "https://y.kz/3"]),
        title=st.sampled_from([None, "One title", "Another title"]),
        published_at=st.sampled_from([None, MONDAY]),
    ),
    max_size=7,
)


@given(entries=some_entries)
def test_a_document_that_is_known_is_recognised_whole_without_an_alias(document, known, entries):
    prepared = document(*entries)
    found = recognise(prepared, known(*prepared))
    assert all(entry.duplicate or entry.known.key == entry.entry.identity.key for entry in found.entries)
    assert (set(aliases(found)) | {None}, found.events) == ({None}, ())


@given(old=some_entries, new=some_entries)
def test_nothing_is_matched_twice_nothing_gets_lost_and_the_answer_is_always_the_same(
    document, known, old, new
):
    archive, prepared = known(*document(*old)), document(*new)
    found = recognise(prepared, archive)
    matched = [entry.known.id for entry in found.entries if entry.known]
    assert len(matched) == len(set(matched))
    assert [entry.entry.data for entry in found.entries] == [entry.data for entry in prepared]
    fresh = [entry.entry.identity.key for entry in found.entries if not entry.known and not entry.duplicate]
    assert len(fresh) == len(set(fresh))
    assert not {entry.key for entry in archive} & set(fresh)
    assert all(entry.alias is None or entry.known for entry in found.entries)
    assert recognise(prepared, archive) == found


def test_thousands_of_entries_are_recognised_in_a_moment(document, known):
    archive = known(*document(*(story(n) for n in range(5000))))
    new = document(*(story(n, guid=f"n{n}") for n in range(5000)))
    begun = perf_counter()
    found = recognise(new, archive)
    assert perf_counter() - begun < 10
    assert ids(found) == list(range(1, 5001))
