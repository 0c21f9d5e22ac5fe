"""The archive while it is derived again: what rebuild and merge do to a copy, and to nothing else."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from archiver.changes import FeedUpdate
from archiver.store import Store, bodies, comparing, copying, orders, uniting, verify
from archiver.store.comparing import Comparison
from archiver.store.copying import Logged
from archiver.store.orders import Order
from archiver.store.uniting import Brought


class Copy(Store):
    """A copy of the archive that nobody else knows of: `unite` for a merge, `begin`, `derive` …, `finish`."""

    @classmethod
    def open(cls, path: Path, *, checkpoints: bool = True) -> "Copy":
        """Open the copy, and bring it to this program's schema. Raises StoreError."""
        return cls(Store.open(path, checkpoints=checkpoints)._db)

    def unite(self, other: Path, *, despite_damage: bool = False) -> Brought:
        """Take in the feeds, fetches and bodies of another archive of the same schema."""
        return uniting.unite(self._db, other, despite_damage=despite_damage)

    def damaged_bodies(self) -> tuple[str, ...]:
        """The digests of bodies that are not what was kept; all are unpacked and hashed."""
        return tuple(dict.fromkeys(str(damage.row) for damage in verify.hashes(self._db)))

    def askings(self) -> tuple[tuple[str, ...], ...]:
        """Addresses of feeds that are one and the same by now: asked at the same address."""
        return self._ask(uniting.askings)

    def begin(self) -> None:
        """Take out everything that is derived."""
        copying.begin(self._db)

    def fetches(self) -> int:
        """How many fetches there are to derive from, after `begin`."""
        return int(self._db.execute("SELECT count(*) FROM fetch_log").fetchone()[0])

    def logged(self) -> Iterator[Logged]:
        """Every fetch of the log, oldest first."""
        return copying.logged(self._db)

    def orders(self) -> tuple[Order, ...]:
        """What people ordered meanwhile, in order."""
        return tuple(orders.all_orders(self._db))

    def obey(self, order: Order) -> None:
        """Let an order take effect, at its place among the fetches."""
        with self.transaction():
            orders.obey(self._db, order)

    def body(self, sha256: str) -> bytes:
        """A kept body, byte for byte. Raises NotFound, StoreError."""
        return self._ask(bodies.load, sha256)

    def content_type(self, feed_id: int, sha256: str) -> str | None:
        """The Content-Type with which the feed last sent a body."""
        return self._ask(copying.content_type_of, feed_id, sha256)

    def derive(self, fetch: Logged, update: FeedUpdate) -> None:
        """Write a fetch's decision anew, inside the caller's `transaction`."""
        copying.derive(self._db, fetch, update, self._lines)

    def carry_over(self, fetch: Logged) -> None:
        """Copy a fetch that decided nothing."""
        with self.transaction():
            copying.carry_over(self._db, fetch)

    def finish(self, *, now: datetime) -> None:
        """Give the feeds their schedule back, seal what changed, check the whole. Raises StoreError."""
        copying.finish(self._db, now=now)

    def compare(self, old: Path, *, with_fetches: bool) -> Comparison:
        """Hold the copy against the archive that it was made from."""
        return comparing.compare(self._db, old, with_fetches=with_fetches)
