"""`show --history` and `--diff`: what became of an entry, what changed in it, and which fetch says so."""

import difflib
import itertools
import json
from collections.abc import Sequence
from typing import Any

import click

from archiver.clean import html_to_text
from archiver.cli.printing import count, print_table
from archiver.visible import visible

_COMPARED = (
    "title",
    "authors",
    "url",
    "published_at",
    "published_raw",
    "summary",
    "content",
    "enclosures",
    "categories",
)
_MOST_WORDS = 20_000
"""Of longer texts only this many words are compared."""
_CONTEXT = 6


def changed_fields(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The columns in which two versions of an entry differ."""
    return [
        column for column in _COMPARED if _compared(column, old[column]) != _compared(column, new[column])
    ]


def _compared(column: str, value: object) -> object:
    """What of a column counts: categories are a set, whose order says nothing."""
    if column == "categories" and isinstance(value, list):
        return sorted(json.dumps(one, sort_keys=True) for one in value)
    return value


def print_history(
    entry: dict[str, Any], revisions: Sequence[dict[str, Any]], events: Sequence[dict[str, Any]]
) -> None:
    """Every version and event of an entry, in the order of their fetches."""
    rows: list[tuple[int, tuple[object, ...]]] = []
    for old, new in itertools.pairwise([None, *revisions]):
        assert new is not None
        if old is None:
            what = f"first seen: {_one_line(new)}"
        else:
            what = ", ".join(changed_fields(old, new)) or _besides(old, new)
            if _one_line(old) != _one_line(new):
                what += f": {_one_line(new)}"
        told = (
            new["seen_at"],
            f"version {new['revision']}",
            new["fetch_id"],
            new["fetched_from"],
            what,
        )
        rows.append((new["fetch_id"], told))
    for event in events:
        proof = event["fetch_id"]
        if event["earlier_fetch_id"]:
            proof = f"{event['earlier_fetch_id']}, {proof}"
        rows.append(
            (
                event["fetch_id"],
                (event["at"], event["kind"], proof, event["fetched_from"], event["detail"]),
            )
        )
    print_table(
        [told for _, told in sorted(rows, key=lambda row: row[0])],
        header=("WHEN", "WHAT", "FETCH", "FROM", "CHANGED"),
    )
    if entry["churn_count"]:
        click.echo(
            f"changes at every fetch without being edited ({entry['churn']}):"
            f" {count(entry['churn_count'], 'change')} since {entry['churn_since']}, without a version"
        )


def print_diffs(revisions: Sequence[dict[str, Any]]) -> None:
    """What changed from each version to the next, word by word."""
    if len(revisions) < 2:
        click.echo("one version only")
    for old, new in itertools.pairwise(revisions):
        origin = f"seen {new['seen_at']}, fetch {new['fetch_id']} from {new['fetched_from'] or 'a file'}"
        click.secho(visible(f"version {old['revision']} to {new['revision']}, {origin}"), bold=True)
        for column in changed_fields(old, new):
            before, after = (_words(_in_order(column, old, row)) for row in (old, new))
            if before != after:
                click.echo(f"{column}: {word_diff(before, after)}")
            else:
                click.echo(f"{column}: the words are the same, the markup is another")


def word_diff(old: Sequence[str], new: Sequence[str]) -> str:
    """Words that went in [-brackets-] and words that came in {+braces+}, coloured on a terminal."""
    parts = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=len(old) > 999).get_opcodes():
        if tag == "equal":
            kept = old[a:b]
            long = len(kept) > 2 * _CONTEXT + 1
            parts.append(_shown([*kept[:_CONTEXT], "…", *kept[-_CONTEXT:]] if long else kept))
            continue
        if b > a:
            parts.append(click.style(f"[-{_shown(old[a:b])}-]", fg="red"))
        if d > c:
            parts.append(click.style(f"{{+{_shown(new[c:d])}+}}", fg="green"))
    return " ".join(parts)


def _besides(old: dict[str, Any], new: dict[str, Any]) -> str:
    return "white space" if old["categories"] == new["categories"] else "the order of the categories"


def _in_order(column: str, old: dict[str, Any], row: dict[str, Any]) -> object:
    """A column's value; of categories those first that the older version had, in its order."""
    value = row[column]
    if column != "categories" or not isinstance(value, list):
        return value
    kept = [one for one in old[column] if one in value]
    return kept + [one for one in value if one not in kept]


def _shown(words: Sequence[str]) -> str:
    return visible(" ".join(words))


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        parts = [
            " ".join(str(part) for part in one.values() if part is not None)
            for one in value
            if isinstance(one, dict)
        ]
        return "; ".join(parts).split()[:_MOST_WORDS]
    return html_to_text(str(value or "")).split()[:_MOST_WORDS]


def _one_line(revision: dict[str, Any]) -> str:
    return str(revision["title"] or revision["url"] or "(no title)")


def print_head(entry: dict[str, Any]) -> None:
    """Which entry is meant."""
    click.secho(visible(f"entry:{entry['id']}  {entry['feed']}"), bold=True)
