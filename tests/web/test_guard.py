"""The door: who may come in, by which names, with what, and what every answer tells browsers."""

import base64
import re
import socket
from urllib.parse import urlsplit

import pytest


def status_for(address: str, host: str) -> int:
    """The status of an answer to a request with this `Host`."""
    there = urlsplit(address)
    with socket.create_connection((there.hostname, there.port), timeout=20) as connection:
        connection.sendall(f"GET /feeds HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return int(connection.makefile("rb").readline().split()[1])


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost", "LOCALHOST.:80", "[::1]:8001", "127.0.0.2"])
def test_this_machine_may_ask_by_any_of_its_own_names(site, host):
    assert status_for(site.address, host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "[::2]"]
)
def test_a_name_that_was_led_to_this_machine_is_refused(site, host):
    assert status_for(site.address, host) == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/archive/feeds", "/login", "/-/messages"])
def test_nothing_can_be_sent(site, method, path):
    import urllib.request

    request = urllib.request.Request(site.address + path, data=b"a=b", method=method)
    assert site.send(request).status == 405


@pytest.mark.parametrize("path", ["/", "/nowhere", "/archive/feeds", "/archive.json", "/favicon.ico"])
def test_every_answer_tells_browsers_to_be_careful(site, path):
    headers = site.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/feeds", "/feed/1", "/changes", "/nowhere"])
def test_our_pages_allow_no_script_at_all(site, path):
    policy = site.get(path).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in policy
    assert "unsafe" not in policy


def test_datasettes_pages_allow_its_own_scripts_only(site):
    policy = site.get("/archive/feeds").headers["content-security-policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "'self'" in scripts
    assert "unsafe" not in scripts


# ---------------------------------------------------------------- the token


def test_without_the_token_programs_are_told_what_is_missing(locked):
    answer = locked.get("/archive/feeds.json")
    assert answer.status == 401
    assert "basic" in answer.headers["www-authenticate"].lower()
    assert b"News of the valley" not in answer.body


def test_without_the_token_people_get_a_page_to_log_in(locked):
    answer = locked.get("/changes?kind=edited", Accept="text/html")
    assert answer.status == 401
    assert 'type="password"' in answer.text
    assert 'value="/changes?kind=edited"' in answer.text


def test_the_page_to_log_in_has_its_style_without_the_token(locked):
    page = locked.get("/", Accept="text/html").text
    assert locked.get(re.search(r'href="(/-/archiver/[^"]+css)"', page)[1]).status == 200


@pytest.mark.parametrize("form", ["Bearer {token}", "bearer {token}", "Basic {basic}"])
def test_the_token_opens_as_bearer_or_as_anybodys_password(locked, token, form):
    basic = base64.b64encode(f"reader:{token}".encode()).decode()
    assert locked.get("/feeds", Authorization=form.format(token=token, basic=basic)).status == 200


@pytest.mark.parametrize("given", ["Bearer no", "Basic !!", "Basic bm86bm8=", "Digest x", "Bearer ", ""])
def test_nothing_else_opens(locked, given):
    assert locked.get("/feeds", Authorization=given).status == 401


def test_logging_in_leads_back_with_a_cookie_that_opens_and_is_not_the_token(locked, token):
    answer = locked.post("/login", f"token={token}&next=/changes?kind=gap".encode())
    assert (answer.status, answer.headers["location"]) == (303, "/changes?kind=gap")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert token not in cookie
    assert locked.get("/feeds", Cookie=cookie.partition(";")[0]).status == 200
    assert locked.get("/feeds", Cookie="archive=nonsense").status == 401


@pytest.mark.parametrize(
    "after", ["//evil.example", "https://evil.example", "/\\evil.example", "%0d%0aSet-Cookie:x", ""]
)
def test_logging_in_leads_nowhere_else(locked, token, after):
    answer = locked.post("/login", f"token={token}&next={after}".encode())
    assert answer.headers["location"] == "/"


def test_a_wrong_token_is_told_and_opens_nothing(locked):
    answer = locked.post("/login", b"token=wrong&next=/")
    assert answer.status == 401
    assert "That is not the token" in answer.text
    assert "set-cookie" not in answer.headers


def test_with_a_token_any_name_may_be_asked_by(locked, token):
    assert locked.get("/feeds", Host="archive.example", Authorization=f"Bearer {token}").status == 200


def test_a_person_logs_in_and_out_of_nothing_else(browse, locked, token):
    browser = browse(locked).open("/feeds")
    browser.find("#token").send_keys(token)
    browser.find("button").click()
    assert browser.path == "/feeds"
    assert browser.title == "Feeds · Archive"
    browser.driver.delete_all_cookies()


def test_the_page_to_log_in_can_be_used_by_everybody(browse, locked):
    browser = browse(locked)
    for dark in (False, True):
        assert browser.open("/", dark=dark).violations() == []
    assert browser.open("/", width=360).overflow() <= 0
