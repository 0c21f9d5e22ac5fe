"""Which entries of a document may be known by their marks in the next one, and when that is not enough. Pure.

The rule. Reading a document without an entry must come to what its whole reading would. So an entry is marked
(`marking`) only if nothing that the next document may bring can let it be recognised otherwise:

- it is, or has just become, the latest revision of a known entry, word for word; churn is not;
- it was recognised by the best key that it has: its id, else its link, else its title, date and text; not by
  a key that it fell to, nor by an alias;
- no other entry of the document, and no known one that was looked at, has its id; nor its link, unless all
  who have that have titles, and it has an id;
- its markup is unlike all others'.

And the next document is read whole all the same (`is_entangled`) if what is new in it has a key, an alias or
an id of an entry that was seen; or its link, but for those with other ids and titles; or the title, where
neither has an id or a link.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from archiver.changes import EntryChange, Marked, Marking
from archiver.identify import Recognised
from archiver.model import KnownEntry, PreparedEntry, Raw, Rung, SeenEntry

MOST = 10_000
"""Entries of one document; a larger one is read whole every time, so that its marks need no megabytes."""


def marking(
    raw: Raw | None,
    found: Sequence[Recognised],
    known: Sequence[KnownEntry],
    changes: Iterable[EntryChange],
    seen: Sequence[SeenEntry],
) -> Marking:
    """What the next document's entries may be known by; `raw` has the marks of `found`, in their order."""
    if raw is None or len(raw.marks) != len(found) or len(found) + len(seen) > MOST:
        return Marking()
    ids, urls = _holders(found, known)
    churning = {change.known_id for change in changes if change.churn}
    times = Counter(raw.marks)
    marked = [
        Marked(
            mark=one.mark,
            position=one.now_at,
            published_at=one.published_at,
            updated_at=one.updated_at,
            known_id=one.id,
        )
        for one in seen
    ]
    for one, mark in zip(found, raw.marks, strict=True):
        known_id = one.known.id if one.known else None
        if times[mark] > 1 or one.duplicate or (one.known and known_id in churning):
            continue
        if _has_its_best_key(one) and _stands_alone(one.entry, ids, urls):
            data = one.entry.data
            marked.append(
                Marked(
                    mark=mark,
                    position=data.position,
                    published_at=data.published_at,
                    updated_at=data.updated_at,
                    known_id=known_id,
                )
            )
    return Marking(context=raw.context, entries=tuple(sorted(marked, key=lambda entry: entry.position)))


def is_entangled(
    new: Sequence[PreparedEntry], known: Iterable[KnownEntry], seen: Collection[int], *, limit: int
) -> bool:
    """Whether what is new in a document has to do with what was `seen` in it.

    `known` has all that shares something with it, but no more than the newest `limit` with one title.
    """
    keys = {entry.identity.key for entry in new}
    guids = {entry.data.guid for entry in new if entry.data.guid}
    by_url: dict[str | None, list[PreparedEntry]] = {}
    for entry in new:
        by_url.setdefault(entry.identity.url_key, []).append(entry)
    hashed = {entry.identity.title_key for entry in new if entry.identity.rung is Rung.HASH}
    titles: Counter[str] = Counter()
    for other in known:
        titles[other.title_key] += 1
        if other.id not in seen:
            continue
        if other.key in keys or other.aliases or other.guid in guids:
            return True
        if other.url_key and not all(_share_only_a_link(one, other) for one in by_url.get(other.url_key, ())):
            return True
        if other.title_key and other.title_key in hashed:
            return True
    return any(titles[title] >= limit for title in hashed if title)


def shared_urls(known: Iterable[KnownEntry], seen: Collection[int]) -> frozenset[str]:
    """Links of seen entries that others may have too."""
    return frozenset(entry.url_key for entry in known if entry.id in seen and entry.url_key)


def is_unusual(one: Recognised, shared: Collection[str]) -> bool:
    """Whether a new entry was recognised in a way that asks for a look at the whole document.

    `shared` are links of seen entries.
    """
    identity = one.entry.identity
    fell = identity.url_key in shared and identity.rung is not Rung.GUID
    return one.alias is not None or one.duplicate or fell


def _share_only_a_link(entry: PreparedEntry, other: KnownEntry) -> bool:
    with_ids = entry.identity.rung is Rung.GUID and other.rung is Rung.GUID
    titles = {entry.identity.title_key, other.title_key} - {""}
    return with_ids and len(titles) == 2


def _has_its_best_key(one: Recognised) -> bool:
    identity, guid = one.entry.identity, one.entry.data.guid
    best = Rung.GUID if guid else Rung.URL if identity.url_key else Rung.HASH
    return identity.rung is best and (
        one.known is None or (one.known.key == identity.key and one.alias is None)
    )


@dataclass(slots=True)
class _Held:
    """By whom an id or a link is held."""

    by: set[str] = field(default_factory=set)
    untitled: bool = False


def _holders(
    found: Iterable[Recognised], known: Iterable[KnownEntry]
) -> tuple[dict[str, _Held], dict[str, _Held]]:
    """Who has an id, and who a link, of the document's entries and the known ones."""
    ids: dict[str, _Held] = {}
    urls: dict[str, _Held] = {}

    def note(who: str, guid: str | None, url_key: str | None, title_key: str) -> None:
        for held, name in ((ids, guid), (urls, url_key)):
            if name:
                holders = held.setdefault(name, _Held())
                holders.by.add(who)
                holders.untitled = holders.untitled or not title_key

    for entry in known:
        note(f"known {entry.id}", entry.guid, entry.url_key, entry.title_key)
    for one in found:
        who = f"known {one.known.id}" if one.known else f"new {one.entry.data.position}"
        note(who, one.entry.data.guid, one.entry.identity.url_key, one.entry.identity.title_key)
    return ids, urls


def _stands_alone(entry: PreparedEntry, ids: dict[str, _Held], urls: dict[str, _Held]) -> bool:
    guid, url_key = entry.data.guid, entry.identity.url_key
    if guid and len(ids[guid].by) > 1:
        return False
    if not url_key or len(urls[url_key].by) == 1:
        return True
    return bool(guid) and not urls[url_key].untitled
