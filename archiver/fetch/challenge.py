"""Challenge pages: what a service before a site sends in place of its feed, to see if a person is asking.

They come with any status, 200 among them, and must not be taken for a dead feed, nor for one that became a
web page. Each service is known by what no other page has: a header field of its own, or addresses and names
in its script. Words alone prove nothing, for a post may well be about them. A document that begins
as XML or JSON is never taken for one.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

STATUSES = frozenset({200, 202, 401, 403, 405, 406, 429, 503})
_LOOKED_AT = 16 * 1024
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|body|title|script|meta)[\s>]", re.IGNORECASE)


class _Sign(NamedTuple):
    """What gives a service away; each of the three is enough."""

    service: str
    headers: tuple[tuple[str, str], ...] = ()
    """Fields, lower-case, with a word that their value holds."""
    pages: tuple[tuple[bytes, ...], ...] = ()
    """Lower-case pieces of a page; all of one group are wanted."""
    server: str = ""
    """What the `Server` field says, where the page asks for patience, JavaScript or cookies."""


# Several services add a script to ordinary pages too; those scripts alone say nothing.
_SIGNS = (
    _Sign(
        "Cloudflare",
        headers=(("cf-mitigated", "challenge"),),
        pages=(
            (b"window._cf_chl_opt",),
            (b"<title>just a moment...</title>",),
            (b"<title>attention required! | cloudflare</title>",),
            (b"cf-browser-verification",),
            (b"/cdn-cgi/styles/cf.errors.css", b"cf-error-details"),
        ),
        server="cloudflare",
    ),
    _Sign(
        "AWS WAF",
        headers=(("x-amzn-waf-action", "challenge"), ("x-amzn-waf-action", "captcha")),
        pages=((b"window.gokuprops",), (b".awswaf.com/", b"challenge-container")),
    ),
    _Sign(
        "Vercel",
        headers=(("x-vercel-mitigated", "challenge"), ("x-vercel-mitigated", "deny")),
        pages=((b"vercel security checkpoint",),),
    ),
    _Sign(
        "DDoS-Guard",
        pages=(
            (b"/.well-known/ddos-guard/js-challenge/",),
            (b"check.ddos-guard.net/",),
            (b"<title>ddos-guard</title>",),
        ),
        server="ddos-guard",
    ),
    _Sign(
        "Sucuri",
        pages=(
            (b"sucuri_cloudproxy_js",),
            (b"<title>sucuri website firewall",),
            (b"cdn.sucuri.net/sucuri-firewall-block.css",),
        ),
        server="sucuri",
    ),
    _Sign(
        "Imperva",
        pages=(
            (b"/_incapsula_resource?", b"incident_id"),
            (b"/_incapsula_resource?", b"main-iframe"),
            (b"/_incapsula_resource?", b"noindex"),
        ),
    ),
    _Sign(
        "Akamai",
        pages=(
            (b"errors.edgesuite.net", b"access denied"),
            (b"bm-verify=", b"/_sec/verify"),
            (b"sec-if-cpt-container",),
        ),
        server="akamai",
    ),
    _Sign("Anubis", pages=((b"/.within.website/x/",), (b'id="anubis_challenge"',))),
    _Sign("Qrator", pages=((b"/__qrator/",),), server="qrator"),
    _Sign("StackPath", pages=((b"/sbbi/?sbbpg=",),), server="stackpath"),
)
_PLEAS = (
    b"checking your browser",
    b"enable javascript and cookies",
    b"just a moment",
    b"verify you are human",
    b"verifying you are human",
    b"ddos protection by",
)


def service(status: int, headers: Sequence[tuple[str, str]], body: bytes | None) -> str | None:
    """Return the name of the service that asks for proof of a person; None where nobody does.

    `body` is the document, or None where it did not come.
    """
    if status not in STATUSES:
        return None
    start = _without_comments((body or b"")[:_LOOKED_AT].removeprefix(b"\xef\xbb\xbf"))
    is_page = _PAGE.match(start) is not None
    if start and not is_page:
        return None
    said = {name.lower(): value.lower() for name, value in headers}
    for sign in _SIGNS:
        if any(word in said.get(name, "") for name, word in sign.headers):
            return sign.service
    if not is_page:
        return None
    page = start.lower()
    begs = status >= 400 and any(plea in page for plea in _PLEAS)
    for sign in _SIGNS:
        if begs and sign.server and sign.server in said.get("server", ""):
            return sign.service
        if any(all(piece in page for piece in pieces) for pieces in sign.pages):
            return sign.service
    return None


def _without_comments(start: bytes) -> bytes:
    """A document from its first element on."""
    start = start.lstrip()
    while start.startswith(b"<!--") and (end := start.find(b"-->")) >= 0:
        start = start[end + 3 :].lstrip()
    return start
