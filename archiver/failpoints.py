"""Named places at which tests kill the program or let it fail. Without ARCHIVER_FAILPOINTS nothing happens.

    ARCHIVER_FAILPOINTS="before_commit=kill:3,after_body=full:1"

means: the process ends itself with SIGKILL when it passes `before_commit` for the third time, and the first
time that it passes `after_body` the disk is full. Every process counts for itself. The actions:

- `kill` ends the process as a power cut would; `kill:3+20` does so 20 milliseconds after the third passing;
- `fail` raises OSError (EIO), as a file or the network would;
- `full` raises what SQLite raises where the disk is full.
"""

import errno
import os
import re
import signal
import threading
from dataclasses import dataclass

VARIABLE = "ARCHIVER_FAILPOINTS"

_ORDER = re.compile(r"(\w+)=(kill|fail|full):([1-9]\d*)(?:\+(\d+))?")


@dataclass(slots=True)
class _Armed:
    """What is to happen at one place, and how often it must be passed before."""

    name: str
    action: str
    passings: int
    milliseconds: int

    def passed(self) -> None:
        self.passings -= 1
        if self.passings:
            return
        match self.action:
            case "kill" if self.milliseconds:
                later = threading.Timer(self.milliseconds / 1000, os.kill, (os.getpid(), signal.SIGKILL))
                later.daemon = True
                later.start()
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "full":
                import sqlite3  # no other place needs it in the process that asks

                error = sqlite3.OperationalError("database or disk is full")
                error.sqlite_errorcode = sqlite3.SQLITE_FULL
                raise error
            case _:
                raise OSError(errno.EIO, f"failpoint {self.name}")


def read(orders: str) -> dict[str, _Armed]:
    """The places that a text of the above form arms. Raises ValueError where it cannot be read."""
    armed = {}
    for order in filter(None, orders.split(",")):
        match = _ORDER.fullmatch(order.strip())
        if match is None:
            raise ValueError(f"{VARIABLE}: {order!r} is not of the form name=kill:3")
        name, action, passings, milliseconds = match.groups()
        armed[name] = _Armed(name, action, int(passings), int(milliseconds or 0))
    return armed


_armed = read(os.environ.get(VARIABLE, ""))


def failpoint(name: str) -> None:
    """Mark a place by name. Costs one look-up in an empty dictionary where no test is at work."""
    if name in _armed:
        _armed[name].passed()
