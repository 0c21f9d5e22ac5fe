"""The server of the benchmark, a process of its own: a loop around epoll, answers made beforehand.

It shares its cores with whoever is measured, so it makes do with four system calls: accept, receive, send,
close.

Every feed has an address of its own in 127/8, which Linux answers on as a whole, so that manners towards one
host stay as they are configured. The socket is bound to the loopback device: nobody outside reaches it.

    GET /feed/17                                 a feed; with validators 304 where they are sent back
    GET /feed/999999                             404: a feed that it does not have
    GET /control?poll=3&validators=yes           the poll that is shown from now on; forgets the log
    GET /control                                 the log: how many answers of each status, and when
"""

import argparse
import gc
import hashlib
import json
import select
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
_RECEIVED = 16 * 1024


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
        number = self._number(path)
        if number is None:
            self.log.append((time.monotonic(), 404))
            return _NOT_FOUND
        is_known = self._validators and self._answers.etags[number] in request
        self.log.append((time.monotonic(), 304 if is_known else 200))
        return (self._answers.unchanged if is_known else self._answers.whole)[number]

    def _number(self, path: bytes) -> int | None:
        """Which feed is asked for, if there is such a one."""
        number = path.removeprefix(b"/feed/")
        if not number.isdigit() or int(number) >= len(self._documents):
            return None
        return int(number)

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


_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class _Client:
    """One connection. Requests have no bodies; it lives as long as the client wishes."""

    __slots__ = ("_answer", "_asked", "_is_last", "_site", "_socket", "awaited")

    def __init__(self, connection: socket.socket, site: Site) -> None:
        self._socket = connection
        self._site = site
        self._asked = b""
        self._answer = memoryview(b"")
        self._is_last = False
        self.awaited = 0
        """The event that it waits for, if it does."""

    def go_on(self) -> int:
        """Read and answer for as long as neither has to wait. Return what to wait for; 0 where it is over."""
        try:
            while True:
                while self._answer:
                    self._answer = self._answer[self._socket.send(self._answer, socket.MSG_DONTWAIT) :]
                if self._is_last:
                    return 0
                if not self._takes_a_request():
                    data = self._socket.recv(_RECEIVED, socket.MSG_DONTWAIT)
                    if not data:
                        return 0
                    self._asked += data
        except BlockingIOError:
            return select.EPOLLOUT if self._answer else select.EPOLLIN
        except ConnectionError:
            return 0

    def _takes_a_request(self) -> bool:
        """Whether a whole one had come; there is an answer to be sent then."""
        request, end, rest = self._asked.partition(b"\r\n\r\n")
        if not end:
            return False
        self._asked = rest
        self._answer = memoryview(self._site.answer(request))
        self._is_last = b"connection: close" in request.lower()
        return True

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class _Server:
    """A loop around epoll. Most clients have asked by the time that they are let in, and never wait in it."""

    def __init__(self, site: Site, listener: socket.socket) -> None:
        self._site = site
        self._listener = listener
        self._clients: dict[int, _Client] = {}
        self._epoll = select.epoll()
        self._epoll.register(listener, select.EPOLLIN)
        # Whoever started us holds the other end of stdin: when it goes, so do we.
        self._epoll.register(sys.stdin, select.EPOLLHUP)

    def run(self) -> None:
        """Serve until ended."""
        while True:
            for number, _ in self._epoll.poll():
                if number == self._listener.fileno():
                    self._let_in()
                elif number in self._clients:
                    self._go_on(number, self._clients[number])
                else:
                    return

    def _let_in(self) -> None:
        while True:
            try:
                connection, (peer, _) = self._listener.accept()
            except BlockingIOError:
                return
            if peer.startswith("127."):  # as is then the address that it asked
                self._go_on(connection.fileno(), _Client(connection, self._site))
            else:
                connection.close()

    def _go_on(self, number: int, client: _Client) -> None:
        awaited = client.go_on()
        if awaited != client.awaited:
            if client.awaited:
                self._epoll.unregister(number)
                del self._clients[number]
            if awaited:
                self._epoll.register(number, awaited)
                self._clients[number] = client
            client.awaited = awaited
        if not awaited:
            client.close()


def serve(site: Site, port: int) -> None:
    """Listen on every loopback address, tell that we do, and serve until ended."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, b"lo\0")
        listener.bind(("0.0.0.0", port))
        listener.listen(_BACKLOG)
        listener.setblocking(False)
        print("ready", flush=True)
        _Server(site, listener).run()


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
    gc.disable()  # nothing of ours goes in circles, and there is a lot to look through
    serve(site, chosen.port)


if __name__ == "__main__":
    main()
