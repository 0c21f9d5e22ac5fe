"""Values as people write them, in the configuration and on the command line: durations, sizes, addresses.

Every reader raises ValueError with a sentence that says what is wrong and what to write instead.
"""

import codecs
import json
import os
import re
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)
_SIZE = re.compile(r"(\d{1,12}) ?(B|[KMG]i?B)", re.ASCII | re.IGNORECASE)
_SIZE_UNITS = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
_NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})
# Most addresses are of this kind, and there is nothing to take apart: a list may have very many.
_PLAIN_ADDRESS = re.compile(
    r"(https?://)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::(?!80/|80$|443/|443$)(?:[1-5][0-9]{4}|[1-9][0-9]{0,3}))?"
    r"(?:/[!\"$-~]*)?"
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def quoted(value: str) -> str:
    """The value as a message shows it: short, control characters visible."""
    return json.dumps(value if len(value) <= 60 else value[:59] + "…", ensure_ascii=False)


def read_duration(text: str) -> int:
    """Seconds of `90s`, `15m`, `1h30m`, `2d`; at most 366 days."""
    if text.isascii() and text.isdigit():
        raise ValueError(f"{quoted(text)} has no unit; write 90s for seconds, 15m for minutes")
    match = _DURATION.fullmatch(text)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0, 0)
    if not (total := days * 86400 + hours * 3600 + minutes * 60 + seconds):
        raise ValueError(f"{quoted(text)} is not a duration; write 90s, 15m, 2h or 1d")
    if total > 366 * 86400:
        raise ValueError(f"{quoted(text)} is longer than a year; write 366d or less")
    return total


def read_size(text: str) -> int:
    """Bytes of `20MB`, `512 KiB`."""
    match = _SIZE.fullmatch(text)
    total = int(match[1]) * _SIZE_UNITS[match[2].lower()] if match else 0
    if not total:
        raise ValueError(f"{quoted(text)} is not a size; write 500KB, 20MB or 20 MiB")
    return total


def read_charset(text: str) -> str:
    """The name of an encoding of text that can be decoded safely."""
    try:
        codec = codecs.lookup(text)
        b"a".decode(text, "replace")  # refuses base64, zip and the other codecs that make no text
        known = codec.name.replace("_", "-") not in _NO_CHARSETS
    except (LookupError, ValueError):
        known = False
    if not known:
        raise ValueError(f"{quoted(text)} is not a known charset; write windows-1251 or utf-8")
    return text


def read_network(text: str) -> str:
    """A network (CIDR) or an address in its usual spelling, or else the name of a host."""
    try:
        return str(ip_network(text.strip("[]")))
    except ValueError as error:
        if not re.fullmatch(r"(?=.*[A-Za-z_])[\w-]+(\.[\w-]+)*\.?", text):
            raise ValueError(
                f"{quoted(text)} is neither network nor host; write 192.168.1.0/24, 127.0.0.1 or wiki.lan"
            ) from error
    return text.lower().removesuffix(".")


def read_address(text: str, *, folder: Path) -> str:
    """An address that can be fetched: http, https, or `file:`, which is made absolute from `folder`."""
    if _PLAIN_ADDRESS.fullmatch(text):
        return text
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("is not a web address; compare it with the one in your browser") from error
    if parts.scheme == "file":
        return _file_address(text, parts.netloc, folder)
    if parts.scheme not in _DEFAULT_PORTS:
        if not parts.scheme or "." in parts.scheme:
            raise ValueError("is not a web address; it must begin with https:// or http://, or file:")
        raise ValueError(f"{parts.scheme}: addresses cannot be fetched; write https:, http: or file:")
    if not host or re.search(r"\s", text):
        raise ValueError("is not a web address; write one like https://example.org/feed, without spaces")
    return text


def _file_address(text: str, host: str, folder: Path) -> str:
    if host not in ("", "localhost"):
        raise ValueError("a file: address cannot name another machine; write file:folder/name")
    # Everything after file: is the name, a `?` or `#` in it too; as_uri() escapes them.
    name = unquote(text[text.index(":") + 1 :].removeprefix("//" + host))
    if not name or "\0" in name:
        raise ValueError("a file: address needs a file name after it")
    return file_address(folder / name)


def file_address(path: Path) -> str:
    """The `file:` address of a path (RFC 8089): absolute, `..` taken out, links not followed."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 (resolve() would follow links)


def folded_if_plain(text: str) -> str | None:
    """What `folded_address` makes of an address that is read as it stands; None: look closer."""
    if "?" not in text and (plain := _PLAIN_ADDRESS.fullmatch(text)):
        return f"{plain[1]}@{text[plain.end(1) :].rstrip('/')}?"
    return None


def folded_address(url: str) -> str:
    """What makes two addresses the same feed: not the host's case, the default port or the last slash."""
    if (folded := folded_if_plain(url)) is not None:
        return folded
    parts = urlsplit(url)
    if parts.scheme == "file":
        return url
    host = (parts.hostname or "").rstrip(".")
    port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    user = parts.netloc.rpartition("@")[0]
    return f"{parts.scheme}://{user}@{host}{port}{parts.path.rstrip('/')}?{parts.query}"
