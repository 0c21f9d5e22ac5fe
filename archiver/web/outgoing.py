"""Atom documents of the pages: what stands in them, their links (RFC 5005), and answers that spare traffic.

A document has the newest version of each of its entries; which entries those are never changes once it is
full. Where posts go out rather than entries of one feed, a post has the words of the entry that stands for
it and the id of the entry that told it first, so that it stays the same when a better text comes in.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from email.utils import format_datetime, parsedate_to_datetime
from itertools import chain

from archiver.export.atom import AtomEntry, Meta, archive_id, entries_by_number, feed_document
from archiver.records import Hit, Page
from archiver.times import from_text, to_text
from archiver.web.asking import Answer, Asked

ATOM = "application/atom+xml; charset=utf-8"


def document(
    asked: Asked,
    *,
    name: str,
    title: str,
    entries: Sequence[AtomEntry],
    links: Mapping[str, str],
    archive: bool = False,
    language: str | None = None,
    subtitle: str | None = None,
) -> Answer:
    """An Atom document, or 304 if the one who asks has it. `name` makes the feed's id; links are paths."""
    updated = max((entry.updated for entry in entries), default="1970-01-01T00:00:00Z")
    changed = max(
        chain.from_iterable((entry.updated, str(entry.told.get("first-seen") or "")) for entry in entries),
        default=updated,
    )
    # A date of publication that lies ahead is no time at which the document changed.
    changed = min(changed, to_text(asked.now))
    meta = Meta(
        id=archive_id(name),
        title=title,
        updated=updated,
        archive=archive,
        language=language,
        subtitle=subtitle,
    )
    body = feed_document(meta, entries, {relation: asked.base + path for relation, path in links.items()})
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Last-Modified": format_datetime(from_text(changed), usegmt=True),
        "Cache-Control": "private, max-age=3600" if archive else "private, no-cache",
    }
    if _is_known(asked, headers["ETag"], changed):
        return Answer(body=b"", status=304, content_type=ATOM, headers=headers)
    return Answer(body=body, content_type=ATOM, headers=headers)


def _is_known(asked: Asked, etag: str, changed: str) -> bool:
    """Whether the one who asks has it already (RFC 9110, 13.1): by its tag, or else by its date."""
    given = asked.headers.get("if-none-match")
    if given is not None:
        return given.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in given.split(","))
    return False if asked.headers.get("if-modified-since") is None else _is_since(asked, changed)


def _is_since(asked: Asked, changed: str) -> bool:
    try:
        known = parsedate_to_datetime(asked.headers["if-modified-since"])
    except ValueError:
        return False
    return known.tzinfo is not None and from_text(changed) <= known


def entries_themselves(asked: Asked, numbers: Iterable[int]) -> list[AtomEntry]:
    """Entries, the latest date first."""
    return _in_order(entries_by_number(asked.looking, sorted(set(numbers), reverse=True)))


def posts_of(asked: Asked, numbers: Iterable[int]) -> list[AtomEntry]:
    """The posts that entries belong to, each once, the latest date first."""
    told = asked.looking.tellers(sorted(set(numbers), reverse=True))
    wanted = sorted({number for pair in told for number in pair})
    found = dict(zip(wanted, entries_by_number(asked.looking, wanted), strict=True))
    return _in_order([replace(found[canonical], id=found[first].id) for canonical, first in told])


def _in_order(entries: Iterable[AtomEntry]) -> list[AtomEntry]:
    """By date; without what changes at every fetch, so that a document stays the same until an edit."""
    stable = [
        replace(entry, told={name: value for name, value in entry.told.items() if name != "last-seen"})
        for entry in entries
    ]
    return sorted(stable, key=lambda one: one.published or str(one.told["first-seen"]), reverse=True)


def found_document(asked: Asked, found: Page[Hit], *, question: str) -> Answer:
    """A page of answers, with a link to the next one (RFC 5005, 3)."""
    entries = posts_of(asked, [hit.post.canonical_entry_id for hit in found.items])
    order = {hit.post.id: place for place, hit in enumerate(found.items)}
    entries.sort(key=lambda entry: order.get(int(entry.told["post"] or 0), 0))
    address = asked.with_query()
    links = {"self": address, "alternate": address.replace("/search.atom", "/search", 1)}
    if found.next:
        links["next"] = asked.with_query(page=found.next)
    return document(
        asked,
        name=f"search {question}",
        title=f"Search: {question}" if question else "Everything",
        entries=entries,
        links=links,
    )
