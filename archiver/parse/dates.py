"""Dates as publishers write them, read without inventing anything. No clock, no locale, no network."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

YEARS = range(1900, 2201)
"""Years that a feed may speak of; anything outside is a mistake of its maker."""

_LONGEST = 120
_DAY_FIRST = (
    "be",
    "da",
    "de",
    "es",
    "fi",
    "fr",
    "it",
    "kk",
    "ky",
    "nb",
    "nl",
    "no",
    "pl",
    "pt",
    "ru",
    "sv",
    "uk",
    "uz",
)

_MONTH_NAMES = (
    "jan january januari янв январь января қаң қаңтар січ січень січня",
    "feb february februari фев февр февраль февраля ақп ақпан лют лютий лютого",
    "mar march mars мар март марта нау наурыз бер березень березня",
    "apr april апр апрель апреля сәу сәуір кві квіт квітень квітня",
    "may maj май мая мам мамыр тра трав травень травня",
    "jun june juni июн июнь июня мау маусым чер черв червень червня",
    "jul july juli июл июль июля шіл шілде лип липень липня",
    "aug august augusti авг август августа там тамыз сер серп серпень серпня",
    "sep sept september сен сент сентябрь сентября қыр қыркүйек вер верес вересень вересня",
    "oct okt october oktober окт октябрь октября қаз қазан жов жовт жовтень жовтня",
    "nov november ноя нояб ноябрь ноября қар қараша лис лист листопад листопада",
    "dec december дек декабрь декабря жел желтоқсан гру груд грудень грудня",
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}

_SILENT_WORDS = """
mon tue tues wed thu thur thurs fri sat sun
monday tuesday wednesday thursday friday saturday sunday
mån tis ons tor tors fre lör sön måndag tisdag onsdag torsdag fredag lördag söndag
måndagen tisdagen onsdagen torsdagen fredagen lördagen söndagen
пн вт ср чт пт сб вс понедельник вторник среда среду четверг пятница пятницу суббота субботу воскресенье
den kl klockan at on of the st nd rd th г год года в
"""
_IGNORED = frozenset(_SILENT_WORDS.split())

_ZONE_MINUTES = {
    name: int(hours * 60)
    for name, hours in {
        "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1,
        "cet": 1, "met": 1, "cest": 2, "mest": 2, "eet": 2, "eest": 3, "msk": 3, "msd": 4, "мск": 3,
        "samt": 4, "get": 4, "amt": 4, "azt": 4, "aft": 4.5, "yekt": 5, "uzt": 5, "tjt": 5, "tmt": 5,
        "pkt": 5, "kgt": 6, "omst": 6, "novt": 7, "krat": 7, "irkt": 8, "yakt": 9, "jst": 9, "kst": 9,
        "vlat": 10,
        "ast": -4, "adt": -3, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "ct": -6,
        "mst": -7, "mdt": -6, "mt": -7, "pst": -8, "pdt": -7, "pt": -8,
    }.items()
}  # fmt: skip
_KAZAKHSTAN_JOINED = datetime(2024, 3, 1)  # noqa: DTZ001 - local time: before it Almaty kept +6, since then +5

_TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
_ZONE = (
    r"(?P<zone>(?:Etc/)?(?:GMT|UTC|UT)?\s?[+\-][0-9]{1,2}:?(?:[0-9]{2})?(?!\d)"
    r"|(?:Etc/)?[A-Za-zА-Яа-я]{1,5}(?![\w/]))"
)
_HALF = r"(?P<half>[ap]\.?m\b\.?)"
_AFTER_DATE = rf"(?:(?:\s*T\s*|,?\s+|,)(?:в\s+|kl\.?\s+|at\s+)?{_TIME}\s*{_HALF}?\s*{_ZONE}?)?"

_RFC_822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?P<day>[0-9]{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>[0-9]{4})"
    r" (?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}) (?P<zone>GMT|[+-][0-9]{4})"
)
"""What most feeds write, without the distortions."""
_ISO = re.compile(
    r"(?P<year>[0-9]{4})(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?P=sep)(?P<day>[0-9]{1,2})" + _AFTER_DATE, re.I
)
_NUMBERED = re.compile(
    rf"(?P<first>[0-9]{{1,2}})(?P<sep>[-/.])(?P<other>[0-9]{{1,2}})(?P=sep)(?P<year>[0-9]{{4}}|[0-9]{{2}})"
    rf"(?:\s?г\.?(?!\w))?{_AFTER_DATE}",
    re.I,
)
_COMPACT = re.compile(
    r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
    rf"(?:T?(?P<hour>[0-9]{{2}})(?P<minute>[0-9]{{2}})(?P<second>[0-9]{{2}})?{_ZONE}?)?",
    re.I,
)
_EPOCH = re.compile(r"(?P<seconds>[0-9]{9,10})(?P<millis>[0-9]{3})?(?:\.[0-9]{1,9})?")
_CLOCK = re.compile(rf"(?<![\w:]){_TIME}(?![\d:])\s*{_HALF}?", re.I)
_SWEDISH_CLOCK = re.compile(r"(?<=\bkl)(\.?\s?[0-9]{1,2})\.([0-9]{2})(?![\d.])")
_OFFSET = re.compile(_ZONE, re.I)
_WORDS = re.compile(r"[0-9]+|[^\W\d_]+")
_ALLOWED_BETWEEN = re.compile(r"[\s,.:;\-–—/()'’]*")
_COMMENT = re.compile(r"\s*(?:\([^()]{0,40}\)|\[[^\[\]]{0,40}\])$")
"""RFC 5322 comments such as (CET), and the zone's name that Java's printers add in brackets."""
_ZONE_NAME = re.compile(
    r"[ \[(](?P<name>[A-Z][A-Za-z_]{1,20}(?:/[A-Z][A-Za-z0-9_+\-]{1,30}){1,2})[\])]?\Z|"
    r"(?<=\d)\[(?P<glued>[A-Z][A-Za-z_]{1,20}(?:/[A-Z][A-Za-z0-9_+\-]{1,30}){1,2})\]\Z"
)
_SAYS_ZONE = re.compile(r"(?:[+-][0-9]{1,2}:?(?:[0-9]{2})?|\b[A-Z]{2,4}|(?<=\d)Z)\Z")


def read_date(raw: str, *, language: str | None = None) -> datetime | None:
    """Read a date, aware and in UTC, whole seconds; None where a day cannot be told for certain.

    Understands RFC 822/5322, RFC 3339/ISO 8601, asctime and Unix time (seconds, milliseconds) in their usual
    distortions, `d.m.y`, and dates in English, Russian, Swedish, Kazakh and Ukrainian words. A time without
    zone is taken as UTC, and so is one with letters for a zone that nobody knows (as RFC 5322, 4.3 has it); a
    name such as `Europe/Stockholm` is looked up, and a date with one that this machine does not know is not
    read. A date without time is midnight UTC. The weekday is not looked at. A date such as `03/02/2026` or
    `25-03-03` is read only where it can mean one day, or where `language` (BCP 47) says which number is the
    day. Years outside YEARS are refused. Never raises; linear in the length of `raw`.
    """
    if len(raw) > _LONGEST:
        return None
    text = " ".join(raw.replace("\u2212", "-").split())
    try:
        if (usual := _RFC_822.fullmatch(text)) and (month := _MONTHS.get(usual["month"].lower())):
            return _moment(int(usual["year"]), month, int(usual["day"]), usual.groupdict())
        if named := _ZONE_NAME.search(text):
            return _in_zone(text[: named.start()].rstrip(), named["name"] or named["glued"], language)
        return _plain(_COMMENT.sub("", text), language)
    except (ValueError, OverflowError):
        return None


def _plain(text: str, language: str | None) -> datetime | None:
    return _epoch(text) or _iso(text) or _numbered(text, language) or _worded(text)


def _in_zone(text: str, name: str, language: str | None) -> datetime | None:
    """Read a date followed by a name of the IANA time zone database; an offset before the name is enough."""
    read = _plain(text, language)
    if read is None or _SAYS_ZONE.search(text):
        return read
    try:
        zone = ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None
    return _bounded(read.replace(tzinfo=zone).astimezone(UTC))


def _epoch(text: str) -> datetime | None:
    match = _EPOCH.fullmatch(text)
    if not match:
        return None
    return _bounded(datetime.fromtimestamp(int(match["seconds"]), UTC))


def _iso(text: str) -> datetime | None:
    match = _ISO.fullmatch(text) or _COMPACT.fullmatch(text)
    if not match:
        return None
    return _moment(int(match["year"]), int(match["month"]), int(match["day"]), match.groupdict())


def _numbered(text: str, language: str | None) -> datetime | None:
    match = _NUMBERED.fullmatch(text)
    if not match:
        return None
    day, month = int(match["first"]), int(match["other"])
    primary, _, region = (language or "").lower().replace("_", "-").partition("-")
    told = match["sep"] == "." or (match["sep"] == "/" and primary in (*_DAY_FIRST, "en"))
    if not told and len(match["year"]) == 2 and int(match["year"]) <= 31:
        return None  # the year may stand first as well
    if match["sep"] != "." and day != month:
        if month > 12 or (day <= 12 and (primary, region) == ("en", "us")):
            day, month = month, day
        elif day <= 12 and primary not in _DAY_FIRST:
            return None
    return _moment(_full_year(match["year"]), month, day, match.groupdict())


def _worded(text: str) -> datetime | None:
    """Read a date with the month as a word; the clock and the zone may stand anywhere after the day."""
    text = _SWEDISH_CLOCK.sub(r"\1:\2", text.casefold())
    clock: dict[str, str | None] = {}
    found = _CLOCK.search(text)
    if found:
        before, after = text[: found.start()], text[found.end() :].lstrip()
        clock = dict(found.groupdict())
        zone = _OFFSET.match(after)
        if zone and zone["zone"] not in _MONTHS and zone["zone"] not in _IGNORED:
            clock["zone"] = zone["zone"]
            after = after[zone.end() :]
        text = f"{before} {after}"
    month: int | None = None
    numbers: list[str] = []
    end = 0
    for word in _WORDS.finditer(text):
        if not _ALLOWED_BETWEEN.fullmatch(text, end, word.start()):
            return None
        end = word.end()
        value = word[0]
        if value.isdecimal():
            numbers.append(value)
        elif value in _MONTHS and month is None:
            month = _MONTHS[value]
        elif value in ("gmt", "utc") and "zone" not in clock:
            clock["zone"] = value
        elif value not in _IGNORED:
            return None
    if month is None or len(numbers) != 2 or not _ALLOWED_BETWEEN.fullmatch(text, end):
        return None
    day, year = numbers if len(numbers[0]) <= 2 else reversed(numbers)
    if len(day) > 2:
        return None
    return _moment(_full_year(year), month, int(day), clock)


def _full_year(digits: str) -> int:
    """Complete a year of two digits as RFC 5322 (4.3) does."""
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    if len(digits) != 4:
        raise ValueError(digits)
    return year


def _moment(year: int, month: int, day: int, clock: dict[str, str | None]) -> datetime | None:
    hour, minute, second = (int(clock.get(part) or 0) for part in ("hour", "minute", "second"))
    half = clock.get("half")
    if half and hour <= 12:  # "14:05 PM" is said twice, not wrong
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    next_day = (hour, minute, second) == (24, 0, 0)  # ISO 8601: the midnight that ends the day
    second = min(second, 59) if second == 60 else second  # a leap second
    local = datetime(year, month, day, 0 if next_day else hour, minute, second)  # noqa: DTZ001 - zone follows
    if next_day:
        local += timedelta(days=1)
    if year not in YEARS:
        return None
    return _bounded((local - _offset(clock.get("zone"), local)).replace(tzinfo=UTC))


def _offset(zone: str | None, local: datetime) -> timedelta:
    """Tell how far a zone is ahead of UTC at that local time; zero for a name nobody knows."""
    if not zone:
        return timedelta()
    signed = re.search(r"([+-])([0-9]{1,2}):?([0-9]{2})?$", zone)
    if signed:
        hours, minutes = int(signed[2]), int(signed[3] or 0)
        if hours > 15 or minutes > 59:
            raise ValueError(zone)
        offset = timedelta(hours=hours, minutes=minutes)
        return -offset if signed[1] == "-" else offset
    name = zone.lower().removeprefix("etc/")
    if name in ("almt", "alma", "qyzt"):
        return timedelta(hours=6 if local < _KAZAKHSTAN_JOINED else 5)
    return timedelta(minutes=_ZONE_MINUTES.get(name, 0))


def _bounded(moment: datetime) -> datetime | None:
    return moment if moment.year in YEARS else None
