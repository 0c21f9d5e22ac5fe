"""From HTML to what is shown and searched: safe HTML, text, language, whether it is an excerpt. Pure."""

from archiver.clean import language
from archiver.clean.boilerplate import folded, is_furniture, leads_on, without_boilerplate
from archiver.clean.excerpt import is_excerpt
from archiver.clean.orderly import read_orderly
from archiver.clean.safe_html import safe_html, safe_text, settled
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
    content_html, content, content_linked_on = _read(entry.content, entry, feed_title)
    summary_html, summary, summary_linked_on = _read(entry.summary, entry, feed_title)
    if len(content) * 2 < len(summary):
        text, linked_on = summary, summary_linked_on
    else:
        text, linked_on = content, content_linked_on
    tag, source = language.verdict(entry.title, text, declared=(entry.language, feed_language))
    return Cleaned(
        summary_html=summary_html,
        content_html=content_html,
        content_text=text,
        language=tag,
        language_source=source,
        is_excerpt=is_excerpt(text, linked_on=linked_on, is_only_text=not (content and summary)),
    )


def _read(markup: Markup | None, entry: EntryData, feed_title: str | None) -> tuple[str | None, str, bool]:
    """Safe HTML, the author's text, and whether the template led on to the rest of it."""
    if markup is None:
        return None, "", False
    html, lines, linked_on, has_title = _derived(markup, entry)
    # A page or its text export repeats the title over the text. In a text that begins with its title for
    # other reasons (a note of one sentence) the line is the author's.
    while has_title and len(lines) > 1 and folded(lines[0]) == folded(entry.title) != "":
        del lines[0]
    lines, cut = without_boilerplate(lines, title=entry.title, feed_title=feed_title)
    return html, "\n".join(lines), linked_on or cut


def _derived(markup: Markup, entry: EntryData) -> tuple[str, list[str], bool, bool]:
    """Safe HTML; lines; whether a link led on; whether the title may stand above the text once more."""
    value = markup.value
    if _is_plain(markup):
        return safe_text(value), plain_lines(value), False, True
    orderly = read_orderly(value, entry.base_url)
    if orderly is not None:
        html = settled(orderly.balanced)
        lines, link, leads = orderly.lines, orderly.last_link, orderly.leads_on
        heading = orderly.heading
    else:
        html = None
        soup = parse(value)
        lines = lines_of(soup, is_furniture)
        links = soup.find_all("a")
        link = links[-1].get_text() if links else ""
        leads = any("more-link" in each.get_attribute_list("class") for each in links)
        found = soup.find(_HEADINGS)
        heading = found.get_text() if found is not None else None
    if html is None:
        html = safe_html(value, entry.base_url)
    has_title = heading is not None and folded(heading) == folded(entry.title)
    return html, lines, _take_off_link(lines, link) or leads, has_title


def _take_off_link(lines: list[str], link: str) -> bool:
    """Take a link to the rest of the text, the last one, off the last line; whether it was there.

    Within a paragraph only the markup tells the link `Read more` from the words.
    """
    words = " ".join(link.split())
    if not lines or not lines[-1].endswith(words) or not leads_on(words):
        return False
    lines[-1] = lines[-1].removesuffix(words).rstrip()
    if not lines[-1]:
        del lines[-1]
    return True


def _is_plain(markup: Markup) -> bool:
    return markup.type.partition(";")[0].strip().lower() == "text/plain"
