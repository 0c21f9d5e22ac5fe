"""What feeds are called, for streams of rows: looked up by the page, and never with their secrets."""

import json

from sqlite_utils import Database

from archiver.urls import redact

_KEPT = 2_000


class FeedNames:
    """Names and addresses of feeds, without secrets; a few thousand are remembered."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[int, dict[str, str | None]] = {}

    def named(self, ids: set[int]) -> dict[int, tuple[str, str]]:
        """What a feed is called, and its address."""
        return self._named(ids, ("name", "title", "url"))

    def named_then(self, ids: set[int]) -> dict[int, tuple[str, str]]:
        """The same without the title, which any fetch may change."""
        return self._named(ids, ("name", "url"))

    def described(self, feed_id: int) -> dict[str, str | None]:
        """What the feed's last document says of it."""
        self._load({feed_id})
        return self._known[feed_id]

    def _named(self, ids: set[int], names: tuple[str, ...]) -> dict[int, tuple[str, str]]:
        self._load(ids)
        told = {}
        for feed_id in ids:
            feed = self._known[feed_id]
            name = next(found for column in names if (found := feed[column]) is not None)
            told[feed_id] = (redact(name), redact(feed["url"] or ""))
        return told

    def _load(self, ids: set[int]) -> None:
        missing = ids - self._known.keys()
        if not missing:
            return
        if len(self._known) > _KEPT:
            self._known = {feed_id: self._known[feed_id] for feed_id in ids - missing}
        for feed_id, *values in self._db.execute(
            """
            SELECT id, url, name, title, site_url, language FROM feeds
            WHERE id IN (SELECT value FROM json_each(?))
            """,
            [json.dumps(sorted(missing))],
        ):
            columns = ("url", "name", "title", "site_url", "language")
            self._known[feed_id] = dict(zip(columns, values, strict=True))
