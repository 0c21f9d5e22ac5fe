"""The pages as a process beside the service (`beside`): settings come in by the first line of standard input.

It ends when the input does, or when the service is gone otherwise.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable

from archiver import times
from archiver.errors import ArchiverError
from archiver.web import beside, serving

LOOK_SECONDS = 1.0
"""How often it looks whether the service still lives, should somebody else hold the input open."""

NICE = 5
"""By how much visitors come after feeds."""


def main() -> None:
    """Serve until the service ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    line = sys.stdin.buffer.readline()
    if not line:
        return
    archive, settings = beside.from_text(line)
    os.nice(NICE)
    try:
        with serving.bound(settings) as listening:
            print(f"the archive is on {serving.address(listening)}", file=sys.stderr, flush=True)  # noqa: T201
            serving.serve(archive, settings, listening, clock=times.now, until=_service_ends)
    except ArchiverError as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)


def _service_ends(stop: Callable[[], None]) -> None:
    """Call `stop` when the service is no more."""
    service = os.getppid()

    def wait() -> None:
        while os.getppid() == service:
            ready, _, _ = select.select([sys.stdin], [], [], LOOK_SECONDS)
            if ready and not os.read(sys.stdin.fileno(), 4096):
                break
        stop()

    threading.Thread(target=wait, name="service ends", daemon=True).start()


if __name__ == "__main__":
    main()
