"""Posts: which entry stands for one, and the full-text index that follows."""

import random

import pytest

from archiver.changes import ChangeKind, EntryChange, PostLink


@pytest.fixture
def feed(archive) -> int:
    return archive.follow()


@pytest.fixture
def found(archive):
    """The posts in whose words the index of posts finds these."""

    def find(words: str) -> list[int]:
        archive.check_index()
        quoted = " ".join(f'"{word}"' for word in words.split())
        return archive.column("SELECT rowid FROM posts_fts WHERE posts_fts MATCH ? ORDER BY rowid", quoted)

    return find


def _standing(archive, post_id: int) -> str:
    sql = "SELECT entries.guid FROM posts JOIN entries ON canonical_entry_id = entries.id WHERE posts.id = ?"
    return str(archive.value(sql, post_id)).removeprefix("tag:")


@pytest.mark.parametrize(
    ("first", "second", "standing"),
    [
        ({"text": "long " * 9, "excerpt": True}, {"text": "short"}, "second"),
        ({"text": "short"}, {"text": "long " * 9, "excerpt": True}, "first"),
        ({"text": "short"}, {"text": "a longer one"}, "second"),
        ({"text": "a longer one"}, {"text": "short"}, "first"),
        ({"text": "same"}, {"text": "same"}, "first"),
        ({"text": ""}, {"text": "long " * 9, "excerpt": True}, "second"),
        ({"text": ""}, {"text": ""}, "first"),
    ],
    ids=[
        "a whole text goes before an excerpt",
        "also if it came first",
        "then the longer one",
        "also if it came first ",
        "then the one that we saw first",
        "any text goes before none",
        "none is none",
    ],
)
def test_who_stands_for_a_post(archive, feed, entry, first, second, standing):
    entry_id = archive.add(feed, entry("first", **first))
    post_id = archive.post_of(entry_id)
    archive.add(feed, entry("second", **second), post_id=post_id)
    assert _standing(archive, post_id) == standing
    archive.check_index()


def test_a_post_has_the_words_of_the_one_that_stands_for_it_and_the_earliest_date(archive, feed, entry):
    one = archive.add(feed, entry("a", text="short", language="en"))
    post_id = archive.post_of(one)
    late = entry("b", text="a longer one", language="sv", published_at=None)
    archive.add(feed, late, post_id=post_id)
    columns = "title, url, language, published_at, entry_count"
    assert archive.rows(f"SELECT {columns} FROM posts") == [
        ("Story b", "https://example.org/b", "sv", "2024-05-01T00:00:00Z", 2)
    ]


def test_a_post_without_dates_has_none(archive, feed, entry):
    archive.add(feed, entry("a", published_at=None))
    assert archive.column("SELECT published_at FROM posts") == [None]


def test_the_index_finds_a_new_text_and_no_longer_a_replaced_one(archive, feed, entry, found):
    entry_id = archive.add(feed, entry("a", text="Bishkek in winter", title="Snow"))
    assert found("bishkek") == found("snow") == [1]
    archive.change(feed, entry_id, entry("a", text="Osh in summer", title="Heat"))
    assert found("bishkek") == found("snow") == []
    assert found("osh") == found("heat") == [1]


def test_the_index_follows_when_another_entry_comes_to_stand_for_the_post(archive, feed, entry, found):
    entry_id = archive.add(feed, entry("a", text="Bishkek […]", excerpt=True))
    archive.add(feed, entry("b", text="Osh in summer"), post_id=archive.post_of(entry_id))
    assert found("bishkek") == []
    assert found("osh") == [1]
    archive.change(feed, entry_id, entry("a", text="Bishkek in winter, the whole of it"))
    assert found("bishkek") == [1]
    assert found("osh") == []


def test_a_revision_that_changes_no_word_leaves_the_index_alone(archive, feed, entry, found):
    entry_id = archive.add(feed, entry("a"))
    before = archive.rows("SELECT * FROM posts_fts_data")
    archive.change(feed, entry_id, entry("a", url="https://example.org/moved"))
    assert archive.value("SELECT url FROM posts") == "https://example.org/moved"
    assert archive.rows("SELECT * FROM posts_fts_data") == before
    assert found("story") == [1]


@pytest.mark.parametrize("seed", range(6))
def test_the_index_is_true_after_any_sequence_of_updates(archive, entry, seed):
    dice = random.Random(seed)
    feeds = [archive.follow(f"https://example.org/{n}") for n in range(3)]
    words = ["bishkek", "osh", "almaty", "ташкент", "göteborg", "snow", "heat"]
    known: list[tuple[int, int, str]] = []
    for turn in range(25):
        feed_id = dice.choice(feeds)
        changes, here = [], [one for one in known if one[1] == feed_id]
        for entry_id, _, name in dice.sample(here, min(len(here), dice.randrange(4))):
            kind = dice.choice([*ChangeKind][1:])
            text = " ".join(dice.choices(words, k=dice.randrange(6)))
            again = entry(name, text=text, title=dice.choice([None, "", *words]), excerpt=dice.random() < 0.5)
            writes = kind is ChangeKind.REVISED or (kind is ChangeKind.RETURNED and dice.random() < 0.5)
            revision = (
                archive.value("SELECT revision + 1 FROM entries WHERE id = ?", entry_id) if writes else None
            )
            changes.append(EntryChange(kind=kind, entry=again, known_id=entry_id, revision=revision))
        for position in range(dice.randrange(4)):
            new = entry(f"{turn}-{position}", position=position, text=" ".join(dice.choices(words, k=4)))
            posts = archive.column("SELECT id FROM posts")
            links = [PostLink(rule="first", confidence=1.0)]
            links += [PostLink(rule="text", confidence=0.5, post_id=dice.choice(posts))] if posts else []
            links += [PostLink(rule="url", confidence=0.5, same_as=position - 1)] if position else []
            changes.append(EntryChange(kind=ChangeKind.NEW, entry=new, revision=1, link=dice.choice(links)))
        archive.apply(feed_id, *changes)
        archive.check_index()
        known = archive.rows("SELECT id, feed_id, substr(guid, 5) FROM entries")
    assert archive.rows("PRAGMA foreign_key_check") == []
    counts = archive.rows(
        "SELECT entry_count, (SELECT count(*) FROM entries WHERE post_id = posts.id) FROM posts"
    )
    assert counts
    assert all(written == counted for written, counted in counts)
    versions = archive.rows(
        """
        SELECT entries.revision, count(*), max(revisions.revision), entries.content_sha256, (
            SELECT content_sha256 FROM revisions WHERE entry_id = entries.id ORDER BY revision DESC LIMIT 1
        )
        FROM entries JOIN revisions ON entry_id = entries.id GROUP BY entries.id
        """
    )
    assert all(latest == count == last for latest, count, last, _, _ in versions)
    assert all(current == newest for *_, current, newest in versions)
