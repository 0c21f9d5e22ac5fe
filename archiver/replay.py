"""Replay: documents from files take the way of a fetched one. Each file is a feed of its own."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.changes import Outcome
from archiver.errors import ConfigError
from archiver.pipeline import Pipeline, Updated, Writer

_PAGES = frozenset({".html", ".htm", ".xhtml"})
"""A saved page is replayed on purpose, and read as one; elsewhere a page in a feed's place is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A file that brought nothing into the archive."""

    path: Path
    kind: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay came to. Entries and posts are those that the archive now has of these feeds."""

    feeds: int
    entries: int
    new: int
    revised: int
    posts: int
    errors: tuple[Failure, ...]


def documents(paths: Sequence[Path], *, url: str | None) -> tuple[tuple[Path, str], ...]:
    """The files meant, each with its feed's address. Raises ConfigError if one address is for many files."""
    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    if url is not None and len(files) != 1:
        raise ConfigError(f"--url says where a single file came from; these are {len(files)}")
    return tuple((file, url or file.absolute().as_uri()) for file in files)


def _files(path: Path) -> Iterable[Path]:
    """The file itself, or those in a folder and below, hidden ones left out, in the order of their names."""
    if not path.is_dir():
        return (path,)
    inside = (file for file in path.rglob("*") if file.is_file())
    return sorted(file for file in inside if not any(p.startswith(".") for p in file.relative_to(path).parts))


async def replay_all(
    pipeline: Pipeline,
    writer: Writer,
    found: Sequence[tuple[Path, str]],
    *,
    at: datetime | None,
    max_bytes: int,
    report: Callable[[Updated], None],
) -> Replayed:
    """Replay the documents one after another, so that the same files make the same archive."""
    new = revised = 0
    feed_ids: list[int] = []
    failures: list[Failure] = []
    for path, url in found:
        try:
            body = _read(path, max_bytes)
        except OSError as error:
            failures.append(Failure(path=path, kind="file", error=error.strerror or str(error)))
            continue
        kind = "page" if path.suffix.lower() in _PAGES else None
        updated = await pipeline.replay(url, body, kind=kind, at=at)
        report(updated)
        feed_ids.append(updated.feed.id)
        new += updated.fetch.entries_new
        revised += updated.fetch.entries_revised
        if updated.fetch.outcome is Outcome.ERROR:
            failures.append(
                Failure(path=path, kind=updated.fetch.error_kind or "", error=updated.fetch.error or "")
            )
    entries, posts = await writer.run(lambda store: store.counts_of_feeds(feed_ids))
    return Replayed(
        feeds=len(set(feed_ids)),
        entries=entries,
        new=new,
        revised=revised,
        posts=posts,
        errors=tuple(failures),
    )


def _read(path: Path, max_bytes: int) -> bytes:
    if path.stat().st_size > max_bytes:
        raise OSError(f"larger than the limit of {max_bytes:,} bytes (fetch.max_body)")
    return path.read_bytes()
