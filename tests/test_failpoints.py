"""Failpoints: nothing without the variable, and exactly what it says with it."""

import os
import signal
import sqlite3
import subprocess
import sys
import timeit

import pytest

from archiver import failpoints
from archiver.failpoints import failpoint


def run(code: str, orders: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", f"from archiver.failpoints import failpoint\n{code}"],
        env=os.environ | {failpoints.VARIABLE: orders},
        timeout=60,
    ).returncode


def test_without_the_variable_nothing_is_armed_and_a_passing_costs_next_to_nothing():
    assert failpoints.read("") == {}
    assert min(timeit.repeat(lambda: failpoint("before_commit"), number=10_000, repeat=5)) < 0.05


def test_the_process_ends_itself_at_the_passing_that_was_named():
    code = "failpoint('here'); failpoint('elsewhere'); failpoint('here'); print('alive')\nfailpoint('here')"
    assert run(code, "here=kill:3") == -signal.SIGKILL
    assert run(code, "here=kill:4") == 0


def test_a_later_death_comes_while_the_work_goes_on():
    code = "import time\nfailpoint('here'); time.sleep(30)"
    assert run(code, "here=kill:1+5") == -signal.SIGKILL


def test_a_failure_comes_once(monkeypatch):
    monkeypatch.setattr(failpoints, "_armed", failpoints.read("disk=full:2, net=fail:1"))
    failpoint("disk")
    with pytest.raises(sqlite3.OperationalError, match="full") as full:
        failpoint("disk")
    assert full.value.sqlite_errorcode == sqlite3.SQLITE_FULL
    failpoint("disk")
    with pytest.raises(OSError, match="failpoint net"):
        failpoint("net")
    failpoint("net")


@pytest.mark.parametrize("orders", ["before_commit", "x=explode:1", "x=kill", "x=kill:1+", "x=kill:0"])
def test_an_order_that_cannot_be_read_is_refused(orders):
    with pytest.raises(ValueError, match="ARCHIVER_FAILPOINTS"):
        failpoints.read(orders)
