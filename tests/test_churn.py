"""What changes at every fetch without being edited."""

from dataclasses import replace

import pytest

from archiver.churn import CHANGES, History, Version, nature

TEXT = "The ferry to the island goes at dawn and comes back when the market on the shore has closed"
PLAIN = Version(
    title="Ferry",
    authors=(),
    url="https://x.kz/1",
    published="Mon, 02 Mar 2026 09:00:00 GMT",
    summary=None,
    content=TEXT,
    enclosures=(),
    categories=(),
)


def told(*contents, in_a_row=True, churn=None):
    versions = tuple(replace(PLAIN, content=content) for content in contents)
    return History(versions=versions, in_a_row=in_a_row, churn=churn)


COUNTER = [f"{TEXT}. Read {n} times" for n in range(9, 9 + CHANGES)]
SHUFFLED = [f"{TEXT} {order}" for order in ("ab cd ef", "ef ab cd", "cd ef ab", "ab ef cd", "ef cd ab")]
RELATED = [f"{TEXT} Also: {word}" for word in ("boats", "a long walk", "tea", "the old fort", "songs")]


@pytest.mark.parametrize(
    ("versions", "new", "kind"),
    [
        (COUNTER, f"{TEXT}. Read 1,234 times", "numbers"),
        (SHUFFLED, f"{TEXT} cd ab ef", "order"),
        (RELATED, f"{TEXT} Also: a new bridge", "part"),
    ],
)
def test_the_fifth_change_in_a_row_of_one_nature_is_churn(versions, new, kind):
    assert nature(told(*versions), replace(PLAIN, content=new)) == kind


def test_less_than_five_changes_or_an_answer_that_left_it_alone_are_none():
    new = replace(PLAIN, content=f"{TEXT}. Read 77 times")
    assert nature(told(*COUNTER[1:]), new) is None
    assert nature(told(*COUNTER, in_a_row=False), new) is None


@pytest.mark.parametrize(
    "change", [{"title": "Ferries"}, {"content": f"{COUNTER[0]} and more"}, {"url": "https://x.kz/a/b"}]
)
def test_an_edit_is_an_edit_also_where_a_counter_runs(change):
    history = told(COUNTER[-1], in_a_row=False, churn="numbers")
    counted = replace(PLAIN, content=COUNTER[0])
    assert nature(history, counted) == "numbers"
    assert nature(history, replace(counted, **change)) is None


def test_an_edit_outside_the_part_that_churns_is_an_edit():
    history = told(*RELATED, in_a_row=False, churn="part")
    edited = TEXT.replace("dawn", "noon")
    assert nature(history, replace(PLAIN, content=f"{edited} Also: boats")) is None
    assert nature(history, replace(PLAIN, content=f"{TEXT} Also: the weather")) == "part"


def test_a_text_that_is_another_one_every_time_is_no_churn():
    texts = [f"{word} " * 30 for word in ("red", "blue", "green", "grey", "white")]
    assert nature(told(*texts), replace(PLAIN, content="black " * 30)) is None
