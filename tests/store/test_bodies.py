"""Kept bodies: given back byte for byte, once per content, and never wrong in silence."""

import pytest
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
