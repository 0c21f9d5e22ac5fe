"""Entries as Atom (RFC 4287), with the links of RFC 5005 between documents that belong together.

What the format needs and a publisher did not give is never passed off as the publisher's: `published` is
left out where there is no date, and `updated`, which must be there, is the publisher's date of change,
else that of publication, else when we first saw the entry; where we saw a later version, not before
that. The element `entry` of our own namespace has the original id and dates beside it.

`atom:id` is the feed's own id where that is an IRI and only this entry of the post has it; else a name
made of feed and key, the same in every export, also after a rebuild.

Of each post one entry should stand in a document: two entries of one feed that tell the same story are
two posts to whoever archives that feed, since a feed is believed to know its own entries.
"""

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archiver import __version__
from archiver.store import Reader, Row, Wanted

NAMESPACE = "urn:uuid:0b9f3c1e-7a64-5c1d-9a58-2f6f6de0c6a1"
"""Of our own elements."""

_NAMES = uuid.UUID(NAMESPACE.removeprefix("urn:uuid:"))
_IRI = re.compile(
    r"(?!(?:javascript|vbscript|data|file):)[a-z][a-z0-9+.\-]{0,30}:"
    r"(?:[^\s\x00-\x20\x7f-\x9f<>\"{}|\\^`%\ufdd0-\ufdef\ufff0-\uffff\ue000-\uf8ff]|%[0-9a-f]{2})+",
    re.IGNORECASE,
)
_HTTP = re.compile(r"https?:(?!//[^/?#\s@:\[\]]+)", re.IGNORECASE)
_WEB = re.compile(r"https?:", re.IGNORECASE)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+\-]{1,127}/[A-Za-z0-9!#$&^_.+\-]{1,127}(?:\s*;.*)?", re.DOTALL)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The feed that an entry came by."""

    url: str
    """Its address, without secrets."""
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AtomEntry:
    """An entry to be written. Times are the archive's texts."""

    id: str
    """An IRI."""
    title: str | None
    updated: str
    published: str | None = None
    url: str | None = None
    authors: Sequence[str] = ()
    language: str | None = None
    summary_html: str | None = None
    """Safe HTML."""
    content_html: str | None = None
    enclosures: Sequence[Mapping[str, Any]] = ()
    categories: Sequence[Mapping[str, Any]] = ()
    source: Source | None = None
    told: Mapping[str, str | int | None]
    """What else the archive knows, as attributes of an element of our own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a document says of itself."""

    id: str
    """An IRI, the same for all documents of one feed."""
    title: str
    updated: str
    """The archive's text of a time: when the newest of its entries was."""
    subtitle: str | None = None
    author: str = "archiver"
    language: str | None = None
    complete: bool = False
    """RFC 5005, 2: the document has all that the feed has."""
    archive: bool = False
    """RFC 5005, 4: the document is never to change."""


Links = Mapping[str, str]
"""Addresses by relation: `self`, `alternate`, `current`, `prev-archive`, `next-archive`, `next`, …"""


def feed_document(meta: Meta, entries: Iterable[AtomEntry], links: Links | None = None) -> bytes:
    """A whole document. No two of its entries have the same id."""
    return b"".join(feed_chunks(meta, [once(entries)], links))


def feed_chunks(
    meta: Meta, pages: Iterable[Iterable[AtomEntry]], links: Links | None = None
) -> Iterator[bytes]:
    """A document in chunks: its head, each page of entries, its end."""
    yield _head(meta, links or {}).encode()
    for page in pages:
        yield "".join([_entry(entry) for entry in page]).encode()
    yield b"</feed>\n"


def once(entries: Iterable[AtomEntry]) -> Iterator[AtomEntry]:
    """The same entries; of those with the same id all but the first get another, which is always the same."""
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            values = {name: getattr(entry, name) for name in AtomEntry.__slots__}
            entry = AtomEntry(**values | {"id": _name(entry.id, str(entry.told.get("id")))})
        seen.add(entry.id)
        yield entry


def entries_by_number(reader: Reader, numbers: Sequence[int]) -> list[AtomEntry]:
    """The entries with these numbers, in this order, as they are now; those that there are."""
    wanted = Wanted(entry_ids=tuple(numbers), beside=True)
    with reader.one_moment():
        found = {row[0]: atom_entry(row, wanted.columns) for page in reader.stream(wanted) for row in page}
    return [found[number] for number in numbers if number in found]


def atom_entry(row: Row, columns: Sequence[str], *, version: bool = False) -> AtomEntry:
    """An entry from a row of the archive's stream, with the columns beside it.

    A `version` is one of several of its entry in the same document, and has an id of its own.
    """
    told = dict(zip(columns, row, strict=True))
    guid, url = told["guid"], told["url"]
    updated = told["updated_at"] or told["published_at"] or told["first_seen_at"]
    if told["revised_at"] is not None:
        updated = max(updated, told["revised_at"])
    return AtomEntry(
        id=_name(told["feed_url"], told["key"], str(told["revision"])) if version else _id(told),
        title=told["title"],
        updated=updated,
        published=told["published_at"],
        url=url,
        authors=json.loads(told["authors"]),
        language=told["language"],
        summary_html=told["summary_html"],
        content_html=told["content_html"],
        enclosures=json.loads(told["enclosures"]),
        categories=json.loads(told["categories"]),
        source=Source(url=told["feed_url"], title=told["feed"]),
        told={
            "id": told["id"],
            "post": told["post_id"],
            "feed": told["feed_id"],
            "revision": told["revision"],
            "guid": guid,
            "published": told["published_raw"],
            "updated": told["updated_raw"],
            "first-seen": told["first_seen_at"],
            "last-seen": told["last_seen_at"],
            "withdrawn": told["withdrawn_at"],
        },
    )


def archive_id(name: str) -> str:
    """An id for a document, from what it is asked by: the same for the same name."""
    return _name("feed", name)


def is_iri(text: str) -> bool:
    """Whether a text may stand as it is where an absolute IRI must (RFC 3987)."""
    return len(text) <= 2000 and _IRI.fullmatch(text) is not None and _HTTP.match(text) is None


def _id(told: Mapping[str, Any]) -> str:
    guid = told["guid"]
    if told["url"] is None and guid and _WEB.match(guid):
        guid = None  # whoever reads it would take it for the link that the entry has not
    if guid and told["rung"] == "guid" and not told["shares_guid"] and is_iri(guid):
        return str(guid)
    return _name(told["feed_url"], told["key"])


def _name(*parts: str) -> str:
    return uuid.uuid5(_NAMES, json.dumps(parts)).urn


def _head(meta: Meta, links: Links) -> str:
    language = f' xml:lang="{meta.language}"' if _is_language(meta.language) else ""
    history = "fh:complete" if meta.complete else "fh:archive" if meta.archive else None
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:archiver="{NAMESPACE}"'
        f' xmlns:fh="http://purl.org/syndication/history/1.0"{language}>',
        f"<id>{_text(meta.id)}</id>",
        f"<title>{_text(meta.title)}</title>",
        f"<subtitle>{_text(meta.subtitle)}</subtitle>" if meta.subtitle else "",
        f"<updated>{_text(meta.updated)}</updated>",
        f"<author><name>{_text(meta.author)}</name></author>",
        f'<generator version="{__version__}">archiver</generator>',
        *(f'<link rel="{_text(name)}" href="{_text(to)}"{_link_type(name)}/>' for name, to in links.items()),
        f"<{history}/>" if history else "",
    ]
    return "\n".join(line for line in lines if line) + "\n"


def _link_type(relation: str) -> str:
    return ' type="text/html"' if relation == "alternate" else ' type="application/atom+xml"'


def _entry(entry: AtomEntry) -> str:
    language = f' xml:lang="{entry.language}"' if _is_language(entry.language) else ""
    parts = [
        f"<entry{language}>\n<id>{_text(entry.id)}</id>\n<title>{_text(entry.title or '')}</title>\n",
        f"<updated>{entry.updated}</updated>\n",
    ]
    if entry.published:
        parts.append(f"<published>{entry.published}</published>\n")
    if entry.url and is_iri(address := _escaped_address(entry.url)):
        parts.append(f'<link rel="alternate" type="text/html" href="{_text(address)}"/>\n')
    parts += [_person(name) for name in entry.authors if name and name.strip()]
    parts += [_category(one) for one in entry.categories if one.get("term")]
    parts += _files(entry.enclosures)
    if entry.summary_html is not None and entry.content_html is not None:
        parts.append(f'<summary type="html">{_text(entry.summary_html)}</summary>\n')
    content = entry.summary_html if entry.content_html is None else entry.content_html
    parts.append(f'<content type="html">{_text(content or "")}</content>\n')
    if entry.source:
        parts.append(_source(entry.source, entry.updated))
    told = "".join(
        f' {name}="{_attribute(value)}"' for name, value in entry.told.items() if value is not None
    )
    parts.append(f"<archiver:entry{told}/>\n</entry>\n")
    return "".join(parts)


def _person(name: str) -> str:
    if _MAIL.fullmatch(name):
        return f"<author><name>{_text(name)}</name><email>{_text(name)}</email></author>\n"
    return f"<author><name>{_text(name)}</name></author>\n"


def _category(one: Mapping[str, Any]) -> str:
    scheme, label = one.get("scheme"), one.get("label")
    kept = f' scheme="{_text(scheme)}"' if scheme and is_iri(scheme) else ""
    kept += f' label="{_attribute(label)}"' if label else ""
    return f'<category term="{_attribute(one["term"])}"{kept}/>\n'


def _files(enclosures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in enclosures:
        address = _escaped_address(one["url"])
        if not is_iri(address):
            continue
        kind, length = one.get("type"), one.get("length")
        about = f' type="{_attribute(kind)}"' if kind and _MEDIA_TYPE.fullmatch(kind) else ""
        about += f' length="{length}"' if length is not None and length >= 0 else ""
        yield f'<link rel="enclosure" href="{_text(address)}"{about}/>\n'


def _source(source: Source, updated: str) -> str:
    """The feed, with what an entry inherits from it where it names no author."""
    address = _escaped_address(source.url)
    own = address if is_iri(address) else _name("source", source.url)
    link = f'<link rel="self" href="{_text(address)}"/>' if is_iri(address) else ""
    title = _text(source.title)
    return (
        f"<source><id>{_text(own)}</id><title>{title}</title><updated>{updated}</updated>"
        f"<author><name>{title or 'unknown'}</name></author>{link}</source>\n"
    )


_UNSAFE_IN_ADDRESS = re.compile(r"[\s\x00-\x20\x7f-\x9f<>\"{}|\\^`]|%(?![0-9A-Fa-f]{2})")


def _escaped_address(url: str) -> str:
    """An address with what an IRI cannot have percent-encoded."""
    return _UNSAFE_IN_ADDRESS.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), url)


def _is_language(tag: str | None) -> bool:
    return tag is not None and _LANGUAGE.fullmatch(tag) is not None


def _text(value: str) -> str:
    """A text as XML has it. What XML 1.0 cannot hold becomes the replacement character; a CR stays one."""
    return (
        _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("\r", "&#13;")
    )


def _attribute(value: str | int) -> str:
    """The same for an attribute, in which white space would else be folded."""
    return _text(str(value)).replace("\n", "&#10;").replace("\t", "&#9;")
