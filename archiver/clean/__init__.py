"""From HTML to what is shown and searched: safe HTML, text, language, whether it is an excerpt. Pure."""

from bs4.element import Tag

from archiver.clean import language
from archiver.clean.boilerplate import folded, is_furniture, leads_on, without_boilerplate
from archiver.clean.excerpt import is_excerpt
from archiver.clean.safe_html import safe_html, safe_text
from archiver.clean.text import html_to_text, lines_of, parse, plain_lines
from archiver.model import Cleaned, EntryData, Markup

__all__ = ["clean", "html_to_text", "safe_html"]

_HEADINGS = ["h1", "h2", "h3"]


def clean(entry: EntryData, *, feed_language: str | None = None, feed_title: str | None = None) -> Cleaned:
    """Derive from an entry all that is shown, searched and compared.

    The text is the content's, or else the summary's. Where a feed has the story in its summary and little
    more than a caption in its content (under half as long), it is the summary's. Entries without any text
    have an empty one, and are no excerpts.
    """
    content, content_linked_on = _text(entry.content, entry, feed_title)
    summary, summary_linked_on = _text(entry.summary, entry, feed_title)
    if len(content) * 2 < len(summary):
        text, linked_on = summary, summary_linked_on
    else:
        text, linked_on = content, content_linked_on
    tag, source = language.verdict(entry.title, text, declared=(entry.language, feed_language))
    return Cleaned(
        summary_html=_html(entry.summary, entry.base_url),
        content_html=_html(entry.content, entry.base_url),
        content_text=text,
        language=tag,
        language_source=source,
        is_excerpt=is_excerpt(text, linked_on=linked_on, is_only_text=not (content and summary)),
    )


def _html(markup: Markup | None, base_url: str | None) -> str | None:
    if markup is None:
        return None
    return safe_text(markup.value) if _is_plain(markup) else safe_html(markup.value, base_url)


def _text(markup: Markup | None, entry: EntryData, feed_title: str | None) -> tuple[str, bool]:
    """The author's text, and whether the template led on to the rest of it."""
    if markup is None or not markup.value.strip():
        return "", False
    if _is_plain(markup):
        lines, linked_on, has_title = plain_lines(markup.value), False, True
    else:
        soup = parse(markup.value)
        lines = lines_of(soup, is_furniture)
        linked_on = _take_off_link(soup, lines)
        heading = soup.find(_HEADINGS)
        has_title = heading is not None and folded(heading.get_text()) == folded(entry.title)
    # A page or its text export repeats the title over the text. In a text that begins with its title for
    # other reasons (a note of one sentence) the line is the author's.
    while has_title and len(lines) > 1 and folded(lines[0]) == folded(entry.title) != "":
        del lines[0]
    lines, cut = without_boilerplate(lines, title=entry.title, feed_title=feed_title)
    return "\n".join(lines), linked_on or cut


def _take_off_link(soup: Tag, lines: list[str]) -> bool:
    """Take a link to the rest of the text off the last line; whether there was one anywhere.

    Within a paragraph only the markup tells the link `Read more` from the words.
    """
    links = soup.find_all("a")
    words = " ".join(links[-1].get_text().split()) if links else ""
    if lines and leads_on(words) and lines[-1].endswith(words):
        lines[-1] = lines[-1].removesuffix(words).rstrip()
        if not lines[-1]:
            del lines[-1]
        return True
    return any("more-link" in link.get_attribute_list("class") for link in links)


def _is_plain(markup: Markup) -> bool:
    return markup.type.partition(";")[0].strip().lower() == "text/plain"
