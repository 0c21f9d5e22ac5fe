"""What waits for its sockets: a selector of our own, of which the loop sees no more than that it has news.

A connection here lives for one answer. To tell the loop of each, and to take that back, costs more than to
connect.
"""

import asyncio
import selectors
from collections.abc import Callable


class Poll:
    """Calls back when sockets have something to read, or room to write; for one event loop.

    The loop knows of it only while there is something to watch, so there is nothing to close.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._selector = selectors.DefaultSelector()
        self._watched = self._selector.get_map()

    def watch(self, number: int, events: int, call: Callable[[], None]) -> None:
        """Call for these events (of `selectors`) of a descriptor, for as long as they last."""
        if not self._watched:
            self._loop.add_reader(self._selector, self._look)
        self._selector.register(number, events, call)

    def forget(self, number: int) -> None:
        """Watch a descriptor no longer. To be said before it is closed."""
        self._selector.unregister(number)
        if not self._watched:
            self._loop.remove_reader(self._selector)

    def _look(self) -> None:
        for key, _ in self._selector.select(0):
            if self._watched.get(key.fd) is not key:
                continue  # one of those before it had that in its way
            try:
                key.data()
            except Exception as error:
                self._loop.call_exception_handler({"message": "a connection failed", "exception": error})
