"""What the two processes say to each other, and how it travels: many messages at a time, over a socket.

Each frame is eight bytes, the lengths of what follows: a pickle of messages, and then, where one of them has
a large body, that body as it is. Both ends are ours and start from the same files, so pickles may be trusted.
"""

import asyncio
import copyreg
import pickle
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import fields, replace
from io import BytesIO
from operator import attrgetter
from typing import Any, NamedTuple

from archiver.errors import FetchError
from archiver.model import Connection, FetchOptions, FetchRequest, Hop, Response

LARGE_BYTES = 64 * 1024
"""Larger bodies travel by themselves, in pieces, so that they are not copied again and again."""

_PIECE_BYTES = 256 * 1024
_HEAD = struct.Struct("!II")


class Begin(NamedTuple):
    """The first message to the child: what makes its Fetcher, and the settings that go to the maker."""

    make: Callable[..., Any] | None
    settings: Any


class Ask(NamedTuple):
    """To the child: ask for this, by whose number it will be spoken of; it is this host's turn."""

    number: int
    request: FetchRequest
    host: str


class Go(NamedTuple):
    """To the child: it is the turn of the host that it waits for."""

    number: int


class Drop(NamedTuple):
    """To the child: nobody waits for this any more."""

    number: int


class Ping(NamedTuple):
    """To the child: are you there? It answers `Came(number, None)`."""

    number: int


class Onward(NamedTuple):
    """Another request is to be made, for which it must be this host's turn."""

    host: str


class Fault(NamedTuple):
    """A fault of our own, with the traceback."""

    what: str
    traceback: str


class Came(NamedTuple):
    """From the child: how far it has come with a number."""

    number: int
    what: Response | FetchError | Onward | Fault | None


class Said(NamedTuple):
    """From the child: a line for the log."""

    logger: str
    level: int
    message: str
    traceback: str | None


Message = Begin | Ask | Go | Drop | Ping | Came | Said


def _travels_as_values(kind: type[Any]) -> Callable[..., Any]:
    """Let a frozen dataclass travel as its bare values: left to itself it looks up its fields every time."""
    names = [field.name for field in fields(kind)]
    values = attrgetter(*names)
    puts = [getattr(kind, name).__set__ for name in names]

    def made(values: tuple[Any, ...]) -> object:
        one = object.__new__(kind)
        for put, value in zip(puts, values, strict=True):
            put(one, value)
        return one

    copyreg.pickle(kind, lambda one: (_made, (kind, values(one))))
    return made


def _made(kind: type[Any], values: tuple[Any, ...]) -> object:
    return _MAKERS[kind](values)


_MAKERS = {kind: _travels_as_values(kind) for kind in (Connection, FetchOptions, FetchRequest, Hop, Response)}


class Link(asyncio.BufferedProtocol):
    """One end: hands over what arrives, in order, and sends together what is to be said at the moment."""

    def __init__(self, take: Callable[[Any], None], gone: Callable[[], None]) -> None:
        """Give each message to `take`; call `gone` when the other end is not there any more."""
        self._take = take
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._to_say: list[Message] = []
        self._out: deque[bytes | memoryview] = deque()
        self._is_paused = False
        self._room = memoryview(bytearray(_PIECE_BYTES))
        self._arrived = BytesIO()  # whose value is not copied when it is asked for
        self._wanted = _HEAD.size
        self._frame: tuple[int, int] | None = None
        self._messages: list[Message] | None = None

    # ------------------------------------------------------------ out

    def say(self, message: Message) -> None:
        """Send a message with all others of this turn of the loop. After the end nobody hears it."""
        self._to_say.append(message)
        if len(self._to_say) == 1:
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        together: list[Message] = []
        for message in self._to_say:
            body = _body(message)
            if body is None or len(body) < LARGE_BYTES:
                together.append(message)
                continue
            assert isinstance(message, Came)
            self._frame_up(together)
            self._frame_up([_with_body(message, b"")], body)
            together = []
        self._frame_up(together)
        self._to_say = []
        self._push()

    def _frame_up(self, messages: list[Message], body: bytes = b"") -> None:
        if messages:
            data = pickle.dumps(messages, pickle.HIGHEST_PROTOCOL)
            self._out.append(_HEAD.pack(len(data), len(body)) + data)
            view = memoryview(body)
            self._out.extend(view[at : at + _PIECE_BYTES] for at in range(0, len(body), _PIECE_BYTES))

    def _push(self) -> None:
        while self._out and not self._is_paused and self._transport is not None:
            self._transport.write(self._out.popleft())

    def pause_writing(self) -> None:
        """The other end is slow to take what we say."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """It has taken it."""
        self._is_paused = False
        self._push()

    # ------------------------------------------------------------ in

    def get_buffer(self, _: int) -> memoryview:
        """Give room for what comes: always the same, since to make it anew costs more than to receive."""
        return self._room

    def buffer_updated(self, count: int) -> None:
        """So many bytes came."""
        data, at = self._room[:count], 0
        while at < len(data):
            part = data[at : at + self._wanted - self._arrived.tell()]
            self._arrived.write(part)
            at += len(part)
            if self._arrived.tell() == self._wanted:
                whole, self._arrived = self._arrived.getvalue(), BytesIO()
                self._understand(whole)

    def _understand(self, part: bytes) -> None:
        """Take what was wanted: a head, then a pickle, then the body if there is one."""
        if self._frame is None:
            self._frame = _HEAD.unpack(part)
            self._wanted = self._frame[0]
            return
        if self._messages is None:
            self._messages = pickle.loads(part)  # noqa: S301 (the other end is our own program)
            self._wanted = self._frame[1]
            if self._wanted:
                return
        else:
            (message,) = self._messages
            assert isinstance(message, Came)
            self._messages = [_with_body(message, part)]
        messages, self._messages, self._frame, self._wanted = self._messages, None, None, _HEAD.size
        for message in messages:
            self._take(message)

    # ------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Both ends stand."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._push()

    def connection_lost(self, error: Exception | None) -> None:
        """The other end is gone, or ours was closed."""
        self._transport = None
        self._out.clear()
        self._gone()

    def end(self) -> None:
        """Close our end at once."""
        if self._transport is not None:
            self._transport.abort()


def _body(message: Message) -> bytes | None:
    return (
        message.what.body
        if isinstance(message, Came) and isinstance(message.what, Response | FetchError)
        else None
    )


def _with_body(message: Came, body: bytes) -> Came:
    what = message.what
    if isinstance(what, Response):
        return Came(message.number, replace(what, body=body))
    assert isinstance(what, FetchError)
    what.body = body
    return message
