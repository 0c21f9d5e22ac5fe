"""One attempt as its row in `fetches`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from archiver.changes import FetchRecord
from archiver.model import Hop
from archiver.store.rows import as_json
from archiver.times import to_text, to_text_or_none


def of(feed_id: int, fetch: FetchRecord, *, fetch_id: int | None, body_sha256: str | None) -> dict[str, Any]:
    """All columns but the checksum; without a number, for the next one."""
    connection = fetch.connection
    return {
        "id": fetch_id,
        "feed_id": feed_id,
        "started_at": to_text(fetch.started_at),
        "duration_ms": fetch.duration_ms,
        "request_url": fetch.request_url,
        "final_url": fetch.final_url,
        "status": fetch.status,
        "outcome": fetch.outcome,
        "error": fetch.error,
        "error_kind": fetch.error_kind,
        "headers": as_json(fetch.headers),
        "redirects": as_json([_told(hop) for hop in fetch.redirects]),
        "http_version": fetch.http_version,
        "reason": fetch.reason,
        "request_headers": as_json(fetch.request_headers),
        "address": connection and connection.address,
        "tls_protocol": connection and connection.tls_protocol,
        "certificate_sha256": connection and connection.certificate_sha256,
        "tls_verified": connection and connection.verified,
        "complete": fetch.complete,
        "body_sha256": body_sha256,
        "bytes_received": fetch.bytes_received,
        "entries_seen": fetch.entries_seen,
        "entries_new": fetch.entries_new,
        "entries_revised": fetch.entries_revised,
        "gap": fetch.gap,
        "gap_since": to_text_or_none(fetch.gap_since),
        "gap_until": to_text_or_none(fetch.gap_until),
        "partial": fetch.partial,
        "problems": as_json(fetch.problems),
        "read_as": fetch.read_as,
    }


def _told(hop: Hop) -> Mapping[str, Any]:
    """A redirect as one flat object, without what is not known."""
    told = asdict(hop)
    told |= told.pop("connection") or {}
    told["tls_verified"] = told.pop("verified", None)
    return {key: value for key, value in told.items() if value is not None}
