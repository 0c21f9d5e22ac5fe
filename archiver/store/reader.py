"""The asking side of the archive: one read-only connection, and every question that the program has."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from sqlite_utils import Database

from archiver.failpoints import failpoint
from archiver.model import FeedForUpdate
from archiver.store import bodies, chores, connect, digests, due, evidence, feeds, reading, standing
from archiver.store.bodies import Packed
from archiver.store.connect import moment
from archiver.store.digests import Untold
from archiver.store.due import DueFeeds
from archiver.store.evidence import Chosen
from archiver.store.standing import Due
from archiver.times import to_text

if TYPE_CHECKING:
    from archiver.query import Query
    from archiver.records import Hit, Page
    from archiver.store.streaming import Row, Wanted

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Connected:
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


class Reader(Connected):
    """Read-only questions. Every method sees one moment of the archive, also while a service writes."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an existing archive. Raises StoreError, SchemaError."""
        db = connect.open_reader(path)
        connect.make_sure_of_definitions(db, path)
        return cls(db)

    @classmethod
    def beside(cls, path: Path) -> Self:
        """The same beside a Store, which serves an archive of which a definition was changed, too."""
        return cls(connect.open_reader(path))

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

    def pack(self, body: bytes, sha256: str, *, feed_id: int) -> Packed | None:
        """Make ahead what an update would store of a body; None where there is nothing to be made."""
        return bodies.pack(self._db, body, sha256, feed_id=feed_id)
