"""What changed between two versions of a post."""

import re

import pytest

from archiver.differences import Difference, Kind, words_compared
from archiver.web.routes.compare import runs

MONDAY = "Mon, 02 Feb 2026 10:00:00 GMT"


@pytest.fixture
def edited(live, visit, items, rss_of):
    archive = live()
    long = " ".join(f"word{number}" for number in range(400))
    for title, text, more in (
        ("First", f"old {long} end", ""),
        ("First", f"new {long} end", ""),
        ("Second", f"new {long} end", "<category>Tag</category>"),
    ):
        archive.replay(
            "https://example.org/feed", rss_of(items("a", title, f"<p>{text}</p>", date=MONDAY, more=more))
        )
    archive.replay("https://other.example/feed", rss_of(items("b", "Other", "<p>other</p>", date=MONDAY)))
    return visit(archive.path)


def test_words_that_went_and_came_are_marked_with_words_too(edited):
    page = edited("/post/1/diff?entry=1&from=1&to=2").body.decode()
    assert re.search(r"<del><span[^>]*>\[removed: </span>old<span[^>]*>\]</span></del>", page)
    assert re.search(r"<ins><span[^>]*>\[added: </span>new<span[^>]*>\]</span></ins>", page)


def test_any_two_versions_can_be_chosen_without_a_script(edited):
    page = edited("/post/1/diff?entry=1&from=1&to=3").body.decode()
    assert '<select name="from">' in page
    assert '<option value="1" selected>' in page
    assert '<option value="3" selected>' in page
    assert {"Title", "Summary", "Tags"} <= set(re.findall(r'<h2 id="field-[a-z_]+">([^<]+)</h2>', page))


def test_without_a_choice_it_is_the_newest_and_the_one_before(edited):
    assert b'<option value="2" selected>' in edited("/post/1/diff").body


def test_versions_go_backwards_as_well(edited):
    page = edited("/post/1/diff?from=2&to=1").body.decode()
    assert re.search(r"<del>.*new.*</del>", page)


def test_what_stayed_is_folded_unless_all_is_wanted(edited):
    folded = edited("/post/1/diff?from=1&to=2").body.decode()
    assert "words unchanged" in folded
    assert "word200" not in folded
    assert "all=yes" in folded
    assert "word200" in edited("/post/1/diff?from=1&to=2&all=yes").body.decode()


def test_one_version_has_nothing_to_compare(edited):
    assert "These are the same version." in edited("/post/2/diff").body.decode()


def test_another_posts_entry_or_an_unknown_version_is_not_found(edited):
    assert edited("/post/1/diff?entry=2").status == 404
    assert edited("/post/1/diff?from=1&to=7").status == 404


def test_folding_keeps_every_changed_word_and_counts_the_others():
    old = [f"w{n}" for n in range(300)]
    new = [*old[:150], "new", *old[150:]]
    pieces, _ = words_compared(old, new)
    found = list(runs(Difference(column="content", pieces=pieces), everything=False))
    assert [run.text for run in found if run.kind is Kind.IN] == ["new"]
    told = sum(len(run.text.split()) + run.left_out for run in found)
    assert told == 301
