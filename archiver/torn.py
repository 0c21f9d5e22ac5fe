"""Answers that broke off: what of them may be read, and how the log tells that it was. Pure.

The rule. Of a document (200) whose transfer or compression broke off, the entries before the cut are
archived, as those of a document that is cut short: it proves no absence, and its validators are not kept. So
a server that always announces more than it sends has its feed archived all the same. Where nothing can be
read, the fetch is the failure that it was. The problem that is recorded says what that failure was, so that
a rebuild and a replay come to the same.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from archiver.errors import FetchError
from archiver.model import PreparedFeed, Response

BROKEN_OFF = frozenset({"truncated", "reset"})
"""The kinds of failure after which what came before is the beginning of the document."""

_ENDLESS = frozenset({"text-feed", "text-listing", "text-page", "page"})
"""Formats without an end of their own, in which a cut cannot be told from the end of an entry."""

_TOLD = re.compile(r"only its beginning came \((truncated|reset)\): (.+)", re.DOTALL)


def may_be_read(error: FetchError) -> bool:
    """Whether an answer, its body aside, may be the beginning of a document."""
    return error.kind in BROKEN_OFF and error.status == 200


def as_response(error: FetchError, *, request_url: str, body: bytes) -> Response:
    """What came of an answer, as an answer."""
    return Response(
        request_url=request_url,
        final_url=error.final_url or request_url,
        status=error.status,
        headers=error.headers,
        body=body,
        redirects=error.redirects,
        complete=False,
        request_headers=error.request_headers,
        connection=error.connection,
        http_version=error.http_version,
        reason=error.reason,
        second_agent=error.second_agent,
    )


def as_partial(error: FetchError, read: PreparedFeed) -> PreparedFeed | None:
    """The document as far as it came; None where no entry before the cut is certain."""
    parsed = read.parsed
    if not parsed.entries or parsed.format in _ENDLESS:
        return None
    told = f"only its beginning came ({error.kind}): {error}"
    return replace(read, parsed=replace(parsed, partial=True, problems=(told, *parsed.problems)), raw=None)


def told(problems: Iterable[str]) -> tuple[str, str] | None:
    """Kind and sentence of the failure that a fetch with these problems was before it was read."""
    found = (_TOLD.fullmatch(problem) for problem in problems)
    return next(((one[1], one[2]) for one in found if one), None)
