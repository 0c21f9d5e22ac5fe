"""The process that asks, until it is told how. This loads quickly, so that it can come before all else."""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass

from archiver.failpoints import VARIABLE


@dataclass(frozen=True, slots=True)
class Begun:
    """A process that asks, and our end of what connects us."""

    process: "subprocess.Popen[bytes]"
    connection: socket.socket

    def end(self) -> None:
        """End it at once. It keeps nothing that could be lost."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


def begin() -> Begun:
    """Start the process. It loads what it needs while we go on, so the earlier the better.

    It is a fresh one, not a fork: nothing of ours is open in it but its end of the socket.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        order = (
            f"import sys; sys.path[:] = {sys.path!r};"
            f" from archiver.askers.child import main; main({theirs.fileno()})"
        )
        process = subprocess.Popen(  # noqa: S603 (ourselves)
            [sys.executable, "-c", order],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            env={name: value for name, value in os.environ.items() if name != VARIABLE},
            process_group=0,  # Ctrl-C, and a terminal that hangs up, are not for it
        )
    return Begun(process, ours)
