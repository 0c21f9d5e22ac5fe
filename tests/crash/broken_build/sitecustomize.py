"""Deliberate defects. Python imports this at its start where the folder stands in PYTHONPATH.

A harness that cannot turn red proves nothing. Each defect is a plausible mistake of a few lines.
"""

import os
import sys
from collections.abc import Callable
from typing import Any


def _commit(db: Any) -> None:
    """End the transaction in its midst, and begin another."""
    db.execute("COMMIT")
    db.execute("BEGIN IMMEDIATE")


def validators_first() -> None:
    """What the next request will claim to have is committed before the entries."""
    from archiver.store import updates

    apply = updates.apply

    def broken(db: Any, decided: Any, *rest: Any, **options: Any) -> int:
        facts = decided.facts
        db.execute(
            "UPDATE feeds SET etag = ?, last_modified = ?, body_sha256 = ? WHERE id = ?",
            [facts.etag, facts.last_modified, facts.body_sha256, decided.feed_id],
        )
        _commit(db)
        return apply(db, decided, *rest, **options)

    updates.apply = broken


def entry_by_entry() -> None:
    """Every entry is committed by itself."""
    from archiver.store import updates

    change = updates._apply_change

    def broken(db: Any, *rest: Any, **named: Any) -> None:
        change(db, *rest, **named)
        _commit(db)

    updates._apply_change = broken


def update_in_place() -> None:
    """An edit overwrites the last revision."""
    from archiver.store import updates

    insert = updates._insert_revision

    def broken(db: Any, writing: Any, entry_id: int, change: Any, *rest: Any, **named: Any) -> None:
        insert(db, writing, entry_id, change, *rest, **named)
        if change.revision == 1:
            return
        columns = "title, summary, content, content_sha256"
        db.execute(
            f"""
            UPDATE revisions SET ({columns}) =
                (SELECT {columns} FROM revisions WHERE entry_id = ?1 AND revision = 2)
            WHERE entry_id = ?1 AND revision = 1""",
            [entry_id],
        )
        db.execute("DELETE FROM revisions WHERE entry_id = ? AND revision = 2", [entry_id])
        db.execute("UPDATE entries SET revision = 1 WHERE id = ?", [entry_id])

    updates._insert_revision = broken


def fetch_row_apart() -> None:
    """The fetch's row is committed in a transaction of its own."""
    from archiver.store import updates

    insert = updates._insert_fetch

    def broken(db: Any, *rest: Any, **named: Any) -> int:
        fetch_id = insert(db, *rest, **named)
        _commit(db)
        return int(fetch_id)

    updates._insert_fetch = broken


def torn_entry_kept() -> None:
    """The last entry of a document that was cut short is taken for whole."""
    from archiver.parse import syndication

    read = syndication.read

    def broken(text: str, **options: Any) -> Any:
        if "<item>" in text and not text.rstrip().endswith("</rss>"):
            text += "</description></item></channel></rss>"
        return read(text, **options)

    syndication.read = broken


def index_forgotten() -> None:
    """The full-text index does not follow."""
    from archiver.store import posts

    def broken(self: Any) -> None:
        for post_id in self._before:
            posts.refresh(self._db, post_id)

    posts.Retelling.settle = broken


def migrations_torn() -> None:
    """The statements of a migration are committed one by one."""
    from archiver.store import schema

    apply = schema.migrations.apply

    def broken(db: Any) -> None:
        class Torn:
            def __getattr__(self, name: str) -> Any:
                return getattr(db, name)

            def execute(self, *given: Any) -> Any:
                answer = db.execute(*given)
                _commit(db)
                return answer

        for migration in schema.migrations._migrations:
            migration.fn(Torn())
        apply(db)

    schema.migrations.apply = broken


def patience_forgotten() -> None:
    """What a busy server asks for is not heard."""
    from archiver import failing, manners

    manners.hold_after = lambda *given, **named: None
    failing.retry_after_seconds = lambda *given, **named: None


def secrets_logged() -> None:
    """Somebody looked for a mistake, and forgot a line."""
    from archiver import pipeline

    begin = pipeline.Pipeline.__init__

    def broken(self: Any, **named: Any) -> None:
        begin(self, **named)
        sys.stderr.write(f"sending {named['headers']}\n")  # round the log, which hides what is configured

    pipeline.Pipeline.__init__ = broken


_DEFECTS: dict[str, Callable[[], None]] = {
    defect.__name__: defect
    for defect in (
        validators_first, entry_by_entry, update_in_place, fetch_row_apart, torn_entry_kept, index_forgotten,
        migrations_torn, patience_forgotten, secrets_logged,
    )
}  # fmt: skip

_DEFECTS[os.environ["ARCHIVER_DEFECT"]]()
