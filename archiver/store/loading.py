"""Loads sqlite-utils without numpy and pandas, which it looks for to know their types as columns.

The archive has no such columns, and to load numpy takes longer than a hundred updates. It is there for the
workers, which go by its own name.
"""

from importlib import import_module

from archiver.without import without

with without("numpy", "pandas"):
    import_module("sqlite_utils")
