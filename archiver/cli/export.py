"""Commands that hand the archive on: `export`."""

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import click

from archiver import times
from archiver.cli.ask import date_option
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, print_json, print_lost
from archiver.errors import ConfigError
from archiver.export.warc import write_warc
from archiver.store import Chosen


@click.command(short_help="Write the archive in another format.")
@click.option("--format", "form", required=True, type=click.Choice(["warc"]), help="The format.")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to. [default: standard output]",
)
@click.option("--feed", help="Only this feed: number, address or name.")
@click.option("--tag", help="Only feeds with this tag.")
@click.option("--since", metavar="DATE", help="Only fetches of this day or later.")
@click.option("--until", metavar="DATE", help="Only fetches of this day or earlier.")
@click.option(
    "--despite-damage", is_flag=True, help="Leave out answers whose bytes are damaged, and name them."
)
@click.option("--json", "as_json", is_flag=True, help="With --output: print the summary as JSON.")
@pass_context
def export(
    context: Context,
    *,
    form: str,
    output: Path | None,
    feed: str | None,
    tag: str | None,
    since: str | None,
    until: str | None,
    despite_damage: bool,
    as_json: bool,
) -> None:
    """Write the archive in another format.

    warc: every fetch with what was asked and what came, as WARC 1.1, packed unless FILE ends in .warc. A file
    that is there already is replaced when the new one is whole.
    """
    if as_json and output is None:
        raise ConfigError("--json goes with --output; without it the export itself is printed")
    if output is None and sys.stdout.isatty():
        raise ConfigError(f"a {form} file is not for a terminal; name one with --output")
    with context.reader() as reader:
        chosen = Chosen(
            feed_id=reader.find_feed(feed) if feed else None,
            tag=tag,
            since=date_option(since),
            until=date_option(until),
        )
        with _opened(output) as out:
            written = write_warc(
                reader,
                out,
                chosen,
                at=times.to_text(times.now()),
                filename=output.name if output else None,
                gzip=output is None or output.suffix != ".warc",
                despite_damage=despite_damage,
            )
    if as_json:
        told = {"path": str(output), "fetches": written.fetches, "records": written.records}
        print_json(told | ({"lost": [asdict(one) for one in written.lost]} if despite_damage else {}))
    else:
        fetches = f"{written.fetches:,} fetch{'' if written.fetches == 1 else 'es'}"
        click.echo(f"{fetches} in {count(written.records, 'record')}", err=output is None)
        print_lost(written.lost, "its answer is not in the file")
    if written.lost:
        sys.exit(1)


@contextlib.contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """Standard output, or a file that takes its name only when it is whole."""
    if output is None:
        yield sys.stdout.buffer
        return
    unfinished = output.with_name(output.name + ".part")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(output)
    except OSError as error:
        raise ConfigError(f"{output}: cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)
