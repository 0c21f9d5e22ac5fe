"""What the rules of the same post look at, of a new entry or an archived one, and what they ask of two."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from archiver.identify.copies import Copied, is_copy
from archiver.identify.titles import is_series
from archiver.identify.words import body_words, particulars
from archiver.model import Candidate, PreparedEntry

SAME_TIME = timedelta(hours=14)
"""No two time zones are further apart, and a day's next bulletin is."""
COPYING = timedelta(days=2)
"""A site that takes over another's stories does it soon."""
_ONE_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Story:
    """An entry as a story. Its words are looked at when they are asked for: mostly something else decides."""

    feed_id: int
    post_id: int | None = None
    position: int | None = None
    url_key: str | None
    fragment: str
    headline: str
    title: str
    """The headline's key."""
    series: bool
    """Whether others may have this title too."""
    text: str
    published_at: datetime | None
    language: str | None

    @cached_property
    def words(self) -> Sequence[str]:
        """The words of its text, folded."""
        return body_words(self.text)

    @cached_property
    def copied(self) -> Copied:
        """Its text as copies are told by."""
        return Copied(self.text)


def apart(ours: Story, other: Story) -> timedelta | None:
    """How far apart two entries were published; None where a date is missing."""
    if ours.published_at is None or other.published_at is None:
        return None
    return abs(ours.published_at - other.published_at)


def within(limit: timedelta, ours: Story, other: Story) -> bool:
    """Whether the dates allow for one story; a missing one does."""
    distance = apart(ours, other)
    return distance is None or distance <= limit


def at_one_time(ours: Story, other: Story) -> bool:
    """Whether they may come from one hour, whatever the time zones, or a date is missing."""
    return within(SAME_TIME, ours, other)


def at_one_moment(ours: Story, other: Story) -> bool:
    """Whether both bear the same time; midnight stands for a date without one, and so for a whole day."""
    distance = apart(ours, other)
    if distance is None or distance > _ONE_MOMENT:
        return False
    time = other.published_at
    return time is not None and (time.hour, time.minute, time.second) != (0, 0, 0)


def is_copied(ours: Story, other: Story) -> bool:
    """Whether one text is the other, cut."""
    return is_copy(ours.copied, other.copied)


def is_edited(ours: Story, other: Story, contained: float) -> bool:
    """Whether most of a text is as it was, with all its names and numbers, and the date that it had."""
    distance = apart(ours, other)
    if distance is not None and distance > _ONE_MOMENT:
        return False
    return contained >= 0.8 and _particulars_agree(ours, other)


def are_of_one_site(ours: Story, other: Story) -> bool:
    """Whether the two have pages, and these lie on one host."""
    if not ours.url_key or not other.url_key or ours.url_key == other.url_key:
        return False
    one, two = (re.split("[/?#]", key, maxsplit=1)[0] for key in (ours.url_key, other.url_key))
    return one == two


def languages_agree(ours: Story, other: Story) -> bool:
    """Whether both may be in one language; an unknown one may."""
    if not ours.language or not other.language:
        return True
    return ours.language.partition("-")[0] == other.language.partition("-")[0]


def _particulars_agree(ours: Story, other: Story) -> bool:
    """Whether the longer text has every name and number of the shorter."""
    shorter, longer = sorted((ours, other), key=lambda story: len(story.words))
    whole = set(shorter.words)  # without the word that a cut has torn
    return (particulars(shorter.text) & whole) <= set(longer.words)


def of_entry(entry: PreparedEntry, feed_id: int) -> Story:
    """A new entry as a story; it has no post yet, but a position."""
    return Story(
        feed_id=feed_id,
        position=entry.data.position,
        url_key=entry.identity.url_key,
        fragment=(entry.data.url or "").partition("#")[2],
        headline=entry.data.title or "",
        title=entry.identity.title_key,
        series=is_series(entry.identity.title_key),
        text=entry.cleaned.content_text,
        published_at=entry.data.published_at,
        language=entry.cleaned.language,
    )


def of_candidate(candidate: Candidate) -> Story:
    """An archived entry as a story of a post."""
    return Story(
        feed_id=candidate.feed_id,
        post_id=candidate.post_id,
        url_key=candidate.url_key,
        fragment=(candidate.url or "").partition("#")[2],
        headline=candidate.title or "",
        title=candidate.title_key,
        series=is_series(candidate.title_key),
        text=candidate.content_text,
        published_at=candidate.published_at,
        language=candidate.language,
    )
