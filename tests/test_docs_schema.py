"""`docs/schema.md` and the database say the same, and what the document shows can be done."""

import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver import decide
from archiver.config import ScheduleSettings
from archiver.consult import consult
from archiver.errors import FetchError
from archiver.model import ParseOptions, Response
from archiver.prepare import prepare
from archiver.store import Following, Store, digest

DOCUMENT = (Path(__file__).parents[1] / "docs" / "schema.md").read_text("utf-8")
SETTINGS = ScheduleSettings()

SWEDISH = (
    "Människorättsorganisationer i Bishkek berättar om hur det civila samhället har förändrats under året."
)
ENGLISH = (
    "Civil society in Bishkek has changed in a year, and its people tell us how they keep on with their work."
)


def _item(name: str, title: str, text: str) -> str:
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><link>https://example.org/{name}</link><title>{title}</title>"
        f"<pubDate>Wed, 15 May 2024 10:00:0{len(name)} GMT</pubDate><category>aid</category>"
        f"<description>&lt;p&gt;{text}&lt;/p&gt;</description></item>"
    )


OLD = _item("old", "The oldest of them", ENGLISH.replace("Bishkek", "Osh")).replace("15 May", "01 May")
SWEDE = _item("sv", "Ett år i Bishkek", SWEDISH)
EDITED = _item("edit", "A year in Bishkek", ENGLISH)
AGAIN = EDITED.replace("tell us", "tell everybody")
DOOMED = _item("doomed", "It will be taken down", ENGLISH.replace("year", "week"))
TORN = "<rss version='2.0'><channel><title>Torn</title>" + SWEDE + EDITED[:-60]


def _rss(*items: str) -> str:
    return f"<rss version='2.0'><channel><title>Example</title>{''.join(items)}</channel></rss>"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in which everything has happened that the questions ask for."""
    folder = tmp_path_factory.mktemp("docs")
    path = folder / "data" / "archive.db"
    now = datetime(2024, 6, 1, tzinfo=UTC)
    with Store.open(path) as store:
        for name, tags in (("feed", ("aid",)), ("copy", ("aid", "asia")), ("broken", ()), ("torn", ())):
            wanted = Following(url=f"https://example.org/{name}", tags=tags)
            store.follow(wanted, origin="command", now=now)
        for hour, (feed_id, document) in enumerate(
            (
                (1, _rss(DOOMED, EDITED, SWEDE, OLD)),
                (1, _rss(AGAIN, SWEDE, OLD)),
                (1, _rss(AGAIN, SWEDE, OLD) + "<!-- and still -->"),
                (2, _rss(SWEDE, OLD)),
                (3, None),
                (4, TORN),
            )
        ):
            _update(store, feed_id, document, now + timedelta(hours=hour))
    return folder


def _update(store: Store, feed_id: int, document: str | None, now: datetime) -> None:
    feed = store.feed(feed_id)
    attempt = decide.Attempt(started_at=now, duration_ms=20, request_url=feed.url)
    with store.transaction():
        if document is None:
            error = FetchError("timeout", "the server took too long")
            store.apply(decide.failed(feed, attempt, error, SETTINGS))
            return
        body = document.encode()
        response = Response(request_url=feed.url, final_url=feed.url, status=200, body=body)
        prepared = prepare(body, ParseOptions(url=feed.url))
        known = consult(store, feed, response, digest(body), prepared)
        store.apply(decide.understood(feed, attempt, known, SETTINGS))


@pytest.fixture
def connection(archive: Path) -> Iterator[sqlite3.Connection]:
    """The archive as a stranger opens it: with Python's own sqlite3, read-only."""
    connection = sqlite3.connect(f"{(archive / 'data' / 'archive.db').as_uri()}?mode=ro", uri=True)
    yield connection
    connection.close()


def _documented() -> dict[str, set[str]]:
    tables: dict[str, set[str]] = {}
    for section in re.split(r"^### ", DOCUMENT, flags=re.MULTILINE)[1:]:
        name, _, rest = section.partition("\n")
        body = re.split(r"^## ", rest, maxsplit=1, flags=re.MULTILINE)[0]
        heads = re.findall(r"^- ((?:`\w+`(?:, )?)+): ", body, flags=re.MULTILINE)
        columns = [column for head in heads for column in re.findall(r"`(\w+)`", head)]
        assert len(columns) == len(set(columns)), f"{name} has a column twice"
        tables[name.strip("`")] = set(columns)
    return tables


def _in_database(connection: sqlite3.Connection) -> dict[str, set[str]]:
    names = connection.execute(
        "SELECT name FROM pragma_table_list WHERE type <> 'shadow' AND name NOT GLOB 'sqlite_*'"
    ).fetchall()
    return {
        name: {row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", [name])}
        for (name,) in names
    }


def test_the_document_has_every_table_and_column_of_the_database_and_no_other(connection):
    assert _documented() == _in_database(connection)


def test_tables_that_are_sqlites_own_are_named(connection):
    shadows = connection.execute("SELECT name FROM pragma_table_list WHERE type = 'shadow'").fetchall()
    assert len(shadows) == 8
    assert all(f"`{name}`" in DOCUMENT for (name,) in shadows)


@pytest.mark.parametrize("table", ["feeds", "fetches", "entries"])
def test_every_value_that_a_column_is_checked_for_is_explained(connection, table):
    sql = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", [table]).fetchone()[0]
    section = DOCUMENT.split(f"### `{table}`")[1].split("\n### ")[0]
    values = {
        value for group in re.findall(r"IN \(([^)]*)\)", sql) for value in re.findall(r"'(\w+)'", group)
    }
    assert values
    assert {value for value in values if f"`{value}`" not in section} == set()


QUESTIONS = re.findall(r"([^\n]+):\n\n```sql\n(.*?)```", DOCUMENT, flags=re.DOTALL)


def test_every_sql_block_is_a_question_with_a_name():
    assert len(QUESTIONS) == DOCUMENT.count("```sql") >= 10


@pytest.mark.parametrize("sql", [sql for _, sql in QUESTIONS], ids=[name for name, _ in QUESTIONS])
def test_a_question_has_its_answer(connection, sql):
    assert connection.execute(sql).fetchall() != []


def test_the_python_runs(archive, monkeypatch):
    monkeypatch.chdir(archive)
    [program] = re.findall(r"```python\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    found: dict[str, object] = {}
    exec(compile(program, "schema.md", "exec"), found)
    assert bytes(found["body"]).startswith(b"<rss")  # type: ignore[arg-type]
