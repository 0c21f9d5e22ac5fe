"""The documents that the server shows: a folder of real feeds, in copies, growing by an entry a poll.

A new entry is one of the feed's own with its words in another order, under a new id, link and date. Which one
and in which order depends on nothing but the copy and the number of the poll: all programs see the same.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)

_ENTRY = re.compile(rb"<(item|entry)[\s>].*?</\1>\s*", re.DOTALL)
_TEXT = re.compile(rb"<(title|description|summary|content|content:encoded)[\s>].*?</\1>", re.DOTALL)
_TAG = re.compile(rb"(<!\[CDATA\[|\]\]>|<[^>]*>|&lt;.*?&gt;|&[#\w]+;)", re.DOTALL)
_WORD = re.compile(rb"[^\s<>&;=\"/\\]{4,}")
_ID = re.compile(rb"(<(guid|id|link)\b[^>]*>\s*(?:<!\[CDATA\[)?\s*)([^<\]\s?#]+)")
_ADDRESS = re.compile(rb"((?:<link\b[^>]*?href|\brdf:about)\s*=\s*[\"'])([^\"'?#]+)")
_DATE = re.compile(rb"(<(pubDate|published|updated|dc:date|lastBuildDate)\b[^>]*>)[^<]*(</\2>)")
_JSON_TEXTS = ("title", "summary", "content_html", "content_text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A feed cut into its entries, as bytes."""

    name: str
    head: bytes
    entries: tuple[bytes, ...]
    tail: bytes
    joint: bytes = b""
    """What stands between two entries: nothing in XML, a comma in JSON."""

    def first(self, count: int) -> "Document":
        """The same feed with its first entries only."""
        return replace(self, entries=self.entries[:count])

    def copy(self, number: int) -> "Document":
        """The same feed in other words and under other ids; copy 0 is the feed itself."""
        if number == 0:
            return self
        entries = tuple(
            _reworded(entry, random.Random(f"{self.name}:{number}:{at}"), mark=f"c{number}", date=None)
            for at, entry in enumerate(self.entries)
        )
        return replace(self, name=f"{self.name}:{number}", entries=entries)

    def grown(self, poll: int) -> "Document":
        """As it is at the next poll: a new entry at the top; the last one rolls off, unless it is alone."""
        chance, date = random.Random(f"{self.name}:poll:{poll}"), START + timedelta(hours=poll)
        new = _reworded(chance.choice(self.entries), chance, mark=f"p{poll}", date=date)
        stay = self.entries[: max(1, len(self.entries) - 1)]
        return replace(self, head=_dated(self.head, date), entries=(new, *stay))

    def __bytes__(self) -> bytes:
        return self.head + self.joint.join(self.entries) + self.tail


def read(folder: Path) -> Iterator[Document]:
    """The feeds of a folder: XML and JSON documents with at least one entry. Other files are passed over."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and (document := _cut(path.name, path.read_bytes())):
            yield document


def spread(documents: Sequence[Document], count: int) -> Iterator[Document]:
    """So many feeds: the documents, and then copies of them in other words."""
    for number in range(count):
        yield documents[number % len(documents)].copy(number // len(documents))


def _cut(name: str, data: bytes) -> Document | None:
    found = list(_ENTRY.finditer(data))
    if found:
        return Document(
            name=name,
            head=data[: found[0].start()],
            entries=tuple(one[0] for one in found),
            tail=data[found[-1].end() :],
        )
    try:
        feed = json.loads(data)
        items = [json.dumps(item).encode() for item in feed.pop("items")]
        head = json.dumps(feed).encode()[:-1] + b', "items": ['
    except (ValueError, KeyError, AttributeError, TypeError):
        return None
    return Document(name=name, head=head, entries=tuple(items), tail=b"]}", joint=b", ") if items else None


def _reworded(entry: bytes, chance: random.Random, *, mark: str, date: datetime | None) -> bytes:
    if entry[:1] == b"{":
        return _reworded_item(json.loads(entry), chance, mark=mark, date=date)
    texts = [one[0] for one in _TEXT.finditer(entry)]
    shuffled = iter(_shuffled(texts, chance))
    entry = _TEXT.sub(lambda _: next(shuffled), entry)
    entry = _ID.sub(lambda found: found[1] + found[3] + f"-{mark}".encode(), entry)
    entry = _ADDRESS.sub(lambda found: found[1] + found[2] + f"-{mark}".encode(), entry)
    return _dated(entry, date) if date else entry


def _reworded_item(item: dict[str, str], chance: random.Random, *, mark: str, date: datetime | None) -> bytes:
    keys = [key for key in _JSON_TEXTS if isinstance(item.get(key), str)]
    texts = _shuffled([item[key].encode() for key in keys], chance)
    item |= {key: text.decode() for key, text in zip(keys, texts, strict=True)}
    item |= {key: f"{item[key]}-{mark}" for key in ("id", "url") if key in item}
    return json.dumps(item | ({"date_published": date.isoformat()} if date else {})).encode()


def _shuffled(texts: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """The words of all texts in another order, the markup left as it is."""
    parts = [_TAG.split(text) for text in texts]
    words = [word for cut in parts for part in cut[::2] for word in _WORD.findall(part)]
    chance.shuffle(words)
    shuffled = iter(words)
    return [
        b"".join(
            _WORD.sub(lambda _: next(shuffled), part) if at % 2 == 0 else part for at, part in enumerate(cut)
        )
        for cut in parts
    ]


def _dated(part: bytes, date: datetime) -> bytes:
    def write(found: re.Match[bytes]) -> bytes:
        is_rss = found[2] in (b"pubDate", b"lastBuildDate")
        text = f"{date:%a, %d %b %Y %H:%M:%S} GMT" if is_rss else f"{date:%Y-%m-%dT%H:%M:%SZ}"
        return found[1] + text.encode() + found[3]

    return _DATE.sub(write, part)
