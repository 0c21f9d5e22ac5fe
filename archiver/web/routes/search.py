"""Search: the language of the command line, with facets; each page also as JSON, CSV and Atom."""

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from archiver.errors import ConfigError, NotFound
from archiver.export.csv import csv_lines
from archiver.query import Query, parse, span
from archiver.records import Facet, Facets, Hit, Page, as_row
from archiver.times import to_text, to_text_or_none
from archiver.web.asking import Answer, Asked, as_json
from archiver.web.outgoing import found_document

HITS = 20
FILTERS = {"feed": "Feed", "tag": "Tag", "lang": "Language", "year": "Year"}
"""What the facets narrow by, and the names of the parameters."""
FORMATS = {
    "json": ("application/json", "JSON"),
    "csv": ("text/csv", "CSV"),
    "atom": ("application/atom+xml", "Atom"),
}

_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a page of answers was asked for."""

    query: Query
    filters: dict[str, Any]
    """As `Archive.search` takes them."""
    order: Literal["rank", "newest"]
    notes: tuple[str, ...]

    @property
    def is_everything(self) -> bool:
        """Whether nothing was asked at all."""
        return not self.query.words.strip() and not self.filters


def search(asked: Asked) -> Answer:
    """A page of posts that answer a question."""
    asking = _understood(asked)
    try:
        found, notes = _found(asked, asking)
    except NotFound as error:
        found, notes = Page(items=(), next=None, total=0), (*asking.notes, str(error))
    match asked.values.get("format"):
        case "json":
            return as_json(_as_json(asked, asking, found, notes))
        case "csv":
            return _as_csv(asked, found)
        case "atom":
            return found_document(asked, found, question=told(asked))
    facets = _facets(asked, asking) if found.items else Facets()
    return asked.page(
        "search.html",
        asking=asking,
        found=found,
        notes=notes,
        facets=_shown_facets(asked, facets),
        facets_note=facets.note,
        active=_active(asked, facets),
        following=asked.with_query(page=found.next) if found.next else None,
        is_first=not asked.one("page"),
        formats={name: (kind, label, _address(asked, name)) for name, (kind, label) in FORMATS.items()},
        out=f"/out/search.atom?{urlencode(_question(asked))}",
        filters={name: asked.one(name) for name in FILTERS if asked.one(name)},
    )


def told(asked: Asked) -> str:
    """The question in words, for titles."""
    parts = [asked.one("q").strip(), *(f"{name}:{asked.one(name)}" for name in FILTERS if asked.one(name))]
    return " ".join(part for part in parts if part)


def query_of(asked: Asked) -> Query:
    """The whole question, what the facets narrow it by included, as of the day asked for."""
    asking = _understood(asked)
    return asking.query.narrowed(**asking.filters)


def _understood(asked: Asked) -> Asking:
    """What was asked for; what is not as it should be is left out, and a note says so."""
    notes = []
    as_of: str | None = asked.one("as_of").strip() or None
    if as_of and span(as_of) is None:
        notes.append(
            f"“{as_of[:40]}” is not a date (2026, 2026-03, 2026-03-01), so this is the archive of today"
        )
        as_of = None
    filters: dict[str, Any] = {name: asked.one(name).strip() for name in ("feed", "tag", "lang")}
    filters = {name: value for name, value in filters.items() if value}
    year = asked.one("year").strip()
    if _YEAR.fullmatch(year) and span(year):
        filters |= {"since": year, "until": year}
    elif year:
        notes.append(f"“{year[:40]}” is not a year, so it was left out")
    query = parse(asked.one("q"), as_of=as_of)
    order: Literal["rank", "newest"] = "rank" if query.has_words else "newest"
    if asked.one("order") in ("rank", "newest"):
        order = "newest" if asked.one("order") == "newest" else "rank"
    return Asking(
        query=query,
        filters=filters,
        order=order,
        notes=(*query.notes, *notes),
    )


def _found(asked: Asked, asking: Asking) -> tuple[Page[Hit], tuple[str, ...]]:
    def ask(cursor: str | None) -> Page[Hit]:
        return asked.archive.search(
            asking.query, **asking.filters, limit=HITS, cursor=cursor, order=asking.order
        )

    notes = asking.notes
    try:
        found = ask(asked.one("page") or None)
    except ConfigError:
        found = ask(None)
        notes = (*notes, "This is the first page, since the address leads to none")
    return found, tuple(dict.fromkeys([*notes, found.note] if found.note else notes))


def _facets(asked: Asked, asking: Asking) -> Facets:
    return asked.archive.facets(asking.query, **asking.filters)


def _shown_facets(asked: Asked, facets: Facets) -> list[tuple[str, list[tuple[Facet, str]]]]:
    """Each kind that is not narrowed yet, its values with the address that narrows by them."""
    kinds = {"feed": facets.feeds, "tag": facets.tags, "lang": facets.languages, "year": facets.years}
    shown = []
    for name, label in FILTERS.items():
        values = kinds[name]
        if values and not asked.one(name):
            links = [(value, asked.with_query(**{name: value.value, "page": None})) for value in values]
            shown.append((label, links))
    return shown


def _active(asked: Asked, facets: Facets) -> list[tuple[str, str, str]]:
    """What the answers are narrowed by: kind, value, and the address without it."""
    labels = {facet.value: facet.label for facet in facets.feeds}
    active = []
    for name, label in FILTERS.items():
        if value := asked.one(name).strip():
            shown = labels.get(value) or _feed_label(asked, value) if name == "feed" else value
            active.append((label, shown, asked.with_query(**{name: None, "page": None})))
    if asked.one("as_of"):
        active.append(("As of", asked.one("as_of"), asked.with_query(as_of=None, page=None)))
    return active


def _feed_label(asked: Asked, value: str) -> str:
    try:
        return asked.archive.feed(value).label
    except (NotFound, ConfigError):
        return value


# ---------------------------------------------------------------- for programs


def _question(asked: Asked) -> list[tuple[str, str]]:
    """The parameters that make the question, without the place in its answers."""
    return [(name, asked.one(name)) for name in ("q", *FILTERS, "as_of", "order") if asked.one(name)]


def _address(asked: Asked, form: str) -> str:
    """This page in another form."""
    kept = _question(asked) + ([("page", asked.one("page"))] if asked.one("page") else [])
    return f"/search.{form}" + (f"?{urlencode(kept)}" if kept else "")


def _as_json(asked: Asked, asking: Asking, found: Page[Hit], notes: tuple[str, ...]) -> dict[str, Any]:
    following = None
    if found.next:
        following = f"{asked.base}/search.json?{urlencode([*_question(asked), ('page', found.next)])}"
    return {
        "question": asking.query.words,
        "narrowed_by": {name: asked.one(name) for name in FILTERS if asked.one(name)},
        "as_of": asking.query.as_of,
        "order": asking.order,
        "notes": list(notes),
        "total": found.total,
        "next": following,
        "posts": [_row(asked, hit) for hit in found.items],
    }


def _row(asked: Asked, hit: Hit) -> dict[str, Any]:
    return as_row(hit.post) | {
        "feeds": [{"id": feed.id, "name": feed.name} for feed in hit.feeds],
        "snippet": hit.snippet.marked(),
        "score": hit.score,
        "address": f"{asked.base}/post/{hit.post.id}",
    }


_COLUMNS = (
    "id",
    "title",
    "url",
    "published_at",
    "first_seen_at",
    "language",
    "entry_count",
    "feeds",
    "snippet",
    "address",
)


def _as_csv(asked: Asked, found: Page[Hit]) -> Answer:
    rows = [
        (
            hit.post.id,
            hit.post.title,
            hit.post.url,
            to_text_or_none(hit.post.published_at),
            to_text(hit.post.first_seen_at),
            hit.post.language,
            hit.post.entry_count,
            "; ".join(feed.name for feed in hit.feeds),
            hit.snippet.text,
            f"{asked.base}/post/{hit.post.id}",
        )
        for hit in found.items
    ]
    texts = frozenset(_COLUMNS) - {"id", "entry_count"}
    body = b"".join(csv_lines([rows], _COLUMNS, texts=texts, bom=True))
    headers = {"Content-Disposition": 'attachment; filename="search.csv"'}
    if found.next:
        following = f"/search.csv?{urlencode([*_question(asked), ('page', found.next)])}"
        headers["Link"] = f'<{following}>; rel="next"'
    return Answer(body=body, content_type="text/csv; charset=utf-8; header=present", headers=headers)


ROUTES = ((r"^/search(?:\.(?P<format>json|csv|atom))?$", search),)
