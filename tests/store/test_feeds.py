"""Feeds: what is followed, by whose word, and what is due."""

from contextlib import closing
from datetime import timedelta

import pytest

from archiver.errors import ConfigError, NotFound
from archiver.model import FeedData, FeedState, ParseOptions
from archiver.store import Following, Store, Synced, verify

URL = "https://example.org/feed"
OTHER = "https://other.example/feed"


@pytest.fixture
def sync(archive):
    """Meet a configuration that lists these feeds."""

    def meet(*wanted):
        following = [one if isinstance(one, Following) else Following(url=one) for one in wanted]
        return archive.store.sync(following, now=archive.now)

    return meet


def due(archive, now, *, limit: int = 9, beside=()) -> list[int]:
    """The numbers of the feeds whose time has come, in their order."""
    with archive.reader() as reader:
        return [feed_id for feed_id, _ in reader.due_turns(now=now, limit=limit, beside=beside).feeds]


def _feed(archive, url=URL):
    with archive.reader() as reader:
        return next(row for row in reader.feeds(removed=True) if row["url"] == url)


# ---------------------------------------------------------------- follow


def test_a_followed_feed_is_due_at_once(archive, noon):
    feed_id = archive.follow(name="Example", tags=("aid", "asia", "aid"), interval_seconds=7200)
    feed = _feed(archive)
    assert (feed["state"], feed["next_fetch_at"], feed["added_at"]) == (
        "active",
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z",
    )
    assert (feed["name"], feed["tags"], feed["configured_interval_seconds"]) == (
        "Example",
        ["aid", "asia"],
        7200,
    )
    assert due(archive, noon, limit=9) == [feed_id]


def test_a_feed_followed_again_keeps_its_history_and_is_forgiven(archive, entry):
    feed_id = archive.follow(name="Old", tags=("old",))
    archive.add(feed_id, entry())
    facts = {"state": FeedState.FAILING, "error_count": 30, "last_error": "timeout", "etag": '"x"'}
    archive.apply(feed_id, facts=facts | {"succeeded": False})
    archive.store.pause(feed_id, by="removed")
    assert archive.follow(name="New", tags=("new",)) == feed_id
    feed = _feed(archive)
    assert (feed["entries"], feed["name"], feed["tags"], feed["etag"]) == (1, "New", ["new"], '"x"')
    assert (feed["state"], feed["paused_by"], feed["error_count"], feed["last_error"]) == (
        "active",
        None,
        0,
        None,
    )


def test_other_parse_options_make_the_next_document_be_read_anew(archive):
    feed_id = archive.follow()
    facts = {"etag": '"x"', "last_modified": "yesterday", "body_sha256": "beef"}
    archive.apply(feed_id, facts=facts)
    archive.follow()
    assert archive.store.feed(feed_id).etag == '"x"'
    archive.follow(parse=ParseOptions(charset="koi8-r"))
    feed = archive.store.feed(feed_id)
    assert (feed.etag, feed.last_modified, feed.body_sha256) == (None, None, None)
    assert feed.parse == ParseOptions(charset="koi8-r")


def test_a_replayed_document_is_a_feed_that_is_not_followed(archive, noon):
    feed = archive.store.replayed("file:///a.xml", now=noon)
    assert feed.state is FeedState.PAUSED
    assert due(archive, noon, limit=9) == []
    assert archive.store.followed() == ()
    assert archive.store.replayed("file:///a.xml", now=noon).id == feed.id
    assert _feed(archive, "file:///a.xml")["paused_by"] == "replay"


def test_a_replay_of_a_followed_feed_leaves_it_followed(archive, noon):
    feed_id = archive.follow()
    assert archive.store.replayed(URL, now=noon).id == feed_id
    assert _feed(archive)["state"] == "active"


def test_an_address_that_is_half_a_character_is_stored_and_found(archive):
    feed_id = archive.follow("https://example.org/\udcff\0")
    assert archive.follow("https://example.org/\udcff\0") == feed_id
    assert archive.store.find_feed("https://example.org/\udcff\0") == feed_id


# ---------------------------------------------------------------- sync


def test_a_configuration_adds_its_feeds(archive, sync):
    assert sync(URL, OTHER) == Synced(added=(URL, OTHER))
    assert _feed(archive)["origin"] == "config"


def test_very_many_are_added_as_one_by_one(archive, sync, noon):
    many = [
        Following(
            url=f"https://{number}.example/feed", name=f"Nº {number}" if number % 2 else None, tags=tags
        )
        for number, tags in enumerate([(), ("a", "b", "a"), ("ü",)] * 100)
    ]
    assert sync(*many) == Synced(added=tuple(one.url for one in many))
    with Store.open(archive.path.with_name("other.db")) as other:
        for one in many:
            other.follow(one, origin="config", now=noon)
        for rows in (
            "SELECT * FROM feeds",
            "SELECT * FROM feed_addresses",
            "SELECT * FROM feed_tags",
            "SELECT * FROM seals WHERE about GLOB 'feed*'",
        ):
            assert archive.rows(rows) == other._db.execute(rows).fetchall()
    with closing(verify.open_for(archive.path)) as db:
        assert list(verify.everything(db)) == []


def test_of_very_many_the_first_are_added_and_the_others_wait(archive, noon):
    wanted = [Following(url=URL), Following(url=OTHER), Following(url="https://third.example/feed")]
    archive.store.follow(wanted[0], origin="command", now=noon)
    synced = archive.store.sync(wanted, now=noon, at_most=1)
    assert synced == Synced(added=(OTHER,), waiting=(wanted[2],))
    assert archive.store.sync(synced.waiting, now=noon, pausing=False) == Synced(added=(wanted[2].url,))
    assert archive.store.sync(wanted, now=noon, at_most=1) == Synced()


def test_a_configuration_met_again_writes_nothing(archive, sync):
    wanted = Following(
        url=URL, name="A", tags=("b", "a"), interval_seconds=60, parse=ParseOptions(kind="page")
    )
    sync(wanted)
    before = archive.db.conn.total_changes
    assert sync(wanted) == Synced()
    assert archive.db.conn.total_changes == before


def test_what_a_configuration_says_of_a_feed_is_taken_over(archive, sync):
    sync(Following(url=URL, name="Old", tags=("old",)))
    archive.apply(1, facts={"state": FeedState.FAILING, "error_count": 3, "succeeded": False})
    due_at = _feed(archive)["next_fetch_at"]
    assert sync(Following(url=URL, name="New", tags=("new",), interval_seconds=60)) == Synced()
    feed = _feed(archive)
    assert (feed["name"], feed["tags"], feed["configured_interval_seconds"]) == ("New", ["new"], 60)
    assert (feed["state"], feed["error_count"], feed["next_fetch_at"]) == ("failing", 3, due_at)


def test_a_feed_that_left_the_configuration_is_paused_and_one_that_came_back_goes_on(archive, sync):
    sync(URL, OTHER)
    assert sync(OTHER) == Synced(paused=(URL,))
    assert (_feed(archive)["state"], _feed(archive)["paused_by"]) == ("paused", "config")
    assert sync(OTHER) == Synced()
    assert sync(URL, OTHER) == Synced(resumed=(URL,))
    feed = _feed(archive)
    assert (feed["state"], feed["paused_by"], feed["origin"]) == ("active", None, "config")
    assert sync(URL, OTHER) == Synced()


def test_a_configuration_leaves_feeds_of_commands_alone(archive, sync):
    archive.follow(origin="command")
    archive.follow(OTHER, origin="opml")
    assert sync() == Synced()
    assert len(archive.store.followed()) == 2


def test_a_configuration_takes_over_a_feed_that_a_command_added(archive, sync):
    archive.follow(name="Mine")
    archive.apply(1)
    due_at = _feed(archive)["next_fetch_at"]
    assert sync(URL) == Synced()
    assert (_feed(archive)["origin"], _feed(archive)["next_fetch_at"]) == ("config", due_at)
    assert sync() == Synced(paused=(URL,))


def test_a_replayed_or_removed_feed_goes_on_when_a_configuration_lists_it(archive, sync, noon):
    archive.store.replayed(URL, now=noon)
    archive.store.pause(archive.follow(OTHER), by="removed")
    assert sync(URL, OTHER) == Synced(resumed=(URL, OTHER))
    assert len(archive.store.followed()) == 2


@pytest.mark.parametrize("origin", ["config", "command"])
def test_a_pause_by_command_outlives_a_sync(archive, sync, origin):
    feed_id = archive.follow(origin=origin)
    archive.store.pause(feed_id)
    for wanted in ([URL], [], [URL], [URL]):
        assert sync(*wanted) == Synced()
        assert (_feed(archive)["state"], _feed(archive)["paused_by"]) == ("paused", "command")


def test_a_feed_that_left_while_paused_is_resumed_for_good(archive, sync):
    sync(URL)
    archive.store.pause(1)
    sync()
    archive.store.resume(1, now=archive.now)
    assert sync() == Synced()
    assert _feed(archive)["state"] == "active"


@pytest.mark.parametrize("last", ["config", "removed"])
def test_a_feed_that_left_and_is_resumed_by_command_is_the_commands(archive, sync, last):
    sync(URL)
    sync()
    if last == "removed":
        archive.store.pause(1, by="removed")
    archive.store.resume(1, now=archive.now)
    assert _feed(archive)["origin"] == "command"
    assert sync() == Synced()


# ---------------------------------------------------------------- pause, resume, find


def test_a_paused_feed_is_never_due(archive, noon):
    feed_id = archive.follow()
    archive.store.pause(feed_id)
    assert due(archive, noon + timedelta(days=9999)) == []
    assert archive.store.followed() == ()


def test_a_resumed_feed_is_due_at_once_and_forgiven(archive, noon):
    feed_id = archive.follow()
    archive.apply(feed_id, facts={"state": FeedState.FAILING, "error_count": 9, "last_error": "no"})
    archive.store.pause(feed_id)
    archive.store.resume(feed_id, now=noon)
    feed = archive.store.feed(*due(archive, noon))
    assert (feed.state, feed.error_count) == (FeedState.ACTIVE, 0)


def test_a_feed_that_is_not_there_cannot_be_paused_or_resumed(archive, noon):
    with pytest.raises(NotFound, match="no feed 7"):
        archive.store.pause(7)
    with pytest.raises(NotFound, match="no feed 7"):
        archive.store.resume(7, now=noon)
    with pytest.raises(NotFound, match="no feed 7"):
        archive.store.feed(7)


def test_a_removed_feed_is_hidden_with_all_it_has(archive, entry):
    feed_id = archive.follow()
    archive.add(feed_id, entry())
    archive.store.pause(feed_id, by="removed")
    with archive.reader() as reader:
        assert reader.feeds() == []
        assert [row["entries"] for row in reader.feeds(removed=True)] == [1]
        totals = reader.totals(now=archive.now)
    assert (totals["feeds"], totals["entries"], totals["states"]) == (0, 1, {})


def test_a_feed_is_found_by_id_address_or_name(archive):
    feed_id = archive.follow(name="Example")
    archive.follow(OTHER)
    archive.apply(feed_id, facts={"current_url": "https://moved.example/"})
    for name in (str(feed_id), URL, "https://moved.example/", "Example"):
        assert archive.store.find_feed(name) == feed_id
    with pytest.raises(NotFound, match=r"'nobody'.*`archiver feeds`"):
        archive.store.find_feed("nobody")


def test_a_name_that_two_feeds_have_is_no_name(archive):
    archive.follow(name="News")
    archive.follow(OTHER, name="News")
    with pytest.raises(ConfigError, match="'News' means several feeds: 1, 2; name one by its number"):
        archive.store.find_feed("News")


def test_a_number_is_the_feed_of_that_number_even_if_another_is_called_so(archive):
    archive.follow(name="2")
    archive.follow(OTHER)
    assert archive.store.find_feed("2") == 2


def test_an_address_is_the_feed_of_that_address_even_if_another_moved_there(archive):
    archive.follow()
    archive.follow(OTHER)
    archive.apply(2, facts={"current_url": URL})
    assert archive.store.find_feed(URL) == 1


def test_a_replayed_feed_that_is_resumed_is_the_commands(archive, noon):
    feed = archive.store.replayed(URL, now=noon)
    archive.store.pause(feed.id)
    archive.store.resume(feed.id, now=noon)
    assert (_feed(archive)["origin"], _feed(archive)["state"]) == ("command", "active")


# ---------------------------------------------------------------- due


def test_the_feed_that_waits_longest_is_first(archive, noon):
    for number in range(4):
        archive.follow(f"https://example.org/{number}")
    for feed_id, minutes in ((1, 30), (2, 10), (3, 20), (4, 90)):
        archive.apply(feed_id, facts={"next_fetch_at": noon + timedelta(minutes=minutes)})
    later = noon + timedelta(hours=1)
    assert due(archive, later, limit=9) == [2, 3, 1]
    assert due(archive, later, limit=2) == [2, 3]
    assert due(archive, later, limit=2, beside={2, 4}) == [3, 1]
    assert due(archive, later, limit=0) == []
    assert due(archive, later, limit=-1) == []


@pytest.mark.parametrize("state", [FeedState.ACTIVE, FeedState.FAILING, FeedState.GONE])
def test_a_feed_in_trouble_is_asked_again_when_its_time_has_come(archive, state):
    feed_id = archive.follow()
    archive.apply(feed_id, facts={"state": state})
    assert due(archive, archive.now, limit=9) == []
    feed = archive.store.feed(*due(archive, archive.now + timedelta(hours=1)))
    assert feed.state is state


def test_an_update_knows_of_its_feed_what_the_last_one_wrote(archive):
    feed_id = archive.follow(interval_seconds=60)
    written = {
        "etag": '"x"',
        "last_modified": "yesterday",
        "body_sha256": "beef",
        "interval_seconds": 120,
        "error_count": 2,
        "described": FeedData(title="Example"),
        "format": "atom10",
    }
    archive.apply(feed_id, facts=written)
    feed = archive.store.feed(feed_id)
    for column in ("etag", "last_modified", "body_sha256", "interval_seconds", "error_count", "format"):
        assert getattr(feed, column) == written[column]
    assert feed.configured_interval_seconds == 60


def test_finding_what_is_due_costs_the_same_among_many_feeds(archive, noon):
    def ask():
        due(archive, noon + timedelta(hours=1), limit=8)

    for number in range(20):
        archive.follow(f"https://example.org/{number}")
    few = archive.count_steps(ask)
    archive.db.execute(
        """
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20000)
        INSERT INTO feeds (url, current_url, origin, next_fetch_at, added_at)
        SELECT 'https://many.example/' || n, '', 'opml', '2026-03-01T12:30:00Z', '' FROM numbers
        """
    )
    assert archive.count_steps(ask) <= few * 1.5


def test_a_time_that_only_a_wrong_clock_can_have_written_does_not_silence_a_feed(archive, noon):
    feed_id = archive.follow()
    archive.apply(feed_id, facts={"next_fetch_at": noon + timedelta(days=20_000)})
    assert due(archive, noon, limit=9) == [feed_id]
    archive.apply(feed_id, facts={"next_fetch_at": noon + timedelta(days=40)})
    assert due(archive, noon, limit=9) == [feed_id]


def test_a_time_that_the_schedule_can_have_written_is_waited_for(archive, noon):
    feed_id = archive.follow()
    archive.apply(feed_id, facts={"next_fetch_at": noon + timedelta(days=33)})
    assert due(archive, noon) == []
    year = 366 * 86400
    archive.apply(feed_id, facts={"next_fetch_at": noon + timedelta(days=400), "interval_seconds": year})
    assert due(archive, noon) == []
