"""The list of commands, and what a command is spared that has no use for it."""

import subprocess
import sys

import click
import pytest

from archiver.cli import COMMANDS, IN_A_WORD, Commands, cli


def modules_after(*arguments: str) -> set[str]:
    """What has been loaded when a command has run."""
    code = (
        "import sys\n"
        "from archiver.cli import cli\n"
        "cli.main(standalone_mode=False)\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_each_command_what_that_says_of_itself(name):
    command = Commands.get_command(cli, click.Context(cli, resilient_parsing=True), name)
    assert command.short_help == IN_A_WORD[name]


def test_the_list_loads_none_of_the_commands():
    loaded = modules_after("--help")
    assert "archiver.cli" in loaded
    assert not {"yaml", "sqlite3", "asyncio", "archiver.cli.run"} & loaded


def test_a_fetch_does_not_load_what_only_the_process_that_asks_needs(tmp_path):
    (tmp_path / "config.yaml").write_text("feeds: []\n")
    arguments = (
        "--config",
        str(tmp_path / "config.yaml"),
        "--archive",
        str(tmp_path / "a.db"),
        "fetch",
        "--json",
    )
    code = (
        "import sys\nfrom archiver.cli import main\n"
        "try:\n    main()\nfinally:\n    print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert "archiver.pipeline" in done.stdout.split()
    assert not {"httpx", "httptools", "smtplib", "archiver.fetch"} & set(done.stdout.split())
