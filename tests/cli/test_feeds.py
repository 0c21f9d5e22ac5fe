"""`feeds` with its verbs."""

import pytest

OPML = """<?xml version="1.0"?><opml version="2.0"><head/><body>
<outline text="Central Asia"><outline text="One" xmlUrl="https://one.example/feed"/></outline>
<outline text="Two" xmlUrl="https://two.example/feed"/><outline text="Ours" xmlUrl="file:///etc/passwd"/>
</body></opml>"""


@pytest.fixture(autouse=True)
def loopback(tmp_path) -> None:
    """The sites of these tests are on this machine, where the guard lets nobody go unasked."""
    (tmp_path / "config.yaml").write_text("fetch: {allowed_networks: [127.0.0.1], per_host_spacing: 0s}")


@pytest.fixture
def followed(archiver, site, rss) -> str:
    """One feed, added by command."""
    url = site.serve("/feed", rss("a", title="The feed"))
    archiver("feeds", "add", url, "--name", "Mine", "--tag", "ngo", "--interval", "2h")
    return url


def test_add_follows_a_feed_by_its_own_address(archiver, followed):
    [feed] = archiver("feeds", "--json").json
    assert (feed["url"], feed["name"], feed["tags"]) == (followed, "Mine", ["ngo"])
    assert (feed["origin"], feed["configured_interval_seconds"]) == ("command", 7200)
    assert archiver("run", "--once", "--json").json["new"] == 1


def test_add_finds_the_feed_of_a_page(archiver, site, rss):
    site.serve("/blog/feed.xml", rss("a"))
    site.serve("/blog/comments.xml", rss("c", title="Comments on Example"))
    page = site.serve(
        "/blog/",
        "<html><head><link rel=alternate type='application/rss+xml' title='Comments' href='comments.xml'>"
        "<link rel=alternate type='application/rss+xml' title='Posts' href='feed.xml'></head></html>",
    )
    ran = archiver("feeds", "add", page, "--json")
    assert ran.json["url"] == site.origin + "/blog/feed.xml"
    assert ran.json["others"] == [site.origin + "/blog/comments.xml"]


def test_add_tries_the_usual_places_where_a_page_names_none(archiver, site, rss):
    site.serve("/feed/", rss("a"))
    page = site.serve("/", "<html><head><title>Us</title></head><body><p>Hello</p></body></html>")
    assert archiver("feeds", "add", page, "--json").json["url"] == site.origin + "/feed/"


def test_add_says_when_there_is_no_feed_and_adds_none(archiver, site, tmp_path):
    page = site.serve("/", "<html><body><p>No feed here</p></body></html>")
    ran = archiver("feeds", "add", page)
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "no feed" in ran.err
    assert not (tmp_path / "data").exists()


def test_add_as_is_asks_nobody(archiver):
    assert archiver("feeds", "add", "https://example.org/feed", "--as-is").status == 0
    assert len(archiver("feeds", "--json").json) == 1


def test_add_takes_a_file_from_the_command_line(archiver, tmp_path, rss):
    (tmp_path / "feed.xml").write_text(rss("a"))
    assert archiver("feeds", "add", "feed.xml").status == 0
    assert archiver("run", "--once", "--json").json["new"] == 1


def test_a_paused_feed_is_not_asked_until_it_is_resumed(archiver, followed):
    archiver("feeds", "pause", "Mine")
    assert archiver("run", "--once", "--json").json["feeds"] == 0
    archiver("feeds", "resume", "1")
    assert archiver("run", "--once", "--json").json["feeds"] == 1


def test_a_removed_feed_is_listed_no_more_and_its_entries_stay(archiver, followed):
    archiver("run", "--once")
    archiver("feeds", "remove", followed)
    assert archiver("feeds", "--json").json == []
    assert archiver("search", "story", "--json").json[0]["feeds"] == ["Mine"]
    assert [feed["entries"] for feed in archiver("feeds", "--all", "--json").json] == [1]


def test_a_feed_of_the_configuration_is_removed_there(archiver, tmp_path, site, rss):
    url = site.serve("/feed", rss("a"))
    (tmp_path / "config.yaml").write_text(
        f"feeds:\n  - {url}\nfetch: {{allowed_networks: [127.0.0.1], per_host_spacing: 0s}}\n"
    )
    archiver("run", "--once")
    ran = archiver("feeds", "remove", url)
    assert (ran.status, "config.yaml:2:" in ran.err) == (2, True)


def test_a_feed_that_nobody_knows_is_one_sentence(archiver, followed):
    ran = archiver("feeds", "pause", "Nobody")
    assert (ran.status, ran.err.count("\n")) == (2, 1)


def test_import_follows_the_feeds_of_an_opml_file_with_folders_as_tags(archiver, tmp_path):
    (tmp_path / "list.opml").write_text(OPML)
    ran = archiver("feeds", "import", "list.opml")
    assert "2 feeds added" in ran.out
    assert "file:" in ran.err
    listed = {feed["url"]: feed["tags"] for feed in archiver("feeds", "--json").json}
    assert listed == {"https://one.example/feed": ["Central Asia"], "https://two.example/feed": []}


def test_importing_twice_adds_nothing(archiver, tmp_path):
    (tmp_path / "list.opml").write_text(OPML)
    archiver("feeds", "import", "list.opml")
    assert archiver("feeds", "import", "list.opml", "--json").json["added"] == []


def test_what_is_exported_can_be_imported(archiver, tmp_path):
    (tmp_path / "list.opml").write_text(OPML)
    archiver("feeds", "import", "list.opml")
    (tmp_path / "out.opml").write_text(archiver("feeds", "export").out)
    ran = archiver("--archive", "other.db", "feeds", "import", "out.opml", "--json")
    assert sorted(ran.json["added"]) == ["https://one.example/feed", "https://two.example/feed"]


def test_adding_a_known_feed_again_keeps_what_was_said_of_it(archiver, followed):
    archiver("feeds", "add", followed)
    [feed] = archiver("feeds", "--json").json
    assert (feed["name"], feed["tags"], feed["configured_interval_seconds"]) == ("Mine", ["ngo"], 7200)


@pytest.mark.parametrize(
    "arguments",
    [("javascript:alert(1)",), ("http://",), ("gopher://x",), ("https://a.example", "--charset", "nonsense")],
)
def test_add_refuses_nonsense_in_one_sentence_and_touches_nothing(archiver, tmp_path, arguments):
    ran = archiver("feeds", "add", "--as-is", *arguments)
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert not (tmp_path / "data").exists()


def test_the_verbs_print_json_too(archiver, followed):
    for verb in ("pause", "resume", "remove"):
        assert archiver("feeds", verb, "1", "--json").json == {"feeds": [1]}
