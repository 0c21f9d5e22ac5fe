"""Whether a new entry tells a story that is archived already.

Links are never undone, so misses are fine and false ones are not. What speaks against a link counts more
than what speaks for it: other numbers, a title's other part number, texts that part ways at the start, a
URL or a text that several entries of one feed share (a show's page, a standing introduction).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.changes import PostLink
from archiver.identify.words import body_words, containment, particulars
from archiver.model import Candidate, PreparedEntry
from archiver.urls import is_site_root

_FEW_WORDS = 8
_SHORT_TEXT = 20
_LONG_TEXT = 40
_WHOLE_TEXT = 150
_HEAD = 16
_SAME_TIME = timedelta(hours=14)  # no two time zones are further apart, and a day's next bulletin is
_NUMBER_WORDS = frozenset(
    """
    i ii iii iv v vi vii viii ix x one two three four five six seven eight nine ten first second third fourth
    fifth last part del teil en ett tva tre fyra fem forsta andra tredje часть глава бөлүм бөлім qism
    один два три четыре пять первый первая вторая второй третья третий четвертая пятая
    """.split()  # noqa: SIM905 - readable as prose
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What the rules look at, of a new entry or of an archived one."""

    feed_id: int
    post_id: int | None = None
    position: int | None = None
    url_key: str | None
    fragment: str
    title: str
    """Its key."""
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
    others = [
        _of_candidate(other)
        for other in candidates
        if other.feed_id != feed_id or (url and other.url_key == url)
    ]
    if url is not None:
        others += [_of_entry(other, feed_id) for other in siblings if other.identity.url_key == url]
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
        elif own_feed or not _could_be_copies(ours, other, contained):
            continue
        elif ours.title and ours.title == other.title:
            if _same_under_one_title(ours, other, contained):
                by_title.append(_found("title", 0.5, 0.4, contained, other))
        elif _same_under_other_titles(ours, other, contained):
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
    titled = bool(ours.title) and bool(other.title)
    one_title = ours.title == other.title
    if strict or ours.fragment != other.fragment:  # `#comment-5` and `#comment-6` are parts of one page
        if not one_title or ours.fragment != other.fragment:
            return False
        if ours.words and other.words:
            return contained >= 0.8 and _particulars_agree(ours, other)
        return titled and _at_one_time(ours, other)
    wordless = min(len(ours.words), len(other.words)) < _FEW_WORDS
    if titled and one_title:
        return contained >= 0.8 or _at_one_time(ours, other)
    if titled:
        return (
            contained >= 0.8
            and not wordless
            and _numbering(ours.title) == _numbering(other.title)
            and _particulars_agree(ours, other)
        )
    return contained >= 0.5 or wordless


def _could_be_copies(ours: _Story, other: _Story, contained: float) -> bool:
    """What holds for all copies of one text, however cut: the same beginning, the same names and numbers."""
    shorter, longer = sorted((ours.words, other.words), key=len)
    return (
        len(shorter) >= _FEW_WORDS
        and contained >= 0.6
        and containment(shorter[:_HEAD], longer) >= 0.5
        and _particulars_agree(ours, other)
    )


def _same_under_one_title(ours: _Story, other: _Story, contained: float) -> bool:
    """The closer in time, and the more a title says, the more may have been edited."""
    dated = ours.published_at is not None and other.published_at is not None
    if len(ours.title.split()) < 3 or not _at_one_time(ours, other):
        return contained >= 0.9
    if not dated or min(len(ours.words), len(other.words)) < _SHORT_TEXT:
        return contained >= 0.8
    return True


def _same_under_other_titles(ours: _Story, other: _Story, contained: float) -> bool:
    """Excerpts of a series begin alike, so wholly different titles need whole texts that are the same."""
    least, most = sorted((len(ours.words), len(other.words)))
    if least < _LONG_TEXT or contained < 0.9 or not _languages_agree(ours, other):
        return False
    if not ours.title or not other.title:
        return True
    if _numbering(ours.title) != _numbering(other.title):
        return False
    fewer, more = sorted((set(ours.title.split()), set(other.title.split())), key=len)
    if len(fewer) >= 4 and fewer <= more:  # `… | Name of the Site`, `Video: …`
        return True
    return least >= _WHOLE_TEXT and least >= 0.9 * most and contained >= 0.97 and _at_one_time(ours, other)


# ---------------------------------------------------------------- what they ask


def _at_one_time(ours: _Story, other: _Story) -> bool:
    """Whether the dates allow for one story; a missing one does."""
    if ours.published_at is None or other.published_at is None:
        return True
    return abs(ours.published_at - other.published_at) <= _SAME_TIME


def _languages_agree(ours: _Story, other: _Story) -> bool:
    if not ours.language or not other.language:
        return True
    return ours.language.partition("-")[0] == other.language.partition("-")[0]


def _numbering(title: str) -> list[str]:
    """What tells the parts of a series apart."""
    words = title.split()
    return sorted(w for w in words if w in _NUMBER_WORDS or any(character.isdigit() for character in w))


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
        title=entry.identity.title_key,
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
        title=candidate.title_key,
        text=candidate.content_text,
        words=body_words(candidate.content_text),
        published_at=candidate.published_at,
        language=candidate.language,
    )
