"""A page is a plain function from what was asked to the answer, run in a thread with read-only access.

Every thread has an archive of its own, opened when first needed, and again when another file has taken the
place of the one that was open, as after a rebuild.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from archiver.errors import ArchiverError, ConfigError, NotFound
from archiver.store.connect import OpenFile
from archiver.store.looking import Looking
from archiver.web import rendering
from archiver.web.policy import OUR_POLICY
from archiver.web.remembered import Remembered

if TYPE_CHECKING:
    from archiver.archive import Archive

T = TypeVar("T")

THREADS = 4
"""How many pages are made at the same time."""

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes out."""

    body: bytes
    content_type: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    policy: str = OUR_POLICY
    """Its Content-Security-Policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, with what is needed to answer it."""

    path: str
    """As it was asked for, without the query."""
    values: Mapping[str, str]
    """The named parts of the route."""
    query: tuple[tuple[str, str], ...]
    """The parameters after the question mark, in their order."""
    headers: Mapping[str, str]
    """By their names in lower case."""
    base: str
    """Scheme and host, `http://127.0.0.1:8001`, for addresses that leave the house."""
    now: datetime
    opened: "Opened"
    remembered: Remembered[Looking]

    @property
    def archive(self) -> "Archive":
        """The archive, read-only, as everybody's Python sees it."""
        return self.opened.archive()

    @property
    def looking(self) -> Looking:
        """The archive, with the questions that only pages ask."""
        return self.opened.looking()

    def remember(self, name: str, question: Callable[[Looking], T]) -> T:
        """The answer to a question that all visitors ask, maybe of a few moments ago."""
        return self.remembered.get(name, question)

    def one(self, name: str, default: str = "") -> str:
        """A parameter; the last one of its name."""
        return next((value for key, value in reversed(self.query) if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every parameter of a name that is not empty."""
        return tuple(value for key, value in self.query if key == name and value)

    def number(self, name: str, default: int = 1, *, least: int = 1, most: int = 10**9) -> int:
        """A parameter that is a whole number within bounds; anything else is the default."""
        text = self.one(name)
        return (
            min(max(int(text), least), most)
            if text.isascii() and text.isdigit() and len(text) < 19
            else default
        )

    def with_query(self, **changes: str | int | None) -> str:
        """The address of this page with other parameters; None takes one away."""
        kept = [(key, value) for key, value in self.query if key not in changes]
        kept += [(key, str(value)) for key, value in changes.items() if value is not None]
        return f"{self.path}?{urlencode(kept)}" if kept else self.path

    def page(self, template: str, *, status: int = 200, **values: Any) -> Answer:
        """A page of ours from a template, which gets `asked` and these values."""
        return Answer(body=rendering.render(template, asked=self, **values).encode(), status=status)


Page = Callable[[Asked], Answer]


def as_json(value: Any) -> Answer:
    """JSON for programs."""
    body = json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"
    return Answer(body=body, content_type="application/json; charset=utf-8")


def redirected(address: str) -> Answer:
    """The way to another page of ours."""
    return Answer(body=b"", status=303, headers={"Location": address})


class Opened(threading.local):
    """What one thread has open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: Archive | None = None
        self._looking: Looking | None = None
        self._file: OpenFile | None = None

    def archive(self) -> "Archive":
        """The archive, opened if need be. Raises StoreError, SchemaError."""
        self._refresh()
        if self._archive is None:
            from archiver.archive import open_archive

            self._archive = open_archive(self.path)
        return self._archive

    def looking(self) -> Looking:
        """The pages' own questions. Raises StoreError, SchemaError."""
        self._refresh()
        if self._looking is None:
            self._looking = Looking.open(self.path)
        return self._looking

    def close(self) -> None:
        """Close what this thread has open."""
        for one in (self._archive, self._looking):
            if one is not None:
                one.close()
        self._archive = self._looking = None

    def _refresh(self) -> None:
        try:
            file = OpenFile.at(self.path)
        except OSError:
            file = None
        if file != self._file:
            self.close()
            self._file = file


class Pages:
    """Answers pages, a few at a time, each in a thread."""

    def __init__(self, archive: Path, *, clock: Callable[[], datetime]) -> None:
        self.archive = archive
        self._clock = clock
        self._opened = Opened(archive)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        self._remembered = Remembered(self._opened.looking, self._threads.submit)

    async def answer(
        self,
        page: Page,
        *,
        path: str,
        query: str,
        values: Mapping[str, str],
        headers: Mapping[str, str],
        base: str,
    ) -> Answer:
        """Make a page. What goes wrong is a page, too."""
        asked = Asked(
            path=path,
            values=values,
            query=tuple(parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=200)),
            headers=headers,
            base=base,
            now=self._clock(),
            opened=self._opened,
            remembered=self._remembered,
        )
        return await asyncio.get_running_loop().run_in_executor(self._threads, _made, page, asked)

    def close(self) -> None:
        """Answer no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _made(page: Page, asked: Asked) -> Answer:
    try:
        return page(asked)
    except NotFound as error:
        return problem(asked, 404, "Not in the archive", str(error))
    except ConfigError as error:
        return problem(asked, 400, "That cannot be asked", str(error))
    except ArchiverError as error:
        return problem(asked, 503, "The archive cannot be read", str(error))


def problem(asked: Asked, status: int, title: str, why: str) -> Answer:
    """A page that says in a sentence what is wrong."""
    return asked.page("problem.html", status=status, title=title, why=why)
