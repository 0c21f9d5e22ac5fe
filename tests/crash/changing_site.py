"""A loopback site whose feeds change all the time, and which remembers all that it ever said and was asked.

A feed moves on only when the archive has shown that it has the present version: by sending back its
validator, or, for feeds without one, by the log line of every answer. So whatever was served whole must be
archived in the end, however often the archive was killed in between.
"""

import json
import random
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.sax.saxutils import escape

LONGEST = 12
"""Entries in a document; older ones roll off its end."""
PATIENCE = 4
"""What a busy server asks for, in seconds; twice as long as the harness's longest interval."""
_SPRING = datetime(2026, 3, 1, tzinfo=UTC)
_WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "joker", "karst")

Said = tuple[str, str]
"""What was published under which guid: (guid, text)."""


@dataclass(frozen=True)
class Entry:
    """One version of one story."""

    guid: str
    number: int
    title: str
    text: str


@dataclass(frozen=True)
class Version:
    """One state of a feed's document."""

    number: int
    entries: tuple[Entry, ...]
    body: bytes
    validators: dict[str, str]

    @property
    def said(self) -> set[Said]:
        return {(entry.guid, entry.text) for entry in self.entries}


@dataclass
class Asked:
    """One request, as the server saw it."""

    at: float
    validator: str | None
    status: int = 0
    secret: str | None = None


@dataclass
class ChangingFeed:
    """A feed with its whole history. `style` is its format, `validators` one of etag, date, both, none."""

    name: str
    style: str
    validates_by: str
    chance: random.Random
    versions: list[Version] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    removed: list[Entry] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    shown: set[Said] = field(default_factory=set)
    complete: set[Said] = field(default_factory=set)
    owed: set[Said] = field(default_factory=set)
    """What the archive has claimed to have."""
    foreign: list[str] = field(default_factory=list)
    """Validators that we never gave."""
    answers: int = 0
    acknowledged: int = 0
    born: int = 0
    settled: int = 0
    """Answers with the present version, whole, since the site became quiet."""

    def __post_init__(self) -> None:
        for _ in range(5):
            self._add()
        self._publish()

    @property
    def present(self) -> Version:
        return self.versions[-1]

    def move(self) -> None:
        """Add, edit, remove, or bring back a story, and publish the whole anew."""
        for _ in range(self.chance.choice((1, 1, 2, 4))):
            match self.chance.choice(("add", "add", "edit", "edit", "remove", "return")):
                case "edit" if self.entries:
                    at = self.chance.randrange(len(self.entries))
                    self.entries[at] = self._told(self.entries[at].number)
                case "remove" if len(self.entries) > 4:
                    at = self.chance.randrange(1, len(self.entries) - 1)
                    self.removed.append(self.entries.pop(at))
                case "return" if self.removed:
                    self.entries.append(self.removed.pop())
                    self.entries.sort(key=lambda entry: -entry.number)
                case _:
                    self._add()
        del self.entries[LONGEST:]
        self._publish()

    def version_of(self, validator: str) -> Version | None:
        return next((v for v in reversed(self.versions) if validator in v.validators.values()), None)

    def _add(self) -> None:
        self.born += 1
        self.entries.insert(0, self._told(self.born))

    def _told(self, number: int) -> Entry:
        words = " ".join(self.chance.choice(_WORDS) + str(self.chance.randrange(1000)) for _ in range(40))
        guid = f"{self.name}-story-{number}"
        return Entry(guid, number, f"Story {number} of {self.name}", f"{guid} says: {words}.{_HOSTILE}")

    def _publish(self) -> None:
        number = len(self.versions) + 1
        body = {"rss": _rss, "atom": _atom, "json": _json}[self.style](self)
        validators = {}
        if self.validates_by in ("etag", "both"):
            validators["ETag"] = f'"{self.name}.{number}"'
        if self.validates_by in ("date", "both"):
            validators["Last-Modified"] = format_datetime(_SPRING + timedelta(seconds=number), usegmt=True)
        self.versions.append(Version(number, tuple(self.entries), body.encode(), validators))


def _date(entry: Entry) -> datetime:
    return _SPRING + timedelta(hours=entry.number)


def _rss(feed: ChangingFeed) -> str:
    items = "".join(
        f"<item><title>{escape(e.title)}</title><link>http://{feed.name}.example.org/{e.number}</link>"
        f"<guid isPermaLink='false'>{e.guid}</guid><pubDate>{format_datetime(_date(e))}</pubDate>"
        f"<description>{escape(e.text)}</description></item>\n"
        for e in feed.entries
    )
    head = f"<title>{feed.name}</title><link>http://{feed.name}.example.org/</link>"
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{head}{items}</channel></rss>"


def _atom(feed: ChangingFeed) -> str:
    items = "".join(
        f"<entry><title>{escape(e.title)}</title><id>{e.guid}</id><updated>{_date(e).isoformat()}</updated>"
        f"<published>{_date(e).isoformat()}</published><link href='http://{feed.name}.example.org/{e.number}'/>"
        f"<content type='html'>{escape(e.text)}</content></entry>\n"
        for e in feed.entries
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><id>{feed.name}</id><title>{feed.name}</title>{items}</feed>"


def _json(feed: ChangingFeed) -> str:
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": f"{feed.name} \x1b[31mred",
            "items": [
                {
                    "id": e.guid,
                    "url": f"http://{feed.name}.example.org/{e.number}",
                    "title": f"{e.title} \x1b[31mred",
                    "date_published": _date(e).isoformat(),
                    "content_html": e.text,
                }
                for e in feed.entries
            ],
        }
    )


_HOSTILE = "<script>alert(1)</script>"

_STYLES = (
    ("rss", "etag"), ("rss", "date"), ("atom", "both"), ("rss", "none"), ("json", "etag"), ("rss", "both"),
)  # fmt: skip


class ChangingSite:
    """The server. All that it remembers is read under `lock`."""

    def __init__(self, *, seed: int, feeds: int, secret: str) -> None:
        self.lock = threading.RLock()
        self.chance = random.Random(seed)
        self.secret = secret
        self.quiet = False
        """Once set, nothing changes and nothing goes wrong any more."""
        self.feeds = {
            f"feed-{n}": ChangingFeed(f"feed-{n}", *_STYLES[n % len(_STYLES)], random.Random(seed * 1000 + n))
            for n in range(feeds)
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def begin_run(self) -> None:
        """A new process of the archiver begins: what the last one left unanswered will not be logged."""
        with self.lock:
            for feed in self.feeds.values():
                feed.answers = feed.acknowledged = feed.settled = 0

    def acknowledge(self, name: str, *, understood: bool) -> None:
        """The archiver's log says that an answer of this feed is stored."""
        with self.lock:
            feed = self.feeds[name]
            feed.acknowledged += 1
            if feed.acknowledged < feed.answers:
                return
            if not understood:
                feed.settled = 0
            elif feed.settled:
                feed.owed |= feed.present.said

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request, well or badly."""
        with self.lock:
            feed = self.feeds[handler.path.strip("/")]
            asked = Asked(
                time.time(),
                handler.headers.get("If-None-Match") or handler.headers.get("If-Modified-Since"),
                secret=handler.headers.get("X-Secret"),
            )
            feed.asked.append(asked)
            has_it = self._is_known(feed, asked)
            trouble = None if self.quiet else self._trouble()
            if has_it and not self.quiet and not trouble and self.chance.random() < 0.7:
                feed.move()
                has_it = False
            feed.answers += 1
            feed.settled = 0
            version = feed.present
        if trouble in ("busy", "broken", "away", "page"):
            asked.status, page = {
                "busy": (503, b""),
                "broken": (500, b""),
                "away": (404, b"no"),
                "page": (200, _PAGE),
            }[trouble]
            more = {"Retry-After": str(PATIENCE)} if trouble == "busy" else {}
            _send(handler, asked.status, more, page)
        elif asked.validator and has_it:
            asked.status = 304
            with self.lock:
                feed.settled += 1
            _send(handler, 304, version.validators, None)
        else:
            asked.status = 200
            self._send_document(handler, feed, version, trouble)

    def _is_known(self, feed: ChangingFeed, asked: Asked) -> bool:
        """Whether the archive has shown that it has the present version."""
        if asked.validator is None:
            return feed.validates_by == "none" and feed.acknowledged == feed.answers and bool(feed.settled)
        version = feed.version_of(asked.validator)
        if version is None:
            feed.foreign.append(asked.validator)
            return False
        feed.owed |= version.said
        return version is feed.present

    def _trouble(self) -> str | None:
        return self.chance.choices(
            (None, "busy", "broken", "away", "page", "torn", "half", "slow"), (64, 3, 3, 3, 3, 6, 12, 6)
        )[0]

    def _send_document(
        self, handler: BaseHTTPRequestHandler, feed: ChangingFeed, version: Version, trouble: str | None
    ) -> None:
        body = version.body
        with self.lock:
            feed.shown |= version.said
        if trouble == "half":  # a document cut in the middle of a text, sent as if it were whole
            at = body.rfind(b" says: ", 0, max(len(body) * 3 // 4, 1)) + 60
            _send(handler, 200, version.validators, body[:at])
            return
        if trouble == "torn":  # the transfer breaks off
            _send(handler, 200, version.validators, body[: len(body) // 2], length=len(body))
            return
        with self.lock:  # before the last byte goes, since the archive may be quicker than we are
            feed.settled += 1
        _send(handler, 200, version.validators, body, slowly=trouble == "slow")
        with self.lock:
            feed.complete |= version.said


_PAGE = (
    b"<!doctype html><html><head><title>Soon back</title></head><body><p>We are mending.</p></body></html>"
)


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    headers: dict[str, str],
    body: bytes | None,
    *,
    length: int | None = None,
    slowly: bool = False,
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Connection", "close")
    if body is not None:
        handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.close_connection = True
    if body is None:
        return
    step = len(body) // 8 + 1 if slowly else len(body) or 1
    for at in range(0, len(body), step):
        handler.wfile.write(body[at : at + step])
        if slowly:
            time.sleep(0.1)


def _handler(site: ChangingSite) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                site.answer(self)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the archiver was killed while it listened

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
