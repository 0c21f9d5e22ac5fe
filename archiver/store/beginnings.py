"""Words that begin so, of a beginning that very much of the archive has.

FTS5 reads the lists of all words of a beginning to their ends, and merges them, before it gives the first
row: of `ba*` among a million texts that is seconds. So of such a beginning only common words are looked for:
those that the newest texts have the most of.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from archiver import stems

MANY_PAGES = 40
"""FTS5 may read so much (4 kB each) for one beginning: about 12 ms."""

WORDS = 40
"""So many of its words are looked for else. For each FTS5 opens a list, which takes about 0.1 ms."""

_TEXTS = 200
_LENGTH = 2_000

_SPREAD = """
    WITH RECURSIVE segments (id) AS (
        SELECT min(segid) FROM revisions_fts_idx
        UNION ALL
        SELECT (SELECT min(segid) FROM revisions_fts_idx WHERE segid > segments.id)
        FROM segments WHERE segments.id IS NOT NULL
    )
    SELECT coalesce(sum(
        coalesce(
            (
                SELECT pgno FROM revisions_fts_idx WHERE segid = segments.id AND term >= :end
                ORDER BY term LIMIT 1
            ),
            (SELECT max(pgno) FROM revisions_fts_idx WHERE segid = segments.id)
        ) / 2 - (
            SELECT pgno FROM revisions_fts_idx WHERE segid = segments.id AND term <= :begin
            ORDER BY term DESC LIMIT 1
        ) / 2
    ), 0) FROM segments WHERE segments.id IS NOT NULL
"""
"""How many pages lie between two words. Each page of the index that begins a word is in `…_idx`, with twice
its number (head of SQLite's `fts5_index.c`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """Common words of a beginning, as the index has them."""

    words: tuple[str, ...]
    plain: tuple[str, ...]
    """What words with accents are without them, where they begin so only then."""


def common(db: Database, beginning: str, languages: Iterable[str]) -> Common | None:
    """Of a beginning that is too much for FTS5 common words; None: it is not."""
    if _pages(db, beginning) <= MANY_PAGES:
        return None
    texts = db.execute(
        f"""
        SELECT coalesce(title, '') || ' ' || substr(content_text, 1, {_LENGTH}) FROM entries
        ORDER BY id DESC LIMIT {_TEXTS}
        """
    )
    folded = stems.fold("\n".join(row[0] for row in texts))
    words = _most_common(folded, beginning)
    plain = [] if folded.isascii() else _most_common(stems.plain(folded), beginning)
    return Common(
        words=_stems([beginning, *words], beginning, languages),
        plain=_stems([word for word in plain if word not in words], beginning, languages),
    )


def _most_common(folded: str, beginning: str) -> list[str]:
    found = re.findall(rf"(?<![^\W_]){re.escape(beginning)}[^\W_]*", folded)
    return [word for word, _ in Counter(found).most_common(WORDS)]


def _stems(words: Sequence[str], beginning: str, languages: Iterable[str]) -> tuple[str, ...]:
    """These words as typed, and stemmed."""
    together = " ".join(words)
    told = dict.fromkeys(stems.words_of(together))
    for language in languages:
        told |= dict.fromkeys(stems.stems_of(together, language))
    return tuple(word for word in told if word.startswith(beginning))


def _pages(db: Database, beginning: str) -> int:
    """About how many pages the lists of all words with this beginning take."""
    begin = b"0" + beginning.encode()  # "0" stands before words of the index itself
    return int(db.execute(_SPREAD, {"begin": begin, "end": begin + b"\xff"}).fetchone()[0])
