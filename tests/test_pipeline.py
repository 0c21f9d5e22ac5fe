"""The way of one update, end to end: a real server on loopback, real workers, a real archive file."""

import json

import pytest

from archiver.workers import Workers


@pytest.fixture
def archive(live):
    return live()


def test_the_second_fetch_is_conditional_and_rewrites_nothing(site, rss, archive):
    url = site.serve(
        "/feed", rss("b", "a"), headers={"ETag": '"1"', "Last-Modified": "Sun, 01 Mar 2026 11:00:00 GMT"}
    )
    first = archive.update(url)
    entries, revisions = archive.rows("SELECT * FROM entries"), archive.rows("SELECT * FROM revisions")
    second = archive.update(url)
    assert (first.status, first.outcome, first.entries_new) == (200, "new", 2)
    assert (second.status, second.outcome) == (304, "not_modified")
    assert site.requests[1][1]["if-none-match"] == '"1"'
    assert site.requests[1][1]["if-modified-since"] == "Sun, 01 Mar 2026 11:00:00 GMT"
    assert archive.rows("SELECT * FROM entries") == entries
    assert archive.rows("SELECT * FROM revisions") == revisions


def test_the_same_bytes_without_validators_are_unchanged_and_kept_once(site, rss, archive):
    url = site.serve("/feed", rss("a"))
    archive.update(url)
    assert archive.update(url).outcome == "unchanged"
    assert archive.rows("SELECT count(*) FROM bodies") == [(1,)]
    assert archive.rows("SELECT count(*) FROM fetches") == [(2,)]


def test_an_edited_story_keeps_both_its_versions(site, rss, archive):
    url = site.serve("/feed", rss("a", texts={"a": "<p>first words</p>"}))
    archive.update(url)
    site.serve("/feed", rss("a", texts={"a": "<p>second words</p>"}))
    assert archive.update(url).entries_revised == 1
    assert archive.rows("SELECT revision, summary FROM revisions ORDER BY revision") == [
        (1, "<p>first words</p>"),
        (2, "<p>second words</p>"),
    ]
    assert archive.rows("SELECT revision, content_text FROM entries") == [(2, "second words")]


def test_a_document_cut_in_half_is_partial_and_the_whole_one_is_taken_next_time(site, rss, archive):
    whole = rss("c", "b", "a")
    url = site.serve("/feed", whole[: whole.index("Story a") + 3], headers={"ETag": '"cut"'})
    half = archive.update(url)
    assert (half.partial, half.entries_new) == (True, 2)
    site.serve("/feed", whole, headers={"ETag": '"whole"'})
    rest = archive.update(url)
    assert "if-none-match" not in site.requests[1][1]
    assert (rest.partial, rest.entries_new, rest.entries_revised) == (False, 1, 0)


def test_a_web_page_in_a_feeds_place_is_an_error_that_says_so_and_its_bytes_are_kept(site, archive):
    page = "<!DOCTYPE html><html><head><title>Log in</title></head><body><p>Please log in</p></body></html>"
    url = site.serve("/feed", page, headers={"ETag": '"login"'})
    record = archive.update(url)
    assert (record.outcome, record.error_kind) == ("error", "web_page")
    assert "web page" in record.error
    assert archive.rows("SELECT size FROM bodies") == [(len(page),)]
    assert archive.rows("SELECT etag, state, error_count FROM feeds") == [(None, "failing", 1)]


def test_a_story_that_two_feeds_carry_is_one_post_with_two_entries(site, rss, archive):
    text = "<p>" + "Many words that both of these feeds carry about one and the same thing. " * 3 + "</p>"
    archive.update(site.serve("/all", rss("b", "a", texts={"a": text})))
    archive.update(site.serve("/some", rss("a", title="Some", texts={"a": text})))
    assert archive.rows("SELECT entry_count FROM posts ORDER BY id") == [(1,), (2,)]
    assert archive.rows("SELECT post_rule FROM entries ORDER BY id") == [("first",), ("first",), ("url",)]


def test_a_story_taken_down_is_withdrawn_after_two_answers_and_stays_in_the_archive(site, rss, archive):
    url = site.serve("/feed", rss("c", "b", "a"))
    archive.update(url)
    site.serve("/feed", rss("c", "a"))
    archive.update(url)
    assert archive.rows("SELECT guid FROM entries WHERE missing_since IS NOT NULL") == [("b",)]
    assert archive.rows("SELECT guid FROM entries WHERE withdrawn_at IS NOT NULL") == []
    archive.update(url)
    assert archive.rows("SELECT guid FROM entries WHERE withdrawn_at IS NOT NULL") == [("b",)]
    assert archive.rows("SELECT kind FROM events") == [("withdrawn",)]


def test_a_server_that_is_not_there_is_one_fetch_row_and_a_next_time(archive):
    record = archive.update("http://127.0.0.1:2/feed")
    assert (record.outcome, record.error_kind) == ("error", "connect")
    assert archive.rows("SELECT count(*) FROM fetches") == [(1,)]
    assert archive.rows("SELECT next_fetch_at > last_fetched_at FROM feeds") == [(1,)]


def test_a_fault_of_our_own_is_recorded_as_a_crash_and_the_feed_goes_on(
    site, rss, archive, monkeypatch, caplog
):
    url = site.serve("/feed", rss("a"))

    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("archiver.decide.understood", broken)
        record = archive.update(url)
    assert (record.outcome, record.error_kind) == ("error", "crashed")
    assert "a bug" in caplog.text
    assert archive.update(url).outcome == "new"


def test_bytes_that_would_stall_the_parser_cost_their_worker_and_nothing_else(site, live):
    bomb = b"<rss version='2.0'><channel><item><title>" + b"<b>" * 3_000_000
    with Workers(1, time_limit_seconds=0.2) as short:
        archive = live(workers=short)
        record = archive.update(site.serve("/bomb", bomb))
    assert record.outcome == "error"
    assert archive.rows("SELECT count(*) FROM fetches") == [(1,)]


def test_every_fetch_records_who_answered_over_which_way_and_what_was_asked(site, rss, archive):
    site.serve("/feed", rss("a"), headers={"ETag": '"1"'})
    url = site.serve("/old", status=301, headers={"Location": "/feed"})
    archive.update(url)
    address = site.origin.removeprefix("http://")
    ((redirects, told, headers, version, reason, complete),) = archive.rows(
        "SELECT redirects, address, request_headers, http_version, reason, complete FROM fetches"
    )
    assert json.loads(str(redirects)) == [
        {"url": url, "status": 301, "location": "/feed", "address": address},
    ]
    assert ["Connection", "close"] in json.loads(str(headers))
    assert (told, version, reason, complete) == (address, "HTTP/1.1", "OK", 1)
