"""Text pages: one page, its paragraphs, and none of the controls around it."""

import pytest

from archiver.errors import ParseError
from archiver.model import EntryData, ParseOptions
from archiver.parse import text

PARAGRAPH = "We have been working in the region since 2016 and support people there in many ways."


def read(document: str, url: str = "https://site.example/page") -> EntryData:
    parsed = text.read(document, charset="utf-8", options=ParseOptions(url=url))
    assert parsed.format == "text-page"
    (entry,) = parsed.entries
    return entry


def test_a_page_is_one_entry_at_the_address_it_came_from():
    entry = read(f"Central Asia\n\n{PARAGRAPH}\n\n{PARAGRAPH}")
    assert (entry.title, entry.url, entry.guid) == ("Central Asia", "https://site.example/page", None)
    assert entry.content is not None
    assert entry.content.value == f"<p>{PARAGRAPH}</p>\n<p>{PARAGRAPH}</p>"


def test_a_file_is_no_address_of_a_page():
    assert read(f"Central Asia\n\n{PARAGRAPH}", url="file:///a.txt").url is None


@pytest.mark.parametrize(
    "rubbish",
    [
        "Entire text Less text",
        "Read more",
        "Показать больше",
        "Läs mer | Dela",
        "Share Facebook Twitter",
        "Читать далее »",
    ],
)
def test_controls_are_no_text(rubbish):
    content = read(f"Title here\n\n{PARAGRAPH}\n\n{rubbish}").content
    assert content is not None
    assert content.value == f"<p>{PARAGRAPH}</p>"


@pytest.mark.parametrize("credit", ["© Foto: PIN", "Photo: Anna Berg", "Фото: Иван Иванов", "© 2024 PIN"])
def test_a_repeated_title_and_a_credit_are_no_text(credit):
    content = read(f"Title here\n\nTitle here\n\n{credit}\n\n{PARAGRAPH}").content
    assert content is not None
    assert content.value == f"<p>{PARAGRAPH}</p>"


def test_a_readme_is_a_page():
    entry = read(f"# Project\n\n{PARAGRAPH}\n\n## Install\n\n- one\n- two\n\n{PARAGRAPH}")
    assert entry.title == "Project"


def test_a_date_below_the_title_is_the_pages():
    assert read(f"Title here\n\n5 May 2024\n\n{PARAGRAPH}").published_raw == "5 May 2024"


@pytest.mark.parametrize(
    "document",
    [
        "404 Not Found",
        "Access denied",
        "Error establishing a database connection",
        "503 Service Unavailable\nNo server is available to handle this request.",
        "Страница не найдена",
        "hello",
        "ok then",
        "\n".join(f"2024-05-0{n} 10:00:00 INFO started worker {n}" for n in range(1, 9)),
        "%$#@ 1234 5678 ~~~~ 0101 0101 9999 {} [] () !!",
        "x" * 5000,
        "\ufffd\ufffd\x03\x04 \x05\x06\x07 abc def \x08\x0e\x0f" * 20,
    ],
)
def test_what_is_no_page_is_an_error_with_a_sentence(document):
    with pytest.raises(ParseError) as caught:
        text.read(document, charset="utf-8", options=ParseOptions())
    assert caught.value.kind == "not_a_feed"
    assert str(caught.value).endswith(".")
