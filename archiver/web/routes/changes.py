"""What became of posts after they were published."""

from archiver.store.looking import KINDS
from archiver.web.asking import Answer, Asked

SHOWN = 40
"""How many there are on a page."""


def changes(asked: Asked) -> Answer:
    """Edited, withdrawn, returned, gaps; newest first; all or one kind, of all feeds or one."""
    kind = asked.one("kind") if asked.one("kind") in KINDS else ""
    feed = None
    if asked.one("feed"):
        feed = asked.looking.standing_of(asked.number("feed", 0, least=0, most=2**62))
    found = asked.looking.happenings(
        kinds=(kind,) if kind else KINDS,
        feed_id=feed["id"] if feed else None,
        cursor=asked.one("after") or None,
        limit=SHOWN + 1,
    )
    return asked.page(
        "changes.html",
        happened=found[:SHOWN],
        older=found[SHOWN - 1].cursor if len(found) > SHOWN else None,
        is_first=not asked.one("after"),
        kind=kind,
        kinds=KINDS,
        feed=feed,
    )


ROUTES = ((r"^/changes$", changes),)
