"""The command line as a person uses it: arguments in; exit status, output and messages out."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archiver.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document that it printed."""
        return json.loads(self.out)


@pytest.fixture
def archiver(tmp_path, monkeypatch, capfd) -> Callable[..., Ran]:
    """Run a command in an empty folder of its own, where `data/archive.db` is the archive."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["archiver", *(str(argument) for argument in arguments)])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        return Ran(status=status, out=out, err=err)

    return run


@pytest.fixture
def fixtures() -> Path:
    """The five seed documents."""
    return ROOT / "data" / "fixtures"
