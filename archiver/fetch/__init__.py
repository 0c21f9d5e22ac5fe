"""The fetch room: asks for one document, politely and within limits. The only importer of httpx."""

from archiver.fetch.address import keeps_trust_of as keeps_trust
from archiver.fetch.exchange import Turns
from archiver.fetch.fetcher import Fetcher
from archiver.fetch.files import read_file

__all__ = ["Fetcher", "Turns", "keeps_trust", "read_file"]
