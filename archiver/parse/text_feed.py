"""Flattened feeds: an RSS 2.0 document that an HTML parser turned to text, read back to entries.

Such a parser drops the tags, takes `<link>` for empty (so its address stays as text), and a CDATA section for
a comment that ends at the first `>`: one without markup vanishes whole, one with markup leaves its text and a
stray `]]>`. What remains is the channel, then per entry
`title link [comments] [creator] date [categories] guid description ]]> content ]]> [comment feed, numbers]`.
"""

import json
import re
from collections.abc import Sequence

from archiver.errors import ParseError
from archiver.labels import language_of_label
from archiver.model import EntryData, ParsedFeed, ParseOptions, Person
from archiver.parse.dates import read_date
from archiver.parse.text_blocks import first_cut, fold_space, is_cut, markup, post_line, without_post_line
from archiver.parse.text_feed_channel import read_channel
from archiver.parse.text_feed_heads import ADDRESS, Head, find_heads, parted
from archiver.parse.text_feed_titles import Place, end_of_remains, leading_title, slug_words, titles
from archiver.parse.titles import plain_text

_NUMBER = re.compile(r"(?<=[?&]p=)\d{2,12}|(?<!\d)\d{5,12}(?!\d)")
_PAIRED_CDATA = re.compile(r"<!\[CDATA\[([^<>]{0,2000}?)\]\]>")
_EXCERPT_REACH = 1500
_RESTART = 40
"""Characters of a text that, when they come again, are where the full text begins."""
_MOST_CREATOR_WORDS = 6
_LONGEST_BARE = 45
"""Words between two entries that may all be a title's, with a comment feed before it."""
_MOST_REMAINS = 15
"""Words below an only entry that may be names of media."""


def read(text: str, *, charset: str, options: ParseOptions) -> ParsedFeed:
    """Read a flattened feed (RSS 2.0 with its syndication, content and comment modules, as of WordPress).

    Raises ParseError where neither an entry's head nor a channel line is found.
    """
    if "<![CDATA[" in text:  # kept where a title's text is taken literally
        text = _PAIRED_CDATA.sub(r"\1", text).replace("<![CDATA[", "")
    text = parted(text)
    heads = find_heads(text)
    feed, ground, sure_ground = read_channel(
        text, until=heads[0].start if heads else None, link=heads[0].link if heads else ""
    )
    if not heads:
        if feed.update_seconds is None or feed.site_url is None:
            raise ParseError("not_a_feed", "The text has no entry as a flattened feed would have it.")
        return ParsedFeed(feed=feed, entries=(), format="text-feed", charset=charset)
    following = [head.start for head in heads[1:]] + [len(text)]
    tails = [text[head.end : end] for head, end in zip(heads, following, strict=True)]
    bodies = _have_bodies(tails, links=[head.link for head in heads])
    ends = [
        end_of_remains(tail, link=head.link, numbers=_numbers(head), has_body=has_body)
        for head, tail, has_body in zip(heads, tails, bodies, strict=True)
    ]
    grounds = [text[ground : heads[0].start]] + [
        tail[end:] for tail, (end, _) in zip(tails, ends, strict=True)
    ]
    bounded = [sure_ground] + [seen for _, seen in ends]
    names = titles(
        [
            Place(ground=before, bounded=sure, slug=slug_words(head.link), told=_told(tail))
            for before, sure, head, tail in zip(grounds, bounded, heads, tails, strict=False)
        ],
        below=grounds[-1] if ends[-1][1] else "",
    )
    descriptions = [""] * len(heads)
    if heads[0].closes and leading_title(grounds[0], slug_words(heads[0].link))[1]:
        pairs = [
            leading_title(ground, slug_words(head.link)) for ground, head in zip(grounds, heads, strict=False)
        ]
        names, descriptions = [title for title, _ in pairs], [rest for _, rest in pairs]
    torn = _is_torn(tails, rest=grounds[-1])
    spilt = not torn and ends[-1][1] and _spills(grounds[-1], others=grounds[1:-1], names=names[1:])
    entries = []
    for position, (head, tail, (end, sure)) in enumerate(zip(heads, tails, ends, strict=True)):
        is_last = position == len(heads) - 1
        if is_last and torn:
            break
        if sure or descriptions[position]:
            body = tail[:end]
        else:
            body = tail if is_last else _without_last_words(tail, names[position + 1])
        body = f"{descriptions[position]}\n\n{body}" if descriptions[position] else body
        entries.append(_entry(position, head, title=names[position], body=body))
    return ParsedFeed(
        feed=feed,
        entries=tuple(entries),
        format="text-feed",
        charset=charset,
        partial=torn or spilt,
        problems=("The text ends inside an entry, which is left out.",) if torn or spilt else (),
    )


def _entry(position: int, head: Head, *, title: str, body: str) -> EntryData:
    summary, content = _texts(body, title)
    creator = head.creator if head.creator and len(head.creator.split()) <= _MOST_CREATOR_WORDS else None
    reading = {
        "title": title,
        "link": head.link,
        "comments": head.comments,
        "creator": head.creator,
        "date": head.date,
        "categories": head.categories,
        "guid": head.guid,
    }
    return EntryData(
        position=position,
        guid=head.guid,
        url=head.link,
        title=plain_text(title, is_html=True),
        authors=(Person(name=creator),) if creator else (),
        published_at=read_date(head.date),
        published_raw=head.date,
        summary=markup(summary),
        content=markup(content),
        base_url=head.link,
        language=language_of_label(title),
        reading=json.dumps({key: value for key, value in reading.items() if value}, ensure_ascii=False),
    )


def _texts(body: str, title: str) -> tuple[str, str]:
    """Tell description and full text apart; either may be empty."""
    parts = body.split("]]>")
    if len(parts) > 1:
        parts.pop()  # the comment feed and its numbers
    parts = [part for part in parts if part.strip()]
    if len(parts) > 1:
        summary, content = parts[0], "\n".join(parts[1:])
    else:
        summary, content = _split("".join(parts), title)
    return without_post_line(summary, title=title), without_post_line(content, title=title)


def _split(text: str, title: str) -> tuple[str, str]:
    """Part a text that may be a description, a full text, or one after the other with nothing between."""
    text = text.strip()
    if line := post_line(text, title=title):
        again = post_line(text, start=line.site)
        rest = text[line.site :].lstrip()
        site = text[again.site :].strip() if again else rest.partition("\n")[0].strip()
        if site and rest.startswith(site) and rest[len(site) :].strip():
            return text[: line.start], rest[len(site) :]
    elif (cut := first_cut(text, within=_EXCERPT_REACH)) and text[cut:].strip():
        return text[:cut], text[cut:]
    elif (again_at := text.find(text[:_RESTART], _RESTART, _EXCERPT_REACH)) > 0:
        return text[:again_at], text[again_at:]
    return (text, "") if is_cut(without_post_line(text, title=title)) else ("", text)


def _have_bodies(tails: Sequence[str], *, links: Sequence[str]) -> list[bool]:
    """Which entries have a text below their head; a description without markup vanished in the flattening.

    A text that did not vanish left its `]]>`. Where none did, all are bare if nothing but a comment feed
    stands below the last one, and no more than a title below the others.
    """
    short = [len(tail.split()) <= _LONGEST_BARE for tail in tails]
    if any("]]>" in tail for tail in tails):
        return ["]]>" in tail or not is_short for tail, is_short in zip(tails, short, strict=True)]
    last = tails[-1][end_of_remains(tails[-1], link=links[-1], numbers=frozenset(), has_body=False)[0] :]
    bare = len(tails) > 1 and all(short) and not last.strip()
    return [not bare] * len(tails)


def _told(tail: str) -> tuple[str, ...]:
    line = post_line(tail)
    return line.titles if line else ()


def _numbers(head: Head) -> frozenset[str]:
    """The numbers in an entry's addresses, among them the one that WordPress gave it."""
    return frozenset(_NUMBER.findall(f"{head.guid} {head.link}"[:2000]))


def _without_last_words(tail: str, title: str) -> str:
    """The body of an entry without the next one's title, which stands at its end."""
    count = len(title.split())
    return tail.rsplit(maxsplit=count)[0] if count and len(tail.split(maxsplit=count)) > count else ""


def _is_torn(tails: Sequence[str], *, rest: str) -> bool:
    """Whether the last entry lacks the `]]>` that the others have, or a text has begun below an only one."""
    marks = [tail.count("]]>") for tail in tails]
    if len(marks) > 1:
        return marks[-1] < min(marks[:-1])
    return marks[0] > 0 and len(rest.split()) > _MOST_REMAINS


def _spills(rest: str, *, others: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the beginning of one more entry stands below the last: words, where other entries end clean."""
    if ADDRESS.search(rest):
        return True
    clean = all(fold_space(other) == name for other, name in zip(others, names, strict=True))
    return bool(rest.strip()) and bool(others) and clean
