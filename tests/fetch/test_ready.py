"""What is ready for the wire is to httpx what it would have made itself."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import FetchError
from archiver.fetch.address import parse
from archiver.fetch.ready import ReadyHeaders, ready_url

HOSTS = st.sampled_from(
    ["127.0.0.1", "feeds.example", "xn--a.example", "a-b.c1", "1.2.3.999", "1.2.3", "a..b", "a.1", "a." * 130]
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":01", ":70000", ":"])
PATHS = st.text("aB0/.-_~!$&'()*+,;=:@%[]^|{}`\"<>\\ ?#é", max_size=12)
ADDRESSES = st.builds("{}://{}{}/{}".format, st.sampled_from(["http", "https", "HTTP"]), HOSTS, PORTS, PATHS)


@given(ADDRESSES)
def test_an_address_is_ready_only_where_httpx_would_change_nothing(text):
    if (ready := ready_url(text)) is None:
        return
    made = httpx.URL(text)
    assert str(made) == str(ready) == text
    assert ready == made
    for name in ("scheme", "host", "raw_host", "port", "netloc", "raw_path", "path", "query", "userinfo"):
        assert getattr(ready, name) == getattr(made, name)


@given(ADDRESSES)
def test_an_address_that_is_ready_is_read_as_one_that_is_looked_at_closely(text):
    def outcome(url: str) -> object:
        try:
            return parse(url)
        except FetchError as error:
            return error.kind

    assert outcome(text) == outcome(f"{text} ")


@pytest.mark.parametrize("text", ["http://feeds.example/a?b=c", "https://192.0.2.1:8080/%D0%B2"])
def test_usual_addresses_are_ready(text):
    assert ready_url(text) is not None


def test_header_fields_keep_their_bytes_and_can_be_asked_for_in_any_case():
    fields = [(b"ETag", b'"\xe9"'), (b"X-Twice", b"1"), (b"x-twice", b"2")]
    headers = ReadyHeaders(fields)
    assert headers.raw == fields
    assert headers["etag"] == '"\xe9"'
    assert headers.get_list("X-TWICE") == ["1", "2"]
    assert headers == httpx.Headers(fields)


def test_header_fields_can_be_changed_like_any_others():
    headers = ReadyHeaders([(b"Accept", b"text/xml")])
    headers["Accept"] = "*/*"
    assert [value for _, value in headers.raw] == [b"*/*"]
