"""What commands print: JSON for programs, lines and tables for people, never a raw control character."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from archiver.changes import Outcome
from archiver.pipeline import Updated
from archiver.store.salvage import Lost
from archiver.urls import redact
from archiver.visible import visible


def without_secrets(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a feed as it may be printed: its addresses without login and secret parameters."""
    shown: dict[str, Any] = {name: redact(row[name]) for name in ("url", "current_url") if row.get(name)}
    if "addresses" in row:
        shown["addresses"] = [without_secrets(address) for address in row["addresses"]]
    return {**row, **shown}


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(rows: Sequence[Sequence[object]], *, header: Sequence[str]) -> None:
    """Rows in aligned columns; the last one takes what it needs."""
    cells = [list(header)] + [
        [visible(str(value if value is not None else "–")) for value in row] for row in rows
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header) - 1)]
    for number, row in enumerate(cells):
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        line = "  ".join([*padded, row[-1]]).rstrip()
        click.secho(line, bold=number == 0)


def update_line(updated: Updated) -> str:
    """One readable line for one update: what came of it, which feed, and what to know."""
    fetch, feed = updated.fetch, updated.feed
    if fetch.outcome in (Outcome.ERROR, Outcome.GONE, Outcome.SKIPPED):
        told = fetch.error or ""
    elif fetch.outcome is Outcome.NOT_MODIFIED:
        told = "nothing changed (304)"
    elif fetch.body is None and fetch.outcome is Outcome.UNCHANGED:
        told = "the same document as before"
    else:
        parts = [f"{fetch.entries_new} new", f"{fetch.entries_revised} revised"]
        told = ", ".join(part for part in parts if not part.startswith("0 ")) or "nothing new"
        told += f" of {count(fetch.entries_seen, 'entry')}"
        told += " (partial)" if fetch.partial else ""
        told += " (gap)" if fetch.gap else ""
    return visible(f"{fetch.outcome:<12}  {feed.name or redact(feed.url)}: {told}")


@contextmanager
def progress(total: int, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show how far long work is: a bar on a terminal, plain lines elsewhere, both on standard error.

    Yields a function that takes the line of one finished step.
    """
    if quiet:
        yield lambda line: None
    elif sys.stderr.isatty():
        # Loading it takes longer than many an update; without a terminal nobody sees it.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("archiving", total=total)

            def step(line: str) -> None:
                bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
                bar.advance(task)

            yield step
    else:

        def say(line: str) -> None:
            sys.stderr.write(f"{line}\n")

        yield say


def print_lost(lost: Sequence[Lost], what_is_left: str) -> None:
    """Name documents whose bytes are damaged, on standard error; `{entries}`: how many are left of it."""
    for one in lost:
        left = what_is_left.format(entries=count(one.entries, "entry"))
        place = f"fetch {one.fetch_id} of {one.feed} at {one.started_at}"
        click.echo(visible(f"{place}: {one.problem}; {left}"), err=True)


def day(text: str | None) -> str:
    """The date of a time in the archive, or a dash."""
    return text[:10] if text else "–"


def state(row: dict[str, Any]) -> str:
    """Where a feed stands: `active`, `paused (replay)` …"""
    return f"{row['state']} ({row['paused_by']})" if row["paused_by"] else str(row["state"])


def count(number: int, word: str) -> str:
    """`1 entry`, `2 entries`, `3 posts`."""
    if number == 1:
        return f"1 {word}"
    if word.endswith("y"):
        return f"{number:,} {word[:-1]}ies"
    return f"{number:,} {word}es" if word.endswith("ch") else f"{number:,} {word}s"
