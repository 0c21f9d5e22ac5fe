"""Addresses: what may be shown of them, and what may be sent to whom."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import FetchError
from archiver.fetch.address import keeps_trust, parse
from archiver.urls import redact


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ngo.example/feed?p=1", "https://ngo.example/feed?p=1"),
        ("https://me:secret@ngo.example/@name", "https://ngo.example/@name"),
        ("//me@ngo.example/", "//ngo.example/"),
        ("https://ngo.example/?a=1&Token=secret&b=2#c", "https://ngo.example/?a=1&Token=…&b=2#c"),
        ("https://ngo.example/?api_key=secret", "https://ngo.example/?api_key=…"),
        ("not an address", "not an address"),
    ],
)
def test_logins_and_secret_parameters_are_not_shown(url, shown):
    assert redact(url) == shown


@given(st.from_regex(r"[a-z0-9]{8,20}", fullmatch=True), st.text())
def test_a_password_is_never_shown_whatever_follows(password, rest):
    assert password not in redact(f"https://me:{password}@ngo.example/").replace("ngo.example", "")
    assert redact(f"https://me:{password}@x/{rest}") == redact(f"https://x/{rest}")


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (" HTTPS://NGO.example/a#b ", "https://ngo.example/a"),
        ("http://центр.рф/вести", "http://xn--e1aqjhr.xn--p1ai/%D0%B2%D0%B5%D1%81%D1%82%D0%B8"),
        ("http://ngo.example/a b?c=d e", "http://ngo.example/a%20b?c=d%20e"),
    ],
)
def test_an_address_is_made_ready_for_the_wire(url, asked):
    assert str(parse(url)[0]) == asked


@given(st.text() | st.text().map("http://".__add__))
def test_any_text_is_an_address_or_a_named_error(text):
    try:
        kind = parse(text)[0].scheme
    except FetchError as error:
        kind = error.kind
    assert kind in {"http", "https", "bad_url", "bad_scheme"}


@pytest.mark.parametrize(
    ("base", "target", "kept"),
    [
        ("https://a.example/1", "https://a.example/2", True),
        ("https://a.example/1", "https://a.example:443/2", True),
        ("http://a.example/1", "https://a.example/1", True),
        ("https://a.example/1", "http://a.example/1", False),
        ("http://a.example:8080/", "https://a.example/", False),
        ("https://a.example/", "https://www.a.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
    ],
)
def test_trust_ends_with_the_origin_but_for_a_step_up_to_https(base, target, kept):
    assert keeps_trust(httpx.URL(base), httpx.URL(target)) is kept
