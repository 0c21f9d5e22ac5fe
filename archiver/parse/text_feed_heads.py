"""The heads of a flattened feed's entries: where `link [comments] [creator] date [categories] guid` stands.

An RSS 2.0 document that was read as HTML loses its tags and its CDATA sections without markup, but the
order of its elements stays. A head is recognised by a date with an address close before it.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_ZONE = r"\s{1,9}(?:[+-]\d{2}:?\d{2}\b|(?:GMT|UTC|UT|Z|[ECMP][SD]T)\b)"
DATE = re.compile(
    r"(?>\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s{1,9})?"
    r"\d{1,2}\s{1,9}(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\s{1,9}\d{2,4}"
    rf"\s{{1,9}}\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:{_ZONE})?|{_ZONE})"
    r"|\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)(?![,.;:!?)\]])",
    re.I,
)
"""A date as feeds write it (RFC 822, RFC 3339): with seconds or a zone, and no sentence goes on behind it."""
PERIOD = re.compile(r"\b(hourly|daily|weekly|monthly|yearly)\s{0,30}(\d{1,4})\b")

_SPACE = re.compile(r"\s*")
_LANGUAGE_THEN_CHANNEL = re.compile(
    r"\s{0,99}(?:[a-z]{2,3}(?:[-_][A-Za-z]{2,8}){0,2}\s{1,99})?"
    r"(?:(?:hourly|daily|weekly|monthly|yearly)\s{0,99}\d|https?://(?:\w{1,20}\.)?wordpress\.(?:org|com)/(?:\?v=|\s))"
)
_POST_NUMBER = re.compile(r"[?&](?:p|page_id|post|attachment_id)=\d+$")
_BARE_GUID = re.compile(
    r"(?:\d{1,12} at https?://\S+|tag:\S+,\d{4}\S*|urn:\S+|[0-9a-f]{8}-[0-9a-f-]{20,40}|[0-9a-f]{16,64})(?=\s|$)",
    re.I,
)
_LINK_THEN_GUID = re.compile(r"\s{1,99}(?P<link>https?://[^\s<>\"]+)\s{1,99}(?P<guid>https?://[^\s<>\"]+)")
_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:"
_GLUED = re.compile(rf"(?<=[^\s>(\[\"'])(?={_WEEKDAY})")
_GLUED_AFTER = re.compile(r"(\d\d:\d\d (?:[+-]\d{4}|GMT|UTC|Z))(?=[^\s.,;)<])")
_GLUED_ADDRESS = re.compile(r"(?<=[^\s/=:&%(\[<\"'])(?=https?://)")
_GLUED_NUMBER = re.compile(r"([?&]p=\d{1,12})(?=[^\W\d])")
_GLUED_GENERATOR = re.compile(r"(wordpress\.(?:org|com)/\?v=\d{1,2}\.\d{1,2}(?:\.\d{1,2})?)(?=[^\s\d.<-])")
_GLUED_COUNT = re.compile(r"(?<=/feed/)(\d{1,9})(?=[^\s\d])")
_PROSE = re.compile(r"]]>|\w{4}[.!?…][\"”»)]?\s|:\Z")
"""Marks of a text, where a name or the names of categories should stand."""
_COMMENTS = re.compile(r"#(?:respond|comments?\b|comment-|disqus)|/comments/?$|[?&]id=\d+$")

_CREATOR_REACH = 160
"""Characters between link and date: names, no more."""
_MOST_CREATOR_WORDS = 12
_LONGEST_LINE = 2000
_FEWEST_WITH_GUID = 5
"""One head in so many; fewer are addresses in texts, taken for guids."""
_CATEGORY_REACH = 1500
"""Characters between date and guid, where the flattening kept the categories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """One entry's head; `start` and `end` are where it stands in the text."""

    start: int
    end: int
    link: str
    date: str
    guid: str | None = None
    comments: str | None = None
    creator: str | None = None
    categories: str | None = None
    closes: bool = False
    """It stands below its entry's title and description, not between them."""


def parted(text: str) -> str:
    """Part addresses and dates glued together, where the feed had no white space between elements."""
    if not _GLUED.search(text):
        return text
    text = _GLUED.sub(" ", text)
    text = _GLUED_AFTER.sub(r"\1 ", text)
    text = _GLUED_GENERATOR.sub(r"\1 ", text)
    text = _GLUED_ADDRESS.sub(" ", text)
    text = ADDRESS.sub(_from_its_comments, text)
    text = _GLUED_COUNT.sub(r" \1 ", text)
    return _GLUED_NUMBER.sub(r"\1 ", text)


def _from_its_comments(found: re.Match[str]) -> str:
    """Part an address from that of its comments, which begins with it."""
    address = found.group()
    place = address.find("http", 1)
    glued = place > 0 and address.startswith(address[:place], place)
    return f"{address[:place]} {address[place:]}" if glued else address


def find_heads(text: str) -> list[Head]:
    """Find the heads of a feed's entries, in order; the channel's own line is not among them."""
    addresses = [(found.start(), found.end()) for found in ADDRESS.finditer(text)]
    starts = [start for start, _ in addresses]
    dates = list(DATE.finditer(text))
    trailing = _trailing_heads(text, dates)
    if len(trailing) * 2 > len(dates):
        return trailing
    heads: list[Head] = []
    floor = 0
    for found in dates:
        if found.start() < floor or (not heads and _LANGUAGE_THEN_CHANNEL.match(text, found.end())):
            continue
        head = _head_before(text, found, addresses=addresses, starts=starts, floor=floor)
        if head is not None:
            heads.append(head)
            floor = head.end
    return _without_strays(text, heads)


def _trailing_heads(text: str, dates: list[re.Match[str]]) -> list[Head]:
    """The heads of feeds with `title date link guid`, both addresses the same."""
    heads = []
    for date in dates:
        found = _LINK_THEN_GUID.match(text, date.end())
        if found and _same(found["link"], found["guid"]):
            raw = " ".join(date.group().split())
            heads.append(
                Head(
                    start=date.start(),
                    end=found.end(),
                    link=found["link"],
                    date=raw,
                    guid=found["guid"],
                    closes=True,
                )
            )
    return heads


def _head_before(
    text: str, date: re.Match[str], *, addresses: list[tuple[int, int]], starts: list[int], floor: int
) -> Head | None:
    nearest = bisect_left(starts, date.start()) - 1
    if nearest < 0 or addresses[nearest][0] < floor:
        return None
    start, end = addresses[nearest]
    if date.start() - end > _CREATOR_REACH:
        return None
    link, comments = text[start:end], None
    if nearest > 0:
        before_start, before_end = addresses[nearest - 1]
        before = text[before_start:before_end]
        if before_start >= floor and not text[before_end:start].strip() and _belongs(link, to=before):
            link, comments, start = before, link, before_start
    between = text[end : date.start()].strip()
    guid, guid_start, head_end = _guid_after(text, date.end(), link=link, addresses=addresses, starts=starts)
    if comments is None and between and not _may_be_name(between):
        return None
    return Head(
        start=start,
        end=head_end,
        link=link,
        date=" ".join(date.group().split()),
        guid=guid,
        comments=comments,
        creator=" ".join(between.split()) or None,
        categories=" ".join(text[date.end() : guid_start].split()) or None if guid else None,
    )


def _may_be_name(text: str) -> bool:
    return len(text.split()) <= _MOST_CREATOR_WORDS and not _PROSE.search(text)


def _belongs(comments: str, *, to: str) -> bool:
    return _COMMENTS.search(comments) is not None or comments.startswith(to.rstrip("/"))


def _guid_after(
    text: str, place: int, *, link: str, addresses: list[tuple[int, int]], starts: list[int]
) -> tuple[str | None, int, int]:
    """Return the guid, where it begins and where the head ends."""
    gap = _SPACE.match(text, place)
    begin = gap.end() if gap else place
    if bare := _BARE_GUID.match(text, begin):
        return bare.group(), begin, bare.end()
    first = bisect_left(starts, begin)
    last = bisect_right(starts, place + _CATEGORY_REACH)
    for start, end in addresses[first : min(last, first + 8)]:
        address = text[start:end]
        if (
            start == begin
            and link.count("/") > 3
            and address.startswith(link)
            and address[len(link) :][:1].isupper()
        ):
            return link, start, start + len(link)  # a text that was glued to the guid
        between = text[begin:start].strip()
        if "]]>" in between:
            break
        if (
            start == begin
            or (_same(address, link) and not _PROSE.search(between))
            or (_POST_NUMBER.search(address) and _host(address) == _host(link))
        ):
            return address, start, end
    return None, place, place


def _same(one: str, other: str) -> bool:
    return one.partition("://")[2].rstrip("/") == other.partition("://")[2].rstrip("/")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _without_strays(text: str, heads: list[Head]) -> list[Head]:
    """Where the feed has guids, an address and a date in somebody's prose are no head.

    One without a guid is an entry's if it is of the same site, and both what stands before it and what stands
    behind it have as many `]]>` as other entries have; where there are none, if a title stands before it.
    """
    hosts = Counter(_host(head.link) for head in heads if head.guid is not None)
    likely = [head for head in heads if head.guid is not None or head.comments or not head.creator]
    if not hosts or hosts.total() * _FEWEST_WITH_GUID < len(likely):
        return likely
    site = hosts.most_common(1)[0][0]
    marks = [found.start() for found in re.finditer("]]>", text)]

    def count(start: int, end: int) -> int:
        return bisect_left(marks, end) - bisect_left(marks, start)

    usual = min(
        (
            count(head.end, after.start if after else len(text))
            for head, after in pairwise([*heads, None])
            if head and head.guid is not None and (after is None or after.guid is not None)
        ),
        default=0,
    )
    sure = [*(head.start for head in heads if head.guid is not None), len(text)]
    kept: list[Head] = []
    for head in heads:
        if head.guid is None:
            before = count(kept[-1].end, head.start) if kept else usual
            behind = count(head.end, sure[bisect_right(sure, head.start)])
            if _host(head.link) != site or min(before, behind) < usual:
                continue
            if not usual and not _title_before(text, head.start):
                continue
        kept.append(head)
    return kept


def _title_before(text: str, place: int) -> bool:
    """Whether the line before a link may be a title: not empty, and no sentence or half of one."""
    before = text[max(0, place - _LONGEST_LINE) : place].rstrip(" \t").removesuffix("\n")
    line = before.rpartition("\n")[2].strip()
    return bool(line) and line[-1] not in ".,:;"
