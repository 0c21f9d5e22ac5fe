"""Made-up feeds with texts of realistic length, in words as rare and as common as those of a language."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from benchmarks.feeds import START

_SYLLABLES = tuple(
    onset + vowel
    for onset in ("b", "br", "d", "f", "g", "k", "kl", "l", "m", "n", "p", "r", "s", "st", "t", "v", "z")
    for vowel in "aeiou"
)
_VOCABULARY = 60_000
_MEDIAN_WORDS = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A made-up post."""

    url: str
    title: str
    paragraphs: tuple[str, ...]
    published_at: datetime

    @property
    def html(self) -> str:
        """The text as a feed has it."""
        return "".join(f"<p>{one}</p>" for one in self.paragraphs)


class Author:
    """Writes the same posts whenever it is asked with the same seed."""

    def __init__(self) -> None:
        chance = random.Random(1)
        lengths = chance.choices((1, 2, 2, 3, 3, 4), k=200_000)
        words = {"".join(chance.choices(_SYLLABLES, k=length)) for length in lengths}
        self._words = sorted(words, key=lambda word: (len(word), word))[:_VOCABULARY]
        # Zipf's law: the word of rank n is about one n-th as frequent as the first.
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(self._words))))

    def entries(self, seed: int, count: int) -> Iterator[Entry]:
        """So many posts of one feed, newest first; lengths are log-normal, as those of real posts."""
        chance = random.Random(seed)
        for number in range(count):
            length = min(1500, max(15, round(_MEDIAN_WORDS * math.exp(chance.gauss(0, 0.9)))))
            words = chance.choices(self._words, cum_weights=self._weights, k=length + 8)
            text = words[8:]
            yield Entry(
                url=f"https://site-{seed}.example/{number}-{words[0]}",
                title=" ".join(words[: 3 + number % 6]).capitalize(),
                paragraphs=tuple(
                    " ".join(text[at : at + 60]).capitalize() + "." for at in range(0, len(text), 60)
                ),
                published_at=START - timedelta(hours=7 * number),
            )

    def document(self, seed: int, count: int) -> bytes:
        """An RSS document of them."""
        return as_rss(f"Site {seed}", tuple(self.entries(seed, count)))


def as_rss(title: str, entries: Sequence[Entry]) -> bytes:
    """Entries as RSS 2.0."""
    items = "".join(
        f"<item><title>{one.title}</title><link>{one.url}</link><guid>{one.url}</guid>"
        f"<pubDate>{one.published_at:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
        f"<description><![CDATA[{one.html}]]></description></item>\n"
        for one in entries
    )
    return f"<rss version='2.0'><channel><title>{title}</title>\n{items}</channel></rss>".encode()
