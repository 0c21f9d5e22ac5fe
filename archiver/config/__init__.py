"""The configuration: reads config.yaml once, at the door, into frozen settings.

An empty value, and a key that is not there, mean the default. `nodes` reads the file; `reading`, `sections`
and `feeds` know its keys; `settings` is what comes of it.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.config.settings import (
    AS_ALL,
    LOGS,
    BackupSettings,
    Config,
    DigestSettings,
    FeedConfig,
    FetchSettings,
    MailSettings,
    MonitorSettings,
    ScheduleSettings,
    ServeSettings,
)

__all__ = [
    "AS_ALL",
    "LOGS",
    "BackupSettings",
    "Config",
    "DigestSettings",
    "FeedConfig",
    "FetchSettings",
    "MailSettings",
    "MonitorSettings",
    "ScheduleSettings",
    "ServeSettings",
    "load",
]


def load(path: Path | None) -> Config:
    """Read a configuration file (YAML 1.1, UTF-8, at most 10 MB); None gives the defaults.

    Paths in it are relative to its folder. Raises ConfigError, also where the file is missing.
    """
    if path is None:
        return Config.default()
    from archiver.config.reading import read  # with YAML: the process that asks reads no file

    with _uncollected():
        return read(path)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spare the collector the growing tree: to walk it again and again is half the time of a long list."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
