"""Which entries of a document the archive knows already, though publishers change ids, addresses and texts.

Each known entry is recognised in one place at most, each place is one known entry at most. In doubt an
entry is new: a double can be linked later, an overwritten post is lost.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from archiver.changes import Event
from archiver.identify.keys import Ladder, hash_key
from archiver.identify.words import body_words, containment, folded_words
from archiver.model import KnownEntry, PreparedEntry, Rung
from archiver.urls import host_key

_SOME = 0.5
"""From this containment on, two texts are no accident."""
_MOST = 0.8
_NEARLY_ALL = 0.9

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """One entry of the document and what the archive knows of it."""

    entry: PreparedEntry
    """With the rung and key that it stands on in the light of what is known."""
    known: KnownEntry | None = None
    alias: str | None = None
    """Why the known entry is to be known by this key too: `reminted`, `retold`, `moved`."""
    duplicate: bool = False
    """An earlier entry of the document is the same; nothing is to be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a document's entries are to the archive, in their order."""

    entries: tuple[Recognised, ...]
    events: tuple[Event, ...] = ()


def recognise(prepared: Sequence[PreparedEntry], known: Sequence[KnownEntry]) -> Recognition:
    """Find the known entry of each entry: by key, else by a lower rung, re-minted in bulk, or retold.

    O(n log n) in the number of entries; texts are compared for single pairs only.
    """
    match = _Matching(prepared, known)
    match.drop_shared_guids()
    match.by_own_key()
    match.by_alias()
    match.by_lower_rung()
    match.reminted_in_bulk()
    match.retold()
    return match.result()


class _Matching:
    """The state of one recognition: what is matched so far, and the indexes to match the rest."""

    def __init__(self, prepared: Sequence[PreparedEntry], known: Sequence[KnownEntry]) -> None:
        self.entries = list(prepared)
        self.known = list(known)
        self.found: dict[int, tuple[KnownEntry, str | None]] = {}
        self.taken: set[int] = set()
        self.events: list[Event] = []
        self.ladder = Ladder((e.data.guid, e.identity.url_key, e.identity.hash_key) for e in prepared)
        self.by_key = {entry.key: entry for entry in known}
        self.duplicates: set[int] = set()

    def _match(self, at: int, known: KnownEntry, alias: str | None = None) -> None:
        if self.entries[at].identity.key == known.key or self.entries[at].identity.key in known.aliases:
            alias = None
        self.found[at] = (known, alias)
        self.taken.add(known.id)

    def _open(self) -> list[int]:
        """Positions that are neither matched nor duplicates."""
        return [at for at in range(len(self.entries)) if at not in self.found and at not in self.duplicates]

    def drop_shared_guids(self) -> None:
        """Let an entry whose guid the feed has used for another post fall to its next rung."""
        shared = {entry.guid for entry in self.known if entry.guid and entry.rung is not Rung.GUID}
        for at, entry in enumerate(self.entries):
            if entry.identity.rung is not Rung.GUID:
                continue
            holder = self.by_key.get(entry.identity.key)
            if entry.data.guid in shared:
                keeps = holder is not None and _told_alike(entry, holder)
            else:
                keeps = holder is None or not _is_another_post(entry, holder)
            if not keeps:
                identity = entry.identity
                rung, key = self.ladder.key(None, identity.url_key, identity.hash_key)
                self.entries[at] = replace(entry, identity=replace(identity, rung=rung, key=key))
        seen: set[str] = set()
        for at, entry in enumerate(self.entries):
            if entry.identity.key in seen:
                self.duplicates.add(at)
            seen.add(entry.identity.key)

    def by_own_key(self) -> None:
        """The plain case."""
        for at in self._open():
            known = self.by_key.get(self.entries[at].identity.key)
            if known is not None:
                self._match(at, known)

    def by_alias(self) -> None:
        """Keys that the feed has used for an entry before; its own key, if it is there too, goes first."""
        by_alias = {alias: entry for entry in self.known for alias in entry.aliases}
        for at in self._open():
            known = by_alias.get(self.entries[at].identity.key)
            if known is None:
                continue
            if known.id not in self.taken:
                self._match(at, known)
            elif _told_alike(self.entries[at], known):
                self.duplicates.add(at)

    def by_lower_rung(self) -> None:
        """Entries that fell to, or rose from, a lower rung since they were archived.

        Where both have a guid of their own, and these differ, the publisher says that they are two.
        """
        by_url = _unique((entry for entry in self.known if self._is_free(entry)), lambda entry: entry.url_key)
        for at in self._open():
            entry = self.entries[at]
            url = entry.identity.url_key
            known = by_url.get(url) if url and self.ladder.names_one(url) else None
            if known is not None and self._is_free(known) and _guids_allow(entry, known):
                self._match(at, known, "moved" if _has_another_host(entry, known) else "reminted")
        rest = self._open()
        if not rest:
            return
        by_hash = _unique((entry for entry in self.known if self._is_free(entry)), _hash_of_known)
        for at in rest:
            entry = self.entries[at]
            known = by_hash.get(entry.identity.hash_key[:32])
            if known is not None and self._is_free(known) and _guids_allow(entry, known):
                self._match(at, known, "moved" if _has_another_host(entry, known) else "reminted")

    def reminted_in_bulk(self) -> None:
        """New ids for what stood in the feed: believed if at least half of what is unknown agrees."""
        rest = [at for at in self._open() if self.entries[at].identity.rung is not Rung.HASH]
        gone = [entry for entry in self.known if entry.present and self._is_free(entry)]
        if not rest or not gone:
            return
        pairs = self._pairs_by_url(rest, gone)
        taken = {known.id for known in pairs.values()}
        pairs |= self._pairs_by_title(
            [at for at in rest if at not in pairs], [entry for entry in gone if entry.id not in taken]
        )
        alone = len(self.entries) - len(self.duplicates) == 1
        if len(pairs) * 2 < len(self._open()) or len(pairs) < (1 if alone else 2):
            return
        moved = 0
        for at, known in sorted(pairs.items()):
            has_moved = _has_another_host(self.entries[at], known)
            moved += has_moved
            self._match(at, known, "moved" if has_moved else "reminted")
        detail = (
            f"{len(pairs)} of {len(self.entries)} entries came under new ids; kept as the entries they were"
        )
        if moved:
            detail += f" ({moved} moved to another host)"
        self.events.append(Event(kind="reminted", detail=detail))

    def _pairs_by_url(self, rest: Sequence[int], gone: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
        by_url = _unique(gone, lambda entry: entry.url_key)
        pairs = {}
        for at in rest:
            entry = self.entries[at]
            url = entry.identity.url_key
            known = by_url.get(url) if url and self.ladder.names_one(url) else None
            if known is not None and _is_kept_page(entry, known):
                pairs[at] = known
        return pairs

    def _pairs_by_title(self, rest: Sequence[int], gone: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
        by_title = _unique(gone, lambda entry: entry.title_key)
        here = _unique(rest, lambda at: self.entries[at].identity.title_key)
        pairs = {}
        for title, at in here.items():
            known = by_title.get(title)
            if known is not None and _has_moved_house(self.entries[at], known):
                pairs[at] = known
        return pairs

    def retold(self) -> None:
        """Entries without id and URL whose text was edited: by a title that is the only one on both sides."""
        ours = [at for at, entry in enumerate(self.entries) if entry.identity.rung is Rung.HASH]
        ours = [at for at in ours if at not in self.duplicates]
        here = _unique(ours, lambda at: self.entries[at].identity.title_key)
        there = _unique(
            (entry for entry in self.known if entry.present and entry.rung is Rung.HASH),
            lambda entry: entry.title_key,
        )
        for title, at in here.items():
            known = there.get(title)
            if known is None or at in self.found or not self._is_free(known):
                continue
            if not _dates_contradict(self.entries[at], known):
                self._match(at, known, "retold")

    def _is_free(self, known: KnownEntry) -> bool:
        return known.id not in self.taken

    def result(self) -> Recognition:
        new = [self.entries[at] for at in self._open()]
        shared = [e.data.guid for e in new if e.data.guid and e.identity.rung is not Rung.GUID]
        if shared:
            example = shared[0][:100]
            detail = (
                f"{len(shared)} new entries share an id with others, such as {example}; told apart otherwise"
            )
            self.events.append(Event(kind="shared_guid", detail=detail))
        recognised = []
        for at, entry in enumerate(self.entries):
            known, alias = self.found.get(at, (None, None))
            recognised.append(
                Recognised(entry=entry, known=known, alias=alias, duplicate=at in self.duplicates)
            )
        return Recognition(entries=tuple(recognised), events=tuple(self.events))


def _unique(items: Iterable[_T], key: Callable[[_T], str | None]) -> dict[str, _T]:
    """Index items by the keys that only one of them has; empty keys are none."""
    groups: dict[str, list[_T]] = {}
    for item in items:
        value = key(item)
        if value:
            groups.setdefault(value, []).append(item)
    return {value: group[0] for value, group in groups.items() if len(group) == 1}


def _hash_of_known(known: KnownEntry) -> str:
    if known.rung is Rung.HASH:
        return known.key.partition(":")[2]
    words = folded_words(known.content_text)
    return hash_key(title=known.title_key, published_at=known.published_at, words=words)[:32]


def _guids_allow(entry: PreparedEntry, known: KnownEntry) -> bool:
    return entry.identity.rung is not Rung.GUID or known.guid is None or known.guid == entry.data.guid


def _told_alike(entry: PreparedEntry, known: KnownEntry) -> bool:
    url = entry.identity.url_key
    return (url is not None and url == known.url_key) or _same_title(entry, known)


def _is_another_post(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether link, title and date are there on both sides and all differ, and the texts share little."""
    ours, theirs = _seconds(entry.data.published_at), _seconds(known.published_at)
    if not (entry.data.url and known.url and entry.data.title and known.title and ours and theirs):
        return False
    same_url = (entry.identity.url_key or entry.data.url) == (known.url_key or known.url)
    same_title = entry.data.title == known.title or _same_title(entry, known)
    return not same_url and not same_title and ours != theirs and _containment(entry, known) < _SOME


def _is_kept_page(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether the entry at a known one's URL, with another id, is that one and not the page's next news."""
    if _dated_alike(entry, known):
        return _same_title(entry, known) or _containment(entry, known) >= _SOME
    if not entry.cleaned.content_text and not known.content_text:
        return _same_title(entry, known) and not _dates_contradict(entry, known)
    return not _dates_contradict(entry, known) and _containment(entry, known) >= _MOST


def _has_moved_house(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether the entry of a known one's title, elsewhere, is that one and not the next of a series."""
    if _dated_alike(entry, known):
        return True
    return not _dates_contradict(entry, known) and _containment(entry, known) >= _NEARLY_ALL


def _same_title(entry: PreparedEntry, known: KnownEntry) -> bool:
    return bool(known.title_key) and entry.identity.title_key == known.title_key


def _dated_alike(entry: PreparedEntry, known: KnownEntry) -> bool:
    ours = _seconds(entry.data.published_at)
    return ours is not None and ours == _seconds(known.published_at)


def _dates_contradict(entry: PreparedEntry, known: KnownEntry) -> bool:
    ours, theirs = _seconds(entry.data.published_at), _seconds(known.published_at)
    return ours is not None and theirs is not None and ours != theirs


def _seconds(time: datetime | None) -> datetime | None:
    """As the archive keeps it."""
    return time.replace(microsecond=0) if time else None


def _containment(entry: PreparedEntry, known: KnownEntry) -> float:
    return containment(body_words(entry.cleaned.content_text), body_words(known.content_text))


def _has_another_host(entry: PreparedEntry, known: KnownEntry) -> bool:
    if not entry.data.url or not known.url:
        return False
    ours, theirs = host_key(entry.data.url), host_key(known.url)
    return (ours or "").removeprefix("www.") != (theirs or "").removeprefix("www.")
