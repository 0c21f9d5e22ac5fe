"""`archiver feeds`: what is followed, and its list taken in and given out."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

import click

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, day, print_json, print_table, state, without_secrets
from archiver.config import FeedConfig
from archiver.errors import ConfigError
from archiver.export.opml import OpmlFeed, read_opml, write_opml
from archiver.fetch import Fetcher
from archiver.model import KINDS, ParseOptions
from archiver.store import Following
from archiver.subscribe import Finder, Found
from archiver.urls import redact
from archiver.values import file_address, folded_address, read_address, read_charset, read_duration
from archiver.visible import visible
from archiver.workers import Workers

_T = TypeVar("_T")


@click.group(invoke_without_command=True, short_help="List, add, pause, resume, remove, import, export.")
@click.option("--all", "with_removed", is_flag=True, help="Also feeds that were removed.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.pass_context
def feeds(context: click.Context, *, with_removed: bool, as_json: bool) -> None:
    """List the feeds; the commands below add, pause, resume, remove, import and export them."""
    if context.invoked_subcommand is not None:
        return
    with context.obj.reader() as reader:
        rows = reader.feeds(removed=with_removed)
    if as_json:
        print_json([without_secrets(row) for row in rows])
        return
    print_table(
        [
            (
                row["id"],
                state(row),
                row["entries"],
                day(row["last_new_at"]),
                ", ".join(row["tags"]) or None,
                row["name"] or row["title"] or redact(row["url"]),
            )
            for row in rows
        ],
        header=("ID", "STATE", "ENTRIES", "LAST NEW", "TAGS", "FEED"),
    )


def _read(reader: Callable[[str], _T]) -> Callable[[click.Context, click.Parameter, str | None], _T | None]:
    """Check an option's value as the configuration's are checked."""

    def read(context: click.Context, parameter: click.Parameter, value: str | None) -> _T | None:
        try:
            return None if value is None else reader(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return read


@feeds.command()
@click.argument("url")
@click.option("--name", help="What to call it.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--interval", callback=_read(read_duration), help="How often to ask: 30m, 2h, 1d.")
@click.option(
    "--charset",
    callback=_read(read_charset),
    help="The encoding of its documents, if they declare a wrong one.",
)
@click.option(
    "--kind", type=click.Choice(KINDS), help="What its documents are; `page` reads a web page itself."
)
@click.option("--as-is", is_flag=True, help="Take the address as it is, without asking it first.")
@click.option("--json", "as_json", is_flag=True, help="Print what was added as JSON.")
@pass_context
def add(
    context: Context,
    url: str,
    *,
    name: str | None,
    tags: tuple[str, ...],
    interval: int | None,
    charset: str | None,
    kind: str | None,
    as_is: bool,
    as_json: bool,
) -> None:
    """Follow a feed: its own address, or that of a page that has one."""
    url = _address(url)
    options = ParseOptions(charset=charset, kind=kind)
    found = Found(url=url) if as_is else asyncio.run(_find(context, url, options))
    wanted = Following(url=found.url, name=name, tags=tags, interval_seconds=interval, parse=options)
    with context.writer() as store:
        feed_id = store.follow(wanted, origin="command", now=times.now())
    if as_json:
        others = [redact(other) for other in found.others]
        print_json({"id": feed_id, "url": redact(found.url), "title": found.title, "others": others})
        return
    known = f": {found.title}, {count(found.entries, 'entry')} at present" if found.title else ""
    click.echo(visible(f"following {redact(found.url)} as feed {feed_id}{known}"))
    for other in found.others:
        click.echo(visible(f"the page also names {redact(other)}"))


def _address(text: str) -> str:
    """What a person typed, as an address: a path that exists is a file: source, a bare name is https."""
    if Path(text).is_file():
        return file_address(Path(text))
    has_scheme = "://" in text or text.startswith(("file:", "javascript:", "data:", "mailto:"))
    address = text if has_scheme else f"https://{text}"
    try:
        return read_address(address, folder=Path())
    except ValueError as error:
        raise ConfigError(f"{redact(address)} {error}") from None


async def _find(context: Context, url: str, options: ParseOptions) -> Found:
    async with Fetcher(context.config.fetch) as fetcher:
        with Workers(1) as workers:
            return await Finder(fetcher=fetcher, workers=workers, options=options).find(url)


_names = click.argument("names", metavar="FEED...", nargs=-1, required=True)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print the feeds' numbers as JSON.")


@feeds.command()
@_names
@_as_json
@pass_context
def pause(context: Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """Ask these feeds no more, until they are resumed."""
    with context.writer() as store:
        ids = [store.find_feed(name) for name in names]
        for feed_id in ids:
            store.pause(feed_id)
    _tell(ids, "is paused", as_json=as_json)


@feeds.command()
@_names
@_as_json
@pass_context
def resume(context: Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """Ask paused or removed feeds again."""
    with context.writer() as store:
        ids = [store.find_feed(name) for name in names]
        for feed_id in ids:
            store.resume(feed_id, now=times.now())
    _tell(ids, "is followed again", as_json=as_json)


@feeds.command()
@_names
@_as_json
@pass_context
def remove(context: Context, names: tuple[str, ...], *, as_json: bool) -> None:
    """End the following of these feeds. What was archived stays."""
    configured = {feed.url: feed for feed in context.config.feeds}
    with context.writer() as store:
        wanted = [store.feed(store.find_feed(name)) for name in names]
        for feed in wanted:
            if feed.url in configured:
                raise ConfigError(_still_configured(context, configured[feed.url]))
        for feed in wanted:
            store.pause(feed.id, by="removed")
    _tell([feed.id for feed in wanted], "is no longer followed; what was archived stays", as_json=as_json)


def _tell(ids: list[int], what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"feeds": ids})
        return
    for feed_id in ids:
        click.echo(f"feed {feed_id} {what}")


def _still_configured(context: Context, feed: FeedConfig) -> str:
    where = f"{context.config.path}:{feed.line}"
    return f"{where}: {redact(feed.url)} is listed here; take it out to end the following"


@feeds.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print what was added as JSON.")
@pass_context
def import_(context: Context, file: IO[bytes], *, as_json: bool) -> None:
    """Follow the feeds of an OPML file; its folders become tags."""
    reading = read_opml(file.read())
    with context.writer() as store, context.reader() as reader:
        known = {folded_address(row["url"]) for row in reader.feeds()}
        new = [feed for feed in reading.feeds if folded_address(feed.url) not in known]
        for feed in new:
            wanted = Following(url=feed.url, name=feed.title, tags=feed.tags)
            store.follow(wanted, origin="opml", now=times.now())
    if as_json:
        print_json(
            {
                "added": [redact(feed.url) for feed in new],
                "known": len(reading.feeds) - len(new),
                "problems": list(reading.problems),
            }
        )
        return
    click.echo(f"{count(len(new), 'feed')} added, {len(reading.feeds) - len(new)} known already")
    for problem in reading.problems:
        click.echo(visible(problem), err=True)


@feeds.command()
@click.argument("file", type=click.File("wb"), default="-")
@pass_context
def export(context: Context, file: IO[bytes]) -> None:
    """Write the feeds as OPML 2.0, to a file or to standard output; tags become folders."""
    with context.reader() as reader:
        rows = reader.feeds()
    listed = [
        OpmlFeed(url=row["url"], title=row["name"] or row["title"], tags=tuple(row["tags"])) for row in rows
    ]
    file.write(write_opml(listed, title="Feeds of the archiver", created=times.now()))
