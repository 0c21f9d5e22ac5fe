"""A connection without TLS, in as few turns of the loop as can be: connect, send, receive, and close at once.

asyncio's own transport takes three times as many, a good part of what asking for an unchanged feed costs.
"""

import asyncio
import errno
import os
import socket
from contextlib import suppress
from selectors import EVENT_READ, EVENT_WRITE

from archiver.fetch.poll import Poll

_RECEIVED = 64 * 1024  # bytes at a time: more than that, and room for it costs more than asking once more
_ONE_PACKET = 1220  # bytes that surely go in one (RFC 8200, 5)


class Plain(asyncio.Transport):
    """A TCP connection for one protocol, to which it is handed over when it stands."""

    def __init__(self, protocol: asyncio.Protocol, poll: Poll) -> None:
        super().__init__()
        self._protocol: asyncio.Protocol | None = protocol
        self._poll = poll
        self._socket: socket.socket | None = None
        self._number = -1
        self._watched = 0
        self._is_paused = False
        self._stands: asyncio.Future[None] | None = None
        self._peer: object = None
        self._unsent = b""

    async def reach(self, address: str, port: int, *, patience: float) -> None:
        """Connect to an IP address within so many seconds.

        Raises OSError, TimeoutError among them; where it fails or is cancelled nothing stays open.
        """
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = connection = socket.socket(family, socket.SOCK_STREAM)
        self._number = connection.fileno()
        try:
            connection.setblocking(False)
            error = connection.connect_ex((address, port))
            if error not in (0, errno.EINPROGRESS, errno.EINTR):
                raise OSError(error, os.strerror(error))
            if self._knows_its_peer():  # a neighbour has taken the call by now
                self._begin()
                return
            async with asyncio.timeout(patience):
                await self._taken()
        except BaseException:
            self._close()
            raise

    async def _taken(self) -> None:
        self._stands = asyncio.get_running_loop().create_future()
        self._watch()
        await self._stands

    def _knows_its_peer(self) -> bool:
        assert self._socket is not None
        try:
            self._peer = self._socket.getpeername()
        except OSError:
            return False
        return True

    def _begin(self) -> None:
        assert self._protocol is not None
        self._protocol.connection_made(self)
        self._watch()

    def _watch(self) -> None:
        """Be called for what we wait for now, and for nothing else."""
        if self._socket is None:
            return
        if self._stands is not None:
            wanted = EVENT_WRITE
        else:
            wanted = (0 if self._is_paused else EVENT_READ) | (EVENT_WRITE if self._unsent else 0)
        if wanted == self._watched:
            return
        if self._watched:
            self._poll.forget(self._number)
        if wanted:
            self._poll.watch(self._number, wanted, self._on)
        self._watched = wanted

    def _on(self) -> None:
        """Something of what we wait for has come."""
        if self._stands is not None:
            self._stand(self._stands)
            return
        if self._unsent:
            self._send()
            self._watch()
        if self._socket is not None and not self._is_paused:
            self._receive()

    def _stand(self, stands: "asyncio.Future[None]") -> None:
        assert self._socket is not None
        if stands.done():
            return
        if error := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            stands.set_exception(OSError(error, os.strerror(error)))
            return
        self._stands = None
        self._knows_its_peer()  # a server that has hung up by now is heard of soon enough
        self._begin()
        stands.set_result(None)

    # ------------------------------------------------------------ what the protocol asks for

    def get_extra_info(self, name: str, default: object = None) -> object:
        """`peername`, for as long as the connection stands and after."""
        return self._peer if name == "peername" else default

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send this, after all that was to be sent before."""
        if self._socket is None:
            return
        waits = bool(self._unsent)
        self._unsent += data
        if len(self._unsent) > _ONE_PACKET:
            with suppress(OSError):  # the next packet does not wait until this one has arrived
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not waits:
            self._send()
            self._watch()

    def _send(self) -> None:
        assert self._socket is not None
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._end(error)

    def pause_reading(self) -> None:
        """Let the other end wait."""
        self._is_paused = True
        self._watch()

    def resume_reading(self) -> None:
        """Let it go on."""
        self._is_paused = False
        self._watch()

    def is_closing(self) -> bool:
        """Whether it is over."""
        return self._socket is None

    def close(self) -> None:
        """The same as `abort`: nothing is waited for."""
        self.abort()

    def abort(self) -> None:
        """Close at once."""
        self._end(None)

    # ------------------------------------------------------------ what the connection brings

    def _receive(self) -> None:
        if self._socket is None or self._protocol is None:
            return
        try:
            data = self._socket.recv(_RECEIVED)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if data:
            self._protocol.data_received(data)
        else:
            self._protocol.eof_received()
            self._end(None)

    def _end(self, error: Exception | None) -> None:
        protocol, self._protocol = self._protocol, None  # else both would wait for the garbage collector
        self._close()
        if protocol is not None:
            protocol.connection_lost(error)

    def _close(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            if self._watched:
                self._poll.forget(self._number)
            connection.close()
