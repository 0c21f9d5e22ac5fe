"""Challenge pages: every service is told by its name, and no feed and no ordinary page is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.fetch.challenge import STATUSES, service

HTML = "<!DOCTYPE html>\n<html lang='en'><head>{}</head><body>{}</body></html>"


def page(head: str = "", body: str = "") -> bytes:
    return HTML.format(head, body).encode()


PAGES = [
    ("Cloudflare", 403, page("<title>Just a moment...</title>", "<script>window._cf_chl_opt={}</script>")),
    ("Cloudflare", 503, page("<title>Just a moment...</title>")),
    ("Cloudflare", 200, page("<title>Just a moment...</title>")),
    ("Cloudflare", 403, page("<title>Attention Required! | Cloudflare</title>")),
    ("AWS WAF", 202, page("", "<script>window.gokuProps = {};</script><div id='challenge-container'></div>")),
    ("Vercel", 429, page("<title>Vercel Security Checkpoint</title>")),
    ("DDoS-Guard", 403, page("<title>DDoS-Guard</title>")),
    ("DDoS-Guard", 403, page("<script src='/.well-known/ddos-guard/js-challenge/index.js'></script>")),
    ("Sucuri", 200, page("<script>sucuri_cloudproxy_js='';</script>")),
    ("Sucuri", 403, page("<title>Sucuri WebSite Firewall - Access Denied</title>")),
    (
        "Imperva",
        200,
        page("", '<iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&incident_id=1">'),
    ),
    ("Akamai", 403, page("<TITLE>Access Denied</TITLE>", "Reference https://errors.edgesuite.net/18.2")),
    ("Anubis", 200, page("<link rel='stylesheet' href='/.within.website/x/xess/xess.min.css'>")),
    ("Qrator", 401, page("<script src='/__qrator/qauth_utm_v2.js'></script>")),
    ("StackPath", 200, page("<script src='/sbbi/?sbbpg=sbbShell'></script>")),
]


@pytest.mark.parametrize(("name", "status", "body"), PAGES)
def test_a_page_gives_its_service_away(name, status, body):
    assert service(status, (), body) == name
    assert service(status, (), b"\xef\xbb\xbf  <!-- a comment -->\n" + body) == name


@pytest.mark.parametrize(
    ("name", "status", "field"),
    [
        ("Cloudflare", 403, ("cf-mitigated", "challenge")),
        ("AWS WAF", 202, ("X-Amzn-Waf-Action", "challenge")),
        ("AWS WAF", 405, ("x-amzn-waf-action", "captcha")),
        ("Vercel", 429, ("x-vercel-mitigated", "challenge")),
    ],
)
def test_a_field_of_the_header_is_enough_even_where_the_page_did_not_come(name, status, field):
    for body in (None, b"", page("<title>Wait</title>")):
        assert service(status, (field,), body) == name


@pytest.mark.parametrize(
    ("server", "name"),
    [
        ("cloudflare", "Cloudflare"),
        ("ddos-guard", "DDoS-Guard"),
        ("QRATOR", "Qrator"),
        ("Sucuri/Cloudproxy", "Sucuri"),
    ],
)
def test_a_server_that_is_such_a_service_and_asks_for_patience_is_one(server, name):
    plea = page("", "<h1>Checking your browser before accessing the site</h1>")
    assert service(503, (("Server", server),), plea) == name
    assert service(503, (("Server", "nginx"),), plea) is None
    assert service(503, (("Server", server),), page("", "<h1>Down for maintenance</h1>")) is None


SIGNS = b" ".join(body for _, _, body in PAGES)


@pytest.mark.parametrize(
    "feed",
    [
        b"<?xml version='1.0'?><rss><channel><title>Just a moment...</title>",
        b"\xef\xbb\xbf<?xml version='1.0'?><rss>",
        b"<!-- made by hand --><rss version='2.0'>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'>",
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "',
        b"Just a moment... the channel, then the items, in plain text",
    ],
)
@pytest.mark.parametrize("status", [200, 403, 503])
def test_a_feed_that_tells_of_challenges_is_none(feed, status):
    assert service(status, (("Server", "cloudflare"), ("cf-mitigated", "challenge")), feed + SIGNS) is None


@pytest.mark.parametrize(
    "body",
    [
        page(
            "<title>Blog</title>", "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
        ),
        page("<title>Blog</title>", "<p>Just a moment, says Cloudflare: checking your browser</p>"),
        page("<title>Blog</title>", "<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>"),
        page("<title>Blog</title>", "<img src='/.well-known/ddos-guard/check?context=free_splash'>"),
        page("<title>Access denied</title>", "<p>You may not.</p>"),
    ],
)
def test_an_ordinary_page_behind_such_a_service_is_none(body):
    assert service(200, (("Server", "cloudflare"),), body) is None


@given(st.integers(100, 599), st.binary(max_size=200).map(lambda data: b"<html>" + data + SIGNS))
def test_only_some_statuses_come_with_challenges_and_any_bytes_are_taken(status, body):
    assert (service(status, (), body) is not None) is (status in STATUSES)
