"""What a person should know of, gathered from events: as text for mails and chat tools, and as JSON. Pure.

A digest is short: each kind of event has its heading, how many there were, and the first few of them.
Publishers' words come with control characters made visible, and without logins and secret parameters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.times import to_text
from archiver.urls import redact
from archiver.visible import shortened, visible

HEADINGS = {
    "gone": "gone",
    "blocked": "blocked",
    "failing": "newly failing",
    "long_failing": "failing for long",
    "silent": "fell silent",
    "suspect": "another site's content",
    "gap": "gaps: posts may have been missed",
    "withdrawn": "withdrawn posts",
    "replaced": "taken over by other content",
    "validators_lie": "servers that say nothing changed when something did",
    "moved": "moved",
    "recovered": "recovered",
    "heard_again": "heard again",
    "itself_again": "themselves again",
    "returned": "posts that are back",
    "interrupted": "failed, and recovered meanwhile",
}
"""Kinds of events in the order in which they are told. Kinds that are in neither list are told at the end."""

UNTOLD = frozenset({"churn", "shared_guid", "reminted", "volatile_ids"})
"""Kinds that need nobody's attention; `archiver status` has them."""

OF_EACH = 20
"""So many of a kind are told one by one."""

LINE = 200
"""Characters of a line at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The events of one kind."""

    kind: str
    count: int
    events: tuple[Mapping[str, Any], ...]
    """The first of them: `at`, `feed_id`, `feed`, `detail`."""

    @property
    def heading(self) -> str:
        """The kind in words."""
        return HEADINGS.get(self.kind) or _clean(self.kind.replace("_", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What happened until now and was not told yet. Empty: nothing worth telling."""

    at: datetime
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        """How many events it tells of."""
        return sum(group.count for group in self.groups)

    @property
    def title(self) -> str:
        """One line: `archiver: 3 newly failing, 1 moved`."""
        parts = ", ".join(f"{group.count:,} {group.heading.split(':')[0]}" for group in self.groups)
        return shortened(f"archiver: {parts}", LINE)

    def lines(self) -> list[str]:
        """The digest line by line."""
        lines = []
        for group in self.groups:
            lines.append(f"{group.heading} ({group.count:,})")
            lines += [f"  {_line(event)}" for event in group.events]
            if (rest := group.count - len(group.events)) > 0:
                lines.append(f"  and {rest:,} more")
        return lines

    def text(self) -> str:
        """The digest as plain text."""
        return "\n".join([self.title, "", *self.lines()]) + "\n"

    def as_json(self) -> dict[str, Any]:
        """What a webhook gets. `text` is the whole digest, for tools that show it as it is."""
        return {
            "text": self.text(),
            "title": self.title,
            "at": to_text(self.at),
            "count": self.count,
            "groups": [
                {
                    "kind": group.kind,
                    "heading": group.heading,
                    "count": group.count,
                    "events": [
                        {
                            "at": event["at"],
                            "feed_id": event["feed_id"],
                            "feed": _clean(str(event["feed"])),
                            "detail": _clean(str(event["detail"])),
                        }
                        for event in group.events
                    ],
                }
                for group in self.groups
            ],
        }


def digest(events: Sequence[Mapping[str, Any]], counts: Mapping[str, int], *, at: datetime) -> Digest:
    """Group events, the kinds that matter most first. `counts` says how many of a kind there are in all."""
    kinds = sorted({event["kind"] for event in events} - UNTOLD, key=_rank)
    groups = []
    for kind in kinds:
        found = tuple(event for event in events if event["kind"] == kind)
        groups.append(Group(kind=kind, count=max(counts.get(kind, 0), len(found)), events=found[:OF_EACH]))
    return Digest(at=at, groups=tuple(groups))


def _rank(kind: str) -> tuple[int, str]:
    order = list(HEADINGS)
    return (order.index(kind) if kind in order else len(order), kind)


def _line(event: Mapping[str, Any]) -> str:
    return shortened(
        f"{event['at'][:10]}  {_clean(str(event['feed']))}: {_clean(str(event['detail']))}", LINE
    )


def _clean(text: str) -> str:
    return visible(redact(" ".join(text.split())))
