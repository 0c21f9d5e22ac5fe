"""Times as the archive writes them: UTC text of the form `YYYY-MM-DDTHH:MM:SSZ` (a profile of RFC 3339)."""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """Write an aware time as the archive does; fractions of a second are dropped."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def from_text(text: str) -> datetime:
    """Read a time that the archive wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def now() -> datetime:
    """The present, to the second, as the archive would write it. Only the flow and the fronts ask."""
    return datetime.now(UTC).replace(microsecond=0)
