"""Starts the pages: Datasette with our plugin, on a socket that is bound first, so that a fault is told."""

import socket
from collections.abc import Callable
from datetime import datetime
from importlib import resources
from pathlib import Path

import uvicorn
from datasette.plugins import pm

from archiver.config import ServeSettings
from archiver.errors import ConfigError
from archiver.web import plugin, policy, schema_notes
from archiver.web.asking import Pages
from archiver.web.database import NAME, ArchiveDatabase
from archiver.web.guard import Guard
from archiver.web.plugin import Site

SQL_MILLISECONDS = 2000
"""How long a question in SQL may take."""


GRACE_SECONDS = 3
"""How long answers under way may take when it ends."""

MOST_CONNECTIONS = 200


def bound(settings: ServeSettings) -> socket.socket:
    """A socket that listens where the settings say. Raises ConfigError."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"serve: cannot listen on {settings.host} port {settings.port}: {error.strerror or error};"
            " choose another port"
        ) from error
    return listening


def address(listening: socket.socket) -> str:
    """The first page, for a browser on this machine."""
    host, port = listening.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def site(archive: Path, *, clock: Callable[[], datetime]) -> Site:
    """Datasette on the archive, with our pages."""
    if not pm.is_registered(plugin):
        pm.register(plugin, "archiver")
        pm.unregister(name="datasette.handle_exception")
    made = Site(
        template_dir=str(resources.files("archiver.web") / "datasette"),
        metadata=schema_notes.metadata(schema_notes.notes()),
        settings={
            "sql_time_limit_ms": SQL_MILLISECONDS,
            "allow_download": False,
            "suggest_facets": False,
            "default_cache_ttl": 0,
            "default_page_size": 50,
            "truncate_cells_html": 240,
            "facet_time_limit_ms": 100,
        },
    )
    made.remove_database("_memory")
    made.add_database(ArchiveDatabase(made, archive), name=NAME)
    made.pages = Pages(archive, clock=clock)
    return made


def serve(
    archive: Path,
    settings: ServeSettings,
    listening: socket.socket,
    *,
    clock: Callable[[], datetime],
    until: Callable[[Callable[[], None]], None] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, or until `until` calls what it is given."""
    made = site(archive, clock=clock)
    config = uvicorn.Config(
        Guard(made.app(), token=settings.token, theirs=policy.theirs()),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        limit_concurrency=MOST_CONNECTIONS,
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    if until is not None:
        until(stop)
    try:
        server.run(sockets=[listening])
    finally:
        made.pages.close()
