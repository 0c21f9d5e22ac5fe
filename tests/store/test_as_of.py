"""As of a day: the archive answers as it would have then."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from archiver import decide
from archiver.archive import open_archive
from archiver.config import ScheduleSettings
from archiver.consult import consult
from archiver.errors import NotFound
from archiver.model import ParseOptions, Response
from archiver.prepare import prepare
from archiver.store import Following, Store, digest

FIRST = datetime(2026, 3, 1, 12, tzinfo=UTC)

WORDS = {
    "a": ("Elections in Osh", "The elections in Osh were held on Sunday, and the votes were counted."),
    "b": ("Выборы в Бишкеке", "Выборы прошли в воскресенье, сообщили избирательные участки."),
    "c": ("Snö i Göteborg", "Skolorna i Göteborg stängdes när snön föll över hela staden."),
    "d": ("Floods in Khujand", "The river flooded the old town of Khujand, and bridges were closed."),
}
EDITED = {
    "a": ("Elections in Osh postponed", "The elections in Osh were postponed, as bridges were closed."),
    "b": ("Выборы в Бишкеке", "Выборы перенесли, сообщили журналистам."),
    "c": ("Snö i Göteborg", "Skolorna öppnades igen."),
    "d": ("Floods in Khujand", "The river flooded the whole town of Khujand."),
}


def _item(name: str, *, edited: bool) -> str:
    title, text = (EDITED if edited else WORDS)[name]
    day = 10 + ord(name) - ord("a")
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><link>https://example.org/{name}</link>"
        f"<title>{title}</title><pubDate>Tue, {day} Feb 2026 10:00:00 GMT</pubDate>"
        f"<category>news</category><description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
    )


def _document(shown: list[tuple[str, bool]]) -> bytes:
    items = "".join(_item(name, edited=edited) for name, edited in sorted(shown, reverse=True))
    return f"<rss version='2.0'><channel><title>Example</title>{items}</channel></rss>".encode()


def _fetch(store: Store, url: str, body: bytes, at: datetime) -> None:
    feed = store.feed(store.follow(Following(url=url), origin="command", now=FIRST))
    attempt = decide.Attempt(started_at=at, duration_ms=20, request_url=feed.url)
    response = Response(request_url=feed.url, final_url=feed.url, status=200, body=body, complete=True)
    with store.transaction():
        prepared = prepare(body, ParseOptions(url=feed.url))
        known = consult(store, feed, response, digest(body), prepared)
        store.apply(decide.understood(feed, attempt, known, ScheduleSettings()))


QUESTIONS = (
    "", "elections", "выборов", "göteborg", "bridges OR избирательные", "withdrawn:yes", "changed:yes",
    "withdrawn:no -elections", "changed:2026-03-03", "title:postponed", "tag:news after:2026-02-12",
    "withdrawn:2026-03-04", '"old town" lang:en', "-changed:yes",
)  # fmt: skip


def _told(path, words: str, **filters: str) -> list[tuple]:
    with open_archive(path) as archive:
        page = archive.search(words, limit=100, order="newest", **filters)
        assert len(page.items) == archive.count(words, **filters)
        assert [hit.post for hit in sorted(page.items, key=lambda one: one.post.id)] == list(
            archive.posts(words, **filters)
        )
        facets = archive.facets(words, **filters)
        found = [(hit.post, hit.feeds, hit.title, hit.snippet) for hit in page.items]
        return [*found, facets.feeds, facets.languages, facets.years]


_shown = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), unique_by=lambda one: one[0], max_size=4)
_days = st.lists(st.tuples(st.sampled_from(["feed", "copy"]), _shown), min_size=2, max_size=6)


def test_any_day_is_told_as_the_archive_of_that_day_told_it(tmp_path):
    @settings(
        max_examples=4, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip
    @given(_days)
    def holds(days):
        folder = tmp_path / "archives"
        shutil.rmtree(folder, ignore_errors=True)
        whole = folder / "archive.db"
        with Store.open(whole) as store:
            for number, (feed, shown) in enumerate(days):
                _fetch(store, f"https://example.org/{feed}", _document(shown), FIRST + timedelta(days=number))
                store.tidy()
                shutil.copyfile(whole, folder / f"{number}.db")
        for number in range(len(days)):
            day = f"{FIRST + timedelta(days=number):%Y-%m-%d}"
            for words in QUESTIONS:
                then = _told(folder / f"{number}.db", words)
                assert _told(whole, words, as_of=day) == then, (day, words)

    holds()


@pytest.fixture
def edited(tmp_path):
    """Three stories; one is edited on the second day, missing on the third and fourth, back on the fifth."""
    path = tmp_path / "archive.db"
    both, edit = [("a", False), ("b", False), ("d", False)], [("a", False), ("b", True), ("d", False)]
    one = [("a", False), ("d", False)]
    with Store.open(path) as store:
        for number, shown in enumerate((both, edit, one, one, edit)):
            _fetch(store, "https://example.org/feed", _document(shown), FIRST + timedelta(days=number))
    return path


def test_an_old_version_is_found_and_shown_on_its_day_only(edited):
    with open_archive(edited) as archive:
        assert archive.search("избирательный").items == ()
        [hit] = archive.search("избирательный", as_of="2026-03-01").items
        assert "**избирательные** участки" in hit.snippet.marked()
        assert archive.search("журналисты", as_of="2026-03-01").items == ()
        assert len(archive.search("журналисты", as_of="2026-03-02").items) == 1


def test_what_was_withdrawn_then_is_known_then(edited):
    with open_archive(edited) as archive:
        withdrawn = [
            len(archive.search("withdrawn:yes", as_of=f"2026-03-0{day}").items) for day in range(1, 6)
        ]
        assert withdrawn == [0, 0, 0, 1, 0]
        assert archive.search("withdrawn:yes").items == ()


def test_before_the_first_day_there_is_nothing(edited):
    with open_archive(edited) as archive:
        assert archive.search(as_of="2026-02").items == ()
        assert archive.count(as_of="2026-02-28") == 0
        assert list(archive.entries(as_of="2026-02-28")) == []
        with pytest.raises(NotFound, match="no post 1 in the archive by 2026-02-28"):
            archive.post(1, as_of="2026-02-28")


def test_a_time_is_as_good_as_a_day(edited):
    with open_archive(edited) as archive:
        assert archive.count(as_of="2026-03-01T11:59:59Z") == 0
        assert archive.count(as_of="2026-03-01T12:00:00Z") == archive.count(as_of="2026") == 3
