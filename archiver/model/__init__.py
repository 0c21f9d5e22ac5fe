"""The nouns: frozen records that travel between the rooms. No behaviour beyond small properties.

Times are aware and in UTC. Sequences are tuples. None means "the feed did not say".
"""

from archiver.model.document import (
    KINDS,
    Category,
    Cleaned,
    Enclosure,
    EntryData,
    FeedData,
    Identity,
    Markup,
    ParsedFeed,
    ParseOptions,
    Person,
    PreparedEntry,
    PreparedFeed,
    Raw,
    Rung,
    Terms,
)
from archiver.model.known import (
    Candidate,
    FeedForUpdate,
    FeedState,
    KnownEntry,
    Moving,
    Pace,
    SeenEntry,
)
from archiver.model.web import (
    Connection,
    FetchOptions,
    FetchRequest,
    Headers,
    Hop,
    Response,
)

__all__ = [
    "KINDS",
    "Candidate",
    "Category",
    "Cleaned",
    "Connection",
    "Enclosure",
    "EntryData",
    "FeedData",
    "FeedForUpdate",
    "FeedState",
    "FetchOptions",
    "FetchRequest",
    "Headers",
    "Hop",
    "Identity",
    "KnownEntry",
    "Markup",
    "Moving",
    "Pace",
    "ParseOptions",
    "ParsedFeed",
    "Person",
    "PreparedEntry",
    "PreparedFeed",
    "Raw",
    "Response",
    "Rung",
    "SeenEntry",
    "Terms",
]
