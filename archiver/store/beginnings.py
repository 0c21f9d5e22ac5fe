"""Words that begin so, of a beginning that very much of the archive has.

FTS5 reads the lists of all words of a beginning to their ends, and merges them, before it gives the first
row: of `ba*` among a million texts that is seconds. So of such a beginning only common words are looked for:
those that the newest texts have the most of.
"""

import re
from collections import Counter
from collections.abc import Iterable

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


def common(db: Database, beginning: str, languages: Iterable[str]) -> tuple[str, ...] | None:
    """Of a beginning that is too much for FTS5 some words, as the index has them; None: it is not."""
    if _pages(db, beginning) <= MANY_PAGES:
        return None
    texts = db.execute(
        f"""
        SELECT coalesce(title, '') || ' ' || substr(content_text, 1, {_LENGTH}) FROM entries
        ORDER BY id DESC LIMIT {_TEXTS}
        """
    )
    folded = stems.fold("\n".join(row[0] for row in texts))
    if not folded.isascii():
        folded += "\n" + stems.plain(folded)
    found = Counter(re.findall(rf"(?<![^\W_]){re.escape(beginning)}[^\W_]*", folded))
    words = " ".join([beginning, *(word for word, _ in found.most_common(WORDS - 1))])
    told = dict.fromkeys(stems.words_of(words))
    for language in languages:
        told |= dict.fromkeys(stems.stems_of(words, language))
    return tuple(word for word in told if word.startswith(beginning))


def _pages(db: Database, beginning: str) -> int:
    """About how many pages the lists of all words with this beginning take."""
    begin = b"0" + beginning.encode()  # "0" stands before words of the index itself
    return int(db.execute(_SPREAD, {"begin": begin, "end": begin + b"\xff"}).fetchone()[0])
