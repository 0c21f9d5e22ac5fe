"""Manifest and codebook: what a researcher needs to refer to an export, and to be sure of it."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

import archiver
from archiver.errors import ConfigError
from archiver.export.codebook import codebook, columns_of
from archiver.export.manifest import check
from archiver.store import Rows

SCHEMA = (Path(__file__).parents[2] / "docs" / "schema.md").read_text("utf-8")
START = datetime(2024, 6, 1, tzinfo=UTC)
DOCUMENT = (
    "<rss version='2.0'><channel><title>Example</title><item><guid>1</guid><title>One</title></item>"
    "<item><guid>2</guid><title>Two</title><description>words</description></item></channel></rss>"
)


@pytest.fixture
def archive(told):
    return told.fetch("https://example.org/feed", DOCUMENT, START)


def exported(archive, path: Path, form: str = "jsonl", **asked) -> dict:
    with archiver.open(archive) as opened:
        return opened.export(path, form, **asked).manifest


def test_the_manifest_tells_what_was_asked_of_which_archive_and_what_came(archive, tmp_path):
    told = exported(archive, tmp_path / "a.jsonl", question="one", since="2024", as_of="2024-06")
    assert told == json.loads((tmp_path / "a.jsonl.manifest.json").read_text("utf-8"))
    data = (tmp_path / "a.jsonl").read_bytes()
    assert (told["rows"], told["bytes"], told["sha256"]) == (1, len(data), hashlib.sha256(data).hexdigest())
    assert told["asked"] == {"query": "one", "since": "2024", "as_of": "2024-06"}
    assert told["understood"] == {"query": 'one after:"2024"', "as_of": "2024-06-30T23:59:59Z", "notes": []}
    assert (told["archive"]["last_fetch_id"], told["archive"]["entries"]) == (1, 2)
    assert told["program"]["version"] == archiver.__version__
    assert told["sha256"] in told["cite_as"]
    assert "1 row" in told["cite_as"]


@pytest.mark.parametrize(
    ("form", "name"), [("csv", "a.csv"), ("markdown", "posts"), ("markdown", "posts.zip"), ("atom", "a")]
)
def test_a_file_is_known_again_by_its_manifest(archive, tmp_path, form, name):
    exported(archive, tmp_path / name, form)
    checked = check(tmp_path / f"{name}.manifest.json")
    assert (checked.problem, checked.path) == (None, tmp_path / name)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda file: file.write_bytes(file.read_bytes()[:-1]), "bytes, but"),
        (lambda file: file.write_bytes(file.read_bytes().replace(b"One", b"Eno")), "its SHA-256 is not"),
        (lambda file: file.unlink(), "cannot be read"),
    ],
)
def test_a_file_that_was_changed_is_not(archive, tmp_path, change, said):
    exported(archive, tmp_path / "a.jsonl")
    change(tmp_path / "a.jsonl")
    assert said in (check(tmp_path / "a.jsonl.manifest.json").problem or "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "0000" / "post-1.md").write_text("other"), "post-1.md: its SHA-256 is not"),
        (lambda folder: (folder / "0000" / "post-9.md").write_text("more"), "3 files, but 2 were exported"),
        (lambda folder: (folder / "0000" / "post-2.md").unlink(), "cannot be read"),
    ],
)
def test_neither_is_a_folder_of_which_a_file_was_changed(archive, tmp_path, change, said):
    exported(archive, tmp_path / "posts", "markdown")
    change(tmp_path / "posts")
    assert said in (check(tmp_path / "posts.manifest.json").problem or "")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"file": "../a", "bytes": 1, "sha256": "0"}', "[" * 10**5])
def test_what_is_no_manifest_is_told_in_a_sentence(tmp_path, text):
    (tmp_path / "m").write_text(text)
    with pytest.raises(ConfigError):
        check(tmp_path / "m")


def test_a_folder_that_has_something_in_it_is_not_replaced(archive, tmp_path):
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "mine.md").write_text("mine")
    with pytest.raises(ConfigError, match="already"):
        exported(archive, tmp_path / "posts", "markdown")
    assert (tmp_path / "posts" / "mine.md").read_text() == "mine"
    assert not list(tmp_path.glob("*.part"))


def _in_schema(table: str) -> dict[str, str]:
    section = SCHEMA.split(f"### `{table}`\n")[1].split("\n##")[0]
    found = {}
    for heads, text in re.findall(r"^- ((?:`\w+`(?:, )?)+): (.*?)(?=^- |\Z|\n\n)", section, re.M | re.S):
        found |= dict.fromkeys(re.findall(r"`(\w+)`", heads), " ".join(text.split()))
    return found


@pytest.mark.parametrize(("rows", "table"), [(Rows.ENTRIES, "entries"), (Rows.REVISIONS, "revisions")])
def test_the_codebook_says_of_every_column_what_the_schema_says(rows, table):
    of_table = _in_schema(table)
    own = {column.name: column.meaning for column in columns_of(rows) if column.name in of_table}
    assert own == {name: of_table[name] for name in own}
    assert len(own) >= len(columns_of(rows)) - 8
    assert all(f"| `{column.name}` | {column.kind} |" in codebook(rows) for column in columns_of(rows))


def test_the_codebook_of_a_day_says_what_nobody_wrote_down():
    assert "`last_seen_at`" in codebook(Rows.ENTRIES, as_of="2024-06-01T23:59:59Z").split("| column")[0]


def test_the_codebook_lies_beside_the_file(archive, tmp_path):
    exported(archive, tmp_path / "a.csv", "csv", revisions=True)
    assert (tmp_path / "a.csv.codebook.md").read_text("utf-8") == codebook(Rows.REVISIONS)
