"""The log: text for people, one JSON object a line for programs, and secrets in neither."""

import io
import json
import logging
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.changes import FetchRecord, Outcome
from archiver.logs import JsonFormatter, TextFormatter, logging_to_stderr, update_fields
from archiver.pipeline import Updated


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("archiver.x", logging.INFO, "x.py", 1, message, arguments, None)
    made.created = 1772366400.1234
    made.__dict__.update(extra)
    return made


def test_a_line_for_people_begins_with_the_time():
    assert TextFormatter([]).format(record("%d feeds", 3)) == "2026-03-01T12:00:00Z  3 feeds"


def test_lines_that_belong_to_it_are_indented():
    told = TextFormatter([]).format(record("digest", lines=["gone (1)", "  a\x1bb"]))
    assert told == "2026-03-01T12:00:00Z  digest\n    gone (1)\n      a\\x1bb"


def test_a_line_for_programs_is_one_object():
    line = JsonFormatter([]).format(record("%d feeds", 3, fields={"event": "update", "status": 200}))
    assert json.loads(line) == {
        "time": "2026-03-01T12:00:00.123Z",
        "level": "info",
        "logger": "archiver.x",
        "event": "update",
        "message": "3 feeds",
        "status": 200,
    }


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter])
def test_secrets_stand_in_no_line(formatter):
    told = formatter(["open sesame", "short"]).format(
        record(
            "to https://me:pw@a.example/?token=hush&x=1 with open sesame",
            fields={
                "error": "open sesame",
                "groups": [{"detail": ("open sesame", "https://u:pw@b.example/")}],
            },
            lines=["open sesame"],
        )
    )
    for secret in ("sesame", "hush", "pw@"):
        assert secret not in told
    assert "https://a.example/?token=…&x=1" in told


@pytest.mark.parametrize("formatter", [TextFormatter, JsonFormatter])
def test_a_traceback_is_told_without_secrets(formatter):
    try:
        raise ValueError("open sesame")
    except ValueError:
        broken = record("it broke")
        broken.exc_info = sys.exc_info()
    told = formatter(["open sesame"]).format(broken)
    assert "ValueError: …" in told
    assert "sesame" not in told


@given(message=st.text(), value=st.text(), secret=st.text(min_size=6))
def test_whatever_is_said_a_json_line_is_one_line_that_can_be_read(message, value, secret):
    line = JsonFormatter([secret]).format(record("%s", message, fields={"error": value}))
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line)
    assert json.loads(line)["level"] == "info"


def test_an_update_says_which_feed_what_came_and_how_long_it_took(feed_row, noon):
    fetch = FetchRecord(
        started_at=noon,
        duration_ms=120,
        request_url="x",
        outcome=Outcome.ERROR,
        status=503,
        error="503 Service Unavailable",
        error_kind="http",
    )
    feed = feed_row(name="Example", url="https://u:pw@example.org/feed", host="example.org")
    assert update_fields(Updated(feed=feed, fetch=fetch)) == {
        "event": "update",
        "feed_id": 1,
        "feed": "Example",
        "url": "https://example.org/feed",
        "host": "example.org",
        "outcome": "error",
        "status": 503,
        "error_kind": "http",
        "error": "503 Service Unavailable",
        "duration_ms": 120,
        "bytes": 0,
        "entries_seen": 0,
        "entries_new": 0,
        "entries_revised": 0,
        "gap": False,
        "partial": False,
    }


@pytest.mark.parametrize(
    ("style", "terminal", "is_json"),
    [("auto", True, False), ("auto", False, True), ("text", False, False), ("json", True, True)],
)
def test_a_terminal_gets_text_and_everybody_else_json_unless_told_otherwise(
    monkeypatch, style, terminal, is_json
):
    written = io.StringIO()
    monkeypatch.setattr(written, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", written)
    with logging_to_stderr(style):
        logging.getLogger("archiver.y").info("hello")
    assert written.getvalue().startswith("{") == is_json


def test_other_libraries_speak_through_the_same_handler_but_only_when_it_matters(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    with logging_to_stderr("json"):
        logging.getLogger("apscheduler.scheduler").warning("missed")
        logging.getLogger("apscheduler.scheduler").info("chatter")
        logging.getLogger("httpx").info("GET https://a.example/?token=hush")
    [line] = written.getvalue().splitlines()
    assert json.loads(line)["logger"] == "apscheduler.scheduler"


def test_the_style_and_the_secrets_may_change_while_it_runs(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    with logging_to_stderr("text", ["first secret"]) as log:
        logging.getLogger("archiver").info("first secret, second secret")
        log.use("json", ["second secret"])
        logging.getLogger("archiver").info("first secret, second secret")
    first, second = written.getvalue().splitlines()
    assert first.endswith("  …, second secret")
    assert json.loads(second)["message"] == "first secret, …"


def test_afterwards_nothing_is_left_behind(monkeypatch):
    before = logging.getLogger().handlers[:]
    with logging_to_stderr("text"):
        pass
    assert logging.getLogger().handlers == before
