"""One post to read: its text, who carried it, what became of it, and how to cite it."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.differences import changed_fields
from archiver.errors import NotFound
from archiver.query import span
from archiver.records import Entry, Revision, as_row
from archiver.times import from_text, to_text
from archiver.web.asking import Answer, Asked, redirected
from archiver.web.policy import OUR_POLICY
from archiver.web.routes.compare import NAMES
from archiver.web.shown import direction, image_count, shown_html, version_html

MOST_CARRIERS = 50
VERSIONS_SHOWN = 20
IMAGES_POLICY = OUR_POLICY.replace("img-src 'self' data:", "img-src 'self' data: https: http:")
"""For a page whose reader asked for the publisher's images."""

RULES = {
    "first": "told it first",
    "url": "the same post by its address",
    "title": "the same post by its title",
    "text": "the same post by its text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is set to be read: an entry, in one of its versions."""

    entry: Entry
    version: Revision
    latest: int
    """The number of the newest version."""
    html: str | None
    """Safe, and with nothing that loads; None: there is no text."""
    images: int
    """How many images it has."""

    @property
    def is_latest(self) -> bool:
        """Whether it is the version of today."""
        return self.version.revision == self.latest

    @property
    def tags(self) -> tuple[str, ...]:
        """What the publisher filed it under."""
        said = (one.get("label") or one.get("term") for one in self.version.categories)
        return tuple(dict.fromkeys(str(tag) for tag in said if tag))

    @property
    def authors(self) -> tuple[str, ...]:
        """Their names, or else what is known of them."""
        said = (one.get("name") or one.get("email") or one.get("url") for one in self.version.authors)
        return tuple(str(author) for author in said if author)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A line of the list of versions."""

    version: Revision
    changed: tuple[str, ...]
    """What differs from the one before; empty for the first."""


def post(asked: Asked) -> Answer:
    """A post in its newest version, in that of a day (`as_of`), or in a named one (`entry`, `version`)."""
    post_id = int(asked.values["id"])
    as_of = asked.one("as_of").strip()
    moment = span(as_of) if as_of else None
    seen_by = moment[1] if moment else None
    found = asked.archive.post(post_id, as_of=as_of if moment else None)
    entries = asked.looking.carriers(post_id, limit=MOST_CARRIERS)
    if seen_by:
        entries = tuple(entry for entry in entries if to_text(entry.first_seen_at) <= seen_by)
        entries = tuple(sorted(entries, key=lambda entry: entry.id != found.canonical_entry_id))
        if not entries:
            raise NotFound(f"post {post_id} had not been seen by {as_of}")
    shown = _shown(asked, entries, seen_by)
    versions = _versions(asked, shown.entry.id, seen_by)
    page = asked.page(
        "post.html",
        post=found,
        shown=shown,
        entries=entries,
        rules=RULES,
        names=NAMES,
        version_times=asked.looking.version_times(shown.entry.id, limit=500),
        versions=versions[:VERSIONS_SHOWN],
        earlier=versions[VERSIONS_SHOWN].version.revision if len(versions) > VERSIONS_SHOWN else None,
        withdrawn_at=_withdrawn_at(asked, shown.entry, seen_by),
        events=asked.looking.whereabouts(shown.entry.id, seen_by=seen_by),
        as_of=as_of if moment else "",
        not_a_date=as_of if as_of and not moment else "",
        images=asked.one("images") == "yes",
        direction=direction(shown.entry.language),
        cited_at=seen_by or to_text(asked.now if shown.is_latest else shown.version.seen_at),
    )
    if asked.one("images") == "yes":
        return Answer(body=page.body, policy=IMAGES_POLICY)
    return page


def _shown(asked: Asked, entries: tuple[Entry, ...], seen_by: str | None) -> Shown:
    wanted = asked.number("entry", 0, least=0)
    entry_id = next((entry.id for entry in entries if entry.id == wanted), entries[0].id)
    entry = asked.archive.entry(entry_id)
    number = asked.number("version", 0, least=0)
    if number:
        version = asked.looking.version(entry_id, number)
    else:
        found = asked.looking.versions(entry_id, seen_by=seen_by, limit=1)
        if not found:
            raise NotFound(f"entry {entry_id} had not been seen by then")
        version = found[0]
    if version.revision == entry.revision:
        html = entry.content_html or entry.summary_html
    else:
        html = version_html(version)
    images = asked.one("images") == "yes"
    return Shown(
        entry=entry,
        version=version,
        latest=entry.revision,
        html=shown_html(html, images=images).strip() or None if html else None,
        images=image_count(html) if html else 0,
    )


def _versions(asked: Asked, entry_id: int, seen_by: str | None) -> list[Version]:
    """The newest versions and one more, each with what changed in it."""
    up_to = asked.number("versions", 0, least=0) or None
    found = asked.looking.versions(entry_id, up_to=up_to, seen_by=seen_by, limit=VERSIONS_SHOWN + 1)
    rows: list[dict[str, Any] | None] = [as_row(version) for version in found]
    lines = []
    for version, (new, old) in zip(found, itertools.pairwise([*rows, None]), strict=True):
        changed = tuple(changed_fields(old, new)) or ("spacing",) if old and new else ()
        lines.append(Version(version=version, changed=changed))
    return lines


def _withdrawn_at(asked: Asked, entry: Entry, seen_by: str | None) -> datetime | None:
    """Since when it counts as taken down, as was known then."""
    if seen_by is None:
        return entry.withdrawn_at
    known = asked.looking.whereabouts(entry.id, seen_by=seen_by)
    return from_text(known[0]["at"]) if known and known[0]["kind"] == "withdrawn" else None


def entry(asked: Asked) -> Answer:
    """The way from an entry's number to its post."""
    found = asked.archive.entry(int(asked.values["id"]))
    return redirected(f"/post/{found.post_id}?entry={found.id}")


ROUTES = ((r"^/post/(?P<id>[0-9]{1,18})$", post), (r"^/entry/(?P<id>[0-9]{1,18})$", entry))
