"""Real feeds, as they may go on: who reads only what is new holds what one holds who reads all."""

import re
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

_RAW_ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>\s*", re.DOTALL)


def _polls(body: bytes) -> list[bytes]:
    """A real feed over some polls: something new, edits, a removal and a return, another order."""
    found = list(_RAW_ENTRY.finditer(body))
    head, tail = body[: found[0].start()], body[found[-1].end() :]
    entries = [one[0] for one in found]

    def document(*shown: bytes) -> bytes:
        return head + b"".join(shown) + tail

    def edited(entry: bytes) -> bytes:
        return re.sub(rb"(<title[^>]*>)", rb"\1Edited ", entry, count=1)

    middle = len(entries) // 2
    polls = [document(*entries[1:])] if len(entries) > 1 else []
    polls += [
        document(*entries),
        document(edited(entries[0]), *entries[1:]),
        document(*entries[:middle], edited(entries[middle]), *entries[middle + 1 :]),
        document(*entries[:middle], *entries[middle + 1 :]),
        document(*entries[:middle], *entries[middle + 1 :]).replace(b"2026", b"2025", 1),
        document(*entries),
        document(*entries[1:], entries[0]),
        document(*entries[:-1]),
        body[: len(body) * 2 // 3],
        document(*entries),
    ]
    return polls


def _files() -> list[Path]:
    return sorted(CORPUS.glob("*.xml"))


def _small_files() -> list[Path]:
    return [path for path in _files() if path.stat().st_size < 20_000][::5]


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_some_real_feeds_come_to_the_same(two_ways):
    for path in _small_files():
        ways = two_ways()
        ways.live(_polls(path.read_bytes()))
        assert "s" in ways.reads, path.name


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
@pytest.mark.parametrize("path", _files(), ids=lambda path: path.stem)
def test_every_real_feed_comes_to_the_same(path, two_ways):
    ways = two_ways()
    ways.live(_polls(path.read_bytes()))
    assert "s" in ways.reads
