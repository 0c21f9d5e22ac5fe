"""Whether a feed has moved: permanent redirects that stay (RFC 9110, 15.4.2 and 15.4.9). Pure.

The rule. The leading permanent part (301, 308) of a chain of redirects names an address. It becomes the
feed's own after ANSWERS answers in a row over PERIOD at least, each of which was a feed that shared entries
with what is known, or confirmed it (304, the same bytes). A success that came otherwise begins anew, and so
does one that leads elsewhere; a failure, an empty or a foreign document says neither yes nor no. 302, 303 and
307 never move a feed.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from archiver.model import FeedForUpdate, Moving, Response
from archiver.urls import WITHHELD, host_key, redact

ANSWERS = 5
PERIOD = timedelta(days=7)

_PERMANENT = (301, 308)


def moving(feed: FeedForUpdate, response: Response, *, now: datetime) -> Moving | None:
    """What is to be remembered of an answer that showed the feed itself."""
    to = _permanent_target(response)
    if to is None:
        return None
    if feed.moving is not None and feed.moving.to == to:
        return replace(feed.moving, answers=feed.moving.answers + 1)
    return Moving(to=to, since=now, answers=1)


def is_proven(found: Moving | None, *, now: datetime) -> bool:
    """Whether it has been so often, and so long, that the feed's address is another now."""
    return found is not None and found.answers >= ANSWERS and now - found.since >= PERIOD


def new_address(feed: FeedForUpdate, found: Moving) -> str:
    """The new address, with the login of the old one if it is the same host."""
    login, at, _ = urlsplit(feed.current_url).netloc.rpartition("@")
    if not at or host_key(feed.current_url) != host_key(found.to):
        return found.to
    parts, before = urlsplit(found.to), urlsplit(feed.current_url)
    same_origin = (parts.scheme, parts.port) == (before.scheme, before.port)
    to_https = (parts.scheme, parts.port, before.scheme, before.port) == ("https", None, "http", None)
    if not same_origin and not to_https:
        return found.to
    return urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def _permanent_target(response: Response) -> str | None:
    """Where the leading permanent redirects lead."""
    hops = response.redirects
    count = next((at for at, hop in enumerate(hops) if hop.status not in _PERMANENT), len(hops))
    if count == 0:
        return None
    target = hops[count].url if count < len(hops) else response.final_url
    # An address with a secret in it is given to one visitor, for one visit.
    is_web = target.lower().startswith(("http://", "https://"))
    # In the log it stands without the secret, and a rebuild must find the same.
    has_secret = redact(target) != target or "…" in target or WITHHELD in target
    return target if is_web and not has_secret else None
