"""Whose server an address belongs to: the unit to which all manners apply."""

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from archiver.urls import host_key

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

PLATFORMS = frozenset(
    {
        "beehiiv.com", "blog.hu", "blogs.com", "buttondown.email", "canalblog.com", "dreamwidth.org",
        "ghost.io", "hypotheses.org", "livejournal.com", "medium.com", "micro.blog", "naver.com",
        "noblogs.org", "over-blog.com", "posthaven.com", "squarespace.com", "substack.com",
        "tilda.ws", "tistory.com", "tumblr.com", "typepad.com", "ucoz.ru", "webnode.com", "weebly.com",
        "wordpress.com", "write.as",
    }
)  # fmt: skip
"""Platforms whose tenants have a subdomain each, and that the Public Suffix List does not name."""

_V4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
"""An IPv4 address as it is written; other spellings are numbers to some, and no names to anybody."""

NOBODY = ""
"""The host of what is not on the web, as `file:` addresses."""


@lru_cache(maxsize=10_000)
def host_of(url: str) -> str:
    """Return the registrable domain of a web address, or the tenant's own name on a shared platform.

    By the Public Suffix List (publicsuffix.org), its private part included. An IP address, and a name of this
    network alone, is itself. The port does not matter: two services of a machine share it. NOBODY for other
    addresses.
    """
    name = host_key(url)
    return NOBODY if name is None else _registrable(name)


@lru_cache(maxsize=10_000)
def _registrable(name: str) -> str:
    if _V4.fullmatch(name):
        return name
    if name[0] == "[" or name[-1].isdigit():  # nothing else can be an address, and to try is dear
        try:
            return str(ipaddress.ip_address(name.strip("[]")))
        except ValueError:
            pass
    labels = name.split(".")
    if len(labels) > 2 and ".".join(labels[-2:]) in PLATFORMS:
        return ".".join(labels[-3:])
    return _suffixes().privatesuffix(name) or name


@cache
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # the process that asks hardly ever needs it

    return PublicSuffixList()
