"""Entries, documents and archives for the tests of identity, made by hand and without the other rooms."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver.identify import Siblings, identify, same_post
from archiver.model import Candidate, Cleaned, EntryData, KnownEntry, Markup, PreparedEntry

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"


def _entry(text: str = "", language: str | None = None, **fields: object) -> tuple[EntryData, Cleaned]:
    summary = Markup(value=text, type="text/plain") if text else None
    data = EntryData(**({"position": 0, "summary": summary} | fields))
    cleaned = Cleaned(
        summary_html=None,
        content_html=None,
        content_text=text,
        language=language,
        language_source=None,
        is_excerpt=False,
    )
    return data, cleaned


def _document(*entries: dict[str, object]) -> tuple[PreparedEntry, ...]:
    raw = [_entry(**({"position": position} | fields)) for position, fields in enumerate(entries)]
    identities = identify(raw)
    return tuple(
        PreparedEntry(data=data, cleaned=cleaned, identity=identity)
        for (data, cleaned), identity in zip(raw, identities, strict=True)
    )


def _known(entry: PreparedEntry, number: int, **columns: object) -> KnownEntry:
    data, identity = entry.data, entry.identity
    row = {
        "id": number,
        "rung": identity.rung,
        "key": identity.key,
        "guid": data.guid,
        "url": data.url,
        "url_key": identity.url_key,
        "title": data.title,
        "title_key": identity.title_key,
        "published_at": data.published_at and data.published_at.replace(microsecond=0),
        "content_sha256": identity.content_sha256,
        "content_text": entry.cleaned.content_text,
        "revision": 1,
        "aliases": (),
        "present": True,
        "first_seen_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return KnownEntry(**(row | columns))


@pytest.fixture(scope="session")
def document() -> Callable[..., tuple[PreparedEntry, ...]]:
    """Identified entries of one document, each a dict of EntryData's fields, `text` and `language`."""
    return _document


@pytest.fixture(scope="session")
def known() -> Callable[..., tuple[KnownEntry, ...]]:
    """The archive after these entries: ids count from 1; entries with a key that was there are not new."""

    def build(*entries: PreparedEntry, **columns: object) -> tuple[KnownEntry, ...]:
        first: dict[str, PreparedEntry] = {}
        for entry in entries:
            first.setdefault(entry.identity.key, entry)
        return tuple(_known(entry, number, **columns) for number, entry in enumerate(first.values(), 1))

    return build


@pytest.fixture(scope="session")
def archived() -> Callable[..., tuple[Candidate, ...]]:
    """Entries as candidates for the same post: each its own post, numbered from 1, in feed 1."""

    def build(*entries: PreparedEntry, feed_id: int = 1, first: int = 1) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(
                entry_id=number,
                post_id=number,
                feed_id=feed_id,
                title=entry.data.title,
                url=entry.data.url,
                url_key=entry.identity.url_key,
                title_key=entry.identity.title_key,
                content_text=entry.cleaned.content_text,
                published_at=entry.data.published_at,
                language=entry.cleaned.language,
            )
            for number, entry in enumerate(entries, first)
        )

    return build


@pytest.fixture(scope="session")
def words() -> Callable[..., str]:
    """So many distinct, made-up, lower-case words, the same for the same seed."""

    def build(count: int, seed: str = "w") -> str:
        syllables = ("ka", "lo", "mi", "ne", "pu", "ra", "si", "to", "vu", "ze")
        return " ".join(
            seed + "".join(syllables[int(digit)] for digit in str(number)) for number in range(count)
        )

    return build


@pytest.fixture(scope="session")
def listings() -> dict[str, tuple[PreparedEntry, ...]]:
    """The three seed listings, cut at blank lines: a long paragraph is the text of the title before it."""
    found = {}
    for path in sorted(FIXTURES.glob("00[012]_*.txt")):
        entries: list[dict[str, object]] = []
        for block in re.split(r"\n\n+", path.read_text("utf-8")):
            if len(block) > 150:
                entries[-1]["text"] = block
            elif block.strip():
                entries.append({"title": " ".join(block.split())})
        found[path.name[:3]] = _document(*entries)
    return found


@pytest.fixture(scope="session")
def linked(archived: Callable[..., tuple[Candidate, ...]]) -> Callable[..., list[tuple[int, str]]]:
    """Archive feeds one after the other, as the store does: post and rule of each entry, in order."""

    def build(*feeds: tuple[PreparedEntry, ...]) -> list[tuple[int, str]]:
        known: list[Candidate] = []
        count = 0
        out: list[tuple[int, str]] = []
        for feed_id, entries in enumerate(feeds, 1):
            here: list[Candidate] = []
            for at, entry in enumerate(entries):
                link = same_post(entry, feed_id, known, Siblings(entries[:at]))
                if link.rule == "first":
                    count += 1
                    post = count
                else:
                    post = link.post_id if link.post_id is not None else out[len(out) - at + link.same_as][0]
                out.append((post, link.rule))
                (candidate,) = archived(entry, feed_id=feed_id)
                here.append(replace(candidate, post_id=post))
            known += here
        return out

    return build
