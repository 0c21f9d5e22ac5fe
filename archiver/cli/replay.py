"""The command that archives documents from files: `replay`."""

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from archiver import times
from archiver.cli.context import Context, pass_context
from archiver.cli.engine import engine
from archiver.cli.printing import count, print_json, progress, update_line
from archiver.errors import ConfigError
from archiver.replay import Replayed, documents, replay_all, warcs
from archiver.store import ArchiveLock
from archiver.visible import visible


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
        async with engine(context) as archiving:
            with progress(len(found), quiet=quiet) as step:
                return await replay_all(
                    archiving.pipeline,
                    archiving.writer,
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
