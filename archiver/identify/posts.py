"""Whether a new entry tells a story that is archived already.

Links are never undone, so misses are fine and false ones are not. A copy of a story is its text, cut; a
single other word in it, dates that contradict, another part's number, an URL or title that several entries of
one feed share (a show's page, a weekly interview) speak against a link, and count more than what speaks for
it. The less a title says, and the further apart the dates are, the longer the texts must be.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from math import inf

from archiver.changes import PostLink
from archiver.identify.story import (
    COPYING,
    SAME_TIME,
    Story,
    apart,
    are_of_one_site,
    at_one_moment,
    at_one_time,
    is_copied,
    is_edited,
    languages_agree,
    of_candidate,
    of_entry,
    within,
)
from archiver.identify.titles import dressing, is_about, is_short, numbering
from archiver.identify.words import containment
from archiver.model import Candidate, PreparedEntry
from archiver.urls import is_site_root

_FEW_WORDS = 8
_SHORT_TEXT = 20
_LONG_TEXT = 40
_WHOLE_TEXT = 150
_NEWEST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    rule: str
    confidence: float
    story: Story


class Siblings:
    """The new entries of one document so far."""

    def __init__(self, entries: Iterable[PreparedEntry] = ()) -> None:
        """Begin with these."""
        self._by_url: dict[str, deque[PreparedEntry]] = {}
        self._by_title: dict[str, set[_Told]] = {}
        for entry in entries:
            self.add(entry)

    def add(self, entry: PreparedEntry) -> None:
        """Take in the next one."""
        identity = entry.identity
        if identity.url_key is not None:
            self._by_url.setdefault(identity.url_key, deque(maxlen=_NEWEST)).append(entry)
        if identity.title_key:
            self._by_title.setdefault(identity.title_key, set()).add(_told(entry))

    def under(self, url_key: str | None) -> Sequence[PreparedEntry]:
        """The last ones with this URL."""
        return self._by_url.get(url_key, ()) if url_key is not None else ()

    def have_namesake(self, entry: PreparedEntry) -> bool:
        """Whether one of them has this entry's title, and is not this one a second time."""
        return bool(self._by_title.get(entry.identity.title_key, set()) - {_told(entry)})


_Told = tuple[str | None, str]


def _told(entry: PreparedEntry) -> _Told:
    return entry.data.url, entry.identity.hash_key


def same_post(
    entry: PreparedEntry, feed_id: int, candidates: Sequence[Candidate], siblings: Siblings
) -> PostLink:
    """Find the post that a new entry belongs to, with the rule that says so and how sure it is (0 to 1).

    `candidates` are archived entries; `siblings` stand before it in the same document.
    In its own feed an entry joins another only under the same URL, since by listing both the publisher says
    that they are two. Rules: `url`, `title`, `text`; `first` where nobody told the story before. The surest
    wins, then the oldest post.
    """
    url = entry.identity.url_key
    same = siblings.under(url)
    if not same and not any(_may_be_one(other, feed_id, url) for other in candidates):
        return PostLink(rule="first", confidence=1.0)
    ours = of_entry(entry, feed_id)
    told = [of_candidate(other) for other in candidates]
    if _is_repeated(ours, told) or siblings.have_namesake(entry):
        ours = replace(ours, series=True)
    others = [other for other in told if _may_be_one(other, feed_id, url)]
    others += [of_entry(other, feed_id) for other in same]
    denials = _Denials(ours, told)
    matches = sorted(_confirmed(ours, others), key=_order)
    found = next((match for match in matches if not denials.concern(match)), None)
    if found is None:
        return PostLink(rule="first", confidence=1.0)
    return PostLink(
        rule=found.rule,
        confidence=found.confidence,
        post_id=found.story.post_id,
        same_as=found.story.position,
    )


def _may_be_one(other: Candidate | Story, feed_id: int, url: str | None) -> bool:
    return other.feed_id != feed_id or bool(url and other.url_key == url)


def _order(found: _Found) -> tuple[float, bool, int]:
    story = found.story
    return -found.confidence, story.post_id is None, story.post_id or story.position or 0


class _Denials:
    """Texts other than ours in posts that ours may belong to: an excerpt is as good a copy of two alike."""

    def __init__(self, ours: Story, told: Sequence[Story]) -> None:
        self._ours = ours
        self._told = told
        self._others: dict[int, list[Story]] = {}

    def concern(self, found: _Found) -> bool:
        """Whether the post of a match has another text than ours, beside that which matches."""
        post_id = found.story.post_id
        if found.rule == "url" or post_id is None:
            return False
        if post_id not in self._others:
            others = (one for one in self._told if one.post_id == post_id and self._is_other(one))
            self._others[post_id] = list(islice(others, 2))  # one of two is not the match
        return any(other is not found.story for other in self._others[post_id])

    def _is_other(self, story: Story) -> bool:
        return bool(story.words) and not is_copied(self._ours, story)


def _confirmed(ours: Story, others: Sequence[Story]) -> Iterable[_Found]:
    busy_page = _several_in_one_feed(other for other in others if other.url_key == ours.url_key)
    by_title, by_text = [], []
    for other in others:
        own_feed = other.feed_id == ours.feed_id
        if _have_one_page(ours, other):
            contained = containment(ours.words, other.words)
            if _same_page(ours, other, contained, strict=own_feed or busy_page):
                yield _found("url", 0.7, 0.3, contained, other)
                continue
        if own_feed:
            continue
        if ours.title and ours.title == other.title:
            if _same_under_one_title(ours, other):
                by_title.append(_found("title", 0.5, 0.4, containment(ours.words, other.words), other))
        elif _same_under_other_titles(ours, other):
            by_text.append(_found("text", 0.4, 0.4, containment(ours.words, other.words), other))
    for matches in (by_title, by_text):
        if _several_in_one_feed(match.story for match in matches):
            # A series whose parts read alike: only the date says which of them this is.
            matches = [
                match
                for match in matches
                if ours.published_at and match.story.published_at == ours.published_at
            ]
        yield from matches


def _is_repeated(ours: Story, told: Sequence[Story]) -> bool:
    """Whether some feed, ours among them, has the title for several pages."""
    pages: dict[int, set[object]] = {ours.feed_id: {_page(ours)}}
    for story in told:
        if story.title == ours.title:
            pages.setdefault(story.feed_id, set()).add(_page(story))
    return any(len(found) > 1 for found in pages.values())


def _page(story: Story) -> object:
    where = story.url_key or " ".join(story.words)
    return where, story.fragment, story.published_at and story.published_at.replace(microsecond=0)


def _found(rule: str, least: float, more: float, contained: float, story: Story) -> _Found:
    return _Found(rule=rule, confidence=round(least + more * contained, 3), story=story)


def _several_in_one_feed(stories: Iterable[Story]) -> bool:
    """Whether some feed has several stories of this kind, so that the kind identifies none."""
    told: dict[int, set[tuple[str, datetime | None]]] = {}
    for story in stories:
        told.setdefault(story.feed_id, set()).add((story.title, story.published_at))
    return any(len(stories) > 1 for stories in told.values())


# ---------------------------------------------------------------- the rules


def _have_one_page(ours: Story, other: Story) -> bool:
    return ours.url_key is not None and ours.url_key == other.url_key and not is_site_root(ours.url_key)


def _same_page(ours: Story, other: Story, contained: float, *, strict: bool) -> bool:
    """Two entries with one URL are one post, unless it is a page where many things are told."""
    if ours.fragment != other.fragment:  # `#comment-5` and `#comment-6` are parts of one page
        return False
    one_title = ours.title == other.title
    if strict and not one_title:
        return False
    if not ours.words or not other.words:
        return _same_page_without_text(ours, other, strict=strict)
    least = min(len(ours.words), len(other.words))
    undated = apart(ours, other) is None
    if strict or (not (ours.title and other.title) and least < _FEW_WORDS):
        if not (undated or at_one_moment(ours, other) or (least >= _SHORT_TEXT and at_one_time(ours, other))):
            return False
        if not ours.title or not other.title:
            return ours.words == other.words
        return is_copied(ours, other) or (not undated and is_edited(ours, other, contained))
    if ours.title and other.title:
        return (_same_page_one_title if one_title else _same_page_other_titles)(ours, other, contained)
    if is_copied(ours, other):
        return within(SAME_TIME if least < _SHORT_TEXT else COPYING, ours, other)
    return is_edited(ours, other, contained)


def _same_page_without_text(ours: Story, other: Story, *, strict: bool) -> bool:
    """Of one or both nothing is known but the title, or not even that."""
    if apart(ours, other) is None or at_one_moment(ours, other):
        pass
    elif strict or ours.series or not at_one_time(ours, other):
        return False
    if ours.title and other.title:
        return ours.title == other.title or dressing(ours.headline, other.headline) != ""
    if strict:
        return False
    titled, told = (ours, other) if ours.title else (other, ours)
    return (
        not (titled.title or titled.words)
        or not (told.title or told.words)
        or is_about(titled.headline, told.words)
    )


def _same_page_one_title(ours: Story, other: Story, contained: float) -> bool:
    weak = ours.series or is_short(ours.title)
    if is_copied(ours, other):
        least = min(len(ours.words), len(other.words))
        if apart(ours, other) is None or at_one_moment(ours, other):
            return True
        if at_one_time(ours, other):
            return not weak or least >= _SHORT_TEXT
        return not weak and least >= (_SHORT_TEXT if within(COPYING, ours, other) else _LONG_TEXT)
    if weak or not languages_agree(ours, other):
        return False
    if at_one_moment(ours, other):  # a summary in other words
        return True
    return is_edited(ours, other, contained)


def _same_page_other_titles(ours: Story, other: Story, contained: float) -> bool:
    """An edited headline, or a show's page: the text must speak of what both titles name."""
    return (
        min(len(ours.words), len(other.words)) >= _FEW_WORDS
        and numbering(ours.title) == numbering(other.title)
        and within(COPYING, ours, other)
        and (is_copied(ours, other) or is_edited(ours, other, contained))
        and (
            dressing(ours.headline, other.headline) != ""
            or at_one_moment(ours, other)
            or (is_about(ours.headline, ours.words) and is_about(other.headline, other.words))
        )
    )


def _same_under_one_title(ours: Story, other: Story) -> bool:
    return min(len(ours.words), len(other.words)) >= _least_words(ours, other) and is_copied(ours, other)


def _least_words(ours: Story, other: Story) -> float:
    """How long the texts of two entries with one title must be, by what it says and by their dates."""
    series, short = ours.series or other.series, is_short(ours.title)
    if are_of_one_site(ours, other):  # which gives one story one page
        return _LONG_TEXT if at_one_moment(ours, other) and not (series or short) else inf
    if at_one_moment(ours, other):
        return _SHORT_TEXT if series or short else 1.5 * _FEW_WORDS
    if series:
        return inf
    if apart(ours, other) is not None and at_one_time(ours, other):
        return _LONG_TEXT if short else _SHORT_TEXT
    return _LONG_TEXT if not short and within(COPYING, ours, other) else inf


def _same_under_other_titles(ours: Story, other: Story) -> bool:
    """Excerpts of a series begin alike, so wholly different titles need whole texts that are the same."""
    if not within(COPYING, ours, other) or not languages_agree(ours, other):
        return False
    if are_of_one_site(ours, other):
        return False
    if ours.title and other.title and numbering(ours.title) != numbering(other.title):
        return False
    least, most = sorted((len(ours.words), len(other.words)))
    if least < _LONG_TEXT:
        return False
    dated = apart(ours, other) is not None and at_one_time(ours, other)
    if not ours.title or not other.title:
        may_be = dated or not (ours.series or other.series)
    elif mark := dressing(ours.headline, other.headline):  # a dash may as well lead to a place or a part
        sure = dated if mark == "|" else at_one_moment(ours, other) or (dated and least >= _WHOLE_TEXT)
        may_be = sure or (mark == "|" and not (ours.series or other.series))
    else:
        may_be = dated and least >= _WHOLE_TEXT and least >= 0.9 * most and _are_two_headlines(ours, other)
    return may_be and is_copied(ours, other)


def _are_two_headlines(ours: Story, other: Story) -> bool:
    """Whether two titles were not made of one mould, and both speak of the text."""
    one, two = ours.title.split(), other.title.split()
    if one[0] == two[0] or one[-1] == two[-1]:
        return False
    return is_about(ours.headline, ours.words) and is_about(other.headline, other.words)
