"""The feeds that the configuration lists: what may be said of one."""

import base64
import importlib.util
import re
from pathlib import Path
from urllib.parse import urlsplit

from archiver.config.nodes import Node
from archiver.config.settings import AS_ALL, FIND_OUT, FeedConfig
from archiver.model import KINDS, FetchOptions, Headers, ParseOptions
from archiver.values import folded_address, folded_if_plain, quoted, read_address, read_charset

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # token, RFC 9110, 5.6.2
_COOKIE_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")  # RFC 6265, 4.1.1
_FETCH_KEYS = ("auth", "token", "cookies", "proxy", "verify_tls", "timeout", "user_agent")
_KEYS = ("url", "name", "tags", "interval", "headers", "parse", *_FETCH_KEYS)
_OUR_HEADERS = frozenset({"accept-encoding", "connection", "content-length", "host", "transfer-encoding"})


def feeds(node: Node, *, folder: Path) -> tuple[FeedConfig, ...]:
    """The list of feeds; the same feed twice is a mistake."""
    found: list[FeedConfig] = []
    lines: dict[str, int] = {}
    for number, (text, line) in enumerate(node.glances()):
        if (folded := folded_if_plain(text)) is not None:
            feed = FeedConfig(url=text, line=line)
        else:
            feed = _feed(node.item(number), folder=folder)
            folded = folded_address(feed.url)
        if folded in lines:
            first = lines[folded]
            raise node.item(number).wrong(f"is the same feed as in line {first}; keep one of the two")
        lines[folded] = feed.line
        found.append(feed)
    return tuple(found)


def _feed(node: Node, *, folder: Path) -> FeedConfig:
    if node.is_single:
        return FeedConfig(url=_url(node, folder=folder), line=node.line)
    keys = node.mapping(*_KEYS)
    if "url" not in keys:
        raise node.wrong("has no url; every feed needs one")
    return FeedConfig(
        url=_url(keys["url"], folder=folder),
        name=keys["name"].text() if "name" in keys else None,
        tags=tuple(dict.fromkeys(tag.text() for tag in keys["tags"].items())) if "tags" in keys else (),
        interval_seconds=keys["interval"].duration() if "interval" in keys else None,
        headers=_headers(keys["headers"]) if "headers" in keys else (),
        fetch=_fetch_options(keys) if not keys.keys().isdisjoint(_FETCH_KEYS) else AS_ALL,
        parse=_parse_options(keys["parse"]) if "parse" in keys else FIND_OUT,
        line=node.line,
    )


def _url(node: Node, *, folder: Path) -> str:
    return node.read(lambda text: read_address(text, folder=folder))


def _headers(node: Node) -> Headers:
    headers: list[tuple[str, str]] = []
    for name, value in node.mapping().items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OUR_HEADERS:
            raise value.wrong("is not a header that can be set here")
        headers.append((name, value.header_with_variables()))
    return tuple(headers)


def _fetch_options(keys: dict[str, Node]) -> FetchOptions:
    return FetchOptions(
        authorization=_authorization(keys),
        cookies=_cookies(keys["cookies"]) if "cookies" in keys else (),
        proxy=_proxy(keys["proxy"]) if "proxy" in keys else None,
        verify_tls=keys["verify_tls"].yes_or_no() if "verify_tls" in keys else True,
        timeout_seconds=keys["timeout"].duration() if "timeout" in keys else None,
        user_agent=keys["user_agent"].header_text() if "user_agent" in keys else None,
    )


def _authorization(keys: dict[str, Node]) -> str | None:
    if "token" in keys and "auth" in keys:
        raise keys["token"].wrong("goes not together with auth; keep the one that the server wants")
    if "token" in keys:
        return f"Bearer {keys['token'].header_with_variables()}"
    if "auth" not in keys:
        return None
    login = keys["auth"].mapping("user", "password")
    if "user" not in login:
        raise keys["auth"].wrong("has no user; write auth: {user: me, password: ${MY_PASSWORD}}")
    user = login["user"].with_variables()
    if ":" in user:
        raise login["user"].wrong("holds a colon, which no user's name may have (RFC 7617)")
    password = login["password"].with_variables() if "password" in login else ""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _cookies(node: Node) -> tuple[tuple[str, str], ...]:
    cookies: list[tuple[str, str]] = []
    for name, value in node.mapping().items():
        text = value.with_variables()
        if not _HEADER_NAME.fullmatch(name) or not _COOKIE_VALUE.fullmatch(text):
            raise value.wrong("is not a cookie as it may travel (RFC 6265)")
        cookies.append((name, text))
    return tuple(cookies)


def _proxy(node: Node) -> str:
    text = node.with_variables()
    try:
        parts = urlsplit(text)
        usable = (
            bool(parts.hostname)
            and parts.port != 0
            and parts.scheme in ("http", "https", "socks5", "socks5h")
        )
    except ValueError:
        usable = False
    if not usable:
        raise node.wrong("is not a proxy's address; write http://host:port or socks5://host:port")
    if parts.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise node.wrong("needs the package socksio; install it with: pip install 'archiver[socks]'")
    return text


def _parse_options(node: Node) -> ParseOptions:
    keys = node.mapping("charset", "kind")
    if "charset" in keys:
        keys["charset"].read(read_charset)
    if "kind" in keys and (kind := keys["kind"].text()) not in KINDS:
        raise keys["kind"].wrong(f"{quoted(kind)} is not a known kind; write one of {', '.join(KINDS)}")
    return ParseOptions(**{key: value.text() for key, value in keys.items()})
