"""Updates that found nothing: a row in `fetches` and how the feed stands, and no more.

They are most of what a service writes. Kept back until all else of a transaction is written, or another
update comes after them, they are written many to a statement. What is read of a feed between its brief update
and that moment does not have it in it: a feed has one update under way, so nobody asks.
"""

from sqlite_utils import Database

from archiver.changes import FeedUpdate
from archiver.failpoints import failpoint
from archiver.store import feed_row, fetch_row
from archiver.store.rows import insert_numbered


def is_brief(decided: FeedUpdate) -> bool:
    """Whether an update has nothing to write but these two rows."""
    facts = decided.facts
    return not (
        decided.changes
        or decided.seen
        or decided.events
        or decided.hold
        or decided.fetch.body is not None
        or decided.marking is not None
        or facts.described is not None
        or facts.current_url is not None
    )


class Briefs:
    """Those of one transaction, in their order. Who holds it writes them before its end."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[int, FeedUpdate] = {}
        """By the number that its fetch will have."""
        self._feeds: set[int] = set()

    def add(self, decided: FeedUpdate) -> int:
        """Keep one back; return its fetch's id."""
        assert self._db.conn.in_transaction, "an update is written as a whole, or not at all"
        if decided.feed_id in self._feeds:
            self.write()  # one statement changes a row once
        fetch_id = next(reversed(self._kept), None) or self._last_fetch()
        self._kept[fetch_id + 1] = decided
        self._feeds.add(decided.feed_id)
        return fetch_id + 1

    def write(self) -> None:
        """Write what was kept back."""
        kept = self._kept
        if not kept:
            return
        self.forget()
        insert_numbered(
            self._db,
            "fetches",
            [
                fetch_row.of(one.feed_id, one.fetch, fetch_id=fetch_id, body_sha256=one.fetch.body_sha256)
                for fetch_id, one in kept.items()
            ],
        )
        failpoint("before_feed_row")
        feed_row.write_many(self._db, kept)

    def forget(self) -> None:
        """Let go of it: the transaction came to nothing."""
        self._kept = {}
        self._feeds = set()

    def _last_fetch(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM fetches").fetchone()[0])
