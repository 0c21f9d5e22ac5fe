"""Going from one thing to the next: feeds, posts, entries, versions, events, fetches, as records."""

from collections.abc import Sequence

from sqlite_utils import Database

from archiver import records
from archiver.errors import NotFound
from archiver.store import past, recording
from archiver.store.rows import selected


def feeds(db: Database) -> tuple[records.Feed, ...]:
    """Every feed, in the order in which they were added."""
    counts = dict(db.execute("SELECT feed_id, count(*) FROM entries GROUP BY feed_id").fetchall())
    rows = selected(db, f"SELECT {recording.FEED} FROM feeds ORDER BY feeds.id", [])
    return tuple(recording.feed(row, entry_count=counts.get(row["id"], 0)) for row in rows)


def feed(db: Database, feed_id: int) -> records.Feed:
    """One feed. Raises NotFound."""
    rows = selected(db, f"SELECT {recording.FEED} FROM feeds WHERE feeds.id = ?", [_id(feed_id)])
    if not rows:
        raise NotFound(f"no feed {feed_id} in the archive")
    (count,) = db.execute("SELECT count(*) FROM entries WHERE feed_id = ?", [feed_id]).fetchone()
    return recording.feed(rows[0], entry_count=count)


def post(db: Database, post_id: int, *, seen_by: str | None = None) -> records.Post:
    """One post, as it is or as it was. Raises NotFound."""
    return past.post(db, post_id, seen_by=seen_by)


def entry(db: Database, entry_id: int) -> records.Entry:
    """One entry in its latest version. Raises NotFound."""
    found = _entries(db, "entries.id = ?", _id(entry_id))
    if not found:
        raise NotFound(f"no entry {entry_id} in the archive")
    return found[0]


def entries_of(db: Database, post_id: int) -> tuple[records.Entry, ...]:
    """A post's entries, the one that stands for it first. Raises NotFound."""
    first = past.post(db, post_id).canonical_entry_id
    return tuple(sorted(_entries(db, "post_id = ?", post_id), key=lambda one: (one.id != first, one.id)))


def entries(db: Database, numbers: Sequence[int]) -> list[records.Entry]:
    """Entries by their numbers, in order; those that there are not are left out."""
    ids = ", ".join(str(int(number)) for number in numbers)
    return _entries(db, f"entries.id IN ({ids}) AND ?", 1)


def _entries(db: Database, where: str, number: int) -> list[records.Entry]:
    rows = selected(
        db,
        f"""
        SELECT {recording.ENTRY} FROM entries JOIN feeds ON feeds.id = entries.feed_id
        WHERE {where} ORDER BY entries.id
        """,
        [number],
    )
    return [
        recording.entry(row, enclosures=enclosures(db, row["id"]), categories=categories(db, row["id"]))
        for row in rows
    ]


def enclosures(db: Database, entry_id: int) -> list[records.Enclosure]:
    """The files that come with an entry."""
    rows = db.execute(
        "SELECT url, type, length FROM enclosures WHERE entry_id = ? ORDER BY position", [entry_id]
    )
    return [records.Enclosure(url=url, type=kind, length=length) for url, kind, length in rows]


def categories(db: Database, entry_id: int) -> list[records.Category]:
    """The subjects of an entry."""
    rows = db.execute(
        "SELECT term, scheme, label FROM categories WHERE entry_id = ? ORDER BY position", [entry_id]
    )
    return [records.Category(term=term, scheme=scheme, label=label) for term, scheme, label in rows]


def revisions(db: Database, entry_id: int) -> tuple[records.Revision, ...]:
    """Every version of an entry, oldest first. Raises NotFound."""
    rows = selected(
        db,
        f"""
        SELECT {recording.REVISION} FROM revisions JOIN fetches ON fetches.id = revisions.fetch_id
        WHERE entry_id = ? ORDER BY revision
        """,
        [_id(entry_id)],
    )
    if not rows:
        raise NotFound(f"no entry {entry_id} in the archive")
    return tuple(map(recording.revision, rows))


def events(
    db: Database, *, entry_id: int | None = None, feed_id: int | None = None, limit: int = 100
) -> tuple[records.Event, ...]:
    """What was worth a person's attention, newest first; of one entry or feed, or of all."""
    where, parameters = ["true"], []
    if entry_id is not None:
        # The index knows only rows that name an entry.
        where.append("events.entry_id = ? AND events.entry_id IS NOT NULL")
        parameters.append(_id(entry_id))
    if feed_id is not None:
        where.append("events.feed_id = ?")
        parameters.append(_id(feed_id))
    rows = selected(
        db,
        f"""
        SELECT {recording.EVENT} FROM events JOIN feeds ON feeds.id = events.feed_id
        WHERE {" AND ".join(where)} ORDER BY events.id DESC LIMIT ?
        """,
        [*parameters, limit],
    )
    return tuple(map(recording.event, rows))


def fetches(db: Database, feed_id: int, *, limit: int, before: int | None = None) -> list[records.Fetch]:
    """A feed's fetches, newest first, from before one of them."""
    rows = selected(
        db,
        f"""
        SELECT {recording.FETCH} FROM fetches
        WHERE feed_id = ? AND id < coalesce(?, 9223372036854775807) ORDER BY id DESC LIMIT ?
        """,
        [_id(feed_id), before, limit],
    )
    return list(map(recording.fetch, rows))


def body_of(db: Database, fetch_id: int) -> str | None:
    """The digest of what came with a fetch. Raises NotFound."""
    row = db.execute("SELECT body_sha256 FROM fetches WHERE id = ?", [_id(fetch_id)]).fetchone()
    if row is None:
        raise NotFound(f"no fetch {fetch_id} in the archive")
    return None if row[0] is None else str(row[0])


def _id(number: int) -> int:
    """A number that SQLite can hold; any other is nobody's."""
    return number if -(2**63) <= number < 2**63 else -1
