"""`run` as a service: what systemd and programs see of it, and the order to read its configuration anew."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from archiver.cli.engine import AT_ONCE

LOOPBACK = "fetch: {contact: me@ngo.example, allowed_networks: [127.0.0.1], per_host_spacing: 0s}\n"
"""Lets the test's own server be asked, and quickly."""


class Running:
    """The service in a process of its own, in a folder of its own; systemd's socket is in the test's hand."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self.listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.listening.bind(str(folder / "notify"))
        self.listening.settimeout(60)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "archiver", "run", *options],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"NOTIFY_SOCKET": str(folder / "notify")} | environment,
        )
        self.lines: list[dict[str, Any]] = []

    def told(self) -> str:
        """The next state that systemd hears."""
        return self.listening.recv(1000).decode().split("\n")[0]

    def until(self, words: str) -> dict[str, Any]:
        """Read the log up to a line with these words in its message."""
        assert self.process.stderr is not None
        watch = threading.Timer(40, self.process.kill)  # so that a test that fails does not wait for ever
        watch.start()
        try:
            return self._until(words)
        finally:
            watch.cancel()
            watch.join()

    def _until(self, words: str) -> dict[str, Any]:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if not line.startswith("{"):
                self.process.terminate()
                raise AssertionError(line + self.process.stderr.read())
            self.lines.append(json.loads(line))
            if words in self.lines[-1]["message"]:
                return self.lines[-1]
        raise AssertionError(f"the log ended without {words!r}: {self.lines}")

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> int:
        self.process.terminate()
        _, rest = self.process.communicate(timeout=60)
        self.lines += [json.loads(line) for line in rest.splitlines()]
        return self.process.returncode

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.listening.close()


@pytest.fixture
def run(tmp_path) -> Iterator[Callable[..., Running]]:
    started = []

    def start(config: str, *options: str, **environment: str) -> Running:
        (tmp_path / "config.yaml").write_text(config)
        started.append(Running(tmp_path, *options, **environment))
        return started[-1]

    yield start
    for one in started:
        one.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def get(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return str(answer.read().decode())


def test_a_service_tells_systemd_and_programs_how_it_is_from_start_to_end(run, site, rss):
    port = free_port()
    service = run(
        f"monitor: {{port: {port}}}\nfeeds: [{site.serve('/feed?token=hush', rss('a', 'b'))}]\n"
        "schedule: {tick: 1s}\n" + LOOPBACK,
        WATCHDOG_USEC="400000",
    )
    assert service.told() == "READY=1"
    assert service.told() == "WATCHDOG=1"
    update = service.until("2 new of 2 entries")
    assert (update["event"], update["outcome"], update["entries_new"]) == ("update", "new", 2)
    assert update["url"].endswith("/feed?token=…")
    assert json.loads(get(port, "/healthz"))["status"] == "ok"
    assert 'archiver_fetches_total{error_kind="",outcome="new"} 1.0' in get(port, "/metrics")
    assert service.stop() == 0
    assert service.lines[-1]["message"] == "stopped: 1 update, 2 new entries"


def test_a_very_long_list_is_added_while_its_first_feeds_are_asked(run, site, rss):
    first = site.serve("/feed", rss("a"))
    others = "".join(f", 'file:{number}.xml'" for number in range(AT_ONCE))
    service = run(f"schedule: {{tick: 1s}}\nlog: json\n{LOOPBACK}feeds: [{first}{others}]\n")
    service.until(f"added {AT_ONCE:,} feeds as the configuration says")
    service.until("added 1 feed, the rest of the list")
    assert service.stop() == 0


def test_at_sighup_feeds_log_and_monitor_are_those_of_the_new_configuration(run, site, rss, tmp_path):
    first, second = free_port(), free_port()
    one, other = site.serve("/one", rss("a")), site.serve("/other", rss("b", title="Other"))
    head = "schedule: {tick: 1s}\nlog: json\n" + LOOPBACK
    service = run(f"{head}monitor: {{port: {first}}}\nfeeds: [{one}]\n")
    service.until("1 new of 1 entry")
    assert service.told() == "READY=1"
    (tmp_path / "config.yaml").write_text(f"{head}monitor: {{port: {second}}}\nfeeds: [{one}, {other}]\n")
    service.reload()
    assert service.told() == "RELOADING=1"
    assert service.told() == "READY=1"
    service.until("added 1 feed as the configuration says")
    service.until("/other: 1 new of 1 entry")
    assert "archiver_feeds" in get(second, "/metrics")
    with pytest.raises(urllib.error.URLError):
        get(first, "/metrics")
    assert service.stop() == 0
    assert service.lines[-1]["message"] == "stopped: 2 updates, 2 new entries"


def test_a_monitor_that_cannot_move_stays_where_it_was_and_moves_when_it_can(run, tmp_path):
    first, second = free_port(), free_port()
    service = run(f"monitor: {{port: {first}}}\nfeeds: []\n")
    assert service.told() == "READY=1"
    (tmp_path / "config.yaml").write_text(f"monitor: {{port: {second}}}\nfeeds: []\n")
    with socket.create_server(("127.0.0.1", second)):
        service.reload()
        service.until(f"monitor: cannot listen on 127.0.0.1 port {second}")
        assert "archiver_feeds" in get(first, "/metrics")
    assert [service.told(), service.told()] == ["RELOADING=1", "READY=1"]
    service.reload()
    assert [service.told(), service.told()] == ["RELOADING=1", "READY=1"]
    service.until(f"/metrics and /healthz on http://127.0.0.1:{second}")
    assert "archiver_feeds" in get(second, "/metrics")
    assert service.stop() == 0


def test_a_wrong_configuration_is_refused_in_a_sentence_and_the_old_one_goes_on(run, site, rss, tmp_path):
    service = run(f"{LOOPBACK}schedule: {{tick: 1s}}\nfeeds: [{site.serve('/one', rss('a'))}]\n")
    assert service.told() == "READY=1"
    (tmp_path / "config.yaml").write_text("feedz: []\n")
    service.reload()
    refused = service.until("refused")
    assert refused["level"] == "error"
    assert refused["message"].endswith(': config.yaml:1: "feedz" is not a known key; did you mean feeds?')
    assert [service.told(), service.told()] == ["RELOADING=1", "READY=1"]
    service.until("1 new of 1 entry")
    assert service.stop() == 0


def test_the_archive_stays_where_it_is_and_the_log_says_so(run, tmp_path):
    service = run("feeds: []\n")
    assert service.told() == "READY=1"
    (tmp_path / "config.yaml").write_text("archive: elsewhere.db\nfeeds: []\n")
    service.reload()
    service.until("the archive stays data/archive.db until the archiver is started again")
    assert [service.told(), service.told()] == ["RELOADING=1", "READY=1"]
    assert service.stop() == 0
    assert not (tmp_path / "elsewhere.db").exists()


def test_an_order_to_stop_while_it_reads_its_configuration_is_obeyed(run):
    service = run("feeds: []\n")
    assert service.told() == "READY=1"
    service.reload()
    assert service.stop() == 0
    assert service.lines[-1]["message"].startswith("stopped: ")


def test_configured_secrets_stand_in_no_line_of_the_log(run, site, tmp_path):
    url = site.serve("/feed", b"no feed")
    service = run(
        f"{LOOPBACK}digest: {{webhook: 'http://127.0.0.1:9/hook/SEKRIT-HOOK'}}\nschedule: {{tick: 1s}}\n"
        f"feeds:\n  - url: {url}\n    headers: {{Authorization: Bearer SEKRIT-KEY}}\n"
    )
    service.until("error ")
    assert service.stop() == 0
    assert "SEKRIT" not in json.dumps(service.lines)


def test_a_taken_port_is_told_in_one_sentence_before_anything_is_asked(run, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        service = run(f"monitor: {{port: {taken.getsockname()[1]}}}\n")
        _, told = service.process.communicate(timeout=60)
    assert service.process.returncode == 2
    assert told.splitlines()[-1].startswith("archiver: monitor: cannot listen on 127.0.0.1 port ")


def test_the_log_of_a_run_by_hand_is_what_the_command_line_wants(archiver, site, rss, tmp_path):
    (tmp_path / "config.yaml").write_text(f"{LOOPBACK}feeds: [{site.serve('/one', rss('a'))}]\nlog: json\n")
    ran = archiver("run", "--once", "--log", "text")
    assert "/one: 1 new of 1 entry" in ran.err
    assert not ran.err.startswith("{")
