"""Single entries under other keys: a link that is the id as well was corrected, or the text of one that has
neither id, link nor title was edited. Pure.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from archiver.identify.likeness import (
    MOST,
    SOME,
    hash_of_known,
    is_exact,
    moment,
    shared,
    shared_words,
    unique,
    whole,
)
from archiver.model import KnownEntry, PreparedEntry, Rung
from archiver.urls import url_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is not recognised yet, and all that it stands among."""

    entries: Sequence[PreparedEntry]
    known: Sequence[KnownEntry]
    unknown: Collection[int]
    """Places in `entries`."""
    free: Collection[int]
    """Ids in `known`."""
    found: Mapping[int, KnownEntry]
    """By place, what is recognised."""
    is_whole: bool
    """All of the document was read. If not, doubts are left to its whole reading."""


def corrected(rest: Rest) -> dict[int, KnownEntry]:
    """By place: known entries whose link, and with it their id, was corrected, and nothing else.

    Title, date and text must tell much, and no other entry, here or known, may tell the same; and the date
    must be one that no other has, or the entry stand where the old one stood, since a repost may look alike
    when the old one rolls off.
    """
    entries, known = rest.entries, rest.known
    mine = {at for at in rest.unknown if _is_named_by_its_link(entries[at]) and _tells_much(entries[at])}
    if not mine:
        return {}
    titles = {entries[at].identity.title_key for at in mine}
    there = unique((entry for entry in known if entry.title_key in titles), hash_of_known)
    here = unique(range(len(entries)), lambda at: entries[at].identity.hash_key[:32])
    pairs = {}
    for told, at in here.items():
        old = there.get(told)
        if at in mine and old and old.id in rest.free and old.present and _was_named_by_its_link(old):
            pairs[at] = old
    if not (pairs and rest.is_whole):
        return pairs
    dated = _alone_with_their_dates(entries, known)
    undated = {at: old for at, old in pairs.items() if dated.get(at) is not old}
    kept = _at_their_places(undated, rest)
    return {at: old for at, old in pairs.items() if at in kept or at not in undated}


def edited(rest: Rest) -> dict[int, KnownEntry]:
    """By place: known entries without id, link and title whose text was edited.

    Of what is unknown here and gone there, each is the only one of its date, and much of its text is left:
    half, if nothing else has that time; else most, and where others have that date, it stands where it stood.
    """
    entries, known = rest.entries, rest.known
    here = unique(rest.unknown, lambda at: moment(entries[at].data.published_at))
    there = unique(
        (entry for entry in known if entry.id in rest.free and entry.present),
        lambda entry: moment(entry.published_at),
    )
    pairs = {
        at: there[date]
        for date, at in here.items()
        if date in there and _has_only_text(entries[at]) and _had_only_text(there[date])
    }
    if not pairs:
        return {}
    alone = {at for at, old in _alone_with_their_dates(entries, known).items() if pairs.get(at) is old}
    kept = _at_their_places(pairs, rest) | alone if rest.is_whole else pairs.keys()
    return {
        at: old
        for at, old in pairs.items()
        if (at in kept and shared(entries[at], old) >= MOST)
        or (at in alone and is_exact(old.published_at) and _is_half_left(entries[at], old))
    }


def _is_half_left(entry: PreparedEntry, known: KnownEntry) -> bool:
    return shared(entry, known) >= SOME or shared_words(entry, known) >= SOME


def _has_only_text(entry: PreparedEntry) -> bool:
    return entry.identity.rung is Rung.HASH and not entry.identity.title_key


def _had_only_text(known: KnownEntry) -> bool:
    return known.rung is Rung.HASH and not known.title_key


def _is_named_by_its_link(entry: PreparedEntry) -> bool:
    """Whether the id is the link once more, and says nothing of its own."""
    guid, url = entry.data.guid, entry.identity.url_key
    return guid is not None and url is not None and url_key(guid) == url


def _was_named_by_its_link(known: KnownEntry) -> bool:
    return known.guid is not None and known.url_key is not None and url_key(known.guid) == known.url_key


def _tells_much(entry: PreparedEntry) -> bool:
    """Whether title, date and text are such that another entry would hardly have the very same."""
    text, date = whole(entry.cleaned.content_text), entry.data.published_at
    return bool(entry.identity.title_key) and (text is not None or is_exact(date))


def _alone_with_their_dates(
    entries: Sequence[PreparedEntry], known: Sequence[KnownEntry]
) -> dict[int, KnownEntry]:
    """Entries with a date that no other has, and what alone had it in the last document."""
    there = unique((entry for entry in known if entry.present), lambda entry: moment(entry.published_at))
    here = unique(range(len(entries)), lambda at: moment(entries[at].data.published_at))
    return {at: there[date] for date, at in here.items() if date in there}


def _at_their_places(pairs: Mapping[int, KnownEntry], rest: Rest) -> set[int]:
    """Where all that stood above the old one stands above this one, and all that stood below it, below."""
    entries = rest.entries
    stood = sorted((old.position, entries[at].data.position) for at, old in rest.found.items() if old.present)
    if not stood:
        return set()
    then, now = zip(*stood, strict=True)
    lowest = [-1, *accumulate(now, max)]
    highest = [*accumulate(reversed(now), min, initial=max(now) + len(entries))][::-1]
    kept = set()
    for at, old in pairs.items():
        above, below = bisect_left(then, old.position), bisect_right(then, old.position)
        if above == below and lowest[above] < entries[at].data.position < highest[above]:
            kept.add(at)
    return kept
