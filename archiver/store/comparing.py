"""What differs between an archive and the one that was derived again: counts, and samples in words."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlite_utils import Database

COUNTED = (
    "feeds",
    "fetches",
    "bodies",
    "entries",
    "revisions",
    "posts",
    "aliases",
    "events",
    "enclosures",
    "categories",
)

FOLLOWED = (
    "title", "content_text", "language", "published_at", "url", "authors", "summary_html", "content_html",
    "first_seen_at", "last_seen_at", "present", "missing_since", "withdrawn_at", "churn_count",
)  # fmt: skip
"""Columns of an entry in its latest version that people look at."""

SAMPLES = 5
_AROUND = 30
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One thing that is another now; None where it was, or is, not there."""

    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One kind of difference: how often, and the first few."""

    count: int
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two archives side by side."""

    tables: dict[str, tuple[int, int]]
    """Rows before and after."""
    differences: dict[str, Difference] = field(default_factory=dict)
    """By kind; only what differs at all."""

    @property
    def equal(self) -> bool:
        """Whether nothing that a person looks at is another."""
        return not self.differences and all(before == after for before, after in self.tables.values())


def counts(db: Database, schema: str = "main") -> dict[str, int]:
    """Rows of each table that people count."""
    return {
        table: int(db.execute(f"SELECT count(*) FROM {schema}.{table}").fetchone()[0]) for table in COUNTED
    }


def compare(db: Database, old: Path, *, with_fetches: bool) -> Comparison:
    """Hold the archive against its old file. Entries are the same by feed and key.

    `with_fetches` is False where the fetches have other numbers than in the old file.
    """
    db.execute("ATTACH ? AS old", [f"{old.absolute().as_uri()}?mode=ro"])
    try:
        before, after = counts(db, "old"), counts(db)
        found = {
            "new": _one_sided(db, "main", "old"),
            "gone": _one_sided(db, "old", "main"),
            **{column: _changed(db, column) for column in FOLLOWED},
            "revisions": _versions(db),
            "words": _reworded(db),
            "numbers": _numbers(db),
            "posts": _regrouped(db),
        }
        if with_fetches:
            found["fetches"] = _outcomes(db)
    finally:
        db.execute("DROP TABLE IF EXISTS temp.matched")
        db.execute("DETACH old")
    return Comparison(
        tables={table: (before[table], after[table]) for table in COUNTED},
        differences={kind: difference for kind, difference in found.items() if difference.count},
    )


def _one_sided(db: Database, here: str, there: str) -> Difference:
    where = f"""
        FROM {here}.entries AS one WHERE NOT EXISTS (
            SELECT 1 FROM {there}.entries AS other WHERE other.feed_id = one.feed_id AND other.key = one.key
        )
    """
    total = _number(db, f"SELECT count(*) {where}")
    rows = db.execute(f"SELECT id, title, content_text {where} ORDER BY id LIMIT {SAMPLES}").fetchall()
    told = [(row[0], _cut(row[1] or row[2])) for row in rows]
    return Difference(
        count=total,
        samples=tuple(
            Sample(
                what=f"entry {number}",
                before=words if here == "old" else None,
                after=words if here == "main" else None,
            )
            for number, words in told
        ),
    )


_ENTRIES = "main.entries AS now JOIN old.entries AS was USING (feed_id, key)"


def _differing(
    db: Database, differs: str, columns: str, sample: Callable[..., Sample], *, rows: str = _ENTRIES
) -> Difference:
    """How many rows that both have differ, and of the first few these columns, made a sample."""
    found = db.execute(f"SELECT {columns} FROM {rows} WHERE {differs} ORDER BY now.id LIMIT {SAMPLES}")
    return Difference(
        samples=tuple(sample(*row) for row in found.fetchall()),
        count=_number(db, f"SELECT count(*) FROM {rows} WHERE {differs}"),
    )


def _changed(db: Database, column: str) -> Difference:
    return _differing(
        db,
        f"now.{column} IS NOT was.{column}",
        f"now.id, was.{column}, now.{column}",
        lambda number, before, after: _sample(f"entry {number}", before, after),
    )


_WORDS = ("content_sha256", "title", "summary", "content", "url", "published_raw", "authors", "seen_at")


def _reworded(db: Database) -> Difference:
    """Versions that are there in both, and are not the same to the letter."""
    shown = "coalesce({0}.title, '') || ' ' || coalesce({0}.content, {0}.summary, '')"
    return _differing(
        db,
        " OR ".join(f"now.{column} IS NOT was.{column}" for column in _WORDS),
        f"now_entry.id, now.revision, {shown.format('was')}, {shown.format('now')}",
        lambda number, version, before, after: _sample(f"entry {number}, version {version}", before, after),
        rows="""
            main.revisions AS now JOIN main.entries AS now_entry ON now_entry.id = now.entry_id
            JOIN old.entries AS was_entry USING (feed_id, key)
            JOIN old.revisions AS was ON was.entry_id = was_entry.id AND was.revision = now.revision
        """,
    )


def _versions(db: Database) -> Difference:
    """Entries with other versions, or with as many that say something else."""
    return _differing(
        db,
        "now.revision <> was.revision OR now.content_sha256 <> was.content_sha256",
        "now.id, was.revision, now.revision",
        lambda number, before, after: Sample(
            what=f"entry {number}",
            before=f"version {before}",
            after=f"version {after}{', told otherwise' if before == after else ''}",
        ),
    )


def _numbers(db: Database) -> Difference:
    """Entries and posts by whose old number something else is found."""
    return _differing(
        db,
        "now.id <> was.id OR now.post_id <> was.post_id",
        "was.id, was.post_id, now.id, now.post_id",
        lambda entry, post, entry_now, post_now: Sample(
            what=f"entry {entry}",
            before=f"entry {entry} of post {post}",
            after=f"entry {entry_now} of post {post_now}",
        ),
    )


def _regrouped(db: Database) -> Difference:
    """Entries whose post has another first member, among the entries that both files have."""
    db.execute(
        """
        CREATE TEMP TABLE matched AS
        SELECT now.id AS id, now.title AS title, was.id AS old_id,
            min(was.id) OVER (PARTITION BY was.post_id) AS was_with,
            min(was.id) OVER (PARTITION BY now.post_id) AS is_with
        FROM main.entries AS now JOIN old.entries AS was USING (feed_id, key)
        """
    )
    rows = db.execute(
        f"""
        SELECT one.id, one.title, other_was.title, other_is.title FROM matched AS one
        JOIN old.entries AS other_was ON other_was.id = one.was_with
        JOIN old.entries AS other_is ON other_is.id = one.is_with
        WHERE one.was_with <> one.is_with ORDER BY one.id LIMIT {SAMPLES}
        """
    ).fetchall()
    return Difference(
        count=_number(db, "SELECT count(*) FROM matched WHERE was_with <> is_with"),
        samples=tuple(
            Sample(what=f"entry {row[0]}", before=f"with {_cut(row[2])}", after=f"with {_cut(row[3])}")
            for row in rows
        ),
    )


_ACCOUNT = ("outcome", "error_kind", "entries_seen", "entries_new", "entries_revised", "gap", "partial")


def _outcomes(db: Database) -> Difference:
    """Fetches of which the program now says something else than it said then."""
    half = len(_ACCOUNT)
    return _differing(
        db,
        " OR ".join(f"now.{column} IS NOT was.{column}" for column in _ACCOUNT),
        "now.id, " + ", ".join(f"{side}.{column}" for side in ("was", "now") for column in _ACCOUNT),
        lambda number, *account: Sample(
            what=f"fetch {number}", before=_account(account[:half]), after=_account(account[half:])
        ),
        rows="main.fetches AS now JOIN old.fetches AS was USING (id)",
    )


def _account(values: tuple[Any, ...]) -> str:
    told = dict(zip(_ACCOUNT, values, strict=True))
    words = [str(told["error_kind"] or told["outcome"])]
    words += [
        f"{told[column]} {column.removeprefix('entries_')}"
        for column in ("entries_seen", "entries_new", "entries_revised")
        if told[column]
    ]
    words += [column for column in ("gap", "partial") if told[column]]
    return ", ".join(words)


def _sample(what: str, before: object, after: object) -> Sample:
    """The place where two texts part, with a few words around it."""
    was, now = ("" if value is None else str(value) for value in (before, after))
    same = next(
        (at for at, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now))
    )
    start = max(0, same - _AROUND)
    return Sample(
        what=what,
        before=None if before is None else _cut(was, start),
        after=None if after is None else _cut(now, start),
    )


def _cut(text: str, start: int = 0) -> str:
    shown = " ".join(text[start : start + _SHOWN].split())
    return f"{'…' if start else ''}{shown}{'…' if len(text) > start + _SHOWN else ''}"


def _number(db: Database, sql: str) -> int:
    return int(db.execute(sql).fetchone()[0])
