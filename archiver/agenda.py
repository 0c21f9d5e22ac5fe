"""What to begin next: due feeds are read ahead from the table, and wait for their turn as number and host.

At most a few thousand wait in memory, few of each host, however many are due: the others stay in the table.
"""

import math
from collections.abc import Iterable
from datetime import timedelta

from archiver.changes import Hold
from archiver.clock import Clock
from archiver.manners import Rate
from archiver.turns import TakingTurns
from archiver.writer import Writer

MOST_WAITING = 2000
MOST_OF_A_HOST = 8


class Agenda:
    """Which feeds may be begun now, and when to look again. Times are the clock's elapsed seconds."""

    def __init__(self, *, writer: Writer, turns: TakingTurns, per_second: float | None = None) -> None:
        """Hand out at most `per_second` feeds a second."""
        self._writer = writer
        self._turns = turns.turns
        self._began = turns.began
        self._clock: Clock = turns.clock
        self._rate = Rate(per_second)
        self._is_cut = False
        self._is_crowded = False
        self._looked_at = -math.inf
        self._look_at = -math.inf
        # So long a few feeds of one host keep it busy; half of it is early enough for more.
        self._patience = max(MOST_OF_A_HOST * self._turns.spacing / 2, 1.0)

    async def open(self, *, quiet: bool) -> None:
        """Take up the manners where they were left: hosts that are held, hosts that were asked just now."""
        now, elapsed = self._clock.now(), self._clock.elapsed()
        held = await self._writer.run(lambda store: store.held_hosts(now=now))
        for host, until, reason in held:
            self.hold(Hold(host=host, until=until, reason=reason, refusals=0))
        if quiet:
            self._turns.be_quiet(now=self._began)
        elif self._turns.spacing:
            since = now - timedelta(seconds=self._turns.spacing)
            for host, at in (await self._writer.run(lambda store: store.hosts_asked_since(since))).items():
                self._turns.asked(host, ago=(now - at).total_seconds(), now=elapsed)

    def hold(self, hold: Hold) -> None:
        """Leave a host alone, as it asked for."""
        if hold.until is not None:
            seconds = (hold.until - self._clock.now()).total_seconds()
            until = self._clock.elapsed() + seconds
            self._turns.hold(hold.host, until=until, reason=hold.reason or "it asked for that")
            self.look_within(seconds)

    # ------------------------------------------------------------ looking

    def ring(self) -> None:
        """Look at the table with the next step."""
        self._look_at = -math.inf

    def look_within(self, seconds: float) -> None:
        """Look at the table in so many seconds, if not before."""
        self._look_at = min(self._look_at, self._clock.elapsed() + max(seconds, 0.0))

    @property
    def has_more(self) -> bool:
        """Whether more feeds are due than wait here."""
        return self._is_cut or self._is_crowded

    async def look(self, *, beside: Iterable[int]) -> None:
        """Read ahead, if it is time to, without the feeds that are under way."""
        elapsed = self._clock.elapsed()
        if elapsed < self._next_look():
            return
        now = self._clock.now()
        self._turns.tidy(now=elapsed)
        rests = self._turns.rests(now=elapsed)
        per_host = MOST_OF_A_HOST if self._turns.spacing else None
        crowded = self._turns.crowded(least=MOST_OF_A_HOST // 2) if per_host else ()
        excluded = {*beside, *self._turns.waiting_feeds()}
        due = await self._writer.ask(
            lambda reader: reader.due_turns(
                now=now,
                limit=MOST_WAITING - self._turns.queued,
                per_host=per_host,
                beside=excluded,
                beside_hosts={*rests, *crowded},
            )
        )
        for feed_id, host in due.feeds:
            self._turns.queue(feed_id, host, now=elapsed)
        self._is_cut, self._is_crowded = due.is_cut, due.is_crowded or bool(crowded)
        self._looked_at, self._look_at = elapsed, math.inf
        if due.next_at is not None:
            self.look_within((due.next_at - now).total_seconds())
        if rests:
            self.look_within(min(rest.until for rest in rests.values()) - elapsed)

    def _next_look(self) -> float:
        if self._is_cut and self._turns.queued <= MOST_WAITING // 2:
            return self._looked_at
        if self.has_more:
            return min(self._look_at, self._looked_at + self._patience)
        return self._look_at

    # ------------------------------------------------------------ handing out

    def queue(self, feeds: Iterable[tuple[int, str]]) -> None:
        """Let these feeds wait for their turn, due or not."""
        now = self._clock.elapsed()
        for feed_id, host in feeds:
            self._turns.queue(feed_id, host, now=now)

    def pick(self, room: int) -> list[tuple[int, str]]:
        """Hand out at most so many feeds whose turn it is: number and host."""
        now = self._clock.elapsed()
        allowed = self._rate.allowed(now=now)
        most = room if allowed is None else min(room, allowed)
        picked: list[tuple[int, str]] = []
        while len(picked) < most and (turn := self._turns.next(now=now)) is not None:
            picked.append(turn)
        self._rate.began(len(picked), now=now)
        return picked

    def pause(self, *, has_room: bool, looking: bool) -> float:
        """After how many seconds there is something to do; infinite: an update must end before."""
        at = self._next_look() if looking else math.inf
        if has_room:
            at = min(at, max(self._turns.next_at(), self._rate.next_at()))
        return max(at - self._clock.elapsed(), 0.0)
