"""What Datasette is told of us: our pages.

The hooks are called for every Datasette of the process; only one that is a `Site` is ours.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Base400, Request, Response
from datasette.views.base import DatasetteError
from jinja2 import Environment

from archiver.clean import html_to_text
from archiver.web.asking import Answer, Page, Pages, problem
from archiver.web.rendering import static_address
from archiver.web.routes import routes

log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


class Site(Datasette):  # type: ignore[misc]  # Datasette has no types
    """A Datasette that has our pages."""

    pages: Pages


@hookimpl  # type: ignore[untyped-decorator]
def register_routes(datasette: Datasette) -> list[tuple[str, Handler]]:
    """Our pages, which are tried before Datasette's own."""
    if not isinstance(datasette, Site):
        return []
    return [(pattern, _handler(datasette, page)) for pattern, page in routes()]


@hookimpl  # type: ignore[untyped-decorator]
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    """Datasette's pages have our head."""
    if isinstance(datasette, Site):
        env.globals["static_address"] = static_address


@hookimpl  # type: ignore[untyped-decorator]
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Any:
    """A page, or JSON, that says what is wrong. Only our own mistakes are worth a line in the log.

    It takes the place of Datasette's, which would print every wrong address with the values of all variables.
    """
    status, why = 500, "That is a mistake of the archiver's own; its log says more."
    if isinstance(exception, Base400):
        status, why = exception.status, str(exception)
    elif isinstance(exception, DatasetteError):
        status, why = exception.status, html_to_text(str(exception.message))
    else:
        log.error("%s could not be shown", request.path, exc_info=exception)
    if request.path.endswith(".json") or not isinstance(datasette, Site):
        return Response.json({"ok": False, "error": why, "status": status, "title": None}, status=status)
    title = {404: "Not in the archive", 403: "Not allowed", 500: "That went wrong"}.get(
        status, "That cannot be asked"
    )
    return _handler(datasette, lambda asked: problem(asked, status, title, why))(request)


def _handler(site: Site, page: Page) -> Handler:
    async def handle(request: Request) -> Response:
        answer = await site.pages.answer(
            page,
            path=request.path,
            query=request.query_string,
            values={name: unquote(value) for name, value in request.url_vars.items() if value is not None},
            headers=request.headers,
            base=f"{request.scheme}://{request.host}",
        )
        return _response(answer)

    return handle


def _response(answer: Answer) -> Response:
    return Response(
        answer.body,
        status=answer.status,
        headers={"Content-Security-Policy": answer.policy, **answer.headers},
        content_type=answer.content_type,
    )
