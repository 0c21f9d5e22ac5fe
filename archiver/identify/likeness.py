"""How much an entry of a document is like one that is known: ids, links, titles, dates and texts. Pure."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time
from typing import TypeVar

from archiver.identify.keys import hash_key
from archiver.identify.words import body_words, containment, folded_words
from archiver.model import KnownEntry, PreparedEntry, Rung
from archiver.urls import host_key

_T = TypeVar("_T")

SOME = 0.5
"""From this containment on, two texts are no accident."""
MOST = 0.8
NEARLY_ALL = 0.9
FEW_WORDS = 8


def hash_of_known(known: KnownEntry) -> str:
    """The hash of title, date and text, as an entry's `hash_key` has it."""
    if known.rung is Rung.HASH:
        return known.key.partition(":")[2]
    words = folded_words(known.content_text)
    key = hash_key(title=known.title_key, published_at=known.published_at, words=words, url=known.url)
    return key[:32]


def guids_allow(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether the ids do not say that these are two; one that others had too says nothing."""
    identifies = known.guid is not None and known.rung is Rung.GUID
    return entry.identity.rung is not Rung.GUID or not identifies or known.guid == entry.data.guid


def is_exact(date: datetime | None) -> bool:
    """Whether a date has a time of day."""
    return date is not None and date.astimezone(UTC).time().replace(microsecond=0) != time.min


def told_alike(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether link or title is the same."""
    url = entry.identity.url_key
    return (url is not None and url == known.url_key) or same_title(entry, known)


def told_twice_alike(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether link and title are the same."""
    url = entry.identity.url_key
    return url is not None and url == known.url_key and same_title(entry, known)


def numbers_agree(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether both texts have the same numbers."""
    ours, theirs = (
        {word for word in body_words(text) if any(map(str.isdigit, word))}
        for text in (entry.cleaned.content_text, known.content_text)
    )
    return ours == theirs


def is_kept_page(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether the entry at a known one's URL, with another id, is that one and not the page's next news."""
    if dated_alike(entry, known):
        return same_title(entry, known) or shared(entry, known) >= SOME
    if not entry.cleaned.content_text and not known.content_text:
        return same_title(entry, known) and not dates_contradict(entry, known)
    return not dates_contradict(entry, known) and shared(entry, known) >= MOST


def has_moved_house(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether the entry of a known one's title, elsewhere, is that one and not the next of a series."""
    if dated_alike(entry, known):
        return True
    return not dates_contradict(entry, known) and shared(entry, known) >= NEARLY_ALL


def same_title(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether both have a title, and the same."""
    return bool(known.title_key) and entry.identity.title_key == known.title_key


def dated_alike(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether both have a date, and the same."""
    ours = _seconds(entry.data.published_at)
    return ours is not None and ours == _seconds(known.published_at)


def dates_contradict(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether both have a date, and another."""
    ours, theirs = _seconds(entry.data.published_at), _seconds(known.published_at)
    return ours is not None and theirs is not None and ours != theirs


def whole(text: str) -> str | None:
    """A text that is long enough to stand for its entry."""
    return text if len(text.split(maxsplit=FEW_WORDS)) >= FEW_WORDS else None


def moment(date: datetime | None) -> str | None:
    """A date as a key."""
    return date.astimezone(UTC).isoformat(timespec="seconds") if date else None


def _seconds(date: datetime | None) -> datetime | None:
    """As the archive keeps it."""
    return date.replace(microsecond=0) if date else None


def shared(entry: PreparedEntry, known: KnownEntry) -> float:
    """How much of the shorter text the longer one contains, from 0 to 1."""
    return containment(body_words(entry.cleaned.content_text), body_words(known.content_text))


def shared_words(entry: PreparedEntry, known: KnownEntry) -> float:
    """How many of all the words of both texts stand in both, from 0 to 1."""
    ours, theirs = set(body_words(entry.cleaned.content_text)), set(body_words(known.content_text))
    return len(ours & theirs) / max(1, len(ours | theirs))


def has_another_host(entry: PreparedEntry, known: KnownEntry) -> bool:
    """Whether the entry has moved to another host."""
    if not entry.data.url or not known.url:
        return False
    ours, theirs = host_key(entry.data.url), host_key(known.url)
    return (ours or "").removeprefix("www.") != (theirs or "").removeprefix("www.")


def unique(items: Iterable[_T], key: Callable[[_T], str | None]) -> dict[str, _T]:
    """Index items by the keys that only one of them has; empty keys are none."""
    groups: dict[str, list[_T]] = {}
    for item in items:
        value = key(item)
        if value:
            groups.setdefault(value, []).append(item)
    return {value: group[0] for value, group in groups.items() if len(group) == 1}
