"""Search: whatever is typed is looked for, and never an error."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.archive import open_archive
from archiver.changes import ChangeKind
from archiver.errors import ConfigError, NotFound
from archiver.model import Category, Person
from archiver.query import MAX_TERMS, Query, Term, walk
from archiver.store import beginnings, matching, ranking
from archiver.store import search as searching


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
def ask(library):
    """A page of answers."""

    def search(words: str = "", **filters: object):
        with open_archive(library.path) as archive:
            return archive.search(words, **filters)

    return search


@pytest.fixture
def hits(ask):
    def search(words: str, **filters: object) -> list[int]:
        return [hit.post.id for hit in ask(words, **filters).items]

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


@pytest.mark.parametrize("operator", ["AND", "NOT", "NEAR"])
def test_operators_of_other_languages_are_words(hits, operator):
    assert hits(f"snow {operator} bishkek") == []


@pytest.mark.parametrize("typed", ["bishkek OR rare", "bishkek | rare", "(bishkek OR rare) snow"])
def test_one_or_the_other_is_enough(hits, typed):
    assert sorted(hits(typed)) == [1, 2]


@pytest.mark.parametrize("typed", ["OR bishkek", "bishkek OR", "OR"])
def test_an_or_that_stands_between_nothing_is_a_word(hits, typed):
    assert hits(typed) == []


def test_a_word_may_be_unwanted(hits):
    assert hits("snow -bishkek") == [2]
    assert hits('snow -"in osh"') == [1]
    assert hits("snow -(osh OR bishkek)") == []
    assert hits("-snow") == [3]


def test_a_beginning_of_a_word_is_enough_with_a_star(hits):
    assert sorted(hits("sch*")) == [1, 2]
    assert hits("göte*") == hits("gote*") == [3]
    assert sorted(hits("schools*")) == [1, 2]


@pytest.fixture
def large(library, monkeypatch):
    """An archive in which every beginning is too much for FTS5."""
    monkeypatch.setattr(beginnings, "MANY_PAGES", -1)
    monkeypatch.setattr(beginnings, "WORDS", 1)
    return library


def test_of_a_beginning_of_very_many_words_the_most_common_are_looked_for(large, entry, ask):
    for number in range(2):
        large.add(1, entry(f"d{number}", text="Scholars study scholars."))
    page = ask("sch*")
    assert sorted(hit.post.id for hit in page.items) == [4, 5]
    assert page.note == "very many words begin with sch; only the most common were looked for"


def test_the_common_words_of_a_beginning_may_be_the_end_of_a_phrase(large, hits):
    assert hits('"snow fe"*') == [1]


def test_the_common_words_of_a_beginning_are_found_without_their_accents(large, hits):
    assert hits("gote*") == hits("göte*") == [3]


def test_what_is_counted_or_left_out_is_all_that_begins_so(large, entry, hits):
    for number in range(2):
        large.add(1, entry(f"d{number}", text="Scholars study scholars."))
    assert hits("-sch*") == [3]
    with open_archive(large.path) as archive:
        assert archive.count("sch*") == 4


def test_a_beginning_of_very_many_words_takes_no_more_time_than_a_few_words(archive, entry):
    feed = archive.follow()
    for number in range(3):
        archive.add(feed, entry(f"d{number}", text=" ".join(f"b{one:x}a{number}" for one in range(9000))))
    assert beginnings.common(archive.db, "b1a", ["en"]) is None
    assert len(beginnings.common(archive.db, "b", ["en"]).words) <= 2 * beginnings.WORDS


_typed = st.text(st.characters(), max_size=40) | st.text(
    st.sampled_from('"*()^:-+_|. \0\ud800abORснег0'), max_size=40
)
_fields = st.sampled_from(
    ["title", "author", "feed", "tag", "lang", "after", "before", "changed", "withdrawn", "x"]
)
_values = st.sampled_from(["yes", "no", "2024", "2024-02-30", "2024..2025", "..", "1", '"a b"', ""]) | _typed
_questions = st.lists(
    _typed | st.builds(lambda name, value: f"{name}:{value}", _fields, _values), max_size=6
).map(" ".join)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_questions, _typed, st.sampled_from([None, "2024", "2026-03-01"]), st.sampled_from(["rank", "newest"]))
def test_nothing_that_can_be_typed_is_an_error(library, typed, beside, as_of, order):
    with open_archive(library.path) as archive:
        archive.search(typed, tag=beside, lang=beside, as_of=as_of, order=order)
        archive.count(typed, as_of=as_of)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.sampled_from(["snow", "fell", "in", "bishkek", "schools", "stayed", "shut"]),
        min_size=1,
        max_size=6,
    )
)
def test_plain_words_find_what_holds_them(library, words):
    with open_archive(library.path) as archive:
        assert 1 in [hit.post.id for hit in archive.search(" ".join(words)).items]


def test_a_word_is_enough_whatever_stands_beside_it(hits):
    assert hits("bishkek !! -- ()") == [1]


def test_a_long_question_is_cut_and_says_so(ask, hits):
    query = Query(words=" ".join(str(n) for n in range(99)))
    assert sum(isinstance(node, Term) for node in walk(query.tree)) == MAX_TERMS
    assert "first 16 words" in query.notes[0]
    assert hits(" ".join(["snow"] * 10_000)) != []
    assert "characters" in ask("snow " * 10_000).note


@pytest.mark.parametrize("typed", ["(" * 10_000 + "snow", "-(" * 10_000 + "snow" + ")" * 10_000, "x" * 10**7])
def test_a_question_that_means_harm_takes_no_time(ask, typed):
    ask(typed)


def test_filters(hits, ask):
    assert hits("snow", feed=2) == []
    assert hits("göteborg", feed=2) == [3]
    assert sorted(hits("snow", tag="asia")) == sorted(hits("snow tag:Asia")) == [1, 2]
    assert hits("snow", tag="north") == []
    assert hits("göteborg", lang="sv") == hits("göteborg lang:sv") == [3]
    assert hits("göteborg", lang="en") == []
    assert len(hits("snow", limit=1)) == 1
    with pytest.raises(NotFound, match="no feed"):
        ask("snow", feed="nobody")
    with pytest.raises(ConfigError, match="not a date"):
        ask("snow", since="yesterday")


def test_a_feed_is_meant_by_number_address_or_part_of_its_name(hits):
    for named in ("2", "https://north.example/", "north", "NORTH.example"):
        assert hits(f'feed:"{named}"') == [3], named
    assert sorted(hits("-feed:north")) == [1, 2]
    assert sorted(hits("feed:example")) == [1, 2, 3]


def test_what_is_secret_in_an_address_is_not_found_by_asking_for_it(library, entry, hits):
    library.add(library.follow("https://x.example/feed?token=hush123"), entry("d"))
    assert hits("feed:hush") == []
    assert hits("feed:x.example") == [4]


def test_a_language_has_its_regions(library, entry, hits):
    library.add(1, entry("d", text="fjord", language="nb-NO"))
    assert hits("fjord", lang="nb") == hits("fjord", lang="nb-NO") == hits("fjord", lang="NB") == [4]
    assert hits("fjord", lang="n") == hits("fjord", lang="%") == []


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
    typed = f"snow{f' after:{since}' if since else ''}{f' before:{until}' if until else ''}"
    assert sorted(hits(typed)) == found


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_any_span_of_time_finds_what_was_published_in_it(dated, data):
    first, last = (data.draw(st.sampled_from(_DAYS)) for _ in "ab")
    with open_archive(dated.path) as archive:
        found = {hit.post.id for hit in archive.search(f"after:{first} before:{last}", limit=100).items}
    end = last + "-12-31"[len(last) - 4 :] if len(last) < 10 else last
    assert found == {number for number, day in enumerate(_PUBLISHED, 1) if first <= day <= end}


_PUBLISHED = (
    "1899-12-31",
    "1900-01-01",
    "1999-12-31",
    "2000-01-01",
    "2000-02-29",
    "2023-12-31",
    "2024-01-01",
)
_PUBLISHED += (
    "2024-01-31",
    "2024-02-01",
    "2024-02-29",
    "2024-03-01",
    "2024-12-30",
    "2099-12-31",
    "2100-01-01",
)
_DAYS = sorted({part for day in _PUBLISHED for part in (day, day[:7], day[:4])} | {"1600", "9999-12-31"})


@pytest.fixture
def dated(archive, entry):
    feed = archive.follow()
    for number, day in enumerate(_PUBLISHED):
        published = datetime.fromisoformat(day).replace(tzinfo=UTC, hour=number)
        archive.add(feed, entry(f"d{number}", published_at=published))
    return archive


@pytest.mark.parametrize("day", ["2024", "2024-05", "2024-05-17"])
def test_days_without_an_end_are_told_in_few_words(archive, day):
    told = matching.matching(archive.db, Query(words=f"after:{day}")).match
    assert told.count(" OR ") < 60


def test_a_field_that_does_not_exist_is_two_words(ask, library, entry):
    library.add(1, entry("d", text="The source is Reuters, they say."))
    found = ask("source:reuters")
    assert [hit.post.id for hit in found.items] == [4]
    assert "no field source:" in found.note


def test_a_date_that_is_none_is_looked_for_as_words(ask):
    found = ask("after:yesterday")
    assert (found.items, "no date" in found.note) == ((), True)


def test_title_and_author_are_looked_for_where_they_stand(library, entry, hits):
    by = (Person(name="Aïda Ömürova", email="aida@example.org"),)
    library.add(1, entry("d", title="Göteborg today", text="Nothing.", authors=by))
    assert hits("title:göteborg") == hits("title:goteborg") == [4]
    assert hits("author:aïda") == hits("author:Aida") == hits('author:"aida omurova"') == [4]
    assert hits("title:aida") == hits("author:nothing") == []
    assert hits("omurova") == [4]


def test_a_tag_is_a_feeds_or_a_subject_whole_and_folded(library, entry, hits):
    library.add(2, entry("d", categories=(Category(term="Human Rights"), Category(term="x", label="Étude"))))
    assert hits('tag:"human rights"') == hits("tag:étude") == [4]
    assert hits("tag:human") == []
    assert sorted(hits("tag:north")) == [3, 4]


def test_many_feeds_of_a_tag_are_no_trouble(library, entry, hits):
    for number in range(310):
        library.follow(f"https://many.example/{number}", tags=("many",))
    library.add(library.follow("https://many.example/0", tags=("many",)), entry("d"))
    assert hits("tag:many") == hits("story tag:MANY") == [4]
    assert sorted(hits("tag:many OR göteborg")) == [3, 4]


def test_what_was_edited_is_found_by_when(library, entry, hits):
    library.change(1, 1, entry("a", text="Snow fell in Bishkek and Osh."))
    assert hits("changed:yes") == hits("changed:2026-03-01") == hits("changed:2026..2027 snow") == [1]
    assert hits("changed:2025") == hits("changed:..2025") == []
    assert sorted(hits("changed:no")) == [2, 3]
    assert sorted(hits("changed:2026 OR göteborg")) == [1, 3]


def test_words_that_were_edited_away_are_not_found(library, entry, hits):
    library.change(1, 1, entry("a", text="Rain fell in Bishkek."))
    assert hits("snow") == [2]
    assert hits("rain") == [1]
    assert hits("bishkek rain") == [1]


def test_what_was_taken_down_is_found_by_that(library, hits):
    library.change(1, 2, None, kind=ChangeKind.WITHDRAWN)
    assert hits("withdrawn:yes") == hits("withdrawn:2026-03 snow") == [2]
    assert hits("withdrawn:2025") == []
    assert sorted(hits("withdrawn:no")) == [1, 3]
    assert sorted(hits("withdrawn:yes OR göteborg")) == [2, 3]


def test_a_hit_is_a_post_with_its_feeds_and_a_snippet(library, entry, ask):
    library.add(2, entry("d", text="Snow fell in Bishkek."), post_id=1)
    [hit] = ask("bishkek stayed", tag="asia", lang="en").items
    assert [feed.name for feed in hit.feeds] == ["Asia", "https://north.example/"]
    assert hit.snippet.marked() == "Snow fell in **Bishkek**. Schools **stayed** shut."
    assert (hit.post.id, hit.post.title, hit.post.entry_count) == (1, "Story a", 2)


def test_a_post_of_many_entries_is_one_hit(library, entry, hits):
    for number in range(5):
        library.add(2, entry(f"copy{number}", text="Snow fell in Bishkek."), post_id=1)
    assert hits("bishkek") == [1]


def test_the_found_words_are_marked_where_only_their_stems_are_the_same(library, entry, ask):
    library.add(1, entry("d", title="Voting in Osh", text="They voted; the votes were counted."))
    [hit] = ask("vote").items
    assert hit.title.marked() == "**Voting** in Osh"
    assert hit.snippet.marked() == "They **voted**; the **votes** were counted."


def test_a_snippet_begins_a_little_before_the_words(library, entry, ask):
    library.add(1, entry("d", text="far " * 500 + "the needle lies here " + "away " * 500))
    [hit] = ask("needle").items
    assert hit.snippet.marked().startswith("…far far far the **needle** lies here away")
    assert hit.snippet.text.endswith("…")


def test_a_word_is_marked_whatever_stands_beside_it_in_the_text(library, entry, ask):
    library.add(1, entry("d", title=None, text="L'eau, 東京都 и aq‘lli: votes, ＶＯＴＥＤ, don't vote."))
    assert ask("vote").items[0].snippet.marked().count("**") == 6
    assert "**東京都**" in ask("東京").items[0].snippet.marked()
    assert "**L'eau**" in ask("eau").items[0].snippet.marked()


def test_nothing_asked_is_everything_newest_first(ask):
    page = ask(limit=2)
    assert [hit.post.id for hit in page.items] == [1, 3]
    assert page.total == 3
    assert [hit.post.id for hit in ask(limit=2, cursor=page.next).items] == [2]


def test_filters_alone_are_a_question_newest_first(hits):
    assert hits("lang:en") == [1, 2]


@pytest.mark.parametrize("order", ["rank", "newest"])
@pytest.mark.parametrize("words", ["story", "", "lang:en"])
def test_pages_neither_repeat_nor_leave_out_while_the_archive_grows(archive, entry, order, words):
    feed = archive.follow()
    for number in range(25):
        archive.add(feed, entry(f"p{number}", text=f"The story of {number}. {'story ' * (number % 7)}"))
    found, cursor = [], None
    with open_archive(archive.path) as reader:
        while True:
            page = reader.search(words, limit=4, cursor=cursor, order=order)
            found += [hit.post.id for hit in page.items]
            if page.next is None:
                break
            cursor = page.next
            archive.add(feed, entry(f"new{len(found)}", title="story story", text="story"))
            changed = 1 + len(found) % 25
            archive.change(feed, changed, entry(f"p{changed - 1}", text=f"Another story, {len(found)}."))
    assert sorted(number for number in found if number <= 25) == list(range(1, 26))
    assert len(found) == len(set(found))


def test_where_best_first_ends_before_the_last_post_a_note_says_so(ask, monkeypatch):
    monkeypatch.setattr(searching, "SHOWN_BY_RANK", 2)
    page = ask("snow OR snö", limit=2)
    assert (page.next, page.note) == (
        None,
        "best first ends here, after 2 posts; newest first has the others too",
    )


def test_of_very_many_posts_the_newest_are_ranked_and_a_note_says_so(ask, hits, monkeypatch):
    monkeypatch.setattr(ranking, "RANKED", 1)
    assert hits("schools") == [2]
    assert ask("schools").note == "very many posts have this; only the newest 1 versions were ranked"


def test_newest_first_goes_further_back_than_best_first(hits, monkeypatch):
    monkeypatch.setattr(ranking, "RANKED", 1)
    assert sorted(hits("schools", order="newest")) == [1, 2]


def test_words_too_common_to_be_counted_are_ranked_by_title(library, entry, hits, monkeypatch):
    library.add(1, entry("d", title="Schools", text="They are shut."))
    library.add(1, entry("e", text="Schools, schools, schools."))
    monkeypatch.setattr(ranking, "COUNTED", 0)
    assert hits("schools")[0] == 4


@pytest.mark.parametrize("cursor", ["x", "eNqLNjHV", "é", "", "A" * 100_000])
def test_a_cursor_that_is_none_is_said_in_a_sentence(ask, cursor):
    if not cursor:
        assert ask("snow", cursor=cursor).items
        return
    with pytest.raises(ConfigError, match="page of answers"):
        ask("snow", cursor=cursor)


def test_facets_count_posts(library, entry):
    library.add(2, entry("d", text="Snow fell in Bishkek.", categories=(Category(term="Aid"),)), post_id=1)
    with open_archive(library.path) as archive:
        found = archive.facets("snow")
        assert archive.count("snow") == 2
    assert [(one.value, one.label, one.count) for one in found.feeds] == [
        ("1", "Asia", 2),
        ("2", "https://north.example/", 1),
    ]
    assert [(one.value, one.count) for one in found.tags] == [("aid", 2), ("asia", 2), ("north", 1)]
    assert [(one.value, one.count) for one in found.languages] == [("en", 2)]
    assert [(one.value, one.count) for one in found.years] == [("2026", 1), ("2024", 2)]


def test_streams_give_everything_in_the_order_of_numbers(library, entry):
    library.add(2, entry("d", text="Snow fell in Bishkek."), post_id=1)
    with open_archive(library.path) as archive:
        assert [post.id for post in archive.posts("snow")] == [1, 2]
        assert [one.id for one in archive.entries("snow")] == [1, 2, 4]
        assert [post.id for post in archive.posts()] == [1, 2, 3]
        assert [one.id for one in archive.entries(feed=2)] == [3, 4]


@pytest.mark.parametrize("typed", ['"εις την Αθήνα"', "εις OR Αθήνα", "εις", "ει*"])
def test_words_of_which_a_stemmer_leaves_nothing_are_found(library, entry, hits, typed):
    library.add(1, entry("gr", text="Ένα ταξίδι εις την Αθήνα.", language="el"))
    assert hits(typed) == [4]


@pytest.mark.parametrize("typed", ["p*", "t*", "a*"])
def test_a_beginning_of_one_letter_finds_words_alone(library, entry, hits, typed):
    library.add(1, entry("fr", title="Œuvre", text="Œuvre, œuvre.", authors=(Person(name="Édouard"),)))
    assert 4 not in hits(typed)


@pytest.mark.parametrize(
    ("typed", "title"),
    [("news", "🔥News!"), ("que", "¿Qué?"), ('"big deal"', "A “big” deal")],
)
def test_common_words_go_first_where_the_title_has_them(library, entry, hits, monkeypatch, typed, title):
    monkeypatch.setattr(ranking, "COUNTED", 0)
    words = typed.strip('"')
    library.add(1, entry("x", title=title, text=f"Nothing but {words}, {words}."))
    library.add(1, entry("y", title="Other", text=f"Nothing but {words}, {words}."))
    assert hits(typed)[0] == 4
