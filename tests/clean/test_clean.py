import dataclasses

import pytest

from archiver.clean import clean
from archiver.model import EntryData, Markup

ENTRY = EntryData(position=0, title="Lola joins", base_url="https://example.org/blog/")
STORY = "Lola came to Malmö in May, after the longest flight she had taken, and she likes the city very much."


def cleaned(
    content=None, summary=None, *, type_="text/html", feed_title="Blog", feed_language=None, **fields
):
    entry = dataclasses.replace(
        ENTRY,
        content=None if content is None else Markup(value=content, type=type_),
        summary=None if summary is None else Markup(value=summary, type=type_),
        **fields,
    )
    return clean(entry, feed_title=feed_title, feed_language=feed_language)


def test_the_text_is_the_contents():
    result = cleaned(f"<p>{STORY}</p><p>Second.</p>", "<p>Lola came […]</p>")
    assert result.content_text == f"{STORY}\nSecond."
    assert not result.is_excerpt


def test_the_text_is_the_summarys_where_there_is_no_content():
    assert cleaned(None, f"<p>{STORY}</p>").content_text == STORY
    assert cleaned("<p> </p><img src=x>", f"<p>{STORY}</p>").content_text == STORY


def test_the_text_is_the_summarys_where_the_content_is_a_caption():
    result = cleaned("<p>Lola in Malmö</p>", f"<p>{STORY}</p>")
    assert result.content_text == STORY
    assert "Lola in Malmö" in result.content_html


def test_what_is_not_published_is_not_there():
    result = cleaned()
    assert (result.summary_html, result.content_html, result.content_text) == (None, None, "")
    assert (result.language, result.language_source, result.is_excerpt) == (None, None, False)


def test_the_template_leaves_the_text_and_stays_in_the_html():
    html = (
        f"<p>{STORY}</p><div class='sharedaddy sd-sharing'><h3>Share this:</h3><ul><li>Tweet</li></ul></div>"
        "<p>The post <a href='/x'>Lola joins</a> appeared first on <a href='/'>Blog</a>.</p>]]>"
        "<img src='https://pixel.wp.com/b.gif?x=1' width='1' height='1'>"
    )
    result = cleaned(html)
    assert result.content_text == STORY
    for part in (
        "Share this:",
        "appeared first on",
        "https://pixel.wp.com/b.gif?x=1",
        "https://example.org/x",
    ):
        assert part in result.content_html
    assert "]]" not in result.content_html


@pytest.mark.parametrize(
    "summary",
    [
        f"<p>{STORY} […]</p><p>The post <a href=x>Lola joins</a> appeared first on <a href=y>Blog</a>.</p>",
        f"{STORY} […] <a class='more-link' href=x>Continue reading <span>Lola joins</span> &rarr;</a>",
        f"{STORY} [&#8230;]",
        f"{STORY.rstrip('.')}...",
    ],
)
def test_an_excerpt_keeps_its_mark(summary):
    result = cleaned(None, summary)
    assert result.is_excerpt
    assert result.content_text.startswith(STORY.rstrip("."))
    assert result.content_text.endswith(("[…]", "..."))


@pytest.mark.parametrize(
    "link",
    [
        "<a href=x>Read more</a>",
        "<a href=x>Читать далее</a>",
        "<p><a href=x>Läs mer »</a></p>",
        "<a class=more-link href=x>På</a>",
    ],
)
def test_a_link_to_the_rest_makes_an_excerpt_and_is_not_text(link):
    result = cleaned(None, f"<p>{STORY.rstrip('.')} {link}</p>")
    assert result.is_excerpt
    assert result.content_text == STORY.rstrip(".")
    assert "<a href" in result.summary_html


def test_words_that_link_within_a_sentence_are_text():
    result = cleaned(f"<p>{STORY} In the report you can <a href=x>read more</a></p>")
    assert result.content_text == f"{STORY} In the report you can read more"
    assert not result.is_excerpt


def test_a_title_repeated_over_a_page_is_not_its_text():
    text = f"Lola joins\n\nLola joins\n\n© Foto: PIN\n\n{STORY}\n\nSecond.\n\nEntire text Less text"
    assert cleaned(text, type_="text/plain").content_text == f"{STORY}\nSecond."
    assert cleaned(f"<h1>Lola joins</h1><p>{STORY}</p>").content_text == STORY


def test_a_note_that_begins_with_its_title_keeps_it():
    assert cleaned("<p>Lola joins</p>").content_text == "Lola joins"
    assert cleaned("Lola joins", type_="text/plain").content_text == "Lola joins"
    assert cleaned("Lola joins<br>us in May").content_text == "Lola joins\nus in May"


def test_plain_text_is_not_read_as_markup():
    result = cleaned("if a <b> c & d\nsee https://example.org/x", type_="text/plain")
    assert result.content_text == "if a <b> c & d\nsee https://example.org/x"
    assert result.content_html == "<p>if a &lt;b&gt; c &amp; d</p><p>see https://example.org/x</p>"


def test_links_are_relative_to_the_entrys_base():
    assert 'href="https://example.org/blog/x"' in cleaned("<a href=x>y</a>").content_html


def test_language_is_heard_from_label_entry_feed_and_text():
    assert cleaned(STORY, feed_language="en-US").language == "en-US"
    assert cleaned(STORY, feed_language="sv", language="en-GB").language == "en-GB"
    assert cleaned(STORY, title="[English] Lola", feed_language="sv").language_source == "label"
    assert cleaned(STORY).language_source == "text"


def test_cleaning_is_a_function_of_the_entry():
    html = f"<p>{STORY}</p><table><tr><td>1<td>2</table>"
    assert cleaned(html) == cleaned(html)
