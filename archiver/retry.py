"""How servers ask for patience: statuses, and the Retry-After header field (RFC 9110, 10.2.3)."""

import math
from datetime import datetime

from archiver.times import from_http

REFUSALS = frozenset({429, 503})
"""Too Many Requests (RFC 6585, 4), Service Unavailable (RFC 9110, 15.6.4)."""

LONGEST_SECONDS = 7 * 86400


def retry_after_seconds(value: str | None, *, date: str | None, now: datetime) -> int | None:
    """Return how long a server wants to be left alone: 0 to 7 days in seconds, None where it does not say.

    A point in time is measured against the server's own Date header field, since clocks differ; `now` (aware)
    stands in where that is missing.
    """
    value = (value or "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:12]), LONGEST_SECONDS)
    if (until := from_http(value)) is None:
        return None
    since = from_http(date or "") or now
    return min(max(math.ceil((until - since).total_seconds()), 0), LONGEST_SECONDS)
