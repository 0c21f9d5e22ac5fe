"""Content codings: whole, cut, false and too large, in pieces of any size."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import FetchError
from archiver.fetch.decode import Decoder

LIMIT = 100_000
PACK = {
    "": bytes,
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:7]) + gzip.compress(data[7:]),
    "deflate": zlib.compress,
}


def decoded(data: bytes, coding: str, *, limit: int = LIMIT, step: int = 10**6) -> tuple[bytes, bool]:
    decoder = Decoder(coding, limit=limit)
    for start in range(0, len(data), step):
        decoder.feed(data[start : start + step])
    return decoder.finish()


@given(
    st.binary().filter(lambda data: data[:1] != b"\x1f"), st.sampled_from(sorted(PACK)), st.integers(1, 40)
)
def test_what_was_packed_comes_out_whatever_the_pieces(data, coding, step):
    body, proven = decoded(PACK[coding](data), coding, step=step)
    assert (body, proven) == (data, coding != "")


@given(st.binary(min_size=1), st.sampled_from(["gzip", "deflate"]), st.data())
def test_every_cut_is_noticed(data, coding, draw):
    packed = PACK[coding](data)
    cut = draw.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(FetchError) as caught:
        decoded(packed[:cut], coding)
    assert caught.value.kind == "truncated"


def what_came(data: bytes, coding: str, *, step: int) -> tuple[bytes, str]:
    """What has come out of torn or damaged bytes, and the kind of the error."""
    decoder = Decoder(coding, limit=LIMIT)
    try:
        for start in range(0, len(data), step):
            decoder.feed(data[start : start + step])
        decoder.finish()
    except FetchError as error:
        return decoder.so_far(), error.kind
    raise AssertionError("nothing is wrong with it")


STORED_AT = {"gzip": 15, "deflate": 7}  # where the bytes begin that were packed without compressing them


@given(st.binary(min_size=1), st.sampled_from(sorted(STORED_AT)), st.integers(1, 40), st.data())
def test_what_came_before_a_cut_is_there_whatever_the_pieces(data, coding, step, draw):
    stored = zlib.compressobj(0, wbits=31 if coding == "gzip" else 15)
    packed, at = stored.compress(data) + stored.flush(), STORED_AT[coding]
    cut = draw.draw(st.integers(at, at + len(data)))
    assert what_came(packed[:cut], coding, step=step) == (data[: cut - at], "truncated")


@pytest.mark.parametrize("step", [1, 1000, 10**6])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_came_before_damage_is_there(coding, step):
    data = b"".join(b"%064x" % number**20 for number in range(300))
    stored = zlib.compressobj(0, wbits=31 if coding == "gzip" else 15)
    sound = stored.compress(data) + stored.flush(zlib.Z_FULL_FLUSH)
    came, kind = what_came(sound + b"\xff" * 100, coding, step=step)
    assert (came, kind) == (data, "bad_encoding")


def test_what_came_of_brotli_before_a_cut_is_there():
    brotli = pytest.importorskip("brotli")
    data = b"".join(b"%064x" % number**20 for number in range(1000))
    packed = brotli.compress(data)
    came, kind = what_came(packed[: len(packed) // 2], "br", step=10**6)
    assert kind == "truncated"
    assert data.startswith(came)
    assert len(came) > len(data) // 3


@given(st.binary(), st.sampled_from(["", "gzip", "deflate", "br", "identity", "gzip, br", "compress", ","]))
def test_any_bytes_under_any_label_are_a_body_or_a_named_error(data, coding):
    try:
        body, _ = decoded(data, coding, step=3)
    except FetchError as error:
        kind = error.kind
    else:
        kind = "" if len(body) <= LIMIT else "over the limit"
    assert kind in {"", "bad_encoding", "truncated", "too_large"}


@pytest.mark.parametrize("coding", sorted(PACK))
def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(coding):
    assert len(decoded(PACK[coding](bytes(LIMIT)), coding)[0]) == LIMIT
    with pytest.raises(FetchError) as caught:
        decoded(PACK[coding](bytes(LIMIT + 1)), coding)
    assert caught.value.kind == "too_large"


def test_a_bomb_is_stopped_at_the_limit_and_not_after_it():
    decoder = Decoder("gzip", limit=LIMIT)
    with pytest.raises(FetchError):
        decoder.feed(gzip.compress(bytes(10_000_000)))
    assert len(decoder._body) <= LIMIT + 1


def test_padding_that_goes_on_for_ever_is_too_large():
    decoder = Decoder("gzip", limit=LIMIT)
    decoder.feed(gzip.compress(b"feed"))
    for _ in range(99):
        decoder.feed(bytes(1000))
    with pytest.raises(FetchError) as caught:
        decoder.feed(bytes(1000))
    assert caught.value.kind == "too_large"


def test_a_member_may_begin_in_another_piece():
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert decoded(packed, "gzip", step=1) == (b"one two", True)
