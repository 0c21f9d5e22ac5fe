"""Commands that keep the archive safe: `verify`, `backup`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, print_json
from archiver.errors import ArchiveBusy, ConfigError, SchemaError, StoreError
from archiver.store import backup as backups
from archiver.store import verify as verification
from archiver.store.connect import SQLITE_VERSION, sqlite_warning
from archiver.store.proofs import Damage
from archiver.visible import visible


@click.command(short_help="Check that nothing in the archive is damaged.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@pass_context
def verify(context: Context, *, as_json: bool) -> None:
    """Hash everything again, check that all of it agrees, and name what is damaged.

    Reads only, also while the service runs. Exit status: 0 the archive is sound, 1 something is damaged.
    """
    found = 0
    damages: list[Damage] = []
    for damage in _damages(context.archive, quiet=as_json):
        found += 1
        if as_json:
            damages.append(damage)
        else:
            click.echo(visible(verification.told(damage)))
    if as_json:
        warning = sqlite_warning()
        print_json(
            {
                "archive": str(context.archive),
                "sound": not found,
                "damages": [verification.as_json(damage) for damage in damages],
                "sqlite": SQLITE_VERSION,
                "warnings": [warning] if warning else [],
            }
        )
    elif found:
        click.echo(f"{count(found, 'damage')} found; what is lost, a backup may still have", err=True)
    else:
        click.echo("the archive is sound")
    sys.exit(1 if found else 0)


def _damages(archive: Path, *, quiet: bool) -> Iterator[Damage]:
    try:
        db = verification.open_for(archive)
    except (ArchiveBusy, SchemaError):
        raise
    except StoreError as error:
        if not archive.is_file():
            raise
        yield Damage(table="(file)", row=None, column=None, problem=str(error))
        return
    try:
        with _bar(verification.sizes(db), quiet=quiet) as step:
            yield from verification.everything(db, step)
    finally:
        db.close()


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """How far it is, on a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (TextColumn("verifying"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


@click.command(short_help="Copy the archive, also while the service runs.")
@click.argument("destination", metavar="DEST")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@pass_context
def backup(context: Context, destination: str, *, as_json: bool) -> None:
    """Copy the archive to DEST, check the copy, and only then give it its name.

    DEST is a file that is not there yet, or a folder; in a folder the copy is named by the time. The service
    may run meanwhile. The copy is an archive like any other: to restore it, put it in the archive's place.
    """
    if not destination or (destination.endswith("/") and not Path(destination).is_dir()):
        raise ConfigError(f"{destination!r}: there is no such folder; make it first, or name a file")
    made = backups.back_up(context.archive, Path(destination), now=times.now())
    if as_json:
        print_json(
            {
                "path": str(made.path),
                "bytes": made.size,
                "entries": made.entries,
                "revisions": made.revisions,
                "bodies": made.bodies,
            }
        )
    else:
        click.echo(
            f"{visible(str(made.path))}: {made.size / 1e6:.1f} MB, {count(made.entries, 'entry')},"
            f" {count(made.revisions, 'version')}, {count(made.bodies, 'document')}; checked"
        )
