"""Whether another site's content comes from a feed's address: a domain that expired, a hijacked site. Pure.

The rule. A document with entries, none of which the feed itself has ever had, is suspect if

- its entries link to other hosts than the feed's did, its site is another host too (or not named), and its
  title is another; or
- its title shares no word with the feed's, or less than half of them while one of these differs: the hosts
  that its entries link to, the site, the language; or
- where one of them has no title: the entries link to other hosts, and the site is another.

Signs that are absent on one side differ in nothing. Hosts are compared without `www.` and by their last two
labels (three where the second is as short as in `co.uk`). Such a document's entries are archived, each
marked. It says nothing about what went away or was missed, and the feed's own title, site and format stay.
It ends as soon as a document shows an entry of the feed's own or no longer looks foreign (`itself_again`), or
when it has been so for ANSWERS documents and PERIOD (`replaced`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from archiver.identify import Recognised, folded_words
from archiver.model import FeedForUpdate, KnownEntry, ParsedFeed
from archiver.urls import host_key

ANSWERS = 10
PERIOD = timedelta(days=30)


def looks_foreign(
    feed: FeedForUpdate, parsed: ParsedFeed, found: Sequence[Recognised], known: Sequence[KnownEntry]
) -> bool:
    """Whether a document looks like another site's."""
    own = [entry for entry in known if not entry.suspect]
    if not parsed.entries or not any(entry.present for entry in own) or shares_own(found):
        return False
    ours = _sites(entry.url for entry in own if entry.present)
    theirs = _sites(entry.url for entry in parsed.entries)
    hosts_differ = bool(ours and theirs) and not ours & theirs
    our_site, their_site = _site(feed.site_url), _site(parsed.feed.site_url)
    site_differs = our_site is not None and their_site is not None and our_site != their_site
    site_may_differ = site_differs or our_site is None or their_site is None
    our_title, their_title = (set(folded_words(title or "")) for title in (feed.title, parsed.feed.title))
    if not our_title or not their_title:
        return hosts_differ and site_differs
    if hosts_differ and site_may_differ and our_title != their_title:
        return True
    shared = len(our_title & their_title) / min(len(our_title), len(their_title))
    return shared == 0 or (shared < 0.5 and (hosts_differ or site_differs or _language_differs(feed, parsed)))


def shares_own(found: Sequence[Recognised]) -> bool:
    """Whether a document has an entry that the feed itself had before."""
    return any(entry.known is not None and not entry.known.suspect for entry in found)


def is_settled(feed: FeedForUpdate, *, now: datetime) -> bool:
    """Whether it is so once more, and has been for so long that this is the feed now."""
    if feed.suspect_since is None:
        return False
    return feed.suspect_answers + 1 >= ANSWERS and now - feed.suspect_since >= PERIOD


def _language_differs(feed: FeedForUpdate, parsed: ParsedFeed) -> bool:
    ours, theirs = ((tag or "").lower().partition("-")[0] for tag in (feed.language, parsed.feed.language))
    return bool(ours and theirs) and ours != theirs


def _sites(urls: Iterable[str | None]) -> set[str]:
    return {site for url in urls if (site := _site(url)) is not None}


def _site(url: str | None) -> str | None:
    """The part of a host that somebody has registered, nearly."""
    host = host_key(url) if url else None
    if host is None:
        return None
    labels = host.removeprefix("www.").split(".")
    if host.endswith("]") or labels[-1].isdigit():
        return host
    short_second = len(labels) > 2 and len(labels[-2]) <= 3 and len(labels[-1]) == 2
    return ".".join(labels[-3 if short_second else -2 :])
