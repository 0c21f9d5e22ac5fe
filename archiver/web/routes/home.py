"""The first page, and the files that all pages need."""

from datetime import timedelta

from archiver import health
from archiver.errors import NotFound
from archiver.health import ORDER
from archiver.store.looking import Looking
from archiver.web import rendering
from archiver.web.asking import Answer, Asked
from archiver.web.feedlines import FeedLine, line
from archiver.web.plots import Calendar

NEWEST = 12
HAPPENED = 8
WORST = 4

AHEAD = timedelta(hours=26)
"""Posts may be dated so far ahead of us, since not all publishers know their time zone; later ones wait."""


def home(asked: Asked) -> Answer:
    """What is new, what changed, when there was how much, how the feeds are."""
    days = Calendar.days(asked.now.date())
    counts = asked.remember(
        f"days to {days[-1]}", lambda looking: looking.count_posts([str(day) for day in days])
    )
    lines = feed_lines(asked)
    worst = sorted(
        (one for one in lines if one.condition.is_problem),
        key=lambda one: (ORDER.index(one.condition), one.label.casefold()),
    )
    return asked.page(
        "home.html",
        newest=asked.looking.newest_posts(until=asked.now + AHEAD, limit=NEWEST),
        happened=asked.looking.happenings(limit=HAPPENED),
        calendar=Calendar(first=days[0], counts=tuple(counts)),
        totals=asked.remember("totals", Looking.how_much),
        health=health.counted([one.condition for one in lines]),
        worst=worst[:WORST],
    )


def feed_lines(asked: Asked) -> list[FeedLine]:
    """Every feed and how it is."""
    now = asked.now
    return asked.remember("feeds", lambda looking: [line(row, now) for row in looking.standing_of_feeds()])


def static(asked: Asked) -> Answer:
    """A file that goes out as it is, to be kept for good, since its address has its digest."""
    name = asked.values["name"]
    try:
        body = rendering.static(name)
    except FileNotFoundError:
        raise NotFound(f"no file {name}") from None
    kinds = {"css": "text/css; charset=utf-8", "js": "text/javascript", "svg": "image/svg+xml"}
    return Answer(
        body=body,
        content_type=kinds[name.rpartition(".")[2]],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


ROUTES = (
    (r"^/$", home),
    (r"^/-/archiver/[0-9a-f]+/(?P<name>[a-z]+\.(css|js|svg))$", static),
)
