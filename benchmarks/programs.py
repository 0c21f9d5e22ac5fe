"""The programs that are measured: how each is set up, run once over all its feeds, and asked what it keeps.

Each runs as its user would run it, a whole process a time, with its own defaults but for what
`docs/benchmarks.md` says.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.website import ROOT

PEERS = Path(__file__).with_name("peers")

_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""As a user has it: with that, a program that pip did not install would be compiled at every start."""


@dataclass(kw_only=True)
class Program:
    """A program with a folder of its own, in which nothing is left from before."""

    name: str
    folder: Path
    said: str = ""
    """The end of what it printed last, for when something is wrong."""
    environment: dict[str, str] = field(default_factory=dict)

    def begin(self, addresses: Sequence[str]) -> None:
        """Forget everything, and follow these feeds."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.follow(addresses)

    def follow(self, addresses: Sequence[str]) -> None:
        """Write down which feeds there are."""
        raise NotImplementedError

    def command(self) -> list[str]:
        """The command that updates all feeds once."""
        raise NotImplementedError

    def kept(self) -> int:
        """How many entries it has."""
        raise NotImplementedError

    def update(self) -> float:
        """Update all feeds once; return how many seconds the whole process took."""
        return self.run(self.command())

    def run(self, command: Sequence[str], *, fine: Sequence[int] = (0, 1)) -> float:
        """Run a command in the program's folder. Exit status 1 means for all of them that feeds failed."""
        output = self.folder / "output"
        with output.open("wb") as file:
            start = time.monotonic()
            done = subprocess.run(
                command, cwd=self.folder, env=_ENVIRONMENT | {"HOME": str(self.folder)} | self.environment,
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
            taken = time.monotonic() - start
        self.said = output.read_text("utf-8", "replace")[-2000:]
        if done.returncode not in fine or "Traceback" in self.said:
            raise SystemExit(f"{self.name} ended with {done.returncode}:\n{self.said}")
        return taken


@dataclass(kw_only=True)
class Archiver(Program):
    """Ourselves: `archiver fetch`, the feeds in config.yaml."""

    archive: Path

    def follow(self, addresses: Sequence[str]) -> None:
        """config.yaml with these feeds."""
        feeds = "".join(f"  - {address}\n" for address in addresses)
        (self.folder / "config.yaml").write_text(
            f"archive: {self.archive}\nfetch:\n  allow_private_networks: yes\nfeeds:\n{feeds}", "utf-8"
        )

    def command(self) -> list[str]:
        """`archiver fetch`."""
        return [*self.start(), "fetch"]

    def start(self) -> list[str]:
        """The beginning of every command."""
        return [sys.executable, "-m", "archiver", "--config", str(self.folder / "config.yaml")]

    def kept(self) -> int:
        """The entries of the archive."""
        return _count(self.archive, "entries")


def archiver(folder: Path, *, name: str = "archiver", archive: Path | None = None) -> Archiver:
    """The archiver of this checkout; its archive may lie elsewhere."""
    home = folder / name
    return Archiver(
        name=name,
        folder=home,
        archive=archive or home / "archive.db",
        # What is unpacked once for each user, as the language model, is no part of what is forgotten.
        environment={"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")},
    )


@dataclass(kw_only=True)
class Reader(Program):
    """The `reader` library from the registry."""

    python: Path
    workers: int

    def follow(self, addresses: Sequence[str]) -> None:
        """Add these feeds to a database."""
        file = self.folder / "addresses"
        file.write_text("\n".join(addresses), "utf-8")
        self.run([*self.command(), str(file)], fine=(0,))

    def command(self) -> list[str]:
        """A script of a few lines, in the environment of `reader`."""
        script = PEERS / "reader_update.py"
        return [str(self.python), str(script), str(self.folder / "reader.db"), str(self.workers)]

    def kept(self) -> int:
        """The entries of the database."""
        return _count(self.folder / "reader.db", "entries")


@dataclass(kw_only=True)
class Newsboat(Program):
    """newsboat from Debian: `newsboat -x reload`."""

    threads: int

    def follow(self, addresses: Sequence[str]) -> None:
        """The file of addresses, and the one setting that is not the default."""
        (self.folder / "urls").write_text("\n".join(addresses) + "\n", "utf-8")
        (self.folder / "config").write_text(f"reload-threads {self.threads}\n", "utf-8")

    def command(self) -> list[str]:
        """`newsboat -x reload`."""
        return ["newsboat", "-u", "urls", "-C", "config", "-c", "cache.db", "-x", "reload"]

    def kept(self) -> int:
        """The items of the cache."""
        return _count(self.folder / "cache.db", "rss_item")


@dataclass(kw_only=True)
class Sfeed(Program):
    """sfeed from Debian: `sfeed_update`, which asks with curl."""

    jobs: int

    def follow(self, addresses: Sequence[str]) -> None:
        """An sfeedrc with these feeds."""
        lines = [f'sfeedpath="{self.folder / "feeds"}"', f"maxjobs={self.jobs}", "feeds() {"]
        lines += [f'\tfeed "feed-{number}" "{one}"' for number, one in enumerate(addresses)]
        (self.folder / "sfeedrc").write_text("\n".join([*lines, "}", ""]), "utf-8")

    def command(self) -> list[str]:
        """`sfeed_update`."""
        return ["sfeed_update", "sfeedrc"]

    def kept(self) -> int:
        """The lines of all feed files."""
        return sum(path.read_bytes().count(b"\n") for path in (self.folder / "feeds").iterdir())


def peers(folder: Path, names: Sequence[str], *, cache: Path, at_a_time: int) -> dict[str, Program | None]:
    """The peers that are here, by name; None for one that is not installed."""
    found: dict[str, Program | None] = dict.fromkeys(names)
    if "reader" in found and (python := _reader_environment(cache)):
        found["reader"] = Reader(name="reader", folder=folder / "reader", python=python, workers=at_a_time)
    if "newsboat" in found and shutil.which("newsboat"):
        found["newsboat"] = Newsboat(name="newsboat", folder=folder / "newsboat", threads=at_a_time)
    if "sfeed" in found and shutil.which("sfeed_update") and shutil.which("curl"):
        found["sfeed"] = Sfeed(name="sfeed", folder=folder / "sfeed", jobs=at_a_time)
    return found


def _reader_environment(cache: Path) -> Path | None:
    """The Python of an environment that has `reader`; made at the first run, which takes a network."""
    home, requirements = cache / "reader", PEERS / "requirements.txt"
    python, mark = home / "bin" / "python", home / "made-of"
    if mark.exists() and mark.read_bytes() == requirements.read_bytes():
        return python
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
    venv = [sys.executable, "-m", "venv", "--clear", str(home)]
    for command in (venv, [str(python), *install, str(requirements)]):
        if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
            return None
    mark.write_bytes(requirements.read_bytes())
    return python


def _count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
