"""The loads in which everybody asks the same feeds in turn: unchanged, same bytes, new entries, at first."""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.programs import Program
from benchmarks.results import Row, against_peer, bounded, skipped
from benchmarks.website import PAUSE, Website


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One load of the table: what is served, and what is to be reached."""

    name: str
    feeds: int | None
    """None: every document of the corpus once."""
    entries: int | None = None
    """How many entries a feed has at most."""
    goals: Mapping[str, float | None]
    """By peer: how many times as quick we want to be. The peers that are asked at all."""
    rate: float | None = None
    """Feeds a second that we want to reach."""
    validators: bool = True
    grows: bool = False
    first: bool = False
    """Every round begins with nothing."""
    status: int = 200
    """How the server should have to answer, once a program knows its feeds."""


@dataclass(slots=True)
class Figures:
    """What the rounds of one program came to."""

    seconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    """Of the middle four fifths of its requests, as the server saw them."""
    server: list[float] = field(default_factory=list)
    """The share of a processor that the server took."""
    answers: dict[int, int] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)


def measure(
    load: Load, corpus: Path, us: Program, peers: Mapping[str, Program | None], *, rounds: int, port: int,
    count: int, pause: float = PAUSE,
) -> list[Row]:  # fmt: skip
    """Run a load: everybody in turn, the order turned round with every round."""
    asked = [us, *(peers[name] for name in load.goals if name in peers)]
    programs = [program for program in asked if program]
    figures: dict[str, Figures] = defaultdict(Figures)
    with Website(corpus, count=count, port=port, first=load.entries) as website:
        ceiling = website.ceiling(requests=min(5000, 5 * count))
        _say(f"{load.name}: {count} feeds; the server can do {ceiling:.0f} requests a second")
        poll = 0
        for program in programs:
            program.begin(website.addresses[: 2 if load.first else None])
            program.update()
        if not load.first:
            # One more time unmeasured: a program may ask differently from its second time on.
            website.show(poll=poll, validators=load.validators)
            for program in programs:
                program.update()
        for number in range(rounds):
            poll += load.grows
            for program in programs if number % 2 == 0 else reversed(programs):
                if load.first:
                    program.begin(website.addresses)
                time.sleep(pause)
                website.show(poll=poll, validators=load.validators)
                _note(figures[program.name], program, website)
                _say(f"  {program.name}: {figures[program.name].seconds[-1]:.2f} s")
    rows = [*_ours(load, figures[us.name], count, ceiling)]
    for name, goal in load.goals.items():
        if name not in peers:
            continue
        if peers[name] is None:
            rows.append(skipped(load.name, f"times as quick as {name}", "not installed"))
            continue
        ours, theirs = figures[us.name], figures[name]
        rows.append(against_peer(load.name, name, ours.seconds, theirs.seconds, goal=goal, feeds=count))
        rows.extend(_steady(load, name, ours, theirs))
    _check(load, figures, count)
    return rows


def _note(figures: Figures, program: Program, website: Website) -> None:
    taken = program.update()
    seen = website.seen()
    figures.seconds.append(taken)
    figures.server.append(seen.cpu / taken)
    figures.answers = seen.statuses
    figures.kept.append(program.kept())
    if (rate := seen.steady_rate) is not None:
        figures.rates.append(rate)


def _ours(load: Load, ours: Figures, count: int, ceiling: float) -> list[Row]:
    whole = [count / seconds for seconds in ours.seconds]
    rows = [
        bounded(
            load.name, "whole process", whole, "feeds/s", at_least=load.rate,
            detail=f"server: {100 * statistics.median(ours.server):.0f} % of a core, ceiling {ceiling:.0f}/s",
        )
    ]  # fmt: skip
    if ours.rates:
        rows.append(
            bounded(
                load.name, "once running", ours.rates, "feeds/s", at_least=load.rate,
                detail="middle four fifths of the requests",
            )
        )  # fmt: skip
    return rows


def _steady(load: Load, name: str, ours: Figures, theirs: Figures) -> list[Row]:
    if not (ours.rates and theirs.rates):
        return []
    our, their = statistics.median(ours.rates), statistics.median(theirs.rates)
    return [
        Row(
            load=load.name,
            what=f"  the same, once running ({name})",
            value=f"{our / their:.2f}",
            detail=f"{their:.0f} feeds/s against our {our:.0f}",
            figures={"ratio": our / their, "our_rates": ours.rates, "their_rates": theirs.rates},
        )
    ]


def _check(load: Load, figures: Mapping[str, Figures], count: int) -> None:
    """Say where somebody did something else than was meant to be measured."""
    for name, own in figures.items():
        _say(f"  {name}: entries kept {own.kept[0]} to {own.kept[-1]}; last answers {own.answers}")
        if own.answers.get(load.status, 0) < count:
            _say(f"  NOTE: {name} did not get {count} answers {load.status}")
        if load.grows and own.kept[-1] - own.kept[0] < (len(own.kept) - 1) * count:
            _say(f"  NOTE: {name} does not keep a new entry of each feed and poll")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def loads(*, quick: bool) -> Sequence[Load]:
    """The first four rows of the table."""
    return (
        Load(
            name="unchanged (304)", feeds=200 if quick else 2000, entries=10, rate=2000, status=304,
            goals={"reader": 15, "newsboat": None},
        ),
        Load(
            name="same bytes (200)", feeds=None if quick else 500, validators=False,
            goals={"reader": 10, "newsboat": None},
        ),
        Load(
            name="one new entry", feeds=None if quick else 500, grows=True,
            goals={"reader": 12, "newsboat": 1, "sfeed": 1},
        ),
        Load(
            name="first archiving", feeds=None, first=True,
            goals={"reader": 4, "newsboat": 1, "sfeed": 1},
        ),
    )  # fmt: skip
