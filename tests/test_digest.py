"""The digest: what matters first, short, and safe to show."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from archiver.digest import LINE, OF_EACH, UNTOLD, digest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(kind: str, detail: str = "something", feed: str = "Example") -> dict[str, object]:
    return {"at": "2026-02-28T10:00:00Z", "kind": kind, "feed": feed, "feed_id": 7, "detail": detail}


def test_what_matters_most_comes_first_and_the_title_sums_it_up():
    told = digest([event("recovered"), event("moved"), event("failing"), event("failing")], {}, at=NOON)
    assert [group.kind for group in told.groups] == ["failing", "moved", "recovered"]
    assert told.title == "archiver: 2 newly failing, 1 moved, 1 recovered"


def test_each_event_has_its_line():
    [_, line] = digest([event("gap", "posts may have been missed")], {}, at=NOON).lines()
    assert line == "  2026-02-28  Example: posts may have been missed"


def test_more_of_a_kind_than_can_be_read_are_counted():
    told = digest([event("failing", str(number)) for number in range(30)], {"failing": 3000}, at=NOON)
    assert len(told.lines()) == 1 + OF_EACH + 1
    assert told.lines()[-1] == "  and 2,980 more"
    assert told.count == 3000


def test_kinds_that_need_nobody_are_left_out_and_unknown_ones_come_last():
    told = digest([event("comet"), *map(event, UNTOLD), event("gone")], {}, at=NOON)
    assert [group.kind for group in told.groups] == ["gone", "comet"]


def test_nothing_to_tell_is_an_empty_digest():
    assert digest([], {}, at=NOON).count == 0
    assert digest([event("churn")], {}, at=NOON).count == 0


def test_secrets_and_control_characters_of_publishers_do_not_come_through():
    hostile = event("moved", "to https://u:secret@b.example/?token=hush\x1b[31m\n\u202egone", feed="A\rB")
    told = digest([hostile], {}, at=NOON)
    for text in (told.text(), str(told.as_json())):
        assert "secret" not in text
        assert "hush" not in text
        assert not {"\x1b", "\r", "\u202e"} & set(text)


def test_the_webhook_gets_the_text_and_the_parts():
    body = digest([event("gone", "410")], {}, at=NOON).as_json()
    assert body["text"].startswith("archiver: 1 gone\n\ngone (1)\n  2026-02-28  Example: 410\n")
    assert (body["title"], body["at"], body["count"]) == ("archiver: 1 gone", "2026-03-01T12:00:00Z", 1)
    assert body["groups"][0]["events"] == [
        {"at": "2026-02-28T10:00:00Z", "feed_id": 7, "feed": "Example", "detail": "410"}
    ]


@given(st.lists(st.tuples(st.sampled_from(["failing", "gap", "x"]), st.text(), st.text()), max_size=100))
def test_a_digest_is_never_long(found):
    told = digest([event(kind, detail, feed) for kind, detail, feed in found], {}, at=NOON)
    assert len(told.lines()) <= 3 * (OF_EACH + 2)
    assert all(len(line) <= LINE + 2 for line in told.lines())
    assert "\n" not in told.title
