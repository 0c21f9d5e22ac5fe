"""URLs of hostile documents: resolving (RFC 3986, 5.2), one form for showing, one key for comparing.

No function here raises, whatever the string. Only http and https are understood beyond their scheme.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import quote, unquote

import idna

_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)
# A web address in which there is nothing to clean: most are, and the way through all the rest is dear.
# No blanks, controls, quotes, angles or backslashes, and nothing beyond ASCII.
_CLEAN = re.compile(
    r"(https?)://([!$-.0-;=@-\[\]-~]+)((?:/[!$-;=@-\[\]-~]*)?)"
    r"(?:\?([!$-;=?-\[\]-~]*))?(?:#([!#-;=?-\[\]-~]*))?"
)
# A host in which there is nothing to fold, with what ends it; a list of feeds may have very many.
_PLAIN_HOST = re.compile(
    r"https?://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?:[1-5][0-9]{4}|[0-9]{1,4}))?(?:[/?#]|\Z)"
)
_MISCOUNTED_SLASHES = re.compile(r"(https?):[/\\]+", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_EDGES = "".join(map(chr, range(0x21))) + "\u00a0\u200b\u200c\u200d\u2060\ufeff"
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
# An ampersand that was escaped once too often. WordPress writes `&#038;`, whose `#` would hide
# the parameters behind it from us, and with them all that tells `?p=1` from `?p=2`.
_ESCAPED_AMPERSAND = re.compile(r"&(?:(?:amp|#0{0,4}38|#[xX]0{0,4}26);)+")

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "%/:@!$&'()*+,;=-._~"
_QUERY_SAFE = _PATH_SAFE + "?"
_FORBIDDEN_IN_HOST = re.compile(r'[\x00-\x20#/:<>?@\[\\\]^|%"`{}]')
_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 253  # RFC 1035, 2.3.4; also keeps the quadratic parts of IDNA small

_TRACKING_PREFIXES = (
    "utm_",
    "mtm_",
    "pk_campaign",
    "pk_kwd",
    "ns_",
    "hsa_",
    "oly_",
    "ml_subscriber",
    "vero_",
)
_TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid twclid ttclid yclid ysclid _openstat mc_cid mc_eid igshid
    igsh mkt_tok _hsenc _hsmi _ga _gl li_fat_id srsltid wickedid rb_clickid ref_src at_medium at_campaign
    _branch_match_id maca xtor traffic_source fb_action_ids fb_action_types fb_source
    ns_campaign ns_fee ns_linkname ns_mchannel ns_source
    """.split()  # noqa: SIM905 - readable as prose
)


class _Url(NamedTuple):
    """The five components of RFC 3986, 3; None where the delimiter is missing."""

    scheme: str | None
    authority: str | None
    path: str
    query: str | None
    fragment: str | None

    @property
    def is_web(self) -> bool:
        return self.scheme in _DEFAULT_PORTS

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme is not None else ""
        if self.authority is not None:
            text += f"//{self.authority}"
        text += self.path
        if self.query is not None:
            text += f"?{self.query}"
        return text if self.fragment is None else f"{text}#{self.fragment}"


class _Authority(NamedTuple):
    userinfo: str | None
    host: str
    port: int | None


def resolve(base: str | None, url: str) -> str | None:
    """Return what a reference in a document means as an absolute URL (RFC 3986, 5.2), or None.

    White space around it, line breaks and control characters within it go; `\\` counts as `/` and wrong
    counts of slashes after `http:` are mended, as browsers do. Non-ASCII characters stay as written, blanks
    and quotes are escaped. `//host` takes a web base's scheme, else `https`. An empty reference names
    nothing and gives None, and so does a web address without a usable host. Other schemes (`mailto:`,
    `magnet:`, `javascript:`) come back as they are, for the caller to judge.
    """
    reference = _read(url)
    if reference is None:
        return None
    if reference.scheme is None:
        root = _read(base) if base else None
        if reference.authority is not None:
            # A page that was saved to a `file:` meant the web by it.
            reference = reference._replace(
                scheme=root.scheme if root is not None and root.is_web else "https"
            )
        elif root is not None and root.scheme is not None and root.authority is not None:
            reference = _joined(root, reference)
        else:
            return None
    if not reference.is_web:
        return str(reference)
    if reference.authority is None or _split_authority(reference.authority) is None:
        return None
    path = _without_dot_segments(reference.path)
    return str(reference if path is reference.path else reference._replace(path=path))


def canonical(url: str) -> str | None:
    """Return the one form of a web URL, or None for anything else.

    Scheme and host lower-case, the host in ASCII (IDNA 2008, UTS 46) without its closing dot, default port,
    fragment and tracking parameters off, percent-encoding as in RFC 3986, 6.2.2. Order and spelling of the
    parameters left, path and scheme stay, and so do fragments that name a page (`#!/a`, `#/a`). It still
    leads to the same page.
    """
    parts = _canonical_parts(url)
    if parts is None:
        return None
    target, authority = parts
    userinfo = "" if authority.userinfo is None else f"{authority.userinfo}@"
    return str(target._replace(authority=userinfo + _host_and_port(authority)))


def url_key(url: str) -> str | None:
    """Return what two spellings of one web address have in common, for comparing only; None for other URLs.

    The canonical form without scheme, login, a leading `www.` and one closing slash of the path.
    """
    parts = _canonical_parts(url)
    if parts is None:
        return None
    target, authority = parts
    host = _host_and_port(authority)
    bare = host.removeprefix("www.")
    target = target._replace(scheme=None, authority=None, path=target.path.removesuffix("/"))
    return (bare if "." in bare else host) + str(target)


def is_site_root(key: str) -> bool:
    """Whether a `url_key` names a whole site, and so no post in particular."""
    return not any(mark in key for mark in "/?#")


def host_key(url: str) -> str | None:
    """Return the host of a web URL, lower-case and in ASCII, without port; None for other URLs."""
    if (plain := _PLAIN_HOST.match(url)) is not None and len(plain[1]) <= _LONGEST_HOST:
        return plain[1]
    target = _read(url)
    if target is None or not target.is_web or target.authority is None:
        return None
    authority = _split_authority(target.authority)
    return None if authority is None else authority.host


WITHHELD = "(withheld)"
"""Stands in the place of what is nobody else's business, in the archive and in whatever is made from it."""

_USERINFO = re.compile(r"(?<=//)[^/?#]*@")
_PARAMETER = re.compile(r"(?<=[?&;#])([^?&;#=]+)=")
_VALUE = re.compile(r"[^&#]*")
_SECRET_NAMES = frozenset({"sid", "session", "code", "pass", "pw", "pin", "otp", "sas", "bearer"})
_SECRET_ENDINGS = tuple(
    "token key secret password passwd pwd sig signature auth jwt sessionid session_id sessid".split()  # noqa: SIM905
)
_ADDRESS_FIELDS = frozenset({"location", "content-location", "link", "refresh"})
_IN_FIELD = re.compile(r'[^<>"]+')
_COOKIE = re.compile(r"\A([^=;]*=)[^;]+")


def redact(url: str) -> str:
    """Return a URL as messages, logs and records may show it: without login and secret parameters."""
    if "@" not in url and "=" not in url:
        return url
    url = _USERINFO.sub("", url)
    shown, at = list[str](), 0
    for begin, end in _secrets(url):
        shown += url[at:begin], "…"
        at = end
    return "".join(shown) + url[at:]


def redact_field(name: str, value: str) -> str:
    """Return a header field's value as records may show it.

    Every address in it is as `redact` shows it; of a cookie that was given to us the name and the attributes
    are left (RFC 6265, 4.1), for whoever has its value may be us.
    """
    if name.lower() == "set-cookie":
        return _COOKIE.sub(r"\1…", value)
    if name.lower() not in _ADDRESS_FIELDS:
        return value
    return _IN_FIELD.sub(lambda found: redact(found[0]), value)


def secret_values(url: str) -> list[str]:
    """Return the values that `redact` takes out of the parameters of a URL, as they are written."""
    return [url[begin:end] for begin, end in _secrets(url)] if "=" in url else []


def _secrets(url: str) -> Iterator[tuple[int, int]]:
    """Where the values of secret parameters begin and end."""
    end = 0
    for found in _PARAMETER.finditer(url):
        if found.start() >= end and _is_secret(found[1]):
            value = _VALUE.match(url, found.end())
            assert value is not None, "the pattern matches every string"
            end = value.end()
            yield found.end(), end


def _is_secret(name: str) -> bool:
    """Whether a parameter's name says that its value is for few; `a[token]` is a `token`."""
    word = unquote(name).lower().strip(" +").rstrip("[]").rpartition("[")[2]
    return word in _SECRET_NAMES or word.endswith(_SECRET_ENDINGS)


def is_web(url: str) -> bool:
    """Whether this is an absolute http or https URL with a usable host."""
    return host_key(url) is not None


def _read(text: str) -> _Url | None:
    """Clean a string and cut it into components; None where nothing is left."""
    if (clean := _CLEAN.fullmatch(text)) is not None:
        return _Url(*clean.groups())
    text = "".join(line.strip(_EDGES) for line in text.strip(_EDGES).splitlines())
    text = _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))
    if not text:
        return None
    text = (
        _MISCOUNTED_SLASHES.sub(lambda match: f"{match[1].lower()}://", text, count=1)
        if text[0] in "hH"
        else text
    )
    match = _PARTS.fullmatch(text)
    assert match is not None, "the pattern matches every string"
    scheme = match[1].lower() if match[1] is not None else None
    if scheme is not None and scheme not in _DEFAULT_PORTS:
        return _Url(scheme, *match.groups()[1:])
    if "\\" in text:
        head, mark, tail = _cut_before_query(text)
        match = _PARTS.fullmatch(head.replace("\\", "/") + mark + tail)
        assert match is not None, "the pattern matches every string"
    escaped = [None if part is None else _escape_blanks(part) for part in match.groups()[2:]]
    return _Url(scheme, match[2], escaped[0] or "", escaped[1], escaped[2])


def _cut_before_query(text: str) -> tuple[str, str, str]:
    cut = min((at for at in (text.find("?"), text.find("#")) if at >= 0), default=len(text))
    return text[:cut], text[cut : cut + 1], text[cut + 1 :]


def _escape_blanks(part: str) -> str:
    for character in ' "<>':
        if character in part:
            part = part.replace(character, f"%{ord(character):02X}")
    return part


def _joined(base: _Url, reference: _Url) -> _Url:
    """RFC 3986, 5.2.2, for a reference without scheme and authority."""
    if not reference.path:
        query = base.query if reference.query is None else reference.query
        return base._replace(query=query, fragment=reference.fragment)
    path = (
        reference.path
        if reference.path.startswith("/")
        else f"{base.path.rpartition('/')[0]}/{reference.path}"
    )
    return _Url(base.scheme, base.authority, _without_dot_segments(path), reference.query, reference.fragment)


def _without_dot_segments(path: str) -> str:
    """RFC 3986, 5.2.4, in one pass; paths above the root stay at the root."""
    if "/." not in path and not path.startswith("."):
        return path
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def _canonical_parts(url: str) -> tuple[_Url, _Authority] | None:
    target = _read(_ESCAPED_AMPERSAND.sub("&", url))
    if target is None or not target.is_web or target.authority is None:
        return None
    authority = _split_authority(target.authority)
    if authority is None:
        return None
    if authority.port == _DEFAULT_PORTS[target.scheme or ""]:
        authority = authority._replace(port=None)
    if authority.userinfo is not None:
        authority = authority._replace(
            userinfo=_percent_encoded(authority.userinfo, safe="%:!$&'()*+,;=-._~")
        )
    path = _without_dot_segments(_percent_encoded(target.path, safe=_PATH_SAFE)) or "/"
    query = _without_tracking(_percent_encoded(target.query or "", safe=_QUERY_SAFE)) or None
    fragment = target.fragment if (target.fragment or "").startswith(("!", "/")) else None
    if fragment is not None:
        fragment = _percent_encoded(fragment, safe=_QUERY_SAFE)
    return _Url(target.scheme, None, path, query, fragment), authority


def _percent_encoded(part: str, *, safe: str) -> str:
    """Escape what must be, unescape what need not be, and escape a stray `%`, so that once is enough."""

    def normal(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%25"
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    return quote(_PERCENT.sub(normal, part), safe=safe)


def _without_tracking(query: str) -> str:
    return "&".join(
        piece for piece in query.split("&") if piece and not _is_tracking(piece.partition("=")[0])
    )


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)


def _split_authority(text: str) -> _Authority | None:
    """Login, folded host and port; None where the host could not be asked for."""
    userinfo, at, rest = text.rpartition("@")
    if rest.startswith("["):
        literal, bracket, port_text = rest[1:].partition("]")
        try:
            host = f"[{IPv6Address(literal).compressed}]" if bracket else ""
        except ValueError:
            return None
        if port_text and not port_text.startswith(":"):
            return None
        port_text = port_text[1:]
    else:
        name, _, port_text = rest.partition(":")
        host = _folded_host(name)
    if not host or (port_text and not (port_text.isascii() and port_text.isdigit() and len(port_text) < 10)):
        return None
    port = int(port_text) if port_text else None
    if port is not None and port > 65535:
        return None
    return _Authority(userinfo if at else None, host, port)


def _folded_host(name: str) -> str:
    """The host lower-case, in ASCII and without a closing dot; empty where it is no host."""
    if "%" in name:
        name = unquote(name)
    if len(name) > _LONGEST_HOST:
        return ""
    if name.isascii():
        name = name.lower()
    else:
        try:
            mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
        except (idna.IDNAError, UnicodeError):
            return ""
        name = ".".join(_ascii_label(label) for label in mapped.split("."))
    name = name.removesuffix(".")
    bad = not name or ".." in name or name[0] == "." or _FORBIDDEN_IN_HOST.search(name) is not None
    return "" if bad else name


def _ascii_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return idna.alabel(label).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        # Browsers go to such hosts (emoji) although IDNA 2008 forbids their registration.
        return "xn--" + label.encode("punycode").decode("ascii")


def _host_and_port(authority: _Authority) -> str:
    return authority.host if authority.port is None else f"{authority.host}:{authority.port}"
