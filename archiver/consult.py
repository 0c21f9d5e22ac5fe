"""What the archive knows of a document, brought together for the decision. Asked in its transaction."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from archiver import churn, marks
from archiver.decide import Document
from archiver.identify import Recognised, recognise
from archiver.marking import is_entangled, is_unusual, shared_urls
from archiver.model import Candidate, FeedForUpdate, PreparedEntry, PreparedFeed, Response, SeenEntry
from archiver.store import NEWEST, Store


class Entangled(Exception):
    """What is new in a document cannot be told from what is known in it: it is to be read whole."""


class _Candidates(Mapping[int, tuple[Candidate, ...]]):
    """Archived entries that may tell a new one's story, by its position.

    Asked for one by one: those of all new entries, with their texts, may be many times the document.
    """

    def __init__(self, store: Store, found: Sequence[Recognised]) -> None:
        self._store = store
        self._new: dict[int, PreparedEntry] = {
            one.entry.data.position: one.entry for one in found if one.known is None and not one.duplicate
        }

    def __getitem__(self, position: int) -> tuple[Candidate, ...]:
        return self._store.candidates(self._new[position])

    def __iter__(self) -> Iterator[int]:
        return iter(self._new)

    def __len__(self) -> int:
        return len(self._new)


def consult(
    store: Store, feed: FeedForUpdate, response: Response, sha256: str, prepared: PreparedFeed
) -> Document:
    """Bring a prepared document together with what the archive knows of its entries.

    Raises Entangled, as `decided`.
    """
    seen = _seen(store, feed, prepared) if prepared.seen else ()
    ids = frozenset(entry.id for entry in seen)
    known = (
        store.known_beside(feed.id, prepared.entries, ids)
        if prepared.seen
        else store.known_entries(feed.id, prepared.entries)
    )
    if seen and is_entangled(prepared.entries, known, ids, limit=NEWEST):
        raise Entangled
    shared = shared_urls(known, ids)
    recognition = recognise(
        prepared.entries,
        known,
        has_reminted=feed.has_reminted,
        volatile_ids=feed.volatile_ids,
        is_delta=response.is_delta,
        seen=ids,
        seen_urls=shared,
    )
    if seen and (recognition.events or any(is_unusual(one, shared) for one in recognition.entries)):
        raise Entangled
    if seen and any(one.known and not one.known.present for one in recognition.entries):
        met = store.first_seen(ids)
        seen = tuple(replace(one, first_seen_at=met[one.id]) for one in seen)
    return Document(
        response=response,
        body_sha256=sha256,
        parsed=prepared.parsed,
        known=known,
        recognition=recognition,
        candidates=_Candidates(store, recognition.entries),
        histories={
            found.known.id: store.history(found.known.id, limit=churn.CHANGES)
            for found in recognition.entries
            if found.known is not None
            and found.known.revision >= churn.CHANGES
            and found.known.content_sha256 != found.entry.identity.content_sha256
        },
        seen=seen,
        raw=prepared.raw,
    )


def _seen(store: Store, feed: FeedForUpdate, prepared: PreparedFeed) -> tuple[SeenEntry, ...]:
    """The entries that a document was read without, as they stood in the last one."""
    text = store.marks(feed.id)
    if text is None or text != feed.marks or feed.format != prepared.parsed.format:
        raise Entangled  # another update came between, or a decision that is about the whole
    known = marks.read(text).entries
    return tuple(
        SeenEntry(
            id=known[mark].id,
            mark=mark,
            position=known[mark].position,
            now_at=position,
            published_at=known[mark].published_at,
            updated_at=known[mark].updated_at,
        )
        for position, mark in prepared.seen
    )
