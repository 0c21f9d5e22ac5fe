"""What the configuration says of how feeds are asked: whom, by which name, with which secrets."""

import re
from pathlib import Path

import pytest

from archiver.config import FeedConfig, FetchSettings, load
from archiver.errors import ConfigError
from archiver.model import FetchOptions


@pytest.fixture
def feed(tmp_path: Path, monkeypatch):
    """The one feed of a file that says these lines of it."""
    monkeypatch.setenv("SECRET", "s3cret")
    monkeypatch.setenv("WRAPPED", "s3cret\nX-Evil: 1")

    def read(*lines: str) -> FeedConfig:
        path = tmp_path / "config.yaml"
        path.write_text(
            "feeds:\n  - url: https://ngo.example/feed\n" + "".join(f"    {line}\n" for line in lines)
        )
        return load(path).feeds[0]

    return read


@pytest.fixture
def settings(tmp_path: Path):
    def read(text: str) -> FetchSettings:
        path = tmp_path / "config.yaml"
        path.write_text(f"fetch: {{{text}}}")
        return load(path).fetch

    return read


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("auth: {user: me, password: '${SECRET}'}", FetchOptions(authorization="Basic bWU6czNjcmV0")),
        ("auth: {user: me}", FetchOptions(authorization="Basic bWU6")),
        ("token: ${SECRET}", FetchOptions(authorization="Bearer s3cret")),
        ("cookies: {a: 1, b: '${SECRET}'}", FetchOptions(cookies=(("a", "1"), ("b", "s3cret")))),
        ("proxy: http://me:${SECRET}@127.0.0.1:8080", FetchOptions(proxy="http://me:s3cret@127.0.0.1:8080")),
        ("verify_tls: no", FetchOptions(verify_tls=False)),
        ("timeout: 2m", FetchOptions(timeout_seconds=120)),
        ("user_agent: ours/2", FetchOptions(user_agent="ours/2")),
        ("name: Ours", FetchOptions()),
    ],
)
def test_each_feed_may_be_asked_in_its_own_way(feed, line, options):
    assert feed(line).fetch == options
    assert "s3cret" not in repr(feed(line))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (("auth: {password: x}",), "auth: has no user"),
        (("auth: {user: 'a:b'}",), "auth.user: holds a colon"),
        (("auth: {user: a, pasword: b}",), 'auth: "pasword" is not a known key; did you mean password?'),
        (("token: x", "auth: {user: me}"), "token: goes not together with auth"),
        (("token: ${NOT_SET}",), 'token: the environment variable "NOT_SET" is not set'),
        (("token: ${WRAPPED}",), "token: an environment variable in it holds what cannot travel in a header"),
        (("cookies: {a: '${WRAPPED}'}",), "cookies.a: an environment variable in it holds a line break"),
        (("cookies: {a: 'b; c=d'}",), "cookies.a: is not a cookie as it may travel"),
        (("proxy: ftp://proxy.example",), "proxy: is not a proxy's address"),
        (("proxy: http://",), "proxy: is not a proxy's address"),
        (("proxy: http://a:b",), "proxy: is not a proxy's address"),
        (("verify_tls: maybe",), 'verify_tls: "maybe" is neither yes nor no'),
        (("timeout: 120",), 'timeout: "120" has no unit'),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_its_secret(feed, lines, problem):
    with pytest.raises(ConfigError) as caught:
        feed(*lines)
    assert re.search(r":[34]: feeds\[0\]\." + re.escape(problem), str(caught.value))
    assert "s3cret" not in str(caught.value)


def test_networks_addresses_and_hosts_may_be_let_through(settings):
    found = settings("allowed_networks: [192.168.1.0/24, 127.0.0.1, '[::1]', Wiki.Lan.]")
    assert found.allowed_networks == ("192.168.1.0/24", "127.0.0.1/32", "::1/128", "wiki.lan")
    assert settings("allow_private_networks: yes").allow_private_networks
    assert not settings("").allow_private_networks


@pytest.mark.parametrize(
    "network", ["192.168.1.7/24", "300.1.1.1", "10.0.0.0/33", "a/b", "http://wiki.lan", "::g"]
)
def test_what_is_neither_network_nor_host_is_a_mistake(settings, network):
    with pytest.raises(ConfigError, match="is neither network nor host; write "):
        settings(f"allowed_networks: ['{network}']")


def test_the_second_name_carries_the_contact_too(settings):
    assert settings("contact: me@ngo.example, second_user_agent: reader/1").full_second_user_agent == (
        "reader/1 (+me@ngo.example)"
    )
    assert settings("").full_second_user_agent is None
