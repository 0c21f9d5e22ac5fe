"""What each entry of one document is recognised by: the identity ladder of guid, URL, hash (RFC 4287, 4.2.6).

An id that several entries of a document carry identifies none of them. The same entry twice, word for word,
counts once.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from archiver.identify.sketch import sketch
from archiver.identify.words import MOST_WORDS, folded_words
from archiver.labels import without_label
from archiver.model import Cleaned, EntryData, Identity, Rung
from archiver.urls import is_site_root, url_key

_CONTENT_VERSION = "1"


def identify(entries: Sequence[tuple[EntryData, Cleaned]]) -> tuple[Identity, ...]:
    """Give every entry of one document its identity. Independent of their order."""
    url_keys = [url_key(data.url) if data.url else None for data, _ in entries]
    title_keys = [title_key(data.title) for data, _ in entries]
    texts = [folded_words(cleaned.content_text) for _, cleaned in entries]
    hash_keys = [
        hash_key(title=title, published_at=data.published_at, words=words, url=data.url, data=data)
        for (data, _), title, words in zip(entries, title_keys, texts, strict=True)
    ]
    ladder = Ladder(
        (data.guid, url, hashed) for (data, _), url, hashed in zip(entries, url_keys, hash_keys, strict=True)
    )
    identities = []
    for (data, _), url, title, words, hashed in zip(
        entries, url_keys, title_keys, texts, hash_keys, strict=True
    ):
        rung, key = ladder.key(data.guid, url, hashed)
        identities.append(
            Identity(
                rung=rung,
                key=key,
                url_key=url,
                hash_key=hashed,
                content_sha256=content_sha256(data),
                title_key=title,
                sketch=sketch(words[:MOST_WORDS]),
            )
        )
    return tuple(identities)


class Ladder:
    """Which ids and URLs of a document name one entry only."""

    def __init__(self, entries: Iterable[tuple[str | None, str | None, str]]) -> None:
        by_guid: dict[str, set[tuple[str | None, str]]] = {}
        by_url: dict[str, set[str]] = {}
        for guid, url, hashed in entries:
            if guid:
                by_guid.setdefault(guid, set()).add((url, hashed))
            if url and not is_site_root(url):
                by_url.setdefault(url, set()).add(hashed)
        self._guids = {guid for guid, entries in by_guid.items() if len(entries) == 1}
        self._urls = {url for url, entries in by_url.items() if len(entries) == 1}

    def key(self, guid: str | None, url: str | None, hashed: str) -> tuple[Rung, str]:
        """The best rung that carries the entry, and its key there."""
        if guid and guid in self._guids:
            return Rung.GUID, key(Rung.GUID, guid)
        if url and self.names_one(url):
            return Rung.URL, key(Rung.URL, url)
        return Rung.HASH, f"{Rung.HASH}:{hashed[:32]}"

    def names_one(self, url: str | None) -> bool:
        """Whether just one entry of the document has this URL key."""
        return url in self._urls


def key(rung: Rung, value: str) -> str:
    """The key of a guid or URL on its rung; 128 bits are beyond accidents and forgery."""
    return f"{rung}:{_digest(value)[:32]}"


def title_key(title: str | None) -> str:
    """The title's folded words, without a language label; empty where it has none."""
    return " ".join(folded_words(without_label(title))) if title else ""


def hash_key(
    *,
    title: str,
    published_at: datetime | None,
    words: Sequence[str],
    url: str | None = None,
    data: EntryData | None = None,
) -> str:
    """SHA-256 over folded title, date and text, and the URL's fragment.

    What stands in for the absent ones comes from `data`.
    """
    date = _second(published_at)
    value = [title, date, " ".join(words)]
    if data is not None:
        # A title of signs (`***`), an unreadable date, pictures in a text's place still tell entries apart.
        if not title and data.title:
            value.append(f"title {_squeezed(data.title)}")
        if not date and data.published_raw:
            value.append(f"published {_squeezed(data.published_raw)}")
        if not words:
            value.extend(_instead_of_text(data))
    # One page's comments may read alike: `#comment-5`, `#comment-6`.
    if url and (fragment := url.partition("#")[2].strip()) and url_key(url) is not None:
        value.append(f"fragment {fragment}")
    return _digest(json.dumps(value))


def _instead_of_text(data: EntryData) -> list[str]:
    markup = [
        f"text {_squeezed(part.value)}"
        for part in (data.content, data.summary)
        if part and part.value.strip()
    ]
    links = [f"file {enclosure.url}" for enclosure in data.enclosures]
    if data.url and url_key(data.url) is None:
        links.append(f"url {data.url}")
    return [*markup, *sorted(links)]


def content_sha256(data: EntryData) -> str:
    """The versioned hash of all that makes a revision.

    As published, with white space folded. Left out is what moves by itself: update times, positions, our
    language verdict, the scheme and tracking parameters of the URL, the order of categories and enclosures,
    and the spelling of a date that can be read.
    Absent fields leave no trace, so that a field which a later release adds changes no old hash.
    """
    fields: dict[str, object] = {
        "title": _squeezed(data.title),
        "authors": [[_squeezed(p.name), _squeezed(p.email), _squeezed(p.url)] for p in data.authors],
        "url": (url_key(data.url) or _squeezed(data.url)) if data.url else "",
        "summary": _squeezed(data.summary.value) if data.summary else "",
        "content": _squeezed(data.content.value) if data.content else "",
        "enclosures": sorted([e.url, _squeezed(e.type), str(e.length or "")] for e in data.enclosures),
        "categories": sorted(
            [_squeezed(c.term), c.scheme or "", _squeezed(c.label)] for c in data.categories
        ),
        "published": _second(data.published_at) or _squeezed(data.published_raw),
    }
    present = {name: value for name, value in fields.items() if value}
    return f"{_CONTENT_VERSION}:{_digest(json.dumps(present, sort_keys=True))}"


def _second(time: datetime | None) -> str:
    """In UTC, however it was written."""
    return time.astimezone(UTC).isoformat(timespec="seconds") if time else ""


def _squeezed(text: str | None) -> str:
    return " ".join(text.split()) if text else ""


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
