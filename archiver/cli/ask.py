"""Commands that ask for posts: `search`, `show`. They read, and never write."""

import itertools
import sys
from typing import Any

import click

from archiver.cli.context import Context, pass_context
from archiver.cli.history import print_diffs, print_head, print_history
from archiver.cli.printing import count, day, print_json
from archiver.differences import changed_fields
from archiver.errors import ConfigError
from archiver.query import dated
from archiver.records import Hit, Snippet, as_row
from archiver.store import Reader
from archiver.visible import visible, visible_lines

_TAKEN_OUT = "\N{WORD JOINER}"
"""Stands before a word of a question that begins as an option does, while click reads the options."""


class _Question(click.Command):
    """A command in which `-word` is a part of the question, and `--word` an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let click see options only."""
        end = args.index("--") if "--" in args else len(args)
        marked = [
            _TAKEN_OUT + arg if arg.startswith("-") and not arg.startswith("--") else arg
            for arg in args[:end]
        ]
        return super().parse_args(ctx, marked + args[end:])


@click.command(cls=_Question, short_help="Find posts by their words.")
@click.argument("words", metavar="QUERY", nargs=-1, required=True)
@click.option("--feed", help="Only posts that this feed carried: number, address or (part of) its name.")
@click.option("--tag", help="Only posts with this tag: their feed's, or a subject of their own.")
@click.option("--lang", help="Only posts in this language: en, sv, ru …")
@click.option("--since", metavar="DATE", help="Published (or first seen) on this day or later.")
@click.option("--until", metavar="DATE", help="Published (or first seen) on this day or earlier.")
@click.option("--as-of", metavar="DATE", help="Answer as the archive would have at the end of this day.")
@click.option("--newest", is_flag=True, help="The newest first, instead of the best.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
@click.option("--page", metavar="CURSOR", help="The page after one; each page names its next.")
@click.option("--json", "as_json", is_flag=True, help="Print the posts as JSON.")
@pass_context
def search(
    context: Context,
    words: tuple[str, ...],
    *,
    feed: str | None,
    tag: str | None,
    lang: str | None,
    since: str | None,
    until: str | None,
    as_of: str | None,
    newest: bool,
    limit: int,
    page: str | None,
    as_json: bool,
) -> None:
    """Find posts that hold all of these words.

    "several words" in quotes stand side by side, -word must not be there, this OR that is enough, word* is
    the beginning of words; title: author: feed: tag: lang: after: before: changed: withdrawn: look there.
    """
    from archiver.archive import open_archive

    with open_archive(context.archive) as archive:
        found = archive.search(
            " ".join(word.removeprefix(_TAKEN_OUT) for word in words),
            feed=feed,
            tag=tag,
            lang=lang,
            since=dated(since),
            until=dated(until),
            as_of=dated(as_of),
            limit=limit,
            cursor=page,
            order="newest" if newest else "rank",
        )
    if as_json:
        print_json([_hit_as_json(hit) for hit in found.items])
    else:
        for hit in found.items:
            _print_hit(hit)
        if not found.items:
            click.echo("nothing found", err=True)
    if found.note:
        click.echo(visible(f"note: {found.note}"), err=True)
    if found.next:
        click.echo(f"more: --page {found.next}", err=True)


def _hit_as_json(hit: Hit) -> dict[str, Any]:
    """The post's columns, `snippet` and the names of `feeds`; and what else is known of a hit."""
    return as_row(hit.post) | {
        "snippet": hit.snippet.marked(),
        "feeds": [feed.name for feed in hit.feeds],
        "feed_ids": [feed.id for feed in hit.feeds],
        "marked_title": hit.title.marked(),
        "entry_id": hit.entry_id,
        "score": hit.score,
    }


def _print_hit(hit: Hit) -> None:
    row = as_row(hit.post)
    title = _marked(hit.title, bold=True) if hit.title else click.style(_title(row), bold=True)
    click.echo(f"{click.style(f'{hit.post.id:>6}', bold=True)}  {title}")
    feeds = "; ".join(feed.name for feed in hit.feeds)
    click.echo(f"        {_day(row)}  {row['language'] or '–'}  {visible(feeds)}")
    click.echo(f"        {_marked(hit.snippet)}")


def _marked(snippet: Snippet, *, bold: bool = False) -> str:
    """The words with those that were found bold on a terminal (underlined where all is bold), else in **."""
    if not sys.stdout.isatty():
        return visible(snippet.marked())
    return "".join(
        click.style(visible(text), bold=bold or found, underline=bold and found)
        for text, found in snippet.pieces
    )


def _title(row: dict[str, Any]) -> str:
    return visible(row["title"] or row["url"] or "(no title)")


def _day(row: dict[str, Any]) -> str:
    return day(row["published_at"]) if row["published_at"] else f"seen {day(row['first_seen_at'])}"


@click.command(short_help="Show a post: text, HTML, history, changes.")
@click.argument("what", metavar="ID")
@click.option("--text", "view", flag_value="text", default="text", help="The text (this is the default).")
@click.option("--html", "view", flag_value="html", help="The HTML, safe to show.")
@click.option("--history", is_flag=True, help="Every version, and when we saw it.")
@click.option("--diff", is_flag=True, help="What changed between versions, word by word.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@pass_context
def show(context: Context, what: str, *, view: str, history: bool, diff: bool, as_json: bool) -> None:
    """Show a post by its number, as `search` prints it, or one entry as entry:NUMBER."""
    with context.reader() as reader:
        found, entries = _find(reader, what)
        if as_json:
            print_json(found | (_histories(reader, entries) if history or diff else {}))
        elif history or diff:
            for entry in entries:
                print_head(entry)
                revisions = reader.revisions(entry["id"])
                if history:
                    print_history(entry, revisions, reader.events_of(entry["id"]))
                if diff:
                    print_diffs(revisions)
        else:
            _print_entry(found, entries, html=view == "html")


def _histories(reader: Reader, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The versions of entries, each with what changed in it, and their events."""
    histories = {}
    for entry in entries:
        revisions = reader.revisions(entry["id"])
        for old, new in itertools.pairwise(revisions):
            new["changed"] = changed_fields(old, new)
        histories[str(entry["id"])] = revisions
    events = {str(entry["id"]): reader.events_of(entry["id"]) for entry in entries}
    return {"revisions": histories, "events": events}


def _find(reader: Reader, what: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    number = what.removeprefix("entry:")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ConfigError(f"{what!r} is no post; write its number, or entry:NUMBER for one entry")
    if what.startswith("entry:"):
        entry = reader.entry(int(number))
        return entry, [entry]
    post = reader.post(int(number))
    return post, post["entries"]


def _print_entry(found: dict[str, Any], entries: list[dict[str, Any]], *, html: bool) -> None:
    shown = entries[0]
    click.secho(_title(shown), bold=True)
    authors = ", ".join(shown["authors"])
    facts = [_day(shown), shown["language"], authors, "excerpt" if shown["is_excerpt"] else None]
    click.echo(visible("  ".join(fact for fact in facts if fact)))
    if shown["url"]:
        click.echo(visible(shown["url"]))
    for entry in entries:
        told = f"  first seen {day(entry['first_seen_at'])}, {count(entry['revision'], 'version')}"
        click.echo(visible(f"entry:{entry['id']}  {entry['feed']}{told}{_doubts(entry)}"))
    click.echo()
    text = (shown["content_html"] or shown["summary_html"] or "") if html else shown["content_text"]
    click.echo(visible_lines(text))


def _doubts(entry: dict[str, Any]) -> str:
    """What is not plain about an entry."""
    told = f", withdrawn {day(entry['withdrawn_at'])}" if entry["withdrawn_at"] else ""
    if entry["churn_count"]:
        told += f", {count(entry['churn_count'], 'change')} without an edit ({entry['churn']})"
    return told + (", from what looks like another site" if entry["suspect"] else "")
