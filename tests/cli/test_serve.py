"""`serve`: what it refuses before it listens, in one sentence each."""

import socket

import pytest


@pytest.fixture
def archived(archiver, fixtures):
    """The command, in a folder with an archive."""
    assert archiver("replay", fixtures / "004_2f25bf8a67f65852.txt").status == 0
    return archiver


def test_there_must_be_an_archive(archiver):
    ran = archiver("serve", "--port", "0")
    assert ran.status == 2
    assert "there is no archive yet" in ran.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--host", "0.0.0.0"], "0.0.0.0 is reachable from other machines; set a token"),
        (["--host", "localhost"], '"localhost" is not an IP address'),
        (["--token", "short"], "a token has 16 plain characters at least"),
        (["--host", "203.0.113.7", "--token", "0123456789abcdef"], "cannot listen on 203.0.113.7"),
    ],
)
def test_what_cannot_be_served_is_told(archived, options, sentence):
    ran = archived("serve", "--port", "0", *options)
    assert ran.status == 2
    assert sentence in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_port_that_is_taken_is_told(archived):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = archived("serve", "--port", str(port))
    assert ran.status == 2
    assert f"cannot listen on 127.0.0.1 port {port}" in ran.err
    assert "choose another port" in ran.err
