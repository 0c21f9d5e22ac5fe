"""Checksums of rows: what tells that a row is still the one that was written.

The SHA-256 of a row's values as JSON. Numbers that point to rows are left out, so that a row keeps its
checksum in a merged or rebuilt archive; and so is what is empty, so that a column which a later release adds
changes no old checksum.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from archiver.store.bodies import checksum

WHOLE_ROWS = ("fetches", "revisions", "events")
"""Tables whose rows never change once written; the checksum covers all that they say."""

ENTRY_COLUMNS = (
    "url", "url_key", "title", "title_key", "authors", "published_at", "published_raw", "date_note",
    "language", "language_source", "is_excerpt", "summary_html", "content_html", "content_text",
    "content_sha256",
)  # fmt: skip
"""What an entry shows of its latest version; the checksum of `entries` covers these."""

_OF_THE_PLACE = ("id", "revision", "checksum")
"""What a row has of the archive that it stands in."""

_EMPTY = (None, 0, "", "[]", "{}")

_as_line = json.JSONEncoder(sort_keys=True).encode


def told(row: Mapping[str, Any]) -> str:
    """A row as one line of JSON: the columns that are not empty, by name, without its checksum."""
    return _told(row, (name for name in row if name != "checksum"))


def _told(row: Mapping[str, Any], names: Iterable[str]) -> str:
    return _as_line(
        {name: 1 if value is True else value for name in names if (value := row[name]) not in _EMPTY}
    )


@lru_cache(maxsize=100)
def covered(table: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a table's columns that its checksum covers; none, where it has no checksum."""
    if table == "entries":
        return ENTRY_COLUMNS
    if table not in WHOLE_ROWS:
        return ()
    return tuple(name for name in names if name not in _OF_THE_PLACE and not name.endswith("_id"))


def of_row(table: str, row: Mapping[str, Any]) -> int:
    """The checksum of a row of one of WHOLE_ROWS, or of `entries`."""
    return checksum(_told(row, covered(table, tuple(row))).encode())


def sealed(table: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The row with its checksum, where its table has one. The values are as they will be stored."""
    if table in WHOLE_ROWS:
        return {**row, "checksum": of_row(table, row)}
    if table == "entries" and not row.keys().isdisjoint(ENTRY_COLUMNS):
        whole = row.keys() >= set(ENTRY_COLUMNS)
        return {**row, "checksum": of_row(table, row) if whole else None}
    return row


def sha256(text: str) -> str:
    """The digest of a text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
