"""Telling systemd how we are: datagrams on a unix socket, and silence where nobody listens."""

import os
import socket
from collections.abc import Iterator

import pytest

from archiver.notify import notify, reloading, watchdog_seconds


@pytest.fixture
def manager(tmp_path, monkeypatch) -> Iterator[socket.socket]:
    """The socket that systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def test_states_arrive_as_lines_of_one_datagram(manager):
    assert notify("READY=1", "STATUS=going well")
    assert manager.recv(100) == b"READY=1\nSTATUS=going well"


def test_a_reload_says_since_when(manager):
    reloading()
    state, since = manager.recv(100).decode().split("\n")
    assert state == "RELOADING=1"
    assert since.removeprefix("MONOTONIC_USEC=").isdigit()


def test_an_abstract_socket_is_reached_too(monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0archiver-test-" + str(os.getpid()))
        listening.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@archiver-test-" + str(os.getpid()))
        assert notify("READY=1")
        assert listening.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/no/such/socket"])
def test_where_nobody_listens_nothing_happens(monkeypatch, address):
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not notify("READY=1")


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [
        ("120000000", None, 120.0),
        ("0", None, None),
        ("soon", None, None),
        ("", None, None),
        ("1000000", "1", None),
    ],
)
def test_the_watchdogs_patience_is_read_from_the_environment(monkeypatch, usec, pid, seconds):
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid is None:
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert watchdog_seconds() == seconds


def test_a_watchdog_for_this_very_process_is_ours(monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert watchdog_seconds() == 2
