"""Lines of the full-text indexes: kept back until the end of a transaction, and gone with it."""

from contextlib import suppress

from archiver.store import lines

INDEXED = "SELECT count(*) FROM revisions_fts WHERE revisions_fts MATCH 'facts : any'"


def test_versions_are_in_the_index_when_their_transaction_is_over(archive, entry):
    feed = archive.follow()
    with archive.store.transaction():
        archive.add(feed, entry("a"), entry("b"))
        assert archive.value(INDEXED) == 0
    assert archive.value(INDEXED) == 2
    archive.check_index()


def test_what_a_transaction_kept_back_goes_with_it(archive, entry):
    feed = archive.follow()
    with suppress(ZeroDivisionError), archive.store.transaction():
        archive.add(feed, entry("a"))
        raise ZeroDivisionError
    archive.add(feed, entry("b"))
    assert archive.value(INDEXED) == 1
    archive.check_index()


def test_of_much_text_only_so_much_is_kept_back(archive, entry, monkeypatch):
    monkeypatch.setattr(lines, "MOST", 400)
    feed = archive.follow()
    with archive.store.transaction():
        archive.add(feed, entry("a", text="word " * 100))
        archive.add(feed, entry("b"))
        assert archive.value(INDEXED) == 1
    assert archive.value(INDEXED) == 2
    archive.check_index()


def test_a_post_that_two_updates_of_one_transaction_change_is_found_by_its_last_words(archive, entry):
    feed = archive.follow()
    entry_id = archive.add(feed, entry("a", text="first words"))
    with archive.store.transaction():
        archive.change(feed, entry_id, entry("a", text="second words"))
        archive.change(feed, entry_id, entry("a", text="third words"))
    found = "SELECT count(*) FROM posts_fts WHERE posts_fts MATCH ?"
    assert [archive.value(found, word) for word in ("first", "second", "third")] == [0, 0, 1]
    archive.check_index()
