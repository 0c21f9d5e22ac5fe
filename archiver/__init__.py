"""The archiver: keeps every version of every post of the web feeds that somebody cares about.

It fetches RSS, Atom, RDF and JSON feeds on a schedule, recognises what it has seen, strips the HTML
and keeps what it found, with the bytes it was read from, in one SQLite file.
"""

__version__ = "0.1.0"
