"""What the entries of a feed's last document are known by is written with the update that read it."""

import pytest

from archiver import marks
from archiver.changes import ChangeKind, EntryChange, Marked, Marking, PostLink
from archiver.model import SeenEntry
from archiver.store import verify


@pytest.fixture
def feed(archive):
    return archive.follow()


def _new(entry, **fields):
    return EntryChange(
        kind=ChangeKind.NEW,
        entry=entry("a", **fields),
        revision=1,
        link=PostLink(rule="first", confidence=1.0),
    )


def _marked(known_id=None, position=0):
    return Marked(mark="mark", position=position, published_at=None, updated_at=None, known_id=known_id)


def test_a_feed_that_was_never_read_has_none(archive, feed):
    assert archive.store.marks(feed) is None
    assert archive.store.feed(feed).marks is None


def test_new_entries_are_known_by_the_numbers_that_they_got(archive, feed, entry):
    archive.apply(feed, _new(entry, position=3), marking=Marking(context="c", entries=(_marked(position=3),)))
    known = marks.read(archive.store.feed(feed).marks)
    assert known.context == "c"
    assert known.entries["mark"].id == archive.value("SELECT id FROM entries")
    assert known.entries["mark"].position == 3


def test_they_stay_while_no_document_is_read_and_go_with_one_that_must_be_read_whole(archive, feed, entry):
    archive.apply(feed, _new(entry), marking=Marking(context="c", entries=(_marked(),)))
    before = archive.store.marks(feed)
    archive.apply(feed)
    assert archive.store.marks(feed) == before
    archive.apply(feed, marking=Marking())
    assert archive.store.marks(feed) is None


def test_a_seen_entry_gets_its_new_place_and_time_and_nothing_else(archive, feed, entry):
    archive.apply(feed, _new(entry))
    (before,) = archive.db.query("SELECT * FROM entries")
    seen = SeenEntry(id=before["id"], mark="m", position=0, now_at=4, published_at=None, updated_at=None)
    archive.apply(feed, seen=(seen,))
    (after,) = archive.db.query("SELECT * FROM entries")
    assert {name for name in after if after[name] != before[name]} == {"last_seen_at", "position"}
    assert (after["position"], after["last_seen_at"]) == (4, f"{archive.now:%Y-%m-%dT%H:%M:%SZ}")


def test_what_is_seen_and_marked_is_sealed(archive, feed, entry):
    archive.apply(feed, _new(entry), marking=Marking(context="c", entries=(_marked(),)))
    seen = SeenEntry(id=1, mark="m", position=0, now_at=4, published_at=None, updated_at=None)
    archive.apply(feed, seen=(seen,), marking=Marking(context="c", entries=(_marked(1, 4),)))
    db = verify.open_for(archive.path)
    assert list(verify.rows(db)) == []
    db.close()


def test_beside_seen_entries_only_those_are_looked_up_that_matter(archive, feed, entry):
    for name in ("a", "b", "c"):
        archive.add(feed, entry(name))
    ids = dict(archive.rows("SELECT guid, id FROM entries"))

    def beside(*document):
        known = archive.store.known_beside(feed, document, {ids["tag:a"], ids["tag:b"]})
        return [one.guid for one in known]

    assert beside() == ["tag:c"]
    assert beside(entry("d")) == ["tag:c"]
    assert beside(entry("d", title="Story a")) == ["tag:a", "tag:c"]
    assert beside(entry("d", guid="tag:b")) == ["tag:b", "tag:c"]
    assert beside(entry("d", url="https://example.org/b")) == ["tag:b", "tag:c"]


def test_when_entries_were_first_seen_can_be_asked(archive, feed, entry):
    ids = [archive.add(feed, entry(name)) for name in "abc"]
    met = {entry.id: entry.first_seen_at for entry in archive.store.known_entries(feed, ())}
    assert archive.store.first_seen(met) == met
    assert archive.store.first_seen(ids[:2]) == {entry_id: met[entry_id] for entry_id in ids[:2]}


def test_a_mark_of_an_entry_that_does_not_stand_is_damage(archive, feed, entry):
    archive.apply(feed, _new(entry), marking=Marking(context="c", entries=(_marked(),)))
    left = EntryChange(kind=ChangeKind.LEFT, known_id=1)
    problem = "names an entry that does not stand in the feed's last document"
    for changes, problems in (((), []), ((left,), [problem])):
        archive.apply(feed, *changes)
        db = verify.open_for(archive.path)
        assert [one.problem for one in verify.everything(db) if one.table == "marks"] == problems
        db.close()
