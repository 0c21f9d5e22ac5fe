"""What changed between any two versions of an entry, word by word."""

from collections.abc import Iterator
from dataclasses import dataclass

from archiver.differences import Difference, Kind, differences
from archiver.errors import NotFound
from archiver.records import as_row
from archiver.web.asking import Answer, Asked
from archiver.web.shown import direction

VERSIONS_TO_CHOOSE = 500
CONTEXT = 30
"""Words that are shown before and behind a change."""
MOST_AT_ONCE = 400
"""Of longer runs that went or came only the ends are shown."""

NAMES = {
    "title": "Title",
    "authors": "Authors",
    "url": "Link",
    "published_at": "Date",
    "published_raw": "Date in the feed’s words",
    "summary": "Summary",
    "content": "Text",
    "enclosures": "Files",
    "categories": "Tags",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words to show in a row, or how many are left out."""

    kind: Kind
    text: str
    left_out: int = 0
    ends_line: bool = False


def compare(asked: Asked) -> Answer:
    """Two versions of one entry of a post, by default the newest and the one before."""
    post = asked.archive.post(int(asked.values["id"]))
    entry = asked.archive.entry(asked.number("entry", post.canonical_entry_id))
    if entry.post_id != post.id:
        raise NotFound(f"entry {entry.id} is not of post {post.id}")
    times = asked.looking.version_times(entry.id, limit=VERSIONS_TO_CHOOSE)
    to_version = asked.number("to", entry.revision)
    from_version = asked.number("from", max(to_version - 1, 1))
    old = asked.looking.version(entry.id, from_version)
    new = asked.looking.version(entry.id, to_version)
    everything = asked.one("all") == "yes"
    found = differences(as_row(old), as_row(new))
    shown = [(difference, list(runs(difference, everything=everything))) for difference in found]
    return asked.page(
        "compare.html",
        post=post,
        entry=entry,
        old=old,
        new=new,
        from_version=from_version,
        to_version=to_version,
        version_times=times,
        shown=shown,
        names=NAMES,
        everything=everything,
        folded=any(run.left_out for _, each in shown for run in each),
        direction=direction(entry.language),
    )


def runs(difference: Difference, *, everything: bool) -> Iterator[Run]:
    """A field's words as runs to print, what is long folded to its ends unless `everything` is wanted."""
    if not difference.in_words:
        return
    last = len(difference.pieces) - 1
    for number, piece in enumerate(difference.pieces):
        before = 0 if piece.kind is Kind.SAME and number == 0 else CONTEXT
        after = 0 if piece.kind is Kind.SAME and number == last else CONTEXT
        most = before + after + CONTEXT if piece.kind is Kind.SAME else MOST_AT_ONCE
        if piece.kind is not Kind.SAME:
            before = after = MOST_AT_ONCE // 2
        words = piece.words
        if everything or len(words) <= most:
            yield _run(piece.kind, words)
            continue
        if before:
            yield _run(piece.kind, words[:before])
        yield Run(kind=piece.kind, text="", left_out=len(words) - before - after)
        if after:
            yield _run(piece.kind, words[-after:])


def _run(kind: Kind, words: tuple[str, ...]) -> Run:
    text = " ".join(words).replace("\n ", "\n")
    return Run(kind=kind, text=text.rstrip("\n"), ends_line=text.endswith("\n"))


ROUTES = ((r"^/post/(?P<id>[0-9]{1,18})/diff$", compare),)
