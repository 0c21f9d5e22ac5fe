"""The ordinary feed that the misbehaviours garble: five items whose texts tell whether they are whole."""

GUIDS = tuple(f"tag:hostile.example,2026:{number}" for number in range(1, 6))
ALL = frozenset(GUIDS)
WORDS = "The river rose again, and the village moved its boats uphill before the night."


def text(guid: str) -> str:
    """The text of an item, to its last word."""
    number = guid.rpartition(":")[2]
    return f"Story {number} begins. {WORDS} So ends story {number}."


def item(guid: str, *, inside: str = "", title: str | None = None) -> str:
    """An item; `inside` stands after its own elements."""
    number = guid.rpartition(":")[2]
    title = f"Title {number}" if title is None else title
    return (
        f"<item><title>{title}</title><guid isPermaLink='false'>{guid}</guid>"
        f"<link>http://stories.example/{number}</link>"
        f"<pubDate>Sun, {int(number):02} Mar 2026 06:00:00 GMT</pubDate>"
        f"<description>{text(guid)}</description>{inside}</item>"
    )


def feed(
    *,
    start: str = "<?xml version='1.0' encoding='utf-8'?>",
    channel: str = "",
    items: str = "",
    end: str = "",
) -> str:
    """The ordinary feed, with more before it, in its channel, before its own items, or at its end."""
    return (
        f"{start}<rss version='2.0'><channel><title>Stories</title><link>http://stories.example/</link>"
        f"<description>Of rivers</description>{channel}{items}"
        f"{''.join(map(item, GUIDS))}{end}</channel></rss>"
    )


FEED = feed().encode()


def whole_before(size: int) -> frozenset[str]:
    """The items that are complete in so many first bytes of the ordinary feed."""
    return frozenset(
        guid for guid in GUIDS if 0 < FEED.find(b"</item>", FEED.find(guid.encode())) + 7 <= size
    )
