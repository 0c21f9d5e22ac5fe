"""What only the pages ask: what is newest, what happened of late, how active a feed was. All is bounded."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from archiver.errors import NotFound
from archiver.store import activity, happenings, newest
from archiver.store.activity import Span, Totals
from archiver.store.happenings import KINDS, Happening
from archiver.store.leafing import Leafing
from archiver.store.newest import Listed
from archiver.times import to_text

__all__ = ["KINDS", "Happening", "Listed", "Looking", "Span", "Totals"]


class Looking(Leafing):
    """Read-only questions of the pages. Each is answered from indexes."""

    def newest_posts(self, *, until: datetime, limit: int) -> list[Listed]:
        """The newest posts, but for those that are dated later."""
        return self._ask(newest.posts, until=to_text(until), limit=limit)

    def entries_of_feed(self, feed_id: int, *, cursor: str | None, limit: int) -> list[Listed]:
        """A feed's entries, newest first."""
        return self._ask(newest.entries, feed_id, cursor=cursor, limit=limit)

    def happenings(
        self,
        *,
        kinds: Iterable[str] = KINDS,
        feed_id: int | None = None,
        cursor: str | None = None,
        limit: int,
    ) -> list[Happening]:
        """What was edited, withdrawn, returned, or may have been missed; newest first."""
        return self._ask(happenings.happenings, kinds=kinds, feed_id=feed_id, cursor=cursor, limit=limit)

    def count_posts(self, bounds: Sequence[str]) -> list[int]:
        """How many posts there are between each two neighbours of these dates."""
        return self._ask(activity.posts_between, bounds)

    def count_entries(self, feed_id: int, bounds: Sequence[str]) -> list[int]:
        """How many entries a feed has between each two neighbours of these dates."""
        return self._ask(activity.entries_between, feed_id, bounds)

    def dates_of_feed(self, feed_id: int, *, since: str, until: str) -> tuple[str, str] | None:
        """The first and the last date of a feed's entries within bounds."""
        return self._ask(activity.dates_of_feed, feed_id, since=since, until=until)

    def how_much(self) -> Totals:
        """How much there is of everything."""
        return self._ask(activity.totals)

    def standing_of_feeds(self) -> list[dict[str, Any]]:
        """Every feed with its tags, number of entries, and all that `health.of` asks."""
        return self._ask(activity.feeds)

    def standing_of(self, feed_id: int) -> dict[str, Any]:
        """One feed with the same. Raises NotFound."""
        found = self._ask(activity.feed, feed_id)
        if found is None:
            raise NotFound(f"no feed {feed_id} in the archive")
        return found

    def addresses(self, feed_id: int) -> list[dict[str, Any]]:
        """Every address that a feed has had, oldest first."""
        return self._ask(activity.addresses, feed_id)

    def gaps(self, feed_id: int) -> list[Span]:
        """When posts of a feed may have been missed, oldest first."""
        return self._ask(activity.gaps, feed_id)

    def outages(self, feed_id: int) -> list[Span]:
        """When a feed could not be read, oldest first."""
        return self._ask(activity.outages, feed_id)
