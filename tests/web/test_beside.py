"""The pages beside the service: there with it, again after a death, gone with it however it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from archiver.config import ServeSettings
from archiver.web import beside

ROOT = Path(__file__).parents[2]


@contextmanager
def running(folder: Path, serve: str) -> Iterator[subprocess.Popen[str]]:
    """`archiver run` on one document, with this said of `serve`."""
    document = ROOT / "data" / "fixtures" / "004_2f25bf8a67f65852.txt"
    (folder / "config.yaml").write_text(f"archive: a.db\nserve: {serve}\nfeeds:\n  - file:{document}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "archiver", "run", "--log", "json"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told(process: subprocess.Popen[str], words: str) -> str:
    """Read the log up to a message with these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{") and words in (message := json.loads(line)["message"]):
            return str(message)
    raise AssertionError(f"never told: {words}")


def address(process: subprocess.Popen[str]) -> str:
    found = re.search(r"http://\S+", told(process, "pages: the archive is on"))
    assert found
    return found[0]


def children(pid: int) -> dict[int, str]:
    """The processes that a process has begun, with their commands."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = folder.joinpath("stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found[int(folder.name)] = folder.joinpath("cmdline").read_text()
    return found


def pages_of(process: subprocess.Popen[str]) -> int:
    return next(pid for pid, command in children(process.pid).items() if "archiver.web" in command)


def is_gone(pid: int) -> bool:
    """Whether a process has ended; it may take a few seconds, never many."""
    for _ in range(150):
        if not Path(f"/proc/{pid}").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.1)
    return False


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


def test_settings_reach_the_process_as_they_are():
    settings = ServeSettings(host="0.0.0.0", port=7, token="a token of many letters")
    assert beside.from_text(beside.as_text(Path("/x/a.db"), settings)) == (Path("/x/a.db"), settings)


def test_run_serves_the_pages_and_ends_them_with_itself(tmp_path):
    with running(tmp_path, "{port: 0}") as process:
        with urllib.request.urlopen(address(process) + "feeds", timeout=30) as page:
            assert page.status == 200
        pages = pages_of(process)
        process.terminate()
        assert process.wait(timeout=30) == 0
        assert is_gone(pages)


def test_the_token_stands_in_no_list_of_processes(tmp_path):
    with running(tmp_path, "{port: 0, token: 0123456789abcdef-token}") as process:
        address(process)
        pages = pages_of(process)
        assert "0123456789abcdef" not in Path(f"/proc/{pages}/cmdline").read_text()
        assert "0123456789abcdef" not in Path(f"/proc/{pages}/environ").read_text()


@pytest.mark.slow
def test_pages_that_die_are_served_again(tmp_path):
    with running(tmp_path, "{port: 0}") as process:
        address(process)
        os.kill(pages_of(process), signal.SIGKILL)
        told(process, "the process ended with status -9")
        with urllib.request.urlopen(address(process), timeout=30) as page:
            assert page.status == 200


@pytest.mark.slow
def test_pages_end_when_the_service_is_killed(tmp_path):
    with running(tmp_path, "{port: 0}") as process:
        address(process)
        pages = pages_of(process)
        process.kill()
        assert is_gone(pages)


@pytest.mark.slow
def test_a_new_configuration_moves_them(tmp_path):
    with running(tmp_path, "no") as process:
        told(process, "archiving into")
        config = tmp_path / "config.yaml"
        config.write_text(config.read_text().replace("serve: no", "serve: {port: 0}"))
        process.send_signal(signal.SIGHUP)
        pages = address(process) and pages_of(process)
        config.write_text(config.read_text().replace("serve: {port: 0}", "serve: no"))
        process.send_signal(signal.SIGHUP)
        told(process, "the configuration was read anew")
        assert is_gone(pages)


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_and_keeps_nobody_from_fetching(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(tmp_path, f"{{port: {port}}}") as process:
            seen = [told(process, "cannot listen") for _ in range(1)]
            assert f"port {port}" in seen[0]
            process.terminate()
            assert process.wait(timeout=30) == 0
