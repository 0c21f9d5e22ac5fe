"""Which entries of a document the archive knows already, though publishers change ids, addresses and texts.

Each known entry is recognised in one place at most, each place is one known entry at most. In doubt an
entry is new: a double can be linked later, an overwritten post is lost.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from archiver.changes import Event
from archiver.identify import corrections
from archiver.identify.keys import Ladder
from archiver.identify.likeness import (
    NEARLY_ALL,
    SOME,
    dated_alike,
    dates_contradict,
    guids_allow,
    has_another_host,
    has_moved_house,
    hash_of_known,
    is_kept_page,
    moment,
    numbers_agree,
    same_title,
    shared,
    told_alike,
    told_twice_alike,
    unique,
    whole,
)
from archiver.model import KnownEntry, PreparedEntry, Rung


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
    reminted: bool = False
    """Most entries came under new ids."""


def recognise(
    prepared: Sequence[PreparedEntry],
    known: Sequence[KnownEntry],
    *,
    has_reminted: bool = False,
    volatile_ids: bool = False,
    is_delta: bool = False,
    seen: Collection[int] = (),
    seen_urls: Collection[str] = (),
) -> Recognition:
    """Find the known entry of each entry: by key, else by a lower rung, re-minted, or retold.

    `has_reminted` says that the feed gave old entries new ids before; `volatile_ids`, that its ids
    are other ones in every document, and so identify nothing; `is_delta`, that what is not in it may stand
    all the same, so that nothing here comes in its place; `seen`, which known entries the document has
    beside `prepared`, and `seen_urls` such keys of their links as `prepared` has too.
    O(n log n) in the number of entries; texts are compared for single pairs only.
    """
    match = _Matching(prepared, known, has_reminted=has_reminted, volatile_ids=volatile_ids, seen=seen)
    match.shared_urls = frozenset(seen_urls)
    match.drop_shared_guids()
    match.by_own_key()
    match.by_alias()
    match.by_lower_rung()
    if not is_delta:
        match.reminted_in_bulk()
        match.corrected()
        match.retold()
    return match.result()


class _Matching:
    """The state of one recognition: what is matched so far, and the indexes to match the rest."""

    def __init__(
        self,
        prepared: Sequence[PreparedEntry],
        known: Sequence[KnownEntry],
        *,
        has_reminted: bool,
        volatile_ids: bool,
        seen: Collection[int],
    ) -> None:
        self.has_reminted = has_reminted
        self.volatile_ids = volatile_ids
        self.reminted = False
        self.entries = list(prepared)
        self.known = list(known)
        self.found: dict[int, tuple[KnownEntry, str | None]] = {}
        self.seen = len(seen)
        self.shared_urls: frozenset[str] = frozenset()
        self.taken: set[int] = set(seen)
        self.events: list[Event] = []
        self.ladder = Ladder((e.data.guid, e.identity.url_key, e.identity.hash_key) for e in prepared)
        self.by_key = {entry.key: entry for entry in known}
        self.duplicates: set[int] = set()
        self._known_pages = _holders(known, lambda entry: entry.url_key)
        self._known_titles = _holders(known, lambda entry: entry.title_key)

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
            if self.volatile_ids:
                keeps = False
            elif entry.data.guid in shared:
                keeps = holder is not None and told_alike(entry, holder)
            else:
                keeps = holder is None or not self._is_another_post(entry, holder)
            if not keeps:
                identity = entry.identity
                rung, key = self.ladder.key(None, identity.url_key, identity.hash_key)
                self.entries[at] = replace(entry, identity=replace(identity, rung=rung, key=key))
        seen: set[str] = set()
        for at, entry in enumerate(self.entries):
            if entry.identity.key in seen:
                self.duplicates.add(at)
            seen.add(entry.identity.key)

    def _is_another_post(self, entry: PreparedEntry, holder: KnownEntry) -> bool:
        """Whether an id came back with another post: link and title are there on both sides and differ.

        Beside that the date differs, and the text in more than a few words; or, without dates, the host and
        the text; or the link or title is that of a third entry.
        """
        if not (entry.data.url and holder.url and entry.data.title and holder.title):
            return False
        if (entry.identity.url_key or entry.data.url) == (holder.url_key or holder.url):
            return False
        if entry.data.title == holder.title or same_title(entry, holder) or dated_alike(entry, holder):
            return False
        pages = self._known_pages.get(entry.identity.url_key or "", set())
        titles = self._known_titles.get(entry.identity.title_key, set())
        if (pages | titles) - {holder.id}:
            return True
        if not dates_contradict(entry, holder):
            return has_another_host(entry, holder) and shared(entry, holder) < SOME
        return shared(entry, holder) < NEARLY_ALL or not numbers_agree(entry, holder)

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
            elif told_alike(self.entries[at], known):
                self.duplicates.add(at)

    def by_lower_rung(self) -> None:
        """Entries that fell to, or rose from, a lower rung since they were archived.

        Where both have a guid of their own, and these differ, the publisher says that they are two.
        """
        by_url = unique((entry for entry in self.known if self._is_free(entry)), lambda entry: entry.url_key)
        for at in self._open():
            entry = self.entries[at]
            url = entry.identity.url_key
            known = by_url.get(url) if url and self._names_one(url) else None
            if known is not None and self._is_free(known) and guids_allow(entry, known):
                self._match(at, known, "moved" if has_another_host(entry, known) else "reminted")
        rest = self._open()
        if not rest:
            return
        titles = {self.entries[at].identity.title_key for at in rest}
        # The title is in the hash, and to take that of a text is dear.
        alike = (
            entry
            for entry in self.known
            if (entry.rung is Rung.HASH or entry.title_key in titles) and self._is_free(entry)
        )
        by_hash = unique(alike, hash_of_known)
        for at in rest:
            entry = self.entries[at]
            known = by_hash.get(entry.identity.hash_key[:32])
            if known is not None and self._is_free(known) and guids_allow(entry, known):
                self._match(at, known, "moved" if has_another_host(entry, known) else "reminted")

    def reminted_in_bulk(self) -> None:
        """New ids for what stood in the feed: believed if at least half of what is unknown agrees.

        Then it is believed of entries that were away as well. A feed that has done it before need not do
        it in bulk: an entry may have been away at that time.
        """
        rest = [at for at in self._open() if self.entries[at].identity.rung is not Rung.HASH]
        free = [entry for entry in self.known if self._is_free(entry)]
        gone = [entry for entry in free if entry.present]
        if not rest or not free:
            return
        pairs = self._pairs(rest, gone)
        away = self._pairs(
            [at for at in rest if at not in pairs], [entry for entry in free if not entry.present]
        )
        alone = self.seen + len(self.entries) - len(self.duplicates) == 1
        least = 1 if alone or self.volatile_ids else 2
        in_bulk = len(pairs) >= least and (len(pairs) + len(away)) * 2 >= len(self._open())
        if not in_bulk and not (self.has_reminted and (pairs or away)):
            return
        pairs |= away
        if in_bulk:
            taken = {known.id for known in pairs.values()}
            pairs |= self._pairs_edited(
                [at for at in rest if at not in pairs], [entry for entry in gone if entry.id not in taken]
            )
        self._rename(pairs)
        self.reminted = in_bulk

    def corrected(self) -> None:
        """A link that is the id as well, and was corrected: believed of single entries too."""
        pairs = corrections.corrected(self._rest())
        if pairs:
            self._rename(pairs)

    def _rest(self) -> corrections.Rest:
        return corrections.Rest(
            entries=self.entries,
            known=self.known,
            unknown=self._open(),
            free={entry.id for entry in self.known if self._is_free(entry)},
            found={at: known for at, (known, _) in self.found.items()},
            is_whole=not self.seen,
        )

    def _rename(self, pairs: Mapping[int, KnownEntry]) -> None:
        moved = 0
        for at, known in sorted(pairs.items()):
            has_moved = has_another_host(self.entries[at], known)
            moved += has_moved
            self._match(at, known, "moved" if has_moved else "reminted")
        total = self.seen + len(self.entries)
        detail = f"{len(pairs)} of {total} entries came under new ids; kept as the entries they were"
        if moved:
            detail += f" ({moved} moved to another host)"
        self.events.append(Event(kind="reminted", detail=detail))

    def _pairs(self, rest: Sequence[int], gone: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
        pairs = self._pairs_by_url(rest, gone)
        taken = {known.id for known in pairs.values()}
        return pairs | self._pairs_by_title(
            [at for at in rest if at not in pairs], [entry for entry in gone if entry.id not in taken]
        )

    def _pairs_by_url(self, rest: Sequence[int], gone: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
        by_url = unique(gone, lambda entry: entry.url_key)
        pairs = {}
        for at in rest:
            entry = self.entries[at]
            url = entry.identity.url_key
            known = by_url.get(url) if url and self._names_one(url) else None
            if known is not None and is_kept_page(entry, known):
                pairs[at] = known
        return pairs

    def _pairs_by_title(self, rest: Sequence[int], gone: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
        by_title = unique(gone, lambda entry: entry.title_key)
        here = unique(rest, lambda at: self.entries[at].identity.title_key)
        pairs = {}
        for title, at in here.items():
            known = by_title.get(title)
            if known is not None and has_moved_house(self.entries[at], known):
                pairs[at] = known
        return pairs

    def _pairs_edited(self, rest: Sequence[int], gone: Sequence[KnownEntry]) -> dict[int, KnownEntry]:
        """Entries that were edited as well: among so many that were only renamed, less must agree."""
        ways: tuple[tuple[Callable[[PreparedEntry], str | None], Callable[[KnownEntry], str | None]], ...] = (
            (lambda entry: entry.identity.url_key, lambda known: known.url_key),
            (lambda entry: entry.identity.title_key, lambda known: known.title_key),
            (lambda entry: moment(entry.data.published_at), lambda known: moment(known.published_at)),
            (lambda entry: whole(entry.cleaned.content_text), lambda known: whole(known.content_text)),
        )
        pairs: dict[int, KnownEntry] = {}
        for of_entry, of_known in ways:
            taken = {known.id for known in pairs.values()}
            there = unique((entry for entry in gone if entry.id not in taken), of_known)
            values = {at: of_entry(self.entries[at]) for at in rest if at not in pairs}
            here = unique(values, values.__getitem__)
            for value, at in here.items():
                known = there.get(value)
                if known is None or dates_contradict(self.entries[at], known):
                    continue
                if told_twice_alike(self.entries[at], known) or shared(self.entries[at], known) >= SOME:
                    pairs[at] = known
        return pairs

    def retold(self) -> None:
        """Entries without id and URL whose text was edited: by a title that is the only one on both sides.

        Without titles, by such a date and by what is left of the text.
        """
        ours = [at for at, entry in enumerate(self.entries) if entry.identity.rung is Rung.HASH]
        ours = [at for at in ours if at not in self.duplicates]
        here = unique(ours, lambda at: self.entries[at].identity.title_key)
        there = unique(
            (entry for entry in self.known if entry.present and entry.rung is Rung.HASH),
            lambda entry: entry.title_key,
        )
        for title, at in here.items():
            known = there.get(title)
            if known is None or at in self.found or not self._is_free(known):
                continue
            if not dates_contradict(self.entries[at], known):
                self._match(at, known, "retold")
        for at, known in corrections.edited(self._rest()).items():
            self._match(at, known, "retold")

    def _names_one(self, url: str) -> bool:
        return url not in self.shared_urls and self.ladder.names_one(url)

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
        return Recognition(entries=tuple(recognised), events=tuple(self.events), reminted=self.reminted)


def _holders(known: Iterable[KnownEntry], key: Callable[[KnownEntry], str | None]) -> dict[str, set[int]]:
    """Which known entries have a key."""
    groups: dict[str, set[int]] = {}
    for entry in known:
        value = key(entry)
        if value:
            groups.setdefault(value, set()).add(entry.id)
    return groups
