"""Archives of every released schema: opened, migrated, and found sound.

A release adds its own: `python tests/store/test_released_schemas.py VERSION` writes
`schemas/VERSION.sql`, the dump of a small archive as this program makes it.
"""

import re
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archiver import decide
from archiver.config import ScheduleSettings
from archiver.consult import consult
from archiver.model import ParseOptions, Response
from archiver.prepare import prepare
from archiver.store import Following, Store, digest, schema, verify

SCHEMAS = Path(__file__).parent / "schemas"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENT = (
    "<rss version='2.0'><channel><title>Example</title><item><guid>a</guid><title>Story a</title>"
    "<link>https://example.org/a</link><description>All of story a.</description></item></channel></rss>"
)


def _restore(dump: str, path: Path) -> None:
    """The archive that a dump was made of."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(dump)
    connection.close()


@pytest.mark.parametrize("dump", sorted(SCHEMAS.glob("*.sql")), ids=lambda path: path.stem)
def test_an_archive_of_this_release_is_migrated_and_keeps_what_it_held(dump, tmp_path):
    path = tmp_path / "archive.db"
    _restore(dump.read_text("utf-8"), path)
    with Store.open(path) as store:
        assert schema.version(store._db) == schema.VERSION
        assert store._db.execute("SELECT title, revision FROM entries").fetchall() == [("Story a", 2)]
        assert store._db.execute("SELECT count(*) FROM fetches").fetchone() == (2,)
    db = verify.open_for(path)
    assert list(verify.everything(db)) == []
    db.close()


def test_there_is_a_dump_to_be_tested():
    assert list(SCHEMAS.glob("*.sql")), "write one: python tests/store/test_released_schemas.py VERSION"


def _write(version: str, folder: Path) -> None:
    path = folder / "archive.db"
    with Store.open(path) as store:
        feed_id = store.follow(Following(url="https://example.org/feed"), origin="command", now=NOON)
        for hour, body in enumerate((DOCUMENT.encode(), DOCUMENT.replace("All of", "More of").encode())):
            feed, at = store.feed(feed_id), NOON.replace(hour=12 + hour)
            attempt = decide.Attempt(started_at=at, duration_ms=20, request_url=feed.url)
            response = Response(request_url=feed.url, final_url=feed.url, status=200, body=body)
            with store.transaction():
                prepared = prepare(body, ParseOptions(url=feed.url))
                known = consult(store, feed, response, digest(body), prepared)
                store.apply(decide.understood(feed, attempt, known, ScheduleSettings()))
        store.close_days(now=NOON.replace(month=4))
    connection = sqlite3.connect(path)
    # SQLite cannot dump FTS5's own tables so that they can be read back; the index is made anew.
    [posts] = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'posts_fts'").fetchone()
    [versions] = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'revisions_fts'").fetchone()
    lines = [
        *(line for line in connection.iterdump() if not re.search("s_fts|writable_schema", line)),
        f"{posts};",
        "INSERT INTO posts_fts (posts_fts) VALUES ('rebuild');",
        f"{versions};",
        f"PRAGMA application_id = {schema.APPLICATION_ID};",
        f"PRAGMA user_version = {schema.VERSION};",
    ]
    connection.close()
    (SCHEMAS / f"{version}.sql").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        _write(sys.argv[1], Path(folder))
