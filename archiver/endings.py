"""What all endings of a fetch share: its outer facts, its row in the log, and the feed as it was. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archiver.changes import FeedFacts, FetchRecord, Outcome
from archiver.errors import FetchError
from archiver.model import FeedForUpdate, FeedState, Hop, Response
from archiver.schedule import NextFetch
from archiver.urls import redact, redact_field


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The outer facts of one fetch."""

    started_at: datetime
    duration_ms: int
    request_url: str
    read_as: str | None = None
    """The kind that a replay takes its document for."""

    @property
    def seconds(self) -> int:
        """After so many seconds it was over for sure; the log does not keep parts of one."""
        return 1 + math.ceil(self.duration_ms / 1000)


def facts_of(
    feed: FeedForUpdate,
    next_fetch: NextFetch,
    *,
    etag: str | None = None,
    last_modified: str | None = None,
    whole: bool = False,
) -> FeedFacts:
    """The feed as it was, healthy and with its next time; each ending replaces what it knows better.

    A validator that is not given stays as it was.
    """
    return FeedFacts(
        state=FeedState.ACTIVE,
        etag=etag or feed.etag,
        last_modified=last_modified or feed.last_modified,
        body_sha256=feed.body_sha256,
        next_fetch_at=next_fetch.at,
        interval_seconds=next_fetch.interval_seconds,
        error_count=0,
        last_error=None,
        succeeded=True,
        whole=whole,
        moving=feed.moving,
        suspect_since=feed.suspect_since,
        suspect_answers=feed.suspect_answers,
        reminted_answers=feed.reminted_answers,
        volatile_ids=feed.volatile_ids,
        pace=feed.pace,
        silent_since=feed.silent_since,
        asked_whole_at=feed.asked_whole_at,
        validators_lie=feed.validators_lie,
        second_agent=feed.second_agent,
    )


def record(
    attempt: Attempt,
    outcome: Outcome,
    answer: Response | FetchError | None,
    *,
    confirms: FeedForUpdate | None = None,
) -> FetchRecord:
    """What is known of a fetch from the outside, an answer that brought no document included.

    `confirms`: the feed whose document it confirmed, so that it need not be kept again.
    """
    if answer is None:
        return FetchRecord(
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            request_url=attempt.request_url,
            outcome=outcome,
            read_as=attempt.read_as,
        )
    return FetchRecord(
        started_at=attempt.started_at,
        duration_ms=attempt.duration_ms,
        request_url=attempt.request_url,
        outcome=outcome,
        read_as=attempt.read_as,
        final_url=redact(answer.final_url) if answer.final_url else None,
        status=answer.status,
        headers=tuple((name, redact_field(name, value)) for name, value in answer.headers),
        redirects=_shown(answer.redirects),
        request_headers=answer.request_headers,
        connection=answer.connection,
        http_version=answer.http_version,
        reason=answer.reason,
        complete=answer.complete,
        body=None if confirms else answer.body or None,
        body_sha256=confirms.body_sha256 if confirms else None,
        bytes_received=len(answer.body or b""),
    )


def _shown(redirects: Sequence[Hop]) -> tuple[Hop, ...]:
    """The way of an answer as it may be recorded: addresses without what is secret in them."""
    return tuple(
        replace(hop, url=redact(hop.url), location=redact(hop.location) if hop.location else hop.location)
        for hop in redirects
    )
