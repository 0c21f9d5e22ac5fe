"""What the configuration says of the pages: whether `run` serves them too, where, and for whom."""

from pathlib import Path

import pytest

from archiver.config import ServeSettings, load
from archiver.errors import ConfigError

TOKEN = "0123456789abcdef"


@pytest.fixture
def read(tmp_path: Path, monkeypatch):
    """The settings that come of a file with this line."""
    monkeypatch.setenv("THE_TOKEN", TOKEN)
    monkeypatch.setenv("SHORT", "s3cret")

    def read(line: str):
        path = tmp_path / "config.yaml"
        path.write_text(line)
        return load(path)

    return read


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("log: auto", ServeSettings(with_run=False)),
        ("serve: no", ServeSettings(with_run=False)),
        ("serve:", ServeSettings(with_run=False)),
        ("serve: true", ServeSettings(with_run=True)),
        ("serve: {port: 9000}", ServeSettings(with_run=True, port=9000)),
        ("serve: {port: 9000, run: no}", ServeSettings(with_run=False, port=9000)),
        ("serve: {host: '::1'}", ServeSettings(with_run=True, host="::1")),
        ("serve: {token: '${THE_TOKEN}'}", ServeSettings(with_run=True, token=TOKEN)),
        (
            "serve: {host: 0.0.0.0, token: '${THE_TOKEN}'}",
            ServeSettings(with_run=True, host="0.0.0.0", token=TOKEN),
        ),
    ],
)
def test_the_pages_are_served_where_the_file_says(read, line, settings):
    assert read(line).serve == settings


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("serve: maybe", '"maybe" is neither yes nor no'),
        ("serve: {hots: x}", "did you mean host?"),
        ("serve: {host: localhost}", '"localhost" is not an IP address'),
        ("serve: {host: 0.0.0.0}", "is reachable from other machines; set a token beside it"),
        ("serve: {host: 192.0.2.7, port: 80}", "is reachable from other machines; set a token beside it"),
        ("serve: {port: 70000}", "is not a whole number from 0 to 65535"),
        ("serve: {token: '${SHORT}'}", "a token has 16 plain characters at least"),
        ("serve: {token: '${NOWHERE}'}", "the environment variable"),
    ],
)
def test_a_mistake_is_told_with_its_place(read, line, sentence):
    with pytest.raises(ConfigError) as told:
        read(line)
    assert "config.yaml:1: serve" in str(told.value)
    assert sentence in str(told.value)
    assert "s3cret" not in str(told.value)


def test_the_token_is_a_secret(read):
    config = read("serve: {token: '${THE_TOKEN}'}")
    assert TOKEN in config.secrets
    assert TOKEN not in repr(config)
