"""Every so often a request without validators, to see whether these tell the truth: end to end."""

from datetime import timedelta
from itertools import pairwise

import pytest

CONDITIONS = {"if-none-match", "if-modified-since"}
HEADERS = {"ETag": '"1"', "Last-Modified": "Sun, 01 Mar 2026 11:00:00 GMT"}


@pytest.fixture
def archive(live):
    return live()


@pytest.fixture
def url(site, rss, archive):
    address = site.serve("/feed", rss("b", "a"), headers=HEADERS)
    archive.update(address)
    return address


def conditional(site) -> list[bool]:
    """Of every request, whether it had validators."""
    return [bool(CONDITIONS & headers.keys()) for _, headers in site.requests]


def test_after_ten_days_at_most_one_request_has_none_and_then_they_are_sent_again(site, archive, url):
    for _ in range(22):
        archive.now += timedelta(hours=23)
        archive.update(url)
    asked = conditional(site)
    audits = [at for at, had in enumerate(asked) if not had]
    assert audits[0] == 0
    assert len(audits) == 3
    assert all(7 <= later - one <= 10 for one, later in pairwise(audits))
    assert archive.rows("SELECT DISTINCT outcome FROM fetches WHERE id > 1") == [
        ("not_modified",),
        ("unchanged",),
    ]
    assert archive.rows("SELECT count(*) FROM bodies") == [(1,)]


def test_validators_that_hide_what_is_new_are_found_out_told_and_used_no_more(site, rss, archive, url):
    site.serve("/feed", rss("d", "c", "b", "a"), headers=HEADERS)
    assert archive.update(url).status == 304
    archive.now += timedelta(days=10)
    assert archive.update(url).entries_new == 2
    assert archive.rows("SELECT kind FROM events") == [("validators_lie",)]
    assert archive.rows("SELECT validators_lie, etag FROM feeds") == [(1, '"1"')]
    site.serve("/feed", rss("e", "d", "c", "b", "a"), headers=HEADERS)
    assert archive.update(url).entries_new == 1
    assert conditional(site) == [False, True, False, False]
    assert archive.rows("SELECT count(*) FROM events") == [(1,)]


def test_a_change_under_new_validators_is_no_lie(site, rss, archive, url):
    site.serve("/feed", rss("c", "b", "a"), headers={"ETag": '"2"'})
    archive.now += timedelta(days=10)
    assert archive.update(url).entries_new == 1
    assert conditional(site) == [False, False]
    assert archive.rows("SELECT validators_lie FROM feeds") == [(0,)]


def test_other_bytes_with_nothing_new_in_them_are_no_lie(site, rss, archive, url):
    site.serve("/feed", rss("b", "a") + "<!-- made in 3 ms -->", headers=HEADERS)
    archive.now += timedelta(days=10)
    assert archive.update(url).status == 200
    assert archive.rows("SELECT validators_lie FROM feeds") == [(0,)]


def test_an_audit_that_fails_is_made_up_for(site, rss, archive, url):
    archive.now += timedelta(days=10)
    site.serve("/feed", "no", status=500)
    archive.update(url)
    site.serve("/feed", rss("b", "a"), headers=HEADERS)
    archive.update(url)
    archive.update(url)
    assert conditional(site) == [False, False, False, True]


def test_a_server_at_another_address_is_trusted_again(site, rss, archive, url):
    site.serve("/feed", rss("c", "b", "a"), headers=HEADERS)
    archive.now += timedelta(days=10)
    archive.update(url)
    site.serve("/new", rss("c", "b", "a"), headers={"ETag": '"new"'})
    site.serve("/feed", status=301, headers={"Location": "/new"})
    for _ in range(6):
        archive.now += timedelta(days=2)
        archive.update(url)
    assert archive.rows("SELECT validators_lie, current_url FROM feeds") == [(0, site.origin + "/new")]
    archive.update(url)
    assert conditional(site)[-1]
