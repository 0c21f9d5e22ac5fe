"""Whether a new entry tells a story that is archived already.

Links are never undone, so misses are fine and false ones are not. A copy of a story is its text, cut; a
single other word in it, dates that contradict, another part's number, an URL or title that several entries of
one feed share (a show's page, a weekly interview) speak against a link, and count more than what speaks for
it. The less a title says, and the further apart the dates are, the longer the texts must be.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf

from archiver.changes import PostLink
from archiver.identify.titles import dressing, is_about, is_series, is_short, numbering
from archiver.identify.words import body_words, containment, is_copy, particulars
from archiver.model import Candidate, PreparedEntry
from archiver.urls import is_site_root

_FEW_WORDS = 8
_SHORT_TEXT = 20
_LONG_TEXT = 40
_WHOLE_TEXT = 150
_ONE_MOMENT = timedelta(minutes=1)
_SAME_TIME = timedelta(hours=14)  # no two time zones are further apart, and a day's next bulletin is
_NEWEST = 16
_COPYING = timedelta(days=2)  # a site that takes over another's stories does it soon


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What the rules look at, of a new entry or of an archived one."""

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
    words: Sequence[str]
    published_at: datetime | None
    language: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    rule: str
    confidence: float
    story: _Story


def same_post(
    entry: PreparedEntry, feed_id: int, candidates: Sequence[Candidate], siblings: Sequence[PreparedEntry]
) -> PostLink:
    """Find the post that a new entry belongs to, with the rule that says so and how sure it is (0 to 1).

    `candidates` are archived entries; `siblings` the new entries of the same document that stand before it.
    In its own feed an entry joins another only under the same URL, since by listing both the publisher says
    that they are two. Rules: `url`, `title`, `text`; `first` where nobody told the story before. The surest
    wins, then the oldest post.
    """
    url = entry.identity.url_key
    ours = _of_entry(entry, feed_id)
    told = [_of_candidate(other) for other in candidates]
    if _is_repeated(ours, told) or any(_is_namesake(other, entry) for other in siblings):
        ours = replace(ours, series=True)
    others = [other for other in told if other.feed_id != feed_id or (url and other.url_key == url)]
    if url is not None:
        same = [other for other in siblings if other.identity.url_key == url]
        others += [_of_entry(other, feed_id) for other in same[-_NEWEST:]]
    found = min(_confirmed(ours, others), key=_order, default=None)
    if found is None:
        return PostLink(rule="first", confidence=1.0)
    return PostLink(
        rule=found.rule,
        confidence=found.confidence,
        post_id=found.story.post_id,
        same_as=found.story.position,
    )


def _order(found: _Found) -> tuple[float, bool, int]:
    story = found.story
    return -found.confidence, story.post_id is None, story.post_id or story.position or 0


def _confirmed(ours: _Story, others: Sequence[_Story]) -> Iterable[_Found]:
    busy_page = _several_in_one_feed(other for other in others if other.url_key == ours.url_key)
    by_title, by_text = [], []
    for other in others:
        own_feed = other.feed_id == ours.feed_id
        contained = containment(ours.words, other.words)
        if _have_one_page(ours, other) and _same_page(ours, other, contained, strict=own_feed or busy_page):
            yield _found("url", 0.7, 0.3, contained, other)
        elif own_feed:
            continue
        elif ours.title and ours.title == other.title:
            if _same_under_one_title(ours, other):
                by_title.append(_found("title", 0.5, 0.4, contained, other))
        elif _same_under_other_titles(ours, other):
            by_text.append(_found("text", 0.4, 0.4, contained, other))
    for matches in (by_title, by_text):
        if _several_in_one_feed(match.story for match in matches):
            # A series whose parts read alike: only the date says which of them this is.
            matches = [
                match
                for match in matches
                if ours.published_at and match.story.published_at == ours.published_at
            ]
        yield from matches


def _is_namesake(sibling: PreparedEntry, entry: PreparedEntry) -> bool:
    """Whether two entries of one document have one title and are not one twice."""
    if not entry.identity.title_key or sibling.identity.title_key != entry.identity.title_key:
        return False
    return (sibling.data.url, sibling.identity.hash_key) != (entry.data.url, entry.identity.hash_key)


def _is_repeated(ours: _Story, told: Sequence[_Story]) -> bool:
    """Whether some feed, ours among them, has the title for several pages."""
    pages: dict[int, set[object]] = {ours.feed_id: {_page(ours)}}
    for story in told:
        if story.title == ours.title:
            pages.setdefault(story.feed_id, set()).add(_page(story))
    return any(len(found) > 1 for found in pages.values())


def _page(story: _Story) -> object:
    where = story.url_key or " ".join(story.words)
    return where, story.fragment, story.published_at and story.published_at.replace(microsecond=0)


def _found(rule: str, least: float, more: float, contained: float, story: _Story) -> _Found:
    return _Found(rule=rule, confidence=round(least + more * contained, 3), story=story)


def _several_in_one_feed(stories: Iterable[_Story]) -> bool:
    """Whether some feed has several stories of this kind, so that the kind identifies none."""
    told: dict[int, set[tuple[str, datetime | None]]] = {}
    for story in stories:
        told.setdefault(story.feed_id, set()).add((story.title, story.published_at))
    return any(len(stories) > 1 for stories in told.values())


# ---------------------------------------------------------------- the rules


def _have_one_page(ours: _Story, other: _Story) -> bool:
    return ours.url_key is not None and ours.url_key == other.url_key and not is_site_root(ours.url_key)


def _same_page(ours: _Story, other: _Story, contained: float, *, strict: bool) -> bool:
    """Two entries with one URL are one post, unless it is a page where many things are told."""
    if ours.fragment != other.fragment:  # `#comment-5` and `#comment-6` are parts of one page
        return False
    one_title = ours.title == other.title
    if strict and not one_title:
        return False
    if not ours.words or not other.words:
        return _same_page_without_text(ours, other, strict=strict)
    least = min(len(ours.words), len(other.words))
    undated = _distance(ours, other) is None
    if strict or (not (ours.title and other.title) and least < _FEW_WORDS):
        if not (
            undated or _at_one_moment(ours, other) or (least >= _SHORT_TEXT and _at_one_time(ours, other))
        ):
            return False
        if not ours.title or not other.title:
            return ours.words == other.words
        return _is_copy(ours, other) or (not undated and _is_edited(ours, other, contained))
    if ours.title and other.title:
        return (_same_page_one_title if one_title else _same_page_other_titles)(ours, other, contained)
    if _is_copy(ours, other):
        return _within(_SAME_TIME if least < _SHORT_TEXT else _COPYING, ours, other)
    return _is_edited(ours, other, contained)


def _same_page_without_text(ours: _Story, other: _Story, *, strict: bool) -> bool:
    """Of one or both nothing is known but the title, or not even that."""
    if _distance(ours, other) is None or _at_one_moment(ours, other):
        pass
    elif strict or ours.series or not _at_one_time(ours, other):
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


def _same_page_one_title(ours: _Story, other: _Story, contained: float) -> bool:
    weak = ours.series or is_short(ours.title)
    if _is_copy(ours, other):
        least = min(len(ours.words), len(other.words))
        if _distance(ours, other) is None or _at_one_moment(ours, other):
            return True
        if _at_one_time(ours, other):
            return not weak or least >= _SHORT_TEXT
        return not weak and least >= (_SHORT_TEXT if _within(_COPYING, ours, other) else _LONG_TEXT)
    if weak or not _languages_agree(ours, other):
        return False
    if _at_one_moment(ours, other):  # a summary in other words
        return True
    return _is_edited(ours, other, contained)


def _same_page_other_titles(ours: _Story, other: _Story, contained: float) -> bool:
    """An edited headline, or a show's page: the text must speak of what both titles name."""
    return (
        min(len(ours.words), len(other.words)) >= _FEW_WORDS
        and numbering(ours.title) == numbering(other.title)
        and _within(_COPYING, ours, other)
        and (_is_copy(ours, other) or _is_edited(ours, other, contained))
        and (
            dressing(ours.headline, other.headline) != ""
            or _at_one_moment(ours, other)
            or (is_about(ours.headline, ours.words) and is_about(other.headline, other.words))
        )
    )


def _same_under_one_title(ours: _Story, other: _Story) -> bool:
    return min(len(ours.words), len(other.words)) >= _least_words(ours, other) and _is_copy(ours, other)


def _least_words(ours: _Story, other: _Story) -> float:
    """How long the texts of two entries with one title must be, by what it says and by their dates."""
    series, short = ours.series or other.series, is_short(ours.title)
    if _are_of_one_site(ours, other):  # which gives one story one page
        return _LONG_TEXT if _at_one_moment(ours, other) and not (series or short) else inf
    if _at_one_moment(ours, other):
        return _SHORT_TEXT if series or short else 1.5 * _FEW_WORDS
    if series:
        return inf
    if _distance(ours, other) is not None and _at_one_time(ours, other):
        return _LONG_TEXT if short else _SHORT_TEXT
    return _LONG_TEXT if not short and _within(_COPYING, ours, other) else inf


def _same_under_other_titles(ours: _Story, other: _Story) -> bool:
    """Excerpts of a series begin alike, so wholly different titles need whole texts that are the same."""
    least, most = sorted((len(ours.words), len(other.words)))
    if least < _LONG_TEXT or not _within(_COPYING, ours, other) or not _languages_agree(ours, other):
        return False
    if _are_of_one_site(ours, other):
        return False
    dated = _distance(ours, other) is not None and _at_one_time(ours, other)
    if not ours.title or not other.title:
        may_be = dated or not (ours.series or other.series)
    elif numbering(ours.title) != numbering(other.title):
        may_be = False
    elif mark := dressing(ours.headline, other.headline):  # a dash may as well lead to a place or a part
        sure = dated if mark == "|" else _at_one_moment(ours, other) or (dated and least >= _WHOLE_TEXT)
        may_be = sure or (mark == "|" and not (ours.series or other.series))
    else:
        may_be = dated and least >= _WHOLE_TEXT and least >= 0.9 * most and _are_two_headlines(ours, other)
    return may_be and _is_copy(ours, other)


def _are_two_headlines(ours: _Story, other: _Story) -> bool:
    """Whether two titles were not made of one mould, and both speak of the text."""
    one, two = ours.title.split(), other.title.split()
    if one[0] == two[0] or one[-1] == two[-1]:
        return False
    return is_about(ours.headline, ours.words) and is_about(other.headline, other.words)


# ---------------------------------------------------------------- what they ask


def _distance(ours: _Story, other: _Story) -> timedelta | None:
    """How far apart two entries were published; None where a date is missing."""
    if ours.published_at is None or other.published_at is None:
        return None
    return abs(ours.published_at - other.published_at)


def _within(limit: timedelta, ours: _Story, other: _Story) -> bool:
    """Whether the dates allow for one story; a missing one does."""
    distance = _distance(ours, other)
    return distance is None or distance <= limit


def _at_one_time(ours: _Story, other: _Story) -> bool:
    return _within(_SAME_TIME, ours, other)


def _at_one_moment(ours: _Story, other: _Story) -> bool:
    """Whether both bear the same time; midnight stands for a date without one, and so for a whole day."""
    distance = _distance(ours, other)
    if distance is None or distance > _ONE_MOMENT:
        return False
    time = other.published_at
    return time is not None and (time.hour, time.minute, time.second) != (0, 0, 0)


def _is_copy(ours: _Story, other: _Story) -> bool:
    return is_copy(ours.text, other.text)


def _is_edited(ours: _Story, other: _Story, contained: float) -> bool:
    """Whether most of a text is as it was, with all its names and numbers, and the date that it had."""
    distance = _distance(ours, other)
    if distance is not None and distance > _ONE_MOMENT:
        return False
    return contained >= 0.8 and _particulars_agree(ours, other)


def _are_of_one_site(ours: _Story, other: _Story) -> bool:
    """Whether the two have pages, and these lie on one host."""
    if not ours.url_key or not other.url_key or ours.url_key == other.url_key:
        return False
    one, two = (re.split("[/?#]", key, maxsplit=1)[0] for key in (ours.url_key, other.url_key))
    return one == two


def _languages_agree(ours: _Story, other: _Story) -> bool:
    if not ours.language or not other.language:
        return True
    return ours.language.partition("-")[0] == other.language.partition("-")[0]


def _particulars_agree(ours: _Story, other: _Story) -> bool:
    """Whether the longer text has every name and number of the shorter."""
    shorter, longer = sorted((ours, other), key=lambda story: len(story.words))
    whole = set(shorter.words)  # without the word that a cut has torn
    return (particulars(shorter.text) & whole) <= set(longer.words)


# ---------------------------------------------------------------- where they come from


def _of_entry(entry: PreparedEntry, feed_id: int) -> _Story:
    text = entry.cleaned.content_text
    return _Story(
        feed_id=feed_id,
        position=entry.data.position,
        url_key=entry.identity.url_key,
        fragment=(entry.data.url or "").partition("#")[2],
        headline=entry.data.title or "",
        title=entry.identity.title_key,
        series=is_series(entry.identity.title_key),
        text=text,
        words=body_words(text),
        published_at=entry.data.published_at,
        language=entry.cleaned.language,
    )


def _of_candidate(candidate: Candidate) -> _Story:
    return _Story(
        feed_id=candidate.feed_id,
        post_id=candidate.post_id,
        url_key=candidate.url_key,
        fragment=(candidate.url or "").partition("#")[2],
        headline=candidate.title or "",
        title=candidate.title_key,
        series=is_series(candidate.title_key),
        text=candidate.content_text,
        words=body_words(candidate.content_text),
        published_at=candidate.published_at,
        language=candidate.language,
    )
