"""Which feeds a question means, by number, address, name or tag."""

import json
from collections.abc import Iterable
from functools import lru_cache

from sqlite_utils import Database

from archiver import stems
from archiver.store.rows import sound
from archiver.urls import redact


def meant(db: Database, name: str) -> tuple[int, ...]:
    """Feeds of this number, address or name; else those with it in their name, title or shown address."""
    name = sound(name)
    exact = db.execute(
        """
        SELECT id FROM feeds WHERE url = :name OR current_url = :name OR name = :name OR title = :name
            OR CAST(id AS TEXT) = :name
        ORDER BY id
        """,
        {"name": name},
    ).fetchall()
    if exact:
        by_number = [row[0] for row in exact if str(row[0]) == name]
        return tuple(by_number or [row[0] for row in exact])
    wanted = _folded(name)
    if not wanted:
        return ()
    # What is secret in an address must not be found out by asking for parts of it.
    return tuple(
        number
        for number, *names in db.execute("SELECT id, name, title, url FROM feeds ORDER BY id")
        if any(wanted in _folded(redact(one)) for one in names if one)
    )


def tagged(db: Database, tag: str) -> tuple[int, ...]:
    """Feeds with this tag, whatever its case and accents."""
    wanted = _plain(tag)
    return tuple(
        feed_id
        for feed_id, found in db.execute("SELECT feed_id, tag FROM feed_tags ORDER BY feed_id")
        if found == tag or (wanted and _plain(found) == wanted)
    )


@lru_cache(maxsize=1_000)
def _plain(tag: str) -> str:
    return stems.tag(tag)


def _folded(text: str) -> str:
    return " ".join(stems.fold(text).split())


def as_json(numbers: Iterable[int]) -> str:
    """Numbers as SQLite's `json_each` reads them."""
    return json.dumps(list(numbers))
