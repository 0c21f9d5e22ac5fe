"""How small kept bodies are, and how quickly they come back: `python benchmarks/bodies.py`.

The corpus, 50 polls of each feed. In the first run each poll has one new entry at the top, made of the words
of one of the feed's entries in another order, with other numbers, and the last entry rolls off; in the second
run only a build date moves. Beside the corpus, a JSON Feed and a text made of it, and the largest and the
smallest feed by themselves. Compared is with the same bodies, each gzipped (level 6).
"""

import gzip
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archiver.clean import html_to_text
from archiver.store import Following, bodies, connect, feeds, schema

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
POLLS = 50
START = datetime(2026, 1, 1, tzinfo=UTC)

ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>\s*", re.DOTALL)
WORD = re.compile(rb"[^\s<>&;=\"/\\]{4,}")
TAG = re.compile(rb"(<[^>]*>|&lt;.*?&gt;)")
NUMBER = re.compile(rb"\d{3,}")


def split(document: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What comes before the entries, the entries, what comes after."""
    found = list(ENTRY.finditer(document))
    if not found:
        return document, [], b""
    return document[: found[0].start()], [one[0] for one in found], document[found[-1].end() :]


def new_entry(old: bytes, chance: random.Random) -> bytes:
    """The words of an entry in another order, and other numbers in its tags and links."""
    parts = TAG.split(old)
    words = [word for part in parts[::2] for word in WORD.findall(part)]
    chance.shuffle(words)
    shuffled = iter(words)
    for at, part in enumerate(parts):
        if at % 2 == 0:
            parts[at] = WORD.sub(lambda _: next(shuffled), part)
        else:
            parts[at] = NUMBER.sub(lambda m: str(chance.randrange(10 ** len(m[0]))).encode(), part)
    return b"".join(parts)


def dated(head: bytes, poll: int) -> bytes:
    """The document's beginning with the build date of this poll."""
    date = f"{START + timedelta(hours=poll):%a, %d %b %Y %H:%M:%S} GMT".encode()
    end = head.find(b">", head.find(b"<channel") + 1 or head.find(b"<feed") + 1) + 1
    return head[:end] + b"<lastBuildDate>" + date + b"</lastBuildDate>" + head[end:]


def growing(document: bytes) -> Iterator[bytes]:
    """50 polls with one new entry each."""
    chance = random.Random(1)
    head, originals, tail = split(document)
    entries = list(originals)
    for poll in range(POLLS):
        if poll and entries:
            entries = [new_entry(chance.choice(originals), chance), *entries[:-1]]
        yield dated(head, poll) + b"".join(entries) + tail


def ticking(document: bytes) -> Iterator[bytes]:
    """50 polls in which only the build date moves."""
    for poll in range(POLLS):
        yield dated(document, poll)


def as_json(document: bytes) -> bytes:
    """The same entries as one line of JSON."""
    _, entries, _ = split(document)
    items = [
        {"id": str(at), "content_html": one.decode("utf-8", "replace")} for at, one in enumerate(entries)
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()


def as_text(document: bytes) -> bytes:
    """The same entries as text."""
    return html_to_text(document.decode("utf-8", "replace")).encode()


def growing_text(document: bytes) -> Iterator[bytes]:
    """50 polls of a text, each with a new passage at the top."""
    chance = random.Random(1)
    text = document
    passage = max(200, len(document) // 10)
    for poll in range(POLLS):
        if poll:
            text = new_entry(document[:passage], chance) + b"\n" + text[:-passage]
        yield f"Built {START + timedelta(hours=poll)}\n".encode() + text


class Run:
    """An archive that holds nothing but bodies, and what it came to."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.path = name, folder / f"{name.replace(' ', '-')}.db"
        self.db = connect.open_writer(self.path)
        self.empty = self.path_size()
        self.gzipped = self.received = self.count = 0
        self.write_seconds = 0.0
        self.later: list[int] = []

    def path_size(self) -> int:
        """The size of the archive file, the log folded into it."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.path.stat().st_size

    def add(self, polls: Iterator[bytes]) -> None:
        """Keep the bodies of one feed, as updates would."""
        self.count += 1
        with connect.transaction(self.db):
            url = f"https://example.org/{self.count}"
            feed_id = feeds.follow(self.db, Following(url=url), origin="command", now=START)
        for number, body in enumerate(polls):
            self.gzipped += len(gzip.compress(body, 6))
            self.received += len(body)
            start = time.perf_counter()
            with connect.transaction(self.db):
                sha256 = bodies.save(self.db, body, feed_id=feed_id)
                self.db.execute("UPDATE feeds SET body_sha256 = ? WHERE id = ?", [sha256, feed_id])
            self.write_seconds += time.perf_counter() - start
            if number:
                stored = self.db.execute("SELECT length(data) FROM bodies WHERE sha256 = ?", [sha256])
                self.later.append(stored.fetchone()[0])

    def seconds_to_read(self, sha256: str) -> float:
        """How long it takes to get a body back."""
        start = time.perf_counter()
        bodies.load(self.db, sha256)
        return time.perf_counter() - start

    def report(self) -> None:
        """One line of figures."""
        in_file = self.path_size() - self.empty
        names = [row[0] for row in self.db.execute("SELECT sha256 FROM bodies ORDER BY random() LIMIT 600")]
        taken = [1000 * min(self.seconds_to_read(sha256) for _ in range(3)) for sha256 in names]
        taken.sort()
        links = self.db.execute(
            """
            WITH RECURSIVE link (sha256, depth) AS (
                SELECT sha256, 0 FROM bodies WHERE base_sha256 IS NULL
                UNION ALL
                SELECT bodies.sha256, depth + 1 FROM bodies JOIN link
                ON bodies.base_sha256 = link.sha256
            )
            SELECT avg(depth), max(depth), sum(depth = 0) FROM link
            """
        ).fetchone()
        stored = self.db.execute("SELECT sum(length(data)), count(*) FROM bodies").fetchone()
        later = sum(self.later) / max(1, len(self.later))
        cells = (
            (5, self.count), (6, stored[1]), (8, f"{self.received / 1e6:.1f}"),
            (8, f"{self.gzipped / 1e6:.2f}"),
            (8, f"{stored[0] / 1e6:.3f}"), (8, f"{in_file / 1e6:.3f}"),
            (7, f"{stored[0] / self.gzipped:.4f}"),
            (7, f"{in_file / self.gzipped:.4f}"), (8, f"{later:.0f}"), (7, max(self.later)),
            (7, f"{in_file / stored[1]:.0f}"), (5, f"{links[0]:.1f}"), (4, links[1]), (5, links[2]),
            (6, f"{taken[len(taken) // 2]:.2f}"), (6, f"{taken[-1]:.2f}"),
            (6, f"{1000 * self.write_seconds / stored[1]:.2f}"),
        )  # fmt: skip
        print(f"{self.name:<24}", *(f"{value:>{width}}" for width, value in cells), flush=True)
        self.db.close()


def main() -> None:
    """Print a table."""
    if not CORPUS.is_dir():
        print(f"no corpus beside the checkout ({CORPUS.name}/ is missing): nothing to measure")
        return
    documents = [path.read_bytes() for path in sorted(CORPUS.iterdir()) if path.is_file()]
    by_size = sorted((one for one in documents if len(split(one)[1]) > 1), key=len)
    print(f"archive schema {schema.VERSION}, {len(documents)} documents, {POLLS} polls each")
    names = (
        "feeds", "bodies", "MB", "MB-gz", "MB-data", "MB-file", "data/gz", "file/gz", "later", "largest",
        "in-file", "links", "most", "keys", "read", "worst", "write",
    )  # fmt: skip
    widths = (5, 6, 8, 8, 8, 8, 7, 7, 8, 7, 7, 5, 4, 5, 6, 6, 6)
    columns = zip(names, widths, strict=True)
    print(" " * 24, *(f"{name:>{width}}" for name, width in columns))
    with tempfile.TemporaryDirectory() as folder:
        for name, chosen, polls in (
            ("one new entry a poll", documents, growing),
            ("a build date only", documents, ticking),
            ("new entries, largest", by_size[-1:], growing),
            ("build date, largest", by_size[-1:], ticking),
            ("new entries, smallest", by_size[:1], growing),
            ("build date, smallest", by_size[:1], ticking),
            ("new passages, as JSON", [as_json(one) for one in by_size[20:40]], growing_text),
            ("new passages, as text", [as_text(one) for one in by_size[20:40]], growing_text),
        ):
            run = Run(Path(folder), name)
            for document in chosen[:: int(sys.argv[1]) if len(sys.argv) > 1 else 1]:
                run.add(polls(document))
            run.report()
    print(
        "sizes in bytes unless MB; a later, largest: data of a poll after the first; in file: a poll's share"
    )
    print(
        "of the file with row and index; links: bodies that a read touches besides its own; times in ms,\n"
        "read and worst being the best of three reads of each body"
    )


if __name__ == "__main__":
    main()
