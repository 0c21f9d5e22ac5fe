"""The channel of a flattened feed: what stands before its first entry.

`title link description date language period frequency generator [image: address, title, link, sizes]
[number]`, in the order in which WordPress writes it; a part may be absent.
"""

import json
import re
from collections.abc import Sequence

from archiver.model import FeedData
from archiver.parse.dates import read_date
from archiver.parse.text_blocks import fold_space
from archiver.parse.text_feed_heads import ADDRESS, DATE, PERIOD
from archiver.parse.text_feed_titles import slug_words

_LANGUAGE_AFTER = re.compile(r"\s{0,99}([a-z]{2,3}(?:[-_][A-Za-z]{2,8}){0,2})(?=\s|\Z)")
_SURE_LANGUAGE = r"([a-z]{2,3}(?:[-_][A-Za-z]{2,8}){1,2}|en|ru|sv|uk|kk|ky|uz|de|fr|es|pl|fi|da|nb|tr)"
"""Other short words may end a description or begin a title."""
_LANGUAGE_BEFORE = re.compile(rf"\s{_SURE_LANGUAGE}\s{{0,99}}\Z")
_SURE_LANGUAGE_AFTER = re.compile(rf"\s{{0,99}}{_SURE_LANGUAGE}(?=\s|\Z)")
_SIZES = re.compile(r"\s{1,99}\d{1,3}\s{1,99}\d{1,3}(?=\s|\Z)")
_SITE_NUMBER = re.compile(r"\s{1,99}\d{5,12}(?=\s|\Z)")
_SECONDS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_GENERATOR = re.compile(r"https?://(?:\w{1,20}\.)?wordpress\.(?:org|com)/")
_IMAGE = re.compile(r"\.(?:png|jpe?g|gif|webp|svg|ico|bmp)(?:\?\S*)?\Z|/wp-content/", re.I)
_REACH = 20_000
_LANGUAGE_REACH = 40


def read_channel(text: str, *, until: int | None, link: str) -> tuple[FeedData, int, bool]:
    """Read what stands before the first entry's link, or at all where there is no entry (`until` is None).

    `link` is that link: its slug tells where a number ends that the first title is glued to.

    Returns the feed, where the ground of the first entry's title begins, and whether that is sure.
    """
    if until is not None and until > _REACH:
        return FeedData(), until - _REACH // 10, False
    line = text[: _REACH if until is None else until]
    addresses = list(ADDRESS.finditer(line))
    if not addresses:
        return FeedData(), 0, True
    site = addresses[0]
    date = DATE.search(line, site.end())
    period = PERIOD.search(line, site.end())
    marks = [found for found in (date, period) if found]
    end = max([site.end(), *(found.end() for found in marks)])
    others = addresses[1:]
    description_end = min((found.start() for found in (*marks, *others)), default=end)
    language, description = _language(line, site.end(), description_end, date=date, period=period)
    if date and not period and (after := _SURE_LANGUAGE_AFTER.match(line, date.end())):
        end = after.end()
    generator = next((found for found in others if found.start() >= end), None)
    if generator and line[end : generator.start()].strip():
        generator = None
    if not marks and generator and not _GENERATOR.match(generator.group()):
        generator = None
    if generator:
        end = generator.end() - _glued_number(generator.group(), slug_words(link))
    end = _after_number(line, end)
    if image_end := _end_of_image(line, end, others, site=site.group()):
        end = _after_number(line, image_end)
    feed = FeedData(
        title=fold_space(line[: site.start()]) or None,
        site_url=site.group(),
        description=description or None,
        language=language,
        generator=generator.group() if generator else None,
        updated_at=read_date(date.group()) if date else None,
        update_seconds=_update_seconds(period),
        reading=json.dumps({"channel": fold_space(line[:end])}, ensure_ascii=False),
    )
    return feed, end, bool(marks or generator or image_end)


def _after_number(line: str, place: int) -> int:
    """Where the number ends that some sites have here; `place` where there is none."""
    number = _SITE_NUMBER.match(line, place)
    return number.end() if number else place


def _glued_number(generator: str, slug: Sequence[str]) -> int:
    """How many digits of the generator's version begin the first title, as its slug has them."""
    first = slug[0] if slug else ""
    glued = first.isdigit() and _GENERATOR.match(generator) and re.search(rf"\.\d+{first}\Z", generator)
    return len(first) if glued else 0


def _end_of_image(line: str, start: int, others: Sequence[re.Match[str]], *, site: str) -> int | None:
    """Where the channel's image ends: its address, its title, the site's address again, its sizes."""
    image = next((found for found in others if found.start() >= start), None)
    if image is None or line[start : image.start()].strip():
        return None
    again = next(
        (found for found in others if found.start() > image.start() and _same(found.group(), site)), None
    )
    if again is None and not _IMAGE.search(image.group()):
        return None
    end = (again or image).end()
    sizes = _SIZES.match(line, end)
    return sizes.end() if sizes else end


def _same(one: str, other: str) -> bool:
    return one.rstrip("/") == other.rstrip("/")


def _language(
    line: str, start: int, end: int, *, date: re.Match[str] | None, period: re.Match[str] | None
) -> tuple[str | None, str]:
    """The declared language, after the date or before it; and the description without it."""
    description = line[start:end]
    shape = _LANGUAGE_AFTER if period else _SURE_LANGUAGE_AFTER
    after = shape.match(line, date.end()) if date else None
    if after and (period is None or after.end() <= period.start()):
        return after.group(1), fold_space(description)
    if before := _LANGUAGE_BEFORE.search(description, max(0, len(description) - _LANGUAGE_REACH)):
        return before.group(1), fold_space(description[: before.start()])
    return None, fold_space(description)


def _update_seconds(period: re.Match[str] | None) -> int | None:
    """`sy:updatePeriod` divided by `sy:updateFrequency` (RSS 1.0 module Syndication), in seconds."""
    if period is None or (frequency := int(period.group(2))) < 1:
        return None
    return _SECONDS[period.group(1)] // frequency
