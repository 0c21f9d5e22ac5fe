"""The log of fetches as WARC 1.1 (ISO 28500:2017): what was asked, what came, and what we know of it.

Each fetch is a metadata record with our own facts, then `response` records of its redirects, then the
answer: a `response`, a `revisit` where the file already holds the body or where nothing had changed, a
`resource` for a document from a file; last the `request`. Addresses stand here without secrets.
"""

import base64
import hashlib
import re
import uuid
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from archiver import __version__, torn
from archiver.errors import StoreError
from archiver.export.warc_facts import feed_field, fetch_field
from archiver.store import Chosen, Reader
from archiver.store.salvage import Lost
from archiver.urls import redact, redact_field

_SAME_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_ORIGINAL = "X-Archive-Orig-"
"""Replay tools know this prefix: the field as it came, where it does not hold of the body as it is kept."""
_OF_THE_CODING = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_TRUNCATED = {"too_large": "length", "timeout": "time", "truncated": "disconnect", "reset": "disconnect"}
_MOST_REMEMBERED = 100_000
"""Bodies that a revisit can refer to; one that was forgotten is written out again."""
_FEEDS_A_RECORD = 500
_IN_ADDRESSES = "!#$%&'()*+,/:;=?@[]~"
_UNSOUND = re.compile(r"[\r\n\x00]")


@dataclass(slots=True)
class Written:
    """What an export came to."""

    fetches: int = 0
    records: int = 0
    lost: list[Lost] = field(default_factory=list)


def write_warc(
    reader: Reader,
    out: BinaryIO,
    chosen: Chosen,
    *,
    at: str,
    filename: str | None,
    gzip: bool,
    despite_damage: bool = False,
) -> Written:
    """Write the chosen fetches, oldest first; `at` is the time of writing. Raises StoreError, OSError.

    With `despite_damage`, of a fetch whose body is damaged our facts are written, and no answer.
    """
    export = _Export(reader, out, at=at, gzip=gzip, despite_damage=despite_damage)
    export.begin(filename, reader.chosen_feeds(chosen))
    for row in reader.fetches(chosen):
        export.fetch(row)
    return export.written


class _RawHeaders(StatusAndHeaders):  # type: ignore[misc]
    """A header that is written byte for byte: warcio would percent-encode what is not ASCII."""

    def compute_headers_buffer(self, header_filter: object = None) -> None:
        lines = [f"{self.protocol} {self.statusline}".rstrip()]
        lines += [f"{name}: {value}" for name, value in self.headers]
        cleaned = "\r\n".join(_UNSOUND.sub(" ", line) for line in lines)
        self.headers_buff = cleaned.encode("latin-1", "replace") + b"\r\n\r\n"


class _Writer(WARCWriter):  # type: ignore[misc]
    @staticmethod
    def _create_digester() -> Digester:
        return Digester("sha256")


class _Export:
    def __init__(self, reader: Reader, out: BinaryIO, *, at: str, gzip: bool, despite_damage: bool) -> None:
        self.written = Written()
        self._despite_damage = despite_damage
        self._reader = reader
        self._at = at
        self._writer = _Writer(out, gzip=gzip, warc_version="1.1")
        self._bodies: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._urls: dict[int, str] = {}

    def begin(self, filename: str | None, feeds: Sequence[Mapping[str, Any]]) -> None:
        """Say what the file is, and which feeds it tells of."""
        info = {
            "software": f"archiver/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "description": "Fetches of web feeds; bodies are kept without transfer and content coding.",
        }
        body = "".join(f"{name}: {value}\r\n" for name, value in info.items()).encode()
        headers = {"WARC-Filename": filename} if filename else {}
        self._write("warcinfo", "", self._at, body=body, headers=headers)
        taken: set[str] = set()
        fields = []
        for feed in feeds:
            url = redact(feed["url"])
            if url in taken:
                url += f"#feed-{feed['id']}"  # told apart by nothing but a secret
            taken.add(url)
            self._urls[feed["id"]] = url
            fields.append(feed_field(feed, url=url))
        for start in range(0, len(fields), _FEEDS_A_RECORD):
            self._write("metadata", "", self._at, body=b"".join(fields[start : start + _FEEDS_A_RECORD]))

    def fetch(self, row: Mapping[str, Any]) -> None:
        """Write all records of one fetch."""
        self.written.fetches += 1
        if row["feed_id"] not in self._urls:  # it was added while we wrote
            self._urls[row["feed_id"]] = redact(row["request_url"])
        feed = self._urls[row["feed_id"]]
        row = _without_secrets(row)
        ids = _Ids(f"{row['id']} {fetch_field(row, feed=feed, record=None, hops=())!r}")
        answered = row["status"] is not None or row["outcome"] in ("new", "unchanged") or row["body_sha256"]
        body = self._body(row) if answered else b""
        answer_id = ids("answer") if answered and body is not None else None
        hop_ids = [ids(f"hop {number}") for number, _ in enumerate(row["redirects"])]
        told = {"WARC-Record-ID": ids("facts")} | ({"WARC-Refers-To": answer_id} if answer_id else {})
        field = fetch_field(row, feed=feed, record=answer_id, hops=hop_ids)
        self._write("metadata", "", row["started_at"], body=field, headers=told)
        for hop, hop_id in zip(row["redirects"], hop_ids, strict=True):
            self._redirect(hop, hop_id, row, answer_id)
        if answer_id and body is not None:
            self._answer(row, answer_id, body)
        if answer_id and row["status"] is not None and row["request_headers"]:
            self._request(row, ids("request"), answer_id)

    def _body(self, row: Mapping[str, Any]) -> bytes | None:
        """The body of an answer, empty where a revisit will refer to it; None if it is lost."""
        sha256 = row["body_sha256"]
        if not sha256 or row["status"] == 304 or sha256 in self._bodies:
            return b""
        try:
            return self._reader.body(sha256)
        except StoreError as error:
            if not self._despite_damage:
                raise StoreError(f"fetch {row['id']}: {error}; leave it out with --despite-damage") from error
            self.written.lost.append(
                Lost(
                    fetch_id=row["id"],
                    feed=self._urls[row["feed_id"]],
                    started_at=row["started_at"],
                    body_sha256=sha256,
                    problem=str(error),
                )
            )
            return None

    def _redirect(
        self, hop: Mapping[str, Any], hop_id: str, row: Mapping[str, Any], answer: str | None
    ) -> None:
        headers = {"WARC-Record-ID": hop_id} | _who(hop)
        if answer:
            headers["WARC-Concurrent-To"] = answer
        fields = [["Location", hop["location"]]] if hop.get("location") else []
        http = _RawHeaders(_status(hop["status"], None), fields, protocol="HTTP/1.1")
        self._write("response", hop["url"], row["started_at"], http=http, headers=headers)

    def _answer(self, row: Mapping[str, Any], answer_id: str, body: bytes) -> None:
        uri = _uri(row["final_url"] or row["request_url"])
        sha256, at = row["body_sha256"], row["started_at"]
        headers = {"WARC-Record-ID": answer_id} | _who(row)
        is_not_modified = row["status"] == 304
        first = self._bodies.get(sha256) if sha256 else None
        if first and sha256:
            self._bodies.move_to_end(sha256)
        if is_not_modified or first:
            headers["WARC-Profile"] = _NOT_MODIFIED if is_not_modified else _SAME_PAYLOAD
            if first:
                headers |= {
                    "WARC-Refers-To-Target-URI": first[0],
                    "WARC-Refers-To-Date": first[1],
                    "WARC-Payload-Digest": _digest(bytes.fromhex(sha256)),
                }
            http = None if row["status"] is None else _http(row, None)
            self._write("revisit", uri, at, http=http, headers=headers)
            return
        if sha256:
            self._bodies[sha256] = (uri, at)
            if len(self._bodies) > _MOST_REMEMBERED:
                self._bodies.popitem(last=False)
        if cut := _cut(row):
            headers["WARC-Truncated"] = cut
        headers["WARC-Payload-Digest"] = _digest(hashlib.sha256(body).digest())
        if row["status"] is None:
            headers["Content-Type"] = "application/octet-stream"
            self._write("resource", uri, at, body=body, headers=headers)
        else:
            self._write("response", uri, at, body=body, http=_http(row, len(body)), headers=headers)

    def _request(self, row: Mapping[str, Any], request_id: str, answer_id: str) -> None:
        try:
            parts = urlsplit(_uri(row["final_url"] or row["request_url"]))
        except ValueError:  # a replayed file said so
            return
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = list(row["request_headers"])
        if not any(name.lower() == "host" for name, _ in fields):
            fields.insert(0, ["Host", parts.netloc])
        self._write(
            "request",
            row["final_url"] or row["request_url"],
            row["started_at"],
            http=_RawHeaders(f"{target} HTTP/1.1", fields, protocol="GET"),
            headers={"WARC-Record-ID": request_id, "WARC-Concurrent-To": answer_id} | _who(row),
        )

    def _write(
        self,
        kind: str,
        uri: str,
        at: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        http: _RawHeaders | None = None,
    ) -> None:
        known = {"WARC-Date": at, **(headers or {})}
        if kind == "revisit" and http is None:
            known["Content-Type"] = "application/octet-stream"
        record = self._writer.create_warc_record(
            _uri(uri),
            kind,
            payload=BytesIO(body) if body else None,
            length=len(body),
            http_headers=http,
            warc_headers_dict=known,
        )
        self._writer.write_record(record)
        self.written.records += 1


class _Ids:
    """The ids of a fetch's records. The same archive gives the same ones, however often it is written."""

    def __init__(self, facts: str) -> None:
        self._name = uuid.uuid5(uuid.NAMESPACE_URL, facts)

    def __call__(self, part: str) -> str:
        return f"<urn:uuid:{uuid.uuid5(self._name, part)}>"


def _http(row: Mapping[str, Any], length: int | None) -> _RawHeaders:
    """The header as it came, save that fields of the codings, which are undone, go by another name."""
    fields = []
    for name, value in row["headers"]:
        holds = length is None or name.lower() not in _OF_THE_CODING
        fields.append([name if holds else _ORIGINAL + name, value])
    if length is not None:
        fields.append(["Content-Length", str(length)])
    return _RawHeaders(_status(row["status"], row["reason"]), fields, protocol=_protocol(row["http_version"]))


def _protocol(version: str | None) -> str:
    return version if version in ("HTTP/1.0", "HTTP/1.1") else "HTTP/1.1"


def _status(status: int, reason: str | None) -> str:
    if reason is None:
        try:
            reason = HTTPStatus(status).phrase
        except ValueError:
            reason = ""
    return f"{status} {reason}"


def _who(told: Mapping[str, Any]) -> dict[str, str]:
    """WARC-IP-Address without the port; the rest is in our own facts."""
    address = told.get("address")
    return {"WARC-IP-Address": address.rpartition(":")[0].strip("[]")} if address else {}


def _digest(sha256: bytes) -> str:
    return "sha256:" + base64.b32encode(sha256).decode("ascii")


def _cut(row: Mapping[str, Any]) -> str | None:
    """Why a body is not whole (ISO 28500, 5.13); None where it is, as far as is known."""
    broke_off = torn.told(row["problems"])
    kind = broke_off[0] if broke_off else row["error_kind"]
    if row["body_sha256"]:
        return None if row["complete"] else _TRUNCATED.get(kind)
    return _TRUNCATED.get(kind, "unspecified") if kind else None


def _told(error: str, url: str) -> str:
    """An error in words that may leave the house."""
    return error.replace(url, redact(url))


def _uri(url: str) -> str:
    """An address in ASCII (RFC 3986)."""
    return quote(url, safe=_IN_ADDRESSES)


def _without_secrets(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with addresses that may be shown: those asked, those that redirects named."""
    return dict(row) | {
        "request_url": redact(row["request_url"]),
        "error": row["error"] and _told(row["error"], row["final_url"] or row["request_url"]),
        "final_url": row["final_url"] and redact(row["final_url"]),
        "headers": [[name, redact_field(name, value)] for name, value in row["headers"]],
        "redirects": [
            hop
            | {"url": redact(hop["url"])}
            | ({"location": redact(hop["location"])} if hop.get("location") else {})
            for hop in row["redirects"]
        ],
    }
