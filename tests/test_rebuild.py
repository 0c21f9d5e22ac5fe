"""Rebuild: equal on an unchanged program, better on a better one, and never in the way of the old archive."""

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from archiver import failpoints
from archiver.config import ScheduleSettings
from archiver.errors import ArchiveBusy, StoreError
from archiver.model import ParseOptions
from archiver.rebuild import rebuild
from archiver.store import Following, Store, copying, manifest

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture
def rebuilt(noon):
    """Rebuild an archive, and say what came of it."""

    def run(archive, *, agree=True, **options):
        return rebuild(
            archive.path,
            schedule=ScheduleSettings(),
            now=noon,
            agree=lambda comparison: agree,
            step=lambda done, total: None,
            **options,
        )

    return run


def live_through_a_lot(archive, site, rss) -> None:
    """Everything that may happen to feeds, in some ninety fetches; nothing of it is derived yet."""
    for file in sorted((ROOT / "data" / "fixtures").iterdir()):
        archive.replay(file.as_uri(), file.read_bytes())
    feed = site.serve("/feed", rss("c", "b", "a"), headers={"ETag": '"1"'})
    archive.update(feed)
    archive.update(feed)  # 304
    site.serve("/feed", rss("d", "c", "b", "a", texts={"b": "edited"}))
    archive.update(feed)
    archive.update(feed)  # the same bytes
    archive.update(feed + "#other")  # a second feed with the same stories
    site.serve("/feed", rss("d", "c", "a"))
    archive.update(feed)
    archive.update(feed)  # b is withdrawn, by the same bytes
    site.serve("/feed", rss("d", "c", "b", "a"), headers={"ETag": '"2"', "Content-Type": "text/xml"})
    archive.update(feed)  # b returns
    whole = rss("e", "d", "c", "b", "a")
    site.serve("/feed", whole[: len(whole) // 2])
    archive.update(feed)  # partial
    site.serve("/feed", whole[: len(whole) * 2 // 3], headers={"ETag": '"t"'}, length=len(whole))
    archive.update(feed)  # torn, and its beginning is read
    site.serve("/feed", "<rss", length=len(whole))
    archive.update(feed)  # torn, and nothing can be read
    for status in (500, 503, 410, 404):
        site.serve("/feed", "no", status=status, headers={"Retry-After": "7200"})
        archive.update(feed)
    site.serve("/feed", whole.replace("isPermaLink='false'>", "isPermaLink='false'>tag:new:"))
    archive.update(feed)  # recovered, with new ids
    site.serve("/feed", "<html><body><p>Login</p></body></html>")
    archive.update(feed)
    site.serve("/feed", rss("z", "y", "x", "w", "v"))
    archive.update(feed)  # a gap
    site.serve("/feed", "")
    archive.update(feed)
    archive.order(lambda store, now: store.pause(store.find_feed(feed), now=now))
    archive.update(feed)  # by hand, though paused
    archive.order(lambda store, now: store.resume(store.find_feed(feed), now=now))
    site.serve("/feed", rss("z", "y", "x", "w", "v"))
    archive.update(feed)  # forgiven, so nothing has recovered
    options = Following(url=feed, name="Ours", tags=("news",), parse=ParseOptions(charset="utf-8"))
    archive.order(lambda store, now: store.sync([options], now=now))
    archive.update(feed)  # read again, though the bytes are known
    archive.order(lambda store, now: store.sync([], now=now))  # leaves the configuration
    old_page = (ROOT / "tests" / "conftest.py").read_text()[:50]
    archive.replay("https://example.org/page", _page(old_page), kind="page")
    archive.replay("https://example.org/page", _page("Changed."), kind="page")
    archive.update("http://127.0.0.1:2/feed")  # nobody there
    archive.update("http://127.0.0.1:2/feed")
    for count in range(8):  # a counter in the text
        site.serve("/counter", rss("b", "a", texts={"a": f"<p>All of it, read {count * 17} times.</p>"}))
        archive.update(site.origin + "/counter")
    archive.now -= timedelta(days=2)  # a clock that goes wrong
    site.serve("/feed", rss("z", "y", "x"))
    archive.update(feed)
    for path, target in (("/old", "/feed"), ("/older", "/old")):
        site.serve(path, status=301, headers={"Location": target})
    for _ in range(6):
        archive.now += timedelta(days=2)
        archive.update(site.origin + "/older")
    _be_misled_and_left_alone(archive, site, rss)


def _be_misled_and_left_alone(archive, site, rss) -> None:
    """Deltas, validators that lie, a silence, and a month without an answer."""
    delta = site.serve("/delta", rss("c", "b", "a"), headers={"ETag": '"1"'})
    archive.update(delta)
    site.serve("/delta", rss("e", "d"), status=226, headers={"ETag": '"2"', "IM": "feed"})
    archive.update(delta)
    archive.update(delta)  # 304
    lying = site.serve("/lying", rss("b", "a"), headers={"ETag": '"1"'})
    archive.update(lying)
    site.serve("/lying", rss("c", "b", "a"), headers={"ETag": '"1"'})
    archive.update(lying)  # 304, though something is new
    quiet = site.serve("/quiet", rss(*"hgfedcba"))
    archive.update(quiet)
    archive.update(quiet)  # silent
    for day in range(4):
        archive.now += timedelta(days=15)
        site.serve("/quiet", "keep out", status=403)
        archive.update(quiet)
        archive.update(lying)
        archive.update(delta) if day % 2 else None
    site.serve("/quiet", rss(*"ihgfedcba"))
    archive.update(quiet)


def _page(text: str) -> str:
    body = "".join(f"<p>Paragraph {n} has many words about one thing. {text}</p>" for n in range(6))
    return f"<html><head><title>A page</title></head><body><h1>A page</h1>{body}</body></html>"


def test_on_an_unchanged_program_the_result_is_equal_table_by_table(live, site, rss, rebuilt):
    archive = live()
    live_through_a_lot(archive, site, rss)
    before = archive.tables()
    kinds = {kind for (kind,) in archive.rows("SELECT DISTINCT kind FROM events")}
    assert {"gap", "withdrawn", "returned", "reminted", "failing", "recovered", "gone", "moved"} <= kinds
    assert {"blocked", "long_failing", "silent", "heard_again", "validators_lie"} <= kinds
    done = rebuilt(archive)
    assert done.replaced
    assert done.comparison.equal, done.comparison
    after = archive.tables()
    for table, rows in before.items():
        assert after[table] == rows, table
    assert after.keys() == before.keys()


def test_every_table_and_column_is_either_kept_or_derived(live, rss):
    archive = live()
    archive.replay("https://example.org/feed", rss("a"))
    tables = {
        name
        for (name,) in archive.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        if not name.startswith(("posts_fts_", "revisions_fts_"))
    }
    assert tables == {*copying.KEPT, *copying.DERIVED}
    for table, listed in (("fetches", copying.DERIVED_OF_FETCHES), ("feeds", copying.KEPT_OF_FEEDS)):
        assert listed <= {row[1] for row in archive.rows(f"PRAGMA table_info({table})")}


def test_by_which_name_we_are_let_in_is_not_forgotten(live, site, rss, rebuilt):
    archive = live()
    archive.update(site.serve("/feed", rss("a")))
    db = sqlite3.connect(archive.path)
    with db:
        db.execute("UPDATE feeds SET second_agent = 1")
    db.close()
    rebuilt(archive)
    assert archive.rows("SELECT second_agent FROM feeds") == [(1,)]


def test_days_that_are_sealed_stay_sealed(live, rss, rebuilt, noon):
    archive = live()
    archive.replay("https://example.org/feed", rss("a"))
    archive.now += timedelta(days=3)
    with Store.open(archive.path) as store, store.transaction():
        manifest.close_days(store._db, now=archive.now)
    before = archive.rows("SELECT * FROM manifests")
    assert len(before) == 1
    assert rebuilt(archive).comparison.equal
    assert archive.rows("SELECT * FROM manifests") == before


def test_a_better_program_reaches_what_is_archived_and_says_what_changes(live, rss, rebuilt):
    archive = live()
    url = "https://example.org/feed"
    body = rss("b", "a", texts={"a": "Zażółć gęślą jaźń"}).encode("iso8859-2")
    archive.replay(url, body)
    wanted = Following(url=url, parse=ParseOptions(charset="iso8859-5"))
    [(wrong,)] = archive.rows("SELECT content_text FROM entries WHERE guid = 'a'")
    archive.order(lambda store, now: store.follow(wanted, origin="command", now=now))
    done = rebuilt(archive)
    [(right,)] = archive.rows("SELECT content_text FROM entries WHERE guid = 'a'")
    assert wrong != right == "Zażółć gęślą jaźń".encode("iso8859-2").decode("iso8859-5")
    assert not done.comparison.equal
    assert done.comparison.tables["entries"] == (2, 2)
    found = done.comparison.differences["content_text"]
    assert (found.count, found.samples[0].after) == (1, right)
    word = right.split()[0]
    assert archive.rows(f"SELECT rowid FROM posts_fts WHERE posts_fts MATCH '{word}'") != []
    with sqlite3.connect(done.kept) as old:
        assert old.execute("SELECT content_text FROM entries WHERE guid = 'a'").fetchone() == (wrong,)
    old.close()


def test_a_fetch_that_comes_out_otherwise_is_named(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    db = sqlite3.connect(archive.path)
    with db:
        db.execute("UPDATE fetches SET outcome = 'error', error_kind = 'crashed', entries_new = 0")
    db.close()
    [sample] = rebuilt(archive).comparison.differences["fetches"].samples
    assert (sample.what, sample.before, sample.after) == (
        "fetch 1",
        "crashed, 2 seen",
        "new, 2 seen, 2 new",
    )
    assert archive.rows("SELECT outcome, error_kind FROM fetches") == [("new", None)]


def test_entries_that_are_lost_come_back_from_the_bytes(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    before = archive.tables()
    db = sqlite3.connect(archive.path)
    with db:
        for table in ("events", "revisions", "sketches", "categories", "enclosures", "entries"):
            db.execute(f"DELETE FROM {table}")
    db.close()
    assert rebuilt(archive).comparison.tables["entries"] == (0, 2)
    assert archive.tables() == before


def test_what_is_not_agreed_to_leaves_everything_as_it_was(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    bytes_before, files = archive.path.read_bytes(), sorted(archive.path.parent.iterdir())
    assert not rebuilt(archive, agree=False).replaced
    assert archive.path.read_bytes() == bytes_before
    assert sorted(archive.path.parent.iterdir()) == files


def test_an_interrupted_rebuild_leaves_everything_as_it_was(live, rss, noon):
    archive = live()
    for number in range(3):
        archive.replay(f"https://example.org/feed{number}", rss("b", "a"))
    bytes_before, files = archive.path.read_bytes(), sorted(archive.path.parent.iterdir())

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(archive.path, schedule=ScheduleSettings(), now=noon, agree=lambda found: True, step=interrupt)
    assert archive.path.read_bytes() == bytes_before
    assert sorted(archive.path.parent.iterdir()) == files


def test_nobody_writes_while_it_lasts_and_readers_go_on(live, rss, noon, monkeypatch):
    monkeypatch.setattr("archiver.store.connect.BUSY_TIMEOUT_MS", 10)
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    seen = []

    def look(done, total):
        seen.append(archive.rows("SELECT count(*) FROM entries"))
        with Store.open(archive.path) as store, pytest.raises(ArchiveBusy):
            store.pause(1)

    rebuild(archive.path, schedule=ScheduleSettings(), now=noon, agree=lambda found: True, step=look)
    assert seen == [[(2,)]]


def test_a_reader_that_stays_open_does_not_lend_its_log_to_the_new_archive(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    reader = sqlite3.connect(f"{archive.path.as_uri()}?mode=ro", uri=True)
    try:
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (2,)
        rebuilt(archive)
        archive.replay("https://example.org/feed", rss("c", "b", "a"))
        assert archive.rows("SELECT count(*) FROM entries") == [(3,)]
        assert archive.rows("PRAGMA integrity_check") == [("ok",)]
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    finally:
        reader.close()
    assert archive.rows("SELECT count(*) FROM entries") == [(3,)]


def test_a_body_that_is_damaged_stops_it_with_the_fetch_named(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    db = sqlite3.connect(archive.path)
    with db:
        db.execute("UPDATE bodies SET data = zeroblob(length(data))")
    db.close()
    with pytest.raises(StoreError, match=r"^fetch 1: body .* is damaged"):
        rebuilt(archive)
    assert archive.rows("SELECT count(*) FROM entries") == [(2,)]


def damage(archive, fetch_id: int) -> str:
    """Flip a byte of what is kept of a fetch, in the file itself; return the name of the body."""
    db = sqlite3.connect(archive.path)
    sha256, data = db.execute(
        "SELECT sha256, data FROM bodies WHERE sha256 = (SELECT body_sha256 FROM fetches WHERE id = ?)",
        [fetch_id],
    ).fetchone()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    raw = archive.path.read_bytes()
    assert raw.count(data) == 1
    archive.path.write_bytes(raw.replace(data, data[:-9] + bytes([data[-9] ^ 255]) + data[-8:]))
    return sha256


VERSIONS = """
    SELECT entries.key, revisions.revision, fetch_id, seen_at, revisions.content_sha256,
        revisions.title, summary
    FROM revisions JOIN entries ON entries.id = entry_id ORDER BY 1, 2
"""


def test_despite_damage_the_rest_is_derived_and_what_the_rows_tell_is_kept(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/other", rss("x"))
    archive.replay("https://example.org/feed", rss("b", "a"))
    archive.replay("https://example.org/feed", rss("c", "b", "a", texts={"a": "edited"}))
    archive.replay("https://example.org/feed", rss("d", "c", "b", "a", texts={"a": "again"}))
    versions, entries = archive.rows(VERSIONS), archive.rows("SELECT id, key FROM entries ORDER BY id")
    name = damage(archive, 4)
    done = rebuilt(archive, despite_damage=True)
    assert done.replaced
    [lost] = done.lost
    assert (lost.fetch_id, lost.feed, lost.body_sha256) == (4, "https://example.org/feed", name)
    assert (lost.problem.startswith(f"body {name} is damaged"), lost.entries) == (True, 4)
    assert archive.rows(VERSIONS) == versions
    assert archive.rows("SELECT id, key FROM entries ORDER BY id") == entries
    [(partial, problems)] = archive.rows("SELECT partial, problems FROM fetches WHERE id = 4")
    assert (partial, "the kept bytes are damaged" in problems) == (1, True)
    assert archive.rows("SELECT count(*) FROM bodies") == [(4,)]


def test_despite_damage_nothing_is_taken_for_withdrawn_that_a_damaged_document_may_have_had(
    live, rss, rebuilt
):
    archive = live()
    archive.replay("https://example.org/feed", rss("c", "b", "a"))
    archive.replay("https://example.org/feed", rss("d", "c", "b", "a", texts={"d": "new"}))
    archive.replay("https://example.org/feed", rss("e", "d", "c", "b", "a"))
    damage(archive, 2)
    assert rebuilt(archive, despite_damage=True).lost[0].entries == 1
    assert archive.rows("SELECT count(*) FROM entries WHERE withdrawn_at IS NULL AND present") == [(5,)]


def test_despite_damage_a_page_in_a_feed_s_place_is_still_the_error_that_it_was(live, site, rss, rebuilt):
    archive = live()
    feed = site.serve("/feed", rss("a"))
    archive.update(feed)
    site.serve("/feed", "<html><body><p>Login, or sign up, for whatever there is to read</p></body></html>")
    archive.update(feed)
    before = archive.rows("SELECT outcome, error_kind, error FROM fetches ORDER BY id")
    damage(archive, 2)
    assert rebuilt(archive, despite_damage=True).lost[0].fetch_id == 2
    assert archive.rows("SELECT outcome, error_kind, error FROM fetches ORDER BY id") == before


def test_despite_damage_all_that_rests_on_the_damaged_body_is_named(live, rss, rebuilt):
    archive = live()
    for last in range(6):
        names = [f"story {number}" for number in range(last, last + 8)]
        archive.replay("https://example.org/feed", rss(*reversed(names)))
    damage(archive, 1)
    done = rebuilt(archive, despite_damage=True)
    assert [lost.fetch_id for lost in done.lost] == [1, 2, 3, 4, 5, 6]
    assert archive.rows("SELECT count(*) FROM entries") == [(13,)]


def test_without_damage_the_option_changes_nothing(live, site, rss, rebuilt):
    archive = live()
    live_through_a_lot(archive, site, rss)
    done = rebuilt(archive, despite_damage=True)
    assert (done.comparison.equal, done.lost) == (True, ())


def test_too_full_a_disk_is_told_before_anything_is_done(live, rss, rebuilt, monkeypatch):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    free = shutil.disk_usage(archive.path.parent)._replace(free=1_000_000)
    monkeypatch.setattr("archiver.store.replacing.shutil.disk_usage", lambda path: free)
    with pytest.raises(StoreError, match="1 MB are free; make room"):
        rebuilt(archive)


def test_a_disk_without_a_free_byte_is_told_and_everything_let_go(live, rss, rebuilt, monkeypatch):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    before = archive.path.read_bytes()
    monkeypatch.setattr(failpoints, "_armed", failpoints.read("before_checkpoint=full:1"))
    with pytest.raises(StoreError, match="the disk is full, and nothing was written; make room"):
        rebuilt(archive)
    assert archive.path.read_bytes() == before
    assert rebuilt(archive, keep=False).replaced


def test_a_killed_rebuild_s_leftovers_are_swept_away(live, rss, rebuilt):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    for ending in ("", "-wal"):
        archive.path.with_name(f"archive.db.rebuilding{ending}").write_bytes(b"half of it")
    assert rebuilt(archive, keep=False).comparison.equal
    assert sorted(path.name for path in archive.path.parent.iterdir()) == ["archive.db"]


def test_the_archive_may_be_a_link(live, rss, rebuilt, tmp_path):
    archive = live()
    archive.replay("https://example.org/feed", rss("b", "a"))
    link = tmp_path / "link.db"
    link.symlink_to(archive.path)
    real, archive.path = archive.path, link
    assert rebuilt(archive, keep=False).replaced
    assert link.is_symlink()
    assert real.exists()


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not on this machine")
def test_the_corpus_is_rebuilt_equal(live, rebuilt):
    archive = live()
    for file in sorted(CORPUS.iterdir()):
        if file.is_file():
            archive.replay(file.as_uri(), file.read_bytes())
    before = archive.tables()
    assert rebuilt(archive).comparison.equal
    assert archive.tables() == before


def test_what_was_changed_by_hand_is_reported_as_a_difference(live, site, rss, rebuilt):
    archive = live()
    live_through_a_lot(archive, site, rss)
    connection = sqlite3.connect(archive.path)
    connection.execute("UPDATE revisions SET title = 'other' WHERE id = 7")
    connection.execute("UPDATE entries SET present = 1 - present WHERE id = 5")
    connection.commit()
    connection.close()
    comparison = rebuilt(archive, agree=False).comparison
    assert not comparison.equal
    assert comparison.differences["words"].count == 1
    assert comparison.differences["present"].count == 1
