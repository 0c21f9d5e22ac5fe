"""Feeds that are next: read ahead, handed out in their order, and read again where that took long."""

import pytest

from archiver.lineup import AHEAD, FRESH_SECONDS, Lineup


@pytest.fixture
def lineup(feed_row):
    """Three feeds, of which the last was read a second after the others."""
    made = Lineup()
    for number, read_at in ((1, 0.0), (2, 0.0), (3, 1.0)):
        made.add([(feed_row(id=number), f"{number}.example")], now=read_at)
    return made


def test_feeds_are_handed_out_in_the_order_in_which_they_came(lineup):
    assert list(lineup) == [1, 2, 3]
    handed = [lineup.next(now=0.5) for _ in range(3)]
    assert [(feed.id, host) for feed, host in handed] == [
        (1, "1.example"),
        (2, "2.example"),
        (3, "3.example"),
    ]
    assert lineup.next(now=0.5) is None


def test_a_row_that_was_read_long_ago_is_given_back_to_be_read_again(lineup):
    later = FRESH_SECONDS + 0.5
    assert lineup.next(now=later) is None
    assert lineup.give_back(now=later) == {1: "1.example", 2: "2.example"}
    feed, _ = lineup.next(now=later)
    assert feed.id == 3


def test_what_was_given_back_comes_before_all_others_in_its_old_order(lineup, feed_row):
    later = FRESH_SECONDS + 0.5
    again = lineup.give_back(now=later)
    lineup.put_back([(feed_row(id=number), host) for number, host in again.items()], now=later)
    assert list(lineup) == [1, 2, 3]
    assert lineup.next(now=later)[0].id == 1


def test_beyond_the_places_a_few_are_wanted_and_none_until_half_of_those_are_gone(feed_row):
    lineup = Lineup()
    assert lineup.wanted(32) == 32 + AHEAD
    assert lineup.wanted(0) == lineup.wanted(-5) == AHEAD
    lineup.add([(feed_row(id=number), "") for number in range(AHEAD // 2)], now=0)
    assert lineup.wanted(3) == 3 + AHEAD // 2
    lineup.add([(feed_row(id=AHEAD), "")], now=0)
    assert lineup.wanted(3) == 0


def test_where_nobody_is_to_be_lined_up_just_the_places_are_filled(feed_row):
    lineup = Lineup(ahead=0)
    assert lineup.wanted(3) == 3
    assert lineup.wanted(0) == 0
    lineup.add([(feed_row(id=1), "")], now=0)
    assert lineup.wanted(3) == 0
