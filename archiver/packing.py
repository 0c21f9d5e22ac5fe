"""Texts of a large document's entries that only the archive needs, kept small until they are stored. Pure.

Beside its plain text, an entry has the one that was published, safe HTML, and the words that it is found by.
In a document of 18 MB these are more than all else that the service holds.
"""

import io
import pickle
from dataclasses import replace
from typing import Any

import zstandard

from archiver.model import Markup, PreparedEntry

WORTH = 1000
"""How many characters these texts of an entry must have together, to be packed."""


def packed(entry: PreparedEntry) -> PreparedEntry:
    """The entry with these texts compressed in `packed`, and nowhere else; as it is, where they are short."""
    data, cleaned, terms = entry.data, entry.cleaned, entry.terms
    texts = (
        data.summary.value if data.summary else None,
        data.content.value if data.content else None,
        cleaned.summary_html,
        cleaned.content_html,
        terms.text if terms else None,
    )
    if sum(len(text) for text in texts if text) < WORTH:
        return entry
    # Plain text is its own HTML, and its own words: equal texts are kept once, and are one again.
    different = {cleaned.content_text: 0}
    places = [None if text is None else different.setdefault(text, len(different)) for text in texts]
    return replace(
        _with_texts(entry, tuple(None if text is None else "" for text in texts)),
        packed=compressed((places, list(different)[1:])),
    )


def whole(entry: PreparedEntry) -> PreparedEntry:
    """The entry as it was before it was packed, if it was."""
    if entry.packed is None:
        return entry
    places, others = uncompressed(entry.packed)
    different = [entry.cleaned.content_text, *others]
    texts = tuple(None if place is None else different[place] for place in places)
    return replace(_with_texts(entry, texts), packed=None)


def _with_texts(entry: PreparedEntry, texts: tuple[str | None, ...]) -> PreparedEntry:
    summary, content, summary_html, content_html, terms = texts
    data = replace(
        entry.data,
        summary=_with_value(entry.data.summary, summary),
        content=_with_value(entry.data.content, content),
    )
    return replace(
        entry,
        data=data,
        cleaned=replace(entry.cleaned, summary_html=summary_html, content_html=content_html),
        terms=None if entry.terms is None or terms is None else replace(entry.terms, text=terms),
    )


def _with_value(markup: Markup | None, value: str | None) -> Markup | None:
    return None if markup is None or value is None else replace(markup, value=value)


def compressed(value: object) -> bytes:
    """A value, for `uncompressed` in a process of ours; it is never there in full as bytes."""
    found = io.BytesIO()
    with zstandard.ZstdCompressor(level=1).stream_writer(found, closefd=False) as stream:
        pickle.dump(value, stream, pickle.HIGHEST_PROTOCOL)
    return found.getvalue()


def uncompressed(found: bytes) -> Any:  # noqa: ANN401 - what it was
    """The value that was compressed. Only for what comes from `compressed`."""
    with zstandard.ZstdDecompressor().stream_reader(found) as stream:
        return pickle.load(io.BufferedReader(stream))  # noqa: S301 - from ourselves
