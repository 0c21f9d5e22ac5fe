"""What is shipped for running it as a service: units that systemd accepts and rates well, and an image."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from archiver.cli import COMMANDS

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = ("archiver.service", "archiver-backup.service", "archiver-backup.timer")

analyze = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(analyze is None, reason="systemd-analyze is not on this machine")


@needs_systemd
def test_systemd_accepts_every_unit(tmp_path):
    for name in UNITS:  # the program is not where an installed one would be
        text = (DEPLOY / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(
            text.replace("/opt/archiver/.venv/bin/archiver", "/bin/true"), encoding="utf-8"
        )
    verified = subprocess.run(
        [str(analyze), "verify", "--man=no", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize(("name", "most"), [("archiver.service", 1.5), ("archiver-backup.service", 0.5)])
def test_systemd_finds_little_exposed(name, most):
    rated = subprocess.run(
        [str(analyze), "security", "--offline=true", "--no-pager", str(DEPLOY / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", rated.stdout)
    assert exposure, rated.stderr
    assert float(exposure[1]) <= most


@pytest.mark.parametrize("name", ["archiver.service", "archiver-backup.service"])
def test_every_unit_calls_a_command_that_there_is(name):
    [line] = re.findall(r"^ExecStart=(.+)$", (DEPLOY / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert set(line.split()) & set(COMMANDS)


def test_the_service_tells_when_it_is_ready_and_is_watched():
    unit = (DEPLOY / "archiver.service").read_text(encoding="utf-8")
    for line in ("Type=notify", "WatchdogSec=2min", "ExecReload=/bin/kill -HUP $MAINPID"):
        assert f"\n{line}\n" in unit


def recipe() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image_is_built_of_what_there_is_and_runs_as_nobody_special():
    copied = [
        words
        for name, rest in recipe()
        if name == "COPY" and "--from" not in rest
        for words in rest.split()[:-1]
    ]
    assert copied
    assert all((DEPLOY.parent / one).exists() for one in copied)
    instructions = dict(recipe())
    assert instructions["USER"] not in ("root", "0")
    assert instructions["VOLUME"] == "/data"
    assert "/healthz" in instructions["HEALTHCHECK"]
    assert instructions["CMD"] == '["run"]'


def test_no_recipe_names_a_registry():
    assert all("/" not in rest.split()[0] for name, rest in recipe() if name == "FROM")


def test_the_image_is_built_from_all_that_the_package_takes_along():
    project = tomllib.loads((DEPLOY.parent / "pyproject.toml").read_text("utf-8"))
    taken = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    copied = re.findall(r"^COPY (\S+) \S+$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert set(taken) <= set(copied)
