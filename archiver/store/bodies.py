"""What was received, byte for byte: kept once per content, compressed with zstandard, checked when read."""

import hashlib

import zstandard
from sqlite_utils import Database

from archiver.errors import NotFound, StoreError

LEVEL = 9


def digest(body: bytes) -> str:
    """The name of a body: its SHA-256 in hexadecimal."""
    return hashlib.sha256(body).hexdigest()


def save(db: Database, body: bytes) -> str:
    """Keep a body and return its digest. One that is already kept costs a look-up."""
    sha256 = digest(body)
    if db.execute("SELECT 1 FROM bodies WHERE sha256 = ?", [sha256]).fetchone() is None:
        packed = zstandard.ZstdCompressor(level=LEVEL).compress(body)
        encoding, data = ("zstd", packed) if len(packed) < len(body) else ("plain", body)
        db.execute(
            "INSERT INTO bodies (sha256, base_sha256, encoding, size, data) VALUES (?, NULL, ?, ?, ?)",
            [sha256, encoding, len(body), data],
        )
    return sha256


def load(db: Database, sha256: str) -> bytes:
    """Give a body back. Raises NotFound, and StoreError where the bytes are no longer what was kept."""
    row = db.execute("SELECT encoding, size, data FROM bodies WHERE sha256 = ?", [sha256]).fetchone()
    if row is None:
        raise NotFound(f"no body {sha256} in the archive")
    encoding, size, data = row
    try:
        body = data if encoding == "plain" else zstandard.ZstdDecompressor().decompress(data, size)
    except (zstandard.ZstdError, MemoryError) as error:
        raise StoreError(f"body {sha256} is damaged: {error}") from error
    if digest(body) != sha256:
        raise StoreError(f"body {sha256} is damaged: its bytes have another digest")
    return bytes(body)
