"""What was measured, and how it is told: medians, ratios, goals."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a figure of ours, against a peer's or against a bound."""

    load: str
    what: str
    value: str
    goal: str = ""
    met: bool | None = None
    """None where the issue sets no goal."""
    detail: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    """The bare numbers, for `--json`."""

    def as_json(self) -> dict[str, Any]:
        """The row with its figures."""
        return asdict(self)


def against_peer(
    load: str, peer: str, ours: Sequence[float], theirs: Sequence[float], *, goal: float | None, feeds: int
) -> Row:
    """How many times as quick as the peer we are, whole processes, by the medians of both."""
    our, their = statistics.median(ours), statistics.median(theirs)
    ratio = their / our
    return Row(
        load=load,
        what=f"times as quick as {peer}",
        value=f"{ratio:.2f}",
        goal="" if goal is None else f"{goal:g}",
        met=None if goal is None else ratio >= goal,
        detail=f"{their:.2f} s against our {our:.2f} s for {feeds} feeds",
        figures={"ratio": ratio, "our_seconds": list(ours), "their_seconds": list(theirs), "feeds": feeds},
    )


def bounded(
    load: str, what: str, values: Sequence[float], unit: str, *, at_most: float | None = None,
    at_least: float | None = None, detail: str = "",
) -> Row:  # fmt: skip
    """A figure of ours by itself: the median, and whether it keeps a bound."""
    value = statistics.median(values)
    goal, met = "", None
    if at_most is not None:
        goal, met = f"≤ {at_most:g} {unit}", value <= at_most
    if at_least is not None:
        goal, met = f"≥ {at_least:g} {unit}", value >= at_least
    return Row(
        load=load, what=what, value=f"{value:.4g} {unit}", goal=goal, met=met, detail=detail,
        figures={"median": value, "values": list(values), "unit": unit},
    )  # fmt: skip


def skipped(load: str, what: str, why: str) -> Row:
    """A line that could not be measured."""
    return Row(load=load, what=what, value="–", detail=why)


def table(rows: Iterable[Row]) -> str:
    """All rows under each other, load by load."""
    head = ("load", "what", "value", "goal", "", "")
    cells = [head] + [(row.load, row.what, row.value, row.goal, _verdict(row), row.detail) for row in rows]
    widths = [max(len(line[at]) for line in cells) for at in range(len(head))]
    lines = []
    before = ""
    for load, *others in cells:
        shown = ["" if load == before else load, *others]
        before = load
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(shown, widths, strict=True)).rstrip())
    return "\n".join(lines)


def _verdict(row: Row) -> str:
    return {True: "met", False: "NOT MET", None: ""}[row.met]
