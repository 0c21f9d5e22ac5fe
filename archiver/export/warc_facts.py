"""What WARC cannot say of a fetch or a feed: our own facts, as fields of metadata records, both ways.

A field's value is one line of JSON, and its keys are the columns that `docs/schema.md` explains. On the way
in they are a stranger's word like everything else: what has not the right type is not taken.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from archiver import times, torn
from archiver.errors import FETCH_KINDS, FetchError
from archiver.model import KINDS, Connection, Headers, Hop, ParseOptions, Response

FETCH_FIELD = "archiver-fetch"
FEED_FIELD = "archiver-feed"
_MOST_HOPS = 100
_LONGEST_ADDRESS = 8_000
_FETCH_COLUMNS = (
    "started_at", "duration_ms", "request_url", "final_url", "status", "outcome", "error", "error_kind",
    "headers", "redirects", "http_version", "reason", "request_headers", "address", "tls_protocol",
    "certificate_sha256", "tls_verified", "complete", "body_sha256", "bytes_received", "entries_seen",
    "entries_new", "entries_revised", "gap", "partial", "problems", "read_as",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """A feed as an archive knew it."""

    url: str
    name: str | None
    tags: tuple[str, ...]
    parse: ParseOptions
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFacts:
    """A fetch as an archive recorded it; the answer is still without its body."""

    feed: str
    started_at: datetime
    duration_ms: int
    request_url: str
    read_as: str | None
    answer: Response | FetchError
    body_sha256: str | None
    """Of the body that came; None where none did, as for a 304."""
    record: str | None
    """The id of the record with the answer."""
    hops: tuple[str, ...]
    """The ids of the records of the redirects before it."""


def fetch_field(row: Mapping[str, Any], *, feed: str, record: str | None, hops: Sequence[str]) -> bytes:
    """Write a row of `fetches` as a field."""
    facts = {column: row[column] for column in _FETCH_COLUMNS}
    return _field(FETCH_FIELD, {"feed": feed, "record": record, "hops": list(hops)} | facts)


def feed_field(row: Mapping[str, Any], *, url: str) -> bytes:
    """Write a row of `feeds` as a field."""
    facts = {key: row[key] for key in ("name", "tags", "parse_options", "added_at")}
    return _field(FEED_FIELD, {"url": url} | facts)


def _field(name: str, facts: Mapping[str, Any]) -> bytes:
    return f"{name}: {json.dumps(facts)}\r\n".encode("ascii")


def read_fields(block: bytes) -> Iterator[tuple[FeedFacts | FetchFacts, bytes]]:
    """Read our fields out of a metadata record, each with its line; what is not sound is passed over."""
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        reader = _READERS.get(name.strip())
        if reader is None:
            continue
        try:
            facts = reader(json.loads(value))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            continue
        yield facts, line


def _read_feed(facts: dict[str, Any]) -> FeedFacts:
    options = facts["parse_options"]
    kind = _text_or_none(options.get("kind"))
    return FeedFacts(
        url=_address(facts["url"]),
        name=_text_or_none(facts.get("name")),
        tags=tuple(_text(tag) for tag in facts["tags"]),
        parse=ParseOptions(
            charset=_text_or_none(options.get("charset")), kind=kind if kind in KINDS else None
        ),
        added_at=_time(facts["added_at"]),
    )


def _read_fetch(facts: dict[str, Any]) -> FetchFacts:
    status = facts["status"]
    if facts["outcome"] == "skipped":
        raise ValueError("nobody was asked")
    if status is not None and not 100 <= _number(status) <= 999:
        raise ValueError("no HTTP status")
    read_as = _text_or_none(facts.get("read_as"))
    return FetchFacts(
        feed=_address(facts["feed"]),
        started_at=_time(facts["started_at"]),
        duration_ms=_number(facts["duration_ms"]),
        request_url=_text(facts["request_url"]),
        read_as=read_as if read_as in KINDS else None,
        answer=_answer(facts, status),
        body_sha256=None if status == 304 else _text_or_none(facts["body_sha256"]),
        record=_text_or_none(facts["record"]),
        hops=tuple(_text(hop) for hop in facts["hops"][:_MOST_HOPS]),
    )


def _answer(facts: dict[str, Any], status: int | None) -> Response | FetchError:
    """The answer without its body. What could not be parsed is an answer like any other, to be read anew."""
    request_url, final_url = _text(facts["request_url"]), _text_or_none(facts["final_url"])
    headers, redirects = _headers(facts["headers"]), tuple(_hop(hop) for hop in facts["redirects"])
    version, reason = _text_or_none(facts.get("http_version")), _text_or_none(facts.get("reason"))
    kind = _text_or_none(facts["error_kind"])
    failure = torn.told(_text(problem) for problem in facts.get("problems") or ())
    if failure is None and kind is not None and kind in FETCH_KINDS:
        failure = kind, _text(facts["error"])
    if failure is not None:
        error = FetchError(
            *failure,
            status=status,
            headers=headers,
            final_url=final_url,
            redirects=redirects,
        )
        error.complete = bool(facts["complete"])
        error.request_headers = _headers(facts["request_headers"])
        error.connection = _connection(facts)
        error.http_version, error.reason = version, reason
        return error
    return Response(
        request_url=request_url,
        final_url=final_url or request_url,
        status=status,
        headers=headers,
        redirects=redirects,
        complete=bool(facts["complete"]),
        request_headers=_headers(facts["request_headers"]),
        connection=_connection(facts),
        http_version=version,
        reason=reason,
    )


def _hop(told: dict[str, Any]) -> Hop:
    return Hop(
        url=_text(told["url"]),
        status=_number(told["status"]),
        location=_text_or_none(told.get("location")),
        connection=_connection(told),
    )


def _connection(told: dict[str, Any]) -> Connection | None:
    known = Connection(
        address=_text_or_none(told.get("address")),
        tls_protocol=_text_or_none(told.get("tls_protocol")),
        certificate_sha256=_text_or_none(told.get("certificate_sha256")),
        verified=_flag_or_none(told.get("tls_verified")),
    )
    return None if known == Connection() else known


def _headers(told: list[list[str]]) -> Headers:
    return tuple((_text(name), _text(value)) for name, value in told)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _address(value: object) -> str:
    if not 0 < len(address := _text(value)) <= _LONGEST_ADDRESS:
        raise ValueError("no address")
    return address


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _flag_or_none(value: object) -> bool | None:
    """A truth as JSON has it, or as SQLite does."""
    if value is not None and value not in (0, 1):
        raise TypeError("neither true nor false")
    return None if value is None else bool(value)


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 2**53:
        raise TypeError("not a number")
    return value


def _time(value: object) -> datetime:
    moment = times.from_text(_text(value))
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("not a time at which anything was fetched")
    return moment


EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""There was no web before, and no schedule can be reckoned after."""

_READERS: dict[bytes, Callable[[Any], FeedFacts | FetchFacts]] = {
    FETCH_FIELD.encode(): _read_fetch,
    FEED_FIELD.encode(): _read_feed,
}
