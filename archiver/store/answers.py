"""The reading side for people who look things up: the archive's answers, as records."""

from collections.abc import Iterator, Sequence
from typing import Any

from archiver import records
from archiver.errors import NotFound
from archiver.query import Query
from archiver.store import Reader, asking_feeds, bodies, browsing, past
from archiver.store import search as finding

_PAGE = 200


class Answers(Reader):
    """Questions, and what the archive answers. Every method sees one moment of it, but for the streams."""

    def count(self, query: Query) -> int:
        """How many posts answer a question, exactly."""
        return self._ask(finding.count, query)

    def facets(self, query: Query) -> records.Facets:
        """How the posts that answer are spread."""
        return self._ask(finding.facets, query)

    def posts(self, query: Query) -> Iterator[records.Post]:
        """All posts that answer a question, in the order of their numbers; those of one moment."""
        numbers = self._ask(finding.numbers, query, of="post")
        for start in range(0, len(numbers), _PAGE):
            some = numbers[start : start + _PAGE]
            found = self._ask(past.posts, some, seen_by=query.seen_by)
            yield from (found[number] for number in some if number in found)

    def entries(self, query: Query) -> Iterator[records.Entry]:
        """All entries that answer a question, in the order of their numbers; those of one moment."""
        numbers = self._ask(finding.numbers, query, of="entry")
        for start in range(0, len(numbers), _PAGE):
            yield from self._ask(browsing.entries, numbers[start : start + _PAGE])

    def feed_meant(self, name: str) -> int | None:
        """The one feed that has this number, address or name. Raises NotFound, ConfigError."""
        try:
            return self.find_feed(name)
        except NotFound:
            if not self._ask(asking_feeds.meant, name):
                raise
            return None

    def feed_records(self) -> tuple[records.Feed, ...]:
        """Every feed, as it was added."""
        return self._ask(browsing.feeds)

    def feed_record(self, feed_id: int) -> records.Feed:
        """One feed. Raises NotFound."""
        return self._ask(browsing.feed, feed_id)

    def post_record(self, post_id: int, *, seen_by: str | None = None) -> records.Post:
        """One post. Raises NotFound."""
        return self._ask(past.post, post_id, seen_by=seen_by)

    def entry_record(self, entry_id: int) -> records.Entry:
        """One entry. Raises NotFound."""
        return self._ask(browsing.entry, entry_id)

    def entries_of(self, post_id: int) -> tuple[records.Entry, ...]:
        """A post's entries, the one that stands for it first. Raises NotFound."""
        return self._ask(browsing.entries_of, post_id)

    def versions(self, entry_id: int) -> tuple[records.Revision, ...]:
        """Every version of an entry, oldest first. Raises NotFound."""
        return self._ask(browsing.revisions, entry_id)

    def happenings(
        self, *, entry_id: int | None, feed_id: int | None, limit: int
    ) -> tuple[records.Event, ...]:
        """Events, newest first."""
        return self._ask(browsing.events, entry_id=entry_id, feed_id=feed_id, limit=limit)

    def log(self, feed_id: int, *, limit: int, before: int | None) -> list[records.Fetch]:
        """A feed's fetches before one of them, newest first."""
        return self._ask(browsing.fetches, feed_id, limit=limit, before=before)

    def received(self, fetch_id: int) -> bytes:
        """What came with a fetch, byte for byte. Raises NotFound, StoreError."""

        def load(db: Any) -> bytes:  # noqa: ANN401
            sha256 = browsing.body_of(db, fetch_id)
            if sha256 is None:
                raise NotFound(f"fetch {fetch_id} brought no body")
            return bodies.load(db, sha256)

        return self._ask(load)

    def sql(self, statement: str, parameters: Sequence[Any]) -> Iterator[dict[str, Any]]:
        """The rows of a statement of one's own; the connection cannot write."""
        cursor = self._db.conn.execute(statement, parameters)
        names = [column[0] for column in cursor.description or ()]
        for row in cursor:
            yield dict(zip(names, row, strict=True))
