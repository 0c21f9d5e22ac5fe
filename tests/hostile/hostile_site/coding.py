"""Compression: bombs, cuts, lies, and what is odd but honest."""

import gzip
import struct
import zlib
from functools import cache

import brotli
import zstandard
from hostile_site.connection import CHUNKED, UNFRAMED, Connection, chunk, coded, http
from hostile_site.scenario import WHOLE, Query, played, said
from hostile_site.story import FEED, feed

G = "coding"
BLOCK = b" " * 2**24


def deflate_raw(data: bytes) -> bytes:
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(data) + packer.flush()


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


GZ, ZL, BR, ZS = gzip.compress(FEED), zlib.compress(FEED), brotli.compress(FEED), zstd(FEED)

# ---------------------------------------------------------------- odd but honest
said("gzip", G, coded(GZ, "gzip"), entries=WHOLE)
said("gzip_shouted", G, coded(GZ, " X-GZIP "), entries=WHOLE)
said(
    "gzip_unframed",
    G,
    UNFRAMED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + GZ,
    entries=WHOLE,
)
said("gzip_multi", G, coded(gzip.compress(FEED[:500]) + gzip.compress(FEED[500:]), "gzip"), entries=WHOLE)
said(
    "gzip_bytewise",
    G,
    coded(b"".join(gzip.compress(FEED[n : n + 1]) for n in range(len(FEED))), "gzip"),
    entries=WHOLE,
)
said("gzip_trailing", G, coded(GZ + b"advertisement", "gzip"), entries=WHOLE)
said("gzip_padded", G, coded(GZ + bytes(1000), "gzip"), entries=WHOLE)
said("gzip_lie", G, coded(FEED, "gzip"), entries=WHOLE)
said("gzip_unlabelled", G, http(GZ), entries=WHOLE)
said("gzip_as_deflate", G, coded(GZ, "deflate"), entries=WHOLE)
said(
    "gzip_with_name",
    G,
    coded(b"\x1f\x8b\x08\x08" + GZ[4:10] + b"n" * 60000 + b"\0" + GZ[10:], "gzip"),
    entries=WHOLE,
)
said("deflate", G, coded(ZL, "deflate"), entries=WHOLE)
said("deflate_raw", G, coded(deflate_raw(FEED), "deflate"), entries=WHOLE)
said("br", G, coded(BR, "br"), entries=WHOLE)
said("br_trailing", G, coded(BR + b"more", "br"), "bad_encoding", entries=WHOLE)
said("enc_identity", G, coded(FEED, "identity"), entries=WHOLE)
said("enc_utf8", G, coded(FEED, "utf-8"), entries=WHOLE)
said("enc_empty", G, coded(FEED, ""), entries=WHOLE)

# ---------------------------------------------------------------- torn
said("gzip_cut_cl", G, coded(GZ[:-40], "gzip"), "truncated")
said(
    "gzip_cut_nocl",
    G,
    UNFRAMED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + GZ[:-40],
    "truncated",
)
said(
    "gzip_cut_chunked",
    G,
    CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + chunk(GZ[:-40]) + b"0\r\n\r\n",
    "truncated",
)
said("gzip_cut_unlabelled", G, http(GZ[:-40]), "truncated")
said("gzip_nocrc", G, coded(GZ[:-8], "gzip"), "truncated")
said("gzip_half_crc", G, coded(GZ[:-3], "gzip"), "truncated")
said("gzip_head_only", G, coded(GZ[:10], "gzip"), "truncated")
said("gzip_one_byte", G, coded(GZ[:1], "gzip"), "truncated")
said(
    "gzip_member_cut",
    G,
    coded(gzip.compress(FEED[:900]) + gzip.compress(FEED[900:])[:-30], "gzip"),
    "truncated",
)
said("deflate_cut", G, coded(ZL[:-40], "deflate"), "truncated")
said("deflate_nosum", G, coded(ZL[:-4], "deflate"), "truncated")
said("deflate_raw_cut", G, coded(deflate_raw(FEED)[:-40], "deflate"), "truncated")
said("br_cut", G, coded(BR[:-40], "br"), "truncated")
said("br_cut_last", G, coded(BR[:-1], "br"), "truncated")
said("gzip_nothing", G, coded(b"", "gzip"), "empty")
said("br_nothing", G, coded(b"", "br"), "empty", "truncated")

# ---------------------------------------------------------------- damaged, false, not offered
said("gzip_badcrc", G, coded(GZ[:-8] + b"\0\1\2\3" + GZ[-4:], "gzip"), "bad_encoding")
said("gzip_badsize", G, coded(GZ[:-4] + b"\0\1\2\3", "gzip"), "bad_encoding")
said("gzip_badblock", G, coded(GZ[:60] + bytes(40) + GZ[100:], "gzip"), "bad_encoding", "truncated")
said("gzip_badmethod", G, coded(b"\x1f\x8b\x07" + GZ[3:], "gzip"), "bad_encoding", "not_a_feed")
said("deflate_lie", G, coded(FEED, "deflate"), "bad_encoding", entries=WHOLE)
said("br_lie", G, coded(FEED, "br"), "bad_encoding", entries=WHOLE)
said("br_damaged", G, coded(BR[:50] + bytes(20) + BR[70:], "br"), "bad_encoding", "truncated")
said("zstd_lie", G, coded(ZS, "zstd"), "bad_encoding")
said("zstd_multi", G, coded(zstd(FEED[:500]) + zstd(FEED[500:]), "zstd"), "bad_encoding")
said("zstd_window", G, coded(b"\x28\xb5\x2f\xfd\x00\xf8" + ZS[6:], "zstd"), "bad_encoding")
said("zstd_unlabelled", G, http(ZS), "not_a_feed", "bad_encoding")
said("enc_unknown", G, coded(FEED, "compress"), "bad_encoding")
said("enc_long", G, coded(FEED, "z" * 5000), "bad_encoding")
said("enc_control", G, coded(FEED, "\x1b[31mgzip"), "bad_encoding", "protocol")
said("enc_list", G, coded(FEED, ", ".join(["gzip"] * 200)), "bad_encoding")
said("enc_two_fields", G, http(GZ, headers="Content-Encoding: gzip\r\n" * 2), "bad_encoding")


def nested(times: int, data: bytes = FEED) -> bytes:
    for _ in range(times):
        data = gzip.compress(data)
    return data


said("nested", G, coded(nested(2), "gzip, gzip"), "bad_encoding")
said("nested_10", G, coded(nested(10), ", ".join(["gzip"] * 10)), "bad_encoding")
said("nested_br_gzip", G, coded(brotli.compress(GZ), "gzip, br"), "bad_encoding")
said("nested_unlabelled", G, coded(nested(2), "gzip"), "not_a_feed", "bad_encoding")


@played(G, entries=WHOLE)
def br_lie_mended(connection: Connection, _: Query) -> None:
    """A server that compresses wrongly, but can leave it."""
    plain = connection.header("accept-encoding") == "identity"
    connection.say(http(FEED) if plain else coded(FEED, "br"))


@played(G, "bad_encoding", "truncated", "too_large", "redirect_loop", "timeout")
def bad_encoding_for_ever(connection: Connection, _: Query) -> None:
    """One that compresses wrongly, and otherwise still."""
    connection.say(coded(b"never", "br" if connection.times % 2 else "compress"))


# ---------------------------------------------------------------- bombs: 256 MB each


@cache
def _raw_bomb(start: bytes = b"") -> bytes:
    """Raw deflate of `start` and 256 MB; the same block again and again, so that it is soon made."""
    packer = zlib.compressobj(9, wbits=-15)
    data = (packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)) if start else b""
    block = packer.compress(BLOCK) + packer.flush(zlib.Z_FULL_FLUSH)
    return data + block * 16 + packer.flush()


@cache
def _gzip_bomb(start: bytes = b"") -> bytes:
    crc = zlib.crc32(start)
    for _ in range(16):
        crc = zlib.crc32(BLOCK, crc)
    size = (len(start) + 16 * len(BLOCK)) & 0xFFFFFFFF
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + _raw_bomb(start) + struct.pack("<II", crc, size)


@cache
def _br_bomb() -> bytes:
    packer = brotli.Compressor(quality=1)
    return b"".join(packer.process(BLOCK) for _ in range(16)) + packer.finish()


@cache
def _zstd_bomb() -> bytes:
    packer = zstandard.ZstdCompressor().compressobj()
    return b"".join(packer.compress(BLOCK) for _ in range(16)) + packer.flush()


def prepare() -> None:
    """Make the bombs before anybody waits for one."""
    _gzip_bomb()
    _br_bomb()
    _zstd_bomb()


BOMBS = {
    "bomb_gzip": lambda: coded(_gzip_bomb(), "gzip"),
    "bomb_unlabelled": lambda: http(_gzip_bomb()),
    "bomb_deflate_raw": lambda: coded(_raw_bomb(), "deflate"),
    "bomb_deflate": lambda: coded(b"\x78\xda" + _raw_bomb(), "deflate"),
    "bomb_br": lambda: coded(_br_bomb(), "br"),
    "bomb_zstd": lambda: coded(_zstd_bomb(), "zstd"),
    "bomb_feed": lambda: coded(_gzip_bomb(feed(end="<!-- ").encode()), "gzip"),
    "bomb_nested": lambda: coded(gzip.compress(_gzip_bomb()), "gzip, gzip"),
    "bomb_multi": lambda: coded(gzip.compress(BLOCK) * 16, "gzip"),
    "bomb_tiny_members": lambda: coded(gzip.compress(b"") * 500_000, "gzip"),
}


def _bombs() -> None:
    for name, make in BOMBS.items():

        def play(connection: Connection, _: Query, make: object = make) -> None:
            connection.say(make())  # type: ignore[operator]

        play.__name__ = name
        played(G, "too_large", "bad_encoding", alone=True)(play)


_bombs()


@played(G, "http", alone=True)
def bomb_refused(connection: Connection, _: Query) -> None:
    connection.say(coded(_br_bomb(), "br", status="403 Forbidden"))


@played(G, "http", alone=True)
def bomb_busy(connection: Connection, _: Query) -> None:
    connection.say(coded(_gzip_bomb(), "gzip", status="503 Busy"))


@played(G, entries=WHOLE, alone=True)
def bomb_redirect(connection: Connection, _: Query) -> None:
    connection.say(coded(_gzip_bomb(), "gzip", status="302 Found\r\nLocation: /ok"))


@played(G, "too_large", alone=True)
def endless(connection: Connection, _: Query) -> None:
    connection.say(UNFRAMED)
    while True:
        connection.say(b"<item/>" * 10_000)


@played(G, "too_large", alone=True)
def endless_chunked(connection: Connection, _: Query) -> None:
    connection.say(CHUNKED)
    while True:
        connection.say(chunk(b"<item/>" * 10_000))


@played(G, "too_large", alone=True)
def endless_gzip(connection: Connection, _: Query) -> None:
    packer = zlib.compressobj(0, wbits=31)
    connection.say(UNFRAMED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
    while True:
        connection.say(packer.compress(FEED * 50))


@played(G, "too_large", "bad_encoding", "truncated", "timeout", alone=True)
def endless_gzip_name(connection: Connection, _: Query) -> None:
    """A header of gzip whose file name never ends: much goes in, nothing comes out."""
    connection.say(UNFRAMED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
    connection.say(b"\x1f\x8b\x08\x08" + bytes(6))
    while True:
        connection.say(b"n" * 60_000)


@played(G, "http", alone=True)
def endless_refusal(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 404 Not Found\r\n\r\n")
    while True:
        connection.say(b"sorry " * 10_000)


@played(G, entries=WHOLE, alone=True)
def endless_redirect(connection: Connection, _: Query) -> None:
    connection.say(b"HTTP/1.1 302 Found\r\nLocation: /ok\r\n\r\n")
    while True:
        connection.say(b"over there " * 10_000)
