"""Makers of Fetchers for the process that asks: given by name, since functions of a test do not travel."""

import asyncio
import gc
import logging
import warnings
from contextlib import suppress
from pathlib import Path

from archiver.config import FetchSettings
from archiver.errors import FetchError
from archiver.fetch import Fetcher
from archiver.model import FetchRequest, Response


class _Odd(Fetcher):
    """Does what the path of an address says; what it does not know, it asks for."""

    async def fetch(self, request: FetchRequest, **more: object) -> Response:
        match request.url.rpartition("/")[2]:
            case "log":
                try:
                    raise ValueError("https://me:pass-word-1@example.org/ was too long")
                except ValueError:
                    logging.getLogger("archiver.fetch").exception("odd: https://me:pass-word-1@example.org/")
            case "warn":
                warnings.warn("this is odd", stacklevel=1)
            case "break":
                raise KeyError("nobody thought of it")
            case "open":
                return Response(request_url="", final_url="", status=200, body=_open_files())
            case "secrets":
                return Response(request_url="", final_url="", status=200, body=_what_others_can_read())
            case "hoard":
                gc.disable()
            case "kept":
                return Response(request_url="", final_url="", status=200, body=_failures_kept())
            case "hang":
                while True:
                    pass
            case "dropped":
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    logging.getLogger("archiver.fetch").warning("dropped there too")
                    raise
            case _:
                return await super().fetch(request, **more)
        return Response(request_url=request.url, final_url=request.url, status=200)


def odd(settings: FetchSettings) -> Fetcher:
    """A Fetcher with faults of our own."""
    return _Odd(settings)


def _failures_kept() -> bytes:
    return b"%d" % sum(isinstance(one, FetchError) for one in gc.get_objects())


def _open_files() -> bytes:
    places = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one that listed them
            places.append(str(link.readlink()))
    return "\n".join(places).encode()


def _what_others_can_read() -> bytes:
    return b"\n".join(Path(f"/proc/self/{name}").read_bytes() for name in ("cmdline", "environ"))
