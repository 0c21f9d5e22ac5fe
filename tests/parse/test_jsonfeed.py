"""JSON Feed beyond the cases: cut documents, odd values, JSON of other kinds."""

import json
from datetime import UTC, datetime

import pytest

from archiver.errors import ParseError
from archiver.model import ParsedFeed, ParseOptions
from archiver.parse import jsonfeed


def read(text: str) -> ParsedFeed:
    return jsonfeed.read(text, charset="utf-8", options=ParseOptions())


def feed(*items: object, **more: object) -> str:
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "T"}
    return json.dumps({**head, **more, "items": list(items)}, ensure_ascii=False)


def test_a_document_cut_anywhere_never_yields_a_torn_item() -> None:
    text = feed(
        *({"id": n, "title": f"Nr {n}", "content_text": 'a "}, {" b', "tags": ["x"]} for n in range(5))
    )
    whole = read(text).entries
    counts = set()
    for cut in range(1, len(text)):
        try:
            parsed = read(text[:cut])
        except ParseError:
            continue
        assert parsed.partial
        assert parsed.entries == whole[: len(parsed.entries)]
        counts.add(len(parsed.entries))
    assert counts == {0, 1, 2, 3, 4, 5}


def test_items_before_the_head_are_read_all_the_same() -> None:
    text = '{"items": [{"id": "1"}], "version": "https://jsonfeed.org/version/1", "title": "T"}'
    assert read(text).feed.title == "T"
    assert [entry.guid for entry in read(text).entries] == ["1"]


def test_a_bad_item_is_left_out_and_told() -> None:
    parsed = read(feed({"id": "1"}, None, 5, [], {}, {"id": "2"}))
    assert [(entry.position, entry.guid) for entry in parsed.entries] == [(0, "1"), (1, "2")]
    assert len(parsed.problems) == 4
    assert not parsed.partial


@pytest.mark.parametrize(
    ("value", "guid"), [(17, "17"), (1.5, "1.5"), (" a ", "a"), ("", None), (True, None), ([], None)]
)
def test_an_id_is_a_text(value: object, guid: str | None) -> None:
    assert read(feed({"id": value, "title": "x"})).entries[0].guid == guid


@pytest.mark.parametrize("name", [
    "url", "external_url", "title", "content_html", "content_text", "summary", "date_published", "authors",
    "author", "tags", "attachments", "language",
])  # fmt: skip
@pytest.mark.parametrize("value", [None, 5, 1e300, True, "x", [], {}, [None], [[]], [{}], {"name": 5}])
def test_values_of_the_wrong_type_cost_nothing_but_themselves(name: str, value: object) -> None:
    assert read(feed({"id": "1", name: value})).entries[0].guid == "1"


@pytest.mark.parametrize("size", [-1, 2**63, "12", True, None, 1.5])
def test_a_size_that_is_none_is_not_taken(size: object) -> None:
    attachment = {"url": "https://x.org/a", "size_in_bytes": size}
    assert read(feed({"id": "1", "attachments": [attachment]})).entries[0].enclosures[0].length is None


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"items": [1, 2]}', '{"openapi": "3.1"}', "{", '[{"id": "1"}]', "null"]
)
def test_other_json_is_not_a_feed(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        read(text)
    assert caught.value.kind == "not_a_feed"
    assert "JSON Feed" in str(caught.value)


def test_a_feed_cut_in_its_head_is_broken() -> None:
    with pytest.raises(ParseError) as caught:
        read('{"version": "https://jsonfeed.org/version/1.1", "titl')
    assert caught.value.kind == "broken"


@pytest.mark.parametrize("piece", ["[", '{"a":', '"', "9", "\\", " "])
def test_hostile_json_ends_soon(piece: str) -> None:
    text = (
        '{"version": "https://jsonfeed.org/version/1", "title": "T", "items": [{"id": "1"}, '
        + piece * 200_000
    )
    assert [entry.guid for entry in read(text).entries] == ["1"]


@pytest.mark.parametrize("link", ["/p/1", "p/2", "?p=3"])
def test_a_relative_link_stays_as_published_where_nothing_says_what_it_is_relative_to(link: str) -> None:
    (entry,) = read(feed({"id": "1", "url": link})).entries
    assert (entry.url, entry.base_url) == (link, None)


def test_a_date_may_be_a_number_of_seconds() -> None:
    (entry,) = read(feed({"id": "1", "date_published": 1741000000})).entries
    assert entry.published_at == datetime(2025, 3, 3, 11, 6, 40, tzinfo=UTC)
    assert entry.published_raw == "1741000000"
