"""httpx's addresses and header fields, as far as we know them already.

httpx takes an address to pieces and folds the names of fields whenever it is given some: a good part of what
asking for an unchanged feed would cost. What is made here it can use like its own, and does that work when it
must.
"""

import re
from collections.abc import Sequence
from typing import Any

import httpx

DEFAULT_PORTS = {"http": 80, "https": 443}

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_LABEL = "(?!xn--)[a-z0-9-]+"
_PLAIN = re.compile(
    rf"(https?)://((?:{_OCTET}\.){{3}}{_OCTET}|(?:{_LABEL}\.)*(?=[0-9-]*[a-z]){_LABEL})(?::([1-9][0-9]{{0,4}}))?"
    r"(/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*(?:\?(?:[\w.~!$&()*+,;=:@/?-]|%[0-9A-F]{2})*)?)",
    re.ASCII,
)
_LONGEST_HOST = 253  # RFC 1035, 2.3.4


class ReadyURL(httpx.URL):
    """An address that httpx would leave as it is, letter for letter."""

    _text = ""

    def __init__(self, text: str, scheme: str, host: str, port: int | None, target: str) -> None:
        self._text = text
        self._scheme = scheme
        self._host = host
        self._port = port
        self._target = target

    def __str__(self) -> str:
        return self._text

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        return self._scheme

    @property
    def host(self) -> str:
        """The name or IPv4 address."""
        return self._host

    @property
    def raw_host(self) -> bytes:
        """The same as it travels."""
        return self._host.encode("ascii")

    @property
    def port(self) -> int | None:
        """None for the scheme's own."""
        return self._port

    @property
    def netloc(self) -> bytes:
        """Host and port, as `Host` says them."""
        return (self._host if self._port is None else f"{self._host}:{self._port}").encode("ascii")

    @property
    def raw_path(self) -> bytes:
        """Path and query, as the request line says them."""
        return self._target.encode("ascii")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - Python's own protocol
        """What is not here, httpx finds."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(httpx.URL(self._text), name)


def ready_url(text: str) -> ReadyURL | None:
    """Return an address that is in order, to the letter; None where somebody has to look at it closely."""
    found = _PLAIN.fullmatch(text)
    if found is None or "/." in text:
        return None
    scheme, host, port, target = found.groups()
    number = None if port is None else int(port)
    if number == DEFAULT_PORTS[scheme] or (number or 0) > 65535 or len(host) > _LONGEST_HOST:
        return None
    return ReadyURL(text, scheme, host, number, target)


class ReadyHeaders(httpx.Headers):
    """Header fields as they travel; httpx folds their names when somebody asks for one by its name."""

    _is_folded = False

    def __init__(self, fields: Sequence[tuple[bytes, bytes]]) -> None:
        self._fields = list(fields)

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        """Names and values, byte for byte."""
        return super().raw if self._is_folded else self._fields

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - Python's own protocol
        """What is not here, httpx finds; from then on it is httpx's to change."""
        if self._is_folded or name.startswith("__"):
            raise AttributeError(name)
        self._is_folded = True
        super().__init__(self._fields)
        return getattr(self, name)
