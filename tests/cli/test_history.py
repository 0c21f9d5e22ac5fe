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
    assert lines[0].endswith("first seen: Story b")
    assert lines[1].endswith("  summary")


def test_the_history_tells_a_title_where_it_changed_and_nowhere_else(archiver, tmp_path, rss):
    for day, title in enumerate(("A story", "A story", "Another story"), 1):
        text = rss("b", "a", texts={"a": f"text {min(day, 2)}"}).replace("Story a", title)
        (tmp_path / "feed.xml").write_text(text)
        archiver("replay", "feed.xml", "--at", f"2026-05-0{day}T00:00:00Z")
    lines = archiver("show", "entry:2", "--history").out.splitlines()[2:]
    assert [line.split("feed.xml")[1].strip() for line in lines] == [
        "first seen: A story",
        "summary",
        "title: Another story",
    ]


def test_history_and_diff_together_show_both(edited):
    out = edited("show", "entry:2", "--history", "--diff").out
    assert out.count("entry:2") == 1
    assert "withdrawn" in out
    assert "summary: one [-old-] {+new+} word" in out
    assert edited("show", "entry:2", "--diff", "--history").out == out


def test_another_order_of_categories_is_no_change_of_them(archiver, tmp_path, rss):
    orders = ((1, 2, 3), (3, 1, 2), (3, 4, 1))
    for day, numbers in enumerate(orders, 1):
        tags = "".join(f"<category>tag{number}</category>" for number in numbers)
        text = rss("a", texts={"a": f"text {day}"}).replace("</item>", f"{tags}</item>")
        (tmp_path / "feed.xml").write_text(text)
        archiver("replay", "feed.xml", "--at", f"2026-05-0{day}T00:00:00Z")
    told = archiver("show", "entry:1", "--history", "--json").json["revisions"]["1"]
    assert [version.get("changed") for version in told] == [None, ["summary"], ["summary", "categories"]]
    assert "categories: tag3; tag1; [-tag2-] {+tag4+}" in archiver("show", "entry:1", "--diff").out


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
