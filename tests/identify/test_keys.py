"""The identity ladder: what an entry is recognised by, and what makes a revision of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.identify import identify, title_key
from archiver.identify.keys import content_sha256
from archiver.model import Category, Enclosure, EntryData, Markup, Person, Rung

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)

few = st.sampled_from([None, "a", "b"])
entries_of_a_document = st.lists(
    st.fixed_dictionaries(
        {
            "guid": few,
            "url": st.sampled_from(
                [None, "https://x.kz/1", "http://x.kz/1", "https://x.kz/2", "https://x.kz/"]
            ),
            "title": few,
            "text": st.sampled_from(["", "one text", "another text"]),
            "published_at": st.sampled_from([None, MONDAY]),
        }
    ),
    max_size=8,
)


def rungs(entries):
    return [str(entry.identity.rung) for entry in entries]


def keys(entries):
    return [entry.identity.key for entry in entries]


class TestLadder:
    def test_the_feeds_own_id_comes_first(self, document):
        assert rungs(document({"guid": "1", "url": "https://x.kz/1", "title": "A"})) == ["guid"]

    def test_an_id_that_two_entries_carry_identifies_neither(self, document):
        entries = document(
            {"guid": "1", "url": "https://x.kz/1"}, {"guid": "1", "url": "https://x.kz/2"}, {"guid": "2"}
        )
        assert rungs(entries) == ["url", "url", "guid"]

    def test_an_url_that_two_entries_carry_identifies_neither(self, document):
        entries = document({"url": "https://x.kz/n", "title": "A"}, {"url": "https://x.kz/n", "title": "B"})
        assert rungs(entries) == ["hash", "hash"]
        assert len(set(keys(entries))) == 2

    def test_a_whole_sites_address_identifies_no_entry(self, document):
        assert rungs(document({"url": "https://x.kz/", "title": "A"})) == ["hash"]

    def test_an_url_that_leads_nowhere_on_the_web_identifies_by_hash_yet_tells_apart(self, document):
        entries = document({"url": "magnet:?xt=1"}, {"url": "magnet:?xt=2"})
        assert rungs(entries) == ["hash", "hash"]
        assert len(set(keys(entries))) == 2

    def test_the_same_entry_twice_word_for_word_is_one(self, document):
        entry = {"guid": "1", "url": "https://x.kz/1", "title": "A", "text": "same"}
        entries = document(entry, entry)
        assert rungs(entries) == ["guid", "guid"]
        assert len(set(keys(entries))) == 1

    @pytest.mark.parametrize("present", list(product([False, True], repeat=4)))
    def test_every_combination_of_fields_has_an_identity(self, document, present):
        fields = {"guid": "1", "url": "https://x.kz/1", "title": "A", "published_at": MONDAY}
        (entry,) = document(
            {name: fields[name] for name, there in zip(fields, present, strict=True) if there}
        )
        assert entry.identity.key.startswith(f"{entry.identity.rung}:")
        assert len(entry.identity.key.partition(":")[2]) == 32

    def test_pictures_without_words_are_told_apart_by_the_pictures(self, document):
        markup = [Markup(value=f'<img src="{number}.jpg">') for number in range(2)]
        entries = document(*({"title": "Photo", "summary": one} for one in markup))
        assert len(set(keys(entries))) == 2

    def test_dates_that_cannot_be_read_still_tell_entries_apart(self, document):
        entries = document(*({"title": "News", "published_raw": raw} for raw in ("the ides", "the nones")))
        assert len(set(keys(entries))) == 2

    @pytest.mark.parametrize("text", ["", "Thank you!"])
    def test_comments_on_one_page_that_read_alike_are_told_apart_by_their_fragments(self, document, text):
        entries = document(
            *({"title": "By: A", "url": f"https://x.kz/p#c{n}", "text": text} for n in (1, 2, 3))
        )
        assert len(set(keys(entries))) == 3

    @given(entries=entries_of_a_document, data=st.data())
    def test_identity_does_not_depend_on_the_order_of_the_document(self, document, entries, data):
        order = data.draw(st.permutations(range(len(entries))))
        straight, mixed = document(*entries), document(*(entries[at] for at in order))
        assert [straight[at].identity for at in order] == [entry.identity for entry in mixed]

    @given(entries=entries_of_a_document)
    def test_entries_that_differ_in_anything_have_different_keys(self, document, entries):
        told = {}
        for entry in document(*entries):
            told.setdefault(entry.identity.key, set()).add(
                (entry.identity.title_key, entry.cleaned.content_text, entry.data.published_at)
            )
        assert all(len(stories) == 1 for stories in told.values())

    @given(entries=entries_of_a_document)
    def test_the_key_on_the_lowest_rung_is_the_hash(self, document, entries):
        for entry in document(*entries):
            if entry.identity.rung is Rung.HASH:
                assert entry.identity.key == f"hash:{entry.identity.hash_key[:32]}"


class TestTitles:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("[Englsih] Flashback on the Summer Camp 2018", "Flashback on the Summer Camp 2018"),
            ("(English) Coming home – three months later", "Coming home - three months later"),
            ("“LBTQ-people” in\u00a0Kazakstan", "LBTQ people in Kazakstan"),
            ("Всё о Ёлках", "Все о елках"),
        ],
    )
    def test_labels_case_accents_and_punctuation_are_off(self, one, other):
        assert title_key(one) == title_key(other)

    def test_numbers_stay(self):
        assert title_key("Central Asia Days 2017") != title_key("Central Asia Days 2018")

    @pytest.mark.parametrize("title", [None, "", "***", "🔥"])
    def test_a_title_without_a_word_has_an_empty_key(self, title):
        assert title_key(title) == ""


WHOLE = EntryData(
    position=0,
    guid="1",
    url="https://x.kz/1",
    title="A title",
    authors=(Person(name="Ann"),),
    published_at=MONDAY,
    published_raw="Mon, 02 Mar 2026 00:00:00 GMT",
    summary=Markup(value="<p>In short</p>"),
    content=Markup(value="<p>At length</p>"),
    enclosures=(Enclosure(url="https://x.kz/a.mp3"), Enclosure(url="https://x.kz/b.mp3")),
    categories=(Category(term="a"), Category(term="b")),
)


class TestContentHash:
    @pytest.mark.parametrize(
        "change",
        [
            {"title": "Another title"},
            {"authors": (Person(name="Bea"),)},
            {"url": "https://x.kz/2"},
            {"summary": Markup(value="<p>In brief</p>")},
            {"content": None},
            {"enclosures": ()},
            {"categories": (Category(term="a"),)},
            {"published_at": MONDAY + timedelta(days=1)},
            {"published_at": None, "published_raw": "some day"},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_a_reader_would_see_makes_a_revision(self, change):
        assert content_sha256(replace(WHOLE, **change)) != content_sha256(WHOLE)

    @pytest.mark.parametrize(
        "change",
        [
            {"position": 7},
            {"guid": "2"},
            {"updated_at": MONDAY, "updated_raw": "now"},
            {"language": "sv"},
            {"title": "A  title\n"},
            {"content": Markup(value="<p>At\n  length</p>")},
            {"url": "http://www.x.kz/1?utm_source=rss"},
            {"categories": (Category(term="b"), Category(term="a"))},
            {"enclosures": WHOLE.enclosures[::-1]},
            {"reading": '{"slash_comments": "7"}'},
            {"published_raw": "02 Mar 2026 00:00:00 +0000"},
            {"published_at": (MONDAY + timedelta(microseconds=5)).astimezone(timezone(timedelta(hours=5)))},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_moves_by_itself_makes_none(self, change):
        assert content_sha256(replace(WHOLE, **change)) == content_sha256(WHOLE)

    def test_its_version_leads(self):
        assert content_sha256(WHOLE).startswith("1:")

    def test_the_hash_of_an_old_entry_never_changes_under_this_version(self):
        expected = "1:6d988ebe848a4d38a1cf470555d9ed4783267806b35011486b87cb35e195adba"
        assert content_sha256(WHOLE) == expected


def test_a_document_of_thousands_is_identified_in_linear_time(document):
    entries = document(*({"guid": "same", "url": "https://x.kz/n", "title": str(n)} for n in range(3000)))
    assert len(set(keys(entries))) == 3000
    assert identify([(entry.data, entry.cleaned) for entry in entries])[-1].rung is Rung.HASH
