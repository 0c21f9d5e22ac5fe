"""226 IM Used (RFC 3229): only what is new since our ETag, end to end."""

import pytest

TEXTS = {"b": "<p>edited words of story b.</p>"}


@pytest.fixture
def archive(live):
    return live()


@pytest.fixture
def url(site, rss, archive):
    """A feed that was read whole: c, b and a."""
    address = site.serve("/feed", rss("c", "b", "a"), headers={"ETag": '"1"'})
    archive.update(address)
    return address


def present(archive) -> list[str]:
    return [guid for (guid,) in archive.rows("SELECT guid FROM entries WHERE present = 1 ORDER BY guid")]


def delta(site, body: str, etag: str) -> None:
    site.serve("/feed", body, status=226, headers={"ETag": etag, "IM": "feed"})


def test_what_it_has_is_new_or_revised_and_what_it_has_not_stands(site, rss, archive, url):
    delta(site, rss("e", "d", "b", texts=TEXTS), '"2"')
    fetch = archive.update(url)
    assert (fetch.status, fetch.outcome, fetch.gap) == (226, "new", False)
    assert (fetch.entries_new, fetch.entries_revised) == (2, 1)
    assert present(archive) == ["a", "b", "c", "d", "e"]
    assert archive.rows("SELECT count(*) FROM entries WHERE missing_since IS NOT NULL") == [(0,)]
    assert archive.rows("SELECT kind FROM events") == []


def test_what_shares_nothing_with_what_we_know_is_no_gap_and_nothing_strange(site, rss, archive, url):
    delta(site, rss("x", "w", "v", title="Told by another title"), '"2"')
    assert not archive.update(url).gap
    assert archive.rows("SELECT count(*) FROM entries WHERE suspect = 1") == [(0,)]
    assert archive.rows("SELECT kind FROM events") == []
    assert archive.rows("SELECT title FROM feeds") == [("Example",)]


def test_its_validators_are_those_of_the_whole(site, rss, archive, url):
    delta(site, rss("d"), '"2"')
    archive.update(url)
    assert archive.update(url).status == 304
    assert site.requests[-1][1]["if-none-match"] == '"2"'


def test_it_says_nothing_of_how_the_feed_is_paced_but_that_it_lives(site, rss, archive, url):
    columns = "SELECT rhythm_seconds, window_seconds, ttl_seconds, asked_whole_at FROM feeds"
    before = archive.rows(columns)
    delta(site, rss("d"), '"2"')
    archive.update(url)
    assert archive.rows(columns) == before
    assert archive.rows("SELECT alive_at = last_fetched_at FROM feeds") == [(1,)]


def test_the_document_of_before_is_read_again_should_it_come_back(site, rss, archive, url):
    delta(site, rss("d"), '"2"')
    archive.update(url)
    site.serve("/feed", rss("c", "b", "a"), headers={"ETag": '"3"'})
    fetch = archive.update(url)
    assert (fetch.status, fetch.entries_seen) == (200, 3)
    assert archive.rows("SELECT guid FROM entries WHERE missing_since IS NOT NULL") == [("d",)]


def test_the_next_whole_document_goes_on_where_the_deltas_ended(site, rss, archive, url):
    for name, etag in (("d", '"2"'), ("e", '"3"')):
        delta(site, rss(name), etag)
        archive.update(url)
    site.serve("/feed", rss("f", "e", "d", "c"), headers={"ETag": '"4"'})
    fetch = archive.update(url)
    assert (fetch.entries_new, fetch.gap) == (1, False)
    assert present(archive) == ["c", "d", "e", "f"]
    assert archive.rows("SELECT count(*) FROM entries WHERE withdrawn_at IS NOT NULL") == [(0,)]


def test_the_same_bytes_as_the_whole_prove_no_absence_either(site, rss, archive, url):
    site.serve("/feed", rss("c", "a"), headers={"ETag": '"2"'})
    archive.update(url)
    delta(site, rss("c", "a"), '"3"')
    archive.update(url)
    assert archive.rows("SELECT guid FROM entries WHERE withdrawn_at IS NOT NULL") == []


def test_a_story_with_the_title_of_one_that_is_not_in_it_is_another_one(site, archive, url):
    item = (
        "<item><title>Story c</title><link>https://example.org/later</link>"
        "<guid isPermaLink='false'>later</guid><description>All of story c.</description></item>"
    )
    delta(site, f"<rss version='2.0'><channel><title>Example</title>{item}</channel></rss>", '"2"')
    assert archive.update(url).entries_new == 1
    assert present(archive) == ["a", "b", "c", "later"]
