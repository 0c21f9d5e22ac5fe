"""Lines of the full-text indexes, kept back until all else of a transaction is written.

FTS5 puts what it has gathered into its tables whenever a statement begins that may have to be undone by
itself, as each does that has a trigger or refers to another table. Line by line, that would be a good part of
what a new entry costs, and leave many small pieces to be merged.
"""

from collections.abc import Sequence
from typing import Any

from sqlite_utils import Database

from archiver.failpoints import failpoint

MOST = 1_000_000
"""Characters that are kept back at most: what is written of a large document need not be there twice."""


class Lines:
    """Statements that write lines, in their order. Who holds the transaction writes them before its end."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: list[tuple[str, Sequence[Any]]] = []
        self._size = 0

    def add(self, statement: str, line: Sequence[Any]) -> None:
        """Keep one back."""
        self._kept.append((statement, line))
        self._size += sum(len(text) for text in line if isinstance(text, str))
        if self._size > MOST:
            self.write()

    def write(self) -> None:
        """Write what was kept back."""
        kept = self._kept
        self.forget()
        for statement, line in kept:
            failpoint("mid_index")
            self._db.execute(statement, line)

    def forget(self) -> None:
        """Let go of it: the transaction came to nothing."""
        self._kept = []
        self._size = 0
