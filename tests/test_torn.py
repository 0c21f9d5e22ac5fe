"""Answers that break off: their bytes are kept, and what comes before the cut is read."""

import gzip
from pathlib import Path

import pytest

from archiver import torn
from archiver.errors import FetchError
from archiver.model import ParseOptions
from archiver.prepare import prepare
from archiver.store import Reader

FIXTURES = Path(__file__).parents[1] / "data" / "fixtures"


@pytest.fixture
def archive(live):
    return live()


def kept(archive, fetch) -> bytes:
    """What the archive gives back of a fetch's bytes."""
    [(sha256,)] = archive.rows("SELECT body_sha256 FROM fetches ORDER BY id DESC LIMIT 1")
    assert fetch.body is not None
    with Reader.open(archive.path) as reader:
        return reader.body(sha256)


@pytest.mark.parametrize("kind", sorted(torn.BROKEN_OFF))
def test_the_problem_says_what_the_failure_was(kind, rss):
    prepared = prepare(rss("b", "a").encode(), ParseOptions())
    error = FetchError(kind, "it broke off")
    partial = torn.as_partial(error, prepared)
    assert partial.parsed.partial
    assert torn.told(partial.parsed.problems) == (kind, "it broke off")


@pytest.mark.parametrize("problem", ["", "the document is cut short", "x only its beginning came (reset): y"])
def test_other_problems_say_nothing_of_the_kind(problem):
    assert torn.told([problem]) is None


@pytest.mark.parametrize(
    ("kind", "status", "may"),
    [
        ("truncated", 200, True),
        ("reset", 200, True),
        ("reset", None, False),
        ("truncated", 226, False),
        ("http", 200, False),
        ("timeout", 200, False),
        ("too_large", 200, False),
    ],
)
def test_only_what_breaks_off_after_a_200_is_the_beginning_of_a_document(kind, status, may):
    assert torn.may_be_read(FetchError(kind, "", status=status)) is may


class TestAnAnswerThatBreaksOff:
    def test_its_entries_before_the_cut_are_archived_as_of_a_partial_document(self, site, rss, archive):
        whole = rss("c", "b", "a")
        cut = whole[: whole.rindex("<item>") + 20]
        url = site.serve("/feed", cut, headers={"ETag": '"1"'}, length=len(whole))
        fetch = archive.update(url)
        assert (fetch.outcome, fetch.entries_new, fetch.partial, fetch.complete) == ("new", 2, True, False)
        assert (fetch.error, fetch.error_kind) == (None, None)
        assert fetch.problems[0] == "only its beginning came (truncated): the answer broke off before its end"
        assert kept(archive, fetch) == cut.encode()
        assert archive.rows("SELECT state, error_count, etag, body_sha256 FROM feeds") == [
            ("active", 0, None, None)
        ]

    def test_a_server_that_always_announces_too_much_loses_no_story_and_withdraws_none(
        self, site, rss, archive
    ):
        for names in ("cba", "dcba", "dca", "dca", "edca"):
            url = site.serve("/feed", rss(*names), length=10**6)
            fetch = archive.update(url)
            assert (fetch.complete, fetch.partial, fetch.bytes_received) == (False, True, len(rss(*names)))
        assert archive.rows("SELECT count(*), sum(present), count(withdrawn_at) FROM entries") == [(5, 5, 0)]

    def test_the_bytes_of_the_known_document_do_not_confirm_it(self, site, rss, archive):
        url = site.serve("/feed", rss("b", "a"))
        archive.update(url)
        site.serve("/feed", rss("b", "a"), length=10**6)
        fetch = archive.update(url)
        assert (fetch.outcome, fetch.partial, fetch.entries_seen) == ("unchanged", True, 2)

    def test_where_nothing_can_be_read_it_is_the_failure_that_it_was_and_the_bytes_are_kept(
        self, site, archive
    ):
        fetch = archive.update(site.serve("/feed", "<rss><channel><ti", length=1000))
        assert (fetch.outcome, fetch.error_kind, fetch.status) == ("error", "truncated", 200)
        assert (fetch.complete, fetch.bytes_received) == (False, 17)
        assert kept(archive, fetch) == b"<rss><channel><ti"

    def test_of_half_a_compressed_document_what_came_out_is_read(self, site, rss, archive):
        # stored, so that the cut of the packed bytes is one of the document's too
        document = rss("c", "b", "a").encode()
        packed = gzip.compress(document, 0)
        cut = packed[: len(packed) - 200]
        url = site.serve("/feed", cut, headers={"Content-Encoding": "gzip"})
        fetch = archive.update(url)
        assert (fetch.outcome, fetch.partial, fetch.entries_new >= 1) == ("new", True, True)
        assert kept(archive, fetch) == document[: len(document) - 192]

    def test_a_text_without_an_end_of_its_own_is_not_read_by_halves(self, site, archive):
        text = sorted(FIXTURES.iterdir())[0].read_bytes()
        fetch = archive.update(site.serve("/feed", text[:-40], length=len(text)))
        assert (fetch.error_kind, fetch.bytes_received) == ("truncated", len(text) - 40)

    def test_a_bug_of_ours_in_it_is_the_failure_and_leaves_its_bytes(self, site, rss, archive, monkeypatch):
        def fail(*args: object, **more: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("archiver.decide.understood", fail)
        fetch = archive.update(site.serve("/feed", rss("b", "a"), length=10**6))
        assert (fetch.error_kind, fetch.bytes_received) == ("truncated", len(rss("b", "a")))
