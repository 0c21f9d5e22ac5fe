"""`status`: how the archive and each feed are, worst first. Reads, and never writes."""

from datetime import datetime, timedelta
from typing import Any

import click

from archiver import health, times, versions
from archiver.cli.context import Context, pass_context
from archiver.cli.printing import count, day, print_json, print_table, without_secrets
from archiver.health import Condition, Health
from archiver.urls import redact
from archiver.visible import visible


@click.command(short_help="How the archive and each feed are.")
@click.option("--problems", is_flag=True, help="Leave out the feeds that are fine, moved or paused.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@pass_context
def status(context: Context, *, problems: bool, as_json: bool) -> None:
    """Say how the archive and each of its feeds are.

    Feeds are gone, blocked, failing, silent, slow, moved, fine or paused, and stand in this order. Silent is
    one that brings nothing for much longer than it used to; slow one whose answers or turns come late.
    """
    now = times.now()
    with context.reader() as reader:
        totals, feeds, events = reader.totals(now=now), reader.feeds(), reader.events()
        chores, digests = reader.failed_chores(), reader.digests()
    for row in feeds:
        found = health.of(row, now)
        row["health"], row["why"] = found.condition.value, found.why
    counts = health.counted([Condition(row["health"]) for row in feeds])
    feeds.sort(key=lambda row: (list(counts).index(row["health"]), row["id"]))
    shown = [row for row in feeds if not problems or Condition(row["health"]).is_problem]
    late = _late(totals, now)
    if as_json:
        failed = [{"chore": name, "at": at, "problem": problem} for name, at, problem in chores]
        libraries = {one.name: one.version for one in versions.libraries()}
        print_json(
            totals
            | {
                "archive": str(context.archive),
                "late_seconds": int(late.total_seconds()) if late else 0,
                "health": counts,
                "failed_chores": failed,
                "digests": digests,
                "versions": libraries,
                "warnings": [one.warning for one in versions.libraries() if one.warning],
                "feed_list": [without_secrets(row) for row in shown],
                "events": events,
            }
        )
        return
    _print_totals(context, totals, counts, late)
    for name, at, problem in chores:
        click.secho(visible(f"{name:<8} failed at {at}: {problem}"), bold=True)
    for told in digests:
        if told["problem"]:
            way, at = told["channel"], told["tried_at"]
            click.secho(visible(f"digest   by {way} failed at {at}: {told['problem']}"), bold=True)
    click.echo()
    print_table(
        [
            (
                row["id"],
                row["health"],
                row["entries"],
                row["last_success_at"],
                row["next_fetch_at"],
                _told(row),
            )
            for row in shown
        ],
        header=("ID", "HEALTH", "ENTRIES", "LAST SUCCESS", "NEXT", "FEED"),
    )
    if problems and (rest := len(feeds) - len(shown)):
        click.echo(f"and {count(rest, 'feed')} without a problem")
    if events:
        click.echo()
        print_table(
            [(event["at"], event["kind"], f"{event['feed']}: {event['detail']}") for event in events],
            header=("WHEN", "EVENT", "WHAT"),
        )


def _late(totals: dict[str, Any], now: datetime) -> timedelta | None:
    """How long the feed that waits longest has been due."""
    return now - times.from_text(totals["due_since"]) if totals["due_since"] else None


def _print_totals(
    context: Context, totals: dict[str, Any], counts: dict[str, int], late: timedelta | None
) -> None:
    words = ", ".join(f"{number:,} {word}" for word, number in counts.items() if number)
    waits = f", the latest for {health.span(late)}" if late and late >= timedelta(minutes=1) else ""
    click.echo(visible(f"archive  {context.archive}"))
    click.echo(f"feeds    {totals['feeds']:,} ({words or 'none'}), {totals['due']:,} due{waits}")
    click.echo(
        f"posts    {totals['posts']:,}, in {count(totals['entries'], 'entry')} with"
        f" {count(totals['revisions'], 'version')}, {totals['withdrawn']:,} withdrawn,"
        f" {totals['churning']:,} churning"
    )
    click.echo(
        f"fetches  {totals['fetches']:,}, {totals['gaps']:,} gaps,"
        f" {totals['body_bytes'] / 1e6:.1f} MB of documents kept in {totals['stored_bytes'] / 1e6:.1f} MB"
    )
    click.echo("with     " + ", ".join(f"{one.name} {one.version}" for one in versions.libraries()))
    for one in versions.libraries():
        if one.warning:
            click.echo(f"         {one.warning}")


def _told(row: dict[str, Any]) -> str:
    """A feed's name, how it is, and what else is to know of it."""
    found = Health(condition=Condition(row["health"]), why=row["why"])
    told = [] if found.condition is Condition.FINE else [found.why]
    if row["last_error"] and row["last_error"] not in found.why:
        told.append(row["last_error"])
    if row["suspect_since"] and found.condition is not Condition.FAILING:
        told.append(f"another site's content since {day(row['suspect_since'])}")
    if row["current_url"] != row["url"] and found.condition is not Condition.MOVED:
        told.append(f"moved to {redact(row['current_url'])}")
    elif row["moving_to"]:
        told.append(f"redirected since {day(row['moving_since'])}")
    if row["validators_lie"]:
        told.append("its server says that nothing changed when something did")
    told += [f"{row[column]:,} {column}" for column in ("gaps", "withdrawn", "churning") if row[column]]
    name = str(row["name"] or row["title"] or redact(row["url"]))
    return f"{name}: {'; '.join(told)}" if told else name
