"""Scripted feeds: what happens to a site day by day, the documents it serves, and a ledger of what truly
happened.

A script is a mapping of days to actions in words; the feed is asked once a day at noon, after the day's
actions.

    publish a b     new posts, the last one on top        remove a / return a    taken down, and up again
    edit a          another text                          back a                 its text before that
    title a         another title                         window 5               so many newest posts are
    listed remint          new ids for all                       https                  ids and links by https
    house           another host, other ids and links     swap a b               these two change their ids
    links           links are the ids from now on         slug a                 its address is corrected
    same date       all posts bear the first one's date
    atom / rss      the format from now on                one id / own ids       one id for all, and no more
    tokens on/off   ids with a session's token            counter on/off         a counter in every text
    etag on/off     conditional requests are answered     half / empty           this day's document is
    hijack on/off   another site's content                down refused|500|html  this day, no document
    redirect 301    the address sends us on; `off`        gone                   this day, 410

The ledger knows nothing of the archiver: it is kept by the site itself, from what it served.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import httpx
import pytest

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ADDRESS = "http://feeds.example.org/feed"
MOVED = "http://feeds.example.org/new"
WORDS = ("river", "stone", "market", "winter", "letter", "garden", "bridge", "harvest", "teacher", "song")


def moment(day: int) -> datetime:
    return START + timedelta(days=day)


@dataclass
class Post:
    """One post of the site. `order` counts publications."""

    name: str
    order: int
    published: datetime
    texts: list[str]
    titles: list[str]
    up: bool = True
    id: str = ""
    slug: str = ""
    """The last part of its address."""


@dataclass
class Ledger:
    """What truly happened, kept by the site: lines such as `12 withdrawn a`, and every version it showed."""

    lines: list[str] = field(default_factory=list)
    versions: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    """Of each post: the day, title and text of every version, as they were first shown."""
    last: list[str] = field(default_factory=list)
    """The posts in the last whole document."""
    whole_day: int = 0
    absent: dict[str, int] = field(default_factory=dict)
    """Posts that were missing once though older ones stood: on which day."""
    down: set[str] = field(default_factory=set)
    ever: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    suspect: bool = False
    form: str | None = None
    failing: str | None = None
    permanent: list[int] = field(default_factory=list)
    moved: bool = False


class Site:
    """A site that lives through a script and serves its feed."""

    def __init__(self, script: Mapping[int, str], *, style: str = "long", dated: bool = True) -> None:
        self.script, self.style, self.dated = script, style, dated
        self.posts: dict[str, Post] = {}
        self.window, self.form, self.host, self.scheme = 10, "rss", "example.org", "http"
        self.era = ""
        self.one_id = self.tokens = self.counter = self.etag = self.hijacked = False
        self.links = self.one_date = False
        self.redirect: int | None = None
        self.today: str | None = None
        self.day = 0
        self.served: tuple[str, bytes] | None = None
        self.ledger = Ledger()

    def now(self) -> datetime:
        """Noon of the day."""
        return moment(self.day)

    # ------------------------------------------------------------ what happens

    def live(self, day: int) -> None:
        """Let a day's actions happen."""
        self.day, self.today = day, None
        for action in self.script.get(day, "").split(","):
            word, *rest = action.split() or [""]
            match word:
                case "publish":
                    for name in rest:
                        self._publish(name)
                case "edit":
                    for name in rest:
                        self._edit(name)
                case "back":
                    for name in rest:
                        self.posts[name].texts.append(self.posts[name].texts[-2])
                case "title":
                    for name in rest:
                        self.posts[name].titles.append(f"Story {name} told anew for the {day}th day")
                case "remove" | "return":
                    for name in rest:
                        self.posts[name].up = word == "return"
                case "window":
                    self.window = int(rest[0])
                case "remint":
                    self.era = f"-{day}"
                case "https":
                    self.scheme = "https"
                case "house":
                    self.host, self.era = f"house{day}.example.net", f"-{day}"
                case "swap":
                    one, two = (self.posts[name] for name in rest)
                    one.id, two.id = two.id, one.id
                case "slug":
                    for name in rest:
                        self.posts[name].slug = f"{name}-of-day-{self.day}"
                case "links":
                    self.links = True
                case "same":
                    self.one_date = True
                case "atom" | "rss":
                    self.form = word
                case "one":
                    self.one_id = True
                case "own":
                    self.one_id = False
                case "tokens" | "counter" | "etag":
                    setattr(self, word, rest == ["on"])
                case "hijack":
                    self.hijacked = rest == ["on"]
                case "redirect":
                    self.redirect = None if rest == ["off"] else int(rest[0])
                case "half" | "empty" | "gone":
                    self.today = word
                case "down":
                    self.today = rest[0]
                case "":
                    pass
                case _:
                    raise ValueError(action)

    def _publish(self, name: str) -> None:
        order = len(self.posts)
        published = moment(self.day) - timedelta(hours=6) + timedelta(minutes=order)
        title = f"Story {name} of the day"
        if self.one_date:
            published = min((post.published for post in self.posts.values()), default=published)
        self.posts[name] = Post(name, order, published, [self._text(name, 0)], [title], id=name, slug=name)

    def _edit(self, name: str) -> None:
        post = self.posts[name]
        post.texts.append(self._text(name, len(post.texts)))

    def _text(self, name: str, version: int) -> str:
        if self.style == "short":
            return f"All that there is of story {name} in version {'abcdefghijklmnopqrstuvwxyz'[version]}."
        seed = hashlib.sha256(name.encode()).digest() * 2
        words = [WORDS[byte % len(WORDS)] + name for byte in seed[:40]]
        for step in range(version):
            place = (7 * step + 3) % 40
            words[place : place + 2] = [f"changed{chr(97 + step % 26)}", f"again{chr(97 + version % 26)}"]
        return " ".join(words)

    # ------------------------------------------------------------ what it serves

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The web server of the feed's address, and of the one it moves to."""
        if self.today == "refused":
            raise httpx.ConnectError("refused", request=request)
        path = request.url.path
        if self.redirect and path == "/feed":
            return httpx.Response(self.redirect, headers={"Location": "/new"})
        if self.today == "500":
            return httpx.Response(500, text="out of order")
        if self.today == "gone":
            return httpx.Response(410, text="gone")
        if self.today == "html":
            return httpx.Response(200, text="<!DOCTYPE html><html><body><p>Back soon</p></body></html>")
        body = self.document()
        tag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if self.etag and request.headers.get("If-None-Match") == tag:
            return httpx.Response(304, headers={"ETag": tag})
        return httpx.Response(200, content=body, headers={"ETag": tag} if self.etag else {})

    def listed(self) -> list[Post]:
        """The posts of today's document, newest first."""
        if self.today == "empty":
            return []
        up = sorted((post for post in self.posts.values() if post.up), key=lambda post: -post.order)
        return up[: self.window]

    def document(self) -> bytes:
        """Today's document."""
        if self.hijacked:
            return self._foreign()
        posts = self.listed()
        whole = self._atom(posts) if self.form == "atom" else self._rss(posts)
        if self.today == "half" and len(posts) > 1:
            mark = "<entry>" if self.form == "atom" else "<item>"
            cut = whole.split(mark)
            whole = mark.join(cut[: 1 + self._whole_ones()]) + mark + cut[1 + self._whole_ones()][:60]
        return whole.encode()

    def _whole_ones(self) -> int:
        return len(self.listed()) // 2

    def _facts(self, post: Post) -> tuple[str, str, str, str, str]:
        link = f"{self.scheme}://{self.host}/{post.slug}"
        session = hashlib.sha256(f"{self.day}{post.name}".encode()).hexdigest()[:12]
        token = f"&session={session}" if self.tokens else ""
        made = f"{self.scheme}://{self.host}/?p={post.id}{self.era}{token}"
        guid = "the-feed" if self.one_id else (f"tag:{made}" if self.form == "atom" else made)
        guid = link if self.links else guid
        text = f"<p>{post.texts[-1]}</p>"
        if self.counter:
            text += f"<p>Read {1000 + self.day * 7} times</p>"
        return guid, link, post.titles[-1], post.published.strftime("%Y-%m-%dT%H:%M:%SZ"), text

    def _rss(self, posts: list[Post]) -> str:
        items = ""
        for post in posts:
            guid, link, title, _, text = self._facts(post)
            date = f"<pubDate>{format_datetime(post.published)}</pubDate>" if self.dated else ""
            items += (
                f"<item><title>{title}</title><link>{link}</link>"
                f"<guid isPermaLink='false'>{guid}</guid>{date}"
                f"<description><![CDATA[{text}]]></description></item>"
            )
        head = (
            f"<title>The Example Site</title><link>{self.scheme}://{self.host}/</link><language>en</language>"
        )
        return f"<rss version='2.0'><channel>{head}{items}</channel></rss>"

    def _atom(self, posts: list[Post]) -> str:
        entries = ""
        for post in posts:
            guid, link, title, date, text = self._facts(post)
            dates = f"<published>{date}</published>" if self.dated else ""
            dates += f"<updated>{date}</updated>"
            entries += (
                f"<entry><title>{title}</title><link href='{link}'/><id>{guid}</id>{dates}"
                f"<content type='html'><![CDATA[{text}]]></content></entry>"
            )
        head = (
            f"<title>The Example Site</title><link href='{self.scheme}://{self.host}/'/><id>{self.host}</id>"
        )
        return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{entries}</feed>"

    def _foreign(self) -> bytes:
        items = "".join(
            f"<item><title>Casino {n} wins</title><link>https://casino.example.com/{n}</link><guid>{n}</guid>"
            f"<pubDate>{format_datetime(moment(n))}</pubDate><description>Win {n} coins</description></item>"
            for n in range(self.day, self.day - 5, -1)
        )
        head = "<title>Lucky Casino</title><link>https://casino.example.com/</link>"
        return f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode()

    # ------------------------------------------------------------ what truly happened

    def record(self) -> None:
        """Write down what today's answer showed the world. Nothing of the archiver is asked."""
        book, day = self.ledger, self.day
        if self.today in ("refused", "500", "html", "gone"):
            failing = "gone" if self.today == "gone" else "failing"
            if book.failing != failing:
                book.lines.append(f"{day} {failing}")
            book.failing = failing
            return
        if book.failing:
            book.lines.append(f"{day} recovered")
            book.failing = None
        if self.hijacked:
            book.foreign |= {f"Casino {n} wins" for n in range(day, day - 5, -1)}
            if not book.suspect:
                book.lines.append(f"{day} suspect")
            book.suspect = True
            return
        shown = self.listed()
        half = self.today == "half" and len(shown) > 1
        if half:
            shown = shown[: self._whole_ones()]
        names = [post.name for post in shown]
        if book.suspect and names:
            book.lines.append(f"{day} itself_again")
            book.suspect = False
        if names and not half and book.last and not set(names) & book.ever:
            book.lines.append(f"{day} gap since {book.whole_day}")
        self._record_move(bool(set(names) & book.ever))
        for post in shown:
            self._record_version(post)
        if names and not half:
            if book.form in (None, self.form):
                self._record_absences(shown)
                book.last = names
            else:
                book.last = list(dict.fromkeys([*names, *book.last]))
            book.form, book.whole_day = self.form, day
        elif half:
            book.last = list(dict.fromkeys([*names, *book.last]))
        book.ever |= set(names)

    def _record_version(self, post: Post) -> None:
        book = self.ledger
        known = book.versions.setdefault(post.name, [])
        version = (post.titles[-1], post.texts[-1])
        if not known or known[-1][1:] != version:
            known.append((self.day, *version))
        book.absent.pop(post.name, None)
        if post.name in book.down:
            book.down.discard(post.name)
            book.lines.append(f"{self.day} returned {post.name}")

    def _record_absences(self, shown: list[Post]) -> None:
        book = self.ledger
        names = {post.name for post in shown}
        oldest = min((post.order for post in shown if post.name in book.ever), default=None)
        for name in [*dict.fromkeys([*book.last, *book.absent])]:
            if name in names or name in book.down:
                continue
            if oldest is None or self.posts[name].order < oldest:
                book.absent.pop(name, None)
            elif name in book.absent:
                first = book.absent.pop(name)
                book.down.add(name)
                book.lines.append(f"{self.day} withdrawn {name}, missing on {first}")
                assert not self.posts[name].up, "the ledger contradicts its script"
            else:
                book.absent[name] = self.day

    def _record_move(self, shares: bool) -> None:
        book = self.ledger
        if not shares or book.moved:
            return
        if self.redirect not in (301, 308):
            book.permanent = []
        else:
            book.permanent.append(self.day)
            if len(book.permanent) >= 5 and self.day - book.permanent[0] >= 7:
                book.lines.append(f"{self.day} moved")
                book.moved = True


@pytest.fixture(scope="session")
def scripted() -> SimpleNamespace:
    """The site of a script, and the addresses of its feed."""
    return SimpleNamespace(Site=Site, ADDRESS=ADDRESS, MOVED=MOVED)


@pytest.fixture(scope="session")
def moved_to() -> str:
    return MOVED
