"""Commands that ask: `search`, `show`, `status`. They read, and never write."""

import difflib
import itertools
import re
from typing import Any

import click

from archiver import times
from archiver.clean import html_to_text
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, day, print_json, print_table, state, visible, visible_lines
from archiver.errors import ConfigError
from archiver.store import Query, Reader


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
            since=_date(since),
            until=_date(until),
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


def _date(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9:]{0,8}Z?)?)?)?", text):
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
@click.option("--history", "view", flag_value="history", help="Every version, and when we saw it.")
@click.option("--diff", "view", flag_value="diff", help="What changed between versions, word by word.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@pass_context
def show(context: Context, what: str, *, view: str, as_json: bool) -> None:
    """Show a post by its number, as `search` prints it, or one entry as entry:NUMBER."""
    with context.reader() as reader:
        found, entries = _find(reader, what)
        if as_json:
            histories = {str(entry["id"]): reader.revisions(entry["id"]) for entry in entries}
            print_json(found | ({"revisions": histories} if view in ("history", "diff") else {}))
        elif view == "history":
            for entry in entries:
                _print_history(entry, reader.revisions(entry["id"]))
        elif view == "diff":
            for entry in entries:
                _print_diffs(entry, reader.revisions(entry["id"]))
        else:
            _print_entry(found, entries, html=view == "html")


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
        gone = f", withdrawn {day(entry['withdrawn_at'])}" if entry["withdrawn_at"] else ""
        click.echo(visible(f"entry:{entry['id']}  {entry['feed']}{told}{gone}"))
    click.echo()
    text = (shown["content_html"] or shown["summary_html"] or "") if html else shown["content_text"]
    click.echo(visible_lines(text))


def _print_history(entry: dict[str, Any], revisions: list[dict[str, Any]]) -> None:
    click.secho(visible(f"entry:{entry['id']}  {entry['feed']}"), bold=True)
    print_table(
        [(r["revision"], r["seen_at"], r["fetch_id"], r["published_at"], r["title"]) for r in revisions],
        header=("VERSION", "FIRST SEEN", "FETCH", "PUBLISHED", "TITLE"),
    )


def _print_diffs(entry: dict[str, Any], revisions: list[dict[str, Any]]) -> None:
    click.secho(visible(f"entry:{entry['id']}  {entry['feed']}"), bold=True)
    if len(revisions) < 2:
        click.echo("one version only")
    for old, new in itertools.pairwise(revisions):
        click.secho(f"version {old['revision']} to {new['revision']}, seen {new['seen_at']}", bold=True)
        for column in ("title", "url", "published_at", "summary", "content"):
            before, after = (_words(row[column]) for row in (old, new))
            if before != after:
                click.echo(f"{column}: {_word_diff(before, after)}")


def _words(value: str | None) -> list[str]:
    return html_to_text(value or "").split()


def _word_diff(old: list[str], new: list[str]) -> str:
    """Words that went in [-brackets-] and words that came in {+braces+}, coloured on a terminal."""
    parts = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            kept = old[a:b]
            parts.append(" ".join(kept if len(kept) < 14 else [*kept[:6], "…", *kept[-6:]]))
            continue
        if b > a:
            parts.append(click.style(f"[-{' '.join(old[a:b])}-]", fg="red"))
        if d > c:
            parts.append(click.style(f"{{+{' '.join(new[c:d])}+}}", fg="green"))
    return " ".join(parts)


@click.command(short_help="How the archive and each feed are.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@pass_context
def status(context: Context, *, as_json: bool) -> None:
    """Say how the archive and each of its feeds are."""
    with context.reader() as reader:
        totals, feeds, events = reader.totals(now=times.now()), reader.feeds(), reader.events()
    if as_json:
        print_json(totals | {"archive": str(context.archive), "feed_list": feeds, "events": events})
        return
    states = ", ".join(f"{number} {state}" for state, number in sorted(totals["states"].items()))
    click.echo(f"archive  {context.archive}")
    click.echo(f"feeds    {totals['feeds']:,} ({states or 'none'}), {totals['due']:,} due")
    click.echo(
        f"posts    {totals['posts']:,}, in {count(totals['entries'], 'entry')} with"
        f" {count(totals['revisions'], 'version')}, {totals['withdrawn']:,} withdrawn"
    )
    click.echo(
        f"fetches  {totals['fetches']:,}, {totals['gaps']:,} gaps,"
        f" {totals['body_bytes'] / 1e6:.1f} MB of documents kept in {totals['stored_bytes'] / 1e6:.1f} MB"
    )
    click.echo()
    print_table(
        [
            (
                row["id"],
                state(row),
                row["entries"],
                row["last_success_at"],
                row["next_fetch_at"],
                _health(row),
            )
            for row in feeds
        ],
        header=("ID", "STATE", "ENTRIES", "LAST SUCCESS", "NEXT", "FEED"),
    )
    if events:
        click.echo()
        print_table(
            [(event["at"], event["kind"], f"{event['feed']}: {event['detail']}") for event in events],
            header=("WHEN", "EVENT", "WHAT"),
        )


def _health(row: dict[str, Any]) -> str:
    name = row["name"] or row["title"] or row["url"]
    return f"{name}: {row['last_error']}" if row["last_error"] else name
