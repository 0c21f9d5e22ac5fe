"""Writing an update: everything that one fetch found out, in the caller's one transaction. No policy here."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver import packing
from archiver.changes import ChangeKind, EntryChange, FeedUpdate, FetchRecord
from archiver.failpoints import failpoint
from archiver.model import PreparedEntry
from archiver.store import bodies, feed_row, fetch_row, hosts, indexing, marks, parts
from archiver.store.lines import Lines
from archiver.store.posts import Retelling
from archiver.store.rows import as_json, insert, storable, update
from archiver.times import to_text, to_text_or_none


def apply(
    db: Database,
    decided: FeedUpdate,
    lines: Lines,
    *,
    fetch_id: int | None = None,
    packed: bodies.Packed | None = None,
) -> int:
    """Write a decided update and return its fetch's id, the next one unless it is given.

    `packed` is its body as it will be stored, if that was made ahead.

    The caller holds the transaction, and writes the `lines` of the full-text indexes before its end.
    """
    assert db.conn.in_transaction, "an update is written as a whole, or not at all"
    fetch_id = _insert_fetch(db, decided.feed_id, decided.fetch, fetch_id, packed)
    at = to_text(decided.fetch.started_at)
    writing = _Writing(decided.feed_id, fetch_id, at, Retelling(db, lines), lines, {}, {})
    failpoint("after_fetch_row")
    for change in decided.changes:
        _apply_change(db, writing, change)
        failpoint("after_entry")
    marks.move_seen(db, decided.seen, at=writing.at)
    if decided.marking is not None:
        marks.save(db, decided.feed_id, decided.marking, writing.entries_of_positions)
    writing.posts.settle()
    failpoint("before_feed_row")
    feed_row.write(db, decided, fetch_id)
    if decided.hold is not None:
        hosts.note(db, decided.hold, fetch_id)
    for event in decided.events:
        told = {"at": writing.at, "feed_id": writing.feed_id, "fetch_id": fetch_id}
        insert(db, "events", told | asdict(event))
    return fetch_id


def skip(db: Database, feed_id: int, fetch: FetchRecord, *, next_fetch_at: datetime | None) -> None:
    """Write down that a feed was not asked after all; None leaves its next time as it is.

    Nothing else of it moves, since nothing was learnt.
    """
    _insert_fetch(db, feed_id, fetch, None, None)
    if next_fetch_at is not None:
        update(db, "feeds", feed_id, {"next_fetch_at": to_text(next_fetch_at)})


@dataclass(frozen=True, slots=True)
class _Writing:
    """What all rows of one update share."""

    feed_id: int
    fetch_id: int
    at: str
    posts: Retelling
    lines: Lines
    posts_of_positions: dict[int, int]
    entries_of_positions: dict[int, int]
    """Of the document's new entries; those further down may tell the same as one of them."""


def _insert_fetch(
    db: Database, feed_id: int, fetch: FetchRecord, fetch_id: int | None, packed: bodies.Packed | None
) -> int:
    kept = fetch.body_sha256
    if fetch.body is not None:
        kept = bodies.save(db, fetch.body, feed_id=feed_id, packed=packed)
    failpoint("after_body")
    return insert(db, "fetches", fetch_row.of(feed_id, fetch, fetch_id=fetch_id, body_sha256=kept))


def _apply_change(db: Database, writing: _Writing, change: EntryChange) -> None:
    match change.kind:
        case ChangeKind.NEW:
            _insert_entry(db, writing, change)
        case ChangeKind.REVISED | ChangeKind.SEEN | ChangeKind.RETURNED:
            _update_entry(db, writing, change)
        case ChangeKind.MISSING:
            place = {} if change.place is None else {"position": change.place}
            missing = {"present": 0, "missing_since": writing.at, "missing_fetch_id": writing.fetch_id}
            _mark(db, change, missing | place)
        case ChangeKind.WITHDRAWN:
            _mark(db, change, {"withdrawn_at": writing.at, "withdrawn_fetch_id": writing.fetch_id})
        case ChangeKind.LEFT:
            _mark(db, change, {"present": 0, "missing_since": None, "missing_fetch_id": None})


def _mark(db: Database, change: EntryChange, columns: dict[str, Any]) -> None:
    assert change.known_id is not None
    update(db, "entries", change.known_id, columns)


def _insert_entry(db: Database, writing: _Writing, change: EntryChange) -> None:
    """Write a new entry with its first revision, and its post where it begins one."""
    entry, link = change.entry, change.link
    assert entry is not None
    assert link is not None
    entry = packing.whole(entry)
    post_id = writing.posts_of_positions[link.same_as] if link.same_as is not None else link.post_id
    if post_id is None:
        post_id = writing.posts.begin(first_seen_at=writing.at)
    writing.posts_of_positions[entry.data.position] = post_id
    writing.posts.note(post_id)
    row = {
        "feed_id": writing.feed_id,
        "post_id": post_id,
        "post_rule": link.rule,
        "post_confidence": link.confidence,
        "rung": entry.identity.rung,
        "key": entry.identity.key,
        "guid": entry.data.guid,
        "first_seen_at": writing.at,
        **_current_version(writing, change, entry),
    }
    entry_id = insert(db, "entries", row)
    writing.posts.add(post_id, entry_id, row)
    writing.entries_of_positions[entry.data.position] = entry_id
    parts.insert(db, entry_id, entry)
    _insert_revision(db, writing, entry_id, change, entry, first_seen_at=writing.at)


def _update_entry(db: Database, writing: _Writing, change: EntryChange) -> None:
    entry, entry_id = change.entry, change.known_id
    assert entry is not None
    assert entry_id is not None
    if change.revision is None:
        update(
            db,
            "entries",
            entry_id,
            {"position": entry.data.position} | _standing(writing, change) | _updated_dates(entry),
        )
        if change.churn:
            _count_churn(db, writing, entry_id, change.churn)
    else:
        entry = packing.whole(entry)
        post_id, first_seen_at = db.execute(
            "SELECT post_id, first_seen_at FROM entries WHERE id = ?", [entry_id]
        ).fetchone()
        writing.posts.note(post_id)
        indexing.keep_text(db, entry_id)
        update(db, "entries", entry_id, _current_version(writing, change, entry))
        parts.clear(db, entry_id)
        parts.insert(db, entry_id, entry)
        _insert_revision(db, writing, entry_id, change, entry, first_seen_at=first_seen_at)
    if change.alias:
        _remember_alias(db, writing, change.alias, entry_id, entry)


def _standing(writing: _Writing, change: EntryChange) -> dict[str, Any]:
    """The columns that say an entry stands in the document."""
    return {
        "last_seen_at": writing.at,
        "present": 1,
        "missing_since": None,
        "missing_fetch_id": None,
        "withdrawn_at": None,
        "withdrawn_fetch_id": None,
        "suspect": change.suspect,
    }


def _count_churn(db: Database, writing: _Writing, entry_id: int, churn: str) -> None:
    db.execute(
        """
        UPDATE entries SET churn_since = iif(churn IS NULL, ?, churn_since), churn = ?,
            churn_count = churn_count + 1, churn_fetch_id = ?
        WHERE id = ?
        """,
        [writing.at, churn, writing.fetch_id, entry_id],
    )


def _remember_alias(
    db: Database, writing: _Writing, reason: str, entry_id: int, entry: PreparedEntry
) -> None:
    """A key that once named another entry names this one from now on: the latest recognition saw more."""
    key, data = entry.identity.key, entry.data
    db.execute(
        """
        INSERT INTO aliases (feed_id, key, entry_id, guid, url, reason, fetch_id)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (feed_id, key) DO UPDATE SET
            entry_id = excluded.entry_id, guid = excluded.guid, url = excluded.url,
            reason = excluded.reason, fetch_id = excluded.fetch_id
        WHERE aliases.entry_id <> excluded.entry_id
        """,
        storable([writing.feed_id, key, entry_id, data.guid, data.url, reason, writing.fetch_id]),
    )


def _current_version(writing: _Writing, change: EntryChange, entry: PreparedEntry) -> dict[str, Any]:
    """The columns of `entries` that follow the latest revision."""
    data, cleaned, identity = entry.data, entry.cleaned, entry.identity
    return {
        "url": data.url,
        "url_key": identity.url_key,
        "title": data.title,
        "title_key": identity.title_key,
        "authors": as_json([person.name or person.email or person.url for person in data.authors]),
        "published_at": to_text_or_none(data.published_at),
        "published_raw": data.published_raw,
        "date_note": change.date_note,
        "language": cleaned.language,
        "language_source": cleaned.language_source,
        "is_excerpt": cleaned.is_excerpt,
        "summary_html": cleaned.summary_html,
        "content_html": cleaned.content_html,
        "content_text": cleaned.content_text,
        "content_sha256": identity.content_sha256,
        "revision": change.revision,
        "position": data.position,
        **_standing(writing, change),
    } | _updated_dates(entry)


def _updated_dates(entry: PreparedEntry) -> dict[str, Any]:
    data = entry.data
    return {
        "updated_at": to_text_or_none(data.updated_at),
        "updated_raw": data.updated_raw,
    }


def _insert_revision(
    db: Database,
    writing: _Writing,
    entry_id: int,
    change: EntryChange,
    entry: PreparedEntry,
    *,
    first_seen_at: str,
) -> None:
    data = entry.data
    published_at = to_text_or_none(data.published_at)
    assert change.revision is not None
    revision_id = insert(
        db,
        "revisions",
        {
            "entry_id": entry_id,
            "revision": change.revision,
            "fetch_id": writing.fetch_id,
            "seen_at": writing.at,
            "content_sha256": entry.identity.content_sha256,
            "title": data.title,
            "authors": as_json([parts.flat(person) for person in data.authors]),
            "url": data.url,
            "published_at": published_at,
            "published_raw": data.published_raw,
            "language": data.language,
            "summary": data.summary.value if data.summary else None,
            "summary_type": data.summary.type if data.summary else None,
            "content": data.content.value if data.content else None,
            "content_type": data.content.type if data.content else None,
            "enclosures": as_json([parts.flat(enclosure) for enclosure in data.enclosures]),
            "categories": as_json([parts.flat(category) for category in data.categories]),
            "reading": data.reading,
        }
        | _updated_dates(entry),
    )
    indexing.add(
        writing.lines,
        revision_id,
        entry,
        feed_id=writing.feed_id,
        published_at=published_at,
        first_seen_at=first_seen_at,
        seen_at=writing.at,
        revision=change.revision,
    )
