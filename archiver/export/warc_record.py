"""What single WARC records say of themselves: address, date, soundness, and whether they hold a feed."""

import base64
import hashlib
import re
from datetime import UTC, datetime

from archiver import urls
from archiver.export.warc_facts import EARLIEST, LATEST
from archiver.export.warc_stream import Record
from archiver.parse.decode import decode
from archiver.parse.sniff import sniff, sniff_bytes

_LONGEST_ADDRESS = 8_000
_JSON_FEED = re.compile(rb"jsonfeed\.org\\?/version")


def is_feed_document(body: bytes, content_type: str | None) -> bool:
    """Whether a body is a feed by its looks. Texts and pages are not, whatever could be made of them."""
    if not body.strip() or sniff_bytes(body):
        return False
    kind = sniff(decode(body, charset=None, content_type=content_type).text).kind
    return kind == "syndication" or (kind == "json" and _JSON_FEED.search(body) is not None)


def is_http(record: Record) -> bool:
    """Whether the block is an HTTP response, or its header."""
    kind = record.fields.get("content-type", "application/http").lower()
    return record.kind in ("response", "revisit") and kind.startswith("application/http")


def address(record: Record) -> str:
    """The target address of the web; empty if it is another one."""
    url = without_fragment(record.fields.get("warc-target-uri", "").strip("<> "))
    is_web = url[:8].lower().startswith(("http://", "https://"))
    return url if is_web and len(url) <= _LONGEST_ADDRESS and urls.resolve(None, url) else ""


def without_fragment(url: str) -> str:
    """An address without its fragment, and without the brackets that old tools put round it."""
    return url.strip("<> ").partition("#")[0]


def date(text: str) -> datetime | None:
    """A WARC-Date (W3C profile of ISO 8601, in UTC, any precision), or the 14 digits of older tools."""
    try:
        if text.isascii() and text.isdigit() and len(text) == 14:
            moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(f"{text}-01-01"[:10] if len(text) < 10 else text)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment <= LATEST else None


def is_sound(record: Record) -> bool:
    """Whether the block is what its digest says, where there is one of a kind that we know."""
    algorithm, _, told = record.fields.get("warc-block-digest", "").partition(":")
    name = algorithm.lower().replace("-", "")
    if not told or name not in ("sha1", "sha256", "md5", "sha512"):
        return True
    digest = hashlib.new(name, record.block or b"", usedforsecurity=False)
    if len(told) == digest.digest_size * 2:
        return told.lower() == digest.hexdigest()
    return told.upper().rstrip("=") == base64.b32encode(digest.digest()).decode().rstrip("=")
