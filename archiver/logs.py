"""The log: lines for people on a terminal, JSON lines for programs elsewhere. Secrets stand in neither.

Every JSON line has `time` (UTC, RFC 3339, with milliseconds), `level` (`debug`, `info`, `warning`, `error`,
`critical`), `logger`, `event` and `message`, and `exception` where something broke. `event` names what
happened: `update` for each update of a feed, `digest` for what a person should know, `log` for all else. The
further fields of an update are those of `update_fields`; `docs/operations.md` lists them.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

from archiver.pipeline import Updated
from archiver.times import to_text
from archiver.urls import redact
from archiver.visible import visible, visible_lines

SHORTEST_SECRET = 6
"""Shorter ones are not looked for: they would stand in words that are none."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s\"'<>]+")


def update_fields(updated: Updated) -> dict[str, Any]:
    """What one line says of one update; None where there is nothing to say."""
    feed, fetch = updated.feed, updated.fetch
    return {
        "event": "update",
        "feed_id": feed.id,
        "feed": feed.name,
        "url": redact(feed.url),
        "host": feed.host or None,
        "outcome": str(fetch.outcome),
        "status": fetch.status,
        "error_kind": fetch.error_kind,
        "error": fetch.error,
        "duration_ms": fetch.duration_ms,
        "bytes": fetch.bytes_received,
        "entries_seen": fetch.entries_seen,
        "entries_new": fetch.entries_new,
        "entries_revised": fetch.entries_revised,
        "gap": fetch.gap,
        "partial": fetch.partial,
    }


class _Formatter(logging.Formatter):
    """What both kinds of line share: secrets go out, whoever wrote them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        known = sorted({one for one in secrets if len(one) >= SHORTEST_SECRET}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known)), re.IGNORECASE) if known else None

    def cleared(self, text: str) -> str:
        """The text without configured secrets, logins and secret parameters of addresses."""
        if self._secrets is not None:
            text = self._secrets.sub("…", text)
        return _ADDRESS.sub(lambda found: redact(found[0]), text)

    def told(self, record: logging.LogRecord) -> str:
        return self.cleared(record.getMessage())

    def broken(self, record: logging.LogRecord) -> str | None:
        if not record.exc_info or record.exc_info[0] is None:
            return self.cleared(record.exc_text) if record.exc_text else None  # of another process
        return self.cleared(self.formatException(record.exc_info))


class TextFormatter(_Formatter):
    """`2026-03-01T12:30:05Z  new           Example: 3 new of 10 entries`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and those that belong to it, indented."""
        at = to_text(datetime.fromtimestamp(record.created, UTC))
        lines = [f"{at}  {visible(self.told(record))}"]
        lines += [f"    {visible(self.cleared(line))}" for line in getattr(record, "lines", ())]
        if broken := self.broken(record):
            lines.append(visible_lines(broken))
        return "\n".join(lines)


class JsonFormatter(_Formatter):
    """`{"time": "2026-03-01T12:30:05.123Z", "level": "info", …}`: one object a line (RFC 8259)."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever stands in it."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": "log",
            "message": visible(self.told(record)),
        }
        line |= {key: self._plain(value) for key, value in getattr(record, "fields", {}).items()}
        if broken := self.broken(record):
            line["exception"] = visible_lines(broken)
        return json.dumps(line, ensure_ascii=False)

    def _plain(self, value: object) -> object:
        """The same value, its texts cleared and visible."""
        if isinstance(value, str):
            return visible(self.cleared(value))
        if isinstance(value, dict):
            return {key: self._plain(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(one) for one in value]
        return value


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what standard error is now, not to what it was at the start."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class Log:
    """The one handler of the process, while it runs as a service."""

    def __init__(self) -> None:
        self._handler = _Stderr()

    def use(self, style: str, secrets: Iterable[str] = ()) -> None:
        """Write lines of this style (`auto`, `text`, `json`) from now on, without these secrets."""
        json_lines = style == "json" or (style == "auto" and not sys.stderr.isatty())
        self._handler.setFormatter(JsonFormatter(secrets) if json_lines else TextFormatter(secrets))


@contextmanager
def logging_to_stderr(style: str, secrets: Iterable[str] = ()) -> Iterator[Log]:
    """Let everything that the process has to say, other libraries' words included, go through one handler."""
    log = Log()
    log.use(style, secrets)
    root, ours = logging.getLogger(), logging.getLogger("archiver")
    before = ours.level
    root.addHandler(log._handler)
    ours.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield log
    finally:
        root.removeHandler(log._handler)
        ours.setLevel(before)
        logging.captureWarnings(False)
