"""The rules of an update: what was known + what the web said + the time = what is written."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from archiver import decide
from archiver.changes import ChangeKind, FeedUpdate, Outcome
from archiver.config import ScheduleSettings
from archiver.errors import FetchError, ParseError
from archiver.identify import recognise
from archiver.model import FeedData, FeedState, Pace, ParsedFeed, Response

SETTINGS = ScheduleSettings()
OK = Response(
    request_url="https://example.org/feed",
    final_url="https://example.org/feed",
    status=200,
    headers=(("ETag", '"2"'), ("Last-Modified", "Sun, 01 Mar 2026 11:00:00 GMT")),
    body=b"<rss/>",
)


@pytest.fixture
def attempt(noon):
    return decide.Attempt(started_at=noon, duration_ms=120, request_url="https://example.org/feed")


@pytest.fixture
def understood(feed_row, attempt) -> Callable[..., FeedUpdate]:
    """Decide for a document (prepared entries) against known entries."""

    def run(
        entries, known=(), *, feed=None, partial=False, form="rss20", candidates=None, response=OK
    ) -> FeedUpdate:
        parsed = ParsedFeed(
            feed=FeedData(title="Example"),
            entries=tuple(entry.data for entry in entries),
            format=form,
            charset="utf-8",
            partial=partial,
        )
        document = decide.Document(
            response=response,
            body_sha256="ab" * 32,
            parsed=parsed,
            known=known,
            recognition=recognise(entries, known),
            candidates=candidates or {},
        )
        return decide.understood(feed or feed_row(), attempt, document, SETTINGS)

    return run


def kinds(update: FeedUpdate) -> list[ChangeKind]:
    return [change.kind for change in update.changes]


def events(update: FeedUpdate) -> list[str]:
    return [event.kind for event in update.events]


class TestADocument:
    def test_entries_that_nobody_knows_are_new_and_found_a_post_each(self, understood, document):
        update = understood(document("a", "b"))
        assert kinds(update) == [ChangeKind.NEW, ChangeKind.NEW]
        assert [change.revision for change in update.changes] == [1, 1]
        assert [change.link.rule for change in update.changes] == ["first", "first"]
        assert (update.fetch.outcome, update.fetch.entries_new, update.fetch.entries_seen) == ("new", 2, 2)

    def test_an_entry_whose_content_moved_gets_the_next_revision(self, understood, document, known_from):
        known = known_from(document("a", "b"))
        update = understood(document({"name": "a", "title": "Changed"}, "b"), known)
        assert kinds(update) == [ChangeKind.REVISED, ChangeKind.SEEN]
        assert [change.revision for change in update.changes] == [2, None]
        assert (update.fetch.outcome, update.fetch.entries_revised) == ("new", 1)

    def test_a_new_date_of_change_alone_is_seen_and_no_revision(self, understood, document, known_from, noon):
        known = known_from(document("a"))
        update = understood(document({"name": "a", "updated_at": noon}), known)
        assert kinds(update) == [ChangeKind.SEEN]
        assert update.fetch.outcome is Outcome.UNCHANGED

    def test_validators_and_digest_are_kept_with_the_entries_they_came_with(self, understood, document):
        facts = understood(document("a")).facts
        assert (facts.etag, facts.last_modified) == ('"2"', "Sun, 01 Mar 2026 11:00:00 GMT")
        assert facts.body_sha256 == "ab" * 32

    def test_a_partial_document_keeps_no_validators_so_that_the_whole_is_asked_for(
        self, understood, document, known_from, feed_row
    ):
        entries, feed = document("a"), feed_row(etag='"1"', body_sha256="old")
        told_nothing = understood(entries, known_from(entries), feed=feed, partial=True)
        assert told_nothing.fetch.partial
        assert (told_nothing.facts.etag, told_nothing.facts.body_sha256) == ('"1"', "old")
        told_more = understood(entries, feed=feed, partial=True)
        assert (told_more.facts.etag, told_more.facts.body_sha256) == (None, None)

    def test_an_entry_twice_in_one_document_is_written_once(self, understood, document):
        twice = {"name": "a", "guid": None, "url": None, "published_at": None, "published_raw": None}
        assert kinds(understood(document(twice, "b", twice))) == [ChangeKind.NEW, ChangeKind.NEW]

    def test_a_date_in_the_future_is_kept_and_marked(self, understood, document, noon):
        late = noon + timedelta(days=40)
        update = understood(document({"name": "a", "published_at": late}))
        assert update.changes[0].date_note == "future"
        assert update.changes[0].entry.data.published_at == late

    def test_a_date_that_cannot_be_read_is_marked_and_not_invented(self, understood, document):
        update = understood(document({"name": "a", "published_at": None, "published_raw": "soon"}))
        assert update.changes[0].date_note == "unreadable"

    def test_an_answer_after_failures_is_a_recovery(self, understood, document, feed_row):
        update = understood(document("a"), feed=feed_row(state=FeedState.FAILING, error_count=3))
        assert events(update) == ["recovered"]
        assert (update.facts.state, update.facts.error_count) == (FeedState.ACTIVE, 0)


class TestAbsence:
    def test_an_entry_missing_while_an_older_one_stands_is_missing(self, understood, document, known_from):
        known = known_from(document("a", "b", "c"))
        update = understood(tuple(e for e in document("a", "b", "c") if e.data.position != 1), known)
        assert kinds(update) == [ChangeKind.SEEN, ChangeKind.SEEN, ChangeKind.MISSING]

    def test_missing_a_second_time_it_was_taken_down(self, understood, document, known_from, noon):
        a, b, c = known_from(document("a", "b", "c"))
        b = replace(b, present=False, missing_since=noon - timedelta(hours=1))
        entries = document("a", "b", "c")
        update = understood((entries[0], entries[2]), (a, b, c))
        assert kinds(update)[-1] is ChangeKind.WITHDRAWN
        assert events(update) == ["withdrawn"]

    def test_the_oldest_entry_rolled_off_and_nothing_is_said_of_it(self, understood, document, known_from):
        update = understood(document("a", "b"), known_from(document("a", "b", "c")))
        assert kinds(update) == [ChangeKind.SEEN, ChangeKind.SEEN, ChangeKind.LEFT]

    def test_a_pinned_old_entry_is_no_proof_against_what_rolls_off_below_it(
        self, understood, document, known_from, noon
    ):
        pinned = {"name": "pinned", "published_at": noon - timedelta(days=900)}
        before = document(pinned, "a", "b", "c")
        update = understood(before[:3], known_from(before))
        assert kinds(update)[-1] is ChangeKind.LEFT

    def test_a_document_may_have_its_oldest_entry_first(self, understood, document, known_from, noon):
        def dated(name, days):
            return {"name": name, "published_at": noon - timedelta(days=days)}

        before = document(dated("c", 9), dated("b", 8), dated("a", 7))
        assert kinds(understood((before[0], before[2]), known_from(before)))[-1] is ChangeKind.MISSING
        assert kinds(understood(before[1:], known_from(before)))[-1] is ChangeKind.LEFT

    def test_one_that_was_missing_and_would_have_rolled_off_since_is_not_proven_gone(
        self, understood, document, known_from, noon
    ):
        a, b, c = known_from(document("a", "b", "c"))
        b = replace(b, present=False, missing_since=noon - timedelta(hours=1))
        update = understood(document("a"), (a, b, c))
        assert kinds(update) == [ChangeKind.SEEN, ChangeKind.LEFT, ChangeKind.LEFT]

    def test_a_withdrawn_entry_that_is_back_continues_its_revisions(
        self, understood, document, known_from, noon
    ):
        known = known_from(document("a"), present=False, missing_since=noon, withdrawn_at=noon, revision=4)
        update = understood(document({"name": "a", "title": "Back again"}), known)
        assert (kinds(update), update.changes[0].revision) == ([ChangeKind.RETURNED], 5)
        assert events(update) == ["returned"]

    def test_a_listing_of_which_nobody_knows_if_it_came_whole_proves_no_absence(
        self, understood, document, known_from, feed_row
    ):
        entries = document("a", "b", "c")
        listing = {"form": "text-listing", "feed": feed_row(format="text-listing")}
        torn = replace(OK, complete=False)
        update = understood((entries[0], entries[2]), known_from(entries), **listing, response=torn)
        assert kinds(update) == [ChangeKind.SEEN, ChangeKind.SEEN]
        update = understood((entries[0], entries[2]), known_from(entries), **listing)
        assert kinds(update)[-1] is ChangeKind.MISSING

    @pytest.mark.parametrize(
        "circumstance",
        [
            pytest.param({"partial": True}, id="cut short"),
            pytest.param({"form": "atom10"}, id="suddenly another format"),
        ],
    )
    def test_a_doubtful_document_proves_no_absence(self, understood, document, known_from, circumstance):
        entries = document("a", "b", "c")
        update = understood((entries[0], entries[2]), known_from(entries), **circumstance)
        assert kinds(update) == [ChangeKind.SEEN, ChangeKind.SEEN]

    def test_an_empty_document_proves_no_absence(self, understood, document, known_from):
        update = understood((), known_from(document("a", "b")))
        assert kinds(update) == []
        assert not update.fetch.gap


class TestAGap:
    def test_a_full_answer_that_shares_nothing_with_the_last_is_a_gap(self, understood, document, known_from):
        update = understood(document("x", "y"), known_from(document("a", "b")))
        assert update.fetch.gap
        assert events(update) == ["gap"]
        assert kinds(update)[2:] == [ChangeKind.LEFT, ChangeKind.LEFT]
        assert update.facts.interval_seconds == SETTINGS.interval_seconds // 2

    def test_a_first_document_is_none(self, understood, document):
        assert not understood(document("a")).fetch.gap


class TestADocumentThatWeKnow:
    def test_a_304_keeps_validators_that_it_does_not_name(self, feed_row, attempt):
        feed = feed_row(etag='"1"', last_modified="Sat, 28 Feb 2026 00:00:00 GMT", body_sha256="cd" * 32)
        answer = Response(request_url=feed.url, final_url=feed.url, status=304)
        update = decide.confirmed(feed, attempt, answer, (), SETTINGS)
        assert (update.facts.etag, update.facts.last_modified) == (feed.etag, feed.last_modified)
        assert (update.fetch.outcome, update.fetch.body_sha256) == ("not_modified", "cd" * 32)

    def test_the_same_bytes_are_unchanged_and_not_kept_again(self, feed_row, attempt):
        update = decide.confirmed(feed_row(body_sha256="cd" * 32), attempt, OK, (), SETTINGS)
        assert (update.fetch.outcome, update.fetch.body) == ("unchanged", None)
        assert update.fetch.bytes_received == len(OK.body)

    def test_what_was_missing_is_missing_a_second_time(self, feed_row, attempt, document, known_from, noon):
        missing = known_from(document("a"), present=False, missing_since=noon)
        update = decide.confirmed(feed_row(), attempt, OK, missing, SETTINGS)
        assert kinds(update) == [ChangeKind.WITHDRAWN]


class TestAFailure:
    def test_nothing_known_of_the_feed_moves(self, feed_row, attempt):
        feed = feed_row(etag='"1"', last_modified="x", body_sha256="cd" * 32)
        facts = decide.failed(feed, attempt, FetchError("dns", "no address"), SETTINGS).facts
        assert (facts.etag, facts.last_modified, facts.body_sha256) == ('"1"', "x", "cd" * 32)
        assert (facts.state, facts.error_count, facts.last_error) == (FeedState.FAILING, 1, "no address")
        assert not facts.succeeded

    def test_the_bytes_of_a_document_that_is_no_feed_are_kept(self, feed_row, attempt):
        error = ParseError("web_page", "a web page")
        update = decide.failed(feed_row(), attempt, error, SETTINGS, response=OK)
        assert (update.fetch.body, update.fetch.status) == (OK.body, 200)
        assert (update.fetch.outcome, update.fetch.error_kind) == ("error", "web_page")

    def test_a_second_failure_in_a_row_is_no_second_event(self, feed_row, attempt):
        error = FetchError("dns", "no address")
        assert events(decide.failed(feed_row(), attempt, error, SETTINGS)) == ["failing"]
        assert events(decide.failed(feed_row(state=FeedState.FAILING), attempt, error, SETTINGS)) == []

    def test_gone_is_a_state_of_its_own_and_asked_about_monthly(self, feed_row, attempt, noon):
        update = decide.failed(feed_row(), attempt, FetchError("gone", "gone", status=410), SETTINGS)
        assert (update.facts.state, update.fetch.outcome) == (FeedState.GONE, "gone")
        assert timedelta(days=30) <= update.facts.next_fetch_at - noon <= timedelta(days=31)


class TestThePace:
    """Prepared entries are a day apart; the newest is four weeks old."""

    def test_the_dates_of_a_document_say_when_to_ask_again(self, understood, document):
        facts = understood(document(*"abcdef")).facts
        assert (facts.pace.rhythm_seconds, facts.pace.window_seconds) == (86_400, 5 * 86_400)
        assert facts.interval_seconds == SETTINGS.max_interval_seconds

    def test_so_does_the_server_of_an_answer_and_of_a_304(self, understood, document, feed_row, attempt):
        fresh = replace(OK, headers=(("Cache-Control", "max-age=20000"),))
        assert understood(document("a"), response=fresh).facts.interval_seconds == 20_000 + attempt.seconds
        facts = decide.confirmed(
            feed_row(), attempt, replace(fresh, status=304, body=b""), (), SETTINGS
        ).facts
        assert facts.interval_seconds == 20_000 + attempt.seconds

    @pytest.mark.parametrize(("duration_ms", "seconds"), [(0, 1), (1, 2), (1000, 2), (29_001, 31)])
    @pytest.mark.parametrize("asked", [20_000, 86_400])
    def test_its_wish_counts_from_the_end_of_the_answer(
        self, feed_row, attempt, noon, duration_ms, seconds, asked
    ):
        fresh = replace(OK, headers=(("Cache-Control", f"max-age={asked}"),))
        slow = replace(attempt, duration_ms=duration_ms)
        waits = [
            decide.confirmed(feed_row(id=n), slow, fresh, (), SETTINGS).facts.next_fetch_at - noon
            for n in range(1, 50)
        ]
        least = asked + seconds
        assert timedelta(seconds=least) <= min(waits) < max(waits) <= timedelta(seconds=least * 1.1)

    def test_an_answer_without_a_clock_expires_when_it_says(self, feed_row, attempt, noon):
        fresh = replace(OK, headers=(("Expires", "Sun, 01 Mar 2026 22:00:00 GMT"),))
        slow = replace(attempt, duration_ms=29_001)
        facts = decide.confirmed(feed_row(), slow, fresh, (), SETTINGS).facts
        assert noon + timedelta(seconds=facts.interval_seconds) == datetime(2026, 3, 1, 22, tzinfo=UTC)

    def test_the_feeds_own_wish_is_remembered_for_answers_without_a_document(self, feed_row, attempt):
        feed = feed_row(pace=Pace(ttl_seconds=7200))
        unchanged = replace(OK, status=304, body=b"")
        facts = decide.confirmed(feed, attempt, unchanged, (), SETTINGS).facts
        assert facts.interval_seconds == 7200 + attempt.seconds

    def test_another_sites_document_says_nothing_of_it(self, understood, document, known_from, feed_row):
        pace = Pace(rhythm_seconds=86_400, quiet_seconds=86_400 * 5, alive_at=None)
        feed = feed_row(pace=pace, title="Quite another thing", site_url="https://other.example/")
        ours = known_from(document("x", "y"), url="https://other.example/x")
        update = understood(document(*"abcdef"), ours, feed=feed)
        assert events(update) == ["suspect"]
        assert update.facts.pace == pace


class TestSilence:
    def test_a_feed_without_anything_new_for_long_is_silent_and_that_is_told_once(
        self, understood, document, known_from, feed_row
    ):
        entries = document(*"abcdef")
        update = understood(entries, known_from(entries))
        assert events(update) == ["silent"]
        assert "usual is every 24 hours" in update.events[0].detail
        assert update.facts.silent_since == entries[0].data.published_at
        again = feed_row(pace=update.facts.pace, silent_since=update.facts.silent_since)
        assert events(understood(entries, known_from(entries), feed=again)) == []

    def test_an_unchanged_answer_tells_it_too(self, feed_row, attempt, noon):
        pace = Pace(rhythm_seconds=3600, quiet_seconds=86_400, alive_at=noon - timedelta(days=2))
        unchanged = replace(OK, status=304, body=b"")
        update = decide.confirmed(feed_row(pace=pace), attempt, unchanged, (), SETTINGS)
        assert events(update) == ["silent"]

    def test_a_first_document_is_never_silent_however_old(self, understood, document):
        assert events(understood(document(*"abcdef"))) == []

    def test_something_new_ends_it(self, understood, document, known_from, feed_row, noon):
        entries, since = document(*"abcdef"), noon - timedelta(days=28)
        feed = feed_row(silent_since=since)
        update = understood(entries, known_from(entries[1:]), feed=feed)
        assert events(update) == ["heard_again"]
        assert update.facts.silent_since is None
        assert update.facts.pace.alive_at == noon

    def test_an_edit_does_not(self, understood, document, known_from, feed_row, noon):
        entries = document(*"abcdef")
        edited = document({"name": "a", "title": "Changed"}, *"bcdef")
        update = understood(edited, known_from(entries), feed=feed_row(silent_since=noon))
        assert events(update) == []
        assert update.facts.silent_since == noon


class TestOurName:
    @pytest.mark.parametrize("by_second", [True, False])
    def test_the_one_by_which_we_were_let_in_is_remembered(self, feed_row, attempt, by_second):
        answer = replace(OK, second_agent=by_second)
        feed = feed_row(second_agent=not by_second)
        assert decide.confirmed(feed, attempt, answer, (), SETTINGS).facts.second_agent is by_second

    def test_a_file_says_nothing_of_it(self, feed_row, attempt):
        answer = replace(OK, status=None)
        update = decide.confirmed(feed_row(second_agent=True), attempt, answer, (), SETTINGS)
        assert update.facts.second_agent
