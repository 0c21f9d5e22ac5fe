"""Plots as SVG. The words around them are HTML, so that they stay readable at any width. Pure.

Each has a title and a description for readers of screens; the page has the same figures as a table.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup, escape

from archiver.store.looking import Span

WEEKS = 53
CELL, PITCH, TOP = 10, 12, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A year of days by weeks that begin on Monday, the last of them today's."""

    first: date
    counts: tuple[int, ...]
    """By day, from the first to today."""

    @classmethod
    def days(cls, today: date) -> tuple[date, ...]:
        """The days that it shows, and the one after, as bounds of ranges."""
        first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
        return tuple(first + timedelta(days=number) for number in range((today - first).days + 2))

    @property
    def total(self) -> int:
        """Of all days."""
        return sum(self.counts)

    @property
    def busiest(self) -> tuple[date, int]:
        """The day with the most."""
        most = max(self.counts)
        return self.first + timedelta(days=self.counts.index(most)), most

    def weeks(self) -> list[tuple[date, tuple[int | None, ...]]]:
        """By week, newest first: its Monday, and seven days; None: still to come."""
        padded = [*self.counts, *([None] * (-len(self.counts) % 7))]
        rows = [
            (self.first + timedelta(days=start), tuple(padded[start : start + 7]))
            for start in range(0, len(padded), 7)
        ]
        return rows[::-1]

    def months(self) -> list[tuple[int, str]]:
        """The week in which each month begins, and its name."""
        found = []
        for week in range(WEEKS):
            monday = self.first + timedelta(weeks=week)
            begins = [day for day in range(7) if (monday + timedelta(days=day)).day == 1]
            if begins and week < WEEKS - 1:
                found.append((week, f"{monday + timedelta(days=begins[0]):%b}"))
        return found

    def levels(self) -> list[int]:
        """How dark each day is, 0 to 4, by quarters of the days that have any."""
        some = sorted(count for count in self.counts if count)
        if not some:
            return [0] * len(self.counts)
        limits = [some[len(some) * quarter // 4] for quarter in (1, 2, 3)]
        return [0 if not count else 1 + sum(count > limit for limit in limits) for count in self.counts]

    def svg(self) -> Markup:
        """The plot. Months stand in it, since a place in a picture has no other name."""
        cells = []
        for number, (count, level) in enumerate(zip(self.counts, self.levels(), strict=True)):
            week, day = divmod(number, 7)
            when = self.first + timedelta(days=number)
            posts = "1 post" if count == 1 else f"{count:,} posts"
            cells.append(
                f'<rect class="l{level}" x="{week * PITCH}" y="{TOP + day * PITCH}"'
                f' width="{CELL}" height="{CELL}" rx="2"><title>{posts} on {when:%-d %B %Y}</title></rect>'
            )
        for index, (week, name) in enumerate(self.months()):
            turn = "odd" if index % 2 else "even"  # where there is little room, every other one is left out
            cells.append(f'<text class="{turn}" x="{week * PITCH}" y="{TOP - 6}">{name}</text>')
        when, most = self.busiest
        told = (
            f"{self.total:,} posts in {WEEKS} weeks; the most on one day, {most:,}, on {when:%-d %B %Y}."
            if self.total
            else f"No posts in the last {WEEKS} weeks."
        )
        return _svg(
            "calendar",
            width=WEEKS * PITCH - 2,
            height=TOP + 7 * PITCH,
            title="Posts by day",
            description=told,
            inner="".join(cells),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One span of time on a timeline."""

    since: date
    until: date
    """The first day that is no more in it."""
    count: int = 0


MOST_BARS = 170
_STEPS: tuple[tuple[str, int], ...] = (
    ("day", 90),
    ("week", 7 * 160),
    ("month", 31 * 160),
    ("quarter", 92 * 160),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """How many posts a feed had over time, and when it was not heard."""

    unit: str
    """What a bar is: day, week, month, quarter or year."""
    bars: tuple[Bar, ...]
    gaps: tuple[Span, ...] = ()
    outages: tuple[Span, ...] = ()

    @property
    def most(self) -> int:
        """The height of the highest bar."""
        return max((bar.count for bar in self.bars), default=0)

    @property
    def total(self) -> int:
        """Of all bars."""
        return sum(bar.count for bar in self.bars)

    def ticks(self) -> list[date]:
        """Dates to write below it, evenly spaced, each once."""
        if not self.bars:
            return []
        first, last = self.bars[0].since, self.bars[-1].until
        spaced = [first + (last - first) * part / 3 for part in range(3)]
        return list(dict.fromkeys([*spaced, last - timedelta(days=1)]))

    def svg(self) -> Markup:
        """The plot, to be stretched to any width."""
        height, floor = 120.0, 112.0
        count = max(len(self.bars), 1)
        parts = [self._band(span, "gap", 0, floor) for span in self.gaps]
        for number, bar in enumerate(self.bars):
            tall = floor * bar.count / self.most if self.most else 0
            if bar.count:
                tall = max(tall, 1.5)
                x, wide = 1000 * number / count, 1000 / count
                room = wide * 0.15
                parts.append(
                    f'<rect class="bar" x="{x + room / 2:.2f}" y="{floor - tall:.1f}"'
                    f' width="{wide - room:.2f}" height="{tall:.1f}"/>'
                )
        parts.append(f'<rect class="floor" x="0" y="{floor}" width="1000" height="1"/>')
        parts += [self._band(span, "outage", floor + 2, height - floor - 2) for span in self.outages]
        return _svg(
            "timeline",
            width=1000,
            height=int(height),
            title=f"Posts by {self.unit}",
            description=self.told(),
            inner="".join(parts),
            stretched=True,
        )

    def told(self) -> str:
        """The plot in a sentence or three."""
        if not self.bars:
            return "No posts yet."
        first, last = self.bars[0].since, self.bars[-1].until - timedelta(days=1)
        when = f"from {first:%-d %B %Y} to {last:%-d %B %Y}"
        told = f"{self.total:,} posts {when}, at most {self.most:,} in one {self.unit}."
        for spans, noun in ((self.gaps, "gap"), (self.outages, "outage")):
            if spans:
                told += f" {len(spans)} {noun}{'s' if len(spans) > 1 else ''} marked."
        return told

    def _band(self, span: Span, name: str, y: float, height: float) -> str:
        left, right = self._place(span.since), self._place(span.until) if span.until else 1000.0
        wide = max(right - left, 3.0)
        left = min(left, 1000 - wide)
        return f'<rect class="{name}" x="{left:.2f}" y="{y:.1f}" width="{wide:.2f}" height="{height:.1f}"/>'

    def _place(self, moment: datetime) -> float:
        first, last = (
            datetime(day.year, day.month, day.day, tzinfo=UTC)
            for day in (self.bars[0].since, self.bars[-1].until)
        )
        return min(max(1000 * ((moment - first) / (last - first)), 0.0), 1000.0)


def bars(first: date, last: date) -> tuple[str, tuple[Bar, ...]]:
    """The unit for a time from one day to another, and its bars, empty: never more than MOST_BARS."""
    days = (last - first).days + 1
    unit = next((unit for unit, most in _STEPS if days <= most), "year")
    since = _begin(first, unit)
    found: list[Bar] = []
    while since <= last and len(found) < MOST_BARS:
        until = _next(since, unit)
        found.append(Bar(since=since, until=until))
        since = until
    return unit, tuple(found)


def _begin(day: date, unit: str) -> date:
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=min(day.weekday(), day.toordinal() - 1))
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=1 + (day.month - 1) // 3 * 3, day=1)
    return day.replace(month=1, day=1)


def _next(day: date, unit: str) -> date:
    if unit in ("day", "week"):
        return day + timedelta(days=1 if unit == "day" else 7)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    years, month = divmod(day.month - 1 + months, 12)
    return day.replace(year=day.year + years, month=month + 1)


def _svg(
    name: str, *, width: int, height: int, title: str, description: str, inner: str, stretched: bool = False
) -> Markup:
    shape = ' preserveAspectRatio="none"' if stretched else ""
    return Markup(  # noqa: S704 - numbers and words of ours, but for what is escaped
        f'<svg class="{name}" viewBox="0 0 {width} {height}"{shape} role="img"'
        f' aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{inner}</svg>'
    )
