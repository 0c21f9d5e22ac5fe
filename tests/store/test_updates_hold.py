"""An update is whole or not there at all, whatever comes, and costs the same in any archive."""

import os
import signal
from contextlib import nullcontext

import pytest

from archiver.changes import ChangeKind, EntryChange, Event, PostLink
from archiver.model import Category, Enclosure, FeedData, Markup, Person
from archiver.store import Store

FIRST = PostLink(rule="first", confidence=1.0)


@pytest.fixture
def feed(archive) -> int:
    return archive.follow()


# ---------------------------------------------------------------- all or nothing, whatever comes


def test_an_update_that_fails_half_way_leaves_nothing(archive, feed, entry):
    archive.add(feed, entry("a"))
    tables = ("feeds", "fetches", "bodies", "entries", "revisions", "posts", "aliases", "sketches", "events")
    before = [archive.rows(f"SELECT * FROM {table}") for table in tables]
    link = PostLink(rule="url", confidence=1.0, post_id=999)  # no such post: the last statement fails
    changes = [
        EntryChange(
            kind=ChangeKind.REVISED, entry=entry("a", title="B"), known_id=1, revision=2, alias="moved"
        ),
        EntryChange(kind=ChangeKind.NEW, entry=entry("b"), revision=1, link=FIRST),
        EntryChange(kind=ChangeKind.NEW, entry=entry("c"), revision=1, link=link),
    ]
    with pytest.raises(Exception, match="FOREIGN KEY"):
        archive.apply(feed, *changes, body=b"document")
    assert [archive.rows(f"SELECT * FROM {table}") for table in tables] == before
    archive.check_index()


def test_a_process_that_dies_within_an_update_leaves_nothing_of_it(archive, feed, entry):
    archive.add(feed, entry("a"))
    archive.store.close()
    child = os.fork()
    if child == 0:
        dying = Store.open(archive.path)
        dying._db.execute("PRAGMA cache_size = 1")  # so that much of it is in the log already
        archive.store, update = dying, archive.apply
        dying.transaction = nullcontext  # type: ignore[method-assign]
        dying._db.execute("BEGIN IMMEDIATE")
        new = [entry(str(n), text="words " * 2000) for n in range(50)]
        update(feed, *(EntryChange(kind=ChangeKind.NEW, entry=e, revision=1, link=FIRST) for e in new))
        os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert archive.path.with_name("archive.db-wal").stat().st_size > 100_000
    archive.store = Store.open(archive.path)
    assert archive.column("SELECT title FROM entries") == ["Story a"]
    assert archive.value("SELECT count(*) FROM fetches") == 1
    assert archive.value("PRAGMA integrity_check") == "ok"
    archive.check_index()


def test_an_update_outside_a_transaction_is_a_mistake(archive, feed, monkeypatch):
    monkeypatch.setattr(type(archive.store), "transaction", lambda store: _Nothing())
    with pytest.raises(AssertionError, match="as a whole"):
        archive.apply(feed)


class _Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


NASTY = "\ud800 half, \0 nothing, \U0001f600 whole"
MILD = "\ufffd half, \ufffd nothing, \U0001f600 whole"


def test_text_that_sqlite_refuses_is_stored_without_what_it_refuses(archive, feed, entry):
    nasty = entry(
        guid=NASTY,
        url=NASTY,
        title=NASTY,
        text=NASTY,
        authors=(Person(name=NASTY),),
        content=Markup(value=NASTY, type=NASTY),
        enclosures=(Enclosure(url=NASTY, length=2**70),),
        categories=(Category(term=NASTY),),
        published_raw=NASTY,
        reading=NASTY,
        language=NASTY,
    )
    archive.apply(
        feed,
        EntryChange(kind=ChangeKind.NEW, entry=nasty, revision=1, link=FIRST),
        events=(Event(kind="gap", detail=NASTY),),
        facts={
            "described": FeedData(title=NASTY),
            "etag": NASTY,
            "last_error": NASTY,
            "interval_seconds": 2**80,
        },
        error=NASTY,
        headers=((NASTY, NASTY),),
        problems=(NASTY,),
        bytes_received=2**64,
    )
    archive.change(feed, 1, nasty, alias="moved")
    assert archive.rows("SELECT title, content_text, guid FROM entries") == [(MILD, MILD, MILD)]
    assert archive.rows("SELECT url, length FROM enclosures") == [(MILD, 2**63 - 1)]
    assert archive.store.known_entries(feed, [nasty])[0].title == MILD
    assert len(archive.store.candidates(nasty)) == 1
    archive.check_index()


# ---------------------------------------------------------------- cost


def test_an_update_costs_the_same_in_a_small_archive_and_in_a_large_one(archive, feed, entry):
    def update(name):
        words = [f"{name}{n}" for n in range(30)]
        document = [
            entry(f"{name}-{n}", position=n, text=" ".join([*words, str(n)]), title_key=f"{name} {n}")
            for n in range(5)
        ]

        def work():
            with archive.store.transaction():
                archive.store.known_entries(feed, document)
                archive.store.missing_entries(feed)
                for one in document:
                    archive.store.candidates(one)
            archive.add(feed, *document)
            ids = archive.column("SELECT id FROM entries ORDER BY id DESC LIMIT 5")
            archive.change(feed, ids[0], entry(f"{name}-4", title="Changed"))
            archive.apply(feed, *(EntryChange(kind=ChangeKind.LEFT, known_id=one) for one in ids))

        return archive.count_steps(work)

    def fill(count, name):
        many = [
            entry(f"{name}{n}", text=f"{name} story {n} with the same words as all of them", title_key="news")
            for n in range(count)
        ]
        archive.add(feed, *many)
        archive.db.execute("UPDATE entries SET present = 0")

    fill(20, "first")
    update("warm")
    small = update("small")
    fill(5000, "more")
    update("settle")  # the full-text index merges now and then
    assert update("large") <= small * 1.5


def test_many_entries_of_one_post_are_not_compared_with_each_other_for_each_of_them(archive, feed, entry):
    def steps(count, name):
        links = [FIRST] + [PostLink(rule="url", confidence=1.0, same_as=0)] * (count - 1)
        entries = [entry(f"{name}{n}", position=n) for n in range(count)]
        changes = [
            EntryChange(kind=ChangeKind.NEW, entry=e, revision=1, link=k)
            for e, k in zip(entries, links, strict=True)
        ]
        return archive.count_steps(lambda: archive.apply(feed, *changes))

    assert steps(800, "b") <= steps(100, "a") * 8 * 1.5
