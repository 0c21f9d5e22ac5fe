"""Commands that archive: `run`, `fetch`, `replay`."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, print_json, progress, update_line, visible
from archiver.errors import ConfigError
from archiver.fetch import Fetcher
from archiver.model import FeedForUpdate
from archiver.pipeline import Pipeline, Updated
from archiver.replay import Replayed, documents, replay_all, warcs
from archiver.service import Service, Tally
from archiver.store import ArchiveLock
from archiver.store.connect import sqlite_warning
from archiver.upkeep import Upkeep
from archiver.workers import Workers
from archiver.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    """Everything that archiving needs, open."""

    writer: Writer
    pipeline: Pipeline
    context: Context

    def service(self, report: Callable[[Updated], None]) -> Service:
        return Service(
            pipeline=self.pipeline,
            writer=self.writer,
            concurrency=self.context.config.fetch.concurrency,
            clock=times.now,
            report=report,
            upkeep=Upkeep(
                archive=self.context.archive,
                writer=self.writer,
                backups=self.context.config.backup,
                clock=times.now,
            ),
        )


@asynccontextmanager
async def _engine(context: Context) -> AsyncIterator[_Engine]:
    """Open the archive, the network and the workers."""
    config = context.config
    async with Writer(context.archive) as writer, Fetcher(config.fetch) as fetcher:
        with Workers() as workers:
            yield _Engine(
                context=context,
                writer=writer,
                pipeline=Pipeline(
                    writer=writer,
                    fetcher=fetcher,
                    workers=workers,
                    schedule=config.schedule,
                    headers=context.headers(),
                    clock=times.now,
                ),
            )


async def _sync(engine: _Engine, *, pausing: bool) -> None:
    """Let the configuration's feeds meet the archive's. Where there is none, it says nothing of any feed."""
    if engine.context.config.path is None:
        return
    wanted = engine.context.following()
    synced = await engine.writer.run(lambda store: store.sync(wanted, now=times.now(), pausing=pausing))
    for verb, urls in (("added", synced.added), ("resumed", synced.resumed), ("paused", synced.paused)):
        if urls:
            _log.info("%s %s as the configuration says", verb, count(len(urls), "feed"))


_log = logging.getLogger("archiver")


class _LineFormatter(logging.Formatter):
    """`2026-03-01T12:30:05Z  new           Example: 3 new of 10 entries`."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{times.to_text(datetime.fromtimestamp(record.created, UTC))}  {visible(record.getMessage())}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


def _log_lines() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_LineFormatter())
    logging.getLogger("archiver").addHandler(handler)
    logging.getLogger("archiver").setLevel(logging.INFO)
    logging.getLogger("apscheduler").addHandler(handler)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def _tell(updated: Updated) -> None:
    _log.info("%s", update_line(updated))


def _finish(tally: Tally, *, as_json: bool) -> None:
    """Print what a run came to, and say by the exit status whether feeds failed."""
    if as_json:
        print_json({"feeds": tally.feeds, "new": tally.new, "revised": tally.revised, "failed": tally.failed})
    else:
        failed = f", {tally.failed} failed" if tally.failed else ""
        click.echo(
            f"{count(tally.feeds, 'feed')}: {count(tally.new, 'new entry')},"
            f" {count(tally.revised, 'revision')}{failed}"
        )
    sys.exit(1 if tally.failed else 0)


@click.command(short_help="Run the service: fetch every feed when it is due.")
@click.option("--once", is_flag=True, help="Update everything that is due, then exit.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the summary as JSON.")
@pass_context
def run(context: Context, *, once: bool, as_json: bool) -> None:
    """Run the service: fetch every feed when it is due, until Ctrl-C or SIGTERM."""
    if as_json and not once:
        raise ConfigError("--json goes with --once; the service itself tells one line an event")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the service listens itself
    _log_lines()
    with ArchiveLock(context.archive, doing="run --once" if once else "run", now=times.now()):
        if once:
            _finish(asyncio.run(_run_once(context)), as_json=as_json)
        asyncio.run(_serve(context))


async def _serve(context: Context) -> None:
    async with _engine(context) as engine:
        await _sync(engine, pausing=True)
        service = engine.service(_tell)
        service.stop_on_signals()
        if context.config.fetch.contact is None:
            _log.warning("publishers cannot reach you: set fetch.contact in the configuration")
        if warning := sqlite_warning():
            _log.warning("%s", warning)
        _log.info("archiving into %s; stop with Ctrl-C", context.archive)
        await service.run(tick_seconds=context.config.schedule.tick_seconds)
        tally = service.tally
    _log.info("stopped: %s, %s", count(tally.feeds, "update"), count(tally.new, "new entry"))


async def _run_once(context: Context) -> Tally:
    async with _engine(context) as engine:
        await _sync(engine, pausing=True)
        service = engine.service(_tell)
        service.stop_on_signals()
        await service.run_once()
        return service.tally


@click.command(short_help="Fetch feeds now, due or not.")
@click.argument("feeds", metavar="[FEED]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@pass_context
def fetch(context: Context, feeds: tuple[str, ...], *, as_json: bool) -> None:
    """Fetch feeds now, due or not: all that are followed, or those named by number, address or name."""
    _check_names(context, feeds)
    with ArchiveLock(context.archive, doing="fetch", now=times.now()):
        tally = asyncio.run(_fetch(context, feeds, quiet=as_json))
    _finish(tally, as_json=as_json)


def _check_names(context: Context, names: tuple[str, ...]) -> None:
    """Raise before anything is touched, if a name means no feed of the configuration or the archive."""
    configured = {name for feed in context.config.feeds for name in (feed.url, feed.name)}
    if unknown := [name for name in names if name not in configured]:
        with context.reader() as reader:
            for name in unknown:
                reader.find_feed(name)


async def _fetch(context: Context, names: tuple[str, ...], *, quiet: bool) -> Tally:
    async with _engine(context) as engine:
        await _sync(engine, pausing=False)
        wanted = await engine.writer.run(
            lambda store: (
                tuple(store.feed(store.find_feed(name)) for name in names) if names else store.followed()
            )
        )
        with progress(len(wanted), quiet=quiet) as step:
            service = engine.service(lambda updated: step(update_line(updated)))
            service.stop_on_signals()
            await service.update(_each_once(wanted))
        return service.tally


def _each_once(feeds: tuple[FeedForUpdate, ...]) -> tuple[FeedForUpdate, ...]:
    return tuple({feed.id: feed for feed in feeds}.values())


def _time(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is not a time; write 2026-03-01 or 2026-03-01T12:00:00Z"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


@click.command(short_help="Archive documents from files.")
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True)
)
@click.option("--url", help="Where the document came from; for a single file.")
@click.option("--at", callback=_time, metavar="TIME", help="When it came, in UTC. [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@pass_context
def replay(
    context: Context, paths: tuple[Path, ...], *, url: str | None, at: datetime | None, as_json: bool
) -> None:
    """Archive documents from files as if they had been fetched: feeds, text exports, saved pages, WARC files.

    A folder means every file in it. Each file is a feed of its own, known by its file: address; the same
    file replayed later, changed, is the next fetch of that feed. A WARC file, whoever wrote it, holds answers
    of many feeds; each is archived under its own address, and at its own time.
    """
    found = documents(paths, url=url)
    if not found:
        raise ConfigError(f"{paths[0]}: no file to replay")
    if at is not None and (packed := warcs([path for path, _ in found])):
        raise ConfigError(f"--at is not for {packed[0]}: a WARC file says itself when each document came")
    with ArchiveLock(context.archive, doing="replay", now=times.now()):
        replayed = asyncio.run(_replay(context, found, at=at, quiet=as_json))
    if as_json:
        print_json(_summary(replayed))
    else:
        click.echo(
            f"{count(replayed.feeds, 'feed')}, {count(replayed.entries, 'entry')}"
            f" ({replayed.new} new, {replayed.revised} revised), {count(replayed.posts, 'post')}"
            + (f"; {count(replayed.skipped, 'record')} skipped" if replayed.skipped else "")
        )
        for failure in replayed.errors:
            click.echo(visible(f"{failure.path}: {failure.error}"), err=True)
    sys.exit(1 if replayed.errors else 0)


async def _replay(
    context: Context, found: tuple[tuple[Path, str], ...], *, at: datetime | None, quiet: bool
) -> Replayed:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        async with _engine(context) as engine:
            with progress(len(found), quiet=quiet) as step:
                return await replay_all(
                    engine.pipeline,
                    engine.writer,
                    found,
                    at=at,
                    max_bytes=context.config.fetch.max_body_bytes,
                    report=lambda updated: step(update_line(updated)),
                )
    except asyncio.CancelledError:
        click.echo("stopped; what was replayed until now is archived", err=True)
        sys.exit(130)


def _summary(replayed: Replayed) -> dict[str, Any]:
    return {
        "feeds": replayed.feeds,
        "entries": replayed.entries,
        "new": replayed.new,
        "revised": replayed.revised,
        "posts": replayed.posts,
        "errors": [{"path": str(f.path), "kind": f.kind, "error": f.error} for f in replayed.errors],
    } | ({} if replayed.skipped is None else {"skipped": replayed.skipped})
