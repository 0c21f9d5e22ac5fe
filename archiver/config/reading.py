"""The configuration file as a whole: its top level, and where each part of it goes."""

import os
from pathlib import Path

from archiver.config import feeds, sections
from archiver.config.nodes import Node, compose
from archiver.config.settings import LOGS, Config

KEYS = ("archive", "fetch", "schedule", "backup", "digest", "monitor", "serve", "log", "feeds")


def read(path: Path) -> Config:
    """What stands in a file. Raises ConfigError."""
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
