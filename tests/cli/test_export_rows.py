"""`archiver export` of entries and versions, as a person uses it."""

import csv
import json
import zipfile
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def archived(archiver, fixtures):
    assert archiver("replay", fixtures).status == 0
    return archiver


def test_every_entry_goes_out_as_a_line_of_json(archived):
    ran = archived("export", "--format", "jsonl")
    rows = [json.loads(line) for line in ran.out.split("\n")[:-1]]
    assert (len(rows), len({row["post_id"] for row in rows}), ran.err) == (45, 38, "45 entries\n")
    assert rows[0] == archived("show", "entry:1", "--json").json


def test_a_file_comes_with_codebook_and_manifest_and_can_be_checked(archived, tmp_path):
    ran = archived("export", "--format", "csv", "--output", "a.csv")
    assert (ran.status, ran.out) == (0, "45 entries, with codebook and manifest\n")
    assert {path.name for path in tmp_path.glob("a.*")} == {
        "a.csv",
        "a.csv.codebook.md",
        "a.csv.manifest.json",
    }
    with Path("a.csv").open(newline="", encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 45
    checked = archived("export", "--check", "a.csv.manifest.json")
    assert checked.status == 0
    assert "a.csv is what was exported" in checked.out
    Path("a.csv").write_text("other")
    assert archived("export", "--check", "a.csv.manifest.json").status == 1


def test_posts_go_out_as_markdown_in_a_folder_or_packed(archived):
    archived("export", "--format", "markdown", "--output", "posts")
    files = sorted(Path("posts").rglob("*.md"))
    assert len(files) == 38
    head, body = files[0].read_text("utf-8").removeprefix("---\n").split("---\n", 1)
    assert yaml.safe_load(head)["post_id"] == 1
    assert body.strip()
    archived("export", "--format", "markdown", "--output", "posts.zip")
    with zipfile.ZipFile("posts.zip") as packed:
        assert len(packed.namelist()) == 38
        assert packed.read("0000/post-1.md").decode() == Path("posts/0000/post-1.md").read_text("utf-8")


def test_a_copy_made_through_atom_has_the_same_posts(archived):
    archived("export", "--format", "atom", "--output", "all.atom")
    told = archived("--archive", "copy.db", "replay", "all.atom", "--json").json
    assert (told["posts"], told["errors"]) == (38, [])


def test_a_question_narrows_it_down_as_in_search(archived):
    found = {hit["id"] for hit in archived("search", "kazakhstan", "--limit", "100", "--json").json}
    lines = archived("export", "--format", "jsonl", "kazakhstan").out.split("\n")[:-1]
    assert {json.loads(line)["post_id"] for line in lines} == found
    assert found


def test_what_was_not_understood_is_noted_and_searched_for(archived):
    ran = archived("export", "--format", "jsonl", "after:yesterday")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.startswith("note: ")


def test_the_codebook_can_be_had_alone(archived):
    assert "| `content_text` |" in archived("export", "--codebook").out
    assert "| `fetch_id` |" in archived("export", "--codebook", "--revisions").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "warc", "words"), "QUERY is not for warc"),
        (("--format", "warc", "--as-of", "2024"), "--as-of is not for warc"),
        (("--format", "jsonl", "--as-of", "soon"), "'soon' is not a date"),
        (("--format", "jsonl", "--as-of", "2026-02-31"), "'2026-02-31' is not a date"),
        (("--format", "csv", "--since", "2026-02-31"), "'2026-02-31' is not a date"),
        (("--format", "jsonl", "--bom"), "--bom goes with"),
        (("--format", "csv", "--despite-damage"), "--despite-damage goes with"),
        (("--format", "csv", "--output", "no/such/a.csv"), "cannot be written: No such file"),
        (("--format", "markdown", "--output", "no/such/posts"), "cannot be written: No such file"),
        (("--format", "jsonl", "--feed", "nobody"), "no feed 'nobody'"),
        (("--check", "none.json"), "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(archived, arguments, said):
    ran = archived("export", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
