"""The codebook: what every column of an export means, of what kind it is, and whose word it is."""

from collections.abc import Sequence

from archiver.export.columns import ENTRIES, REVISIONS, Column
from archiver.store import Rows
from archiver.store.streaming import UNKNOWN_AS_OF

_ENTRY_MEANINGS = {column.name: column.meaning for column in ENTRIES}
_AS_THERE = "as in `entries`"


def columns_of(rows: Rows) -> tuple[Column, ...]:
    """The columns that a row has."""
    return REVISIONS if rows is Rows.REVISIONS else ENTRIES


def codebook(rows: Rows, *, as_of: str | None = None) -> str:
    """The codebook as Markdown."""
    what = "a version of an entry" if rows is not Rows.ENTRIES else "an entry of a feed"
    lines = [
        "# Codebook",
        "",
        f"Each row is {what}. Times are UTC. What is empty (NULL) the publisher did not say, or it has not"
        " happened.",
        "",
        "- *the publisher's*: as published, or read from what was published.",
        "- *ours, derived from the publisher's*: cleaned or computed from it by the archiver; recomputable.",
        "- *ours*: what the archive recorded.",
        "",
    ]
    if as_of is not None:
        unknown = ", ".join(f"`{name}`" for name in sorted(UNKNOWN_AS_OF))
        lines += [
            f"The rows are those that were in force at {as_of}. What was not written down day by day is"
            f" empty: {unknown}.",
            "",
        ]
    lines += ["| column | kind | whose | meaning |", "|---|---|---|---|"]
    lines += [_line(column) for column in columns_of(rows)]
    return "\n".join(lines) + "\n"


def meaning(column: Column, among: Sequence[Column]) -> str:
    """What a column means, said in full."""
    if among is REVISIONS and column.meaning.startswith(_AS_THERE):
        said = _ENTRY_MEANINGS[column.name].rstrip(".")
        return said + column.meaning.removeprefix(_AS_THERE)
    return column.meaning


def _line(column: Column) -> str:
    among = REVISIONS if column in REVISIONS else ENTRIES
    told = meaning(column, among).replace("|", "\\|")
    return f"| `{column.name}` | {column.kind} | {column.origin} | {told} |"
