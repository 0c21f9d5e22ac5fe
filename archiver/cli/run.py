"""`run`: the service, until it is told to stop; SIGHUP lets it read its configuration anew."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import click

from archiver import times, versions
from archiver.cli.context import Context, pass_context
from archiver.cli.engine import AT_ONCE, add_waiting, engine, finish, sync
from archiver.cli.printing import count, update_line
from archiver.config import LOGS, MonitorSettings
from archiver.errors import ArchiverError, ConfigError
from archiver.logs import Log, logging_to_stderr, update_fields
from archiver.metrics import Metrics
from archiver.monitor import Monitor
from archiver.notify import notify, reloading
from archiver.pipeline import Updated
from archiver.service import Service, Tally
from archiver.store import ArchiveLock
from archiver.store.connect import sqlite_warning
from archiver.telling import Telling
from archiver.vitals import Vitals, keep_watchdog_quiet
from archiver.web.beside import Beside

_log = logging.getLogger("archiver")


@click.command(short_help="Run the service: fetch every feed when it is due.")
@click.option("--once", is_flag=True, help="Update everything that is due, then exit.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the summary as JSON.")
@click.option("--log", "style", type=click.Choice(LOGS), help="How to write the log. [default: auto]")
@pass_context
def run(context: Context, *, once: bool, as_json: bool, style: str | None) -> None:
    """Run the service: fetch every feed when it is due, until Ctrl-C or SIGTERM.

    At SIGHUP it reads its configuration anew; one with a mistake is refused, and the old one goes on.
    """
    if as_json and not once:
        raise ConfigError("--json goes with --once; the service itself tells one line an event")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the service listens itself
    with (
        logging_to_stderr(style or context.config.log, context.config.secrets) as log,
        ArchiveLock(context.archive, doing="run --once" if once else "run", now=times.now()),
    ):
        if once:
            finish(asyncio.run(_run_once(context)), as_json=as_json)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what is about to be read needs not be read again
        asyncio.run(_Serving(context=context, log=log, style=style).run())


def _tell(updated: Updated) -> None:
    _log.info("%s", update_line(updated), extra={"fields": update_fields(updated)})


async def _run_once(context: Context) -> Tally:
    async with engine(context) as archiving:
        await sync(archiving, pausing=True)
        service = archiving.service(_tell)
        service.stop_on_signals()
        await service.run_once()
        return service.tally


@dataclass(slots=True, kw_only=True)
class _Serving:
    """The process as a service: one engine after the other, each with its configuration."""

    context: Context
    log: Log
    style: str | None
    """How the command line wants the log; it has the last word."""
    metrics: Metrics = field(default_factory=Metrics)
    vitals: Vitals = field(default_factory=Vitals)
    service: Service | None = None
    following: Context | None = None
    """What to go on with, when the engine that runs has stopped."""
    watchdog: asyncio.Task[None] | None = None
    """Begins when the service has begun."""
    stopping: bool = False
    reading: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until the order to stop comes."""
        self._listen()
        tally = Tally()
        try:
            async with (
                _Door(self.context, metrics=self.metrics, vitals=self.vitals) as door,
                Beside(self.context.archive, self.context.config.serve) as pages,
            ):
                while not self.stopping:
                    await self._serve(tally)
                    if self.following is not None:
                        self.context, self.following = self.following, None
                        self.log.use(self.style or self.context.config.log, self.context.config.secrets)
                        await door.move(self.context)
                        await pages.move(self.context.config.serve)
        finally:
            notify("STOPPING=1")
            for task in (self.watchdog, self.reading):
                if task is not None:
                    task.cancel()
        _log.info("stopped: %s, %s", count(tally.feeds, "update"), count(tally.new, "new entry"))

    async def _serve(self, tally: Tally) -> None:
        """Run one engine until it is told to stop, or another configuration waits."""
        config = self.context.config
        async with engine(self.context) as archiving:
            telling = Telling(
                archive=self.context.archive,
                writer=archiving.writer,
                settings=config.digest,
                clock=times.now,
            )
            await telling.begin()
            waiting = await sync(archiving, pausing=True, at_most=AT_ONCE)
            service = archiving.service(
                self._report, requests_per_second=config.fetch.requests_per_second, telling=telling
            )
            service.tally = tally
            self.service = service
            self.vitals.watch(
                service.pulse,
                archiving.writer,
                tick_seconds=config.schedule.tick_seconds,
                answer=archiving.askers.answer,
            )
            self._say_hello()
            adding = asyncio.create_task(add_waiting(archiving, waiting))
            adding.add_done_callback(_has_added)
            try:
                if self.stopping or self.following is not None:
                    service.stop()  # the order came while we were opening
                await service.run(tick_seconds=config.schedule.tick_seconds)
            finally:
                self.service = None
                self.vitals.leave()
                adding.cancel()  # the part under way is written to its end
                await asyncio.wait((adding,))

    def _report(self, updated: Updated) -> None:
        self.metrics.count(updated)
        _tell(updated)

    def _say_hello(self) -> None:
        if self.watchdog is None:
            if self.context.config.fetch.contact is None:
                _log.warning("publishers cannot reach you: set fetch.contact in the configuration")
            for warning in (sqlite_warning(), *(one.warning for one in versions.libraries())):
                if warning:
                    _log.warning("%s", warning)
            _log.info("archiving into %s; stop with Ctrl-C", self.context.archive)
        notify("READY=1", f"STATUS=archiving into {self.context.archive}")
        if self.watchdog is None:
            self.watchdog = asyncio.create_task(keep_watchdog_quiet(self.vitals))

    # ------------------------------------------------------------ signals

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up, sys.stderr.isatty())

    def _stop(self, number: signal.Signals) -> None:
        if number is signal.SIGINT:  # a second Ctrl-C is the impatient kind and ends the process
            asyncio.get_running_loop().remove_signal_handler(number)
        if not self.stopping:
            _log.info("%s: finishing what is under way", number.name)
            self.stopping = True
            if self.service is not None:
                self.service.stop()

    def _hang_up(self, had_terminal: bool) -> None:
        """Read the configuration anew; or stop, if what was hung up is the terminal that we ran in."""
        if had_terminal and not os.isatty(sys.stderr.fileno()):
            self._stop(signal.SIGHUP)
        elif self.reading is None and not self.stopping:
            self.reading = asyncio.create_task(self._reload())
            self.reading.add_done_callback(self._has_read)

    def _has_read(self, task: "asyncio.Task[None]") -> None:
        self.reading = None
        if not task.cancelled() and (bug := task.exception()) is not None:
            _log.error("the configuration was not read, by our own fault", exc_info=bug)

    async def _reload(self) -> None:
        reloading()
        try:
            found = await asyncio.to_thread(self.context.read_anew)
        except ArchiverError as error:
            _log.error("the new configuration is refused, the old one goes on: %s", error)
            notify("READY=1")
            return
        if found.archive.absolute() != self.context.archive.absolute():
            _log.warning("the archive stays %s until the archiver is started again", self.context.archive)
            found.archive_path = self.context.archive
        _log.info("the configuration was read anew: %s", count(len(found.config.feeds), "feed"))
        self.following = found
        if self.service is not None:
            self.service.stop()


def _has_added(adding: "asyncio.Task[None]") -> None:
    if not adding.cancelled() and (bug := adding.exception()) is not None:
        _log.error("the feeds of the configuration were not all added, by our own fault", exc_info=bug)


class _Door:
    """Where the monitor is served, if it is; moves where a new configuration wants it."""

    def __init__(self, context: Context, *, metrics: Metrics, vitals: Vitals) -> None:
        self._archive = context.archive
        self._settings = context.config.monitor
        self._metrics = metrics
        self._vitals = vitals
        self._open = AsyncExitStack()

    async def __aenter__(self) -> "_Door":
        await self._listen(self._settings)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def move(self, context: Context) -> None:
        """Listen where this configuration says. Where that cannot be, it is said, and the old place stays."""
        wanted = context.config.monitor
        if wanted == self._settings:
            return
        old, self._open = self._open, AsyncExitStack()
        if wanted.port == self._settings.port:  # nobody listens there twice, whatever the host
            await old.aclose()
        try:
            await self._listen(wanted)
        except ConfigError as error:
            self._open = old
            _log.error("%s", error)
        else:
            await old.aclose()

    async def _listen(self, settings: MonitorSettings) -> None:
        if settings.port is None:
            self._settings = settings
            return
        monitor = Monitor(
            settings,
            archive=self._archive,
            metrics=self._metrics,
            vitals=self._vitals,
            clock=times.now,
        )
        await self._open.enter_async_context(monitor)
        self._settings = settings
        _log.info("/metrics and /healthz on http://%s:%d", settings.host, monitor.port)
