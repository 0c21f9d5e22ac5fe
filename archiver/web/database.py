"""Datasette's way to the archive: read-only, without secrets, and to the file that is there now."""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from datasette.app import Datasette
from datasette.database import Database, Results

from archiver.store.connect import OpenFile
from archiver.store.guarded import open_guarded, open_plain

_T = TypeVar("_T")

NAME = "archive"

_asks_sql: ContextVar[bool] = ContextVar("asks_sql", default=False)
"""Whether Datasette runs somebody's SQL at the moment, or looks at tables and keys by code of its own."""


class ArchiveDatabase(Database):  # type: ignore[misc]  # Datasette has no types
    """The archive for Datasette: two connections a thread, and new ones when another file is there."""

    def __init__(self, datasette: Datasette, path: Path) -> None:
        super().__init__(datasette, path=str(path), is_mutable=True)
        self._archive = path
        self._here = threading.local()

    async def execute(self, *args: Any, **kwargs: Any) -> Results:
        """Run SQL, whosever it is."""
        asks = _asks_sql.set(True)
        try:
            return await super().execute(*args, **kwargs)
        finally:
            _asks_sql.reset(asks)

    async def attached_databases(self) -> list[Any]:
        """None: what SQLite calls `temp` are our views, and no database to ask."""
        return []

    async def execute_fn(self, fn: Callable[[Any], _T]) -> _T:
        """Run a function with a connection, in a thread."""
        import asyncio

        guarded = _asks_sql.get()
        return await asyncio.get_running_loop().run_in_executor(
            self.ds.executor, lambda: fn(self._connection(guarded=guarded))
        )

    async def execute_write_fn(self, fn: Any, block: bool = True) -> Any:
        """Nothing is written here."""
        raise PermissionError("the archive is read-only")

    def _connection(self, *, guarded: bool) -> Any:
        try:
            file = OpenFile.at(self._archive)
        except OSError:
            file = None
        if getattr(self._here, "file", None) != file:
            for connection in getattr(self._here, "open", {}).values():
                connection.close()
            self._here.open, self._here.file = {}, file
        if guarded not in self._here.open:
            made = (open_guarded if guarded else open_plain)(self._archive)
            self.ds._prepare_connection(made, self.name)
            self._here.open[guarded] = made
        return self._here.open[guarded]
