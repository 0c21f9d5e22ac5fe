"""What a template adds around a text: feed footers, share bars, controls, counters. Out of the text only.

A line goes where all of it is a template's; a sentence of prose that merely has the words stays. Lines are
looked at from both ends inwards, up to the first that is the author's, never in the middle.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4.element import Tag

_FURNITURE = """
    a2a_kit addthis_toolbox addtoany_content addtoany_share_save_container blogger-post-footer
    code-block-pro-copy-button crp_related essb_links fb-like feedflare heateor_sss_sharing_container
    jp-relatedposts mashsb-container mc4wp-form more-link outbrain pluso post-share read-more-link
    rp4wp-related-posts sd-block sd-sharing share-block share-buttons sharedaddy
    sharethis-inline-share-buttons shariff social-share social-sharing ssba swp_social_panel tptn_counter
    twitter-share-button uptolike-buttons wp-block-jetpack-likes wp-block-jetpack-related-posts
    wp-block-jetpack-sharing-buttons wp-block-jetpack-subscriptions wp-block-read-more wp-block-social-links
    wp_rp_wrap wpcnt ya-share2 yarpp yarpp-related yashare-auto-init
"""
FURNITURE_CLASSES = frozenset(_FURNITURE.split())
"""Class names of widgets that blog software and its plug-ins put beside a text."""

_MORE = (
    r"read more|continue reading|keep reading"
    r"|read the (?:full|whole|rest of(?: this| the)?) (?:article|story|post|entry)"
    r"|läs mera?|läs hela (?:inlägget|artikeln)|fortsätt läsa|les mer|læs mere|lue lisää"
    r"|читать далее|читать дальше|читать полностью|читать ещё|читать целиком|читати далі"
    r"|weiterlesen|mehr lesen|lire la suite|en savoir plus"
    r"|leer más|seguir leyendo|leggi tutto|lees meer|czytaj dalej"
    r"|толығырақ оқу|толугу менен окуу|devamını oku"
)
_MORE_ALONE = r"more|mer|подробнее|далее|докладніше|толығырақ|толугураак|batafsil|батафсил|муфассал"
"""Too common as words to be taken for a link within a line."""
_ARROWS = r"\s\[\](){}<>«»‹›→⇒➔➜…·.|&#-"
_MORE_LINE = re.compile(rf"[{_ARROWS}]*(?:{_MORE}|{_MORE_ALONE})[{_ARROWS}]*", re.IGNORECASE)
_MORE_TAIL = re.compile(rf"(?<=[.!?…\])»”\"])\s*[(\[→»>]*\s*(?:{_MORE})[{_ARROWS}]*\Z", re.IGNORECASE)
_MORE_OF = re.compile(
    r"(?:\A|(?<=[.!?…\])»”\"]))\s*"
    r"(?:Continue reading|Keep reading|Fortsätt läsa|Läs mer|Read more|Weiterlesen|Читать далее)"
    r"[\s:]+(?P<of>.{1,300})\Z",
    re.IGNORECASE,
)

_FOOTERS = tuple(
    re.compile(rf"{lead}\s+(?P<of>.{{1,300}}?)\s+{verb}\s+(?P<on>.{{1,150}}?)[.\s]*\Z")
    for lead, verb in (
        (
            r"(?:The|This) (?:post|article|entry|page)",
            r"(?:appeared first on|first appeared on|was first published on)",
        ),
        (r"Inlägget", r"dök först upp på"),
        (r"(?:Сообщение|Запись|Статья|Пост)", r"(?:появил[аио]сь|появился) сначала на"),
        (r"(?:Сообщение|Запись|Статья|Пост)", r"впервые (?:появил[аио]сь|появился)(?: на| в)?"),
        (r"(?:Запис|Допис)", r"(?:спершу|вперше|спочатку) з['’]явив?(?:ся|ться|лася|лося) на"),
        (r"(?:Допис|Запис)", r"з['’]яви(?:вся|лася|лося) спочатку на"),
        (r"Der Beitrag", r"erschien zuerst auf"),
        (r"(?:L['’]article|Cet article)", r"est apparu en premier sur"),
        (r"La entrada", r"(?:se publicó primero en|apareció primero en|aparece primero en)"),
        (r"L['’]articolo", r"(?:proviene da|sembra essere il primo su)"),
        (r"O post", r"apareceu primeiro em"),
        (r"Het bericht", r"verscheen eerst op"),
        (r"Innlegget", r"dukket først opp på"),
        (r"Indlægget", r"(?:blev først udgivet på|dukkede først op på)"),
        (r"Artykuł", r"pochodzi z serwisu"),
    )
)
_FOOTER_LEAD = re.compile(
    r"(?:The|This) (?:post|article|entry|page) |Inlägget |Сообщение |Запись |Статья |Пост |Запис |Допис "
    r"|Der Beitrag |L['’]article |Cet article |La entrada |L['’]articolo |O post |Het bericht |Innlegget "
    r"|Indlægget |Artykuł "
)

_NETWORK = (
    r"(?:facebook|twitter|x|linkedin|whatsapp|telegram|reddit|pinterest|tumblr|pocket|e-?mail|e-post|print"
    r"|skriv ut|vkontakte|вконтакте|одноклассники"
    r"|фейсбук|твиттер|телеграм|mastodon|threads|bluesky|instagram|viber"
    r"|skype|messenger|печать|copy link|more)"
)
_NETWORKS = re.compile(rf"{_NETWORK}(?:[\s,|/·•]+{_NETWORK})*", re.IGNORECASE)
_SHARE_HEAD = re.compile(
    r"(?:share(?: this| this (?:post|article|entry|story|page)| via| on| with)?|like this"
    r"|dela(?: detta| inlägget| artikeln)?|поделиться(?: ссылкой| в соцсетях| с друзьями)?"
    r"|поделитесь(?: с друзьями)?|teilen(?: mit)?|partager"
    r"|compartir|бөлісу|бөлүшүү|ulashish|related|related posts|related articles)\s*:?",
    re.IGNORECASE,
)
_WHOLE_LINES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:click to )?(?:share|post|tweet|email|pin)(?: this)?(?: post| article| story)?"
        rf" (?:on|via|to|by|with) {_NETWORK}(?: \(opens in new window\))?[.:!]?",
        rf"share this(?: post| article| story)?\s*:(?:[\s,|/·•]+{_NETWORK})+",
        rf"(?:dela|tipsa)(?: inlägget| artikeln)? (?:på|via|med) {_NETWORK}",
        rf"поделиться (?:в|на|через) {_NETWORK}",
        rf"(?:auf|bei) {_NETWORK} teilen|partager (?:sur|par) {_NETWORK}|compartir (?:en|por) {_NETWORK}",
        r"(?:re)?tweet(?: this)?|tweeta|like this:?|(?:like )?loading\s*(?:\.\.\.|…)",
        r"click to (?:print|email a link to a friend)(?: \(opens in new window\))?",
        r"(?:entire text|full text|show more|visa mer|показать (?:больше|полностью|ещё))"
        r"(?:[\s|/]*(?:less text|show less|visa mindre|свернуть|скрыть))?|less text|show less|visa mindre",
        r"(?:\d{1,6}|no|inga|нет|keine) (?:comments?|kommentar(?:er|e)?|комментари(?:й|я|ев))(?: yet)?"
        r"|комментариев(?: нет|: \d{1,6})|comments? ?(?::|\() ?\d{1,6}\)?"
        r"|(?:комментарии|kommentarer) ?\(?\d{1,6}\)?",
        r"comments? (?:off|are off|are closed)(?: on .{1,200})?"
        r"|kommentarer (?:inaktiverade|avstängda)(?: för .{1,200})?"
        r"|комментарии (?:отключены|к записи .{1,200} отключены)|kommentare deaktiviert(?: für .{1,200})?",
        r"(?:leave|post|add|write) a (?:comment|reply)|lämna (?:en )?kommentar"
        r"|(?:оставить|добавить) комментарий|kommentar hinterlassen|kommentera",
        r"view (?:this post|the full (?:post|article)|original(?: post)?)|опубликовать в .{1,40}",
        r"(?:©|\(c\)|copyright)\s.{1,90}",
    )
)

_WORDS = re.compile(r"\w+")
_LONGEST_LINE = 600


def is_furniture(tag: "Tag") -> bool:
    """Whether an element is a widget by its class, rather than part of the text."""
    classes = tag.get("class")
    if not classes:
        return False
    return any(
        name.lower() in FURNITURE_CLASSES for name in ([classes] if isinstance(classes, str) else classes)
    )


def leads_on(link: str) -> bool:
    """Whether the words of a link say that the text goes on elsewhere: `Read more »`, not `… read more`."""
    return len(link) < 60 and not link[:1].islower() and _MORE_LINE.fullmatch(link) is not None


def without_boilerplate(
    lines: Sequence[str], *, title: str | None = None, feed_title: str | None = None
) -> tuple[list[str], bool]:
    """The author's lines, and whether a link to the rest of the text was among those taken off."""
    kept = list(lines)
    cut = False
    while kept:
        last = kept[-1]
        if _is_more(last, title):
            cut = True
        elif not (_is_template_line(last) or _is_footer(last, title, feed_title)):
            header = _share_bar_start(kept)
            if header is not None:
                del kept[header:]
                continue
            shorter = _without_tail(last, title, feed_title)
            if shorter == last:
                break
            cut = cut or not _FOOTER_LEAD.match(last[len(shorter) :].strip())
            kept[-1] = shorter
            continue
        kept.pop()
    start = 0
    while start < len(kept) and _is_template_line(kept[start]):
        start += 1
    return kept[start:], cut


def folded(text: str | None) -> str:
    """Letters and digits in lower case, for comparing titles across typography."""
    return " ".join(_WORDS.findall((text or "").casefold()))


def _is_template_line(line: str) -> bool:
    return len(line) <= _LONGEST_LINE and any(pattern.fullmatch(line) for pattern in _WHOLE_LINES)


def _is_more(line: str, title: str | None) -> bool:
    if len(line) > _LONGEST_LINE:
        return False
    if _MORE_LINE.fullmatch(line):
        return True
    match = _MORE_OF.match(line)
    return match is not None and _is_title(match["of"], title)


def _is_title(words: str, title: str | None) -> bool:
    """Whether a phrase quotes the title, with or without arrows, quotation marks and a label."""
    phrase, name = folded(words), folded(title)
    return (
        bool(name)
        and bool(phrase)
        and (phrase == name or (len(name) > 8 and name in phrase) or phrase in name)
    )


def _is_footer(line: str, title: str | None, feed_title: str | None, *, in_prose: bool = False) -> bool:
    """Whether a line is `The post TITLE appeared first on SITE.`; within a paragraph, only by its names."""
    if len(line) > _LONGEST_LINE:
        return False
    for pattern in _FOOTERS:
        match = pattern.match(line)
        if match is not None:
            of, site, feed = match["of"], folded(match["on"]), folded(feed_title)
            if folded(title) and (folded(title) in folded(of) or folded(of) in folded(title)):
                return True
            if site and feed and (site in feed or feed in site):
                return True
            # Neither is known for certain: names begin with capitals, prose ("The post office …") does not.
            return not in_prose and not of[0].islower() and not match["on"][0].islower()
    return False


def _share_bar_start(lines: Sequence[str]) -> int | None:
    """Where a share bar at the end begins: a heading over nothing but names of networks."""
    index = len(lines)
    while index > 0 and _NETWORKS.fullmatch(lines[index - 1][:_LONGEST_LINE]):
        index -= 1
    if index > 0 and _SHARE_HEAD.fullmatch(lines[index - 1][:_LONGEST_LINE]):
        return index - 1
    return None


def _without_tail(line: str, title: str | None, feed_title: str | None) -> str:
    """A last paragraph without the footer or the link to the rest that follows its text."""
    offset = max(0, len(line) - _LONGEST_LINE)
    tail = line[offset:]
    for lead in _FOOTER_LEAD.finditer(tail):
        if _is_footer(tail[lead.start() :], title, feed_title, in_prose=True):
            return line[: offset + lead.start()].rstrip()
    match = _MORE_OF.search(tail)
    if match is not None and _is_title(match["of"], title):
        return line[: offset + match.start()].rstrip()
    match = _MORE_TAIL.search(tail)
    return line if match is None else line[: offset + match.start()].rstrip()
