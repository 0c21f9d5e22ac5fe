"""The archive: one SQLite file. SQL does not leave this room.

`Store` writes and belongs to one thread; `Reader` answers questions on a read-only connection. Together
they are the whole contract between the archive and the rest of the program.
"""

from archiver.store import loading  # noqa: F401 - before anything loads sqlite-utils

# isort: split
from importlib import import_module
from typing import TYPE_CHECKING, Any

from archiver.store.bodies import Packed, digest
from archiver.store.digests import Untold
from archiver.store.evidence import Chosen
from archiver.store.feeds import Following
from archiver.store.knowledge import NEWEST
from archiver.store.lock import ArchiveLock
from archiver.store.reader import Reader
from archiver.store.standing import Due
from archiver.store.store import Store
from archiver.store.syncing import Synced

if TYPE_CHECKING:
    from archiver.query import Query
    from archiver.store.streaming import Row, Rows, Wanted

__all__ = [
    "NEWEST",
    "ArchiveLock",
    "Chosen",
    "Due",
    "Following",
    "Packed",
    "Query",
    "Reader",
    "Row",
    "Rows",
    "Store",
    "Synced",
    "Untold",
    "Wanted",
    "digest",
]

_ASKED_FOR = {
    "Query": "archiver.query",
    "Row": "archiver.store.streaming",
    "Rows": "archiver.store.streaming",
    "Wanted": "archiver.store.streaming",
}
"""What only questions need: to load it would keep those waiting who write."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of those
    if name not in _ASKED_FOR:
        raise AttributeError(name)
    return getattr(import_module(_ASKED_FOR[name]), name)
