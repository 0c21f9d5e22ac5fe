"""Loads sqlite-utils without numpy and pandas, which it looks for to know their types as columns.

The archive has no such columns, and to load numpy takes longer than a hundred updates. It is there for the
workers, which go by its own name.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Inside, these packages cannot be imported, unless they are loaded already."""
    hidden = [name for name in names if name not in sys.modules]
    # None says so (the import system, 5.3.1).
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _without("numpy", "pandas"):
    import_module("sqlite_utils")
