"""What a large document's entries are kept small by, until they are stored: nothing of them may be lost."""

from dataclasses import replace

import pytest

from archiver.model import Markup, ParseOptions, PreparedEntry
from archiver.packing import WORTH, packed, whole
from archiver.prepare import prepare
from archiver.workers import Workers

PROSE = (
    "The river rose again, and the village moved its boats uphill before the night. Ночью вода ушла. " * 40
)
ITEM = """
<item><guid>{name}</guid><title>Story {name}</title><description>{summary}</description>
<content:encoded><![CDATA[{content}]]></content:encoded></item>
"""


def document(*items: str) -> bytes:
    told = "".join(items)
    return (
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"<title>Example</title>{told}</channel></rss>"
    ).encode()


def story(name: str, content: str, summary: str = "") -> str:
    return ITEM.format(name=name, summary=summary, content=content)


def entry(content: str, summary: str = "") -> PreparedEntry:
    (found,) = prepare(document(story("a", content, summary)), ParseOptions()).entries
    return found


ENTRIES = {
    "HTML": entry(f"<p>{PROSE}</p>"),
    "plain text": entry(PROSE),
    "a summary as well": entry(f"<p>{PROSE}</p>", "&lt;p&gt;In short: boats.&lt;/p&gt;"),
    "a summary only": entry("", PROSE),
    "words that are still to be made": replace(entry(PROSE), terms=None),
    "half a character": replace(
        entry(PROSE), data=replace(entry(PROSE).data, content=Markup(value=f"{PROSE}\ud800"))
    ),
}


@pytest.mark.parametrize("one", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_was_packed_is_whole_again_as_it_was(one):
    assert packed(one).packed
    assert whole(packed(one)) == one


def test_of_its_texts_a_packed_entry_holds_the_plain_one_alone():
    one = packed(entry(f"<p>{PROSE}</p>", "&lt;p&gt;In short: boats.&lt;/p&gt;"))
    assert one.cleaned.content_text == entry(f"<p>{PROSE}</p>").cleaned.content_text
    assert one.terms is not None
    assert {
        *(one.data.summary.value, one.data.content.value),
        *(one.cleaned.summary_html, one.cleaned.content_html, one.terms.text),
    } == {""}
    assert len(one.packed) < len(PROSE) / 2


def test_texts_that_are_equal_are_one_text_again():
    one = entry("", "boats " * WORTH)
    again = whole(packed(one))
    assert again.data.summary.value == again.cleaned.summary_html
    assert again.data.summary.value is again.cleaned.summary_html


def test_an_entry_with_short_texts_stays_as_it_is():
    one = entry("<p>Short.</p>")
    assert packed(one) is one
    assert whole(one) is one


def held(archive) -> dict[str, list[tuple]]:
    """All that an archive holds, but for when its tables were made."""
    tables = archive.tables()
    del tables["_sqlite_migrations"]
    tables["seals"] = [row for row in tables["seals"] if row[0] != "_sqlite_migrations"]
    indexes = ("posts_fts_data", "revisions_fts_data")
    return tables | {name: archive.rows(f"SELECT id, block FROM {name} ORDER BY id") for name in indexes}


def test_a_document_that_travels_packed_makes_the_very_same_archive(live, workers):
    def told(version: int) -> bytes:
        counted = story("counted", f"<p>{PROSE} Read {version} times.</p>", f"Read {version} times")
        edited = story("edited", f"<p>{PROSE}</p><p>{'So it ended. ' * (version // 3)}</p>", PROSE)
        return document(counted, edited, story("short", "Short."), *(story("gone", PROSE),) * (version < 5))

    with Workers(1, slow_bytes=0) as slow:
        archives = live("small"), live("large", workers=slow)
        for archive in archives:
            for version in range(9):
                archive.replay("https://example.org/feed", told(version))
    small, large = map(held, archives)
    for name, rows in small.items():
        assert large[name] == rows, name
    assert large.keys() == small.keys()
    assert archives[1].rows("SELECT guid, churn_count FROM entries WHERE churn = 'numbers'") == [
        ("counted", 4)
    ]
