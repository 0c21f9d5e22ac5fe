"""`show --history` and `--diff`."""

import pytest


@pytest.fixture
def edited(archiver, tmp_path, rss):
    """An archive of a story that was edited, taken down, and put up again."""
    texts = ("one old word", "one new word")
    for day, (names, text) in enumerate(
        (("cba", texts[0]), ("cba", texts[1]), ("ca", ""), ("ca", ""), ("cba", texts[1])), 1
    ):
        (tmp_path / "feed.xml").write_text(rss(*names, texts={"b": text}))
        archiver("replay", "feed.xml", "--at", f"2026-05-0{day}T00:00:00Z")
    return archiver


def test_the_history_has_versions_and_events_with_the_fetches_that_prove_them(edited):
    lines = edited("show", "entry:2", "--history").out.splitlines()[2:]
    assert [line.split()[0][:10] for line in lines] == [f"2026-05-0{day}" for day in (1, 2, 4, 5)]
    assert [
        next(what for what in ("version 1", "version 2", "withdrawn", "returned") if what in line)
        for line in lines
    ] == ["version 1", "version 2", "withdrawn", "returned"]
    assert "3, 4" in lines[2]
    assert "summary: Story b" in lines[1]


def test_the_diff_names_the_fetch_and_the_field(edited):
    out = edited("show", "entry:2", "--diff").out
    assert "fetch 2 from file:" in out
    assert "summary: one [-old-] {+new+} word" in out


def test_as_json_versions_say_what_changed_and_events_what_proves_them(edited):
    told = edited("show", "entry:2", "--history", "--json").json
    assert [version.get("changed") for version in told["revisions"]["2"]] == [None, ["summary"]]
    assert [(event["kind"], event["earlier_fetch_id"]) for event in told["events"]["2"]] == [
        ("withdrawn", 3),
        ("returned", None),
    ]
