"""The door: only reading, only by the names that are ours, only with the token where there is one.

On loopback any program of this machine may ask, but no page of the web may make a browser do so: a name that
is led to 127.0.0.1 later (DNS rebinding) shows in `Host`. Elsewhere a token is needed: as a cookie after the
login page, as `Authorization: Bearer …`, or as the password of any user (Basic), which feed readers can send.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, quote

from archiver.web import rendering
from archiver.web.policy import HEADERS, OUR_POLICY

_EVERYWHERE = frozenset(name.lower().encode() for name in HEADERS)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "archive"
COOKIE_SECONDS = 90 * 86400
MAX_FORM_BYTES = 4096
WRONG_TOKEN_SECONDS = 1.0
"""How long a wrong token waits for its answer."""

LOGIN, LOGOUT = "/login", "/logout"
OPEN = "/-/archiver/"
"""Styles and pictures of ours, which the page to log in needs too; nothing of the archive is in them."""


class Guard:
    """The outermost application. `theirs` is the policy for answers that bring none: Datasette's."""

    def __init__(self, app: App, *, token: str | None, theirs: str) -> None:
        self._app = app
        self._token = token
        self._theirs = theirs
        self._proof = _proof(token) if token is not None else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] == "websocket":
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        path = scope["path"]
        send = self._marked(send)
        if self._token is None and not _is_ours(headers.get("host", "")):
            await _say(
                send,
                421,
                "Misdirected Request",
                "This archive answers to localhost only. To reach it by"
                " another name, give it a token: see `serve` in config.yaml.",
            )
        elif scope["method"] == "POST" and path in (LOGIN, LOGOUT) and self._token is not None:
            await (self._log_in(scope, receive, send) if path == LOGIN else _logged_out(scope, send))
        elif scope["method"] not in ("GET", "HEAD"):
            await _say(
                send, 405, "Method Not Allowed", "The archive is only read here.", [("Allow", "GET, HEAD")]
            )
        elif self._token is not None and not path.startswith(OPEN) and not self._knows(headers):
            await self._turned_away(scope, send, headers)
        elif path == LOGIN:
            await _redirect(send, "/")
        else:
            await self._app(scope, receive, send)

    def _marked(self, send: Send) -> Send:
        """Sends an answer with what every answer has."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [one for one in message.get("headers", []) if one[0].lower() not in _EVERYWHERE]
                names = {key.lower() for key, _ in headers}
                headers += [(key.encode(), value.encode()) for key, value in HEADERS.items()]
                if b"content-security-policy" not in names:
                    headers.append((b"content-security-policy", self._theirs.encode()))
                message = {**message, "headers": headers}
            await send(message)

        return sending

    # ------------------------------------------------------------ the token

    def _knows(self, headers: MutableMapping[str, str]) -> bool:
        """Whether a request brings the token, in any of the three ways."""
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        if cookie is not None and _same(cookie.value, self._proof):
            return True
        return any(_same(given, self._token or "") for given in _given(headers.get("authorization", "")))

    async def _turned_away(self, scope: Scope, send: Send, headers: MutableMapping[str, str]) -> None:
        if headers.get("authorization"):
            await asyncio.sleep(WRONG_TOKEN_SECONDS)
        if "text/html" in headers.get("accept", ""):
            query = scope.get("query_string", b"").decode("latin-1")
            await _login_page(send, 401, scope["path"] + (f"?{query}" if query else ""), wrong=False)
        else:
            challenge = [
                ("WWW-Authenticate", 'Bearer realm="archive"'),
                ("WWW-Authenticate", 'Basic realm="archive"'),
            ]
            await _say(send, 401, "Unauthorized", "This archive asks for a token.", challenge)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        form = parse_qs((await _body(receive)).decode("utf-8", "replace"), max_num_fields=10)
        after = form.get("next", ["/"])[0]
        if not _same(form.get("token", [""])[0].strip(), self._token or ""):
            await asyncio.sleep(WRONG_TOKEN_SECONDS)
            await _login_page(send, 401, after, wrong=True)
            return
        secure = "; Secure" if scope.get("scheme") == "https" else ""
        cookie = f"{COOKIE}={self._proof}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}{secure}"
        await _redirect(send, _local(after), [("Set-Cookie", cookie)])


def _proof(token: str) -> str:
    """What the cookie says: proof of the token, from which the token does not follow."""
    return hmac.new(token.encode(), b"archiver: the cookie of the pages", hashlib.sha256).hexdigest()


def _same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def _given(authorization: str) -> Iterable[str]:
    """The token that a field `Authorization` brings."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip()
    elif scheme.lower() == "basic":
        try:
            yield base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return


def _is_ours(host: str) -> bool:
    """Whether a field `Host` names this machine itself."""
    name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
    if name.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _local(address: str) -> str:
    """An address of ours to go on to, never another site's."""
    if (
        not address.startswith("/")
        or address.startswith("//")
        or "\\" in address
        or not address.isprintable()
    ):
        return "/"
    return quote(address, safe="/?&=%+:;,@!$'()*~._-")


# ---------------------------------------------------------------- answers of its own


async def _login_page(send: Send, status: int, after: str, *, wrong: bool) -> None:
    page = rendering.render("login.html", after=_local(after), wrong=wrong)
    await _send(send, status, "text/html; charset=utf-8", page)


async def _say(
    send: Send, status: int, title: str, why: str, headers: Iterable[tuple[str, str]] = ()
) -> None:
    await _send(send, status, "text/plain; charset=utf-8", f"{title}\n{why}\n", headers)


async def _redirect(send: Send, address: str, headers: Iterable[tuple[str, str]] = ()) -> None:
    await _send(send, 303, "text/plain; charset=utf-8", "", [("Location", address), *headers])


async def _logged_out(scope: Scope, send: Send) -> None:
    await _redirect(send, LOGIN, [("Set-Cookie", f"{COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")])


async def _send(
    send: Send, status: int, content_type: str, text: str, headers: Iterable[tuple[str, str]] = ()
) -> None:
    body = text.encode()
    fields = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", OUR_POLICY),
        *headers,
    ]
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(key.encode(), value.encode("latin-1")) for key, value in fields],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    """A form's bytes, as far as a form of ours may be long."""
    body, more = b"", True
    while more and len(body) <= MAX_FORM_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body[:MAX_FORM_BYTES]


def _headers(scope: Scope) -> dict[str, str]:
    return {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
