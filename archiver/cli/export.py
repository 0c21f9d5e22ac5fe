"""Commands that hand the archive on: `export`."""

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import click

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, print_json, print_lost
from archiver.errors import ConfigError
from archiver.export import manifest, writing
from archiver.export.codebook import codebook
from archiver.export.manifest import Asked
from archiver.export.sink import whole_file
from archiver.export.warc import write_warc
from archiver.query import Query, dated
from archiver.store import Chosen, Reader, Rows
from archiver.visible import visible

_NOT_FOR_TERMINALS = {"warc": "a warc file", "markdown": "a zip file", "parquet": "a parquet file"}


@click.command(short_help="Write the archive in another format.")
@click.argument("words", metavar="[QUERY]", nargs=-1)
@click.option("--format", "form", type=click.Choice([*writing.FORMATS, "warc"]), help="The format.")
@click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to, with codebook and manifest beside it. [default: standard output]",
)
@click.option("--feed", help="Only this feed: number, address or name.")
@click.option("--tag", help="Only feeds with this tag.")
@click.option("--lang", help="Only this language: en, sv, ru …")
@click.option("--since", metavar="DATE", help="Published (or first seen) on this day or later.")
@click.option("--until", metavar="DATE", help="Published (or first seen) on this day or earlier.")
@click.option("--as-of", metavar="DATE", help="What was in force at the end of this day.")
@click.option("--revisions", is_flag=True, help="A row for each version, not for each entry.")
@click.option("--bom", is_flag=True, help="csv: begin with the mark by which Excel knows UTF-8.")
@click.option(
    "--despite-damage", is_flag=True, help="warc: leave out answers whose bytes are damaged, and name them."
)
@click.option(
    "--codebook", "as_codebook", is_flag=True, help="Print what each column means, and do nothing else."
)
@click.option(
    "--check",
    metavar="MANIFEST",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Look whether the file beside this manifest is the one that was exported, and do nothing else.",
)
@click.option("--json", "as_json", is_flag=True, help="With --output or --check: print the manifest as JSON.")
@pass_context
def export(
    context: Context,
    *,
    words: tuple[str, ...],
    form: str | None,
    output: Path | None,
    feed: str | None,
    tag: str | None,
    lang: str | None,
    since: str | None,
    until: str | None,
    as_of: str | None,
    revisions: bool,
    bom: bool,
    despite_damage: bool,
    as_codebook: bool,
    check: Path | None,
    as_json: bool,
) -> None:
    """Write the archive, or what answers a QUERY as `search` understands it, in another format.

    \b
    jsonl     JSON Lines: an entry a line
    csv       a table, safe to open in a spreadsheet
    markdown  a file for each post, in the folder FILE, or packed where it ends in .zip
    atom      a feed with an entry for each post
    parquet   a table with typed columns (needs `archiver[parquet]`)
    warc      every fetch with what was asked and what came, by the day of the fetch;
              packed unless FILE ends in .warc

    A file that is there already is replaced when the new one is whole.
    """
    if as_codebook:
        click.echo(codebook(Rows.REVISIONS if revisions else Rows.ENTRIES), nl=False)
        return
    if check is not None:
        _check(check, as_json=as_json)
        return
    if form is None:
        raise ConfigError(f"name a format with --format: {', '.join([*writing.FORMATS, 'warc'])}")
    if as_json and output is None:
        raise ConfigError("--json goes with --output; without it the export itself is printed")
    if output is None and form in _NOT_FOR_TERMINALS and sys.stdout.isatty():
        raise ConfigError(f"{_NOT_FOR_TERMINALS[form]} is not for a terminal; name one with --output")
    if bom and form != "csv":
        raise ConfigError("--bom goes with --format csv")
    if despite_damage and form != "warc":
        raise ConfigError("--despite-damage goes with --format warc")
    asked = Asked(words=" ".join(words), feed=feed, tag=tag, lang=lang, since=since, until=until, as_of=as_of)
    with context.reader() as reader:
        if form == "warc":
            _warc(reader, output, asked, revisions=revisions, despite_damage=despite_damage, as_json=as_json)
        else:
            _rows(reader, output, asked, form=form, revisions=revisions, bom=bom, as_json=as_json)


def _rows(
    reader: Reader, output: Path | None, asked: Asked, *, form: str, revisions: bool, bom: bool, as_json: bool
) -> None:
    order = writing.Order(
        form=form,
        question=_question(reader, asked),
        asked=asked,
        revisions=revisions,
        bom=bom,
        at=times.to_text(times.now()),
    )
    for note in order.question.notes:
        click.echo(f"note: {visible(note)}", err=True)
    if output is None:
        exported = writing.export(reader, sys.stdout.buffer, order)
    else:
        exported = writing.export_to(reader, output, order)
    if as_json:
        print_json(exported.manifest)
        return
    beside = ", with codebook and manifest" if output else ""
    click.echo(f"{count(exported.rows, order.each)}{beside}", err=output is None)


def _question(reader: Reader, asked: Asked) -> Query:
    for day in (asked.since, asked.until, asked.as_of):
        dated(day)
    feed = reader.find_feed(asked.feed) if asked.feed else None
    return Query(words=asked.words, as_of=asked.as_of).narrowed(
        feed=feed, tag=asked.tag, lang=asked.lang, since=asked.since, until=asked.until
    )


def _check(path: Path, *, as_json: bool) -> None:
    checked = manifest.check(path)
    if as_json:
        print_json({"file": str(checked.path), "problem": checked.problem, "manifest": checked.told})
    elif checked.problem:
        click.echo(visible(checked.problem), err=True)
    else:
        click.echo(f"{visible(str(checked.path))} is what was exported")
        click.echo(visible(str(checked.told.get("cite_as", ""))))
    if checked.problem:
        sys.exit(1)


def _warc(
    reader: Reader, output: Path | None, asked: Asked, *, revisions: bool, despite_damage: bool, as_json: bool
) -> None:
    not_for_it = {
        "QUERY": asked.words,
        "--lang": asked.lang,
        "--as-of": asked.as_of,
        "--revisions": revisions,
    }
    for name, given in not_for_it.items():
        if given:
            raise ConfigError(f"{name} is not for warc, which has fetches, not texts")
    chosen = Chosen(
        feed_id=reader.find_feed(asked.feed) if asked.feed else None,
        tag=asked.tag,
        since=dated(asked.since),
        until=dated(asked.until),
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
    if output is None:
        yield sys.stdout.buffer
        return
    with whole_file(output) as file:
        yield file
