"""What every command starts from: the configuration, and the path of the archive."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # `--help` needs none of these, and waits for none
    from archiver.askers.begun import Begun
    from archiver.config import Config
    from archiver.model import FetchOptions, Headers
    from archiver.store import Following, Reader, Store

DEFAULT_CONFIG = Path("config.yaml")


@dataclass(kw_only=True)
class Context:
    """The options that stand before the command. The configuration is read when first asked for."""

    config_path: Path | None
    archive_path: Path | None
    asker: "Begun | None" = None
    """A process that asks, which was started before all else."""

    @cached_property
    def config(self) -> "Config":
        """The configuration: the named file, or `config.yaml` of this folder, or the defaults."""
        from archiver.config import Config, load

        if self.config_path is None and not DEFAULT_CONFIG.exists():
            return Config.default()
        return load(self.config_path or DEFAULT_CONFIG)

    def read_anew(self) -> "Context":
        """The same options with the configuration as it is now. Raises ConfigError."""
        fresh = Context(config_path=self.config_path, archive_path=self.archive_path)
        if self.config_path is None and self.config.path is not None:
            fresh.config_path = self.config.path  # it was there; that it is gone is a mistake
        assert fresh.config is not None, "reading is the point"
        return fresh

    def begun(self) -> "Begun | None":
        """Hand out the process that asks, once."""
        begun, self.asker = self.asker, None
        return begun

    @property
    def archive(self) -> Path:
        """Where the archive is, or will be."""
        return self.archive_path or self.config.archive

    def reader(self) -> "Reader":
        """Open the archive for reading."""
        from archiver.store import Reader

        return Reader.open(self.archive)

    def writer(self) -> "Store":
        """Open the archive for a short command, maybe beside a running service."""
        from archiver.store import Store

        return Store.open(self.archive, checkpoints=False)

    def following(self) -> "list[Following]":
        """The feeds of the configuration, as the archive wants them."""
        from archiver.store import Following

        return [
            Following(
                url=feed.url,
                name=feed.name,
                tags=feed.tags,
                interval_seconds=feed.interval_seconds,
                parse=feed.parse,
            )
            for feed in self.config.feeds
        ]

    def headers(self) -> "dict[str, Headers]":
        """The header fields that the configuration wants sent, by feed."""
        return {feed.url: feed.headers for feed in self.config.feeds if feed.headers}

    def fetch_options(self) -> "dict[str, FetchOptions]":
        """How the configuration wants feeds asked, by feed, where it says anything of that."""
        from archiver.config import AS_ALL

        different = (feed for feed in self.config.feeds if feed.fetch is not AS_ALL)
        return {feed.url: feed.fetch for feed in different if feed.fetch != AS_ALL}


pass_context = click.make_pass_decorator(Context)
