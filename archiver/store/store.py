"""The writing side of the archive: the one connection that changes it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from archiver.changes import FeedUpdate, FetchRecord
from archiver.churn import History
from archiver.model import Candidate, FeedForUpdate, KnownEntry, PreparedEntry
from archiver.store import (
    chores,
    connect,
    digests,
    evidence,
    feeds,
    hosts,
    knowledge,
    manifest,
    marks,
    reading,
    updates,
)
from archiver.store.bodies import Packed
from archiver.store.briefs import Briefs, is_brief
from archiver.store.connect import transaction
from archiver.store.feeds import Following
from archiver.store.hosts import Held
from archiver.store.lines import Lines
from archiver.store.reader import Connected
from archiver.store.rows import sound
from archiver.store.syncing import Synced, sync
from archiver.times import to_text


class Store(Connected):
    """The writing side. A sqlite-utils Database belongs to the thread that made it, and so does this."""

    _file: connect.OpenFile | None = None

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._briefs = Briefs(db)
        self._lines = Lines(db)

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
        try:
            with transaction(self._db):
                if self._file is not None:
                    self._file.make_sure_it_is_there()
                yield
                self._briefs.write()
                self._lines.write()
        finally:
            self._briefs.forget()
            self._lines.forget()

    def sync(
        self,
        wanted: Sequence[Following],
        *,
        now: datetime,
        pausing: bool = True,
        at_most: int | None = None,
    ) -> Synced:
        """Let the configuration's feeds meet the stored ones; pause those that left it only if `pausing`.

        At most so many new ones are added; the others are told to be waiting.
        """
        with self.transaction():
            return sync(self._db, wanted, now=now, pausing=pausing, at_most=at_most)

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
        if is_brief(update):
            return self._briefs.add(update)
        self._briefs.write()
        return updates.apply(self._db, update, self._lines, packed=packed)

    def skip(self, feed_id: int, fetch: FetchRecord, *, next_fetch_at: datetime | None) -> None:
        """Write down, inside the caller's `transaction`, that a feed was not asked after all."""
        self._briefs.write()
        updates.skip(self._db, feed_id, fetch, next_fetch_at=next_fetch_at)

    def counts_of_feeds(self, feed_ids: Sequence[int]) -> tuple[int, int]:
        """How many entries these feeds have, and how many posts those are."""
        return self._ask(reading.counts_of_feeds, list(feed_ids))
