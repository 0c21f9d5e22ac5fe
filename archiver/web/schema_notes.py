"""What `docs/schema.md` says of tables and columns, and the questions that it asks, for Datasette."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

_TABLE = re.compile(r"### `(\w+)`")
_COLUMNS = re.compile(r"- ((?:`\w+`(?:, | and )?)+): (.*)")
_QUESTION = re.compile(r"^([^\n`#]+):\n\n```sql\n(.*?)\n```", re.MULTILINE | re.DOTALL)

HIDDEN = ("aliases", "sketches", "marks", "seals", "chores", "digests", "orders", "_sqlite_migrations")
"""What only the program itself, or `verify`, asks for."""

NEWEST_FIRST = ("posts", "entries", "revisions", "fetches", "events", "manifests")
FACETS = {"feeds": ("state", "format", "language"), "events": ("kind",), "feed_tags": ("tag",)}
"""Offered at once. Elsewhere that takes long in a large archive; each column's menu does it."""

LABELS = {"feeds": "title", "posts": "title", "entries": "title"}
"""The column by which a row is called where another table refers to it."""


@dataclass(slots=True)
class Table:
    """What is said of one table."""

    description: str = ""
    columns: dict[str, str] = field(default_factory=dict)


def tables(text: str) -> dict[str, Table]:
    """Every table that the text has, with its columns."""
    found: dict[str, Table] = {}
    for part in re.split(r"^(?=### |## )", text, flags=re.MULTILINE):
        if (heading := _TABLE.match(part)) is None:
            continue
        paragraphs = [" ".join(one.split()) for one in part.split("\n\n")[1:]]
        table = found[heading[1]] = Table(description=_plain(paragraphs[0]) if paragraphs else "")
        for item in re.split(r"^(?=- `)", part, flags=re.MULTILINE):
            if (column := _COLUMNS.match(" ".join(item.split("\n\n")[0].split()))) is not None:
                for name in re.findall(r"`(\w+)`", column[1]):
                    table.columns[name] = _plain(column[2])
    return found


def questions(text: str) -> dict[str, tuple[str, str]]:
    """The questions with their SQL, by a name for an address."""
    found = {}
    for told, sql in _QUESTION.findall(text):
        name = re.sub(r"[^a-z0-9]+", "-", " ".join(told.split()[:7]).lower()).strip("-")
        found[name] = (" ".join(told.split()), sql)
    return found


def metadata(text: str) -> dict[str, Any]:
    """What Datasette shows beside tables and offers beside SQL."""
    shown: dict[str, Any] = {}
    for name, table in tables(text).items():
        shown[name] = {"description": table.description, "columns": table.columns}
        if name in NEWEST_FIRST:
            shown[name]["sort_desc"] = "id"
        if name in LABELS:
            shown[name]["label_column"] = LABELS[name]
        if name in FACETS:
            shown[name]["facets"] = list(FACETS[name])
    for name in HIDDEN:
        shown.setdefault(name, {})["hidden"] = True
    queries = {name: {"title": told, "sql": sql} for name, (told, sql) in questions(text).items()}
    about = "The whole archive, as tables. Nothing can be changed here; every question may take two seconds."
    return {
        "title": "Archive",
        "databases": {"archive": {"description": about, "tables": shown, "queries": queries}},
    }


@cache
def notes() -> str:
    """The text: beside this module in an installed package, in `docs` where it runs from its own folder."""
    here = Path(__file__)
    for path in (here.with_name("schema.md"), here.parents[2] / "docs" / "schema.md"):
        if path.is_file():
            return path.read_text("utf-8")
    return ""


def _plain(text: str) -> str:
    return text.replace("`", "")
