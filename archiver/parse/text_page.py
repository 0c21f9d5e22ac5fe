"""Text pages: one article or page as text, without the controls that stood around it."""

import json
import re

from archiver.errors import ParseError
from archiver.labels import language_of_label
from archiver.model import EntryData, FeedData, ParsedFeed, ParseOptions
from archiver.parse.dates import read_date
from archiver.parse.text_blocks import blocks, fold_space, joined_where_wrapped, paragraphs

_LONGEST_TITLE = 220
_MOST_TITLE_WORDS = 30
_FEWEST_WORDS = 3
_ERROR_WORDS = 60
"""An error page says little beside its error."""

_CONTROL = (
    r"(?:entire text|less text|full text|whole text|read more|read less|show more|show less|see more|"
    r"see less|continue reading|expand|collapse|"
    r"view more|load more|print|tweet|facebook|twitter|x|linkedin|whatsapp|"
    r"share(?: this)?(?: (?:page|article|post|on|via))?|telegram|viber|vk|vkontakte|вконтакте|одноклассники|"
    r"ok|instagram|youtube|pinterest|reddit|e-?mail|copy link|like|follow us|subscribe|back|back to top|top|"
    r"menu|close|search|home|skip to (?:main )?content|previous|next|"
    r"läs mer|läs mindre|visa mer|visa mindre|hela texten|mindre text|dela|dela på|skriv ut|tillbaka|meny|"
    r"stäng|sök|till toppen|hoppa till innehåll(?:et)?|"
    r"читать далее|читать полностью|подробнее|показать (?:больше|меньше|ещ[её]|полностью)|развернуть|"
    r"свернуть|весь текст|меньше текста|поделиться|распечатать|назад|наверх|меню|закрыть|поиск|"
    r"копировать ссылку|celý text|méně textu|více|méně)"
)
_CONTROLS_LINE = re.compile(
    rf"{_CONTROL}(?:[\s|•·/,»›→…:.-]{{1,9}}{_CONTROL}){{0,12}}[\s»›→…:.]{{0,9}}\Z", re.I
)
_CREDIT_LINE = re.compile(
    r"(?:(?:©|\(c\)|copyright)\s?(?:foto?|photo|фото|bild|image|obr)\b|©\s|"
    r"(?:foto?|photo(?:graph)?(?: credits?| by)?|фото(?:графия)?|image(?: credits?)?|bild|credits?)\s?[:©]|"
    r"(?:photo|image|foto|фото) (?:by|courtesy|av|von)\b).{0,150}\Z",
    re.I,
)
_ERROR_PAGE = re.compile(
    r"(?:error\s)?[45]\d\d\b[\s:.–-]{0,9}(?:error|not found|forbidden|unauthori[sz]ed|gone|internal|bad|"
    r"service|gateway|too many|страница)|"
    r"(?:\S+\s){0,3}(?:page )?not found\b|access (?:is )?denied|(?:http )?error\b|"
    r"forbidden\b|service (?:temporarily )?unavailable|bad gateway|gateway time-?out|internal server error|"
    r"too many requests|just a moment|checking your browser|attention required|fatal error|warning: |"
    r"please (?:enable|turn on) (?:javascript|cookies)|(?:you need to )?enable javascript|under maintenance|"
    r"briefly unavailable|account (?:has been )?suspended|this site can.t be reached|страница не найдена|"
    r"ошибка\b|доступ (?:запрещ[её]н|ограничен)|sidan (?:kan inte|kunde inte|finns inte|hittades)|"
    r"åtkomst nekad",
    re.I,
)
_LOG_LINE = re.compile(
    r"\[?\d{4}[-/]\d{2}[-/]\d{2}[T ]\d{2}:\d{2}|\[?\d{2}:\d{2}:\d{2}|\w{3} +\d{1,2} \d{2}:\d{2}:\d{2} |"
    r"\S{1,60} \S{1,20} \S{1,20} \[\d{2}/\w{3}/\d{4}|(?:DEBUG|INFO|WARN(?:ING)?|ERROR|FATAL|TRACE)\b|"
    r"Traceback |\s{2}File \""
)
_SAMPLE = 200_000


def read(text: str, *, charset: str, options: ParseOptions) -> ParsedFeed:
    """Read one page as one entry. Raises ParseError for error pages, logs and what makes no sense."""
    _refuse_what_is_no_page(text)
    parts = [kept for block in blocks(text) if (kept := _without_template(joined_where_wrapped(block)))]
    title, parts = _title(parts)
    date, parts = _date(parts)
    if not parts and len((title or "").split()) < _FEWEST_WORDS:
        raise ParseError("not_a_feed", "The text says too little to be a page.")
    entry = EntryData(
        position=0,
        url=options.url if options.url.startswith(("http://", "https://")) else None,
        title=title,
        published_at=read_date(date) if date else None,
        published_raw=date,
        content=paragraphs(parts),
        base_url=options.url if options.url.startswith(("http://", "https://")) else None,
        language=language_of_label(title or ""),
        reading=json.dumps({"title": title, "date": date}, ensure_ascii=False),
    )
    return ParsedFeed(feed=FeedData(), entries=(entry,), format="text-page", charset=charset)


def _without_template(lines: list[str]) -> list[str]:
    return [
        line
        for line in lines
        if not (len(line) < 300 and (_CONTROLS_LINE.match(line) or _CREDIT_LINE.match(line)))
    ]


def _title(parts: list[list[str]]) -> tuple[str | None, list[list[str]]]:
    """The first line where it is short enough, and the rest without its repetition."""
    if not parts:
        return None, parts
    first = parts[0][0]
    if len(first) > _LONGEST_TITLE or len(first.split()) > _MOST_TITLE_WORDS:
        return None, parts
    title = fold_space(first.lstrip("#= ")) or None
    rest = [parts[0][1:], *parts[1:]]
    while rest and (not rest[0] or fold_space(rest[0][0].strip("#= ")) == title):
        rest = [rest[0][1:], *rest[1:]] if rest[0] else rest[1:]
    return title, rest


def _date(parts: list[list[str]]) -> tuple[str | None, list[list[str]]]:
    """A date that stands alone below the title."""
    if parts and len(parts[0]) == 1 and len(parts[0][0]) <= 60 and read_date(parts[0][0]):
        return parts[0][0], parts[1:]
    return None, parts


def _refuse_what_is_no_page(text: str) -> None:
    sample = text[:_SAMPLE].strip()
    words = sample.split(maxsplit=_ERROR_WORDS + 1)
    if len(words) < _FEWEST_WORDS and len(sample) < 100:
        raise ParseError("not_a_feed", "The text says too little to be a page.")
    if len(words) <= _ERROR_WORDS and _ERROR_PAGE.match(sample):
        first = fold_space(sample)[:80]
        raise ParseError("not_a_feed", f"The text is a message of a server and no page: “{first}”.")
    letters = sum(character.isalpha() for character in sample)
    printable = sum(character.isprintable() or character in "\t\r\n" for character in sample)
    if letters * 2 < len(sample) - sample.count(" ") or printable * 100 < len(sample) * 97:
        raise ParseError("not_a_feed", "The text is mostly something else than words.")
    if sum(len(word) for word in words[:_ERROR_WORDS]) > min(len(words), _ERROR_WORDS) * 60:
        raise ParseError("not_a_feed", "The text is not made of words.")
    lines = [line for line in sample.splitlines() if line.strip()]
    if len(lines) > 1 and sum(_LOG_LINE.match(line) is not None for line in lines) * 2 > len(lines):
        raise ParseError("not_a_feed", "The text is the log of a program.")
