"""Kept bytes: what a fetch received, to be saved, and never to be shown by a browser."""

from archiver.errors import NotFound
from archiver.web.asking import Answer, Asked

_ENDINGS = {
    "json": "json",
    "xml": "xml",
    "rss": "xml",
    "atom": "xml",
    "rdf": "xml",
    "html": "html",
    "text/plain": "txt",
}
_NOTHING = "default-src 'none'; sandbox"


def body(asked: Asked) -> Answer:
    """The bytes of an answer as they came, after transfer decoding, as a download."""
    fetch_id = int(asked.values["id"])
    sha256, kind = asked.looking.body_of(fetch_id)
    if sha256 is None:
        raise NotFound(f"fetch {fetch_id} brought no document")
    etag = f'"{sha256}"'
    headers = {
        "Content-Disposition": f'attachment; filename="fetch-{fetch_id}.{_ending(kind)}"',
        "ETag": etag,
        "Cache-Control": "private, max-age=31536000, immutable",
    }
    told = {"content_type": "application/octet-stream", "headers": headers, "policy": _NOTHING}
    if etag in asked.headers.get("if-none-match", ""):
        return Answer(body=b"", status=304, **told)  # type: ignore[arg-type]
    return Answer(body=asked.looking.body(sha256), **told)  # type: ignore[arg-type]


def _ending(kind: str | None) -> str:
    return next((ending for sign, ending in _ENDINGS.items() if sign in (kind or "").lower()), "bin")


ROUTES = ((r"^/body/(?P<id>[0-9]{1,18})$", body),)
