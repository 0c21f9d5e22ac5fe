"""Commands that derive the whole archive again: `rebuild`, `merge`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, print_json, print_lost, print_table
from archiver.merge import Merged
from archiver.merge import merge as merge_archives
from archiver.rebuild import Step
from archiver.rebuild import rebuild as rebuild_archive
from archiver.store import ArchiveLock
from archiver.store.comparing import Comparison, Sample
from archiver.store.salvage import Lost
from archiver.urls import redact
from archiver.visible import visible

_TOLD = {
    "new": ("entry that was not there", "entries that were not there"),
    "gone": ("entry that is there no more", "entries that are there no more"),
    "title": ("entry with another title", "entries with another title"),
    "content_text": ("entry with another text", "entries with another text"),
    "language": ("entry with another language", "entries with another language"),
    "published_at": ("entry with another date", "entries with another date"),
    "url": ("entry with another link", "entries with another link"),
    "authors": ("entry with other authors", "entries with other authors"),
    "summary_html": ("entry with another summary", "entries with another summary"),
    "content_html": ("entry with other markup", "entries with other markup"),
    "first_seen_at": ("entry first seen at another time", "entries first seen at another time"),
    "last_seen_at": ("entry last seen at another time", "entries last seen at another time"),
    "present": ("entry that stands, or stands no more", "entries that stand, or stand no more"),
    "missing_since": ("entry missing since another time", "entries missing since another time"),
    "withdrawn_at": ("entry withdrawn at another time", "entries withdrawn at another time"),
    "churn_count": ("entry with another count of churn", "entries with other counts of churn"),
    "words": ("version with other words", "versions with other words"),
    "revisions": ("entry with other versions", "entries with other versions"),
    "numbers": (
        "entry whose number, or post's number, is another",
        "entries whose number, or post's number, is another",
    ),
    "posts": ("entry that belongs to another post", "entries that belong to other posts"),
    "fetches": ("fetch that came out otherwise", "fetches that came out otherwise"),
}


_despite_damage = click.option(
    "--despite-damage",
    is_flag=True,
    help="Go on where bytes are damaged, with what the rows of the archive tell, and name what is lost.",
)


@click.command(short_help="Derive everything again from the kept bytes.")
@click.option("--yes", is_flag=True, help="Put the result in place without asking.")
@click.option("--dry-run", is_flag=True, help="Only report what would change.")
@click.option("--discard", is_flag=True, help="Do not keep the old archive.")
@_despite_damage
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_context
def rebuild(
    context: Context, *, yes: bool, dry_run: bool, discard: bool, despite_damage: bool, as_json: bool
) -> None:
    """Derive every entry, version and post again from the kept bytes and the log of fetches.

    This is how a better parser reaches what is archived already. What changes is reported before the new
    archive takes the old one's place; the old one stays beside it until you delete it.
    """

    def agree(comparison: Comparison) -> bool:
        if not as_json:
            _print_comparison(comparison)
        if dry_run:
            return False
        if yes or as_json or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return True
        return click.confirm("Put the new archive in place?", err=True)

    if not context.archive.is_file():
        context.reader()  # says so, and makes nothing
    with ArchiveLock(context.archive, doing="rebuild", now=times.now()), _bar(quiet=as_json) as step:
        done = rebuild_archive(
            context.archive,
            schedule=context.config.schedule,
            now=times.now(),
            agree=agree,
            step=step,
            keep=not discard,
            despite_damage=despite_damage,
        )
    if as_json:
        told = _comparison(done.comparison) | {"replaced": done.replaced, "kept": _path(done.kept)}
        print_json(told | _lost(done.lost, asked=despite_damage))
    elif done.replaced:
        kept = f"; the old one is {done.kept}" if done.kept else ""
        click.echo(f"The new archive is in place{kept}.")
    else:
        click.echo("Nothing was changed.")
    _end_with(done.lost, quiet=as_json)


@click.command(short_help="Take another archive into this one.")
@click.argument("other", metavar="OTHER.db", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--discard", is_flag=True, help="Do not keep the archive as it was.")
@_despite_damage
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@pass_context
def merge(context: Context, other: Path, *, discard: bool, despite_damage: bool, as_json: bool) -> None:
    """Unite another archive with this one: its feeds, fetches and bytes, without loss or doubles.

    OTHER.db is only read. The archive as it was stays beside the new one until you delete it.
    """
    with ArchiveLock(context.archive, doing="merge", now=times.now()), _bar(quiet=as_json) as step:
        done = merge_archives(
            context.archive,
            other,
            schedule=context.config.schedule,
            now=times.now(),
            step=step,
            keep=not discard,
            despite_damage=despite_damage,
        )
    if as_json:
        print_json(_merged(done) | _lost(done.lost, asked=despite_damage))
    elif done.comparison is None:
        click.echo(f"Nothing was changed: all that {other} has is here already.")
    else:
        new = done.brought
        click.echo(
            f"{count(new.feeds, 'feed')}, {count(new.fetches, 'fetch')} and {count(new.bodies, 'body')}"
            f" came from {other}:"
        )
        _print_tables(done.comparison)
        if done.kept:
            click.echo(f"The archive as it was is {done.kept}.")
        if new.mended:
            click.echo(f"Mended by what {other} has: {count(new.mended, 'damaged body')}.")
        for feeds in done.same:
            click.echo(
                visible(f"One and the same by now, pause all but one: {', '.join(map(redact, feeds))}")
            )
    _end_with(done.lost, quiet=as_json)


def _lost(lost: tuple[Lost, ...], *, asked: bool) -> dict[str, Any]:
    return {"lost": [asdict(one) for one in lost]} if asked else {}


def _end_with(lost: tuple[Lost, ...], *, quiet: bool) -> None:
    """Name the documents that were damaged, and end with status 1, if there were any."""
    if not quiet:
        print_lost(lost, "{entries} of it could be taken from the archive's rows")
    if lost:
        sys.exit(1)


def _merged(done: Merged) -> dict[str, Any]:
    told: dict[str, Any] = {"brought": asdict(done.brought), "kept": _path(done.kept)}
    if done.comparison is not None:
        told["tables"] = _tables(done.comparison)
    return told | {"same": [[redact(url) for url in feeds] for feeds in done.same]}


# ---------------------------------------------------------------- printing


def _comparison(comparison: Comparison) -> dict[str, Any]:
    return {
        "equal": comparison.equal,
        "tables": _tables(comparison),
        "differences": {kind: asdict(found) for kind, found in comparison.differences.items()},
    }


def _tables(comparison: Comparison) -> dict[str, dict[str, int]]:
    return {table: {"before": was, "after": now} for table, (was, now) in comparison.tables.items()}


def _print_comparison(comparison: Comparison) -> None:
    if comparison.equal:
        click.echo("The new archive equals the old one.")
        return
    _print_tables(comparison)
    for kind, found in comparison.differences.items():
        one, many = _TOLD[kind]
        click.echo(f"\n{found.count:,} {one if found.count == 1 else many}")
        for sample in found.samples:
            told = sample.after if kind == "new" else sample.before if kind == "gone" else _change(sample)
            click.echo(visible(f"  {sample.what}: {told or '–'}"))


def _print_tables(comparison: Comparison) -> None:
    rows = [(table, f"{was:,}", f"{now:,}") for table, (was, now) in comparison.tables.items()]
    print_table(rows, header=("table", "before", "after"))


def _change(sample: Sample) -> str:
    return f"was {sample.before or '–'}, now {sample.after or '–'}"


def _path(path: Path | None) -> str | None:
    return str(path) if path else None


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Step]:
    """A bar over the fetches, on a terminal; silence elsewhere, as there may be a million of them."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    shape = (TextColumn("deriving"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*shape, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("deriving", total=None)

        def step(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if done == total:
                bar.stop()  # a question may follow

        yield step
