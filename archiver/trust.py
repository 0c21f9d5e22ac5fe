"""Whether a server's validators (ETag, Last-Modified) tell the truth, and when to look. Pure.

The rule. A week or more after the last whole document that came to a request without validators, the next
request has none either; the feeds' turns are spread over AUDIT_SPREAD. If it brings something new or
revised under the very validators that we hold, so that a conditional request would have been told that
nothing had changed, they lie, and are no longer used: until the feed moves to another address.

Of two validators the ETag decides, as it does for the server (RFC 9110, 13.2.2), its weakness aside
(8.8.3.2).
"""

import hashlib
from datetime import datetime, timedelta

from archiver.model import FeedForUpdate, Response

AUDIT = timedelta(days=7)
AUDIT_SPREAD = timedelta(days=3)

_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})


def asks_whole(feed: FeedForUpdate, *, now: datetime) -> bool:
    """Whether the next request goes without validators, though we may have some."""
    return feed.validators_lie or is_audit(feed, now=now)


def is_audit(feed: FeedForUpdate, *, now: datetime) -> bool:
    """Whether it is time to look if what we hold of a server still holds: validators, and our name."""
    if feed.asked_whole_at is None:
        # From before anybody looked: each feed has its day of the week.
        return (now.toordinal() + feed.id) % AUDIT.days == 0
    if now - feed.asked_whole_at < AUDIT:
        return False
    digest = hashlib.blake2b(f"{feed.id} {feed.asked_whole_at.isoformat()}".encode(), digest_size=4).digest()
    share = int.from_bytes(digest, "big") / 2**32
    return now - feed.asked_whole_at >= AUDIT + AUDIT_SPREAD * share


def was_asked_whole(response: Response) -> bool:
    """Whether an answer from the web came whole to a request without validators."""
    return response.status == 200 and not any(
        name.lower() in _CONDITIONS for name, _ in response.request_headers
    )


def are_ours(feed: FeedForUpdate, response: Response) -> bool:
    """Whether an answer has the very validators that we hold."""
    etag, last_modified = response.header("ETag"), response.header("Last-Modified")
    if feed.etag or etag:
        return feed.etag is not None and etag is not None and _opaque(feed.etag) == _opaque(etag)
    return feed.last_modified is not None and feed.last_modified == last_modified


def _opaque(etag: str) -> str:
    return etag.strip().removeprefix("W/")
