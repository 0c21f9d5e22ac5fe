"""What a WARC file, ours or another crawler's, says of feeds: answers, each at its time, in order.

Ours tell their fetches in metadata records, and those are taken word for word. Elsewhere a record is an
answer of the feed at its target address if its payload is a feed; what else came from there, errors and
"nothing changed" among it, counts once the address is known for a feed.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archiver import urls
from archiver.decide import Attempt
from archiver.errors import FetchError
from archiver.export.spool import Spool
from archiver.export.warc_facts import (
    EARLIEST,
    FeedFacts,
    FetchFacts,
    read_fields,
)
from archiver.export.warc_http import Message, payload, read_message
from archiver.export.warc_record import (
    address,
    date,
    is_feed_document,
    is_http,
    is_sound,
    without_fragment,
)
from archiver.export.warc_stream import Record, WarcReader
from archiver.model import Connection, Response

_DOCUMENTS = frozenset({"response", "resource", "revisit", "conversion", "continuation"})
_MOST_WEIGHT = 2**30
_WEIGHT = 600
"""Bytes of memory, roughly, that an answer takes beside its address."""
_HEADER_ROOM = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer of one feed, ready to be archived."""

    feed: str
    attempt: Attempt
    answer: Response | FetchError
    ours: bool = False
    """Archived before, by a program of this kind, with the same outcome."""


@dataclass(slots=True, kw_only=True)
class _Kept:
    """What is remembered of an answer: little, since there may be many. The rest is in the spool."""

    at: datetime
    url: str
    place: int
    sha256: str | None = None
    ours: bool = False
    is_feed: bool = False
    dropped: bool = False


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was passed over in one file."""

    skipped: int = 0
    too_large: int = 0
    problems: list[str] = field(default_factory=list)
    left_out: int = 0

    def note(self, problem: str) -> None:
        """Add a sentence; a few of them tell enough."""
        if len(self.problems) < 20:
            self.problems.append(problem)
        else:
            self.left_out += 1


class WarcAnswers:
    """Reads WARC files one after another, then gives the answers of all of them, oldest first.

    `known` maps addresses of feeds, old and new ones, to those by which the archive knows them. Documents
    wait in a temporary file, so that memory holds some hundred bytes an answer.
    """

    def __init__(self, *, known: Mapping[str, str], max_bytes: int) -> None:
        self.feeds: dict[str, FeedFacts] = {}
        self._known = known
        self._max_bytes = max_bytes
        self._spool = Spool()
        self._kept: list[_Kept] = []
        self._found: set[str] = set()
        self._records: dict[str, _Kept] = {}
        self._claimed: set[str] = set()
        self._digests: dict[str, str] = {}
        self._weight = 0
        self._latest = EARLIEST

    def read(self, path: Path) -> Tally:
        """Read one file as far as it can be read. Raises OSError."""
        tally = Tally()
        self._latest = EARLIEST
        with path.open("rb") as file:
            records = WarcReader(file, largest_block=self._max_bytes + _HEADER_ROOM)
            for record in records:
                if self._weight > _MOST_WEIGHT:
                    tally.note("it holds more answers of feeds than can be put in order at once; split it")
                    break
                self._take(record, tally)
            for damage in records.damages:
                tally.note(damage)
        if tally.too_large:
            tally.note(
                f"{tally.too_large} of its records are larger than the limit of {self._max_bytes:,} bytes"
                " (fetch.max_body) and were skipped"
            )
        return tally

    def _take(self, record: Record, tally: Tally) -> None:
        if record.kind == "metadata" and record.block is not None:
            for facts, line in read_fields(record.block):
                if isinstance(facts, FeedFacts):
                    self.feeds.setdefault(facts.url, facts)
                    self._weight += _WEIGHT + len(facts.url)
                else:
                    self._take_facts(facts, line)
        elif record.kind in _DOCUMENTS:
            self._take_document(record, tally)

    # ------------------------------------------------------------ ours

    def _take_facts(self, facts: FetchFacts, line: bytes) -> None:
        # The log's own order stands, also where the clock had jumped back.
        self._latest = max(self._latest, facts.started_at)
        for record_id in (*facts.hops, *([facts.record] if facts.record else [])):
            if stray := self._records.pop(record_id, None):
                stray.dropped = True
            else:
                self._claimed.add(record_id)
        place = self._spool.keep(line)
        self._kept.append(
            _Kept(
                at=self._latest,
                url=facts.feed,
                place=place,
                sha256=facts.body_sha256,
                ours=True,
                is_feed=True,
            )
        )
        self._found.add(facts.feed)
        self._weight += _WEIGHT + len(facts.feed)

    # ------------------------------------------------------------ anybody's

    def _take_document(self, record: Record, tally: Tally) -> None:
        record_id = record.fields.get("warc-record-id", "")[:200]
        claimed = record_id in self._claimed
        self._claimed.discard(record_id)
        if record.block is None:
            tally.skipped += 1
            tally.too_large += 1
            return
        if not is_sound(record):
            tally.note(f"the record {record_id[:80]} is not what its digest says, and was skipped")
            tally.skipped += 1
            return
        message = read_message(record.block) if is_http(record) else None
        if claimed:
            if record.kind != "revisit":
                self._spool.keep_body(message.raw if message else record.block)
            return
        try:
            kept = self._foreign(record, message)
        except FetchError as error:
            url = address(record)
            if url in self._known or url in self._found or (message and _claims_to_be_a_feed(message)):
                tally.note(f"{url[:200]}: {error}")
            kept = None
        if kept is None:
            tally.skipped += 1
            return
        self._kept.append(kept)
        self._weight += _WEIGHT + len(kept.url)
        if record_id:
            self._records[record_id] = kept

    def _foreign(self, record: Record, message: Message | None) -> _Kept | None:
        """What another crawler's record tells of a feed, as far as can be said before all are read."""
        at, url = date(record.fields.get("warc-date", "")), address(record)
        if at is None or not url or (message is None and record.kind == "response"):
            return None
        told: dict[str, Any] = {"digest": record.fields.get("warc-payload-digest", "")[:200]}
        if message:
            told |= {"status": message.status, "headers": message.headers}
            told |= {"http_version": message.version, "reason": message.reason}
        elif record.fields.get("content-type"):
            told["headers"] = [("Content-Type", record.fields["content-type"])]
        told["address"] = record.fields.get("warc-ip-address")
        sha256, is_feed = None, False
        if record.kind == "revisit":
            is_not_modified = "not-modified" in record.fields.get("warc-profile", "")
            told["status"] = 304 if is_not_modified else told.get("status", 200)
            told["same"] = (
                record.fields.get("warc-refers-to-target-uri"),
                record.fields.get("warc-refers-to-date"),
            )
        elif record.kind in ("response", "resource"):
            status = message.status if message else 200
            if status != 304 and not 400 <= status <= 599 and status not in (200, 203):
                return None
            body = payload(message, limit=self._max_bytes) if message else record.block or b""
            is_feed = status < 300 and is_feed_document(
                body, message.header("content-type") if message else None
            )
            if not is_feed and status < 300 and not (url in self._known or url in self._found):
                return None
            if status != 304:
                sha256 = self._spool.keep_body(body) if is_feed or len(body) <= _HEADER_ROOM else None
        else:
            return None
        if is_feed and sha256:
            self._found.add(url)
            if told["digest"]:
                self._digests[told["digest"]] = sha256
        place = self._spool.keep(json.dumps(told).encode())
        return _Kept(at=at, url=url, place=place, sha256=sha256, is_feed=is_feed)

    # ------------------------------------------------------------ what comes out

    def answers(self, tally: Tally) -> Iterator[Answer]:
        """All answers of feeds, oldest first; `tally` gets what turns out to be of no feed, or incomplete."""
        originals = {
            (kept.url, kept.at): kept.sha256 for kept in self._kept if kept.is_feed and not kept.ours
        }
        for kept in sorted(self._kept, key=lambda kept: kept.at):
            if kept.dropped:
                continue
            answer = self._ours(kept, tally) if kept.ours else self._theirs(kept, originals)
            if answer is not None:
                yield answer
            elif not kept.ours:
                tally.skipped += 1

    def _ours(self, kept: _Kept, tally: Tally) -> Answer | None:
        facts, _ = next(read_fields(self._spool.load(kept.place)))
        assert isinstance(facts, FetchFacts)
        body = self._spool.load_body(facts.body_sha256) if facts.body_sha256 else b""
        if body is None:
            tally.note(
                f"the document of {facts.feed} of {facts.started_at:%Y-%m-%d %H:%M:%S} is missing from it"
            )
            return None
        answer = facts.answer
        if isinstance(answer, FetchError):
            answer.body = body if facts.body_sha256 else None
        else:
            answer = replace(answer, body=body)
        attempt = Attempt(
            started_at=facts.started_at,
            duration_ms=facts.duration_ms,
            request_url=facts.request_url,
            read_as=facts.read_as,
        )
        return Answer(feed=facts.feed, attempt=attempt, answer=answer, ours=True)

    def _theirs(self, kept: _Kept, originals: Mapping[tuple[str, datetime], str | None]) -> Answer | None:
        told = json.loads(self._spool.load(kept.place))
        sha256 = kept.sha256
        if "same" in told and told.get("status") != 304:
            uri, moment = told["same"]
            sha256 = self._digests.get(told["digest"] or "") or originals.get(
                (without_fragment(uri or ""), date(moment or "") or EARLIEST)
            )
            if sha256 is None:
                return None
            self._found.add(kept.url)
        if kept.url not in self._found and kept.url not in self._known:
            return None
        body = self._spool.load_body(sha256) if sha256 else b""
        started_at = kept.at.replace(microsecond=0)
        return Answer(
            feed=self._known.get(kept.url, kept.url),
            attempt=Attempt(started_at=started_at, duration_ms=0, request_url=urls.redact(kept.url)),
            answer=_answer(kept.url, told, body or b""),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()


def _claims_to_be_a_feed(message: Message) -> bool:
    kind = message.header("content-type").lower()
    return any(word in kind for word in ("rss", "atom", "rdf", "feed", "/xml"))


def _answer(url: str, told: Mapping[str, Any], body: bytes) -> Response | FetchError:
    status = told.get("status")
    headers = tuple((name, value) for name, value in told.get("headers", ()))
    connection = Connection(address=told["address"]) if told["address"] else None
    version, reason = told.get("http_version"), told.get("reason")
    if status is not None and status >= 400:
        kind = "gone" if status == 410 else "http"
        error = FetchError(
            kind, f"the server answered {status} {reason or ''}".rstrip(), status=status, headers=headers
        )
        error.body, error.final_url, error.connection = body or None, url, connection
        error.http_version, error.reason = version, reason
        return error
    return Response(
        request_url=url,
        final_url=url,
        status=status,
        headers=headers,
        body=body if status != 304 else b"",
        connection=connection,
        http_version=version,
        reason=reason,
    )
