"""The archiver: keeps every version of every post of the web feeds that somebody cares about.

It fetches RSS, Atom, RDF and JSON feeds on a schedule, recognises what it has seen, strips the HTML
and keeps what it found, with the bytes it was read from, in one SQLite file.
"""

__version__ = "0.1.0"

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archiver.archive import open_archive as open  # noqa: A004

__all__ = ["__version__", "open"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - Python's own protocol
    """`archiver.open(path)`, loaded when it is asked for: commands that run the service do not need it."""
    if name == "open":
        from archiver.archive import open_archive

        return open_archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
