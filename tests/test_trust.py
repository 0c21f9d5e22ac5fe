"""Whether validators tell the truth, and when to look."""

from datetime import timedelta

import pytest

from archiver import trust
from archiver.model import Response


def answer(*, status: int = 200, sent: tuple[str, ...] = (), **headers: str) -> Response:
    return Response(
        request_url="",
        final_url="",
        status=status,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
        request_headers=tuple((name, "x") for name in ("Accept", *sent)),
    )


class TestWhenToLook:
    @pytest.mark.parametrize("feed_id", range(20))
    def test_a_week_to_ten_days_after_the_last_whole_answer(self, feed_row, noon, feed_id):
        feed = feed_row(id=feed_id, asked_whole_at=noon)
        assert not trust.asks_whole(feed, now=noon + timedelta(days=7, seconds=-1))
        assert trust.asks_whole(feed, now=noon + timedelta(days=10))

    def test_feeds_that_were_added_together_do_not_all_look_on_the_same_day(self, feed_row, noon):
        feeds = [feed_row(id=n, asked_whole_at=noon) for n in range(900)]
        due = [
            sum(trust.asks_whole(feed, now=noon + timedelta(days=day)) for feed in feeds) for day in (8, 9)
        ]
        assert 200 < due[0] < 400 < due[1] < 700

    def test_where_nobody_has_looked_yet_each_feed_has_its_day_of_the_week(self, feed_row, noon):
        for n in range(20):
            days = [trust.asks_whole(feed_row(id=n), now=noon + timedelta(days=day)) for day in range(7)]
            assert sum(days) == 1

    def test_those_that_lie_are_never_sent(self, feed_row, noon):
        feed = feed_row(asked_whole_at=noon, validators_lie=True)
        assert trust.asks_whole(feed, now=noon)
        assert not trust.is_audit(feed, now=noon)


class TestTheAnswer:
    @pytest.mark.parametrize("name", ["If-None-Match", "if-modified-since"])
    def test_a_conditional_request_shows_nothing(self, name):
        assert not trust.was_asked_whole(answer(sent=(name,)))
        assert trust.was_asked_whole(answer())

    @pytest.mark.parametrize("status", [226, 304, None])
    def test_neither_does_an_answer_that_is_not_the_whole(self, status):
        assert not trust.was_asked_whole(answer(status=status))

    @pytest.mark.parametrize(
        ("ours", "theirs", "same"),
        [
            ({"etag": '"1"'}, {"ETag": '"1"'}, True),
            ({"etag": 'W/"1"'}, {"ETag": '"1"'}, True),
            ({"etag": '"1"'}, {"ETag": '"2"'}, False),
            ({"etag": '"1"', "last_modified": "x"}, {"ETag": '"2"', "Last_Modified": "x"}, False),
            ({"etag": '"1"', "last_modified": "x"}, {"ETag": '"1"', "Last_Modified": "y"}, True),
            ({"etag": '"1"', "last_modified": "x"}, {"Last_Modified": "x"}, False),
            ({"last_modified": "x"}, {"ETag": '"1"', "Last_Modified": "x"}, False),
            ({"last_modified": "x"}, {"Last_Modified": "x"}, True),
            ({"last_modified": "x"}, {"Last_Modified": "y"}, False),
            ({}, {}, False),
        ],
    )
    def test_of_two_validators_the_etag_decides(self, feed_row, ours, theirs, same):
        assert trust.are_ours(feed_row(**ours), answer(**theirs)) is same
