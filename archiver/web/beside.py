"""The pages beside the service: a process of its own, which ends with it, and begins again if it dies.

Whatever a visitor does there cannot hold up a fetch. The settings go to it by its standard input, so that no
token stands in a list of processes; that the input ends tells it to end, however we ended.
"""

import asyncio
import json
import logging
import sys
from contextlib import suppress
from pathlib import Path

from archiver.config import ServeSettings

ENDING_SECONDS = 6.0
"""How long the process may take to end before it is killed."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before a process that died is begun again: twice as long after each death in a row."""

LONG_LIFE = 60.0
"""One that lived for so many seconds did not die in a row with the one before."""

MOST_LINE = 2000

log = logging.getLogger(__name__)


class Beside:
    """Serves the pages where the settings say, if they say so. For the time of an `async with`."""

    def __init__(self, archive: Path, settings: ServeSettings) -> None:
        self._archive = archive
        self._settings = settings
        self._keeping: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Beside":
        self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def move(self, settings: ServeSettings) -> None:
        """Serve as these settings say from now on."""
        if settings != self._settings:
            await self._end()
            self._settings = settings
            self._begin()

    def _begin(self) -> None:
        if self._settings.with_run:
            self._keeping = asyncio.create_task(self._keep(self._settings), name="pages")

    async def _end(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
            self._keeping = None

    async def _keep(self, settings: ServeSettings) -> None:
        """Begin the process, and begin it again, until cancelled."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while True:
            began = loop.time()
            try:
                await self._serve(settings)
            except OSError as error:
                log.error("pages: the process cannot begin: %s", error)
            pause = FIRST_PAUSE if loop.time() - began > LONG_LIFE else min(pause * 2, LONGEST_PAUSE)
            log.warning("pages: they are served again in %d seconds", pause)
            await asyncio.sleep(pause)

    async def _serve(self, settings: ServeSettings) -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "archiver.web",
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for us; it ends when we do
        )
        assert process.stdin is not None
        assert process.stderr is not None
        telling = asyncio.create_task(_tell(process.stderr))
        try:
            with suppress(ConnectionError):
                process.stdin.write(as_text(self._archive, settings))
                await process.stdin.drain()
            status = await process.wait()
            log.error("pages: the process ended with status %d", status)
        finally:
            await asyncio.shield(_ended(process, telling))


async def _ended(process: asyncio.subprocess.Process, telling: "asyncio.Task[None]") -> None:
    """Let the process end in peace, or else at once."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(ENDING_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    telling.cancel()


async def _tell(errors: asyncio.StreamReader) -> None:
    """What the process says goes into our log, line by line."""
    while True:
        try:
            line = await errors.readline()
        except ValueError:  # a line longer than the reader's limit, which has dropped it
            continue
        if not line:
            return
        log.info("pages: %s", line.decode("utf-8", "replace").strip()[:MOST_LINE])


def as_text(archive: Path, settings: ServeSettings) -> bytes:
    """What the process is told, in one line."""
    told = {
        "archive": str(archive.absolute()),
        "host": settings.host,
        "port": settings.port,
        "token": settings.token,
    }
    return json.dumps(told).encode() + b"\n"


def from_text(line: bytes) -> tuple[Path, ServeSettings]:
    """The same on the other side."""
    told = json.loads(line)
    return Path(told["archive"]), ServeSettings(host=told["host"], port=told["port"], token=told["token"])
