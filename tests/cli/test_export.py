"""`archiver export`, and `archiver replay` of what it wrote."""

import gzip

import pytest


@pytest.fixture
def archived(archiver, fixtures):
    assert archiver("replay", fixtures).status == 0
    return archiver


def test_the_archive_goes_out_as_warc_and_comes_in_again(archived, tmp_path):
    out = archived("export", "--format", "warc", "--output", "all.warc.gz")
    assert (out.status, out.out) == (0, "5 fetches in 12 records\n")
    again = archived("--archive", "again.db", "replay", "all.warc.gz", "--json")
    assert again.status == 0
    assert again.json == {
        "feeds": 5, "entries": 45, "new": 45, "revised": 0, "posts": 38, "errors": [], "skipped": 0,
    }  # fmt: skip
    assert not list(tmp_path.glob("*.part"))


def test_the_summary_can_be_had_as_json(archived):
    ran = archived("export", "--format", "warc", "--output", "a.warc", "--json")
    assert ran.json == {"path": "a.warc", "fetches": 5, "records": 12}


def test_filters_choose_feeds_and_days(archived, tmp_path):
    one = archived("export", "--format", "warc", "--feed", "1", "--output", "one.warc.gz")
    assert one.out == "1 fetch in 4 records\n"
    assert b"WARC/1.1\r\n" in gzip.decompress((tmp_path / "one.warc.gz").read_bytes())
    none = archived("export", "--format", "warc", "--until", "2001", "--output", "none.warc.gz")
    assert none.out.startswith("0 fetches")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "epub"), "'epub' is not"),
        (("--format", "warc", "--json"), "--json goes with --output"),
        (("--format", "warc", "--output", "no/such/folder/a.warc"), "cannot be written: No such file"),
        (("--format", "warc", "--since", "May"), "'May' is not a date"),
        (("--format", "warc", "--feed", "nobody"), "no feed 'nobody'"),
        ((), "--format"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(archived, arguments, said):
    ran = archived("export", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_failed_export_leaves_the_file_that_was_there(archived, tmp_path):
    (tmp_path / "old.warc").write_text("old")
    assert archived("--archive", "none.db", "export", "--format", "warc", "--output", "old.warc").status == 2
    assert (tmp_path / "old.warc").read_text() == "old"


def test_a_damaged_file_is_told_and_the_rest_is_stored(archived, tmp_path):
    archived("export", "--format", "warc", "--output", "all.warc.gz")
    data = (tmp_path / "all.warc.gz").read_bytes()
    (tmp_path / "cut.warc.gz").write_bytes(data[: len(data) // 2])
    ran = archived("--archive", "again.db", "replay", "cut.warc.gz", "--json")
    assert ran.status == 1
    assert 0 < ran.json["feeds"] < 5
    assert "the file ends in the middle of a record" in ran.json["errors"][0]["error"]


@pytest.mark.parametrize("option", [("--url", "https://example.org/"), ("--at", "2024-05-01")])
def test_address_and_time_are_not_for_warc_files(archived, option):
    archived("export", "--format", "warc", "--output", "all.warc.gz")
    ran = archived("--archive", "again.db", "replay", "all.warc.gz", *option)
    assert ran.status == 2
    assert "a WARC file says itself" in ran.err
