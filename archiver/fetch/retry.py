"""The Retry-After header field (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 7 * 86400


def retry_after_seconds(value: str | None, *, date: str | None, now: datetime) -> int | None:
    """Return how long a server wants to be left alone: 0 to 7 days in seconds, None where it does not say.

    A point in time is measured against the server's own Date header field, since clocks differ; `now` (aware)
    stands in where that is missing.
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:12]), LONGEST_SECONDS)
    if (until := _http_date(value)) is None:
        return None
    since = _http_date(date or "") or now
    return int(min(max((until - since).total_seconds(), 0), LONGEST_SECONDS))


def _http_date(value: str) -> datetime | None:
    if not 10 < len(value) < 60 or not value.isascii():
        return None
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
