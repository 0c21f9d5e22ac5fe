"""What became of posts: told newest first, each once, whatever the page; and found by an index."""

import pytest

from archiver.changes import ChangeKind, EntryChange, Event
from archiver.store.looking import KINDS, Looking


@pytest.fixture
def looking(archive):
    with Looking.open(archive.path) as looking:
        yield looking


@pytest.fixture
def told(archive, entry):
    """Two feeds with edits, withdrawals, returns and gaps, several of them in the same second."""
    feeds = [archive.follow(), archive.follow("https://other.example/feed")]
    for feed_id in feeds:
        first = archive.add(feed_id, *[entry(f"{feed_id}-{number}") for number in range(4)]) - 3
        for version in (2, 3, 4):
            edits = [
                EntryChange(
                    kind=ChangeKind.REVISED,
                    entry=entry(f"{feed_id}-{number}", text=f"Now {version} of {number}."),
                    known_id=first + number,
                    revision=version,
                )
                for number in range(3)
            ]
            archive.apply(feed_id, *edits, entries_revised=3)
        happened = [
            Event(kind=kind, detail=kind, entry_id=None if kind in ("gap", "failing") else first)
            for kind in ("withdrawn", "returned", "gap", "failing")
        ]
        archive.apply(feed_id, events=happened)
    return feeds


def walked(looking: Looking, limit: int, **chosen: object) -> list:
    """All pages, one after the other."""
    found: list = []
    cursor = None
    while page := looking.happenings(limit=limit, cursor=cursor, **chosen):
        found += page
        cursor = page[-1].cursor
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_together_are_the_whole_whatever_their_size(looking, told, limit):
    whole = looking.happenings(limit=1000)
    assert len(whole) == 2 * (9 + 3)
    assert walked(looking, limit) == whole
    assert [one.at for one in whole] == sorted((one.at for one in whole), reverse=True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1, 4])
def test_one_kind_of_one_feed_is_told_by_itself(looking, told, kind, limit):
    for feed_id in told:
        found = walked(looking, limit, kinds=[kind], feed_id=feed_id)
        assert found == [
            one for one in looking.happenings(limit=1000) if (one.kind, one.feed_id) == (kind, feed_id)
        ]
        assert len(found) == (9 if kind == "edited" else 1)


def test_an_edit_says_which_version_it_made(looking, told):
    edits = looking.happenings(kinds=["edited"], feed_id=told[0], limit=1000)
    assert sorted(one.revision for one in edits) == [2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert all(one.post_id and one.title for one in edits)


@pytest.mark.parametrize(
    "cursor", ["", "x", "2026-01-01", "2026-01-01T00:00:00Z.9", "2026-01-01T00:00:00Z.0.x"]
)
def test_a_cursor_that_is_none_is_the_beginning(looking, told, cursor):
    assert looking.happenings(limit=5, cursor=cursor) == looking.happenings(limit=5)
