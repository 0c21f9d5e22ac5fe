"""What it costs to understand a document, step by step: `python benchmarks/prepare.py [FOLDER]`.

CPU seconds of one process for all documents of the corpus (or of a folder), the least of three rounds, after
the language model is loaded. Beside it, in the same rounds, feedparser alone with its defaults.
"""

import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import feedparser

from archiver.clean import clean
from archiver.clean.language import detect
from archiver.errors import ParseError
from archiver.identify import identify
from archiver.model import Cleaned, ParsedFeed, ParseOptions
from archiver.parse import parse

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
ROUNDS = 3
T = TypeVar("T")


def parse_all(bodies: Sequence[bytes]) -> list[ParsedFeed]:
    """Those that can be read."""
    parsed = []
    for body in bodies:
        try:
            parsed.append(parse(body, ParseOptions(url="https://feed.example/")))
        except ParseError:
            continue
    return parsed


def clean_all(documents: Sequence[ParsedFeed]) -> list[list[Cleaned]]:
    """Every entry of every document."""
    return [
        [clean(entry, feed_language=one.feed.language, feed_title=one.feed.title) for entry in one.entries]
        for one in documents
    ]


def identify_all(documents: Sequence[ParsedFeed], cleaned: Sequence[Sequence[Cleaned]]) -> None:
    """Every document by itself."""
    for one, texts in zip(documents, cleaned, strict=True):
        identify(list(zip(one.entries, texts, strict=True)))


def feedparser_all(bodies: Sequence[bytes]) -> None:
    """As a reader would that relies on feedparser for everything."""
    for body in bodies:
        feedparser.parse(io.BytesIO(body))


def timed(step: str, least: dict[str, float], work: Callable[[], T]) -> T:
    """Do the work, and remember its CPU time if it is the least so far."""
    start = time.process_time()
    result = work()
    least[step] = min(least.get(step, float("inf")), time.process_time() - start)
    return result


def main() -> None:
    """Print a table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    bodies = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    detect("A few words of plain English, so that the language model is loaded before the clock starts.")
    least: dict[str, float] = {}
    for _ in range(ROUNDS):
        timed("feedparser alone, its defaults", least, lambda: feedparser_all(bodies))
        documents = timed("parse", least, lambda: parse_all(bodies))
        cleaned = timed("clean", least, lambda documents=documents: clean_all(documents))
        timed("identify", least, lambda d=documents, c=cleaned: identify_all(d, c))
    entries = sum(len(one.entries) for one in documents)
    size = sum(map(len, bodies)) / 1e6
    print(f"{len(bodies)} documents, {size:.1f} MB, {len(documents)} read, {entries} entries")
    for step, seconds in least.items():
        print(f"{step:32} {seconds:7.2f} s  {seconds / max(entries, 1) * 1e6:7.0f} µs an entry")
    ours = sum(seconds for step, seconds in least.items() if not step.startswith("feedparser"))
    print(f"{'parse, clean and identify':32} {ours:7.2f} s  {ours / max(entries, 1) * 1e6:7.0f} µs an entry")


if __name__ == "__main__":
    main()
