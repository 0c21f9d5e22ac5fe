"""Fills the templates. Whatever they print is escaped, and publishers' control characters are harmless."""

import hashlib
import re
import unicodedata
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from archiver import __version__
from archiver.times import from_text
from archiver.urls import redact

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the text around them; the others of their kind are content to mark a direction."""

_LANGUAGES = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
    dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
    ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu
    lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu
    rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr
    ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - to be read
)
"""ISO 639-1."""


def harmless(text: str) -> str:
    """Publishers' text for a page: what is no character, or would turn others around, becomes `\ufffd`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_harmless(char) for char in text)


def _harmless(char: str) -> str:
    if char in "\n\t":
        return char
    category = unicodedata.category(char)
    return "\ufffd" if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or char in _TURNING else char


def _printed(value: Any) -> Any:
    """What a template prints, whatever it is."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else value


def language(code: str | None) -> str:
    """A language as HTML's `lang` takes it (BCP 47), empty where a reader of screens would not know it."""
    parts = (code or "").replace("_", "-").split("-")
    if parts[0].lower() not in _LANGUAGES:
        return ""
    rest = [part for part in parts[1:] if re.fullmatch(r"[A-Za-z]{2}|[A-Za-z]{4}|[0-9]{3}", part)]
    return "-".join([parts[0].lower(), *rest])


def web_address(address: str | None) -> str:
    """An address that a link may lead to, without secrets; empty unless it is http or https."""
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return ""
    return redact(address or "") if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def _moment(value: str | datetime) -> datetime:
    return from_text(value) if isinstance(value, str) else value


def day(value: str | datetime | None) -> Markup:
    """A day for people, `1 May 2024`, as an element for programs. Nothing for None."""
    return _time(value, "%-d %b %Y") if value else Markup("")


def minute(value: str | datetime | None) -> Markup:
    """Day and time (UTC) for people."""
    return _time(value, "%-d %b %Y, %H:%M") if value else Markup("")


def _time(value: str | datetime, form: str) -> Markup:
    moment = _moment(value)
    exact = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        exact, f"{moment:%Y-%m-%d %H:%M:%S}", f"{moment:{form}}"
    )


def number(value: float) -> str:
    """A number with its thousands apart."""
    return f"{value:,}"


def count(value: int, noun: str, plural: str | None = None) -> str:
    """`1 post`, `2 posts`, `1,234 entries`."""
    return f"{number(value)} {noun if value == 1 else plural or f'{noun}s'}"


def size(value: int) -> str:
    """Bytes as people say them."""
    amount = float(value)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


@cache
def static(name: str) -> bytes:
    """A file that goes out as it is. Raises FileNotFoundError."""
    return (resources.files("archiver.web") / "static" / name).read_bytes()


@cache
def static_address(name: str) -> str:
    """Where it is served; another address for other contents, so that browsers may keep it for good."""
    return f"/-/archiver/{hashlib.sha256(static(name)).hexdigest()[:12]}/{name}"


@cache
def environment() -> Environment:
    """The templates, and what they may call."""
    made = Environment(
        loader=PackageLoader("archiver.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "lang": language,
        "web_address": web_address,
        "redact": redact,
        "day": day,
        "minute": minute,
        "number": number,
        "size": size,
    }
    made.globals |= {"static_address": static_address, "count": count, "program_version": __version__}
    return made


def render(template: str, **values: Any) -> str:
    """A page's HTML."""
    return environment().get_template(template).render(**values)


__all__ = [
    "count",
    "day",
    "environment",
    "escape",
    "harmless",
    "language",
    "minute",
    "number",
    "render",
    "size",
]
