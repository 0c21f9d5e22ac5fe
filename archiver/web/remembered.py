"""Answers that every visitor asks for, kept for a little while, since some take long in a large archive.

An answer is kept for as long as it takes KEPT_FOR times to make it, so cheap ones are always fresh, and dear
ones cost the machine little. Nobody waits for a dear one twice: what is older goes out once more, and is made
anew behind it.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from archiver.errors import ArchiverError

KEPT_FOR = 100
"""An answer that took 100 ms is good for ten seconds."""

DEAR_SECONDS = 0.03
"""What takes longer is made behind the visitor's back, if there is an older one to show …"""

STALE_SECONDS = 900.0
"""… that is not older than this."""

CHEAP_SECONDS = 0.002
"""What takes less is not kept at all."""

MOST_KEPT = 200
"""So many answers are kept; the one that was made first goes first."""

log = logging.getLogger(__name__)

A = TypeVar("A")
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class _Kept:
    value: Any
    made_at: float
    took: float


class Remembered(Generic[A]):
    """Asks `A`, which each thread has for itself, and keeps the answers for all threads."""

    def __init__(
        self,
        asked: Callable[[], A],
        behind: Callable[[Callable[[], None]], Any],
        *,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        """`behind` runs a function in a thread, some time soon."""
        self._asked = asked
        self._behind = behind
        self._elapsed = elapsed
        self._kept: dict[str, _Kept] = {}
        self._making: set[str] = set()
        self._lock = threading.Lock()

    def get(self, name: str, question: Callable[[A], T]) -> T:
        """The answer to a question that goes by this name."""
        kept = self._kept.get(name)
        if kept is not None:
            age = self._elapsed() - kept.made_at
            if age < kept.took * KEPT_FOR or (kept.took > DEAR_SECONDS and age < STALE_SECONDS):
                if age >= kept.took * KEPT_FOR:
                    self._renew(name, question)
                value: T = kept.value
                return value
        return self._make(name, question)

    def _make(self, name: str, question: Callable[[A], T]) -> T:
        start = self._elapsed()
        value = question(self._asked())
        end = self._elapsed()
        if end - start > CHEAP_SECONDS:
            with self._lock:
                self._kept.pop(name, None)
                self._kept[name] = _Kept(value=value, made_at=end, took=end - start)
                while len(self._kept) > MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
        return value

    def _renew(self, name: str, question: Callable[[A], Any]) -> None:
        with self._lock:
            if name in self._making:
                return
            self._making.add(name)

        def renew() -> None:
            try:
                self._make(name, question)
            except ArchiverError as error:
                log.warning("a page shows what it showed before: %s", error)
            finally:
                with self._lock:
                    self._making.discard(name)

        self._behind(renew)
