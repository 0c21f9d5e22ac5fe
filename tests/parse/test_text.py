"""Telling the kinds of text exports apart, and the seeds against what was recorded and read."""

import contextlib
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import ParseError
from archiver.model import Markup, ParsedFeed, ParseOptions
from archiver.parse import text

EXPECTED = Path(__file__).parent / "expected"
WHERE = ParseOptions(url="https://example.org/page")


def read(document: str) -> ParsedFeed:
    return text.read(document, charset="utf-8", options=WHERE)


def brief(markup: Markup | None) -> dict[str, object] | None:
    if markup is None:
        return None
    words = re.sub(r"<[^>]+>", " ", markup.value).split()
    return {
        "type": markup.type,
        "paragraphs": markup.value.count("<p>"),
        "words": len(words),
        "first": " ".join(words[:5]),
        "last": " ".join(words[-5:]),
    }


def as_text(moment):
    return moment and moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_a_seed_comes_out_as_recorded(number, seed):
    parsed = read(seed(number))
    feed = parsed.feed
    came = {
        "format": parsed.format,
        "partial": parsed.partial,
        "feed": {
            "title": feed.title,
            "site_url": feed.site_url,
            "description": feed.description,
            "language": feed.language,
            "generator": feed.generator,
            "updated_at": as_text(feed.updated_at),
            "update_seconds": feed.update_seconds,
        },
        "entries": [
            {
                "title": entry.title,
                "guid": entry.guid,
                "url": entry.url,
                "published_at": as_text(entry.published_at),
                "published_raw": entry.published_raw,
                "language": entry.language,
                "summary": brief(entry.summary),
                "content": brief(entry.content),
            }
            for entry in parsed.entries
        ],
    }
    assert came == json.loads((EXPECTED / f"{number}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", ["000", "001", "002", "003", "004"])
def test_nothing_of_a_template_is_left_in_a_seeds_texts(number, seed):
    texts = [m.value for entry in read(seed(number)).entries for m in (entry.summary, entry.content) if m]
    for rubbish in ("]]>", "appeared first on", "Entire text", "Less text", "Foto: PIN"):
        assert not any(rubbish in each for each in texts)


def test_positions_count_from_nought(seed):
    assert [entry.position for entry in read(seed("002")).entries] == list(range(12))


@pytest.mark.parametrize("blank", ["", " \n\t\n", "\ufeff\n"])
def test_white_space_is_empty(blank):
    with pytest.raises(ParseError) as caught:
        read(blank)
    assert caught.value.kind == "empty"


PIECES = st.sampled_from(
    [
        "https://a.example/b ",
        "https://a.example/?p=12 ",
        "]]>",
        "\n\n",
        "Mon, 03 Mar 2025 14:48:48 +0000 ",
        "hourly 1 ",
        "en-US ",
        "Title of it",
        "The post X appeared first on Y.",
        "word " * 40,
        "[…]",
        "<![CDATA[",
        "<p>",
        "12 ",
        "[English] ",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_is_a_feed_or_a_parse_error(document):
    try:
        parsed = read(document)
    except ParseError:
        return
    assert isinstance(parsed, ParsedFeed)
    assert [entry.position for entry in parsed.entries] == list(range(len(parsed.entries)))
    assert all(entry.title or entry.url or entry.content or entry.summary for entry in parsed.entries)


@pytest.mark.parametrize(
    "piece",
    [
        "https://a ",
        "]]>",
        "\n",
        "x",
        "word ",
        "<![CDATA[",
        "https://a.example/b Mon, 03 Mar 2025 14:48:48 +0000 https://a.example/?p=1 ",
        "Mon, 03 Mar 2025 14:48:48 +0000 ",
        "The post appeared first on ",
        "Title\n\nText that goes on […]\n\n",
        "[English] ",
        "1 ",
        "a\n\n",
        "- ",
        "https://a/feed/ 1 ",
    ],
)
def test_a_megabyte_of_one_thing_is_read_in_linear_time(piece):
    document = piece * (1_000_000 // len(piece))
    began = time.process_time()
    with contextlib.suppress(ParseError):
        read(document)
    assert time.process_time() - began < 8
