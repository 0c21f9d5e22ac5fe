"""Wrecks and traps: WARC files that are damaged, lie, or were made to harm."""

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

FEED = "https://example.org/feed"


def three(new_crawl, rss, **more):
    crawl = new_crawl(**more)
    for number in range(3):
        crawl.response(rss(*"abc"[: number + 1]), uri=f"{FEED}{number}")
    return crawl


@pytest.mark.parametrize("packed", [True, False])
def test_of_a_file_cut_short_what_stands_before_the_cut_is_read(new_crawl, make_archive, warc, rss, packed):
    crawl = three(new_crawl, rss, packed=packed)
    for number, cut in enumerate((crawl.starts[2] + 100, crawl.starts[2] + 400, len(crawl.data) - 60)):
        replayed = make_archive(str(number)).replay(crawl.save(warc, crawl.data[:cut]))
        assert replayed.feeds == 2, cut
        assert [failure.kind for failure in replayed.errors] == ["warc"]
        assert "the file ends" in replayed.errors[0].error


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_record_costs_no_other(new_crawl, make_archive, warc, rss, packed):
    crawl = three(new_crawl, rss, packed=packed)
    data = bytearray(crawl.data)
    middle = (crawl.starts[1] + crawl.starts[2]) // 2
    data[middle : middle + 8] = b"\xff" * 8
    archive = make_archive("one")
    replayed = archive.replay(crawl.save(warc, bytes(data)))
    assert archive.rows("SELECT url FROM feeds") == [(FEED + "0",), (FEED + "2",)]
    assert len(replayed.errors) == 1


@pytest.mark.parametrize("packed", [True, False])
def test_every_single_flipped_byte_is_survived(new_crawl, make_archive, warc, rss, packed):
    """None crashes, and none brings in what was not there: a damaged record is told, or is no longer ours."""
    from archiver.export.warc_reading import Tally, WarcAnswers

    crawl = three(new_crawl, rss, packed=packed)
    bodies = {rss(*"abc"[: number + 1]).encode() for number in range(3)}
    for at in range(0, len(crawl.data), 7):
        data = bytearray(crawl.data)
        data[at] ^= 0x41
        with WarcAnswers(known={}, max_bytes=2**20) as answers:
            answers.read(crawl.save(warc, bytes(data)))
            read = [answer.answer.body for answer in answers.answers(Tally())]
        assert len(read) >= 1
        if packed:
            assert set(read) <= bodies


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 99999999999999999999",
        b"Content-Length: 999999999999999",
        b"Content-Length: 4000000000",
        b"Content-Length: -5",
        b"Content-Length: many",
        b"X: " + b"y" * 300_000,
        b"X: y\r\n" * 5_000,
        b"Content-Length: 5\r\n\r\n",
        b"\x00\xff\xfe",
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_headers_that_lie_are_passed_over(new_crawl, make_archive, warc, rss, header, packed):
    first, last = (
        new_crawl(packed=packed).response(rss("a")),
        new_crawl(packed=packed).response(rss("b"), uri=FEED + "2"),
    )
    lie = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://x.example/\r\n"
        + header
        + b"\r\n\r\nhello"
    )
    data = first.data + (gzip.compress(lie) if packed else lie + b"\r\n\r\n") + last.data
    replayed = make_archive("one").replay(first.save(warc, data))
    assert replayed.new >= 1
    assert replayed.errors
    if packed and b"000" not in header and b"999" not in header:
        assert replayed.new == 2


@pytest.mark.parametrize(
    "data",
    [b"", b"\n" * 99, b"This is no WARC.", b"\x1f\x8b\x08", gzip.compress(b"hello", mtime=0),
     b"\x1f\x8b\x08" * 5_000, bytes(70_000), b"WARC/1.0\r\n", b"WARC/1.0"],
)  # fmt: skip
def test_what_is_no_warc_is_said_to_be_none(make_archive, warc, data):
    warc.write_bytes(data)
    replayed = make_archive("one").replay(warc)
    assert (replayed.feeds, replayed.skipped) == (0, 0)
    assert bool(replayed.errors) is bool(data.strip(b"\n\0"))


def _bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    head = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: %s\r\nContent-Length: %d\r\n\r\n"
    pieces = [packer.compress(head % (FEED.encode(), size))]
    pieces += [packer.compress(bytes(2**20)) for _ in range(size // 2**20)]
    return b"".join([*pieces, packer.flush()])


def test_bombs_take_no_memory(new_crawl, make_archive, warc, rss):
    feed = rss("a").encode()
    line = zlib.compressobj(9, wbits=31)
    endless_line = line.compress(b"WARC/1.0\r\nX: " + b"y" * 40_000_000) + line.flush()
    inner = gzip.compress(gzip.compress(bytes(50_000_000)))
    crawl = (
        new_crawl()
        .response(feed, uri=FEED + "1")
        .response(gzip.compress(feed + bytes(40_000_000)), headers={"Content-Encoding": "gzip"})
        .response(brotli.compress(feed + bytes(40_000_000), quality=1), headers={"Content-Encoding": "br"})
        .response(inner, headers={"Content-Encoding": "gzip, gzip"})
        .response(b"ffffffffffff\r\n" + feed, headers={"Transfer-Encoding": "chunked"}, uri=FEED + "2")
    )
    data = crawl.data + _bomb(64 * 2**20) + endless_line + new_crawl().response(feed, uri=FEED + "3").data
    crawl.save(warc, data)
    archive = make_archive("one")
    tracemalloc.start()
    try:
        replayed = archive.replay(warc)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [row[0] for row in archive.rows("SELECT url FROM feeds ORDER BY url")] == [
        FEED + "1", FEED + "2", FEED + "3",
    ]  # fmt: skip
    assert any("larger than the limit" in failure.error for failure in replayed.errors)
    assert peak < 30 * 2**20


def test_our_own_facts_from_a_stranger_are_not_believed_blindly(new_crawl, make_archive, warc, rss):
    lies = [
        b"archiver-fetch: {}",
        b"archiver-fetch: " + b"[" * 100_000,
        b'archiver-fetch: {"feed": 5}',
        b"archiver-feed: []",
        b'archiver-feed: {"url": "", "tags": [], "parse_options": {}, "added_at": "2024-01-01T00:00:00Z"}',
        b'archiver-feed: {"url": "x", "tags": [], "parse_options": {}, "added_at": "0001-01-01T00:00:00Z"}',
        b"\xff\xfe: \x00",
    ]
    crawl = new_crawl().add("metadata", FEED, b"\r\n".join(lies), http=False).response(rss("a"))
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.feeds, replayed.new, replayed.errors) == (1, 1, ())


def test_records_without_a_sound_date_or_address_are_skipped(new_crawl, make_archive, warc, rss):
    crawl = new_crawl()
    for at in ("", "yesterday", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2024-13-01T00:00:00Z"):
        crawl.response(rss("a"), at=at)
    for uri in ("file:///etc/passwd", "", "https://", "https://" + "a" * 9_000, "javascript:1"):
        crawl.response(rss("a"), uri=uri)
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.feeds, replayed.skipped) == (0, 10)


def test_a_record_larger_than_the_limit_is_skipped_with_a_sentence(new_crawl, make_archive, warc, rss):
    crawl = (
        new_crawl()
        .response(rss("a"))
        .response(rss("b").ljust(3 * 2**20), uri=FEED + "2")
        .response(rss("c"), uri=FEED)
    )
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.feeds, replayed.skipped) == (1, 1)
    assert "1 of its records are larger" in replayed.errors[0].error


def test_zstd_as_browsers_are_sent_it_is_undone_within_bounds(new_crawl, make_archive, warc, rss):
    feed, zstd = rss("a").encode(), {"Content-Encoding": "zstd", "Content-Type": "text/xml"}
    crawl = (
        new_crawl()
        .response(zstandard.ZstdCompressor().compress(feed), headers=zstd)
        .response(zstandard.ZstdCompressor().compress(bytes(40_000_000)), headers=zstd, uri=FEED + "2")
        .response(zstandard.ZstdCompressor().compress(feed)[:-9], headers=zstd, uri=FEED + "3")
    )
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.new, replayed.skipped) == (1, 2)
    assert "larger than 1 MiB" in replayed.errors[0].error


def test_broken_pages_of_a_crawl_are_no_trouble_of_ours(new_crawl, make_archive, warc, rss):
    page = {"Content-Encoding": "gzip", "Content-Type": "text/html"}
    crawl = (
        new_crawl().response(rss("a")).response(gzip.compress(b"x" * 99)[:-9], headers=page, uri=FEED + "/p")
    )
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.new, replayed.skipped, replayed.errors) == (1, 1, ())


def test_a_record_that_is_not_what_its_digest_says_is_not_believed(new_crawl, make_archive, warc, rss):
    crawl = (
        new_crawl().response(rss("a"), WARC_Block_Digest="md5:" + "A" * 32).response(rss("b"), uri=FEED + "2")
    )
    replayed = make_archive("one").replay(crawl.save(warc))
    assert (replayed.new, replayed.skipped) == (1, 1)
    assert "not what its digest says" in replayed.errors[0].error
