"""A place in which what the documents show is run: offline, with the seeds and the made-up feeds."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

PROJECT = Path(__file__).parents[2]


def _load(name: str) -> ModuleType:
    full_name = f"docs_{name}"
    if full_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(full_name, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full_name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full_name]


@pytest.fixture(scope="session")
def pages() -> ModuleType:
    """How pages are read, run and compared."""
    return _load("pages")


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the path with `archiver` and `python` in it."""
    folder = tmp_path_factory.mktemp("bin")
    address = folder / "warm"
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("warm.py"), address],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    ) as server:
        caller = folder / "archiver"
        real = Path(sys.executable).with_name("archiver")
        caller.write_text(
            _load("warm").CALLER.format(python=sys.executable, program=str(real), address=str(address))
        )
        caller.chmod(0o755)
        (folder / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (folder / "python").chmod(0o755)
        try:
            while not address.exists():
                assert server.poll() is None, "it could not be loaded"
                time.sleep(0.01)
            yield folder
        finally:
            server.kill()


@pytest.fixture(scope="session")
def followed(
    request: pytest.FixtureRequest,
    pages: ModuleType,
    program: Path,
    made_up: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Path], list[str]]]:
    """Follow a page as its reader would, and return what went otherwise than it says.

    All pages that are asked for are begun at once, two at a time.
    """
    chosen = [getattr(item, "callspec", None) for item in request.session.items]
    asked = {call.params["page"] for call in chosen if call is not None and "page" in call.params}

    def follow(page: Path) -> list[str]:
        folder = tmp_path_factory.mktemp(page.stem)
        if page.parent.name == "reference":  # whoever looks something up has an archive
            shutil.copy(made_up, folder)
        return _follow(page, pages, program, folder)

    with ThreadPoolExecutor(2) as pool:
        running = {page: pool.submit(follow, page) for page in sorted(asked)}
        yield lambda page: running[page].result()


def _follow(page: Path, pages: ModuleType, program: Path, folder: Path) -> list[str]:
    for name in ("data/fixtures", "docs/examples"):
        shutil.copytree(PROJECT / name, folder / name)
    variables = {
        "PATH": f"{program}:{os.environ['PATH']}",
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(program / "cache"),
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "120",
    }
    found = []
    for step, printed, status in pages.run(page.read_text("utf-8"), folder, variables):
        where = f"{page.name}:{step.line}: {step.command}"
        if step.compared and (difference := pages.differs(step.expected, printed)):
            found.append(f"{where}\n{difference}")
        elif status != 0:
            found.append(f"{where}\nended with status {status}: {printed}")
    return found


@pytest.fixture(scope="session")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of the made-up sources."""
    archive = tmp_path_factory.mktemp("made-up") / "archive.db"
    command = [sys.executable, "-m", "archiver", "--archive", archive, "replay"]
    subprocess.run(
        [*command, PROJECT / "docs" / "examples" / "made-up.warc"], check=True, capture_output=True
    )
    return archive
