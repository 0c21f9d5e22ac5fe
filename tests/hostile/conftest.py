"""The hostile suite as fixtures, since test files cannot import each other."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

MARK = pytest.mark.slow


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of `scenario` is one of each; those that take long are marked."""
    if "scenario" in metafunc.fixturenames:
        metafunc.parametrize(
            "scenario",
            [
                pytest.param(one, id=one.name, marks=[MARK] if one.slow else [])
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
        chosen, how = RUNS[name]
        return self._harness.run([one for one in catalogue.SCENARIOS.values() if chosen(one)], **how)

    def run_of(self, scenario: Any) -> Any:
        """The run that a scenario is in."""
        return next(self.run(name) for name, (chosen, _) in RUNS.items() if chosen(scenario))

    def faults(self, scenario: Any) -> list[str]:
        """What went wrong with a misbehaviour."""
        return verdict.of_scenario(self.run_of(scenario), scenario)

    def broken(self, defect: str, *names: str, last_resort: float) -> list[str]:
        """All that goes wrong with these misbehaviours in a deliberately broken build."""
        scenarios = [catalogue.SCENARIOS[name] for name in names]
        alone = any(one.alone for one in scenarios)
        evidence = self._harness.run(
            scenarios, mode="alone" if alone else "together", defect=defect, last_resort=last_resort
        )
        told = [f"{one.name}: {fault}" for one in scenarios for fault in verdict.of_scenario(evidence, one)]
        return told + verdict.of_run(evidence)

    def of_run(self, name: str) -> list[str]:
        """What went wrong beside the misbehaviours themselves."""
        return verdict.of_run(self.run(name))


def _is_document(one: Any) -> bool:
    return bool(one.group == "documents")


RUNS: dict[str, tuple[Callable[[Any], bool], dict[str, Any]]] = {
    "bombs": (lambda one: one.alone and not one.slow, {"mode": "alone"}),
    "servers": (lambda one: not one.alone and not _is_document(one) and one.group not in ("healthy", "crowd"), {}),
    "documents": (lambda one: not one.alone and _is_document(one) and not one.slow, {"at_once": 2}),
    "monsters": (
        lambda one: one.slow,
        {"mode": "alone", "limits": harness.Limits(total_seconds=10, worker_seconds=15), "last_resort": 60.0},
    ),
}
"""Which misbehaviours go together, and how. Where memory is measured, nothing else hostile goes on."""


@pytest.fixture(scope="session")
def catalogued() -> dict[str, Any]:
    """Every misbehaviour, by name."""
    return dict(catalogue.SCENARIOS)
