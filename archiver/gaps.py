"""Whether posts may have come and gone unseen between two answers, and in which span of time. Pure.

The rule. A whole document of the feed's own that shares no entry with what is known, while something stood in
the last one, is a gap. Entries that are pinned do not count as shared: those at the head of the document,
at the very places that they had, older than all that went. However long an outage was, an entry that is
still shared says that nothing is missing. The span goes from the last answer that showed or confirmed the
document before, to the oldest date in this one if that is later, or else to this answer.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile

from archiver.identify import Recognised
from archiver.model import KnownEntry, ParsedFeed


def is_gap(parsed: ParsedFeed, document: Sequence[Recognised], known: Sequence[KnownEntry]) -> bool:
    """Whether a document that is the feed's own begins anew."""
    stood = [entry for entry in known if entry.present and not entry.suspect]
    if not parsed.entries or parsed.partial or not stood:
        return False
    shared = {found.known.id for found in document if found.known and not found.known.suspect}
    return not shared or shared == _pinned(document, stood)


def span(parsed: ParsedFeed, since: datetime | None, now: datetime) -> tuple[datetime | None, datetime]:
    """From when to when posts may have come and gone; no beginning where no answer was before."""
    oldest = min((entry.published_at for entry in parsed.entries if entry.published_at), default=now)
    return since, oldest if since is not None and since < oldest < now else now


def _pinned(document: Sequence[Recognised], stood: Sequence[KnownEntry]) -> set[int]:
    """The entries that stay at the head of the document whatever comes below."""
    here = {found.known.id for found in document if found.known}
    went = [entry.published_at for entry in stood if entry.id not in here]
    new = sum(found.known is None and not found.duplicate for found in document)
    if not went or any(date is None for date in went) or new <= len(here):
        return set()
    oldest = min(date for date in went if date)
    head = takewhile(
        lambda found: found.known and found.known.position == found.entry.data.position, document
    )
    return {
        found.known.id
        for found in head
        if found.known and found.known.published_at and found.known.published_at < oldest
    }
