"""URLs: resolved as RFC 3986 says, folded as far as the meaning stays, whatever the string."""

import re
from time import perf_counter
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import urls
from archiver.urls import (
    canonical,
    host_key,
    is_site_root,
    is_web,
    redact,
    redact_field,
    resolve,
    secret_values,
    url_key,
)

any_text = st.text(st.characters(), max_size=60) | st.text("htp:/?#[]@!&=%.\\;amp38 2eEюж\n", max_size=60)
segments = st.text("abcABCпя123-._~ %/", max_size=12)
web_urls = st.builds(
    "{}://{}{}/{}?{}={}&p={}#{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(
        ["example.org", "Example.ORG", "www.example.org", "kk.example.org", "пример.рф", "[::1]"]
    ),
    st.sampled_from(["", ":80", ":443", ":8080", ":"]),
    segments,
    st.sampled_from(["a", "utm_source", "id"]),
    segments.map(lambda text: text.replace("/", "")),
    st.integers(0, 99),
    segments,
)


class TestResolve:
    @pytest.mark.parametrize(
        ("reference", "expected"),
        [  # RFC 3986, 5.4, with a web base
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
        ],
    )
    def test_the_examples_of_the_standard(self, reference, expected):
        assert resolve("http://a/b/c/d;p?q", reference) == expected

    def test_white_space_and_line_breaks_of_the_document_are_no_part_of_the_url(self):
        assert resolve(None, "\n\t https://x.kz/a\n      /b\u200b ") == "https://x.kz/a/b"

    def test_what_stands_in_the_url_stays_as_written(self):
        url = "https://Пример.рф/Путь?b=2&a=1&utm_source=rss#часть"
        assert resolve(None, url) == url

    def test_a_blank_inside_is_escaped(self):
        assert resolve("https://x.kz/", "my file.pdf") == "https://x.kz/my%20file.pdf"

    @pytest.mark.parametrize(
        ("base", "expected"),
        [
            ("http://a/b", "http://cdn.kz/i.png"),
            (None, "https://cdn.kz/i.png"),
            ("file:///feeds/a.xml", "https://cdn.kz/i.png"),
        ],
    )
    def test_an_url_without_scheme_takes_that_of_a_web_base_or_https(self, base, expected):
        assert resolve(base, "//cdn.kz/i.png") == expected

    @pytest.mark.parametrize("url", ["http:/x.kz/a", "http:///x.kz/a", "http:\\\\x.kz\\a"])
    def test_miscounted_slashes_are_mended_as_browsers_do(self, url):
        assert resolve(None, url) == "http://x.kz/a"

    @pytest.mark.parametrize(
        "url", ["mailto:a@b.kz", "tel:+7", "magnet:?xt=urn:btih:1", "javascript:alert('1')", "data:,a b"]
    )
    def test_other_schemes_come_back_as_they_are(self, url):
        assert resolve("https://x.kz/", url) == url

    @pytest.mark.parametrize(
        "url",
        ["", "  \n", "http://", "http:a", "http://a b/", "http://[::1/", "http://x:99999/", "http://a..b/"],
    )
    def test_what_leads_nowhere_is_none(self, url):
        assert resolve("https://x.kz/", url) is None

    @pytest.mark.parametrize("base", [None, "", "relative/base", "mailto:a@b.kz"])
    def test_a_relative_url_without_a_base_that_carries_it_is_none(self, base):
        assert resolve(base, "a/b") is None

    @given(
        web_urls | any_text | st.text("abcABC019./:@[]-_~!$&'()*+,;=%?#", max_size=30).map("http://".__add__)
    )
    def test_blanks_around_an_address_change_nothing(self, url):
        assert resolve(None, f"{url} ") == resolve(None, url)
        assert url_key(f"{url} ") == url_key(url)

    @given(base=st.none() | any_text, url=any_text)
    def test_no_string_raises_and_what_comes_out_is_absolute_and_storable(self, base, url):
        found = resolve(base, url)
        if found is not None:
            assert ":" in found
            found.encode("utf-8")
            assert resolve(None, found) == found


class TestCanonical:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("HTTPS://Example.ORG:443/A?x=1#part", "https://example.org/A?x=1"),
            ("http://example.org.:80", "http://example.org/"),
            ("http://example.org:8080/", "http://example.org:8080/"),
            ("https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C"),
            ("https://x.kz/%d0%bf/%7Ea", "https://x.kz/%D0%BF/~a"),
            ("https://x.kz/a/../b/./c", "https://x.kz/b/c"),
            ("https://x.kz/?utm_source=rss&b=2&a=1&fbclid=z&UTM_Medium=m", "https://x.kz/?b=2&a=1"),
            ("https://x.kz/a?utm_source=rss", "https://x.kz/a"),
            ("https://x.kz/#!/news/1", "https://x.kz/#!/news/1"),
            ("http://[::0:1]:80/", "http://[::1]/"),
        ],
    )
    def test_only_what_means_nothing_is_folded(self, url, expected):
        assert canonical(url) == expected

    def test_ampersands_escaped_twice_hide_no_parameter(self):
        assert (
            canonical("https://x.org/?post_type=story&#038;p=6114") == "https://x.org/?post_type=story&p=6114"
        )
        assert canonical("https://x.org/?a=1&amp;amp;p=2") == "https://x.org/?a=1&p=2"

    @pytest.mark.parametrize(
        "url", ["mailto:a@b.kz", "magnet:?xt=1", "/relative", "", "http://", "http://a b/"]
    )
    def test_what_is_not_on_the_web_has_none(self, url):
        assert (canonical(url), url_key(url), host_key(url), is_web(url)) == (None, None, None, False)

    @given(web_urls | any_text)
    def test_folding_twice_is_folding_once(self, url):
        once = canonical(url)
        if once is not None:
            assert canonical(once) == once
            assert once.isascii()
            assert url_key(once) == url_key(url)

    @given(st.text("aA/.b-", max_size=8), st.text("aA/.b-", max_size=8))
    def test_different_paths_never_become_one(self, one, other):
        assume_plain = [f"/{path}".replace("/.", "/b") for path in (one, other)]
        first, second = (canonical(f"https://x.kz{path}") for path in assume_plain)
        assert (first == second) == (assume_plain[0] == assume_plain[1])

    @given(
        st.lists(
            st.tuples(st.sampled_from(["p", "P", "id", "page"]), st.text("aA1+ж", max_size=3)), max_size=3
        ),
        st.lists(
            st.tuples(st.sampled_from(["p", "P", "id", "page"]), st.text("aA1+ж", max_size=3)), max_size=3
        ),
    )
    def test_different_parameters_never_become_one(self, one, other):
        first, second = (
            canonical("https://x.kz/?" + "&".join(f"{name}={value}" for name, value in parameters))
            for parameters in (one, other)
        )
        assert (first == second) == (one == other)
        assert parse_qsl(urlsplit(first).query, keep_blank_values=True) == [
            (name, value.replace("+", " ")) for name, value in one
        ]


class TestKey:
    @pytest.mark.parametrize(
        "url",
        [
            "http://example.org/a",
            "https://www.example.org/a/",
            "https://EXAMPLE.org:443/a?utm_campaign=x",
            "https://example.org/a#comments",
        ],
    )
    def test_spellings_of_one_address_share_a_key(self, url):
        assert url_key(url) == "example.org/a"

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("https://x.kz/?p=1", "https://x.kz/?p=2"),
            ("https://x.kz/A", "https://x.kz/a"),
            ("https://kk.x.kz/", "https://ru.x.kz/"),
            ("https://x.kz/ru/", "https://x.kz/kk/"),
            ("https://blog.x.kz/", "https://x.kz/"),
            ("https://m.x.kz/a", "https://x.kz/a"),
            ("https://x.kz/a?b=1&c=2", "https://x.kz/a?c=2&b=1"),
            ("https://x.kz/?s=a&#038;p=1", "https://x.kz/?s=a&#038;p=2"),
            ("https://x.kz:8080/a", "https://x.kz/a"),
            ("https://x.kz/#/news/1", "https://x.kz/#/news/2"),
        ],
    )
    def test_addresses_of_different_pages_keep_different_keys(self, one, other):
        assert url_key(one) != url_key(other)

    def test_a_host_of_www_and_a_top_level_is_no_prefix(self):
        assert url_key("https://www.kz/a") == "www.kz/a"

    @pytest.mark.parametrize(
        ("url", "root"),
        [
            ("https://x.kz/", True),
            ("http://www.x.kz", True),
            ("https://x.kz/a", False),
            ("https://x.kz/?p=1", False),
        ],
    )
    def test_a_bare_site_names_no_post(self, url, root):
        assert is_site_root(url_key(url)) is root

    @given(
        st.text("ab1.-A:é%", max_size=8),
        st.sampled_from(["", ":", ":1", ":080", ":8080", ":65535", ":65536", ":99999", "@b", "\n"]),
        st.sampled_from(["", "/", "/a\nb", "?", "#", "\\", " "]),
    )
    def test_the_host_key_of_a_plain_host_is_found_as_any_other(self, host, port, rest):
        url = f"http://{host}{port}{rest}"
        short = host_key(url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(urls, "_PLAIN_HOST", re.compile("(?!)"))
            assert host_key(url) == short

    def test_the_host_key_is_the_host_alone(self):
        assert host_key("https://user:pw@WWW.Қаз.kz:8080/a") == "www.xn--80ao21a.kz"


class TestRedact:
    @pytest.mark.parametrize(
        "name",
        """
        token TOKEN access_token private_token rss_token feedtoken X-Amz-Security-Token api_key apikey key
        authkey passkey secret client_secret password user_passwd pwd sig X-Amz-Signature jwt auth oauth
        sid session sessionid session_id PHPSESSID code pw pin otp sas bearer
        a[token] a[token][] user[session] %74oken %74%6F%6B%65%6E a%5Btoken%5D
        """.split(),  # noqa: SIM905 - readable as prose
    )
    @pytest.mark.parametrize("before", ["?", "?x=1&", "?x=1;", "?x=1&amp;", "#"])
    def test_the_values_of_secret_parameters_go_and_their_names_stay(self, name, before):
        assert redact(f"https://x.kz/a{before}{name}=S3;,CRET/?&y=2") == f"https://x.kz/a{before}{name}=…&y=2"

    @pytest.mark.parametrize(
        "name",
        [
            "keyword",
            "keys",
            "tokens",
            "design",
            "author",
            "country_code",
            "encode",
            "pinned",
            "spin",
            "postid",
            "sessions",
            "p",
        ],
    )
    def test_harmless_parameters_stay(self, name):
        assert redact(url := f"https://x.kz/token=a?{name}=rss&b=2") == url

    def test_a_secret_in_an_address_within_an_address_goes_too(self):
        assert (
            redact("https://x.kz/?to=http://me:pw@y.kz/?token=a&b=1")
            == "https://x.kz/?to=http://y.kz/?token=…&b=1"
        )

    @given(any_text | st.text("?&;#=[]%74otken", max_size=40))
    def test_what_was_taken_out_is_not_in_there_again(self, url):
        assert redact(redact(url)) == redact(url)
        assert all(value == "…" for value in secret_values(redact(url)))

    @pytest.mark.parametrize(
        ("field", "shown"),
        [
            (("Location", "/l?token=S&b=1"), "/l?token=…&b=1"),
            (("content-location", "http://me:pw@x.kz/?b=1&jwt=S"), "http://x.kz/?b=1&jwt=…"),
            (
                ("Link", '</a?token=S>; rel="self", <//me:pw@x.kz/b?sid=S&p=2>; rel=next; title="a b"'),
                '</a?token=…>; rel="self", <//x.kz/b?sid=…&p=2>; rel=next; title="a b"',
            ),
            (("Refresh", '0; url="/l?auth=S"'), '0; url="/l?auth=…"'),
            (("ETag", '"//a@?token=S"'), '"//a@?token=S"'),
            (("Set-Cookie", "sess=S3CRET=; Path=/; Secure"), "sess=…; Path=/; Secure"),
            (("set-cookie", "sess=; Path=/"), "sess=; Path=/"),
        ],
    )
    def test_in_a_header_field_addresses_are_shown_so_cookies_by_name_and_all_else_to_the_byte(
        self, field, shown
    ):
        assert redact_field(*field) == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://x/?" + "token=a&" * 100_000,
        "http://x/?" + "token=?" * 100_000,
        "http://x/?" + "%74oken" * 100_000,
        "?" * 300_000 + "=",
        "//" * 200_000 + "=",
        "<" * 300_000 + "=",
    ],
    ids=["secrets", "one secret", "long name", "marks", "slashes", "brackets"],
)
def test_secrets_are_taken_out_of_long_hostile_urls_in_linear_time(url):
    begun = perf_counter()
    redact(url)
    redact_field("Link", url)
    assert perf_counter() - begun < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://x/" + "../" * 100_000,
        "http://x/" + "%" * 300_000,
        "http://x/?" + "&amp;" * 100_000,
        "http://" + "ж" * 300_000,
        "http://" + "@" * 300_000,
        "\n \t" * 100_000,
        "http://x/a" + " \n" * 100_000 + "b",
        "http:" + "/" * 300_000,
    ],
    ids=["dots", "percents", "entities", "host", "logins", "blanks", "lines", "slashes"],
)
def test_long_hostile_urls_take_linear_time(url):
    begun = perf_counter()
    resolve("http://b/c", url)
    canonical(url)
    assert perf_counter() - begun < 2
