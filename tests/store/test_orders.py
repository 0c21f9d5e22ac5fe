"""What people ordered of a feed is written down, with its place in the log of fetches."""

from archiver.model import ParseOptions
from archiver.store import Following

FEED = "https://example.org/feed"
ORDERS = "SELECT kind, paused_by, after_fetch_id FROM orders ORDER BY id"


def test_pauses_and_resumptions_are_written_down_at_their_place(archive, entry):
    feed = archive.follow()
    archive.add(feed, entry("a"))
    archive.store.pause(feed, now=archive.now)
    archive.add(feed, entry("b"))
    archive.store.resume(feed, now=archive.now)
    assert archive.rows(ORDERS) == [("pause", "command", 1), ("resume", None, 2)]


def test_to_follow_a_feed_for_the_first_time_is_no_order(archive):
    archive.follow()
    assert archive.rows(ORDERS) == []


def test_a_replayed_feed_begins_paused_and_that_is_an_order(archive):
    archive.store.replayed(FEED, now=archive.now)
    assert archive.rows(ORDERS) == [("pause", "replay", 0)]


def test_to_resume_what_goes_well_is_no_order(archive):
    feed = archive.follow()
    archive.store.resume(feed, now=archive.now)
    assert archive.rows(ORDERS) == []


def test_other_options_of_parsing_are_an_order_to_read_again(archive):
    archive.follow()
    wanted = Following(url=FEED, parse=ParseOptions(charset="cp1251"))
    archive.store.sync([wanted], now=archive.now)
    archive.store.sync([wanted], now=archive.now)
    assert archive.rows(ORDERS) == [("reread", None, 0)]


def test_what_leaves_the_configuration_and_comes_back_is_paused_and_resumed(archive):
    for wanted in ([Following(url=FEED)], [], [], [Following(url=FEED)]):
        archive.store.sync(wanted, now=archive.now)
    assert archive.rows(ORDERS) == [("pause", "config", 0), ("resume", None, 0)]
