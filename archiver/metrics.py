"""What `/metrics` says, in Prometheus' text format: counters of this process, and how the archive stands."""

import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from archiver import __version__, health, versions
from archiver.errors import ArchiverError
from archiver.pipeline import Updated
from archiver.store import Due, Reader
from archiver.vitals import Pulse

__all__ = ["CONTENT_TYPE", "Metrics"]

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds that a fetch may take."""

FRESH_SECONDS = 60.0
"""What the archive was asked is not asked again before, since every feed is looked at."""


class Metrics:
    """Counts updates as they come, and writes it all down when asked; both in the loop."""

    def __init__(self) -> None:
        self._fetches: Counter[tuple[str, str]] = Counter()
        self._buckets = [0] * len(BUCKETS)
        self._seconds = 0.0
        self._sums: Counter[str] = Counter()
        self._standing = _Standing()
        self._lock = threading.Lock()

    def count(self, updated: Updated) -> None:
        """Add one update."""
        fetch = updated.fetch
        self._fetches[(str(fetch.outcome), fetch.error_kind or "")] += 1
        seconds = fetch.duration_ms / 1000
        self._seconds += seconds
        for number, most in enumerate(BUCKETS):
            self._buckets[number] += seconds <= most
        self._sums["bytes"] += fetch.bytes_received
        self._sums["new"] += fetch.entries_new
        self._sums["revised"] += fetch.entries_revised

    def refresh(self, archive: Path, now: datetime) -> None:
        """Ask the archive how it stands, in any thread, if that was not done just now."""
        with self._lock:
            self._standing.refresh(archive, now)

    def text(self, pulse: Pulse, now: datetime) -> str:
        """Everything, in the text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Given([*self._counted(), *_of_pulse(pulse, now), *self._standing.metrics()]))
        return generate_latest(registry).decode()

    def _counted(self) -> Iterable[Metric]:
        fetches = CounterMetricFamily(
            "archiver_fetches",
            "Fetches, by what became of them and what kept them from it.",
            labels=["outcome", "error_kind"],
        )
        for (outcome, kind), number in sorted(self._fetches.items()):
            fetches.add_metric([outcome, kind], number)
        yield fetches
        buckets = [(str(most), float(number)) for most, number in zip(BUCKETS, self._buckets, strict=True)]
        yield HistogramMetricFamily(
            "archiver_fetch_duration_seconds",
            "How long fetches took, from the request to the end of the answer.",
            buckets=[*buckets, ("+Inf", float(self._fetches.total()))],
            sum_value=self._seconds,
        )
        for name, key, help_text in (
            ("archiver_fetched_bytes", "bytes", "Bytes of documents received, unpacked."),
            ("archiver_entries_new", "new", "Entries that nobody had seen before."),
            ("archiver_entries_revised", "revised", "Entries that came in another version."),
        ):
            yield CounterMetricFamily(name, help_text, value=self._sums[key])


class _Given(Collector):
    """Metrics that were made before anybody asked."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)


def _of_pulse(pulse: Pulse, now: datetime) -> Iterable[Metric]:
    build = {"version": __version__} | {one.name.lower(): one.version for one in versions.libraries()}
    yield InfoMetricFamily("archiver_build", "The program and its libraries.", value=build)
    yield _gauge("archiver_updates_under_way", "Updates at this moment.", pulse.under_way)
    yield CounterMetricFamily(
        "archiver_updates_unwritten", "Updates that could not be written.", value=pulse.unwritten
    )
    if pulse.last_tick_ago is not None:
        yield _gauge(
            "archiver_last_tick_timestamp_seconds",
            "When the service last looked which feeds are due.",
            (now - timedelta(seconds=pulse.last_tick_ago)).timestamp(),
        )


class _Standing:
    """What the archive was last asked, and when."""

    def __init__(self) -> None:
        self._asked: float | None = None
        self._now: datetime | None = None
        self._due = Due(feeds=0, overdue=0, since=None)
        self._health: dict[str, int] = {}
        self._chores = 0
        self._digests = 0
        self._bytes = 0

    def refresh(self, archive: Path, now: datetime) -> None:
        """Ask again, if it is time. An archive that cannot be asked leaves what was known."""
        if self._asked is not None and time.monotonic() - self._asked < FRESH_SECONDS:
            return
        try:
            with Reader.open(archive) as reader:
                self._due = reader.due(now=now)
                self._health = health.counted(reader.standing(lambda row: health.of(row, now).condition))
                self._chores = len(reader.chores_that_failed())
                self._digests = sum(told["problem"] is not None for told in reader.digests())
                self._bytes = reader.size()
        except ArchiverError:
            return
        self._asked, self._now = time.monotonic(), now

    def metrics(self) -> Iterable[Metric]:
        """As gauges; none before the archive was asked."""
        if self._now is None:
            return
        feeds = GaugeMetricFamily("archiver_feeds", "Feeds, by how they are.", labels=["health"])
        for word, number in self._health.items():
            feeds.add_metric([word], number)
        yield feeds
        late = (self._now - self._due.since).total_seconds() if self._due.since else 0.0
        yield _gauge("archiver_feeds_due", "Feeds whose time has come.", self._due.feeds)
        yield _gauge(
            "archiver_feeds_overdue",
            "Feeds whose time came more than an hour ago, or more than their own interval if longer.",
            self._due.overdue,
        )
        yield _gauge("archiver_longest_lateness_seconds", "How long the first of them waits.", late)
        yield _gauge("archiver_archive_bytes", "Size of the archive.", self._bytes)
        yield _gauge("archiver_failed_chores", "Chores that failed when last tried.", self._chores)
        yield _gauge("archiver_failed_digests", "Ways of telling that failed when last tried.", self._digests)
