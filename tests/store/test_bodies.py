"""Kept bodies: given back byte for byte, once per content, and never wrong in silence."""

import gzip
import random

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from archiver.errors import NotFound, StoreError
from archiver.store import bodies, digest, schema


@pytest.fixture(scope="module")
def db():
    database = Database(memory=True, execute_plugins=False)
    schema.migrations.apply(database)
    yield database
    database.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=5000) | st.binary(max_size=50).map(lambda part: part * 500))
def test_any_body_comes_back_byte_for_byte(db, body):
    assert bodies.load(db, bodies.save(db, body)) == body


def test_the_same_body_is_kept_once(db):
    count = "SELECT count(*) FROM bodies"
    bodies.save(db, b"the same" * 9)
    before = db.execute(count).fetchone()
    assert bodies.save(db, b"the same" * 9) == digest(b"the same" * 9)
    assert db.execute(count).fetchone() == before


def test_a_body_that_repeats_itself_is_small(db):
    sha256 = bodies.save(db, b"<item>and so on</item>" * 10_000)
    size, stored = db.execute("SELECT size, length(data) FROM bodies WHERE sha256 = ?", [sha256]).fetchone()
    assert size == 220_000
    assert stored < 1000


def test_an_unknown_body_is_not_found(db):
    with pytest.raises(NotFound, match="no body beef"):
        bodies.load(db, "beef")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_is_damage_that_is_named(db, data):
    body = data.draw(st.sampled_from([b"<rss>" + b"<item>a story</item>" * 300 + b"</rss>", b"\x00\x01odd"]))
    sha256 = bodies.save(db, body)
    stored = db.execute("SELECT data FROM bodies WHERE sha256 = ?", [sha256]).fetchone()[0]
    at = data.draw(st.integers(0, len(stored) * 8 - 1))
    damaged = bytearray(stored)
    damaged[at // 8] ^= 1 << at % 8
    db.execute("UPDATE bodies SET data = ? WHERE sha256 = ?", [bytes(damaged), sha256])
    try:
        assert bodies.load(db, sha256) == body  # zstandard has a few bits that do not count
    except StoreError as error:
        assert f"body {sha256} is damaged" in str(error)  # noqa: PT017
    finally:
        db.execute("DELETE FROM bodies WHERE sha256 = ?", [sha256])


def test_a_body_whose_row_lies_about_it_is_damaged(db):
    sha256 = bodies.save(db, b"one thing")
    db.execute("UPDATE bodies SET data = ? WHERE sha256 = ?", [b"another", sha256])
    with pytest.raises(StoreError, match="another digest"):
        bodies.load(db, sha256)


# ---------------------------------------------------------------- deltas


def _document(first: int, *, entries: int = 12, date: int = 0) -> bytes:
    """A document of numbered entries, newest first, each a page of words of its own."""
    chance = [random.Random(number) for number in range(first, first + entries)]
    items = "".join(
        f"<item><title>Story {first + at}</title><description>"
        + " ".join(WORDS[one.randrange(len(WORDS))] for _ in range(300))
        + "</description></item>"
        for at, one in reversed(list(enumerate(chance)))
    )
    return f"<rss><channel><lastBuildDate>{date:012}</lastBuildDate>{items}</channel></rss>".encode()


WORDS = [f"w{number**3 % 9973:x}ord{number}" for number in range(3000)]


@pytest.fixture
def keep(archive):
    """Archive these bodies as the answers of one feed; return their names."""
    feed = archive.follow()

    def work(*documents: bytes) -> list[str]:
        for document in documents:
            archive.apply(feed, body=document, facts={"body_sha256": digest(document)})
        return [digest(document) for document in documents]

    return work


def _links(archive, sha256: str) -> int:
    return len(bodies._chain(archive.db, sha256)) - 1


def test_a_document_with_a_new_entry_costs_little_more_than_the_entry(archive, keep):
    names = keep(*(_document(number) for number in range(30)))
    sizes = archive.column("SELECT length(data) FROM bodies ORDER BY rowid")
    assert sum(sizes) < sum(len(gzip.compress(_document(number))) for number in range(30)) / 4
    assert [bodies.load(archive.db, name) for name in names] == [_document(number) for number in range(30)]


def test_a_build_date_costs_a_few_bytes_at_every_poll(archive, keep):
    keep(*(_document(0, date=date) for date in range(240)))
    first, *later = archive.column("SELECT length(data) FROM bodies ORDER BY rowid")
    assert len(later) == 239
    assert max(later) <= 40 < first


def test_a_large_document_in_which_two_dates_move_costs_little(archive, keep):
    large = _document(0, entries=600)
    assert len(large) > 1_500_000
    keep(*(large.replace(b"<rss>", b"<rss><a>%d</a>" % n) + b"<!-- %d -->" % n for n in range(8)))
    _, *later = archive.column("SELECT length(data) FROM bodies ORDER BY rowid")
    assert max(later) <= 300


def test_a_read_touches_few_bodies_however_long_a_feed_is_followed(archive, keep):
    names = keep(*(_document(number, entries=4) for number in range(60)))
    assert max(_links(archive, name) for name in names) <= bodies.STRIDE + bodies.LANDMARKS
    assert [bodies.load(archive.db, name) for name in names[::7]] == [
        _document(number, entries=4) for number in range(0, 60, 7)
    ]


def test_documents_in_which_only_a_date_moves_rest_on_one_body_and_not_on_each_other(archive, keep):
    quiet = keep(*(_document(0, date=date) for date in range(60)))
    assert max(_links(archive, name) for name in quiet) == 1
    edited = keep(*(_document(1, date=date) for date in range(60)))
    assert max(_links(archive, name) for name in edited) == 2


def test_chains_are_short_in_whatever_way_documents_change_and_grow(archive, keep):
    chance = random.Random(3)
    first, names = 0, []
    for poll in range(400):
        first += chance.random() < 0.4
        names += keep(_document(first, entries=chance.choice((4, 4, 6, 30)), date=poll))
    links = [_links(archive, name) for name in dict.fromkeys(names)]
    assert max(links) <= bodies.STRIDE + bodies.LANDMARKS


def test_a_large_document_has_fewer_links(archive, keep):
    names = keep(*(_document(number, entries=600) for number in range(12)))
    unpacked = [sum(link.size for link in bodies._chain(archive.db, name)) for name in names]
    assert max(unpacked) <= bodies.READ_BYTES


@pytest.mark.parametrize("limit", ["READ_BYTES", "HUGE"])
def test_what_is_too_large_to_be_read_often_rests_on_a_keyframe(archive, keep, monkeypatch, limit):
    monkeypatch.setattr(bodies, limit, 1000)
    names = keep(*(_document(number) for number in range(6)))
    assert [_links(archive, name) for name in names] == [0, 1, 1, 1, 1, 1]


def test_keyframes_come_regularly_however_little_changes(archive, keep, monkeypatch):
    monkeypatch.setattr(bodies, "MOST_STEPS", 30)
    keep(*(_document(0, entries=2, date=date) for date in range(100)))
    assert archive.value("SELECT count(*) FROM bodies WHERE base_sha256 IS NULL") == 4


def test_a_document_that_is_quite_another_is_stored_whole(archive, keep):
    keep(_document(0), gzip.compress(_document(5000)))
    assert archive.column("SELECT base_sha256 FROM bodies") == [None, None]


def test_an_error_page_rests_on_the_error_page_before_it_and_does_not_stand_between_documents(archive):
    feed = archive.follow()
    page = "<html>" + " ".join(f"{7**n % 99991:b}" for n in range(900)) + "<p>request {}</p></html>"
    document, changed = _document(0), _document(1)
    archive.apply(feed, body=document, facts={"body_sha256": digest(document)})
    for number in (1, 2):
        archive.apply(feed, body=page.format(number).encode(), facts={"body_sha256": digest(document)})
    archive.apply(feed, body=changed, facts={"body_sha256": digest(changed)})
    bases = archive.column("SELECT base_sha256 FROM bodies ORDER BY rowid")
    assert bases == [None, None, digest(page.format(1).encode()), digest(document)]


def test_bodies_of_one_feed_rest_on_no_other_feeds(archive):
    one, other = archive.follow("https://a.example/"), archive.follow("https://b.example/")
    archive.apply(one, body=_document(0))
    archive.apply(other, body=_document(1))
    assert archive.column("SELECT base_sha256 FROM bodies") == [None, None]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.integers(0, 4000), st.binary(max_size=300)),
        min_size=1,
        max_size=12,
    )
)
def test_any_edits_come_back_byte_for_byte(archive, edits):
    feed = archive.follow(f"https://example.org/{random.random()}")
    body, kept = _document(0, entries=2), []
    for start, end, new in edits:
        body = body[:start] + new + body[max(start, end) :]
        kept.append((bodies.save(archive.db, body, feed_id=feed), body))
        archive.db.execute("UPDATE feeds SET body_sha256 = ? WHERE id = ?", [kept[-1][0], feed])
    for name, expected in kept:
        assert bodies.load(archive.db, name) == expected


def test_a_body_on_a_damaged_one_is_not_built(archive, keep):
    [first] = keep(_document(0))
    archive.db.execute("UPDATE bodies SET data = zeroblob(length(data)) WHERE sha256 = ?", [first])
    [second] = keep(_document(1))
    assert bodies.load(archive.db, second) == _document(1)


def test_damage_to_a_base_is_told_with_its_name(archive, keep):
    first, second = keep(_document(0), _document(1))
    archive.db.execute("UPDATE bodies SET data = zeroblob(length(data)) WHERE sha256 = ?", [first])
    with pytest.raises(StoreError, match=f"{second} is damaged: body {first}"):
        bodies.load(archive.db, second)


@pytest.mark.parametrize(
    ("column", "value"),
    [("size", 2**50), ("size", 0), ("prefix_size", 2**40), ("suffix_size", -5), ("step", 7)],
)
def test_a_row_that_claims_other_sizes_is_refused_before_anything_is_unpacked(archive, keep, column, value):
    _, second = keep(_document(0), _document(1))
    archive.db.execute(f"UPDATE bodies SET {column} = ? WHERE sha256 = ?", [value, second])
    if column == "step":
        assert bodies.load(archive.db, second) == _document(1)
    else:
        with pytest.raises(StoreError, match="damaged"):
            bodies.load(archive.db, second)


def test_a_bomb_that_says_truly_how_large_it_is_is_not_unpacked(archive):
    packed = zstandard.ZstdCompressor().compress(bytes(1000))
    archive.db.execute(
        "INSERT INTO bodies (sha256, encoding, size, data) VALUES ('b', 'zstd', ?, ?)", [2 * 10**9, packed]
    )
    with pytest.raises(StoreError, match="sizes"):
        bodies.load(archive.db, "b")


def test_bodies_that_rest_on_each_other_end(archive, keep):
    first, second = keep(_document(0), _document(1))
    archive.db.execute("UPDATE bodies SET base_sha256 = ? WHERE sha256 = ?", [second, first])
    with pytest.raises(StoreError, match="not there"):
        bodies.load(archive.db, second)


def _rows(db) -> list[tuple]:
    return db.execute("SELECT * FROM bodies ORDER BY sha256").fetchall()


def _kept(archive, feed: int, *documents: bytes) -> None:
    for document in documents:
        sha256 = bodies.save(archive.db, document, feed_id=feed)
        archive.db.execute("UPDATE feeds SET body_sha256 = ? WHERE id = ?", [sha256, feed])


def test_what_was_packed_ahead_is_stored_as_it_would_be_without(archive):
    one = archive.follow()
    _kept(archive, one, _document(0), _document(1))
    packed = bodies.pack(archive.db, _document(2), digest(_document(2)), feed_id=one)
    assert packed is not None
    assert packed.row.base_sha256 is not None
    _kept(archive, one, _document(2))
    directly = _rows(archive.db)
    archive.db.execute("DELETE FROM bodies WHERE sha256 = ?", [packed.row.sha256])
    archive.db.execute("UPDATE feeds SET body_sha256 = ? WHERE id = ?", [digest(_document(1)), one])
    bodies.save(archive.db, packed.body, feed_id=one, packed=packed)
    assert _rows(archive.db) == directly
    assert bodies.load(archive.db, packed.row.sha256) == _document(2)


def test_what_was_packed_beside_another_document_is_made_anew(archive):
    feed = archive.follow()
    _kept(archive, feed, _document(0))
    packed = bodies.pack(archive.db, _document(2), digest(_document(2)), feed_id=feed)
    _kept(archive, feed, _document(1))
    bodies.save(archive.db, packed.body, feed_id=feed, packed=packed)
    [base] = archive.db.execute(
        "SELECT base_sha256 FROM bodies WHERE sha256 = ?", [packed.row.sha256]
    ).fetchone()
    assert (packed.row.base_sha256, base) == (digest(_document(0)), digest(_document(1)))


def test_what_was_packed_of_another_body_is_not_used(archive):
    feed = archive.follow()
    packed = bodies.pack(archive.db, _document(0), digest(_document(0)), feed_id=feed)
    sha256 = bodies.save(archive.db, _document(1), feed_id=feed, packed=packed)
    assert bodies.load(archive.db, sha256) == _document(1)


def test_what_is_kept_is_not_packed(archive):
    feed = archive.follow()
    _kept(archive, feed, _document(0))
    assert bodies.pack(archive.db, _document(0), digest(_document(0)), feed_id=feed) is None
