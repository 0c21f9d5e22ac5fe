"""What a misbehaviour is: its name, who plays it, and what a perfect archiver makes of it."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from hostile_site.connection import Connection
from hostile_site.story import ALL as WHOLE

Query = dict[str, str]
Play = Callable[[Connection, Query], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One named misbehaviour and its truth."""

    name: str
    group: str
    play: Play | None = None
    """None: it lies in the address; another route plays."""
    kinds: frozenset[str] = frozenset()
    """Named kinds of failure that are right."""
    entries: frozenset[str] | None = None
    """Ids that are held where it does not fail; None: it has to fail."""
    may: frozenset[str] = frozenset()
    """Ids that may be held as well, with whatever text."""
    path: str = ""
    url: str = ""
    """In place of `http://<name>.test/<path>`, with `{http}` for the port."""
    polls: int = 1
    """How often the feed is asked."""
    torn: bool = False
    """It comes in part: nothing of it may be used to ask for less the next time."""
    alone: bool = False
    """It aims at memory, so that is measured while nothing else goes on."""
    slow: bool = False
    """It takes seconds of computing: not for every run."""
    flaw: str = ""
    """What the archiver does not do right yet."""

    @property
    def host(self) -> str:
        """A host of its own, so that what it does to manners is nobody else's business."""
        return "".join(c if c.isalnum() else "-" for c in self.name).strip("-") + ".test"

    def address(self, ports: dict[str, int]) -> str:
        """The feed's address."""
        url = self.url or f"http://{self.host}:{{http}}/{self.path or self.name}"
        for name, port in ports.items():
            url = url.replace(f"{{{name}}}", str(port))
        return url.replace("{host}", self.host)

    def truth(self) -> dict[str, Any]:
        """The same for people and other programs."""
        return {
            "kinds": sorted(self.kinds),
            "entries": None if self.entries is None else sorted(self.entries),
            "may": sorted(self.may),
        }


__all__ = ["SCENARIOS", "WHOLE", "Query", "Scenario", "Site", "add", "played", "said"]

SCENARIOS: dict[str, Scenario] = {}


def add(
    name: str,
    group: str,
    *kinds: str,
    entries: Iterable[str] | None = None,
    may: Iterable[str] = (),
    **more: Any,
) -> None:
    """Add a scenario."""
    assert name not in SCENARIOS, name
    if "truncated" in kinds and entries is None:
        # What came whole of it is archived, if anything; each text is looked at.
        entries, may, more = (), WHOLE, more | {"torn": True}
    SCENARIOS[name] = Scenario(
        name=name,
        group=group,
        kinds=frozenset(kinds),
        entries=None if entries is None else frozenset(entries),
        may=frozenset(may),
        **more,
    )


def said(name: str, group: str, answer: bytes, *kinds: str, **more: Any) -> None:
    """Add one that always says the same, and then closes."""
    add(name, group, *kinds, play=lambda connection, _: connection.say(answer), **more)


def played(group: str, *kinds: str, **more: Any) -> Callable[[Play], Play]:
    """Add one that a function plays, named as it is."""

    def named(play: Play) -> Play:
        add(play.__name__, group, *kinds, play=play, **more)
        return play

    return named


@dataclass
class Site:
    """What the server remembers: its log, and how often it was asked what."""

    log: Callable[[dict[str, Any]], None]
    asked: dict[str, int] = field(default_factory=dict)

    def answer(self, connection: Connection) -> None:
        """Read a request and play what it names."""
        if not connection.read_request():
            return
        name = connection.name
        self.asked[name] = self.asked.get(name, 0) + 1
        connection.times = self.asked[name]
        self.log(
            {
                "at": time.time(),
                "name": name,
                "target": connection.target,
                "reached": connection.reached,
                "headers": connection.headers,
            }
        )
        if name.startswith("truth/"):
            scenario = SCENARIOS.get(name.removeprefix("truth/"))
            connection.answer(json.dumps(scenario.truth() if scenario else None).encode())
        elif not name:
            connection.answer("\n".join(SCENARIOS).encode())
        elif (scenario := SCENARIOS.get(name)) is not None and scenario.play is not None:
            scenario.play(connection, connection.query)
        else:
            connection.answer(b"no such misbehaviour", status="404 Not Found")
