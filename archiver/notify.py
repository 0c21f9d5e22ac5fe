"""Telling systemd how we are (sd_notify): a line on a unix datagram socket. Silent where nobody listens.

The protocol is `NAME=value` lines to the socket in `NOTIFY_SOCKET`; the published libraries for it are these
same few lines.
"""

import os
import socket
import time


def notify(*lines: str) -> bool:
    """Send states such as `READY=1`; say whether anybody took them. Never raises."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            # "@" stands for the NUL byte of an abstract address.
            out.sendto("\n".join(lines).encode(), address.replace("@", "\0", 1))
    except OSError:
        return False
    return True


def reloading() -> bool:
    """Say that the configuration is being read anew, and since when by the monotonic clock."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


def watchdog_seconds() -> float | None:
    """How long systemd waits for a sign of life before it restarts us; None: it does not watch."""
    usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
    if not (usec.isascii() and usec.isdigit()) or int(usec) == 0:
        return None
    return int(usec) / 1e6 if pid in (None, "", str(os.getpid())) else None
