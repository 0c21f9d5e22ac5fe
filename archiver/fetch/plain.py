"""A connection without TLS, in as few turns of the loop as can be: connect, send, receive, and close at once.

asyncio's own transport takes three times as many, a good part of what asking for an unchanged feed costs.
"""

import asyncio
import os
import socket
from contextlib import suppress

_RECEIVED = 256 * 1024  # bytes at a time, as asyncio has it


class Plain(asyncio.Transport):
    """A TCP connection for one protocol, to which it is handed over when it stands."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._protocol: asyncio.Protocol | None = protocol
        self._loop = asyncio.get_running_loop()
        self._socket: socket.socket | None = None
        self._number = -1  # of the socket: the loop's table looks it up a good deal faster
        self._awaits_room = False
        self._peer: object = None
        self._unsent = b""

    async def reach(self, address: str, port: int) -> None:
        """Connect to an IP address. Raises OSError; where it is cancelled nothing stays open."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = connection = socket.socket(family, socket.SOCK_STREAM)
        self._number = connection.fileno()
        try:
            connection.setblocking(False)
            try:
                connection.connect((address, port))
            except (BlockingIOError, InterruptedError):
                stands: asyncio.Future[None] = self._loop.create_future()
                self._loop.add_writer(self._number, self._stand, stands)
                self._awaits_room = True
                await stands
            else:
                self._begin()
        except BaseException:
            self._close()
            raise

    def _stand(self, stands: "asyncio.Future[None]") -> None:
        assert self._socket is not None
        if stands.done():
            return
        self._need_no_room()
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        try:
            if error:
                raise OSError(error, os.strerror(error))
            self._begin()
        except OSError as failure:
            stands.set_exception(failure)
        else:
            stands.set_result(None)

    def _begin(self) -> None:
        assert self._socket is not None
        assert self._protocol is not None
        with suppress(OSError):  # a server that has hung up by now is heard of soon enough
            self._peer = self._socket.getpeername()
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._loop.add_reader(self._number, self._receive)
        self._protocol.connection_made(self)

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
        if not waits:
            self._send()
            if self._unsent and self._socket is not None:
                self._loop.add_writer(self._number, self._send)
                self._awaits_room = True

    def _send(self) -> None:
        assert self._socket is not None
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if not self._unsent:
            self._need_no_room()

    def _need_no_room(self) -> None:
        if self._awaits_room:
            self._loop.remove_writer(self._number)
            self._awaits_room = False

    def pause_reading(self) -> None:
        """Let the other end wait."""
        if self._socket is not None:
            self._loop.remove_reader(self._number)

    def resume_reading(self) -> None:
        """Let it go on."""
        if self._socket is not None:
            self._loop.add_reader(self._number, self._receive)

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
            self._need_no_room()
            self._loop.remove_reader(self._number)
            connection.close()
