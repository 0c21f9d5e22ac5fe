"""What is said to a server: the header fields of a request, and which of them are nobody else's business."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from archiver.config import FetchSettings
from archiver.fetch.decode import ACCEPT_ENCODING
from archiver.model import FetchRequest
from archiver.urls import WITHHELD

Fields = list[tuple[str, str]]

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1"
)
_CHANGES = ("A-IM", "feed")
_VALIDATOR = re.compile(r"[\t\x20-\x7e\x80-\xff]{1,1024}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a server is asked the next time: what it refused at first is put differently, once."""

    trusted: bool = True
    """It is the origin that login, cookies, own fields and validators are meant for."""
    second_agent: bool = False
    uncompressed: bool = False


def fields(
    request: FetchRequest, settings: FetchSettings, manner: Manner, *, login: str | None
) -> tuple[Fields, Fields]:
    """Return all header fields of a request but `Host`, and those of them that are private.

    `login` is the Authorization field that the address held; what the configuration says goes before it, and
    the feed's own `headers` before everything.
    """
    options = request.options
    agent = options.user_agent or settings.full_user_agent
    if manner.second_agent:
        agent = settings.full_second_user_agent or agent
    ours = list(_usual(agent, "identity" if manner.uncompressed else ACCEPT_ENCODING))
    if not manner.trusted:
        return ours, []
    private: Fields = []
    if authorization := options.authorization or login:
        private.append(("Authorization", authorization))
    if options.cookies:
        private.append(("Cookie", "; ".join(f"{name}={value}" for name, value in options.cookies)))
    if request.headers:
        private = _merged(private, list(request.headers))
    if private:
        ours = _merged(ours, private)
    return ours + validators(request), private


@lru_cache(maxsize=64)
def _usual(agent: str, encoding: str) -> tuple[tuple[str, str], ...]:
    """What is said in every request, always in the same tuples: then many of them travel as one."""
    return (
        ("User-Agent", agent),
        ("Accept", ACCEPT),
        ("Accept-Encoding", encoding),
        ("Connection", "close"),
    )


def validators(request: FetchRequest) -> Fields:
    """Conditional request (RFC 9110, 13.1): both validators, exactly as they were received.

    To who knows the ETag, a server may send only the entries that came after it (`A-IM: feed`, RFC 3229).
    """
    said: Fields = []
    # An ETag that echoed a secret was not kept as it came, and says nothing to its server.
    if request.etag and WITHHELD not in request.etag and _VALIDATOR.fullmatch(request.etag):
        said += [("If-None-Match", request.etag), _CHANGES]
    if request.last_modified and _VALIDATOR.fullmatch(request.last_modified):
        said.append(("If-Modified-Since", request.last_modified))
    return said


def basic(userinfo: str, password: str) -> str:
    """Return the Authorization header field of a login (RFC 7617)."""
    return f"Basic {base64.b64encode(f'{userinfo}:{password}'.encode()).decode()}"


def _merged(base: Sequence[tuple[str, str]], own: Fields) -> Fields:
    """The base without what `own` sets anew, then `own`."""
    names = {name.lower() for name, _ in own}
    return [(name, value) for name, value in base if name.lower() not in names] + own
