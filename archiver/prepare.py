"""From bytes to a document that is understood, cleaned and identified: one plain function, no I/O.

It runs in worker processes, since a publisher's bytes may take any time and memory.
"""

from dataclasses import replace

from archiver import stems
from archiver.clean import clean
from archiver.failpoints import failpoint
from archiver.identify import identify
from archiver.model import ParsedFeed, ParseOptions, PreparedEntry, PreparedFeed
from archiver.parse import read


def prepare(body: bytes, options: ParseOptions, known: str | None = None) -> PreparedFeed:
    """bytes -> `parse` -> `clean` -> `identify` -> PreparedFeed. Raises ParseError.

    Of a document of which entries are `known` by their marks, only the others where that is certain.
    """
    found = read(body, options, known)
    failpoint("mid_prepare")  # in a worker
    return replace(understand(found.parsed), raw=found.raw, seen=found.seen)


def understand(parsed: ParsedFeed) -> PreparedFeed:
    """Clean and identify the entries of a document that was read."""
    cleaned = [
        clean(entry, feed_language=parsed.feed.language, feed_title=parsed.feed.title)
        for entry in parsed.entries
    ]
    identities = identify(list(zip(parsed.entries, cleaned, strict=True)))
    return PreparedFeed(
        parsed=parsed,
        entries=tuple(
            PreparedEntry(
                data=data, cleaned=clean_entry, identity=identity, terms=stems.of_entry(data, clean_entry)
            )
            for data, clean_entry, identity in zip(parsed.entries, cleaned, identities, strict=True)
        ),
    )
