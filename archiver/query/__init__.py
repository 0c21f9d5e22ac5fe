"""What a person typed, understood: words, phrases, fields and how they belong together. It never fails.

    words "a phrase" -without (this OR that) word* title:word feed:12 tag:aid lang:ru after:2024-05

All of it must be found, unless `OR` or `|` stands between. What cannot be taken as it looks (a stray quote or
operator, a field that does not exist, a date that is none) is searched for as words, and a note says so.
"""

from dataclasses import dataclass, field, replace

from archiver.errors import ConfigError
from archiver.query.reading import MAX_FILTERS, MAX_LENGTH, MAX_TERMS, all_of, parsed
from archiver.query.tree import (
    FILTER_FIELDS,
    NOTHING,
    WORD_FIELDS,
    All,
    Either,
    Filter,
    Node,
    Not,
    Term,
    span,
    walk,
    whether,
    written,
)

__all__ = [
    "FILTER_FIELDS",
    "MAX_FILTERS",
    "MAX_LENGTH",
    "MAX_TERMS",
    "NOTHING",
    "WORD_FIELDS",
    "All",
    "Either",
    "Filter",
    "Node",
    "Not",
    "Query",
    "Term",
    "dated",
    "parse",
    "span",
    "walk",
    "whether",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question. `words` is what was typed; `tree` and `notes` are what was made of it."""

    words: str = ""
    as_of: str | None = None
    """A day, month, year or time (UTC): answer as the archive would have at its end. Raises ValueError."""
    tree: Node = field(init=False, compare=True)
    notes: tuple[str, ...] = field(init=False, compare=False)
    """What was not taken as it may have been meant, a sentence each."""

    def __post_init__(self) -> None:
        if self.as_of is not None and span(self.as_of) is None:
            raise ValueError(_no_date(self.as_of))
        tree, notes = parsed(self.words)
        object.__setattr__(self, "tree", tree)
        object.__setattr__(self, "notes", notes)

    @property
    def seen_by(self) -> str | None:
        """The last second that `as_of` means, as the archive writes times; None: now."""
        found = span(self.as_of) if self.as_of is not None else None
        return found[1] if found else None

    def narrowed(
        self,
        *,
        feed: str | int | None = None,
        tag: str | None = None,
        lang: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> "Query":
        """The same question with further conditions, all of which must hold."""
        given = {"feed": feed, "tag": tag, "lang": lang, "after": since, "before": until}
        filters = tuple(Filter(name, str(value)) for name, value in given.items() if value is not None)
        if not filters:
            return self
        narrowed = replace(self)
        object.__setattr__(narrowed, "tree", all_of([self.tree, *filters]))
        object.__setattr__(narrowed, "notes", self.notes)
        return narrowed

    def as_seen(self, day: str | None) -> "Query":
        """The same question to the archive of that day; None leaves the day as it is. Raises ValueError."""
        if day is None:
            return self
        seen = replace(self, as_of=day)
        object.__setattr__(seen, "tree", self.tree)
        return seen

    @property
    def has_words(self) -> bool:
        """Whether anything is looked for in texts, so that some answers are better than others."""
        return any(isinstance(node, Term) for node in walk(self.tree, found_only=True))

    def __str__(self) -> str:
        return written(self.tree, outermost=True)


def parse(words: str, *, as_of: str | None = None) -> Query:
    """Understand what a person typed. Only a wrong `as_of` raises ValueError."""
    return Query(words=words, as_of=as_of)


def dated(text: str | None) -> str | None:
    """Return a day, month, year or time (UTC) as it is, and None where nothing was said.

    Raises ConfigError for what is no date.
    """
    if text is not None and span(text) is None:
        raise ConfigError(_no_date(text))
    return text


def _no_date(text: str) -> str:
    return f"{text!r} is not a date; write 2026, 2026-03 or 2026-03-01"
