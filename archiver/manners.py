"""Manners towards a host: one request at a time, a rest between two, and none while it asked for patience.

Pure: times are arguments; seconds are those of one steady clock. The numbers:

- `Retry-After` (RFC 9110, 10.2.3) with any refusal holds the whole host, for a week at most;
- 429 and 503 without it hold it for a minute, two minutes, three … a day at most;
- three different feeds in a row that time out or cannot connect hold it for five minutes, ten … an hour.
"""

import heapq
import math
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from archiver.changes import FetchRecord, Hold
from archiver.hosts import NOBODY, host_of
from archiver.retry import REFUSALS, retry_after_seconds

MINUTE = timedelta(minutes=1)
LONGEST_HOLD = timedelta(days=1)
"""Of a server that does not say how long."""

UNREACHABLE = frozenset({"timeout", "connect"})
BREAK_AFTER = 3
BREAK_SECONDS = 300.0
LONGEST_BREAK_SECONDS = 3600.0

_ROUNDED_UP = 1.001
_MARGIN_SECONDS = 0.001
"""Added to each rest, so that no rounding of times makes it shorter than it should be."""


def host_asked(fetch: FetchRecord) -> str:
    """Whose server the last request of a fetch went to: the one that answered, or did not."""
    return host_of(fetch.final_url or fetch.request_url)


def hold_after(fetch: FetchRecord, *, refusals: int) -> Hold | None:
    """What an answer means for all feeds of its host, after so many refusals in a row; None: nothing.

    Nothing goes in but what the log keeps, so that a rebuild finds the same. Parts of a second count as one.
    """
    if (host := host_asked(fetch)) == NOBODY or fetch.status is None:
        return None
    if fetch.status < 400:
        return Hold(host=host, until=None, reason=None, refusals=0) if refusals else None
    at = fetch.started_at + timedelta(seconds=1 + math.ceil(fetch.duration_ms / 1000))
    fields = {name.lower(): value for name, value in reversed(fetch.headers)}
    asked = retry_after_seconds(fields.get("retry-after"), date=fields.get("date"), now=at)
    if not asked and fetch.status not in REFUSALS:
        return None
    patience = timedelta(seconds=asked) if asked else min(MINUTE * (refusals + 1), LONGEST_HOLD)
    said = "and asked for patience" if asked else "and did not say for how long"
    return Hold(
        host=host,
        until=at + patience,
        reason=f"its server answered {fetch.status} {said}",
        refusals=refusals + 1,
    )


@dataclass(frozen=True, slots=True)
class Rest:
    """A host that is left alone."""

    until: float
    reason: str


@dataclass(slots=True)
class _Place:
    """What is known of one host."""

    feeds: list[int] = field(default_factory=list)
    """Those that wait for its turn, by number, first come first."""
    in_line: bool = False
    at_work: int = 0
    """Feeds whose update is under way, whatever it is doing."""
    busy: bool = False
    """A request is under way."""
    free_at: float = -math.inf
    unreachable: list[int] = field(default_factory=list)
    """The feeds that failed to reach it since anybody did."""


class Turns:
    """Whose turn it is.

    Of each host one feed at a time is handed out by `next`, and given back by `done`. Its requests, and those
    of other feeds that are redirected there, are bounded by `take` and `end`. What is on no server (NOBODY)
    knows no manners; nor does any host where the spacing is 0, but for holds.
    """

    def __init__(self, *, spacing: float) -> None:
        """Let each host rest for `spacing` seconds after a request."""
        self.spacing = spacing
        self.queued = 0
        """How many feeds wait."""
        self._places: dict[str, _Place] = {}
        self._line: list[tuple[float, int, str]] = []
        self._numbers = count()
        self._rests: dict[str, Rest] = {}
        self._turned_away: list[tuple[int, str]] = []
        self._quiet_until = -math.inf
        self._tidy_at = 1000

    # ------------------------------------------------------------ feeds that wait

    def queue(self, feed_id: int, host: str, *, now: float) -> None:
        """Let a feed wait for its host's turn."""
        if self.rest(host, now=now):
            self._turned_away.append((feed_id, host))
            return
        place = self._place(host)
        place.feeds.append(feed_id)
        self.queued += 1
        self._line_up(host, place, now)

    def next(self, *, now: float) -> tuple[int, str] | None:
        """Hand out the feed whose turn it is, and its host; None where all have to wait."""
        while self._line and max(self._line[0][0], self._quiet_until) <= now:
            host = heapq.heappop(self._line)[2]
            place = self._places[host]
            place.in_line = False
            if not place.feeds or place.busy:
                continue  # `end` lets it stand in line again
            if place.free_at > now:
                self._line_up(host, place, now)
                continue
            place.at_work += 1
            self.queued -= 1
            feed_id = place.feeds.pop(0)
            self._line_up(host, place, now)
            return feed_id, host
        return None

    def next_at(self) -> float:
        """When it may be somebody's turn, as far as that is known; infinite where nobody waits."""
        return max(self._line[0][0], self._quiet_until) if self._line else math.inf

    def done(self, host: str, *, now: float) -> None:
        """Take back that a feed of this host is at work."""
        place = self._place(host)
        place.at_work -= 1
        self._line_up(host, place, now)

    def crowded(self, *, least: int) -> tuple[str, ...]:
        """The hosts for which so many feeds wait, or more."""
        return tuple(host for host, place in self._places.items() if len(place.feeds) >= least)

    def waiting_feeds(self) -> list[int]:
        """All feeds that wait."""
        return [feed_id for place in self._places.values() for feed_id in place.feeds]

    def turned_away(self) -> list[tuple[int, str]]:
        """Give back, once, the feeds that no longer wait, since their hosts are left alone."""
        away, self._turned_away = self._turned_away, []
        return away

    # ------------------------------------------------------------ requests

    def is_bound(self, host: str) -> bool:
        """Whether requests to this host go one at a time."""
        return host != NOBODY and self.spacing > 0

    def is_waited_for(self, host: str) -> bool:
        """Whether feeds wait for this host's turn."""
        return host in self._places and bool(self._places[host].feeds)

    def is_at_work(self, host: str) -> bool:
        """Whether a feed of this host was handed out."""
        return host in self._places and self._places[host].at_work > 0

    def free_at(self, host: str) -> float:
        """When the next request may begin, if none is under way."""
        return max(self._places[host].free_at, self._quiet_until) if host in self._places else -math.inf

    def take(self, host: str) -> None:
        """A request begins."""
        place = self._place(host)
        assert not place.busy, "one at a time"
        place.busy = True

    def end(self, host: str, *, now: float) -> None:
        """A request has ended, one way or the other."""
        place = self._place(host)
        place.busy = False
        place.free_at = now + self.spacing + _MARGIN_SECONDS
        self._line_up(host, place, now)

    def asked(self, host: str, *, ago: float, now: float) -> None:
        """Another program, or this one before it was started anew, asked this host so many seconds ago."""
        place = self._place(host)
        place.free_at = max(place.free_at, now - max(ago, 0.0) + self.spacing + _MARGIN_SECONDS)

    def be_quiet(self, *, now: float) -> None:
        """Let one spacing pass first: who was asked just before we were killed, nobody wrote down."""
        self._quiet_until = now + self.spacing + _MARGIN_SECONDS if self.spacing else -math.inf

    # ------------------------------------------------------------ hosts that are left alone

    def hold(self, host: str, *, until: float, reason: str) -> None:
        """Leave a host alone. Feeds that wait for it are turned away."""
        known = self._rests.get(host)
        if host == NOBODY or (known is not None and known.until >= until):
            return
        self._rests[host] = Rest(until, reason)
        if (place := self._places.get(host)) is not None:
            self._turned_away += [(feed_id, host) for feed_id in place.feeds]
            self.queued -= len(place.feeds)
            place.feeds.clear()

    def rest(self, host: str, *, now: float) -> Rest | None:
        """Whether this host is left alone, and why."""
        rest = self._rests.get(host)
        return rest if rest and rest.until > now else None

    def rests(self, *, now: float) -> dict[str, Rest]:
        """All hosts that are left alone."""
        self._rests = {host: rest for host, rest in self._rests.items() if rest.until > now}
        return self._rests

    def failed(self, host: str, feed_id: int, *, now: float) -> Rest | None:
        """A feed could not reach its host; say if that makes it one to be left alone a little."""
        place = self._place(host)
        if host == NOBODY or feed_id in place.unreachable:
            return None
        place.unreachable.append(feed_id)
        over = len(place.unreachable) - BREAK_AFTER + 1
        if over < 1:
            return None
        pause = min(BREAK_SECONDS * over, LONGEST_BREAK_SECONDS)
        reason = f"{len(place.unreachable)} feeds in a row did not reach it"
        self.hold(host, until=now + pause, reason=reason)
        return self._rests[host]

    def answered(self, host: str) -> None:
        """A host was reached."""
        if host in self._places:
            self._places[host].unreachable.clear()

    # ------------------------------------------------------------

    def tidy(self, *, now: float) -> None:
        """Forget hosts of which nothing is left to know."""
        if len(self._places) < self._tidy_at:
            return
        self._places = {
            host: place
            for host, place in self._places.items()
            if place.feeds
            or place.in_line
            or place.at_work
            or place.busy
            or place.unreachable
            or place.free_at > now
        }
        self._tidy_at = max(1000, 2 * len(self._places))

    def _place(self, host: str) -> _Place:
        place = self._places.get(host)
        if place is None:
            place = self._places[host] = _Place()
        return place

    def _line_up(self, host: str, place: _Place, now: float) -> None:
        if not place.feeds or place.in_line or (self.is_bound(host) and (place.at_work or place.busy)):
            return
        place.in_line = True
        heapq.heappush(self._line, (max(place.free_at, now), next(self._numbers), host))


class Rate:
    """How many updates may begin: so many a second, evenly, and none made up for."""

    def __init__(self, per_second: float | None) -> None:
        """None: as many as one likes."""
        self._per_second = per_second
        self._next_at = -math.inf
        # A timer rings to a hundredth of a second at best.
        self._portion = max(1, int(per_second / 100)) if per_second else 0

    def allowed(self, *, now: float) -> int | None:
        """How many may begin now; None: any number."""
        if self._per_second is None:
            return None
        return self._portion if now >= self._next_at else 0

    def began(self, number: int, *, now: float) -> None:
        """So many did."""
        if self._per_second is not None and number:
            self._next_at = now + number / self._per_second * _ROUNDED_UP

    def next_at(self) -> float:
        """When the next may begin."""
        return self._next_at
