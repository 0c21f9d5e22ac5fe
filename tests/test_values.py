"""Addresses as people list them: the short way for plain ones comes to the same as the long one."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import values

HOSTS = st.text("ab1.-", min_size=1, max_size=6)
PORTS = st.sampled_from(
    ["", ":", ":1", ":80", ":080", ":443", ":8080", ":59999", ":65535", ":65536", ":99999"]
)
PATHS = st.sampled_from(
    ["", "/", "/a", "//", "/a/", "/a?b=/", "/?", "/a;b", "/#x", "/[x]", "/a@b", "/é", "/a b"]
)
ADDRESSES = st.builds("{}://{}{}{}".format, st.sampled_from(["http", "https"]), HOSTS, PORTS, PATHS)


def _told(address: str) -> tuple[str, str | None]:
    """What is read of an address, or what is wrong with it; and what makes it the same as another."""
    try:
        read = values.read_address(address, folder=Path("/"))
    except ValueError as error:
        return str(error), None
    return read, values.folded_address(read)


@given(ADDRESSES)
def test_a_plain_address_is_read_and_folded_as_any_other(address):
    short = _told(address)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_PLAIN_ADDRESS", re.compile("(?!)"))
        assert _told(address) == short


@given(ADDRESSES)
def test_what_is_folded_at_once_is_read_as_it_stands(address):
    if (folded := values.folded_if_plain(address)) is not None:
        assert _told(address) == (address, folded)


@pytest.mark.parametrize("address", ["https://example.org", "http://www.example.org:8080/feed.xml?a=b"])
def test_what_is_usual_is_plain(address):
    assert values._PLAIN_ADDRESS.fullmatch(address)
