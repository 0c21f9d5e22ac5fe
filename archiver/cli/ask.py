"""Commands that ask for posts: `search`, `show`. They read, and never write."""

import itertools
import re
from typing import Any

import click

from archiver.cli.context import Context, pass_context
from archiver.cli.history import changed_fields, print_diffs, print_head, print_history
from archiver.cli.printing import count, day, print_json
from archiver.errors import ConfigError
from archiver.store import Query, Reader
from archiver.visible import visible, visible_lines


@click.command(short_help="Find posts by their words.")
@click.argument("words", metavar="QUERY", nargs=-1, required=True)
@click.option("--feed", help="Only posts that this feed carried: number, address or name.")
@click.option("--tag", help="Only posts of feeds with this tag.")
@click.option("--lang", help="Only posts in this language: en, sv, ru …")
@click.option("--since", metavar="DATE", help="Published (or first seen) on this day or later.")
@click.option("--until", metavar="DATE", help="Published (or first seen) on this day or earlier.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
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
    limit: int,
    as_json: bool,
) -> None:
    """Find posts that hold all of these words; "several words" in quotes are looked for side by side."""
    with context.reader() as reader:
        query = Query(
            words=" ".join(words),
            feed_id=reader.find_feed(feed) if feed else None,
            tag=tag,
            language=lang,
            since=date_option(since),
            until=date_option(until),
            limit=limit,
        )
        hits = reader.search(query)
    if as_json:
        print_json(hits)
        return
    if not hits:
        click.echo("nothing found", err=True)
    for hit in hits:
        click.secho(f"{hit['id']:>6}  {_title(hit)}", bold=True)
        click.echo(f"        {_day(hit)}  {hit['language'] or '–'}  {visible('; '.join(hit['feeds']))}")
        click.echo(f"        {visible(hit['snippet'] or '')}")


def date_option(text: str | None) -> str | None:
    """A day, month or year as the archive writes it. Raises ConfigError."""
    if text is not None and not re.fullmatch(
        r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T[0-9:]{0,8}Z?)?)?)?", text
    ):
        raise ConfigError(f"{text!r} is not a date; write 2026, 2026-03 or 2026-03-01")
    return text


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
