"""What people ordered of a feed: written down, since a rebuild must know it and no fetch tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from archiver.store.rows import storable
from archiver.times import to_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order: `pause`, `resume`, which forgives failures too, or `reread`."""

    feed_id: int
    after_fetch_id: int
    """The last fetch of any feed before it; 0 before the first."""
    kind: str


def note(
    db: Database, feed_id: int, kind: str, *, now: datetime | None = None, paused_by: str | None = None
) -> None:
    """Write an order down at its place in the log of fetches; without `now`, at SQLite's own time."""
    db.execute(
        """
        INSERT INTO orders (feed_id, after_fetch_id, at, kind, paused_by)
        VALUES (?, coalesce((SELECT max(id) FROM fetches), 0),
            coalesce(?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')), ?, ?)
        """,
        storable([feed_id, to_text(now) if now else None, kind, paused_by]),
    )


def all_orders(db: Database) -> Iterator[Order]:
    """Every order, in the order in which they were given."""
    rows = db.execute("SELECT feed_id, after_fetch_id, kind FROM orders ORDER BY after_fetch_id, id")
    for feed_id, after_fetch_id, kind in rows:
        yield Order(feed_id=feed_id, after_fetch_id=after_fetch_id, kind=kind)


def obey(db: Database, order: Order) -> None:
    """Do to the feed what the order did when it was given, as far as decisions rest on it."""
    columns = {
        "pause": "state = 'paused'",
        "resume": (
            "state = 'active', error_count = 0, last_error = NULL, last_error_kind = NULL,"
            " failure_weight = 0, failing_since = NULL"
        ),
        "reread": "etag = NULL, last_modified = NULL, body_sha256 = NULL",
    }[order.kind]
    db.execute(f"UPDATE feeds SET {columns} WHERE id = ?", [order.feed_id])
