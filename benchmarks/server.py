"""The server of the benchmark, a process of its own: asyncio without layers, answers made beforehand.

Every feed has an address of its own in 127/8, which Linux answers on as a whole, so that manners towards one
host stay as they are configured. The socket is bound to the loopback device: nobody outside reaches it.

    GET /feed/17                                 a feed; with validators 304 where they are sent back
    GET /control?poll=3&validators=yes           the poll that is shown from now on; forgets the log
    GET /control                                 the log: how many answers of each status, and when
"""

import argparse
import asyncio
import hashlib
import json
import socket
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks import feeds

_SO_BINDTODEVICE = 25
_BACKLOG = 4096


@dataclass(slots=True)
class Answers:
    """What is shown at one poll, ready to be sent."""

    etags: list[bytes] = field(default_factory=list)
    whole: list[bytes] = field(default_factory=list)
    unchanged: list[bytes] = field(default_factory=list)


class Site:
    """All feeds, the poll that is shown, and a log of what was asked."""

    def __init__(self, documents: list[feeds.Document]) -> None:
        self._documents = documents
        self._poll = 0
        self._validators = True
        self.log: list[tuple[float, int]] = []
        self._cpu = time.process_time()
        self._answers = self._answer_all()

    def answer(self, request: bytes) -> bytes:
        """The answer to one request, headers and all."""
        path = request[4 : request.find(b" ", 4)]
        if path.startswith(b"/control"):
            return _plain(self._control(path.decode()))
        number = int(path.rpartition(b"/")[2])
        is_known = self._validators and self._answers.etags[number] in request
        self.log.append((time.monotonic(), 304 if is_known else 200))
        return (self._answers.unchanged if is_known else self._answers.whole)[number]

    def _control(self, path: str) -> bytes:
        wanted = parse_qs(urlsplit(path).query)
        if not wanted:
            return json.dumps({"log": self.log, "cpu": time.process_time() - self._cpu}).encode()
        for poll in range(self._poll + 1, int(wanted["poll"][0]) + 1):
            self._documents = [document.grown(poll) for document in self._documents]
            self._poll = poll
        self._validators = wanted["validators"][0] == "yes"
        self._answers = self._answer_all()
        self.log, self._cpu = [], time.process_time()
        return b"{}"

    def _answer_all(self) -> Answers:
        answers = Answers()
        date = format_datetime(datetime.now(UTC), usegmt=True)
        for document in self._documents:
            body = bytes(document)
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            shared = f"Date: {date}\r\nServer: benchmark\r\n"
            if self._validators:
                shared += f"ETag: {etag}\r\n"
            answers.etags.append(etag.encode())
            answers.unchanged.append(f"HTTP/1.1 304 Not Modified\r\n{shared}\r\n".encode())
            kind = "application/feed+json" if document.joint else "application/xml"
            head = f"HTTP/1.1 200 OK\r\n{shared}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            answers.whole.append(head.encode() + body)
        return answers


def _plain(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class _Connection(asyncio.Protocol):
    """One client. Requests have no bodies; a connection lives as long as the client wishes."""

    __slots__ = ("_rest", "_site", "_transport")

    def __init__(self, site: Site) -> None:
        self._site = site
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not transport.get_extra_info("sockname")[0].startswith("127."):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            request, data = data[:end], data[end + 4 :]
            self._transport.write(self._site.answer(request))
            if b"connection: close" in request.lower():
                self._transport.close()
                return
        self._rest = data


async def serve(site: Site, port: int) -> None:
    """Listen on every loopback address, tell that we do, and serve until ended."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, b"lo\0")
    listener.bind(("0.0.0.0", port))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(site), sock=listener, backlog=_BACKLOG)
    print("ready", flush=True)
    # Whoever started us holds the other end of stdin: when it goes, so do we.
    loop.add_reader(sys.stdin.fileno(), server.close)
    await server.wait_closed()


def main() -> None:
    """Serve so many feeds made of a folder's documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--first", type=int, default=1_000_000, help="entries a feed has at most")
    chosen = parser.parse_args()
    documents = [document.first(chosen.first) for document in feeds.read(chosen.folder)]
    site = Site(list(feeds.spread(documents, chosen.count)))
    asyncio.run(serve(site, chosen.port))


if __name__ == "__main__":
    main()
