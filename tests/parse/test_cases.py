"""Small documents of every format and encoding, beside what must be read from them."""

import json
from pathlib import Path
from typing import Any

import pytest

from archiver.model import EntryData, Markup, ParseOptions
from archiver.parse import parse
from archiver.times import to_text

CASES = Path(__file__).parent / "cases"
DOCUMENTS = sorted(path for path in CASES.iterdir() if not path.name.endswith(".expected.json"))


def _plain(value: object) -> Any:
    if isinstance(value, Markup):
        return [value.type, value.value]
    if hasattr(value, "astimezone"):
        return to_text(value)
    return value


def _entry(entry: EntryData) -> dict[str, Any]:
    lists = {
        "authors": [[person.name, person.email, person.url] for person in entry.authors],
        "enclosures": [[file.url, file.type, file.length] for file in entry.enclosures],
        "categories": [[subject.term, subject.scheme, subject.label] for subject in entry.categories],
    }
    return {name: lists.get(name, _plain(getattr(entry, name))) for name in EntryData.__slots__}


def test_there_is_a_case_for_every_kind_of_document() -> None:
    assert len(DOCUMENTS) >= 15


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_read_as_expected(path: Path) -> None:
    expected = json.loads(path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8"))
    parsed = parse(path.read_bytes(), ParseOptions())
    for name in ("format", "charset", "partial"):
        assert getattr(parsed, name) == expected[name]
    assert len(parsed.problems) == expected["problems"], parsed.problems
    for name, value in expected["feed"].items():
        assert _plain(getattr(parsed.feed, name)) == value, name
    assert len(parsed.entries) == len(expected["entries"])
    for position, (entry, wanted) in enumerate(zip(parsed.entries, expected["entries"], strict=True)):
        assert entry.position == position
        actual = _entry(entry)
        assert {name: actual[name] for name in wanted} == wanted
        assert isinstance(json.loads(entry.reading), dict)
