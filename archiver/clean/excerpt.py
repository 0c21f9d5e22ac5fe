"""Is a text whole, or the beginning of one?"""

import re

SHORT = 1200
"""Characters; blog software cuts its excerpts at some 55 words, search results and listings at fewer."""

_CERTAIN = re.compile(
    r"(?:\[\s?(?:…|\.\.\.|&hellip;)\s?\]|\(\s?more\s?(?:…|\.\.\.)\s?\))[.\s]*\Z", re.IGNORECASE
)
_LIKELY = re.compile(r"(?:…|\.\.\.)[\s»›→)]*\Z")


def is_excerpt(text: str, *, linked_on: bool, is_only_text: bool) -> bool:
    """Whether a text ends in the mark of a cut, judged after what the template added has been taken off.

    `linked_on`: the template led on to the rest (`Continue reading`). `is_only_text`: the feed gave the entry
    no second, separate text. `[…]` and `(more…)` are certain. A bare ellipsis may be rhetoric, so it counts
    only in the entry's only text, or in one below SHORT characters.
    """
    tail = text[-40:]
    if linked_on or _CERTAIN.search(tail):
        return bool(text)
    return bool(_LIKELY.search(tail)) and (is_only_text or len(text) < SHORT)
