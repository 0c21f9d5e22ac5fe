"""Whose server an address belongs to."""

import pytest

from archiver.hosts import NOBODY, host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.eurasia.org/feed/", "eurasia.org"),
        ("http://news.bbc.co.uk:8080/rss", "bbc.co.uk"),
        ("https://www.gov.kg/rss", "www.gov.kg"),
        ("https://gov.kg/rss", "gov.kg"),
        ("https://пример.испытание.рф/feed", "xn--80akhbyknj4f.xn--p1ai"),
        ("http://192.0.2.1:8001/feed", "192.0.2.1"),
        ("http://[2001:db8::1]:8001/feed", "2001:db8::1"),
        ("http://localhost:8001/feed", "localhost"),
        ("http://intranet/feed", "intranet"),
    ],
)
def test_a_host_is_a_registrable_domain_or_else_the_name_itself(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://one.wordpress.com/feed/", "one.wordpress.com"),
        ("https://www.one.substack.com/feed", "one.substack.com"),
        ("https://one.github.io/feed.xml", "one.github.io"),
        ("https://one.blogspot.com/feeds/posts/default", "one.blogspot.com"),
        ("https://wordpress.com/blog/feed", "wordpress.com"),
    ],
)
def test_each_tenant_of_a_shared_platform_is_a_host_of_its_own(url, host):
    assert host_of(url) == host


@pytest.mark.parametrize("url", ["file:///tmp/feed.xml", "no address", "", "ftp://example.org/x"])
def test_what_is_not_on_the_web_has_no_host(url):
    assert host_of(url) == NOBODY
