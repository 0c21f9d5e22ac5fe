"""The archive: one SQLite file. SQL does not leave this room.

`Store` writes and belongs to one thread; `Reader` answers questions on a read-only connection. Together
they are the whole contract between the archive and the rest of the program.
"""

from archiver.store import loading  # noqa: F401 - before anything loads sqlite-utils

# isort: split
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from sqlite_utils import Database

from archiver.changes import FeedUpdate, FetchRecord
from archiver.churn import History
from archiver.failpoints import failpoint
from archiver.model import Candidate, FeedForUpdate, KnownEntry, PreparedEntry
from archiver.store import (
    bodies,
    chores,
    connect,
    digests,
    due,
    evidence,
    feeds,
    hosts,
    knowledge,
    manifest,
    marks,
    reading,
    standing,
    updates,
)
from archiver.store.bodies import Packed, digest
from archiver.store.connect import moment, transaction
from archiver.store.digests import Untold
from archiver.store.due import DueFeeds
from archiver.store.evidence import Chosen
from archiver.store.feeds import Following, Synced
from archiver.store.hosts import Held
from archiver.store.knowledge import NEWEST
from archiver.store.lock import ArchiveLock
from archiver.store.rows import sound
from archiver.store.standing import Due
from archiver.times import to_text

if TYPE_CHECKING:
    from archiver.query import Query
    from archiver.records import Hit, Page
    from archiver.store.streaming import Row, Rows, Wanted

__all__ = [
    "NEWEST",
    "ArchiveLock",
    "Chosen",
    "Due",
    "Following",
    "Packed",
    "Query",
    "Reader",
    "Row",
    "Rows",
    "Store",
    "Synced",
    "Untold",
    "Wanted",
    "digest",
]

_ASKED_FOR = {
    "Query": "archiver.query",
    "Row": "archiver.store.streaming",
    "Rows": "archiver.store.streaming",
    "Wanted": "archiver.store.streaming",
}
"""What only questions need: to load it would keep those waiting who write."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of those
    if name not in _ASKED_FOR:
        raise AttributeError(name)
    return getattr(import_module(_ASKED_FOR[name]), name)


class _Connected:
    """What both have: a connection to ask, and to close."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def _ask(
        self, question: Callable[Concatenate[Database, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Ask of one moment of the archive. What SQLite cannot do becomes a StoreError."""
        with moment(self._db):
            return question(self._db, *args, **kwargs)

    def close(self) -> None:
        """Close the connection; the last one to close folds the write-ahead log into the file."""
        failpoint("before_close")
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Reader(_Connected):
    """Read-only questions. Every method sees one moment of the archive, also while a service writes."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing archive. Raises StoreError, SchemaError."""
        db = connect.open_reader(path)
        connect.make_sure_of_definitions(db, path)
        return cls(db)

    def feeds(self, *, removed: bool = False) -> list[dict[str, Any]]:
        """Every feed with its columns, tags and number of entries."""
        return self._ask(feeds.listed, removed=removed)

    def find_feed(self, name: str) -> int:
        """The feed meant by an id, an address or a name. Raises NotFound, ConfigError."""
        return self._ask(feeds.find, name)

    def search(
        self, query: "Query", *, limit: int = 20, cursor: str | None = None, order: str = "rank"
    ) -> "Page[Hit]":
        """Posts that answer a question, a page of them. Raises ConfigError for a cursor that is none."""
        from archiver.store import search

        return self._ask(search.hits, query, limit=limit, cursor=cursor, order=order)

    def post(self, post_id: int) -> dict[str, Any]:
        """A post with its entries. Raises NotFound."""
        return self._ask(reading.post, post_id)

    def entry(self, entry_id: int) -> dict[str, Any]:
        """An entry in its latest version. Raises NotFound."""
        return self._ask(reading.entry, entry_id)

    def revisions(self, entry_id: int) -> list[dict[str, Any]]:
        """Every version of an entry, oldest first."""
        return self._ask(reading.revisions, entry_id)

    def events_of(self, entry_id: int) -> list[dict[str, Any]]:
        """What happened to an entry, oldest first."""
        return self._ask(reading.events_of, entry_id)

    def totals(self, *, now: datetime) -> dict[str, Any]:
        """How much there is of everything."""
        return self._ask(reading.totals, now=to_text(now))

    def events(self, *, limit: int = 20) -> list[dict[str, Any]]:
        """What was worth a person's attention, newest first."""
        return self._ask(reading.events, limit=limit)

    def chosen_feeds(self, chosen: Chosen) -> list[dict[str, Any]]:
        """The feeds meant: address, name, tags, options."""
        return self._ask(evidence.feeds, chosen)

    def fetches(self, chosen: Chosen) -> Iterator[dict[str, Any]]:
        """The log of fetches, oldest first, a few at a time: it only grows, so no moment need last."""
        last = 0
        while rows := self._ask(evidence.fetches, chosen, after=last):
            yield from rows
            last = rows[-1]["id"]

    def standing(self, look: Callable[[dict[str, Any]], _T]) -> list[_T]:
        """What `look` makes of every feed that was not removed; its row has all that `health.of` asks."""
        return self._ask(lambda db: [look(row) for row in standing.standing(db)])

    def due(self, *, now: datetime) -> Due:
        """How much is due, and how late it is."""
        return self._ask(standing.due, now=now)

    def untold(self, channel: str, *, beside: frozenset[str], of_each: int) -> Untold:
        """Events that a digest has not told by this way."""
        return self._ask(digests.untold, channel, beside=beside, of_each=of_each)

    def digests(self) -> list[dict[str, Any]]:
        """What was told by each way, and what could not be."""
        return self._ask(digests.channels)

    def size(self) -> int:
        """Bytes of the archive as SQLite sees it, what waits in the write-ahead log included."""
        return self._ask(reading.size)

    def chores_that_failed(self) -> list[dict[str, Any]]:
        """Chores that failed when last tried, with `done_at`, when they were last done."""
        return self._ask(chores.failed)

    def failed_chores(self) -> list[tuple[str, str, str]]:
        """Backups, scrubs and the like that failed when last tried: name, when, and why."""
        return self._ask(chores.problems)

    def body(self, sha256: str) -> bytes:
        """A kept body, byte for byte. Raises NotFound, StoreError."""
        return self._ask(bodies.load, sha256)

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Everything that is asked meanwhile is of one moment of the archive, streams included."""
        with moment(self._db):
            self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment begins with a read
            yield

    def stream(self, wanted: "Wanted") -> "Iterator[list[Row]]":
        """Pages of all rows that answer a question; to be read within `one_moment`."""
        from archiver.store import streaming

        return streaming.stream(self._db, wanted)

    def watermark(self) -> dict[str, Any]:
        """What tells this state of this archive from others: last fetch, newest manifest, counts."""
        return self._ask(evidence.watermark)

    def pack(self, body: bytes, sha256: str, *, feed_id: int) -> Packed | None:
        """Make ahead what an update would store of a body; None where there is nothing to be made."""
        return bodies.pack(self._db, body, sha256, feed_id=feed_id)


class Store(_Connected):
    """The writing side. A sqlite-utils Database belongs to the thread that made it, and so does this."""

    _file: connect.OpenFile | None = None

    @classmethod
    def open(cls, path: Path, *, checkpoints: bool = True) -> "Store":
        """Open the archive; make or migrate it where needed. Raises StoreError, SchemaError."""
        store = cls(connect.open_writer(path, checkpoints=checkpoints))
        store._file = connect.OpenFile.at(path)
        return store

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, from what is read for a decision to what is written for it.

        Raises StoreError, before anything is written, if the file has been taken from under us.
        """
        with transaction(self._db):
            if self._file is not None:
                self._file.make_sure_it_is_there()
            yield

    def sync(self, wanted: Sequence[Following], *, now: datetime, pausing: bool = True) -> Synced:
        """Let the configuration's feeds meet the stored ones; pause those that left it only if `pausing`."""
        with self.transaction():
            return feeds.sync(self._db, wanted, now=now, pausing=pausing)

    def follow(self, wanted: Following, *, origin: str, now: datetime) -> int:
        """Add a feed, or take it up again; return its id."""
        with self.transaction():
            return feeds.follow(self._db, wanted, origin=origin, now=now)

    def replayed(self, url: str, *, now: datetime, described: Following | None = None) -> FeedForUpdate:
        """The feed of a replayed document, added but not followed where it is unknown, as `described`."""
        with self.transaction():
            known = self._db.execute("SELECT id FROM feeds WHERE url = ?", [sound(url)]).fetchone()
            wanted = described or Following(url=url)
            feed_id = known[0] if known else feeds.follow(self._db, wanted, origin="replay", now=now)
            return feeds.for_update(self._db, feed_id)

    def known_feeds(self) -> list[tuple[str, str, str | None]]:
        """Every feed's address as given, its address now, and the start of its last fetch."""
        return self._ask(evidence.known_feeds)

    def last_fetched_at(self, url: str) -> datetime | None:
        """When the feed with this address was last fetched or replayed."""
        return self._ask(feeds.last_fetched_at, url)

    def has_fetch(self, url: str, *, at: datetime) -> bool:
        """Whether the feed with this address was fetched at this second."""
        return self._ask(evidence.has_fetch, url, to_text(at))

    def pause(self, feed_id: int, *, by: str = "command", now: datetime | None = None) -> None:
        """Ask a feed no more; `by` is `command` or `removed`."""
        with self.transaction():
            feeds.pause(self._db, feed_id, by=by, now=now)

    def resume(self, feed_id: int, *, now: datetime) -> None:
        """Ask a paused feed again, at once."""
        with self.transaction():
            feeds.resume(self._db, feed_id, now=now)

    def find_feed(self, name: str) -> int:
        """The feed meant by an id, an address or a name. Raises NotFound, ConfigError."""
        return self._ask(feeds.find, name)

    def feed(self, feed_id: int) -> FeedForUpdate:
        """One feed for an update, due or not. Raises NotFound."""
        return self._ask(feeds.for_update, feed_id)

    def followed(self) -> tuple[tuple[int, str], ...]:
        """Number and host of all feeds that are not paused."""
        return self._ask(feeds.followed)

    def for_updates(self, feed_ids: Iterable[int]) -> tuple[FeedForUpdate, ...]:
        """These feeds as they are now, for their updates."""
        return self._ask(feeds.for_updates, feed_ids)

    def due_turns(
        self,
        *,
        now: datetime,
        limit: int,
        per_host: int | None = None,
        beside: Iterable[int] = (),
        beside_hosts: Iterable[str] = (),
    ) -> DueFeeds:
        """Feeds whose time has come, longest waiting first: number and host."""
        return self._ask(
            due.due_turns,
            now=now,
            limit=limit,
            per_host=per_host,
            beside=beside,
            beside_hosts=beside_hosts,
        )

    def refusals(self, host: str) -> int:
        """How many times in a row a host has refused to answer."""
        return hosts.refusals(self._db, host)

    def held_hosts(self, *, now: datetime) -> list[Held]:
        """Hosts that asked to be left alone."""
        return self._ask(hosts.held, now=now)

    def hosts_asked_since(self, since: datetime) -> dict[str, datetime]:
        """The hosts that were asked last, and when that was over."""
        return self._ask(hosts.asked_since, since)

    def known_entries(self, feed_id: int, document: Sequence[PreparedEntry]) -> tuple[KnownEntry, ...]:
        """What the archive knows of the entries of a document, and of those it should have had."""
        return self._ask(knowledge.known_entries, feed_id, document)

    def known_beside(
        self, feed_id: int, document: Sequence[PreparedEntry], seen: Collection[int]
    ) -> tuple[KnownEntry, ...]:
        """The same of the rest of a document that has these entries to the letter."""
        return self._ask(knowledge.known_beside, feed_id, document, seen)

    def marks(self, feed_id: int) -> str | None:
        """What the entries of a feed's last document are known by."""
        return marks.of_feed(self._db, feed_id)

    def missing_entries(self, feed_id: int) -> tuple[KnownEntry, ...]:
        """Entries that the last complete answer lacked."""
        return self._ask(knowledge.missing_entries, feed_id)

    def first_seen(self, ids: Collection[int]) -> dict[int, datetime]:
        """When entries were first seen, by id."""
        return self._ask(knowledge.first_seen, ids)

    def history(self, entry_id: int, *, limit: int) -> History:
        """The last versions of an entry, and how they came about."""
        return self._ask(knowledge.history, entry_id, limit=limit)

    def candidates(self, entry: PreparedEntry) -> tuple[Candidate, ...]:
        """Archived entries that may tell the same story as a new one."""
        return self._ask(knowledge.candidates, entry)

    def close_days(self, *, now: datetime) -> int:
        """Seal the days that are over in the manifest; return how many."""
        with self.transaction():
            return manifest.close_days(self._db, now=now)

    def chore_is_due(self, name: str, *, every: timedelta, retry: timedelta, now: datetime) -> bool:
        """Whether the time of one of the service's chores has come."""
        return self._ask(chores.is_due, name, every=every, retry=retry, now=now)

    def note_chore(self, name: str, *, now: datetime, problem: str | None) -> None:
        """Write down that a chore was done, or why not."""
        with self.transaction():
            chores.note(self._db, name, now=now, problem=problem)

    def begin_digest(self, channel: str, *, now: datetime) -> None:
        """Know a way of telling; what happened before is history, and is not told by it."""
        with self.transaction():
            digests.begin(self._db, channel, now=now)

    def digest_is_due(self, channel: str, *, every: timedelta, retry: timedelta, now: datetime) -> bool:
        """Whether it is time to tell what happened."""
        return self._ask(digests.is_due, channel, every=every, retry=retry, now=now)

    def note_digest(
        self,
        channel: str,
        *,
        now: datetime,
        last_event_id: int | None,
        sent: bool = False,
        problem: str | None = None,
    ) -> None:
        """Write down up to where a way of telling has come, or what stood in its way."""
        with self.transaction():
            digests.note(self._db, channel, now=now, last_event_id=last_event_id, sent=sent, problem=problem)

    def probe(self) -> None:
        """Try whether the archive could be written. Raises StoreError."""
        with self.transaction():
            pass

    def tidy(self) -> None:
        """Fold the write-ahead log into the file, and let SQLite refresh what it knows of the tables."""
        connect.tidy(self._db)

    def apply(self, update: FeedUpdate, packed: Packed | None = None) -> int:
        """Write an update inside the caller's `transaction`; return its fetch's id.

        `packed` is its body, made ahead by a Reader.
        """
        return updates.apply(self._db, update, packed=packed)

    def skip(self, feed_id: int, fetch: FetchRecord, *, next_fetch_at: datetime | None) -> None:
        """Write down, inside the caller's `transaction`, that a feed was not asked after all."""
        updates.skip(self._db, feed_id, fetch, next_fetch_at=next_fetch_at)

    def counts_of_feeds(self, feed_ids: Sequence[int]) -> tuple[int, int]:
        """How many entries these feeds have, and how many posts those are."""
        return self._ask(reading.counts_of_feeds, list(feed_ids))
