"""Replay: documents from files take the way of a fetched one.

Each file is a feed of its own, but for WARC files: those hold the answers of many feeds, with their times.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from archiver import times
from archiver.changes import Outcome
from archiver.errors import ConfigError, FetchError
from archiver.export.warc_facts import FeedFacts
from archiver.export.warc_reading import Answer, Tally, WarcAnswers
from archiver.export.warc_stream import is_warc
from archiver.fetch import read_file
from archiver.pipeline import Pipeline, Updated
from archiver.store import Following, Store
from archiver.values import file_address
from archiver.writer import Writer

_PAGES = frozenset({".html", ".htm", ".xhtml"})
"""A saved page is replayed on purpose, and read as one; elsewhere a page in a feed's place is an error."""


_WARC_NAMES = (".warc", ".warc.gz")


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
    skipped: int | None = None
    """Records of WARC files that are no answers of feeds, or are archived already; None without files."""


def warcs(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Those of the files that are WARC, by their names or their first bytes."""
    return tuple(path for path in paths if path.name.lower().endswith(_WARC_NAMES) or _begins_as_warc(path))


def _begins_as_warc(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return is_warc(file)
    except OSError:
        return False  # whoever reads it says so


def documents(paths: Sequence[Path], *, url: str | None) -> tuple[tuple[Path, str], ...]:
    """The files meant, each with its feed's address. Raises ConfigError if one address is for many files."""
    files = list(dict.fromkeys(file for path in paths for file in _files(path)))
    if url is not None and len(files) != 1:
        raise ConfigError(f"--url says where a single file came from; these are {len(files)}")
    if url is not None and warcs(files):
        raise ConfigError(
            f"--url is not for {files[0]}: a WARC file says itself where each document came from"
        )
    return tuple((file, url or file_address(file)) for file in files)


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
    """Replay WARC files in the order of their times, then the documents one after another.

    The same files make the same archive.
    """
    run = _Run(pipeline, writer, report)
    packed = warcs([path for path, _ in found])
    if packed:
        await run.replay_warcs(packed, max_bytes=max_bytes)
    for path, url in found:
        if path not in packed:
            await run.replay_document(path, url, at=at, max_bytes=max_bytes)
    entries, posts = await writer.run(lambda store: store.counts_of_feeds(sorted(run.feed_ids)))
    return Replayed(
        feeds=len(run.feed_ids),
        entries=entries,
        new=run.new,
        revised=run.revised,
        posts=posts,
        errors=tuple(run.failures),
        skipped=run.skipped if packed else None,
    )


class _Run:
    """One replay under way: what it has come to so far."""

    def __init__(self, pipeline: Pipeline, writer: Writer, report: Callable[[Updated], None]) -> None:
        self.feed_ids: set[int] = set()
        self.new = self.revised = self.skipped = 0
        self.failures: list[Failure] = []
        self._pipeline = pipeline
        self._writer = writer
        self._report = report

    async def replay_document(self, path: Path, url: str, *, at: datetime | None, max_bytes: int) -> None:
        """Replay one document, unless it is older than what the archive has of its feed."""
        try:
            body = _read(path, max_bytes)
        except FetchError as error:
            self._fail(path, error.kind, str(error))
            return
        last = await self._writer.run(lambda store: store.last_fetched_at(url))
        if at is not None and last is not None and at < last:
            self._fail(path, "late", f"the archive has a later answer of it, of {times.to_text(last)}")
            return
        kind = "page" if path.suffix.lower() in _PAGES else None
        updated = await self._pipeline.replay(url, body, kind=kind, at=at)
        self._count(updated)
        if updated.fetch.outcome is Outcome.ERROR:
            self._fail(path, updated.fetch.error_kind or "", updated.fetch.error or "")

    async def replay_warcs(self, paths: Sequence[Path], *, max_bytes: int) -> None:
        """Replay the answers of all these files, oldest first, whichever file they stand in."""
        stored = await self._writer.run(Store.known_feeds)
        known = {address: url for url, *addresses, _ in stored for address in (url, *addresses)}
        known |= {url: url for url, _, _ in stored}
        last_fetches = {url: times.from_text(last) for url, _, last in stored if last}
        with WarcAnswers(known=known, max_bytes=max_bytes) as answers:
            for path in paths:
                try:
                    self._note(path, answers.read(path))
                except OSError as error:
                    self._fail(path, "file", error.strerror or str(error))
            for facts in answers.feeds.values():
                await self._writer.run(partial(_meet, facts=facts))
            tally, late = Tally(), set[str]()
            for answer in answers.answers(tally):
                last = last_fetches.get(answer.feed)
                if last is None or answer.attempt.started_at > last:
                    await self._replay_answer(answer, paths[0])
                elif await self._is_archived(answer):
                    self.skipped += 1
                else:
                    late.add(answer.feed)
        self._note(paths[0], tally)
        for url in sorted(late):
            self._fail(
                paths[0],
                "late",
                f"the archive has later answers of {url}, so older ones were left out;"
                " replay the file into an archive of its own, and merge that one",
            )

    async def _replay_answer(self, answer: Answer, path: Path) -> None:
        updated = await self._pipeline.replay_answer(answer.feed, answer.attempt, answer.answer)
        self._count(updated)
        is_refusal = isinstance(answer.answer, FetchError)
        if updated.fetch.outcome is Outcome.ERROR and not (is_refusal or answer.ours):
            self._fail(path, updated.fetch.error_kind or "", f"{answer.feed}: {updated.fetch.error}")

    async def _is_archived(self, answer: Answer) -> bool:
        return await self._writer.run(
            lambda store: store.has_fetch(answer.feed, at=answer.attempt.started_at)
        )

    def _count(self, updated: Updated) -> None:
        self._report(updated)
        self.feed_ids.add(updated.feed.id)
        self.new += updated.fetch.entries_new
        self.revised += updated.fetch.entries_revised

    def _note(self, path: Path, tally: Tally) -> None:
        self.skipped += tally.skipped
        for problem in tally.problems:
            self._fail(path, "warc", problem)
        if tally.left_out:
            self._fail(path, "warc", f"{tally.left_out} more of the kind")

    def _fail(self, path: Path, kind: str, error: str) -> None:
        self.failures.append(Failure(path=path, kind=kind, error=error))


def _meet(store: Store, *, facts: FeedFacts) -> None:
    described = Following(url=facts.url, name=facts.name, tags=facts.tags, parse=facts.parse)
    store.replayed(facts.url, now=facts.added_at, described=described)


def _read(path: Path, max_bytes: int) -> bytes:
    return read_file(file_address(path), limit=max_bytes).body
