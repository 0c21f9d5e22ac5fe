"""What every command that archives has open: the archive's writer, the network, the workers."""

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import click

from archiver import times
from archiver.askers.askers import Askers
from archiver.cli.context import Context
from archiver.cli.printing import count, print_json
from archiver.clock import Clock
from archiver.errors import ArchiverError
from archiver.manners import Turns
from archiver.pipeline import Pipeline, Updated
from archiver.service import Service, Tally
from archiver.turns import TakingTurns
from archiver.unwritten import HOLD_SECONDS
from archiver.workers import Workers
from archiver.writer import Writer

if TYPE_CHECKING:
    from archiver.store import Following, Store, Synced
    from archiver.telling import Telling
    from archiver.upkeep import Upkeep

_log = logging.getLogger("archiver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Everything that archiving needs, open."""

    writer: Writer
    askers: Askers
    pipeline: Pipeline
    turns: TakingTurns
    context: Context

    def service(
        self,
        report: Callable[[Updated], None],
        *,
        requests_per_second: float | None = None,
        telling: "Telling | None" = None,
    ) -> Service:
        """Make the service; without a number of requests it spreads none, since somebody waits.

        With somebody to tell of it, it looks after the archive too.
        """
        return Service(
            pipeline=self.pipeline,
            writer=self.writer,
            turns=self.turns,
            concurrency=self.context.config.fetch.concurrency,
            requests_per_second=requests_per_second,
            report=report,
            upkeep=None if telling is None else self._upkeep(telling),
        )

    def _upkeep(self, telling: "Telling") -> "Upkeep":
        from archiver.upkeep import (
            Upkeep,
        )  # with all that checks and copies archives: commands need none of it

        return Upkeep(
            archive=self.context.archive,
            writer=self.writer,
            backups=self.context.config.backup,
            clock=times.now,
            telling=telling,
        )


_GARBAGE = 5_000
"""So many objects are new before those in circles are looked for: an update makes hundreds."""


@asynccontextmanager
async def engine(context: Context) -> AsyncIterator[Engine]:
    """Open the archive, the network and the workers."""
    gc.freeze()  # what was loaded stays: to look through it for garbage again and again takes a tenth of all
    gc.set_threshold(_GARBAGE)
    config = context.config
    turns = TakingTurns(Turns(spacing=config.fetch.per_host_spacing), Clock(now=times.now))
    askers = Askers(config.fetch, turns=turns, begun=context.begun())
    async with askers, Writer(context.archive) as writer:
        with Workers() as workers:
            yield Engine(
                context=context,
                writer=writer,
                askers=askers,
                turns=turns,
                pipeline=Pipeline(
                    writer=writer,
                    fetcher=askers,
                    workers=workers,
                    schedule=config.schedule,
                    headers=context.headers(),
                    options=context.fetch_options(),
                    clock=times.now,
                ),
            )


AT_ONCE = 5_000
"""So many new feeds are added in one transaction of the service, so that no update waits long for it."""


async def sync(engine: Engine, *, pausing: bool, at_most: int | None = None) -> "Sequence[Following]":
    """Let the configuration's feeds meet the archive's. Where there is none, it says nothing of any feed.

    Return those for `add_waiting`, where there are more new ones than `at_most`.
    """
    if engine.context.config.path is None:
        return ()
    wanted = engine.context.following()
    synced = await engine.writer.run(
        lambda store: store.sync(wanted, now=times.now(), pausing=pausing, at_most=at_most)
    )
    for verb, urls in (("added", synced.added), ("resumed", synced.resumed), ("paused", synced.paused)):
        if urls:
            _log.info("%s %s as the configuration says", verb, count(len(urls), "feed"))
    return synced.waiting


async def add_waiting(engine: Engine, waiting: "Sequence[Following]") -> None:
    """Add the rest of a long list, a part in each transaction, while the first of it are asked already.

    Whoever is stopped before the end adds the others when the configuration is next met.
    """
    if not waiting:
        return
    added = 0
    while part := waiting[:AT_ONCE]:
        try:
            synced = await engine.writer.run(partial(_add, part))
        except ArchiverError as error:
            _log.error("%s could not be added yet: %s", count(len(waiting), "feed"), error)
            await asyncio.sleep(HOLD_SECONDS)
            continue
        waiting = waiting[len(part) :]
        added += len(synced.added)
    _log.info("added %s, the rest of the list", count(added, "feed"))


def _add(part: "Sequence[Following]", store: "Store") -> "Synced":
    return store.sync(part, now=times.now(), pausing=False)


def finish(tally: Tally, *, as_json: bool) -> None:
    """Print what a run came to, and say by the exit status whether feeds failed, or were not asked."""
    if as_json:
        summary = {"feeds": tally.feeds, "new": tally.new, "revised": tally.revised, "failed": tally.failed}
        print_json(summary | ({"skipped": tally.skipped} if tally.skipped else {}))
    else:
        failed = f", {tally.failed} failed" if tally.failed else ""
        failed += f", {tally.skipped} not asked" if tally.skipped else ""
        click.echo(
            f"{count(tally.feeds, 'feed')}: {count(tally.new, 'new entry')},"
            f" {count(tally.revised, 'revision')}{failed}"
        )
    sys.exit(1 if tally.failed or tally.skipped else 0)
