"""The pages: in each module its `ROUTES`, pairs of a pattern and a page."""

from importlib import import_module

from archiver.errors import NotFound
from archiver.web.asking import Answer, Asked, Page

MODULES = ("home", "feeds", "changes", "post", "compare", "kept", "search", "out")
"""Every module with pages, in the order in which their patterns are tried."""


ELSEWHERE = r"^/(?!archive(?:[/.]|$)|-/|favicon\.ico$)"
"""What is neither ours nor Datasette's."""


def nothing(asked: Asked) -> Answer:
    """Any other address, so that it is our page which says that there is nothing."""
    raise NotFound(f"there is no page {asked.path[:200]}")


def routes() -> list[tuple[str, Page]]:
    """All patterns with their pages."""
    modules = [import_module(f"archiver.web.routes.{name}") for name in MODULES]
    return [route for module in modules for route in module.ROUTES] + [(ELSEWHERE, nothing)]
