"""What a decision is told of the archive: as much as it asks for, and of the whole document."""

from datetime import UTC, datetime

import pytest

from archiver import decide
from archiver.config import ScheduleSettings
from archiver.consult import consult
from archiver.model import ParseOptions, Response
from archiver.prepare import prepare
from archiver.store import Store, digest

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STORY = "The river rose again and the village moved its boats up to the landing before the night came."
OTHER = "In the spring we sowed carrots and beans, and by June the first of them were on the market stalls."


def _item(page: str, text: str, title: str = "From our garden in Osh") -> str:
    return (
        f"<item><guid>{page}</guid><link>{page}</link><title>{title}</title>"
        f"<pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate><description>{text}</description></item>"
    )


def _document(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>Example</title>{''.join(items)}</channel></rss>".encode()


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "archive.db") as store:
        yield store


@pytest.fixture
def told(store):
    """Archive a site's document; give what was known of it, and by which rules its entries found posts."""

    def tell(site: str, *items: str) -> tuple[decide.Document, list[str]]:
        url, body = f"https://{site}/feed", _document(*items)
        feed = store.replayed(url, now=NOW)
        attempt = decide.Attempt(started_at=NOW, duration_ms=20, request_url=url)
        response = Response(request_url=url, final_url=url, status=200, body=body)
        with store.transaction():
            known = consult(store, feed, response, digest(body), prepare(body, ParseOptions(url=url)))
            update = decide.understood(feed, attempt, known, ScheduleSettings())
            store.apply(update)
        return known, [change.link.rule for change in update.changes if change.link]

    return tell


def test_a_story_that_another_site_tells_is_the_same_post(told):
    told("a.example", _item("https://a.example/1", STORY))
    assert told("b.example", _item("https://b.example/1", STORY))[1] == ["title"]


def test_under_a_title_that_a_document_has_for_several_pages_no_story_is_known_again(told):
    told("a.example", _item("https://a.example/1", STORY))
    twice = [_item("https://b.example/1", OTHER), _item("https://b.example/2", STORY)]
    assert told("b.example", *twice)[1] == ["first", "first"]


def test_only_new_entries_have_candidates(told):
    there = [_item(f"https://a.example/{page}", STORY, title=f"On page {page} of it") for page in (1, 2)]
    told("a.example", *there)
    known, _ = told("a.example", _item("https://a.example/3", OTHER), *there)
    assert list(known.candidates) == [0]
    assert len(known.candidates) == 1
