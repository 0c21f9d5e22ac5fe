"""Datasette's own pages: they work, tell what the columns mean, and are safe with any value."""

import json
import re
import shutil
import sqlite3

import pytest

from archiver.web import policy, schema_notes


def test_tables_tell_what_their_columns_mean(site):
    page = site.get("/archive/entries").text
    assert "One row for each entry of each feed, in its latest version." in page
    assert "the publisher&#39;s date. NULL: there is none that can be read, and none is invented." in page


def test_the_questions_of_the_documentation_are_there_to_be_asked(site):
    questions = schema_notes.questions(schema_notes.notes())
    assert len(questions) >= 12
    for name, (told, _) in questions.items():
        answer = site.get(f"/archive/{name}.json")
        assert answer.status == 200, told


def test_every_table_and_column_of_the_documentation_is_known(archive):
    with sqlite3.connect(archive) as db:
        there = {
            table: {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")
        }
    db.close()
    told = schema_notes.tables(schema_notes.notes())
    assert len(told) >= 18
    for table, notes in told.items():
        assert notes.description, table
        if "fts" not in table:
            assert set(notes.columns) == there[table], table


@pytest.mark.parametrize("path", ["/archive/posts.json", "/archive/posts.csv", "/archive/feeds/1.json"])
def test_data_comes_as_json_and_csv(site, path):
    assert site.get(path).status == 200


def test_sql_is_answered_within_its_time_or_not_at_all(site):
    asked = site.get("/archive.json?sql=select+count(*)+n+from+entries&_shape=array")
    assert json.loads(asked.body)[0]["n"] > 70
    endless = "with+recursive+c(x)+as+(select+1+union+all+select+x%2B1+from+c)+select+max(x)+from+c"
    answer = site.get(f"/archive.json?sql={endless}")
    assert answer.status == 400
    assert "interrupted" in answer.text.lower() or "time limit" in answer.text.lower()


@pytest.mark.parametrize("sql", ["delete+from+feeds", "attach+':memory:'+as+x", "pragma+journal_mode=delete"])
def test_sql_writes_nothing(site, sql):
    assert site.get(f"/archive.json?sql={sql}").status == 400


def test_what_cannot_be_found_is_told_on_a_page_and_as_json(site):
    assert "Not in the archive" in site.get("/archive/nothing").text
    assert json.loads(site.get("/archive/nothing.json").body)["status"] == 404


def test_what_is_written_meanwhile_is_seen_at_once_also_in_another_file_at_its_place(
    serve, archive, tmp_path
):
    path = tmp_path / "archive.db"
    shutil.copy(archive, path)

    def names(site) -> tuple[str, str]:
        told = json.loads(site.get("/archive/feeds.json?id=1&_shape=array").body)[0]["name"]
        return told, re.search(r"<title>([^ ]+)", site.get("/feed/1").text)[1]

    def rename(file, name: str) -> None:
        with sqlite3.connect(file) as db:
            db.execute("UPDATE feeds SET name = ? WHERE id = 1", [name])
        db.close()

    with serve(path) as site:
        rename(path, "once")
        assert names(site) == ("once", "once")
        shutil.copy(path, tmp_path / "other.db")
        rename(tmp_path / "other.db", "twice")
        (tmp_path / "other.db").replace(path)
        assert names(site) == ("twice", "twice")


def test_the_policy_names_every_script_that_datasettes_pages_have(browser):
    for path in ("/archive", "/archive/entries", "/archive?sql=select+1", "/archive/entries/1"):
        browser.open(path)
        assert browser.complaints() == []
    assert "'sha256-" in policy.theirs()


@pytest.mark.parametrize(
    "path",
    [
        "/archive",
        *(
            pytest.param(path, marks=pytest.mark.slow)
            for path in ("/archive?sql=select+1", "/archive/feeds", "/archive/feeds/1")
        ),
    ],
)
def test_axe_finds_nothing_wrong_on_datasettes_pages(browser, path):
    for dark in (False, True):
        assert browser.open(path, dark=dark).violations() == []


def test_a_hostile_value_in_a_table_runs_nothing(browser):
    for path in (
        "/archive/entries?feed_id=6",
        "/archive/feeds/6",
        "/archive/revisions",
        "/archive/categories",
    ):
        page = browser.open(path)
        assert "document.title='hurt'" in page.driver.page_source.replace("&amp;", "&")
        assert page.run("return document.title") != "hurt"
        assert (
            page.run("return document.querySelectorAll('[onerror],td [onmouseover],td script').length") == 0
        )


def test_a_script_that_got_into_such_a_page_all_the_same_would_not_run(browser):
    page = browser.open("/archive/entries")
    page.run(
        "const script = document.createElement('script'); script.textContent = \"document.title='hurt'\";"
        "document.body.append(script)"
    )
    assert page.title != "hurt"
    assert any("Content Security Policy" in line for line in page.complaints())


def test_datasettes_pages_are_readable_on_a_telephone(browser):
    for path in ("/archive", "/archive/feeds"):
        assert browser.open(path, width=360).overflow() <= 0
