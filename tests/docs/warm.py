"""The program, waiting with all its parts loaded: each command is a fork of it, so that none starts anew.

`python warm.py SOCKET` serves; a call hands over the caller's folder, variables, arguments, and open files.
"""

import json
import os
import socket
import sys
from contextlib import suppress
from importlib import import_module

CALLER = """#!{python} -SE
import json, os, socket, sys
if set(sys.argv) & {{"serve", "run", "fetch", "replay", "rebuild", "merge"}}:
    os.execv({program!r}, ["archiver", *sys.argv[1:]])  # these begin processes of their own
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    told = json.dumps([os.getcwd(), dict(os.environ), sys.argv[1:]]).encode()
    socket.send_fds(server, [len(told).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(told)
    status = server.recv(1)
sys.exit(status[0] if status else 70)
"""
"""What stands as `archiver` on the path of a documented command."""


def serve(address: str) -> None:
    """Take calls until killed."""
    from archiver.cli import COMMANDS

    for module in {*COMMANDS.values()}:
        import_module(f"archiver.cli.{module}")
    for module in (
        "archiver.archive",
        "archiver.config",
        "archiver.export.parquet",
        "archiver.store",
        "pyarrow",
    ):
        import_module(module)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        while True:
            call, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(call)
            call.close()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass


def _answer(call: socket.socket) -> None:
    """Be the program once, in a process of its own within this one, and say how it ended."""
    size, files, _, _ = socket.recv_fds(call, 4, 3)
    told = b""
    while len(told) < int.from_bytes(size, "big"):
        told += call.recv(65536)
    if (child := os.fork()) == 0:
        call.close()
        _be_the_program(files, *json.loads(told))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with suppress(BrokenPipeError):
        call.sendall(bytes([status if status >= 0 else 128 - status]))
    os._exit(0)


def _be_the_program(files: list[int], folder: str, variables: dict[str, str], arguments: list[str]) -> None:
    from archiver.cli import main

    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115 - till the end
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["archiver", *arguments]
    status: object = 0
    try:
        main()
    except SystemExit as end:
        status = end.code
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    serve(sys.argv[1])
