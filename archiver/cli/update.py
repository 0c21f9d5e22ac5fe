"""The command that asks feeds by hand: `fetch`."""

import asyncio

import click

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.engine import engine, finish, sync
from archiver.cli.printing import progress, update_line
from archiver.model import FeedForUpdate
from archiver.service import Tally
from archiver.store import ArchiveLock


@click.command(short_help="Fetch feeds now, due or not.")
@click.argument("feeds", metavar="[FEED]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@pass_context
def fetch(context: Context, feeds: tuple[str, ...], *, as_json: bool) -> None:
    """Fetch feeds now, due or not: all that are followed, or those named by number, address or name."""
    _check_names(context, feeds)
    with ArchiveLock(context.archive, doing="fetch", now=times.now()):
        tally = asyncio.run(_fetch(context, feeds, quiet=as_json))
    finish(tally, as_json=as_json)


def _check_names(context: Context, names: tuple[str, ...]) -> None:
    """Raise before anything is touched, if a name means no feed of the configuration or the archive."""
    configured = {name for feed in context.config.feeds for name in (feed.url, feed.name)}
    if unknown := [name for name in names if name not in configured]:
        with context.reader() as reader:
            for name in unknown:
                reader.find_feed(name)


async def _fetch(context: Context, names: tuple[str, ...], *, quiet: bool) -> Tally:
    async with engine(context) as archiving:
        await sync(archiving, pausing=False)
        wanted = await archiving.writer.run(
            lambda store: (
                tuple(_turn(store.feed(store.find_feed(name))) for name in names)
                if names
                else store.followed()
            )
        )
        with progress(len(wanted), quiet=quiet) as step:
            service = archiving.service(lambda updated: step(update_line(updated)))
            service.stop_on_signals()
            await service.update(dict(wanted).items())
        return service.tally


def _turn(feed: FeedForUpdate) -> tuple[int, str]:
    return feed.id, feed.host
