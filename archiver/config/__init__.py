"""The configuration: reads config.yaml once, at the door, into frozen settings.

An empty value, and a key that is not there, mean the default. `nodes` reads the file, `sections` and `feeds`
know its keys, `settings` is what comes of it.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.config import feeds, sections
from archiver.config.nodes import Node, compose
from archiver.config.sections import FETCH_KEYS, SCHEDULE_KEYS, host_problem, token_problem
from archiver.config.settings import (
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
    "FETCH_KEYS",
    "LOGS",
    "SCHEDULE_KEYS",
    "BackupSettings",
    "Config",
    "DigestSettings",
    "FeedConfig",
    "FetchSettings",
    "MailSettings",
    "MonitorSettings",
    "ScheduleSettings",
    "ServeSettings",
    "host_problem",
    "load",
    "token_problem",
]

KEYS = ("archive", "fetch", "schedule", "backup", "digest", "monitor", "serve", "log", "feeds")


def load(path: Path | None) -> Config:
    """Read a configuration file (YAML 1.1, UTF-8, at most 10 MB); None gives the defaults.

    Paths in it are relative to its folder. Raises ConfigError, also where the file is missing.
    """
    if path is None:
        return Config.default()
    with _uncollected():
        return _read(path)


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


def _read(path: Path) -> Config:
    root = compose(path)
    top = Node(str(path), "", root).mapping(*KEYS) if root else {}
    archive = top["archive"].text() if "archive" in top else str(Config().archive)
    return Config(
        path=path,
        archive=path.parent / os.path.expanduser(archive),  # noqa: PTH111 (Path's raises for unknown people)
        fetch=sections.fetch(top.get("fetch")),
        schedule=sections.schedule(top.get("schedule")),
        backup=sections.backup(top.get("backup"), folder=path.parent),
        digest=sections.digest(top.get("digest")),
        monitor=sections.monitor(top.get("monitor")),
        serve=sections.serve(top.get("serve")),
        log=top["log"].one_of(*LOGS) if "log" in top else "auto",
        feeds=feeds.feeds(top["feeds"], folder=path.parent) if "feeds" in top else (),
    )
