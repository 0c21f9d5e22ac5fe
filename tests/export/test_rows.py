"""Rows of the archive, in the formats that tables are made of: what they hold, and as of when."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

import archiver
from archiver.export.codebook import columns_of
from archiver.store import Reader, Rows, Wanted
from archiver.store.streaming import ENTRY_COLUMNS, REVISION_COLUMNS, UNKNOWN_AS_OF

FEED = "https://user:secret@example.org/feed?key=hidden&n=1"
START = datetime(2024, 6, 1, tzinfo=UTC)


def item(name: str, text: str, *, title: str = "", day: int = 1, more: str = "") -> str:
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><link>https://example.org/{name}</link>"
        f"<title>{title or name.capitalize()}</title><pubDate>{day:02} May 2024 10:00:00 GMT</pubDate>{more}"
        f"<description>&lt;p&gt;{text} &lt;a href='https://example.org/more'&gt;more&lt;/a&gt;&lt;/p&gt;</description></item>"
    )


def rss(*items: str, title: str = "Example") -> str:
    return f"<rss version='2.0'><channel><title>{title}</title><link>https://example.org/</link>{''.join(items)}</channel></rss>"


FILE = "<enclosure url='https://example.org/a.mp3' type='audio/mpeg' length='12'/><category>aid</category>"
OLD = item("old", "The oldest of all stories stands at the end.", day=1)
NEWS = item("news", "The first words of the story about Bishkek.", day=9, more=FILE)
EDITED = item("news", "Quite other words of the story about Bishkek.", day=9, more=FILE)
DOOMED = item("doomed", "It will be taken down before anybody reads it.", day=8)


@pytest.fixture
def archive(told):
    return told.fetch(FEED, rss(NEWS, DOOMED, OLD), START)


def later(told):
    """An edit, a withdrawal, another entry, and another title of the feed."""
    for day, items in enumerate(
        ((EDITED, OLD), (EDITED, OLD), (item("last", "New.", day=20), EDITED, OLD)), 1
    ):
        told.fetch(FEED, rss(*items, title="Another title"), START + timedelta(days=day))
    return told


def lines(archive, **asked) -> list[dict]:
    out = io.BytesIO()
    with archiver.open(archive) as opened:
        opened.export(out, "jsonl", **asked)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_what_show_prints_of_the_entry(archive):
    later(archive)
    with Reader.open(archive.path) as reader:
        assert [dict(row) for row in lines(archive)] == [reader.entry(number) for number in (1, 2, 3, 4)]
        assert list(lines(archive)[0]) == list(reader.entry(1))


def test_with_revisions_a_line_is_what_the_history_has_of_a_version(archive):
    later(archive)
    rows = lines(archive, revisions=True)
    with Reader.open(archive.path) as reader:
        known = [version for entry in (1, 2, 3, 4) for version in reader.revisions(entry)]
    assert [{name: row[name] for name in known[0]} for row in rows] == known
    assert [(row["entry_id"], row["revision"]) for row in rows] == [(1, 1), (1, 2), (2, 1), (3, 1), (4, 1)]


def test_no_secret_of_an_address_goes_out(archive):
    for revisions in (False, True):
        assert "secret" not in json.dumps(lines(archive, revisions=revisions))
        assert "hidden" not in json.dumps(lines(archive, revisions=revisions))


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("revisions", [False, True])
def test_what_was_in_force_then_is_the_same_file_whatever_came_since(archive, form, revisions):
    def export() -> bytes:
        out = io.BytesIO()
        with archiver.open(archive) as opened:
            opened.export(out, form, as_of="2024-06-01", revisions=revisions)
        return out.getvalue()

    before = export()
    later(archive)
    assert export() == before
    assert before.count(b"Bishkek") >= 1


def test_as_of_a_day_the_version_of_that_day_is_cleaned_as_it_would_have_been(archive):
    now = lines(archive)
    later(archive)
    then = lines(archive, as_of="2024-06-01")
    assert len(then) == 3
    same = set(ENTRY_COLUMNS) - UNKNOWN_AS_OF - {"feed"}
    assert [{name: row[name] for name in same} for row in then] == [
        {name: row[name] for name in same} for row in now
    ]
    assert all(row[name] is None for row in then for name in UNKNOWN_AS_OF)


def test_as_of_a_day_an_entry_is_withdrawn_if_that_was_known(archive):
    later(archive)
    assert [row["withdrawn_at"] for row in lines(archive, as_of="2024-06-02")] == [None] * 3
    [_, doomed, *_] = lines(archive, as_of="2024-06-03")
    assert doomed["withdrawn_at"] == "2024-06-03T00:00:00Z"
    assert (doomed["missing_fetch_id"], doomed["withdrawn_fetch_id"]) == (2, 3)


def test_the_same_question_finds_the_same_posts_as_search(archive):
    later(archive)
    with archiver.open(archive) as opened:
        for question in (
            "bishkek",
            "words -first",
            "title:doomed OR oldest",
            "",
            "changed:yes",
            "nothing at all",
        ):
            found = {hit.post.id for hit in opened.search(question, limit=100).items}
            assert {row["post_id"] for row in lines(archive, question=question)} == found, question


def test_conditions_beside_the_question_are_those_of_search(archive):
    later(archive)
    for asked, wanted in (
        ({"since": "2024-05-09"}, {"News", "Last"}),
        ({"until": "2024-05-08"}, {"Old", "Doomed"}),
        ({"tag": "news", "since": "2024-05-20"}, {"Last"}),
        ({"tag": "none"}, set()),
        ({"lang": "sv"}, set()),
    ):
        assert {row["title"] for row in lines(archive, **asked)} == wanted, asked


def test_of_a_post_that_several_feeds_carry_documents_have_one_entry(archive):
    archive.fetch("https://other.example/feed", rss(NEWS, OLD), START + timedelta(hours=1))
    with Reader.open(archive.path) as reader, reader.one_moment():
        wanted = Wanted(one_per_post=True)
        rows = [row for page in reader.stream(wanted) for row in page]
    assert len(lines(archive)) == 5
    assert len({row[2] for row in rows}) == len(rows) == 3


def test_everything_is_of_one_moment(archive):
    with Reader.open(archive.path) as reader, reader.one_moment():
        stream = reader.stream(Wanted())
        later(archive)
        assert reader.watermark()["entries"] == 3
        assert [row[0] for page in stream for row in page] == [1, 2, 3]


def test_an_archive_is_as_of_its_latest_fetch_also_after_a_replay_of_older_documents(archive):
    with Reader.open(archive.path) as reader:
        before = reader.watermark()
    archive.fetch("https://older.example/feed", rss(NEWS), START - timedelta(days=300))
    with Reader.open(archive.path) as reader:
        after = reader.watermark()
    assert after["last_fetch_at"] == before["last_fetch_at"]
    assert after["last_fetch_id"] > before["last_fetch_id"]


def test_columns_have_the_names_of_the_rows():
    assert tuple(column.name for column in columns_of(Rows.ENTRIES)) == ENTRY_COLUMNS
    assert tuple(column.name for column in columns_of(Rows.REVISIONS)) == REVISION_COLUMNS
