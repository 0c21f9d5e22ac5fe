"""The fetch room: asks for one document, politely and within limits. The only importer of httpx."""

from archiver.fetch.address import redact
from archiver.fetch.fetcher import Fetcher

__all__ = ["Fetcher", "redact"]
