"""`search`, `show`, `status`."""

import pytest


@pytest.fixture
def archived(archiver, fixtures):
    """The command line, with the fixtures archived."""
    archiver("replay", fixtures)
    return archiver


def test_search_gives_one_hit_per_post_with_the_feeds_that_carried_it(archived):
    hits = archived("search", "Myth of Radicalization", "--json").json
    assert [hit["title"] for hit in hits] == ["[English] Central Asia and the Myth of Radicalization"]
    assert (hits[0]["entry_count"], len(hits[0]["feeds"])) == (2, 2)


def test_search_shows_the_words_in_context(archived):
    [hit] = archived("search", "Bulbul", "--limit", "1", "--json").json
    assert "**B" in hit["snippet"]


def test_search_narrows_by_language_and_date(archived):
    swedish = archived("search", "Kirgizistan", "--lang", "sv", "--json").json
    assert swedish
    assert {hit["language"] for hit in swedish} == {"sv"}
    september = archived("search", "Kazakhstan", "--since", "2024-09", "--until", "2024-09", "--json").json
    assert {hit["published_at"][:7] for hit in september} == {"2024-09"}


@pytest.mark.parametrize("typed", ['"', "AND (", "c++", "it's", "-x", "title:", "NEAR(", "*", "", "\x00"])
def test_what_a_person_types_is_searched_for_and_never_an_error(archived, typed):
    assert archived("search", "--json", "--", typed).status == 0


def test_show_gives_the_text_of_a_post(archived):
    [hit] = archived("search", "Homo Homini Award", "--json").json
    shown = archived("show", hit["id"])
    assert shown.out.startswith("Central Asia\n")
    assert "Entire text Less text" not in shown.out


def test_show_html_is_safe_markup(archived):
    [hit] = archived("search", "Homo Homini Award", "--json").json
    assert "<p>" in archived("show", hit["id"], "--html").out


def test_show_as_json_has_the_posts_columns_and_its_entries(archived):
    [hit] = archived("search", "Myth of Radicalization", "--json").json
    post = archived("show", hit["id"], "--json").json
    assert post["entry_count"] == len(post["entries"]) == 2
    assert {entry["post_rule"] for entry in post["entries"]} == {"first", "title"}


def test_show_diff_tells_which_words_went_and_came(archiver, tmp_path, rss):
    for text in ("one old word", "one new word"):
        (tmp_path / "feed.xml").write_text(rss("a", texts={"a": text}))
        archiver("replay", "feed.xml")
    assert "one [-old-] {+new+} word" in archiver("show", "entry:1", "--diff").out


@pytest.mark.parametrize("what", ["99999", "entry:99999", "story", "entry:", "-1", "9" * 40])
def test_show_of_what_is_not_there_is_one_sentence(archived, what):
    ran = archived("show", "--", what)
    assert (ran.status, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_status_tells_totals_and_every_feed(archived):
    status = archived("status", "--json").json
    assert (status["feeds"], status["entries"], status["posts"]) == (5, 45, 38)
    assert len(status["feed_list"]) == 5
    assert "38" in archived("status").out


def test_asking_where_there_is_no_archive_says_so(archiver):
    ran = archiver("status")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert "no archive yet" in ran.err


def test_a_hostile_title_cannot_reach_the_terminal(archiver, tmp_path):
    title = "&#x202e;evil &#x9b;31m \u202edlrow"
    item = f"<item><title>{title}</title><guid>1</guid><description>words</description></item>"
    (tmp_path / "feed.xml").write_text(f"<rss version='2.0'><channel><title>T</title>{item}</channel></rss>")
    archiver("replay", "feed.xml")
    out = archiver("show", "1").out + archiver("search", "words").out
    assert "\\u202e" in out
    assert not set(out) & set("\x1b\x9b\u202e")
