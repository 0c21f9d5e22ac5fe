"""Which entries of a document may be known by their marks in the next one. Pure.

The rule. The next document's reading without an entry must come to what its whole reading would. So an entry
is marked only if nothing that the next document may bring can let it be recognised otherwise:

- it is, or has just become, the latest revision of a known entry, word for word; churn is not;
- it was recognised by the best key that it has: its id, or without one its link; not by a key that it fell
  to, nor by an alias;
- no other entry of the document, and no known one that was looked at, has its id or its link;
- its markup is unlike all others'.

What the next document brings beside the marked ones must not have an id, link, key or alias of theirs either:
the archive is asked for that (`store.known_beside`).
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence

from archiver.changes import EntryChange, Marked, Marking
from archiver.identify import Recognised
from archiver.model import KnownEntry, Raw, Rung, SeenEntry


def marking(
    raw: Raw | None,
    found: Sequence[Recognised],
    known: Sequence[KnownEntry],
    changes: Iterable[EntryChange],
    seen: Sequence[SeenEntry],
) -> Marking:
    """What the next document's entries may be known by; `raw` has the marks of `found`, in their order."""
    if raw is None or len(raw.marks) != len(found):
        return Marking()
    holders = _Holders(found, known)
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
        if times[mark] > 1 or not _stands_alone(one, holders) or (one.known and one.known.id in churning):
            continue
        data = one.entry.data
        marked.append(
            Marked(
                mark=mark,
                position=data.position,
                published_at=data.published_at,
                updated_at=data.updated_at,
                known_id=one.known.id if one.known else None,
            )
        )
    return Marking(context=raw.context, entries=tuple(sorted(marked, key=lambda entry: entry.position)))


def _stands_alone(one: Recognised, holders: "_Holders") -> bool:
    identity = one.entry.identity
    by_best_key = identity.rung is Rung.GUID or (identity.rung is Rung.URL and one.entry.data.guid is None)
    by_own_key = one.known is None or (one.known.key == identity.key and one.alias is None)
    return by_best_key and by_own_key and not one.duplicate and holders.is_alone(one)


class _Holders:
    """Which entries have an id or a link."""

    def __init__(self, found: Iterable[Recognised], known: Iterable[KnownEntry]) -> None:
        self._of: dict[tuple[str, str], set[Hashable]] = {}
        for entry in known:
            self._note(entry.id, entry.guid, entry.url_key)
        for one in found:
            self._note(_who(one), one.entry.data.guid, one.entry.identity.url_key)

    def _note(self, who: Hashable, guid: str | None, url_key: str | None) -> None:
        for name, value in (("guid", guid), ("url", url_key)):
            if value:
                self._of.setdefault((name, value), set()).add(who)

    def is_alone(self, one: Recognised) -> bool:
        guid, url_key = one.entry.data.guid, one.entry.identity.url_key
        return all(
            len(self._of[name, value]) == 1 for name, value in (("guid", guid), ("url", url_key)) if value
        )


def _who(one: Recognised) -> Hashable:
    return one.known.id if one.known else f"new {one.entry.data.position}"
