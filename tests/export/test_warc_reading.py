"""WARC files of other crawlers, whole ones and wrecks: what comes in, what is passed over and told."""

import base64
import gzip
import hashlib
import zlib

import brotli
import pytest

from archiver.errors import ConfigError
from archiver.replay import documents

FEED = "https://example.org/feed"


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n%x;x=y\r\n%s\r\n0\r\n\r\n" % (9, body[:9], len(body) - 9, body[9:])


FETCHES = "SELECT request_url, started_at, status, outcome, error_kind FROM fetches ORDER BY id"


# ---------------------------------------------------------------- other crawlers' files


@pytest.mark.parametrize(
    ("coding", "code"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("br", brotli.compress)]
)
@pytest.mark.parametrize("packed", [True, False])
def test_chunks_and_codings_that_travelled_are_undone(
    new_crawl, make_archive, warc, rss, packed, coding, code
):
    headers = {"Transfer-Encoding": "chunked", "Content-Encoding": coding, "ETag": '"1"'}
    crawl = new_crawl(packed=packed).response(chunked(code(rss("b", "a").encode())), headers=headers)
    archive = make_archive("one")
    replayed = archive.replay(crawl.save(warc))
    assert (replayed.feeds, replayed.new, replayed.skipped, replayed.errors) == (1, 2, 0, ())
    assert archive.rows(FETCHES) == [(FEED, "2024-05-01T10:00:00Z", 200, "new", None)]
    assert archive.rows("SELECT url, state, paused_by, etag FROM feeds") == [
        (FEED, "paused", "replay", '"1"')
    ]
    assert archive.rows("SELECT DISTINCT first_seen_at FROM entries") == [("2024-05-01T10:00:00Z",)]


def test_codings_that_the_crawler_had_undone_do_no_harm(new_crawl, make_archive, warc, rss):
    headers = {"Transfer-Encoding": "chunked", "Content-Encoding": "gzip"}
    replayed = make_archive("one").replay(new_crawl().response(rss("a"), headers=headers).save(warc))
    assert (replayed.new, replayed.errors) == (1, ())


@pytest.mark.parametrize("protocol", ["HTTP/2", "HTTP/2.0", "HTTP/1.0", "HTTP/3"])
def test_status_lines_of_any_protocol_are_read(new_crawl, make_archive, warc, rss, protocol):
    crawl = new_crawl(version="1.1").response(
        rss("a"), protocol=protocol, status="200", at="2024-05-01T10:00:00.123456Z"
    )
    archive = make_archive("one")
    assert archive.replay(crawl.save(warc)).new == 1
    assert archive.rows("SELECT started_at, http_version FROM fetches") == [
        ("2024-05-01T10:00:00Z", protocol)
    ]


def test_only_feeds_are_taken_and_what_else_there_is_is_counted(new_crawl, make_archive, warc, rss):
    crawl = (
        new_crawl()
        .add("request", FEED, status="/feed HTTP/1.1", protocol="GET")
        .response(rss("a"))
        .response("<html><body>A page</body></html>", uri="https://example.org/")
        .response("User-agent: *\nDisallow:", uri="https://example.org/robots.txt")
        .response('{"an": "interface"}', uri="https://example.org/api")
        .response(b"\x89PNG\r\n\x1a\n" + bytes(99), uri="https://example.org/image.png")
        .response("gone", uri="https://example.org/404", status="404 Not Found")
        .response(
            status="301 Moved Permanently", uri="https://example.org/old", headers={"Location": "/feed"}
        )
        .add("resource", "metadata://gnu.org/software/wget/warc/wget.log", "log", http=False)
        .add("metadata", FEED, "via: https://example.org/", http=False)
        .add("resource", "dns:example.org", "20240501 example.org. 300 IN A 192.0.2.1", http=False)
    )
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.feeds, replayed.new, replayed.skipped, replayed.errors) == (1, 1, 8, ())


def test_answers_are_archived_in_the_order_of_their_dates(new_crawl, make_archive, warc, rss):
    crawl = (
        new_crawl()
        .response(rss("b", "a", texts={"a": "<p>Second.</p>"}), at="2024-05-02T00:00:00Z")
        .response(rss("c", "b", "a", texts={"a": "<p>Third.</p>"}), at="2024-05-03")
        .response(rss("a", texts={"a": "<p>First.</p>"}), at="20240501000000")
    )
    archive = make_archive("one")
    assert archive.replay(crawl.save(warc)).errors == ()
    sql = "SELECT content_text FROM entries WHERE title = 'Story a'"
    assert archive.rows(sql) == [("Third.",)]
    assert archive.rows("SELECT summary FROM revisions WHERE entry_id = 1 ORDER BY revision") == [
        ("<p>First.</p>",),
        ("<p>Second.</p>",),
        ("<p>Third.</p>",),
    ]


def test_errors_of_a_feed_are_failed_fetches_wherever_they_stand(new_crawl, make_archive, warc, rss):
    crawl = (
        new_crawl()
        .response("busy", status="503 Service Unavailable", at="2024-05-01T00:00:00Z")
        .response(rss("a"), at="2024-05-02T00:00:00Z")
        .response("<html>We moved</html>", at="2024-05-03T00:00:00Z")
        .response("bye", status="410 Gone", at="2024-05-04T00:00:00Z")
    )
    archive = make_archive("one")
    archive.replay(crawl.save(warc))
    assert [row[2:] for row in archive.rows(FETCHES)] == [
        (503, "error", "http"),
        (200, "new", None),
        (200, "error", "web_page"),
        (410, "gone", "gone"),
    ]


def test_revisits_are_fetches_of_what_they_refer_to(new_crawl, make_archive, warc, rss):
    body = rss("a").encode()
    digest = "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode()
    same = {"WARC_Profile": "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"}
    crawl = (
        new_crawl()
        .response(body, at="2024-05-01T00:00:00Z")
        .add("revisit", FEED, at="2024-05-02T00:00:00Z", WARC_Payload_Digest=digest, **same)
        .add("revisit", FEED, at="2024-05-03T00:00:00Z", http=False, WARC_Refers_To_Target_URI=FEED,
             WARC_Refers_To_Date="2024-05-01T00:00:00Z", **same)
        .add("revisit", FEED, at="2024-05-04T00:00:00Z", status="304 Not Modified",
             WARC_Profile="http://netpreserve.org/warc/1.0/revisit/server-not-modified")
        .response(at="2024-05-05T00:00:00Z", status="304 Not Modified")
        .add("revisit", "https://example.org/mirror", at="2024-05-06", WARC_Payload_Digest=digest, **same)
        .add("revisit", "https://example.org/other", WARC_Payload_Digest="sha1:UNKNOWN", **same)
    )  # fmt: skip
    archive = make_archive("one")
    replayed = archive.replay(crawl.save(warc))
    assert (replayed.feeds, replayed.skipped, replayed.errors) == (2, 1, ())
    assert [row[2:4] for row in archive.rows(FETCHES)] == [
        (200, "new"), (200, "unchanged"), (200, "unchanged"), (304, "not_modified"), (304, "not_modified"),
        (200, "new"),
    ]  # fmt: skip


def test_a_feed_kept_as_a_resource_is_one(new_crawl, make_archive, warc, rss):
    crawl = new_crawl().add("resource", FEED, rss("a"), http=False, Content_Type="application/rss+xml")
    archive = make_archive("one")
    assert archive.replay(crawl.save(warc)).new == 1
    assert archive.rows("SELECT status, headers FROM fetches") == [
        (None, '[["Content-Type", "application/rss+xml"]]')
    ]


def test_a_file_packed_as_one_piece_is_read(new_crawl, make_archive, warc, rss):
    crawl = new_crawl(packed=False).response(rss("a")).response(rss("b"), uri=FEED + "2")
    replayed = make_archive("one").replay(crawl.save(warc, gzip.compress(crawl.data)))
    assert (replayed.feeds, replayed.errors) == (2, ())


def test_a_warc_file_is_known_by_its_bytes_too(new_crawl, make_archive, tmp_path, rss):
    crawl = new_crawl().response(rss("a"))
    assert make_archive("one").replay(crawl.save(tmp_path / "no-name")).skipped == 0
    with pytest.raises(ConfigError, match="says itself where"):
        documents([tmp_path / "no-name"], url=FEED)


def test_answers_of_a_followed_feed_become_its_history(new_crawl, site, make_archive, warc, rss):
    url = site.serve("/feed", rss("b", "a"))
    archive = make_archive("one")
    crawl = new_crawl().response(rss("a"), uri=url).response("no", uri=url, at="2024-05-02", status="500 Oh")
    archive.replay(crawl.save(warc))
    archive.update(url)
    assert [row[3] for row in archive.rows(FETCHES)] == ["new", "error", "new"]
    assert archive.rows("SELECT count(*) FROM feeds") == [(1,)]
