"""The manifest of an export: what was asked, of which archive, when, by which program, and what came of it.

With it somebody else can be sure to have the same file, ask the same again, and refer to it.
"""

import hashlib
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archiver import __version__
from archiver.errors import ConfigError
from archiver.export.sink import Written
from archiver.query import Query

VERSION = 1
_BLOCK = 1 << 20
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for, as they wrote it."""

    words: str = ""
    feed: str | None = None
    tag: str | None = None
    lang: str | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None

    @property
    def filters(self) -> dict[str, str]:
        """What was narrowed down beside the words."""
        named = {name: getattr(self, name) for name in ("feed", "tag", "lang", "since", "until")}
        return {name: value for name, value in named.items() if value is not None}


def manifest(
    *,
    name: str,
    form: str,
    rows: int,
    each: str,
    columns: list[str],
    written: Written,
    asked: Asked,
    question: Query,
    archive: dict[str, Any],
    at: str,
) -> dict[str, Any]:
    """The manifest of a file of this name, exported at this time."""
    told = {
        "manifest": VERSION,
        "file": name,
        "format": form,
        "sha256": written.sha256,
        "bytes": written.size,
        "rows": rows,
        "row": each,
        "columns": columns,
        "asked": {"query": asked.words, **asked.filters, "as_of": asked.as_of},
        "understood": {
            "query": str(question), "as_of": question.seen_by, "notes": list(question.notes),
        },
        "exported_at": at,
        "program": {"name": "archiver", "version": __version__, "python": platform.python_version()},
        "archive": archive,
    }  # fmt: skip
    return told | {"cite_as": _citation(told)}


def _citation(told: dict[str, Any]) -> str:
    asked = str(told["understood"]["query"])
    about = f"answers to “{asked}”" if asked else "all"
    then = told["understood"]["as_of"]
    last = told["archive"]["last_fetch_at"]
    state = f"as of {then}" if then else f"as of {last}" if last else "before the first fetch"
    count = f"{told['rows']:,} row{'' if told['rows'] == 1 else 's'}"
    return (
        f"Feed archive, {about}, {state}: {count} ({told['row']}), {told['format']}, exported"
        f" {told['exported_at']} with archiver {told['program']['version']}. SHA-256 {told['sha256']}."
    )


def manifest_path(path: Path) -> Path:
    """Where the manifest of an export is."""
    return path.with_name(path.name + ".manifest.json")


def codebook_path(path: Path) -> Path:
    """Where its codebook is."""
    return path.with_name(path.name + ".codebook.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of a file that has a manifest."""

    path: Path
    told: dict[str, Any]
    problem: str | None
    """A sentence; None: it is the one that was exported."""


def check(path: Path) -> Checked:
    """Look whether the file beside a manifest is still the one that was exported. Raises ConfigError."""
    told = _read(path)
    file = path.with_name(str(told["file"]))
    whole = file / "SHA256SUMS" if file.is_dir() else file
    try:
        size, digest = _measured(whole)
        problem = None
        if size != told["bytes"]:
            problem = f"{file}: {size:,} bytes, but {told['bytes']:,} were exported"
        elif digest != told["sha256"]:
            problem = f"{file}: its SHA-256 is not the one of what was exported"
        elif file.is_dir():
            problem = _strays(file, whole)
    except OSError as error:
        problem = f"{file}: cannot be read: {error.strerror or error}"
    return Checked(path=file, told=told, problem=problem)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            told = json.loads(file.read(_LARGEST))
        name, size, digest = told["file"], told["bytes"], told["sha256"]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConfigError(f"{path}: this is no manifest of an export") from error
    if not (isinstance(name, str) and isinstance(size, int) and isinstance(digest, str)):
        raise ConfigError(f"{path}: this is no manifest of an export")
    if Path(name).name != name:
        raise ConfigError(f"{path}: it names a file in another folder ({name!r})")
    assert isinstance(told, dict)
    return told


def _measured(path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def _strays(folder: Path, sums: Path) -> str | None:
    """What is wrong with the files of a folder, by the list of their digests."""
    count = 0
    with sums.open(encoding="utf-8") as lines:
        for line in lines:
            digest, _, name = line.rstrip("\n").partition("  ")
            count += 1
            if ".." in Path(name).parts or _measured(folder / name)[1] != digest:
                return f"{folder / name}: its SHA-256 is not the one of what was exported"
    there = sum(1 for found in folder.rglob("*") if found.is_file()) - 1
    return None if there == count else f"{folder}: {there:,} files, but {count:,} were exported"
