"""What the entries of each feed's last document are known by: one text a feed, written with its update."""

from collections.abc import Mapping, Sequence

from sqlite_utils import Database

from archiver import marks
from archiver.changes import Marking
from archiver.failpoints import failpoint
from archiver.marks import Standing
from archiver.model import SeenEntry


def of_feed(db: Database, feed_id: int) -> str | None:
    """What `save` wrote last, if anything may be known by it."""
    row = db.execute("SELECT entries FROM marks WHERE feed_id = ?", [feed_id]).fetchone()
    return str(row[0]) if row else None


def save(db: Database, feed_id: int, marking: Marking, entry_ids: Mapping[int, int]) -> None:
    """Write down what the next document's entries may be known by; `entry_ids` are new ones, by position."""
    if not marking.entries:
        db.execute("DELETE FROM marks WHERE feed_id = ?", [feed_id])
        return
    text = marks.written(
        marking.context,
        (
            (
                one.mark,
                Standing(
                    id=entry_ids[one.position] if one.known_id is None else one.known_id,
                    position=one.position,
                    published_at=one.published_at,
                    updated_at=one.updated_at,
                ),
            )
            for one in marking.entries
        ),
    )
    db.execute(
        """
        INSERT INTO marks (feed_id, entries) VALUES (?, ?)
        ON CONFLICT (feed_id) DO UPDATE SET entries = excluded.entries
        """,
        [feed_id, text],
    )


def move_seen(db: Database, seen: Sequence[SeenEntry], *, at: str) -> None:
    """Entries that stand in the document unchanged: when they were seen last, and where."""
    failpoint("write")
    db.conn.executemany(
        "UPDATE entries SET last_seen_at = ?, position = ? WHERE id = ?",
        [(at, entry.now_at, entry.id) for entry in seen],
    )
