"""How long a server, and the feed itself, ask to be left alone. Pure.

`Cache-Control: max-age` or else `Expires` (RFC 9111, 4.2), without the time that the answer has been on
its way (`Age`), and `ttl` (RSS 2.0), each for a day at most: who asks for a year has made a mistake.
`no-store` and `no-cache` ask nothing of us, and `s-maxage` is for shared caches. A 304 asks like any other
answer (4.3.4).

`sy:updatePeriod` is read and not heeded: WordPress writes `hourly` into every feed, so that it says
nothing.
"""

import math
from datetime import datetime

from archiver.model import Response
from archiver.times import from_http

LONGEST_SECONDS = 86_400


def asked_seconds(response: Response, *, ttl_seconds: int | None, now: datetime) -> int:
    """Return how long after `now` an answer wants no further request: 0 to a day, in seconds."""
    return min(max(_freshness(response, now), ttl_seconds or 0), LONGEST_SECONDS)


def _freshness(response: Response, now: datetime) -> int:
    lifetime = _lifetime(response, now)
    age = (response.header("Age") or "").strip()
    return max(lifetime - (_number(age) or 0), 0)


def _lifetime(response: Response, now: datetime) -> int:
    directives = _directives(response)
    if directives.keys() & {"no-store", "no-cache"}:
        return 0
    if "max-age" in directives:
        # A value that cannot be read counts as stale (RFC 9111, 4.2.1); Expires is not asked then (5.3).
        return _number(directives["max-age"]) or 0
    expires = from_http(response.header("Expires") or "")
    if expires is None:
        return 0
    since = from_http(response.header("Date") or "") or now
    return math.ceil((expires - since).total_seconds())


def _directives(response: Response) -> dict[str, str]:
    """The directives of all Cache-Control fields, the first of each name.

    `no-cache="Set-Cookie"` speaks of that field alone (RFC 9111, 5.2.2.4), and is left out.
    """
    found: dict[str, str] = {}
    for name, line in response.headers:
        if name.lower() != "cache-control":
            continue
        for directive in line.split(","):
            key, has_value, value = directive.strip().partition("=")
            key = key.strip().lower()
            if key != "no-cache" or not has_value:
                found.setdefault(key, value.strip().strip('"'))
    return found


def _number(text: str) -> int | None:
    """A count of seconds; of an absurd one as many digits as say that it is long."""
    return int(text[:12]) if text.isascii() and text.isdigit() else None
