"""Hides packages that a library looks for and can do without, while it is loaded: it starts the sooner."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside, these packages cannot be imported, unless they are loaded already; nor is that warned of."""
    hidden = [name for name in names if name not in sys.modules]
    # None says so (the import system, 5.3.1).
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        for name in hidden:
            del sys.modules[name]
