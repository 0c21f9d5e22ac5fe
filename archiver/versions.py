"""The C libraries that hostile bytes meet first, and below which version each is known to be weak."""

import re
import sqlite3
import ssl
from dataclasses import dataclass
from pyexpat import EXPAT_VERSION

from lxml import etree


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library in use, as this process has it."""

    name: str
    version: str
    floor: str
    below: str
    """What is known of versions below the floor."""

    @property
    def warning(self) -> str | None:
        """One sentence if the version is below the floor; None otherwise.

        Distributions mend old versions without raising their number, which cannot be seen from here.
        """
        if _numbers(self.version) >= _numbers(self.floor):
            return None
        return (
            f"{self.name} {self.version} is older than {self.floor}: {self.below};"
            " update it, unless your system has mended it under the old number"
        )


def libraries() -> tuple[Library, ...]:
    """SQLite, expat, OpenSSL and libxml2 of this process, with their floors."""
    return (
        Library(
            name="SQLite",
            version=sqlite3.sqlite_version,
            floor="3.40.1",
            below="damaged archives can overrun its memory",
        ),
        Library(
            name="expat",
            version=EXPAT_VERSION.removeprefix("expat_"),
            floor="2.7.2",
            below="small documents can cost it much memory (CVE-2025-59375) or time (CVE-2023-52425)",
        ),
        Library(
            name="OpenSSL",
            version=(re.search(r"[0-9][0-9.]*", ssl.OPENSSL_VERSION) or ["0"])[0],
            floor="3.0.0",
            below="nobody mends it any more",
        ),
        Library(
            name="libxml2",
            version=".".join(map(str, etree.LIBXML_VERSION)),
            floor="2.13.8",
            below="hostile documents can overrun its memory (CVE-2025-32414, CVE-2025-32415)",
        ),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version))
