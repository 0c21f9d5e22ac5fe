"""WARC out and in again: what another program makes of our file, and what we make of our own."""

import base64
import hashlib
import io
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from archiver.export.warc import write_warc
from archiver.store import Chosen, Reader
from archiver.times import to_text

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"


DERIVED = (
    "entries", "revisions", "posts", "enclosures", "categories", "aliases", "sketches", "bodies",
    "events",
)  # fmt: skip


def assert_equal(one, other) -> None:
    """Every derived row is the same, its number too; and so is all that the log says but for secrets."""
    for table in DERIVED:
        order = "sha256" if table == "bodies" else "1, 2"
        columns = "sha256, size" if table == "bodies" else "*"
        sql = f"SELECT {columns} FROM {table} ORDER BY {order}"
        assert other.rows(sql) == one.rows(sql), table
    for ours, theirs in zip(one.log(), other.log(), strict=True):
        assert theirs == ours
    known = "SELECT id, url, current_url, name, title, format, etag, body_sha256, added_at FROM feeds"
    assert other.rows(known) == one.rows(known)


def records(path: Path) -> list[SimpleNamespace]:
    """All records of a file, as warcio reads them."""
    with path.open("rb") as file:
        return [
            SimpleNamespace(
                kind=record.rec_type,
                uri=record.rec_headers.get_header("WARC-Target-URI"),
                get=record.rec_headers.get_header,
                http=record.http_headers,
                body=record.content_stream().read(),
            )
            for record in ArchiveIterator(file, check_digests="raise")
        ]


def check(path: Path) -> int:
    """The exit status of warcio's own checker."""
    return Checker(SimpleNamespace(inputs=[str(path)], verbose=False)).process_all()


@pytest.fixture
def lively(site, rss, make_archive):
    """An archive of a site where everything happens: edits, removals, 304, errors, a redirect, a web page."""
    archive = make_archive("live")
    feed = site.serve("/feed", rss("c", "b", "a"), headers={"ETag": '"1"', "X-Odd": "é; \u00a0 x"})
    plain = site.serve("/plain", rss("x"), headers={"Content-Type": "text/xml; charset=utf-8"})
    site.serve("/moved", status=301, headers={"Location": "/plain?token=secret"})
    site.serve("/plain?token=secret", rss("m", title="Moved"))
    archive.update(feed, plain, site.origin + "/moved", site.origin + "/nothing")
    archive.update(feed, plain)
    site.serve(
        "/feed", rss("d", "c", "b", "a", texts={"b": "<p>Told otherwise.</p>"}), headers={"ETag": '"2"'}
    )
    site.serve("/plain", "<!DOCTYPE html><html><body><p>We are moving.</p></body></html>")
    archive.update(feed, plain)
    site.serve("/feed", rss("d", "c", "a", texts={"b": "<p>Told otherwise.</p>"}), headers={"ETag": '"3"'})
    site.serve("/plain", "down", status=503, headers={"Retry-After": "60"})
    archive.update(feed, plain)
    archive.update(feed, "http://127.0.0.1:2/closed")
    site.serve("/plain", b"\xff\xfe not \x00 a feed")
    site.serve("/feed", rss("d", "c", "b", "a"), headers={"ETag": '"4"'})
    archive.update(feed, plain)
    site.serve("/plain", "farewell", status=410)
    site.serve("/feed", rss("e", "d", "c", "b", "a")[:-300], length=10_000)
    archive.update(feed, plain)
    site.serve("/feed", "<rss><chann", length=10_000)
    archive.update(feed, plain)
    return archive


# ---------------------------------------------------------------- out and in again


def test_live_exported_and_replayed_the_archive_is_the_same(lively, make_archive, tmp_path):
    outcomes = {row[0] for row in lively.rows("SELECT DISTINCT outcome FROM fetches")}
    assert outcomes >= {"new", "unchanged", "not_modified", "error", "gone"}
    assert lively.rows("SELECT count(*) FROM revisions WHERE revision > 1")[0][0] >= 1
    again = make_archive("again")
    replayed = again.replay(lively.export(tmp_path / "all.warc.gz"))
    assert (replayed.errors, replayed.skipped) == ((), 0)
    assert_equal(lively, again)


def test_the_seeds_make_the_round_trip(make_archive, tmp_path):
    seeds, again = make_archive("seeds"), make_archive("again")
    seeds.replay(FIXTURES)
    assert seeds.rows("SELECT count(*) FROM entries") == [(45,)]
    replayed = again.replay(seeds.export(tmp_path / "seeds.warc.gz"))
    assert (replayed.feeds, replayed.entries, replayed.new, replayed.posts) == (5, 45, 45, 38)
    assert_equal(seeds, again)


def test_what_was_replayed_is_exported_the_same_again(lively, make_archive, tmp_path):
    first = lively.export(tmp_path / "one.warc")
    again = make_archive("again")
    again.replay(first)
    second = again.export(tmp_path / "two.warc")
    names = b"WARC-Filename: one.warc", b"WARC-Filename: two.warc"
    assert [r.body for r in records(second)][1:] == [r.body for r in records(first)][1:]
    assert names[0] in first.read_bytes()


def test_a_second_replay_of_the_same_file_adds_nothing(lively, make_archive, tmp_path):
    again, path = make_archive("again"), lively.export(tmp_path / "all.warc.gz")
    again.replay(path)
    before = again.rows("SELECT * FROM fetches"), again.rows("SELECT * FROM entries")
    replayed = again.replay(path)
    assert (replayed.new, replayed.errors) == (0, ())
    assert replayed.skipped == len(before[0])
    assert (again.rows("SELECT * FROM fetches"), again.rows("SELECT * FROM entries")) == before


def test_files_that_continue_each_other_are_replayed_in_the_order_of_their_times(
    lively, make_archive, tmp_path
):
    again = make_archive("again")
    middle = to_text(lively.now - timedelta(hours=4))
    late = lively.export(tmp_path / "1-late.warc.gz", since=middle)
    early = lively.export(tmp_path / "2-early.warc.gz", until=to_text(lively.now - timedelta(hours=5)))
    replayed = again.replay(late, early)
    assert replayed.errors == ()
    columns = "key, title, content_text, revision, first_seen_at, last_seen_at, missing_since, withdrawn_at"
    sql = f"SELECT {columns} FROM entries ORDER BY feed_id, key"
    assert sorted(again.rows(sql)) == sorted(lively.rows(sql))


def test_answers_older_than_what_the_archive_has_are_left_out_and_told(lively, make_archive, tmp_path):
    again = make_archive("again")
    again.replay(lively.export(tmp_path / "late.warc.gz", since=to_text(lively.now - timedelta(hours=3))))
    entries = again.rows("SELECT * FROM entries")
    replayed = again.replay(lively.export(tmp_path / "all.warc.gz"))
    assert {failure.kind for failure in replayed.errors} == {"late"}
    assert set(entries) <= set(again.rows("SELECT * FROM entries"))


# ---------------------------------------------------------------- as others see the file


@pytest.mark.parametrize("name", ["all.warc.gz", "all.warc"])
def test_the_checker_of_warcio_accepts_the_file(lively, tmp_path, capsys, name):
    assert check(lively.export(tmp_path / name)) == 0
    assert capsys.readouterr().out == ""


def test_an_answer_stands_with_its_request_its_facts_and_its_address(lively, site, tmp_path):
    found = records(lively.export(tmp_path / "all.warc.gz"))
    assert (found[0].kind, found[0].get("WARC-Filename")) == ("warcinfo", "all.warc.gz")
    feed = [record for record in found if record.uri == site.origin + "/feed"]
    answer, request = feed[0], feed[1]
    assert (answer.kind, request.kind) == ("response", "request")
    assert request.get("WARC-Concurrent-To") == answer.get("WARC-Record-ID")
    assert (answer.get("WARC-IP-Address"), answer.get("WARC-Date")) == ("127.0.0.1", "2026-03-01T13:00:00Z")
    digest = base64.b32encode(hashlib.sha256(answer.body).digest()).decode()
    assert answer.get("WARC-Payload-Digest") == f"sha256:{digest}"
    assert answer.http.statusline == "200 OK"
    assert answer.http.get_header("ETag") == '"1"'
    assert request.http.protocol == "GET"
    assert request.http.get_header("Host") == site.origin.removeprefix("http://")
    facts = next(r for r in found if r.get("WARC-Refers-To") == answer.get("WARC-Record-ID"))
    assert (facts.kind, facts.get("Content-Type")) == ("metadata", "application/warc-fields")


def test_the_fields_of_undone_codings_go_by_another_name(lively, site, tmp_path):
    found = records(lively.export(tmp_path / "all.warc"))
    answer = next(r for r in found if r.kind == "response" and r.uri == site.origin + "/feed")
    assert answer.http.get_header("Content-Length") == str(len(answer.body))
    assert answer.http.get_header("X-Archive-Orig-Content-Length") == str(len(answer.body))
    assert (tmp_path / "all.warc").read_bytes().count("X-Odd: é".encode("latin-1")) > 0


def test_what_had_not_changed_refers_to_what_it_was(lively, site, tmp_path):
    found = records(lively.export(tmp_path / "all.warc.gz"))
    revisits = [record for record in found if record.kind == "revisit"]
    same = next(r for r in revisits if r.get("WARC-Profile").endswith("/identical-payload-digest"))
    not_modified = next(r for r in revisits if r.get("WARC-Profile").endswith("/server-not-modified"))
    assert not_modified.http.statusline.startswith("304")
    for revisit in (same, not_modified):
        original = next(
            r
            for r in found
            if r.kind == "response"
            and r.uri == revisit.get("WARC-Refers-To-Target-URI")
            and r.get("WARC-Date") == revisit.get("WARC-Refers-To-Date")
        )
        assert original.get("WARC-Payload-Digest") == revisit.get("WARC-Payload-Digest")


def test_a_redirect_is_a_record_of_its_own_and_no_secret_leaves_the_archive(lively, site, tmp_path):
    path = lively.export(tmp_path / "all.warc")
    moved = [r for r in records(path) if r.kind == "response" and r.uri == site.origin + "/moved"]
    assert moved[0].http.statusline.startswith("301")
    assert moved[0].http.get_header("Location").startswith("/plain?token=")
    assert b"secret" not in path.read_bytes()


def test_a_document_from_a_file_is_a_resource(make_archive, tmp_path, rss):
    archive, document = make_archive("one"), tmp_path / "feed.xml"
    document.write_text(rss("a"))
    archive.replay(document)
    (resource,) = (r for r in records(archive.export(tmp_path / "one.warc")) if r.kind == "resource")
    assert (resource.uri, resource.body) == (document.as_uri(), document.read_bytes())


def test_a_part_of_the_log_stands_alone(lively, site, tmp_path):
    since = to_text(lively.now - timedelta(hours=5))
    found = records(lively.export(tmp_path / "part.warc", since=since, tag="news"))
    written = {(r.uri, r.get("WARC-Date")) for r in found if r.kind == "response"}
    for record in found:
        assert (
            record.kind == "warcinfo"
            or "archiver-feed" in record.body.decode("latin-1")[:13]
            or (record.get("WARC-Date") >= since)
        )
        if refers := record.get("WARC-Refers-To-Target-URI"):
            assert (refers, record.get("WARC-Refers-To-Date")) in written
    assert len(records(lively.export(tmp_path / "none.warc", tag="unknown"))) == 1


def test_an_export_into_nothing_but_memory_streams(lively):
    out = io.BytesIO()
    with Reader.open(lively.path) as reader:
        written = write_warc(reader, out, Chosen(), at="2026-03-01T00:00:00Z", filename=None, gzip=True)
    assert written.fetches == lively.rows("SELECT count(*) FROM fetches")[0][0]
    out.seek(0)
    assert sum(1 for _ in ArchiveIterator(out)) == written.records
