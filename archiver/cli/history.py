"""`show --history` and `--diff`: what became of an entry, what changed in it, and which fetch says so."""

import itertools
from collections.abc import Sequence
from typing import Any

import click

from archiver.cli.printing import count, print_table
from archiver.differences import Kind, Piece, changed_fields, differences
from archiver.visible import visible

_CONTEXT = 6


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
        for difference in differences(old, new):
            told = [_marked(piece) for piece in difference.pieces] if difference.in_words else []
            if difference.note:
                told.append(f"({difference.note})" if told else difference.note)
            click.echo(f"{difference.column}: {' '.join(told)}")


def _marked(piece: Piece) -> str:
    """Words that went in [-brackets-] and words that came in {+braces+}, coloured on a terminal."""
    words = [word.rstrip("\n") for word in piece.words]
    if piece.kind is Kind.OUT:
        return click.style(f"[-{_shown(words)}-]", fg="red")
    if piece.kind is Kind.IN:
        return click.style(f"{{+{_shown(words)}+}}", fg="green")
    long = len(words) > 2 * _CONTEXT + 1
    return _shown([*words[:_CONTEXT], "…", *words[-_CONTEXT:]] if long else words)


def _shown(words: Sequence[str]) -> str:
    return visible(" ".join(words))


def _besides(old: dict[str, Any], new: dict[str, Any]) -> str:
    return "white space" if old["categories"] == new["categories"] else "the order of the categories"


def _one_line(revision: dict[str, Any]) -> str:
    return str(revision["title"] or revision["url"] or "(no title)")


def print_head(entry: dict[str, Any]) -> None:
    """Which entry is meant."""
    click.secho(visible(f"entry:{entry['id']}  {entry['feed']}"), bold=True)
