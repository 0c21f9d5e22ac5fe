"""Feeds that go out, complete (RFC 5005): all posts, a feed's entries, those of a tag or a question."""

from urllib.parse import urlencode

from archiver.errors import NotFound
from archiver.query import All, Query
from archiver.store.outgoing import Place, Scope
from archiver.times import to_text
from archiver.web.asking import Answer, Asked
from archiver.web.outgoing import document, entries_themselves, posts_of
from archiver.web.routes.search import query_of, told


def everything(asked: Asked) -> Answer:
    """Every post."""
    return _out(asked, Scope(), name="all", title="The archive", alternate="/")


def feed(asked: Asked) -> Answer:
    """Every entry of one feed, under the ids that the feed gave them."""
    found = asked.archive.feed(int(asked.values["id"]))
    return _out(
        asked,
        Scope(feed_id=found.id),
        name=f"feed {found.url}",
        title=found.title or found.label,
        alternate=f"/feed/{found.id}",
        language=found.language,
        subtitle=found.description,
    )


def tag(asked: Asked) -> Answer:
    """Every post of the feeds with one of your tags; else those with this subject. Raises NotFound."""
    name = asked.values["tag"]
    scope, alternate = Scope(tag=name), f"/feeds?{urlencode({'tag': name})}"
    if not any(name in found.tags for found in asked.archive.feeds()):
        subject = Query().narrowed(tag=name)
        if not asked.archive.search(subject, limit=1).items:
            raise NotFound(f"no feed and no post has the tag {name!r}")
        scope, alternate = Scope(question=subject), f"/search?{urlencode({'tag': name})}"
    return _out(asked, scope, name=f"tag {name}", title=f"Tag: {name}", alternate=alternate)


def question(asked: Asked) -> Answer:
    """Every post that answers a question, as the archive is now."""
    query = query_of(asked)
    if query.tree == All():
        return everything(asked)
    words = told(asked)
    return _out(
        asked,
        Scope(question=query),
        name=f"search {words}",
        title=f"Search: {words}",
        alternate=asked.with_query(page=None, part=None).replace("/out/search.atom", "/search", 1),
    )


def _out(
    asked: Asked,
    scope: Scope,
    *,
    name: str,
    title: str,
    alternate: str,
    language: str | None = None,
    subtitle: str | None = None,
) -> Answer:
    current = asked.with_query(page=None, part=None)
    links = {"self": current, "alternate": alternate}
    if asked.one("page"):
        place = Place(page=asked.number("page"), part=asked.number("part"))
        leaf = asked.looking.leaf(scope, place)
        if leaf is None:
            raise NotFound("there is no such page of the feed, or it is not full yet")
        links |= {"self": _address(asked, place), "current": current}
    else:
        leaf = asked.looking.newest_leaf(scope, now=to_text(asked.now))
    if leaf.previous is not None:
        # `next` is the same for readers that know pages (RFC 5005, 3) but no archives.
        links |= dict.fromkeys(("prev-archive", "next"), _address(asked, leaf.previous))
    if leaf.following is not None:
        links["next-archive"] = _address(asked, leaf.following)
    one_feed = scope.feed_id is not None
    return document(
        asked,
        name=name,
        title=title,
        entries=(entries_themselves if one_feed else posts_of)(asked, leaf.entry_ids),
        links=links,
        archive=leaf.place is not None,
        language=language,
        subtitle=subtitle,
    )


def _address(asked: Asked, place: Place) -> str:
    return asked.with_query(page=place.page, part=place.part if place.part > 1 else None)


ROUTES = (
    (r"^/out/all\.atom$", everything),
    (r"^/out/feed/(?P<id>[0-9]{1,18})\.atom$", feed),
    (r"^/out/tag/(?P<tag>[^/]+)\.atom$", tag),
    (r"^/out/search\.atom$", question),
)
