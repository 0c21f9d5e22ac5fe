"""`run --once`, `fetch`, `replay`."""

import os
import sqlite3
import subprocess
import sys

ALLOWED = "\nfetch: {allowed_networks: [127.0.0.1], per_host_spacing: 0s}\n"


def test_replaying_the_fixtures_makes_45_entries_and_38_posts(archiver, fixtures):
    ran = archiver("replay", fixtures, "--json")
    assert ran.status == 0
    assert ran.json == {"feeds": 5, "entries": 45, "new": 45, "revised": 0, "posts": 38, "errors": []}


def test_replaying_them_again_adds_nothing_and_revises_nothing(archiver, fixtures):
    archiver("replay", fixtures)
    ran = archiver("replay", fixtures, "--json")
    assert ran.json == {"feeds": 5, "entries": 45, "new": 0, "revised": 0, "posts": 38, "errors": []}


def test_a_document_that_is_no_feed_fails_alone_and_the_exit_status_says_so(
    archiver, fixtures, tmp_path, rss
):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.xml").write_text(rss("a"))
    (tmp_path / "docs" / "page.xml").write_text("<html><body><p>A page</p></body></html>")
    ran = archiver("replay", "docs", "--json")
    assert ran.status == 1
    assert (ran.json["feeds"], ran.json["new"]) == (2, 1)
    assert [(e["path"], e["kind"]) for e in ran.json["errors"]] == [("docs/page.xml", "web_page")]


def test_a_saved_page_is_read_as_a_page(archiver, tmp_path):
    body = "".join(f"<p>Paragraph {n} has a good number of words about one thing.</p>" for n in range(6))
    page = f"<html><head><title>A page</title></head><body><h1>A page</h1>{body}</body></html>"
    (tmp_path / "page.html").write_text(page)
    assert archiver("replay", "page.html", "--json").json["new"] == 1


def test_a_changed_file_replayed_later_is_the_next_fetch_of_the_same_feed(archiver, tmp_path, rss):
    (tmp_path / "feed.xml").write_text(rss("a"))
    archiver("replay", "feed.xml", "--at", "2026-03-01")
    (tmp_path / "feed.xml").write_text(rss("b", "a", texts={"a": "changed"}))
    ran = archiver("replay", "feed.xml", "--at", "2026-03-02T10:00:00Z", "--json")
    assert (ran.json["feeds"], ran.json["new"], ran.json["revised"]) == (1, 1, 1)
    history = archiver("show", "entry:1", "--history", "--json").json["revisions"]["1"]
    assert [row["seen_at"] for row in history] == ["2026-03-01T00:00:00Z", "2026-03-02T10:00:00Z"]


def test_url_says_where_a_single_file_came_from(archiver, tmp_path, rss):
    (tmp_path / "feed.xml").write_text(rss("a"))
    archiver("replay", "feed.xml", "--url", "https://example.org/feed")
    assert [feed["url"] for feed in archiver("feeds", "--json").json] == ["https://example.org/feed"]


def test_url_for_several_files_is_a_mistake_and_nothing_is_touched(archiver, fixtures, tmp_path):
    ran = archiver("replay", fixtures, "--url", "https://example.org/feed")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "data").exists()


def test_once_fetches_what_the_configuration_lists_and_says_which_failed(archiver, site, rss, tmp_path):
    good, bad = site.serve("/good", rss("b", "a")), site.origin + "/bad"
    (tmp_path / "config.yaml").write_text(
        f"feeds:\n  - url: {good}\n    name: Good\n  - url: {bad}\n" + ALLOWED
    )
    ran = archiver("run", "--once", "--json")
    assert (ran.status, ran.json) == (1, {"feeds": 2, "new": 2, "revised": 0, "failed": 1})
    assert "new           Good: 2 new of 2 entries" in ran.err


def test_the_user_agent_and_the_configured_headers_are_sent(archiver, site, rss, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret-token")
    (tmp_path / "config.yaml").write_text(
        "fetch:\n  contact: https://ngo.example/archive\n"
        "  allowed_networks: [127.0.0.1]\n  per_host_spacing: 0s\n"
        f"feeds:\n  - url: {site.serve('/feed', rss('a'))}\n    headers:\n      X-Token: ${{TOKEN}}\n"
    )
    ran = archiver("run", "--once")
    sent = site.requests[0][1]
    assert sent["user-agent"].endswith("(+https://ngo.example/archive)")
    assert sent["x-token"] == "secret-token"
    assert "secret-token" not in ran.err
    dump = sqlite3.connect(tmp_path / "data" / "archive.db")
    assert "secret-token" not in "\n".join(dump.iterdump())
    dump.close()


def test_fetch_does_not_ask_a_server_that_asked_for_patience_and_says_until_when(
    archiver, site, rss, tmp_path
):
    url = site.serve("/feed", rss("a"), status=429, headers={"Retry-After": "3600"})
    (tmp_path / "config.yaml").write_text(f"feeds: [{url}]" + ALLOWED)
    assert archiver("fetch", "--json").json == {"feeds": 1, "new": 0, "revised": 0, "failed": 1}
    ran = archiver("fetch", url)
    assert (ran.status, ran.out) == (1, "1 feed: 0 new entries, 0 revisions, 1 not asked\n")
    assert "127.0.0.1 is left alone until " in ran.err
    assert "its server answered 429 and asked for patience" in ran.err
    assert archiver("fetch", "--json").json["skipped"] == 1
    assert len(site.requests) == 1


def test_a_feed_that_leaves_the_configuration_is_paused_and_keeps_its_entries(archiver, site, rss, tmp_path):
    url = site.serve("/feed", rss("a"))
    (tmp_path / "config.yaml").write_text(f"feeds: [{url}]" + ALLOWED)
    archiver("run", "--once")
    (tmp_path / "config.yaml").write_text("feeds: []")
    archiver("run", "--once")
    [feed] = archiver("feeds", "--json").json
    assert (feed["state"], feed["paused_by"], feed["entries"]) == ("paused", "config", 1)


def test_fetch_asks_whether_due_or_not(archiver, site, rss, tmp_path):
    url = site.serve("/feed", rss("a"))
    (tmp_path / "config.yaml").write_text(f"feeds: [{url}]" + ALLOWED)
    archiver("run", "--once")
    site.serve("/feed", rss("b", "a"))
    assert archiver("run", "--once", "--json").json["feeds"] == 0
    assert archiver("fetch", url, "--json").json["new"] == 1


def test_a_mistake_in_the_configuration_is_one_sentence_and_nothing_is_touched(archiver, tmp_path):
    (tmp_path / "config.yaml").write_text(
        "feeds:\n  - url: https://example.org/feed\n    interval: 5 bananas\n"
    )
    ran = archiver("run", "--once")
    assert ran.status == 2
    assert ran.err.startswith('archiver: config.yaml:3: feeds[0].interval: "5 bananas" is not a duration;')
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_no_archive_is_refused_untouched(archiver, fixtures, tmp_path):
    (tmp_path / "letters.db").write_bytes(b"Dear Sir or Madam" * 100)
    ran = archiver("--archive", "letters.db", "replay", fixtures)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert (tmp_path / "letters.db").read_bytes() == b"Dear Sir or Madam" * 100


def test_a_command_without_a_configuration_pauses_nothing(archiver, rss, tmp_path, monkeypatch):
    (tmp_path / "feed.xml").write_text(rss("a"))
    (tmp_path / "config.yaml").write_text("feeds: [file:feed.xml]")
    archiver("run", "--once")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    archive = tmp_path / "data" / "archive.db"
    assert archiver("--archive", archive, "fetch", "1", "--json").json["feeds"] == 1
    assert archiver("--archive", archive, "run", "--once").status == 0
    assert [feed["state"] for feed in archiver("--archive", archive, "feeds", "--json").json] == ["active"]


def test_a_feed_that_left_the_configuration_is_paused_by_the_service_only(archiver, site, rss, tmp_path):
    (tmp_path / "config.yaml").write_text(f"feeds: [{site.serve('/feed', rss('a'))}]" + ALLOWED)
    archiver("run", "--once")
    (tmp_path / "config.yaml").write_text("feeds: []" + ALLOWED)
    archiver("fetch")
    assert [feed["state"] for feed in archiver("feeds", "--json").json] == ["active"]


def test_a_feed_that_nobody_knows_is_refused_before_anything_is_touched(archiver, site, rss, tmp_path):
    (tmp_path / "config.yaml").write_text(f"feeds: [{site.serve('/feed', rss('a'))}]" + ALLOWED)
    ran = archiver("fetch", "nosuch")
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "data").exists()


def test_secrets_in_an_address_reach_no_line_and_no_error(archiver, site, tmp_path):
    page = site.serve("/page?token=SECRET1", "<html><body>Log in</body></html>")
    url = page.replace("http://", "http://me:SECRET2@")
    (tmp_path / "config.yaml").write_text(f"feeds: [{url}]" + ALLOWED)
    ran = archiver("run", "--once")
    assert ran.status == 1
    assert "SECRET" not in ran.err + ran.out
    events = archiver("status", "--json").json["events"]
    assert "SECRET" not in str(events)


def test_the_reader_of_the_output_may_go_away(archiver, fixtures, tmp_path):
    archiver("replay", fixtures)
    command = f"{sys.executable} -m archiver show 26 --html | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_document_older_than_the_archive_has_is_left_out(archiver, tmp_path, rss):
    (tmp_path / "feed.xml").write_text(rss("b", "a"))
    archiver("replay", "feed.xml", "--at", "2026-03-03")
    (tmp_path / "feed.xml").write_text(rss("a"))
    ran = archiver("replay", "feed.xml", "--at", "2026-03-01", "--json")
    assert (ran.status, [error["kind"] for error in ran.json["errors"]]) == (1, ["late"])
    assert archiver("status", "--json").json["fetches"] == 1


def test_a_pipe_is_no_document_and_is_not_waited_for(archiver, tmp_path):
    os.mkfifo(tmp_path / "pipe.xml")
    ran = archiver("replay", "pipe.xml", "--json")
    assert (ran.status, [error["kind"] for error in ran.json["errors"]]) == (1, ["file"])


def test_a_replay_that_is_told_to_stop_says_that_what_is_done_stays(tmp_path, rss):
    for number in range(300):
        (tmp_path / f"{number:03}.xml").write_text(rss("a", title=str(number)))
    command = [sys.executable, "-m", "archiver", "replay", "."]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        assert "new" in process.stderr.readline()
        process.terminate()
        told = process.stderr.read()
        assert process.wait(10) == 130
    finally:
        process.stderr.close()
        process.kill()
        process.wait()
    assert told.endswith("stopped; what was replayed until now is archived\n")
    assert "Traceback" not in told


def test_a_file_is_the_same_feed_whichever_way_leads_to_it(archiver, tmp_path, rss):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "feed.xml").write_text(rss("a"))
    archiver("replay", "docs/feed.xml")
    assert archiver("replay", "docs/../docs", "--json").json["new"] == 0
    assert archiver("status", "--json").json["feeds"] == 1
