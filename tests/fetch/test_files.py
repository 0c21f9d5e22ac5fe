"""file: sources: plain files, whole, within the limit, and nothing else."""

import os
from pathlib import Path

import pytest

from archiver.errors import FetchError
from archiver.fetch.files import read_file


def failure(url: str, *, limit: int = 100) -> FetchError:
    with pytest.raises(FetchError) as caught:
        read_file(url, limit=limit)
    return caught.value


def test_a_file_is_read_byte_for_byte(tmp_path: Path):
    path = tmp_path / "вести 100%#1?.xml"
    path.write_bytes(b"\r\n\0\xff")
    response = read_file(path.as_uri(), limit=4)
    assert (response.body, response.status, response.headers, response.complete) == (
        b"\r\n\0\xff",
        None,
        (),
        True,
    )


def test_a_file_over_the_limit_is_refused(tmp_path: Path):
    path = tmp_path / "feed"
    path.write_bytes(b"12345")
    assert failure(path.as_uri(), limit=4).kind == "file"


def test_what_is_not_there_is_named(tmp_path: Path):
    path = tmp_path / "feed"
    error = failure(path.as_uri())
    assert (error.kind, str(error)) == ("file", f"there is no file {path}")


def test_folders_devices_and_pipes_are_refused_without_waiting(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero")):
        error = failure(path.as_uri())
        assert error.kind == "file"
        assert "is not a plain file" in str(error)


@pytest.mark.parametrize(
    "url", ["file:feed.xml", "file://elsewhere/feed.xml", "file:", "file:///a%00b", "file://[x/"]
)
def test_an_address_must_be_absolute_and_on_this_machine(url):
    assert failure(url).kind == "bad_url"
