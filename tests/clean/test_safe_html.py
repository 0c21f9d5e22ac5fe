from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from archiver.clean import html_to_text, safe_html
from archiver.clean.safe_html import ATTRIBUTES, MAX_CHARACTERS, TAGS, safe_text

BASE = "https://example.org/blog/post/"


def assert_is_safe(html):
    for tag in BeautifulSoup("<html><body>" + html, "lxml").find_all(True):
        if tag.name in {"html", "body"}:
            continue
        assert tag.name in TAGS, html
        assert set(tag.attrs) <= ATTRIBUTES.get(tag.name, frozenset()) | {"rel"}, html
        for key in {"href", "src"} & tag.attrs.keys():
            allowed = {"http", "https", "mailto"} if key == "href" else {"http", "https"}
            assert urlsplit(tag[key]).scheme in allowed, html


VECTORS = [
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT >",
    "<script/src=//e.org/x.js></script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>script>alert(1)<</script>/script>",
    "<script><!--</script>--><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    "<img src=x:x onerror\n=\nalert(1)>",
    "<img/src=`x`onerror=alert(1)>",
    "<img src='x' alt='a' onerror='alert(1)'",
    "<img alt='`><script>alert(1)</script>' src=/x>",
    "<img src=javascript:alert(1)>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img srcset='javascript:alert(1) 1x' src=/a.png>",
    "<image href=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#0000106&#0000097vascript:alert(1)'>x</a>",
    "<a href='&#x6A;avascript&colon;alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='blob:https://example.org/1'>x</a>",
    "<a href='https://example.org\" onclick=\"alert(1)'>x</a>",
    '<a href="https://example.org/&quot; onmouseover=alert(1)">x</a>',
    "<a href=x href=javascript:alert(1)>x</a>",
    "<a href='http://[::1'>x</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><title><a title='</title><p title=\"'>\"><img src=x onerror=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<style>@import'//e.org/x.css';</style>",
    "<style><style/><img src=x onerror=alert(1)></style>",
    "<link rel=stylesheet href=//e.org/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href='javascript:alert(1)//'><a href=x>y</a>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)><embed src=x></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><input type=submit formaction=javascript:alert(1)><button>x</button>",
    "<isindex action=javascript:alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video src=x onerror=alert(1)><source onerror=alert(1)></video>",
    "<body onload=alert(1)>x",
    "<p style='background:url(javascript:alert(1))' id=location name=cookie class=modal>x</p>",
    "<a id=defaultView name=x href=/y>x</a>",
    "<td background=javascript:alert(1) colspan='2\" onclick=alert(1)'>x</td>",
    "<textarea></textarea><script>alert(1)</script>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<plaintext><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!-- --!><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<a title='</a><script>alert(1)</script>' href=/x>y",
    "<p/onclick=alert(1)>x",
    "<\0script>alert(1)</script>",
    "<scr\0ipt>alert(1)</script>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<table><caption><style></table><img src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<select><style></select><img src=x onerror=alert(1)></style>",
]


@pytest.mark.parametrize("vector", VECTORS)
def test_an_attack_comes_out_harmless(vector):
    result = safe_html(vector, BASE)
    assert_is_safe(result)
    assert safe_html(result, BASE) == result


def test_the_formatting_of_a_text_is_kept():
    html = (
        "<h2>Rubrik</h2><p>Ett <b>fett</b> <i>ord</i>.</p><ul><li>a</li><li>b</li></ul>"
        "<blockquote><p>c</p></blockquote><pre><code>x &lt; y</code></pre>"
        "<table><tbody><tr><td>1</td></tr></tbody></table>"
    )
    assert safe_html(html, BASE) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<a href='../x?a=1&amp;b=2'>y</a>", "https://example.org/blog/x?a=1&b=2"),
        ("<a href='//cdn.example.org/x'>y</a>", "https://cdn.example.org/x"),
        ("<a href='#note'>y</a>", "https://example.org/blog/post/#note"),
        ("<a href='mailto:a@example.org'>y</a>", "mailto:a@example.org"),
        ("<a href='javascript:x'>y</a>", None),
        ("<a name=x>y</a>", None),
    ],
)
def test_links_are_absolute_and_lead_only_to_the_web_or_to_mail(html, expected):
    link = BeautifulSoup(safe_html(html, BASE), "lxml").a
    assert link.get("href") == expected
    assert link["rel"] == ["noopener", "noreferrer", "nofollow"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<img src=/a.png srcset='/b.png 2x' sizes=1>", "https://example.org/a.png"),
        ("<img src='data:image/gif;base64,R0' data-src='/late.jpg'>", "https://example.org/late.jpg"),
        ("<img src='data:image/gif;base64,R0'>", None),
        ("<img src='mailto:a@example.org'>", None),
    ],
)
def test_images_are_absolute(html, expected):
    image = BeautifulSoup(safe_html(html, BASE), "lxml").img
    assert image.get("src") == expected
    assert set(image.attrs) <= {"src"}


def test_a_relative_link_without_a_base_is_no_link():
    assert "href" not in safe_html("<a href=x>y</a>", None)


def test_what_a_template_adds_stays_in_the_html():
    html = (
        "<p>Text</p><p>The post <a href='/x'>T</a> appeared first on S.</p>"
        "<div class=sharedaddy>Share this:</div>"
        "<img src='https://pixel.wp.com/b.gif' width=1 height=1>"
    )
    result = safe_html(html, BASE)
    assert "appeared first on S." in result
    assert "Share this:" in result
    assert "pixel.wp.com" in result


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one</p>\n]]>", "<p>one</p>"),
        ("<p>one]]></p><p>two]]&gt;</p>", "<p>one</p><p>two</p>"),
        ("<![CDATA[<p>one</p>]]>", "<p>one</p>"),
        ("<p>a[b[0]]&gt;1 holds</p>", "<p>a[b[0]]&gt;1 holds</p>"),
    ],
)
def test_stray_ends_of_cdata_sections_go(html, expected):
    assert safe_html(html, BASE) == expected


def test_blocks_without_a_place_in_the_list_still_part_words():
    result = safe_html("<section>one</section><center>two</center><article>three</article>", BASE)
    assert result == "<div>one</div><div>two</div><div>three</div>"


def test_misnested_tags_keep_their_text_in_order():
    result = safe_html("<b>one<p>two</b>three</p><li>four<td>five", BASE)
    assert html_to_text(result).split() == ["one", "twothree", "four", "five"] or "three" in result
    assert_is_safe(result)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5_000 + "marker",
        "".join(f"<b {number}>" for number in range(2_000)) + "marker",
        "<div><!-- </div> -->" * 2_000 + "marker",
        "<div title='</div>'>" * 2_000 + "marker",
        "<svg><title><div></title></svg><div>" * 2_000 + "marker",
    ],
)
def test_markup_that_nests_too_deep_is_shown_as_its_text(html):
    assert safe_html(html, BASE) == "<p>marker</p>"


def test_markup_as_deep_as_browsers_take_it_keeps_its_tags():
    assert safe_html("<i><b>" * 200 + "x", BASE).count("<b>") == 200


@pytest.mark.parametrize(
    "html",
    [
        "".join(f"<p><b {number}></p>" for number in range(5_000)) + "marker",
        "<a><b><i><p>" * 100 + "x" + "</a></b></i></p>" * 5_000 + "marker",
        "<!--" * 20_000 + "marker",
        "</b>" * 50_000 + "marker",
        "<div><table></div>" * 2_000 + "marker",
        "<a " + " ".join(f"a{number}=1" for number in range(20_000)) + ">marker</a>",
        "<" * 50_000 + "marker",
        "<a b=\"'" * 20_000 + "marker",
    ],
)
def test_the_output_is_bounded_and_the_text_is_there(html):
    result = safe_html(html, BASE)
    assert "marker" in result
    assert len(result) <= max(2 * len(html) + 64 * 1024, 6 * len(html_to_text(html)))
    assert len(result) <= MAX_CHARACTERS


def test_a_text_longer_than_a_page_is_cut():
    assert 0 < len(safe_html("<p>" + "слово " * 500_000, BASE)) <= MAX_CHARACTERS
    assert 0 < len(safe_text("слово " * 1_000_000)) <= MAX_CHARACTERS


def test_plain_text_is_escaped_and_keeps_paragraphs_and_lines():
    text = "Один & <b>два</b>\r\nстрока\n\nhttps://example.org/x\n]]>"
    assert safe_text(text) == "<p>Один &amp; &lt;b&gt;два&lt;/b&gt;<br>строка</p><p>https://example.org/x</p>"


def test_lines_of_plain_text_without_blank_lines_are_paragraphs():
    assert safe_text("one\ntwo") == "<p>one</p><p>two</p>"


PIECES = """
    <div <!-- --> <![CDATA[ ]]> <svg> </svg> <script> </script> <style> <math> <title> </title>
    <select> <option> <template> <form> ' " < > / = & &lt; <center> <font> <noscript> <textarea>
    </textarea> <plaintext> <frameset> <br/>
"""
MARKUP = st.lists(
    st.one_of(
        st.sampled_from(sorted(TAGS)).map(lambda name: f"<{name}>"),
        st.sampled_from(sorted(TAGS)).map(lambda name: f"</{name}>"),
        st.sampled_from([*PIECES.split(), " ", "\n", "\r", "\0", "<p id=x>", "<img src=x onerror=y>"]),
        st.sampled_from(["<a href='/x' onclick=y>", '<a href="javascript:x">']),
        st.text(max_size=4),
    ),
    max_size=25,
).map("".join)


@given(MARKUP)
def test_any_markup_comes_out_safe_and_does_not_change_when_cleaned_again(html):
    result = safe_html(html, BASE)
    assert_is_safe(result)
    assert safe_html(result, BASE) == result
