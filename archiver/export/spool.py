"""A place for what is too much for memory while it waits to be put in order."""

import hashlib
import tempfile
import zlib


class Spool:
    """A temporary file of packed pieces; bodies in it once each, by their SHA-256."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._bodies: dict[str, int] = {}

    def keep(self, data: bytes) -> int:
        """Keep a piece; return its place."""
        packed = zlib.compress(data, 1)
        place = self._file.seek(0, 2)
        self._file.write(len(packed).to_bytes(8, "big") + packed)
        return place

    def load(self, place: int) -> bytes:
        """Give the piece at a place back."""
        self._file.seek(place)
        return zlib.decompress(self._file.read(int.from_bytes(self._file.read(8), "big")))

    def keep_body(self, body: bytes) -> str:
        """Keep a body, if it is not there yet; return its SHA-256."""
        sha256 = hashlib.sha256(body).hexdigest()
        if sha256 not in self._bodies:
            self._bodies[sha256] = self.keep(body)
        return sha256

    def load_body(self, sha256: str) -> bytes | None:
        """Give a body back; None if it never came."""
        place = self._bodies.get(sha256)
        return None if place is None else self.load(place)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
