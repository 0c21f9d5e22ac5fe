"""The hostile suite as fixtures, since test files cannot import each other."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def _at_hand() -> Iterator[None]:
    """Let the suite's own modules be imported; they import each other as the server does, run by hand."""
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        yield
    finally:
        sys.path.remove(str(Path(__file__).parent))


with _at_hand():
    from hostile_site import catalogue, harness, verdict


def _marks(one: Any) -> list[pytest.MarkDecorator]:
    slow = [pytest.mark.slow] if one.slow else []
    return [*slow, pytest.mark.xfail(reason=one.flaw, strict=False)] if one.flaw else slow


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of `scenario` is one of each; those that take long are marked."""
    if "scenario" in metafunc.fixturenames:
        metafunc.parametrize(
            "scenario",
            [
                pytest.param(one, id=one.name, marks=_marks(one))
                for one in catalogue.SCENARIOS.values()
                if one.group not in ("healthy", "crowd")
            ],
        )


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> "Suite":
    """The runs, each made once."""
    return Suite(harness.Harness(folder=tmp_path_factory.mktemp("hostile")))


class Suite:
    """Runs by name, and the verdicts on them."""

    def __init__(self, harness: Any) -> None:
        self._harness = harness
        self.run = cache(self._run)

    def _run(self, name: str) -> Any:
        every = catalogue.SCENARIOS.values()
        phases = [(at_once, [one for one in every if chosen(one)]) for at_once, chosen in RUNS[name]]
        return self._harness.run(phases, limits=PATIENT if name != "everyday" else harness.Limits())

    def faults(self, scenario: Any) -> list[str]:
        """What went wrong with a misbehaviour."""
        run = next(name for name, phases in RUNS.items() if any(chosen(scenario) for _, chosen in phases))
        return verdict.of_scenario(self.run(run), scenario)

    def broken(self, defect: str, *names: str) -> list[str]:
        """All that goes wrong with these misbehaviours in a deliberately broken build."""
        scenarios = [catalogue.SCENARIOS[name] for name in names]
        at_once = 1 if any(one.alone for one in scenarios) else ALL
        evidence = self._harness.run([(at_once, scenarios)], defect=defect, last_resort=8.0)
        assert evidence.report, f"it did not even run: {evidence.told[-1000:]}"
        told = [f"{one.name}: {fault}" for one in scenarios for fault in verdict.of_scenario(evidence, one)]
        return told + verdict.of_run(evidence)

    def of_run(self, name: str) -> list[str]:
        """What went wrong beside the misbehaviours themselves."""
        return verdict.of_run(self.run(name))


ALL = 1000
PATIENT = harness.Limits(total_seconds=10, worker_seconds=20)
RUNS: dict[str, list[tuple[int, Callable[[Any], bool]]]] = {
    "everyday": [
        (1, lambda one: one.alone and not one.slow),
        (ALL, lambda one: not one.alone and one.group not in ("documents", "healthy", "crowd")),
        (2, lambda one: not one.alone and not one.slow and one.group == "documents"),
    ],
    "monsters": [(1, lambda one: one.slow and not one.alone)],
    "giants": [(1, lambda one: one.slow and one.alone)],
}
"""Which misbehaviours go together: phases, and how many at once. Of one at a time the memory is measured.

Those come first, while the process is as small as it will ever be.
"""


@pytest.fixture(scope="session")
def catalogued() -> dict[str, Any]:
    """Every misbehaviour, by name."""
    return dict(catalogue.SCENARIOS)
