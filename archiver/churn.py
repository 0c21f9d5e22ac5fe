"""Churn: content that is another at every fetch although nobody edited it. Pure.

The rule. A change is churn if it is the fifth in a row (CHANGES), each complete answer having brought one,
none between them having left the entry alone, and if all of them are of one nature:

- `numbers`: nothing but tokens with a digit in them, and names of months and days, is another: counters,
  dates, nonces, session ids, the parameters of an advertisement's address;
- `order`: beside that, the same words stand in another order: shuffled links;
- `part`: beside that, all changes lie in one part, and what stands unchanged before and after it in all the
  versions is at least half of each (STABLE): a box of related posts, a random quotation.

So the first five versions are kept as revisions (the first one and four changes), and A to B and back to A
is three revisions in any rhythm. A changed title, author or category is never churn. Once recognised, an
entry's further changes of the same nature, seen against its latest revision, are counted and write no
revision; any other change is an edit and makes one at once. Churn of a `part` has then to be recognised
anew. So it is with every entry that has stood still for longer than it takes to be recognised.

Not recognised: two unrelated parts that change in words, and what changes every few answers only. What is
counted and not kept as a revision stands in the kept bytes of its fetch.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

CHANGES = 5
"""So many changes in a row are churn; the first version and all but the last change are revisions."""
STABLE = 0.5
"""The least share of the tokens that stands still around a changing part."""
_FEWEST_STABLE = 4

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)+|\w+|[^\w\s]")
_CALENDAR = frozenset(
    """
    mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
    jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august
    september october november december am pm
    """.split()  # noqa: SIM905 - readable as prose
)
_MOST_TOKENS = 100_000
_NUMBER = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One archived revision of an entry, as far as its successor is compared with it."""

    title: str | None
    authors: tuple[tuple[str | None, str | None, str | None], ...]
    url: str | None
    published: str | None
    summary: str | None
    content: str | None
    enclosures: tuple[str, ...]
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last versions of an entry, and how they came about."""

    versions: tuple[Version, ...]
    """Oldest first; no more than a decision asks for."""
    in_a_row: bool
    """Each of them is the only news of one complete answer, with no other answer between or since."""
    churn: str | None = None
    """What its changes were recognised as; one of CHURN. None: it has none, or it has come to rest."""


CHURN = ("numbers", "order", "part")
"""Counters, dates and tokens; the order of things; one part of the text."""


def nature(history: History, new: Version) -> str | None:
    """The kind of churn (one of CHURN) that explains the change from the latest version to a new one, or
    None.

    Linear in the size of the texts, but for sorting their words.
    """
    if history.churn == "part":
        versions = history.versions
    elif history.churn is not None:
        versions = history.versions[-1:]
    elif history.in_a_row and len(history.versions) >= CHANGES:
        versions = history.versions[-CHANGES:]
    else:
        return None
    if any(_spoken_for(version) != _spoken_for(new) for version in versions):
        return None
    texts, changed = [_tokens(version) for version in versions], _tokens(new)
    if max(map(len, (*texts, changed))) > _MOST_TOKENS:
        return None
    if all(text == changed for text in texts):
        return "numbers"
    if history.churn == "numbers":
        return None
    if all(Counter(text) == Counter(changed) for text in texts):
        return "order"
    return "part" if len(texts) > 1 and _in_one_part(texts, changed) else None


def _in_one_part(texts: Sequence[Sequence[str]], changed: Sequence[str]) -> bool:
    """Whether a text has all that the others have in common at their ends, and that is much."""
    head = _common(texts)
    tail = _common([text[head:][::-1] for text in texts])
    stable = head + tail
    if stable < _FEWEST_STABLE or any(stable < STABLE * len(text) for text in (*texts, changed)):
        return False
    first = texts[0]
    ends_alike = tail == 0 or list(changed[-tail:]) == list(first[-tail:])
    return len(changed) >= stable and list(changed[:head]) == list(first[:head]) and ends_alike


def _common(texts: Sequence[Sequence[str]]) -> int:
    """How many tokens all of these begin with."""
    rows = zip(*texts, strict=False)
    return sum(1 for _ in takewhile(lambda row: all(token == row[0] for token in row), rows))


def _spoken_for(version: Version) -> tuple[object, ...]:
    """What nobody but a person changes."""
    return (" ".join((version.title or "").split()), version.authors, version.categories)


def _tokens(version: Version) -> list[str]:
    """Everything else as words and signs, numbers made equal; fields are kept apart."""
    fields = (
        version.url,
        version.published,
        *version.enclosures,
        "\n",
        version.summary,
        "\n",
        version.content,
    )
    tokens: list[str] = []
    for field in fields:
        tokens += (_masked(token) for token in _TOKEN.findall(field or ""))
        tokens.append("\n")
    return tokens


def _masked(token: str) -> str:
    if any(character.isdigit() for character in token) or token.casefold() in _CALENDAR:
        return _NUMBER
    return token
