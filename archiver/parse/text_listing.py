"""Listings: a blog's index as text. A title, an excerpt that often ends in `[…]`, and the next title.

Two short blocks in a row are a title without a text, and the next title. A line that is an address or a date
belongs to the title above it; `Read more` and page numbers belong to the template.
"""

import json
import re
from dataclasses import dataclass, field

from archiver.errors import ParseError
from archiver.labels import language_of_label
from archiver.model import EntryData, FeedData, ParsedFeed, ParseOptions, Person
from archiver.parse.dates import read_date
from archiver.parse.text_blocks import blocks, fold_space, is_cut, joined_where_wrapped, paragraphs

_LONGEST_TITLE = 220
_MOST_TITLE_WORDS = 30
_LONG_TEXT_WORDS = 25
_MOST_UNITS = 20_000
_FEWEST_TEXTS = 2
_USUAL_EXCERPT_WORDS, _LONGEST_EXCERPT_WORDS = 15, 100
_EVEN_PAIRS = 6
"""From so many titles on, each with its one text, the texts need no mark of a cut to be a listing."""

_ADDRESS_LINE = re.compile(r"<?(https?://[^\s<>\"]{3,2000})>?\Z")
_READ_MORE = re.compile(
    r"(?:[>»›→\[(]\s?)?(?:continue reading|read more|read the rest|read on|more|full story|"
    r"keep reading|learn more|läs mer|läs hela|fortsätt läsa|läs vidare|visa mer|читать далее|"
    r"читать дальше|читать полностью|читать ещ[её]|подробнее|далее|"
    r"продолжение|продолжить чтение|толығырақ|толугу менен|batafsil|"
    r"weiterlesen|mehr lesen|lire la suite|leer más|leave a comment|lämna en kommentar|оставить комментарий|"
    r"no comments|\d{1,5} comments?|\d{1,5} kommentar(?:er)?|inga kommentarer|нет комментариев|"
    r"older posts|newer posts|äldre inlägg|nyare inlägg|предыдущие записи|следующие записи|"
    r"next(?: page)?|previous(?: page)?|nästa(?: sida)?|föregående(?: sida)?|"
    r"page \d{1,5}(?: of \d{1,5})?|sida \d{1,5}(?: av \d{1,5})?|share|dela|поделиться)"
    r"(?:\s?[:…\.»›→>\])]{1,5}|\s[\"“«].{1,200})?\Z",
    re.I,
)
_DATE_LINE = re.compile(
    r"(?:(?:posted|published|publicerad|publicerat|опубликовано|дата)(?: on| den)?:?\s)?"
    r"(?P<date>(?=.{0,60}\d)[^\W_][\w\s.,:/+-]{3,60}?)"
    r"(?:\s?(?:\||•|·|,?\s(?:by|av|от|автор:?)\s)\s?(?P<rest>.{1,80}))?\Z",
    re.I,
)
_AUTHOR_LINE = re.compile(r"(?:by|av|автор:?|от)\s(?P<name>[^\W\d][\w.\s’'-]{2,60})\Z", re.I)
_NUMBERING = re.compile(r"(?:\d{1,3}[.)]|[•*–-])\s{1,9}(?=\S)")
_SECTION_WORDS = (
    "blog blogg blogs news nyheter aktuellt новости блог articles artiklar статьи posts inlägg archive "
    "archives arkiv архив home hem главная latest senaste stories"
)
_SECTION_NAMES = frozenset(_SECTION_WORDS.split())


@dataclass(slots=True)
class _Draft:
    title: str
    texts: list[str] = field(default_factory=list)
    url: str | None = None
    date: str | None = None
    author: str | None = None


def read(text: str, *, charset: str, options: ParseOptions) -> ParsedFeed:
    """Read a listing. Raises ParseError where the blocks do not alternate as titles and excerpts do."""
    units = [unit for block in blocks(text) for unit in joined_where_wrapped(block)]
    if len(units) > _MOST_UNITS:
        raise ParseError("not_a_feed", "The text has more lines than a listing has.")
    heading, drafts = _drafts(units)
    if not _is_listing(drafts):
        raise ParseError(
            "not_a_feed", "The text does not alternate between titles and excerpts as a listing does."
        )
    return ParsedFeed(
        feed=FeedData(title=heading),
        entries=tuple(_entry(position, draft) for position, draft in enumerate(drafts)),
        format="text-listing",
        charset=charset,
    )


def _entry(position: int, draft: _Draft) -> EntryData:
    reading = {"title": draft.title, "link": draft.url, "date": draft.date, "author": draft.author}
    return EntryData(
        position=position,
        url=draft.url,
        title=draft.title,
        authors=(Person(name=draft.author),) if draft.author else (),
        published_at=read_date(draft.date) if draft.date else None,
        published_raw=draft.date,
        summary=paragraphs([[unit] for unit in draft.texts]),
        language=language_of_label(draft.title),
        reading=json.dumps({key: value for key, value in reading.items() if value}, ensure_ascii=False),
    )


def _drafts(units: list[str]) -> tuple[str | None, list[_Draft]]:
    """Sort the lines into entries; also the section's name that may stand above them all."""
    heading = units.pop(0) if len(units) > 2 and units[0].casefold() in _SECTION_NAMES else None
    numbered = sum(_NUMBERING.match(unit) is not None for unit in units) * 3 >= len(units)
    drafts: list[_Draft] = []
    for index, unit in enumerate(units):
        if _READ_MORE.match(unit):
            continue
        current = drafts[-1] if drafts else None
        if current and (address := _ADDRESS_LINE.match(unit)):
            current.url = current.url or address.group(1)
        elif current and not current.date and (dated := _dated(unit)):
            current.date, author = dated
            current.author = current.author or author
        elif current and not current.texts and (author_line := _AUTHOR_LINE.match(unit)):
            current.author = author_line.group("name")
        elif current and _is_text(unit, units[index + 1] if index + 1 < len(units) else None, current):
            current.texts.append(unit)
        else:
            drafts.append(_Draft(title=fold_space(_NUMBERING.sub("", unit, count=1) if numbered else unit)))
    return heading, drafts


def _is_text(unit: str, following: str | None, current: _Draft) -> bool:
    """Whether a line is text rather than a title: long, or cut, or a sentence where no text has come yet."""
    words = len(unit.split())
    if words > _MOST_TITLE_WORDS or len(unit) > _LONGEST_TITLE:
        return True
    if is_cut(unit):
        return not (current.texts and following is not None and _is_long(following))
    ends_as_sentence = unit.rstrip("\"'”»)").endswith((".", "!", "?", ":", ";")) and words >= 6
    if not ends_as_sentence or current.texts:
        return False
    # A title may be a sentence too; then its own text follows, and the one above it has none.
    return following is None or not _is_long(following)


def _is_long(unit: str) -> bool:
    return len(unit.split()) >= _LONG_TEXT_WORDS or (is_cut(unit) and len(unit.split()) > 8)


def _dated(unit: str) -> tuple[str, str | None] | None:
    if len(unit) > 150 or not (found := _DATE_LINE.match(unit)):
        return None
    raw = found.group("date").strip()
    return (raw, found.group("rest")) if read_date(raw) else None


def _is_listing(drafts: list[_Draft]) -> bool:
    """Whether entries look like those of a listing: texts cut, titles dated, linked or labelled."""
    if len(drafts) < _FEWEST_TEXTS or any(_looks_like_source(draft.title) for draft in drafts):
        return False
    texts = [unit for draft in drafts for unit in draft.texts]
    cut = sum(is_cut(unit) and len(unit.split()) > 8 for unit in texts)
    with_text = sum(bool(draft.texts) for draft in drafts)
    signed = sum(draft.url is not None or draft.date is not None for draft in drafts)
    labelled = sum(language_of_label(draft.title) is not None for draft in drafts)
    if signed * 3 >= len(drafts) * 2:
        return True
    if with_text * 2 < len(drafts) or len(texts) > with_text * 1.5:
        return False
    if cut >= _FEWEST_TEXTS and cut * 2 >= len(texts):
        return True
    return labelled + cut >= _FEWEST_TEXTS if labelled else _is_even(drafts)


def _is_even(drafts: list[_Draft]) -> bool:
    """Whether nearly all of many titles have one text each, none longer than a whole excerpt would be."""
    paired = sum(len(draft.texts) == 1 for draft in drafts)
    lengths = [len(unit.split()) for draft in drafts for unit in draft.texts]
    return (
        len(drafts) >= _EVEN_PAIRS
        and paired * 10 >= len(drafts) * 9
        and max(lengths) <= _LONGEST_EXCERPT_WORDS
        and sum(lengths) >= len(lengths) * _USUAL_EXCERPT_WORDS
    )


def _looks_like_source(title: str) -> bool:
    """Markdown headings, code and tables."""
    return title.startswith(("#", "```", "|", "---", "===", "$ ", "<", "{"))
