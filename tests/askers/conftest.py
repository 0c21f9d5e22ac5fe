"""Askers with hosts under the test's hand."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archiver.askers.askers import Askers
from archiver.config import FetchSettings
from archiver.errors import HostHeld

SETTINGS = FetchSettings(allowed_networks=("127.0.0.1", "localhost"), total_timeout=20, per_host_spacing=0)


class Turns:
    """Writes down whose turn began and ended; lets hosts wait, and holds those that are named."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.held: set[str] = set()
        self.closed: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """As `TakingTurns.turn`."""
        if host in self.held:
            raise HostHeld(host, datetime(2026, 3, 1, tzinfo=UTC), "it asked for that")
        if host in self.closed:
            self.taken.append(f"{host} waits")
            await self.closed[host].wait()
        self.taken.append(f"{host} begins")
        try:
            yield
        finally:
            self.taken.append(f"{host} ends")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def settings() -> FetchSettings:
    return SETTINGS


@pytest.fixture
async def asking(turns: Turns) -> AsyncIterator[Callable[..., Askers]]:
    """Makes Askers, and closes them."""
    made: list[Askers] = []

    def make(settings: FetchSettings = SETTINGS, **more: Any) -> Askers:
        made.append(Askers(settings, turns=turns, **more))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


@pytest.fixture
def askers(asking: Callable[..., Askers]) -> Askers:
    """Askers that behave as in the service."""
    return asking()


@pytest.fixture
def odd(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Makes Fetchers with faults of our own, in a module that the other process finds where we do."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    return importlib.import_module("asking_there").odd
