"""The hostile server, a process of its own: `python tests/hostile/server.py 18080`.

Ask for `/<name of a misbehaviour>`; `/truth/<name>` says what a perfect archiver makes of it, `/` lists them.
It listens on loopback alone. The first line it prints says at which ports.
"""

import argparse
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from hostile_site import coding
from hostile_site.catalogue import SCENARIOS
from hostile_site.connection import Connection, http
from hostile_site.scenario import Site
from hostile_site.status import TWINS

Serve = Callable[[socket.socket], None]


def listen(address: str, port: int, serve: Serve) -> int:
    """Serve each connection in a thread of its own; return the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, port))
    listening.listen(500)

    def accept() -> None:
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    def converse(connection: socket.socket) -> None:
        connection.settimeout(30)
        with suppress(OSError), connection:
            serve(connection)

    threading.Thread(target=accept, daemon=True).start()
    return int(listening.getsockname()[1])


class Twins:
    """TLS in all its forms: each is a port of its own that serves the same site."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.authority = trustme.CA()
        self._contexts = {
            "good": self._context(self.authority),
            "wrong_host": self._context(self.authority, name="somebody-else.example"),
            "expired": self._context(self.authority, until=datetime.now(UTC) - timedelta(days=1)),
            "unknown": self._context(trustme.CA()),
            "self_signed": self._context(trustme.CA(organization_name="Myself")),
        }

    def _context(
        self, authority: trustme.CA, *, name: str | None = None, until: datetime | None = None
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        since = datetime.now(UTC) - timedelta(days=30)
        names = [name] if name else [one.host for one in SCENARIOS.values() if "tls" in one.name + one.path]
        leaf = authority.issue_cert(*names, not_before=since, not_after=until)
        leaf.configure_cert(context)
        return context

    def serve(self, twin: str) -> Serve:
        """How a twin serves a connection."""

        def shake_hands(connection: socket.socket) -> None:
            context = self._contexts.get(twin, self._contexts["good"])
            if twin == "late":
                time.sleep(30)
            with context.wrap_socket(connection, server_side=True, suppress_ragged_eofs=True) as encrypted:
                if twin == "silent":
                    encrypted.recv(65536)
                    time.sleep(30)
                self._serve(encrypted)
                if twin != "no_notify":
                    encrypted.unwrap()

        def stall(connection: socket.socket) -> None:
            while connection.recv(65536):
                pass

        def drop(connection: socket.socket) -> None:
            connection.recv(65536)

        def plain(connection: socket.socket) -> None:
            connection.recv(65536)
            connection.sendall(http(b"This is no place for secrets", status="400 Bad Request"))

        return {"stall": stall, "drop": drop, "plain": plain}.get(twin, shake_hands)


def serve_all(
    port: int, addresses: list[str], *, authority: Path, log: Callable[[dict[str, object]], None]
) -> dict[str, int]:
    """Listen everywhere; return the ports by name."""
    ports: dict[str, int] = {}
    site = Site(log=log)

    def serve(connection: socket.socket) -> None:
        talk = Connection(connection)
        talk.port, talk.other_port = ports["http"], ports["other"]  # of a twin too, the plain one's
        site.answer(talk)

    ports["http"] = listen(addresses[0], port, serve)
    for address in addresses[1:]:
        with suppress(OSError):  # a machine without IPv6, or with one loopback address alone
            listen(address, ports["http"], serve)
    ports["other"] = listen(addresses[0], 0, serve)
    twins = Twins(serve)
    for twin in TWINS:
        ports[f"tls_{twin}"] = listen(addresses[0], 0, twins.serve(twin))
    twins.authority.cert_pem.write_to_path(str(authority))
    return ports


def main() -> None:
    """Serve until stdin ends, or for ever on a terminal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("addresses", nargs="*", default=["127.0.0.1"])
    parser.add_argument("--log", type=Path, help="Where to write down every request; without it, stderr.")
    parser.add_argument("--authority", type=Path, default=Path("hostile-authority.pem"))
    given = parser.parse_args()
    file = given.log.open("a", buffering=1) if given.log else sys.stderr
    lock = threading.Lock()

    def log(line: dict[str, object]) -> None:
        with lock:
            file.write(json.dumps(line) + "\n")

    threading.Thread(target=coding.prepare, daemon=True).start()
    ports = serve_all(given.port, given.addresses, authority=given.authority, log=log)
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    if sys.stdin.isatty():
        threading.Event().wait()
    sys.stdin.read()


if __name__ == "__main__":
    main()
