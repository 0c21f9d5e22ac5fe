"""JSON Lines, CSV and Parquet, read back by readers that are not ours: the same values, whatever they are."""

import csv
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.export.codebook import columns_of
from archiver.export.columns import Column, Kind
from archiver.export.csv import BOM, cell, csv_lines, read_cell, texts_of
from archiver.export.jsonl import json_lines
from archiver.export.parquet import write_parquet
from archiver.export.sink import Sink
from archiver.store import Rows
from archiver.store.rows import sound

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "  =1",
    '"=1',
    "'=1",
    "'",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "|cmd",
    "\u200b=1",
    "\ufeff=1",
    "\xa0=1",
    "a\x01b",
    "\x1b[31m",
    "\x7f",
    "\\u0041",
    "\\u005C",
    "\\\\u0041",
    "\\u",
    'a"b',
    'a,"b',
    "a\r\nb",
    "a\rb",
    "a\nb",
    "",
    " ",
    "---",
    "a;b",
    "</script>",
    "\u2028",
    "😀",
    "\x85",
    "\ud7ff",
    "\ufffe",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)).map(sound)
some_texts = st.lists(st.none() | texts, min_size=1, max_size=7)
LARGEST = 2**63 - 1


def as_json(value):
    return json.dumps(value, ensure_ascii=False)


def rows_with(rows: Rows, wanted: list[str | None]) -> list[tuple]:
    """Rows that have these texts in their columns, each time in other ones."""
    columns = columns_of(rows)
    return [
        tuple(_value(column, wanted[(at + shift) % len(wanted)]) for at, column in enumerate(columns))
        for shift in range(len(wanted))
    ]


def _value(column: Column, text: str | None):
    file = {"url": text or "", "type": text, "length": LARGEST if text else None}
    some = {
        Kind.NUMBER: -LARGEST if text else None,
        Kind.FLAG: 1 if text else 0,
        Kind.SHARE: 0.833 if text else 1.0,
        Kind.TIME: "2024-05-01T10:00:00Z" if text else None,
        Kind.WORD: "pt-BR",
        Kind.DIGEST: "1:0f",
        Kind.NAMES: as_json([text] if text else []),
        Kind.PEOPLE: as_json([{"name": text, "email": text, "url": None}]),
        Kind.FILES: as_json([file, file] if text else []),
        Kind.SUBJECTS: as_json([{"term": text or "", "scheme": None, "label": text}]),
        Kind.JSON: as_json({text or "": text}),
    }
    return some.get(column.kind, text)


NESTED = (Kind.NAMES, Kind.PEOPLE, Kind.FILES, Kind.SUBJECTS, Kind.JSON)
both = pytest.mark.parametrize("rows", [Rows.ENTRIES, Rows.REVISIONS])


def told(row, columns):
    """A row as an object, with what is JSON in it read."""
    return {
        column.name: json.loads(value) if column.kind in NESTED else value
        for value, column in zip(row, columns, strict=True)
    }


@both
@settings(deadline=None)
@given(wanted=some_texts)
def test_json_lines_are_read_back_by_json(rows, wanted):
    columns, page = columns_of(rows), rows_with(rows, wanted)
    written = b"".join(json_lines([page], [column.name for column in columns])).decode()
    assert [json.loads(line) for line in written.split("\n")[:-1]] == [told(row, columns) for row in page]


@both
@settings(deadline=None)
@given(wanted=some_texts)
def test_csv_is_read_back_by_csv(rows, wanted):
    columns, page = columns_of(rows), rows_with(rows, wanted)
    names = [column.name for column in columns]
    written = b"".join(csv_lines([page], names, texts=texts_of(columns))).decode()
    head, *found = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert head == names
    assert [[read_cell(text) for text in row] for row in found] == [
        ["" if value is None else str(value) for value in row] for row in page
    ]


@settings(deadline=None)
@given(some=st.lists(texts, min_size=1, max_size=4))
def test_a_page_has_each_text_as_its_own_cell(some):
    written = b"".join(csv_lines([[(text,) for text in some]], ["title"], texts=frozenset({"title"})))
    assert written.decode() == '"title"\r\n' + "".join(f"{cell(text)}\r\n" for text in some)


@settings(deadline=None)
@given(text=texts)
def test_no_cell_is_a_formula(text):
    [[found]] = csv.reader(io.StringIO(cell(text), newline=""))
    assert found.strip(" \t\r\n\"'´`\xa0\u200b\ufeff“”„‘’«»")[:1] not in set(
        "=+-@|＝＋－＠"
    ) or found.startswith("'")
    assert not found.startswith(("\t", "\r", "\n"))


@settings(deadline=None)
@given(text=texts)
def test_a_cell_holds_no_control_character_but_tabs_and_line_breaks(text):
    assert not set(cell(text)) & {chr(code) for code in (*range(0x20), 0x7F) if chr(code) not in "\t\r\n"}


@pytest.mark.parametrize("text", ["plain", "Übung – 2", "a = b", "1-2", "<p>=</p>", "[1]", "ok'"])
def test_an_ordinary_text_stays_as_it_is(text):
    assert cell(text) == f'"{text}"'


def test_null_is_nothing_and_an_empty_text_is_two_quotes():
    written = b"".join(csv_lines([[(1, None, "")]], ["n", "a", "b"], texts=frozenset({"a", "b"})))
    assert written == b'"n","a","b"\r\n1,,""\r\n'


def test_rows_of_nothing_but_null_are_lines_too():
    written = b"".join(csv_lines([[(None, None)] * 2, []], ["n", "a"], texts=frozenset({"a"})))
    assert written == b'"n","a"\r\n,\r\n,\r\n'


def test_a_text_is_written_alike_whatever_stands_in_its_column_beside_it():
    texts = ['say "no"', "=1+1", "", "back\\u0041slash", "\x01", "Ош, Бишкек"]
    alone = [b"".join(csv_lines([[(text,)]], ["a"], texts=frozenset({"a"}))) for text in texts]
    column = [*texts, None]
    together = b"".join(csv_lines([[(text,) for text in column]], ["a"], texts=frozenset({"a"})))
    head = b'"a"\r\n'
    assert together == head + b"".join(one.removeprefix(head) for one in alone) + b"\r\n"


def test_the_mark_for_excel_stands_first_if_it_is_asked_for():
    assert b"".join(csv_lines([], ["a"], texts=frozenset(), bom=True)).startswith(BOM + b'"a"')


@pytest.fixture(scope="module")
def parquet():
    return pytest.importorskip("pyarrow.parquet")


@both
@settings(max_examples=20, deadline=None)
@given(wanted=some_texts)
def test_parquet_is_read_back_by_pyarrow(parquet, rows, wanted):
    columns, page = columns_of(rows), rows_with(rows, wanted)
    out = io.BytesIO()
    with Sink(out) as sink:
        write_parquet([page], columns, sink)
    table = parquet.ParquetFile(io.BytesIO(out.getvalue())).read(use_threads=False)
    found = table.to_pylist()
    for row, meant in zip(found, (told(row, columns) for row in page), strict=True):
        for column in columns:
            if column.kind is Kind.TIME and row[column.name] is not None:
                row[column.name] = f"{row[column.name].isoformat()[:19]}Z"
            elif column.kind is Kind.JSON:
                meant[column.name] = as_json(meant[column.name])
        assert row == meant


def test_parquet_says_what_is_missing_where_it_is_not_installed(monkeypatch):
    import sys

    from archiver.errors import ConfigError
    from archiver.export.parquet import make_sure_of_pyarrow

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'archiver\[parquet\]'"):
        make_sure_of_pyarrow()


def test_parquet_is_written_in_groups_of_rows(parquet):
    columns = columns_of(Rows.ENTRIES)[:1]
    out = io.BytesIO()
    with Sink(out) as sink:
        write_parquet(([(at,) for at in range(500)] for _ in range(40)), columns, sink)
    about = parquet.ParquetFile(io.BytesIO(out.getvalue())).metadata
    assert (about.num_rows, about.num_row_groups) == (20_000, 3)


def test_no_text_ends_a_line_of_json_before_its_time():
    rows = [(1, 'a\x1e,"b\n', "[]"), (2, "\x1e", '["\\u001e"]')]
    written = b"".join(json_lines([rows[:1], rows[1:], rows], ["id", "title", "authors"]))
    titles = [json.loads(line)["title"] for line in written.splitlines()]
    assert titles == [row[1] for row in rows] * 2
