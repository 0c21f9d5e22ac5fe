"""One connection from the server's side: reads a request, says bytes, in whatever way is wanted."""

import socket
import struct
import time
from urllib.parse import parse_qsl, unquote, urlsplit


def http(
    body: bytes = b"", *, status: str = "200 OK", headers: str = "", length: int | str | None = None
) -> bytes:
    """An answer with a Content-Length, a false one if wanted."""
    length = len(body) if length is None else length
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\nContent-Length: {length}\r\n{headers}\r\n"
    )
    return head.encode("latin-1") + body


def coded(body: bytes, coding: str, **more: str) -> bytes:
    """An answer that claims to be compressed."""
    return http(body, headers=f'Content-Encoding: {coding}\r\nETag: "coded"\r\n', **more)


def chunk(data: bytes, extension: bytes = b"") -> bytes:
    """A chunk (RFC 9112, 7.1)."""
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNFRAMED = b'HTTP/1.1 200 OK\r\nConnection: close\r\nETag: "unframed"\r\n\r\n'


class Connection:
    """Raw bytes, since a framework would mend what we need broken. Raises OSError where the other is gone."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self.reached, self.port = connection.getsockname()[:2]
        self.other_port = 0
        self.name = ""
        self.target = ""
        self.query: dict[str, str] = {}
        self.headers: list[tuple[str, str]] = []
        self.times = 0
        """How often this name has been asked for, this time included."""

    def read_request(self) -> bool:
        """Read the head of a request; False where none came."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (more := self._socket.recv(65536)) or len(data) > 1_000_000:
                return False
            data += more
        first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        self.target = first.split(" ")[1] if first.count(" ") > 1 else "/"
        parts = urlsplit(self.target)
        self.name = unquote(parts.path.lstrip("/"))
        self.query = dict(parse_qsl(parts.query))
        self.headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        return True

    def header(self, name: str) -> str | None:
        """A field of the request."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def say(self, *data: bytes) -> None:
        """Send."""
        for piece in data:
            self._socket.sendall(piece)

    def answer(self, body: bytes, **how: str) -> None:
        """Send a proper answer."""
        self.say(http(body, **how))

    def drip(self, data: bytes, *, pause: float, size: int = 1) -> None:
        """Send it a byte, or a few, at a time."""
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for start in range(0, len(data), size):
            self.say(data[start : start + size])
            time.sleep(pause)

    def wait(self, seconds: float = 30) -> None:
        """Say nothing, until the other end has enough."""
        self._socket.settimeout(seconds)
        try:
            while self._socket.recv(65536):
                pass
        except TimeoutError:
            pass

    def reset(self) -> None:
        """Let the connection end with RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()
