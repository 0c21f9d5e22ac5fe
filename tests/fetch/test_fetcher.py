"""The fetch room against a server that misbehaves: what comes back, and the one error that each fault has."""

import asyncio
from pathlib import Path

import pytest

from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.fetch import Fetcher
from archiver.model import Connection, FetchRequest, Hop, Response

pytestmark = pytest.mark.anyio


async def get(fetcher: Fetcher, url: str, **more: object) -> Response:
    return await fetcher.fetch(FetchRequest(url=url, **more))  # type: ignore[arg-type]


async def failure(fetcher: Fetcher, url: str, **more: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await get(fetcher, url, **more)
    return caught.value


# ---------------------------------------------------------------- answers


async def test_a_document_comes_back_with_status_headers_and_address(server, fetcher, feed):
    response = await get(fetcher, server.url("ok") + "#top")
    assert response.body == feed
    assert (response.status, response.complete, response.redirects) == (200, True, ())
    assert response.final_url == server.url("ok")
    assert response.header("content-type") == "application/rss+xml"
    assert [value for name, value in response.headers if name == "X-Twice"] == ["1", "2"]


async def test_requests_are_honest_and_carry_nothing_personal(server, fetcher, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    await get(fetcher, server.url("redirect?to=/ok"))
    for request in server.requests:
        assert request.header("User-Agent").endswith(" (+https://ngo.example/archive)")
        assert request.header("User-Agent").startswith("archiver/")
        assert "application/atom+xml" in request.header("Accept")
        assert request.header("Accept-Encoding").startswith("gzip, deflate")
        assert request.header("Connection") == "close"
        names = [name.lower() for name, _ in request.headers]
        assert not {"cookie", "referer", "authorization", "if-none-match", "if-modified-since"} & set(names)
        assert len(names) == len(set(names))


async def test_headers_of_the_feed_are_sent_and_replace_ours(server, fetcher):
    await get(fetcher, server.url("ok"), headers=(("X-Api-Key", "k"), ("accept", "text/xml")))
    assert server.requests[0].header("X-Api-Key") == "k"
    assert [value for name, value in server.requests[0].headers if name.lower() == "accept"] == ["text/xml"]


async def test_the_login_of_an_address_becomes_basic_authentication(server, fetcher):
    url = server.url("ok").replace("//", "//me:p%40ss@")
    response = await get(fetcher, url)
    assert server.requests[0].header("Authorization") == "Basic bWU6cEBzcw=="
    assert response.final_url == server.url("ok")


async def test_both_validators_go_back_byte_for_byte_and_304_answers_them(
    server, fetcher, etag, last_modified
):
    first = await get(fetcher, server.url("conditional"))
    assert (first.header("ETag"), first.header("Last-Modified")) == (etag, last_modified)
    second = await get(
        fetcher,
        server.url("conditional"),
        etag=first.header("ETag"),
        last_modified=first.header("Last-Modified"),
    )
    assert second.not_modified
    assert second.body == b""
    assert server.requests[1].header("If-None-Match") == etag
    assert server.requests[1].header("If-Modified-Since") == last_modified


@pytest.mark.parametrize("etag", ['"' + "x" * 2000 + '"', '"a\r\nb"', '"вести"'])
async def test_a_validator_that_cannot_travel_is_left_out(server, fetcher, etag):
    await get(fetcher, server.url("ok"), etag=etag)
    assert server.requests[0].header("If-None-Match") is None


async def test_304_that_was_not_asked_for_is_no_answer(server, fetcher):
    error = await failure(fetcher, server.url("r304_unasked"))
    assert (error.kind, error.status) == ("protocol", 304)


async def test_a_body_without_length_is_not_known_to_be_complete(server, fetcher, feed):
    response = await get(fetcher, server.url("unframed"))
    assert (response.body, response.complete) == (feed, False)


@pytest.mark.parametrize("path", ["chunked", "empty", "gzip_unframed"])
async def test_a_length_chunks_and_the_end_of_compression_prove_completeness(server, fetcher, path):
    assert (await get(fetcher, server.url(path))).complete


# ---------------------------------------------------------------- redirects


async def test_a_chain_of_redirects_is_followed_and_told(server, fetcher, feed):
    response = await get(fetcher, server.url("chain?left=1"))
    assert response.body == feed
    assert response.final_url == server.url("ok")
    by = Connection(address=f"127.0.0.1:{server.port}")
    assert response.redirects == (
        Hop(url=server.url("chain?left=1"), status=301, location="/chain?left=0", connection=by),
        Hop(url=server.url("chain?left=0"), status=301, location="/ok", connection=by),
    )


async def test_as_many_redirects_as_allowed_are_followed_and_not_one_more(server, fetcher, feed):
    assert (await get(fetcher, server.url("chain?left=9"))).body == feed
    error = await failure(fetcher, server.url("chain?left=10"))
    assert error.kind == "too_many_redirects"
    assert len(error.redirects) == 10


async def test_a_circle_is_named(server, fetcher):
    assert (await failure(fetcher, server.url("loop"))).kind == "redirect_loop"


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("file:///etc/passwd", "bad_scheme"),
        ("ftp://ngo.example/feed", "bad_scheme"),
        ("data:text/xml,<rss/>", "bad_scheme"),
        ("gopher://127.0.0.1/", "bad_scheme"),
        ("http://[::1", "bad_url"),
        ("http://", "bad_url"),
    ],
)
async def test_a_redirect_to_anything_but_the_web_is_refused(server, fetcher, target, kind):
    error = await failure(fetcher, server.url(f"redirect?to={target}"), allow_file=True)
    assert (error.kind, error.status) == (kind, 302)
    assert len(server.requests) == 1


async def test_a_redirect_must_say_where_to(server, fetcher):
    assert (await failure(fetcher, server.url("redirect_nowhere"))).kind == "protocol"
    assert (await failure(fetcher, server.url("long_location"))).kind == "bad_url"


async def test_a_redirect_may_be_written_in_cyrillic(server, fetcher, feed):
    response = await get(fetcher, server.url("cyrillic_location"))
    assert response.body == feed
    assert server.requests[-1].query == {"q": "вести"}


async def test_secrets_and_validators_stay_with_their_origin(server, fetcher):
    elsewhere = server.url("ok").replace("127.0.0.1", "localhost")
    private = {"headers": (("X-Api-Key", "k"),), "etag": '"e"', "last_modified": "yesterday"}
    url = server.url(f"redirect?to={elsewhere}").replace("//127", "//me:pw@127")
    await get(fetcher, url, **private)
    here, there = server.requests
    for name in ("Authorization", "X-Api-Key", "If-None-Match", "If-Modified-Since"):
        assert here.header(name)
        assert there.header(name) is None


async def test_secrets_and_validators_survive_a_redirect_within_their_origin(server, fetcher):
    url = server.url("redirect?to=/ok").replace("//", "//me:pw@")
    await get(fetcher, url, headers=(("X-Api-Key", "k"),), etag='"e"')
    for name in ("Authorization", "X-Api-Key", "If-None-Match"):
        assert server.requests[1].header(name) == server.requests[0].header(name) is not None


# ---------------------------------------------------------------- refusals


async def test_gone_is_an_error_of_its_own_and_keeps_its_words(server, fetcher):
    error = await failure(fetcher, server.url("gone"))
    assert (error.kind, error.status, error.body) == ("gone", 410, b"farewell")


async def test_a_refusal_keeps_status_headers_body_and_address(server, fetcher):
    error = await failure(fetcher, server.url("redirect?to=/missing"))
    assert (error.kind, error.status, error.body) == ("http", 404, b"not here")
    assert ("Content-Length", "8") in error.headers
    assert error.final_url == server.url("missing")
    assert [hop.status for hop in error.redirects] == [302]


async def test_a_refusal_whose_body_is_cut_is_still_a_refusal_and_what_came_is_kept(server, fetcher):
    error = await failure(fetcher, server.url("missing_cut"))
    assert (error.kind, error.status, error.body, error.complete) == ("http", 404, b"not he", False)


@pytest.mark.parametrize(("path", "said"), [("busy", "120"), ("busy_until", "Wed, 21 Oct 2015 07:30:00 GMT")])
async def test_a_server_that_names_a_time_is_heard(server, fetcher, path, said):
    error = await failure(fetcher, server.url(path))
    assert error.kind == "http"
    assert ("Retry-After", said) in error.headers


# ---------------------------------------------------------------- compression and sizes


@pytest.mark.parametrize(
    "path",
    [
        "gzip", "gzip_members", "gzip_padded", "gzip_lie", "gzip_unlabelled", "deflate", "deflate_raw",
        "charset_as_coding",
    ],
)  # fmt: skip
async def test_compression_is_undone_whatever_its_label_says(server, fetcher, feed, path):
    assert (await get(fetcher, server.url(path))).body == feed


FAULTS = [
    ("gzip_cut", "truncated"),
    ("gzip_without_crc", "truncated"),
    ("gzip_one_byte", "truncated"),
    ("gzip_damaged", "bad_encoding"),
    ("gzip_bomb", "too_large"),
    ("gzip_bomb_unlabelled", "too_large"),
    ("gzip_tiny_members", "bad_encoding"),
    ("nested", "bad_encoding"),
    ("unknown_coding", "bad_encoding"),
    ("declared_huge", "too_large"),
    ("endless", "too_large"),
    ("endless_chunked", "too_large"),
    ("length_too_long", "truncated"),
    ("length_negative", "protocol"),
    ("chunk_cut", "truncated"),
    ("chunk_without_end", "truncated"),
    ("partial", "protocol"),
    ("no_content", "protocol"),
    ("closed_at_once", "reset"),
    ("reset", "reset"),
    ("garbage", "protocol"),
    ("huge_header", "protocol"),
    ("switching", "protocol"),
    ("strange_status", "http"),
    ("silent", "timeout"),
    ("stalled", "timeout"),
    ("drip", "timeout"),
    ("drip_head", "timeout"),
    ("interim_flood", "timeout"),
]


@pytest.mark.parametrize(("path", "kind"), FAULTS)
async def test_a_fault_has_one_name_and_one_sentence(server, fetcher, path, kind):
    error = await failure(fetcher, server.url(path))
    assert error.kind == kind
    assert str(error).isprintable()
    assert len(str(error)) < 200
    assert error.final_url == server.url(path)


CAME = {
    "length_too_long": lambda feed: feed,
    "chunk_cut": lambda feed: b"abc",
    "chunk_without_end": lambda feed: feed,
    "gzip_without_crc": lambda feed: feed,
    "gzip_one_byte": lambda feed: b"\x1f",
    "gzip_damaged": lambda feed: feed,
    "unknown_coding": lambda feed: feed,
    "stalled": lambda feed: feed[:5],
    "gzip_bomb": lambda feed: bytes(2**20),
    "endless": lambda feed: (b"<item/>" * 2**18)[: 2**20],
    "declared_huge": lambda feed: None,
    "partial": lambda feed: None,
    "silent": lambda feed: None,
}
"""What had come when it failed, decoded as far as it could be, and up to the limit."""


@pytest.mark.parametrize("path", CAME)
async def test_what_had_come_before_a_fault_is_kept(server, fetcher, feed, path):
    error = await failure(fetcher, server.url(path))
    assert (error.body, error.complete) == (CAME[path](feed), False)


async def test_the_bytes_of_an_earlier_request_are_not_taken_for_those_of_the_last(server, fetcher):
    cut = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n\x1f\x8b\x08 no"
    error = await failure(fetcher, server.say("twice", cut, b""))
    assert (error.kind, error.body) == ("reset", None)


async def test_brotli_is_undone_and_its_bombs_and_cuts_are_refused(server, fetcher, feed):
    pytest.importorskip("brotli", reason="brotli is not installed, and so not offered")
    assert (await get(fetcher, server.url("brotli_feed"))).body == feed
    assert (await failure(fetcher, server.url("brotli_bomb"))).kind == "too_large"
    assert (await failure(fetcher, server.url("brotli_cut"))).kind == "truncated"


# ---------------------------------------------------------------- time and concurrency


async def test_messages_say_how_long_was_waited(server, fetcher):
    assert str(await failure(fetcher, server.url("silent"))) == "the server did not answer within 0.3 seconds"
    assert "longer than 0.9 seconds" in str(await failure(fetcher, server.url("drip")))


async def test_a_cancelled_fetch_leaves_the_fetcher_usable(server, feed):
    async with Fetcher(FetchSettings(concurrency=2, allow_private_networks=True)) as fetcher:
        for _ in range(5):
            started = len(server.requests)
            tasks = [asyncio.create_task(get(fetcher, server.url("silent"))) for _ in range(2)]
            await server.reached(started + 2)
            for task in tasks:
                task.cancel()
            assert all(
                isinstance(result, asyncio.CancelledError)
                for result in await asyncio.gather(*tasks, return_exceptions=True)
            )
        assert (await get(fetcher, server.url("ok"))).body == feed


async def test_waiting_for_a_turn_does_not_count_against_the_server(server, settings):
    one_at_a_time = FetchSettings(
        concurrency=1, read_timeout=0.2, total_timeout=0.3, allow_private_networks=True
    )
    async with Fetcher(one_at_a_time) as fetcher:
        slow = [asyncio.create_task(failure(fetcher, server.url("silent"))) for _ in range(2)]
        assert (await get(fetcher, server.url("ok"))).status == 200
        assert [error.kind for error in await asyncio.gather(*slow)] == ["timeout", "timeout"]


# ---------------------------------------------------------------- files


async def test_a_file_is_read_where_the_request_allows_it(fetcher, tmp_path: Path, feed):
    path = tmp_path / "вести 100%#1?.xml"
    path.write_bytes(feed)
    response = await get(fetcher, path.as_uri(), allow_file=True)
    assert response == Response(request_url=path.as_uri(), final_url=path.as_uri(), status=None, body=feed)
