"""What waits for its sockets: a selector of our own, of which the loop sees no more than that it has news.

A connection here lives for one answer. To tell the loop of each, and to take that back, costs more than to
connect.
"""

import asyncio
import selectors
from collections.abc import Callable


class Poll:
    """Calls back when sockets have something to read, or room to write; for one event loop.

    There is a selector only while there is something to watch, and so nothing to close.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._selector: selectors.DefaultSelector | None = None
        self._calls: dict[int, Callable[[], None]] = {}

    def watch(self, number: int, events: int, call: Callable[[], None]) -> None:
        """Call for these events (of `selectors`) of a descriptor, for as long as they last."""
        if self._selector is None:
            self._selector = selectors.DefaultSelector()
            self._loop.add_reader(self._selector, self._look)
        self._selector.register(number, events)
        self._calls[number] = call

    def forget(self, number: int) -> None:
        """Watch a descriptor no longer. To be said before it is closed."""
        assert self._selector is not None
        self._selector.unregister(number)
        del self._calls[number]
        if not self._calls:
            self._loop.remove_reader(self._selector)
            self._selector.close()
            self._selector = None

    def _look(self) -> None:
        assert self._selector is not None
        for key, _ in self._selector.select(0):
            call = self._calls.get(key.fd)
            if call is None:
                continue  # one of those before it has had it closed
            try:
                call()
            except Exception as error:
                self._loop.call_exception_handler({"message": "a connection failed", "exception": error})
