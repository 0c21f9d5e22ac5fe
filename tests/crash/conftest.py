"""The crash harness as fixtures, since test files cannot import each other."""

import importlib.util
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    full_name = f"crash_{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full_name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full_name]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Callable[..., object]]:
    """Prepare a rehearsal: `rehearsal(seed=1, feeds=6)`, with `defect` a deliberately broken build."""
    changing_site, invariants, harness = map(_load, ("changing_site", "invariants", "harness"))
    with ExitStack() as stack:
        count = 0

        def build(*, seed: int, feeds: int = 6, defect: str | None = None) -> object:
            nonlocal count
            count += 1
            folder = tmp_path / f"round-{count}"
            folder.mkdir()
            site = stack.enter_context(
                changing_site.ChangingSite(seed=seed, feeds=feeds, secret=f"canary-{seed}-never-show-me")
            )
            made = harness.Harness(
                folder=folder,
                site=site,
                invariants=invariants.Invariants(),
                chance=random.Random(seed),
                defect=defect,
            )
            stack.callback(made.close)
            return made

        yield build


@pytest.fixture
def places() -> tuple[str, ...]:
    """The failpoints at which the service is killed."""
    return _load("harness").PLACES


@pytest.fixture
def lost() -> Callable[..., list[str]]:
    """What the site served whole and the archive does not have, once all is quiet."""
    return _load("invariants").lost
