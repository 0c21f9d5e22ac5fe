"""The manifest: what was fetched each day, sealed with the day before. `docs/manifest.md` has the rule.

A fetch is told by its evidence, not by its number, nor by what we made of the answer: so the days before a
rebuild stay provable after it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from archiver.store import checksums
from archiver.times import to_text

MADE_BY_US = frozenset(
    {
        "outcome", "error", "error_kind", "entries_seen", "entries_new", "entries_revised", "gap",
        "gap_since", "gap_until", "partial", "problems", "checksum",
    }
)  # fmt: skip
"""Columns of `fetches` that a better program may fill otherwise."""

Step = Callable[[], None]


def close_days(db: Database, *, now: datetime) -> int:
    """Seal every day that is over and not sealed yet; return how many. The caller holds the transaction.

    A day takes in all that was written up to its last fetch, also what a replay dated back: so nothing that
    is in the archive stays outside, whatever the clock did.
    """
    last = _newest(db)
    after, latest = (last["last_fetch_id"], last["day"]) if last else (0, "")
    ends: dict[str, int] = {}
    for day, fetch_id in db.execute(
        """
        SELECT substr(started_at, 1, 10) AS day, max(id) FROM fetches
        WHERE id > ? AND started_at < ? GROUP BY day ORDER BY day
        """,
        [after, to_text(now)[:10]],
    ):
        if fetch_id > max([after, *ends.values()]):
            ends[max(latest, day)] = fetch_id
    for day, end in ends.items():
        _seal(db, kind="day", day=day, after=after, end=end, now=now)
        after = end
    return len(ends)


def seal_anew(db: Database, *, now: datetime) -> bool:
    """Seal all that is there, where a rebuild or a merge changed what days before are sealed over.

    The rows of those days stay, but are not compared any more. The caller holds the transaction.
    """
    last = _newest(db)
    if last is None or not any(_breaks(db, None)):
        return False
    end = int(db.execute("SELECT coalesce(max(id), 0) FROM fetches").fetchone()[0])
    _seal(db, kind="rebuilt", day=max(last["day"], to_text(now)[:10]), after=0, end=end, now=now)
    return True


def _newest(db: Database) -> dict[str, Any] | None:
    return next(iter(db.query("SELECT * FROM manifests ORDER BY id DESC LIMIT 1")), None)


def _seal(db: Database, *, kind: str, day: str, after: int, end: int, now: datetime) -> None:
    last = _newest(db)
    row: dict[str, Any] = {
        "kind": kind,
        "day": day,
        "after_fetch_id": after,
        "last_fetch_id": end,
        **_measured(db, after, end),
        "previous_sha256": last["sha256"] if last else None,
    }
    row |= {"sha256": seal_of(row), "closed_at": to_text(now)}
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO manifests ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def seal_of(row: Mapping[str, Any]) -> str:
    """The `sha256` of a row of `manifests`: over its other columns but `id` and `closed_at`."""
    sealed = {name: value for name, value in row.items() if name not in ("id", "closed_at", "sha256")}
    return checksums.sha256(json.dumps(sealed, sort_keys=True))


def _measured(db: Database, after: int, end: int, step: Step = lambda: None) -> dict[str, Any]:
    """Counts and digests of the fetches above `after` up to `end`, and of what came with them."""
    fetches, fetched = _digest(_fetch_lines(db, after, end), step)
    revisions, revised = _digest(_revision_lines(db, after, end), step)
    bodies = db.execute(
        "SELECT count(DISTINCT body_sha256) FROM fetches WHERE id > ? AND id <= ?", [after, end]
    ).fetchone()[0]
    return {
        "fetches": fetches,
        "bodies": bodies,
        "revisions": revisions,
        "fetches_sha256": fetched,
        "revisions_sha256": revised,
    }


def _digest(lines: Iterator[str], step: Step) -> tuple[int, str]:
    count, total = 0, hashlib.sha256()
    for count, line in enumerate(lines, 1):  # noqa: B007
        total.update(line.encode() + b"\n")
        step()
    return count, total.hexdigest()


def _fetch_lines(db: Database, after: int, end: int) -> Iterator[str]:
    """One line of JSON for each fetch: its evidence, its feed's address, its body's size."""
    for row in db.query(
        """
        SELECT fetches.*, feeds.url AS feed, bodies.size AS body_size
        FROM fetches JOIN feeds ON feeds.id = feed_id LEFT JOIN bodies ON bodies.sha256 = fetches.body_sha256
        WHERE fetches.id > ? AND fetches.id <= ? ORDER BY fetches.id
        """,
        [after, end],
    ):
        yield checksums.told(
            {name: row[name] for name in row if name not in MADE_BY_US and name not in ("id", "feed_id")}
        )


def _revision_lines(db: Database, after: int, end: int) -> Iterator[str]:
    """One line of JSON for each revision that these fetches brought."""
    for row in db.query(
        "SELECT * FROM revisions WHERE fetch_id > ? AND fetch_id <= ? ORDER BY fetch_id, id", [after, end]
    ):
        yield checksums.told({name: row[name] for name in row if name not in ("id", "entry_id", "fetch_id")})


def check(db: Database, step: Step = lambda: None) -> Iterator[tuple[int, str | None, str]]:
    """What is wrong: a row's number, its column if it can be told, and a sentence."""
    previous: dict[str, Any] | None = None
    for row in db.query("SELECT * FROM manifests ORDER BY id"):
        if seal_of(row) != row["sha256"]:
            yield row["id"], "sha256", f"the manifest of {row['day']} is not the one that was sealed"
        if row["previous_sha256"] != (previous["sha256"] if previous else None):
            yield row["id"], "previous_sha256", f"the chain is broken before {row['day']}"
        if row["kind"] == "day" and row["after_fetch_id"] != (previous["last_fetch_id"] if previous else 0):
            yield row["id"], "after_fetch_id", f"fetches before {row['day']} are under no seal"
        previous = row
    yield from _breaks(db, step)


def _breaks(db: Database, step: Step | None) -> Iterator[tuple[int, str | None, str]]:
    """Days whose fetches, bodies or revisions are no longer those that were sealed."""
    first = db.execute("SELECT coalesce(max(id), 0) FROM manifests WHERE kind = 'rebuilt'").fetchone()[0]
    # A list: rows are few, and a generator left half way would hold the transaction's cursor open.
    for row in list(db.query("SELECT * FROM manifests WHERE id >= ? ORDER BY id", [first])):
        found = _measured(db, row["after_fetch_id"], row["last_fetch_id"], step or (lambda: None))
        for name, value in found.items():
            if row[name] != value:
                yield row["id"], name, f"{name} of {row['day']} are not those that were sealed"
