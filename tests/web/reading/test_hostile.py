"""A feed that is hostile in every field, in Chromium: nothing runs, nothing is loaded, the layout holds."""

# ruff: noqa: E501

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from xml.sax.saxutils import escape

import pytest


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        do_POST = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def hurting(address: str) -> list[str]:
    """Markup that would run, load or break something if a page took it as its own."""
    run = f"document.title='hurt';fetch('{address}/run')"
    pieces = [
        f"<script>{run}</script><script src='{address}/script'></script>",
        f"<img src='{address}/img' srcset='{address}/srcset 2x' onerror=\"{run}\" onload=\"{run}\">",
        f'<svg onload="{run}"><image href=\'{address}/svg\'/><animate onbegin="{run}" attributeName=x /></svg>',
        f"<iframe src='{address}/iframe' srcdoc=\"<script>{run}</script>\"></iframe><object data='{address}/object'></object>",
        f"<embed src='{address}/embed'><video src='{address}/video' poster='{address}/poster' autoplay></video>",
        f'<a href="javascript:{run}" autofocus onfocus="{run}">a</a><a href=\'data:text/html,<script>{run}</script>\'>b</a>',
        f"<link rel='stylesheet' href='{address}/css'><style>@import '{address}/import';body{{display:none}}</style>",
        f'<p style="position:fixed;inset:0;background:url({address}/style);z-index:99">over all</p>',
        f"<meta http-equiv='refresh' content='0;url={address}/refresh'><base href='{address}/'>",
        f"<form action='{address}/form'><input name=q autofocus onfocus=\"{run}\"><button>Log in</button></form>",
        "</p></div></article></main></body></html><div class='top'>No more</div>",
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src={address}/m onerror={run}&gt;">',
        f"<noscript><p title=\"</noscript><img src='{address}/noscript' onerror={run}>\"></noscript>",
        "\u202eright to left\u2066\u202e <!-- <![CDATA[ ]]] > <plaintext>",
    ]
    return ["".join(pieces[number : number + 4]) for number in range(0, len(pieces), 4)]


def feed(address: str, *, edited: bool = False) -> str:
    """An Atom feed, hostile in every field."""
    items = []
    for number, hurt in enumerate(hurting(address)):
        text = escape(hurt + (" edited" if edited else "") + f" <p>Word {number}.</p>" + hurt)
        field = escape(f"\"'><b>{hurt}", {'"': "&quot;"})
        items.append(
            f"<entry><id>{field}{number}</id><title type='html'>{escape(escape(hurt))} title</title>"
            f"<link href='javascript:{escape(hurt, {chr(39): '&apos;'})}'/><updated>2026-02-{number + 1:02}T00:00:00Z</updated>"
            f"<author><name>{field}</name><email>{field}</email></author>"
            f'<category term="{field}" label="{field}"/>'
            f"<link rel='enclosure' href='javascript:alert(1)' type=\"{field}\" length='12'/>"
            f'<link rel=\'enclosure\' href="{escape(address)}/file?{field}" type="{field}"/>'
            f"<summary type='html'>{text}</summary><content type='html'>{text}</content></entry>"
        )
    field = escape("\"'>" + "".join(hurting(address)))
    return (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en&quot;&gt;&lt;script&gt;'>"
        f"<id>{field}</id><title>{field}</title><subtitle>{field}</subtitle>"
        f"<link href='javascript:alert(1)'/><updated>2026-02-01T00:00:00Z</updated>{''.join(items)}</feed>"
    )


def test_nothing_runs_nothing_is_loaded_and_the_layout_holds(live, serve, browse, listener):
    address, asked = listener
    archive = live()
    archive.replay("https://hostile.example/feed", feed(address))
    archive.replay("https://hostile.example/feed", feed(address, edited=True))
    posts = [row[0] for row in archive.rows("SELECT id FROM posts")]
    assert len(posts) == len(hurting(address))
    pages = [
        *(f"/post/{number}" for number in posts),
        *(f"/post/{number}/diff" for number in posts),
        "/post/1?version=1",
        "/search",
        "/search?q=word",
        "/search?q=%3Cscript%3Edocument.title%3D'hurt'%3C%2Fscript%3E&feed=%22%3E%3Cb%3E&page=%3Cb%3E&as_of=%3Cb%3E",
        "/",
        "/feeds",
        "/feed/1",
        "/changes",
    ]
    with serve(archive.path) as served:
        browser = browse(SimpleNamespace(address=served))
        browser.open("/-/actor.json")
        browser.complaints()
        for page in pages:
            browser.open(page, width=360)
            assert browser.title != "hurt", page
            # A refusal by the policy would be a sign that something got as far as that.
            assert browser.complaints() == [], page
            assert browser.overflow() <= 0, page
            assert browser.run(
                "const at = document.querySelector('.brand').getBoundingClientRect();"
                "return !!document.elementFromPoint(at.x + 2, at.y + at.height / 2).closest('.brand')"
                " && document.querySelectorAll('.top, main, .bottom').length === 3"
                " && document.body.lastElementChild.matches('.bottom')"
                " && !document.querySelector('main :is(script, style, iframe, object, embed, svg[onload], base, meta)')"
            ), page
        for page in ("/out/all.atom", "/out/feed/1.atom", "/search.atom?q=word", "/search.json?q=word"):
            browser.open(page)
            assert browser.title != "hurt"
        browser.open("/post/1?images=yes")
    assert [path for path in asked if path not in ("/favicon.ico", "/img")] == []
